"""Which data-blocks of a scene are SEIG's, by the names that programs call them, and which are the artist's.

An artist may rename what a stage made, duplicate it (which copies all of its properties), or make a full copy
of the scene. So an object is known by the name that programs gave it, kept on it; of two that carry the same
one, the duplicate is the artist's own. (Where the original was deleted since the last stage, the duplicate is
taken for the original renamed: nothing tells the two cases apart.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

from .checkpoint import canonical, read_state

_ADDED = " (added by hand)"


def is_ours(scene: bpy.types.Scene) -> bool:
    """Tell whether a scene was made for a reconstruction."""
    return bool(scene.seig.owner)


def our_objects(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """Give the objects that stages made for this scene, by the names that programs call them."""
    made = [obj for obj in scene.objects if obj.seig.made and obj.seig.called]
    # What is only instanced, or only a modifier's target, is in no scene.
    made += [
        obj for obj in bpy.data.objects if obj.seig.owner == scene.seig.owner and obj.users and not obj.users_scene
    ]
    return _first_of_each(made)


def our_materials(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> dict[str, bpy.types.Material]:
    """Give the materials that stages made for this scene, by the names that programs call them."""
    used = [slot.material for obj in objects for slot in obj.material_slots if slot.material]
    found = _first_of_each([material for material in used if material.seig.called])
    others = [material for material in bpy.data.materials if material.seig.owner == scene.seig.owner]
    return {**_first_of_each(others), **found} if is_ours(scene) else {}


def _first_of_each(blocks: list[Any]) -> dict[str, Any]:
    """Choose the original among duplicates: the one that kept its name, else the oldest."""
    found: dict[str, Any] = {}
    for block in sorted(blocks, key=lambda each: (each.name != each.seig.given, each.session_uid)):
        found.setdefault(block.seig.called, block)
    return found


def mark(block: bpy.types.Object | bpy.types.Material, scene: bpy.types.Scene, called: str) -> None:
    """Write on an object or material that it is this scene's, made by a stage."""
    block.seig.called, block.seig.given, block.seig.owner = called, block.name, scene.seig.owner
    if isinstance(block, bpy.types.Object):
        block.seig.made = True


def disown_duplicates(scene: bpy.types.Scene) -> None:
    """Take the marks off what the artist duplicated, so that it never counts as ours when the original goes."""
    for obj in added_by_hand(scene):
        obj.seig.made, obj.seig.called, obj.seig.owner = False, "", ""


def live_state(scene: bpy.types.Scene) -> dict[str, Any]:
    """Read the scene's state in the names that programs use, for comparing it with a checkpoint's.

    Without what the artist added; where that is pointed to, it goes by its own name.
    """
    ours = our_objects(scene)
    names = {obj.name: called for called, obj in ours.items()}
    for obj in bpy.data.objects:
        names.setdefault(obj.name, obj.name + _ADDED if obj.name in ours else obj.name)
    our = our_materials(scene, ours.values())
    materials = {material.name: called for called, material in our.items()}
    for material in bpy.data.materials:
        if material.name not in materials:
            names.setdefault(material.name, material.name + _ADDED if material.name in our else material.name)
    state = canonical(read_state(scene), names, materials)
    for kind in ("objects", "lights", "cameras"):
        state[kind] = {name: entry for name, entry in state[kind].items() if name in ours}
    return state


def added_by_hand(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Give the scene's objects that the artist added."""
    ours = our_objects(scene).values()
    return [obj for obj in scene.objects if obj not in ours]
