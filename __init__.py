"""SEIG as a Blender extension: this folder is the extension's root.

Nothing here may import bpy at module level, or import a module that does: pytest imports this file
while it collects the tests, also where there is no Blender.
"""


def register() -> None:
    """Register the add-on's classes, menus and commands with Blender."""
    from .seig_addon import addon

    addon.register()


def unregister() -> None:
    """Take back all that `register` did."""
    from .seig_addon import addon

    addon.unregister()
