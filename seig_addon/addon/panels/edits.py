"""What the artist changed by hand since the last stage, and the pins that keep objects as they are.

Finding out means reading the whole scene, which takes milliseconds to tenths of a second. So it is done by a
timer, once the artist pauses, only for a scene whose panel is open, and never while a run is going on.
"""

from __future__ import annotations

import time
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...errors import SeigError
from ...studio.scene import Change
from .. import edits, session
from ..background import redraw
from ..ownership import our_objects
from . import shown
from .base import OfRun
from .text import hint, sentence

_PAUSE = 0.5  # seconds without a change before the scene is read
_SHARE = 0.05  # of the time at most goes into reading it, however large it is
_SHOWN = 12  # edits listed; more are counted

_ICONS = {
    "object added": "ADD",
    "object removed": "REMOVE",
    "object transform": "OBJECT_ORIGIN",
    "mesh": "EDITMODE_HLT",
    "uv": "UV",
    "material": "MATERIAL",
    "material assignment": "MATERIAL",
    "light": "LIGHT",
    "camera": "CAMERA_DATA",
    "world": "WORLD",
}


class _Seen:
    """What was found, and of which state of which scene."""

    scene = ""
    edits: tuple[Change, ...] = ()
    problem = ""
    outdated = True
    changed = 0.0  # when the scene last changed
    took = 0.0  # seconds that reading it took


class SEIG_PT_edits(OfRun, bpy.types.Panel):
    """What was changed by hand since the last stage; later stages keep it where they can."""

    bl_label = "Hand Edits"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender's own form

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the edits, a pin beside each object's."""
        layout, scene = self.layout, context.scene
        _keep_up(scene)
        if _Seen.problem:
            sentence(layout, context, _Seen.problem, icon="ERROR")
            return
        if not _Seen.edits:
            hint(layout, context, "None since the last stage. Move or recolour things as you like: it is kept.")
        ours, listed = our_objects(scene), set()
        column = layout.column(align=True)
        for edit in _Seen.edits[:_SHOWN]:
            row = column.row(align=True)
            row.label(text=_in_short(edit), icon=_ICONS.get(edit.kind, "GREASEPENCIL"))
            if edit.name in ours and edit.name not in listed:
                _pin(row, ours[edit.name])
                listed.add(edit.name)
        if len(_Seen.edits) > _SHOWN:
            hint(layout, context, f"and {len(_Seen.edits) - _SHOWN} more")
        pinned = [obj for name, obj in ours.items() if obj.seig.pin and name not in listed]
        for obj in pinned:
            row = column.row(align=True)
            row.label(text=obj.name, icon="OBJECT_DATA")
            _pin(row, obj)
        layout.operator("seig.pin", text="Pin Selected", icon="PINNED")


def _in_short(edit: Change) -> str:
    return edits.in_words(edit.model_copy(update={"details": []}))


def _pin(row: bpy.types.UILayout, obj: bpy.types.Object) -> None:
    row.prop(obj.seig, "pin", text="", icon="PINNED" if obj.seig.pin else "UNPINNED", emboss=False)


def _keep_up(scene: bpy.types.Scene) -> None:
    if (_Seen.outdated or _Seen.scene != scene.seig.owner) and not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=0.1)


def _look() -> float | None:
    """Read the scene, once it has been left alone for a moment."""
    scene = bpy.context.scene
    if shown.run_folder(scene) is None or session.current().busy:
        return None
    pause = max(_PAUSE, _Seen.took / _SHARE)
    waited = time.monotonic() - _Seen.changed
    if _Seen.scene == scene.seig.owner and waited < pause:
        return pause - waited
    began = time.monotonic()
    _Seen.outdated, _Seen.scene = False, scene.seig.owner
    try:
        _Seen.edits, _Seen.problem = tuple(edits.hand_edits(scene)), ""
    except SeigError as error:
        _Seen.edits, _Seen.problem = (), str(error)
    _Seen.took = time.monotonic() - began
    redraw()
    return None


@persistent
def _changed(*_: Any) -> None:
    _Seen.outdated, _Seen.changed = True, time.monotonic()


_HANDLERS = ("depsgraph_update_post", "undo_post", "redo_post", "load_post")


def register() -> None:
    """Notice changes."""
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(_changed)


def unregister() -> None:
    """Stop noticing."""
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(_changed)
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)


CLASSES = (SEIG_PT_edits,)
