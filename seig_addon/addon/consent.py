"""Which providers the artist agreed to send pictures to, and when; kept as JSON in the preferences.

One agrees to a provider at an address: where its questions go elsewhere, one is asked anew. Never sends anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

import bpy

from ..models.access import Access
from ..models.remote.providers import PROVIDERS, where_of


@dataclass(frozen=True)
class Agreement:
    """That somebody agreed: to what address, on what day."""

    where: str
    when: str


def recorded(preferences: bpy.types.AddonPreferences) -> dict[str, Agreement]:
    """All agreements, by the providers' ids; none where what was kept can't be read."""
    try:
        kept = json.loads(preferences.consent or "{}")
        return {name: Agreement(**each) for name, each in kept.items() if name in PROVIDERS}
    except (ValueError, TypeError, AttributeError):
        return {}  # written by another hand: asking again is all that it costs


def agreed(preferences: bpy.types.AddonPreferences, access: Access) -> frozenset[str]:
    """The ids of providers that were agreed to at the addresses that they have now. Raises ModelError."""
    kept = recorded(preferences)
    return frozenset(name for name, each in kept.items() if each.where == where_of(PROVIDERS[name], access))


def agree(context: bpy.types.Context, preferences: bpy.types.AddonPreferences, access: Access, name: str) -> None:
    """Remember that the artist agrees to a provider, from today on."""
    now = Agreement(where_of(PROVIDERS[name], access), date.today().isoformat())
    _keep(context, preferences, recorded(preferences) | {name: now})


def revoke(context: bpy.types.Context, preferences: bpy.types.AddonPreferences, name: str) -> None:
    """Take an agreement back: nothing is sent there before another one."""
    _keep(context, preferences, {each: of for each, of in recorded(preferences).items() if each != name})


def _keep(
    context: bpy.types.Context, preferences: bpy.types.AddonPreferences, agreements: dict[str, Agreement]
) -> None:
    preferences.consent = json.dumps({name: asdict(each) for name, each in agreements.items()})
    context.preferences.is_dirty = True  # Blender saves them when it quits, as it does what is changed by hand
