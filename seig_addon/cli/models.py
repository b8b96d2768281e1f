"""`seig models`: who can be asked, and whether the key for it is there. Never shows a key, and asks nobody."""

from __future__ import annotations

import os
import textwrap

from ..errors import ModelError
from ..models.access import Access
from ..models.registry import KNOWN
from ..models.remote.providers import PROVIDERS, Provider, address_of

_WIDTH = 13  # of the first column


def models(access: Access) -> None:
    """Print all models, and of each provider its key's state and some models."""
    for name, what in KNOWN.items():
        if "PROVIDER" not in name:
            print(f"{name:{_WIDTH}} {what}")
    print("\nPROVIDER/MODEL, with any model of theirs that sees pictures, such as these:")
    for provider in PROVIDERS.values():
        print(f"{provider.id:{_WIDTH}} {provider.name}: {_state(provider, access)}")
        suggested = ", ".join(provider.models)
        if suggested:
            print(textwrap.indent(textwrap.fill(suggested, 90, break_on_hyphens=False), " " * (_WIDTH + 3)))


def _state(provider: Provider, access: Access) -> str:
    states = []
    if provider.needs_address or provider.local:
        try:
            states.append(address_of(provider, access) or f"no address ({provider.address_variable} is not set)")
        except ModelError as error:
            states.append(str(error))
    found = next((name for name in provider.variables if os.environ.get(name, "").strip()), "")
    if access.keys.get(provider.id):
        states.append("key from the add-on's preferences")
    elif found:
        states.append(f"key from {found}")
    elif provider.needs_key:
        states.append(f"no key ({' or '.join(provider.variables)} is not set)")
    elif not provider.local:
        states.append("a key only if the server wants one")
    return ", ".join(states)
