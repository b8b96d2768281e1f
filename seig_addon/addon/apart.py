"""Where in the live scene's picture things are the artist's own, or known to differ. Main thread only, only reads."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..studio.extent import View, extents
from ..studio.scene import Change
from .drift import Box
from .ownership import added_by_hand, our_materials, our_objects

# In a solid picture these show nowhere in particular, but everywhere, or not at all.
_EVERYWHERE = {"camera", "world"}
_NOWHERE = {"light", "light added", "light removed", "exposure", "view settings", "render settings"}


def apart(scene: bpy.types.Scene, changes: Sequence[Change]) -> tuple[frozenset[str], tuple[Box, ...] | None]:
    """Name the objects that differ from the studio's, with what is added by hand, and give their boxes here.

    Objects are named as programs call them. No boxes (None): all of the picture is affected.
    """
    ours = our_objects(scene)
    names = {change.name for change in changes if change.kind not in _NOWHERE}
    materials = our_materials(scene, ours.values())
    changed = {materials[name] for name in names if name in materials}
    names |= {name for name, obj in ours.items() if any(slot.material in changed for slot in obj.material_slots)}
    if any(change.kind in _EVERYWHERE for change in changes) or scene.camera is None:
        return frozenset(names), None
    objects = added_by_hand(scene) + [ours[name] for name in names if name in ours]
    if not objects:
        return frozenset(names), ()
    view, shapes = View(scene), extents(scene)
    boxes = [view.box(shapes[obj.name]) for obj in objects if len(shapes[obj.name].points)]
    return frozenset(names), tuple(box for box in boxes if box is not None)
