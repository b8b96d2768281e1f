"""Room for an exported program's names in a file that has them already; not for stages' programs."""

import bpy

from .scene import _is_startup_file

_KINDS = (
    *("objects", "collections", "meshes", "curves", "lights", "cameras"),
    *("materials", "worlds", "images", "textures", "node_groups"),
)


def _step_aside() -> list[tuple[str, bpy.types.ID, str]]:
    """Rename all that the file holds, so that a program finds its own things by their names, and nobody else's.

    Returns what `_step_back` needs: kind, data-block and name of each.
    """
    if not len(bpy.data.objects) or _is_startup_file():
        return []  # nobody's work, and the program may go on with the scene that is there
    blocks = [(kind, block, block.name) for kind in _KINDS for block in getattr(bpy.data, kind) if not block.library]
    for number, (_, block, _) in enumerate(blocks):
        block.name = f"(aside) {number}"
    return blocks


def _step_back(blocks: list[tuple[str, bpy.types.ID, str]]) -> None:
    """Give everything its name again; what was made under one of these names meanwhile gets a number."""
    made = []
    for kind, block, name in blocks:
        taken = getattr(bpy.data, kind).get((name, None))
        if taken is not None:
            taken.name = f"(made) {len(made)}"
            made.append((taken, name))
        try:
            block.name = name
        except ReferenceError:
            continue  # the program has removed it
    for block, name in made:
        block.name = name  # Blender puts the number
