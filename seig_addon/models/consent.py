"""What a person has to agree to before anything leaves the machine: who gets what, in words. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable

from .access import Access
from .remote.providers import Provider, is_remote, split, where_of


def lacking(names: Iterable[str], access: Access) -> list[Provider]:
    """Return the providers of these models that nobody agreed to yet; servers on this machine need nobody to.

    Raises ModelError for an address that is none.
    """
    providers = [split(name)[0] for name in names if is_remote(name, access)]
    return [each for each in dict.fromkeys(providers) if each.id not in access.agreed]


def statement(provider: Provider, access: Access) -> str:
    """Say what agreeing to a provider means: what goes where, and who pays."""
    where = where_of(provider, access)
    whom = f"{provider.name} ({where})" if where else provider.name
    paid = " It is paid by your own key." if provider.needs_key else ""
    return (
        "The picture, renders of the rebuilt scene, what its camera shows in the viewport, the names of its objects, "
        f"your notes and the prompts go to {whom}.{paid}"
    )
