"""What the preferences keep of each provider: its model, its address and, by opting in, its key."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, PointerProperty, StringProperty

from ..models.remote.providers import PROVIDERS, Provider
from ..models.remote.servers import LocalModel
from . import keys

found: dict[str, list[LocalModel]] = {}
"""The models that may see pictures of a provider's server, by its id, as it said since Blender was started."""


def suggestions(provider: Provider) -> list[tuple[str, str]]:
    """Models that see pictures, with what is known of them: those that its server has, else the curated ones."""
    if provider.id in found:
        return [(model.id, "sees pictures" if model.sees else "") for model in found[provider.id]]
    return [(model, "") for model in provider.models]


def _group(provider: Provider) -> type[bpy.types.PropertyGroup]:
    """Make the class of a provider's settings; each has one of its own, as a getter isn't told whose it is."""

    def search(group: bpy.types.PropertyGroup, context: bpy.types.Context, text: str) -> list[tuple[str, str]]:
        return suggestions(provider)

    def key(group: bpy.types.PropertyGroup) -> str:
        return keys.given(provider, group)

    def set_key(group: bpy.types.PropertyGroup, value: str) -> None:
        if group.stored_key and value.strip():
            group.stored_key = value.strip()
        else:
            group.stored_key = ""
            keys.set_typed(provider, value)

    def stored(group: bpy.types.PropertyGroup) -> bool:
        return bool(group.stored_key)

    def store(group: bpy.types.PropertyGroup, wanted: bool) -> None:
        value = keys.given(provider, group)
        group.stored_key = value if wanted else ""
        keys.set_typed(provider, "" if wanted else value)

    properties = {
        "model": StringProperty(
            name="Model",
            description="Who is asked: one of the suggestions, or the name of any other model that sees pictures",
            default=provider.models[0] if provider.models else "",
            search=search,
            search_options={"SUGGESTION"},
        ),
        "address": StringProperty(
            name="Address",
            description="The server's base URL; empty: the usual one",
        ),
        "key": StringProperty(
            name="Key",
            description="Your key, kept for this session only unless you have it stored; empty: the environment's",
            subtype="PASSWORD",
            get=key,
            set=set_key,
        ),
        "stored": BoolProperty(
            name="Store in Preferences",
            description="Keep the key as unencrypted plain text in userpref.blend: whoever can read that file has it",
            get=stored,
            set=store,
        ),
        "stored_key": StringProperty(options={"HIDDEN"}),
    }
    name = f"SeigProvider_{provider.id}"
    return type(name, (bpy.types.PropertyGroup,), {"__annotations__": properties, "__doc__": provider.name})


_GROUPS = {name: _group(provider) for name, provider in PROVIDERS.items()}


def pointers() -> dict[str, PointerProperty]:
    """The properties for the preferences: a provider's id is the name of its settings."""
    return {name: PointerProperty(type=group) for name, group in _GROUPS.items()}


def register() -> None:
    """Add the settings' classes, which the preferences point to."""
    for group in _GROUPS.values():
        bpy.utils.register_class(group)


def unregister() -> None:
    """Take them away again, and forget keys and what servers have."""
    for group in reversed(_GROUPS.values()):
        bpy.utils.unregister_class(group)
    keys.unregister()
    found.clear()
