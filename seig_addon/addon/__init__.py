"""What only exists inside Blender: the panel, the session behind it, and the command line in Blender.

Imported by the extension's register(), never by the engine.
"""

from __future__ import annotations

from . import command, compare, compare_gizmo, operators, panels, preferences, previews, session, settings

# What others use comes first; unregistered the other way round.
_MODULES = (settings, preferences, previews, session, operators, panels, compare, compare_gizmo, command)


def register() -> None:
    """Register all of it with Blender."""
    for module in _MODULES:
        module.register()


def unregister() -> None:
    """Take back all that `register` did."""
    for module in reversed(_MODULES):
        module.unregister()
