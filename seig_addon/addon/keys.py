"""The providers' keys: typed in for this session, stored by opting in, or found in the environment.

A key typed in lives in this module's memory alone: no property holds it, so neither a .blend nor the preferences
can save it. Only the opted-in `stored_key` of a provider's preferences is saved, as the plain text it is.
"""

from __future__ import annotations

import os

import bpy

from ..errors import SeigError
from ..models.remote.providers import Provider

_LONGEST = 2000  # characters; what is longer is something else that was copied

_typed: dict[str, str] = {}


def typed(provider: Provider) -> str:
    """The key that was typed in since Blender was started; empty if none was."""
    return _typed.get(provider.id, "")


def set_typed(provider: Provider, key: str) -> None:
    """Keep a key until Blender ends; an empty one forgets it."""
    if key.strip():
        _typed[provider.id] = key.strip()
    else:
        _typed.pop(provider.id, None)


def pasted(text: str) -> str:
    """The key in a text that was copied. Raises SeigError where it is none."""
    key = text.strip()
    if not key:
        raise SeigError("The clipboard is empty; copy the key first.")
    if len(key) > _LONGEST or len(key.split()) > 1:
        raise SeigError("What is on the clipboard is no key: it is too long, or has spaces. Copy the key alone.")
    return key


def given(provider: Provider, group: bpy.types.PropertyGroup) -> str:
    """The key that was typed in or stored, which goes before the environment's; empty if there is none."""
    return typed(provider) or group.stored_key.strip()


def source(provider: Provider, group: bpy.types.PropertyGroup) -> str:
    """Say where the provider's key comes from; empty if there is none."""
    if group.stored_key:
        return "stored in the preferences"
    if typed(provider):
        return "for this session"
    found = next((name for name in provider.variables if os.environ.get(name, "").strip()), "")
    return f"from {found}" if found else ""


def unregister() -> None:
    """Forget all keys."""
    _typed.clear()
