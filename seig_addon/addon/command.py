"""The command line in Blender: `blender --command seig …`; keys, agreements and addresses are the preferences'."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

from ..cli import main
from ..errors import SeigError
from . import preferences

_registered: list[object] = []


def register() -> None:
    """Add the command."""
    _registered.append(bpy.utils.register_cli_command("seig", _command))


def unregister() -> None:
    """Take it away again."""
    while _registered:
        bpy.utils.unregister_cli_command(_registered.pop())


def _command(arguments: list[str]) -> int:
    # In the bpy wheel there is no Blender binary; the studio then runs on this Python.
    blender = Path(bpy.app.binary_path) if bpy.app.binary_path else None
    try:
        access = preferences.access(bpy.context)
    except SeigError as error:
        print(f"seig: {error}", file=sys.stderr)
        return 1
    return main(arguments, blender=blender, access=access)
