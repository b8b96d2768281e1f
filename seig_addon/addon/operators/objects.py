"""What can be done with single objects of the scene: pin them, and find them."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ...errors import SeigError
from .base import Base


def _is_reconstruction(context: bpy.types.Context) -> str:
    return "" if context.scene.seig.run else "This scene is no reconstruction."


def _selection(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects that a stage made; what the artist added is kept without a pin."""
    return [obj for obj in context.view_layer.objects.selected if obj.seig.made]


def _has_selection(context: bpy.types.Context) -> str:
    if _selection(context):
        return ""
    return "Select objects that a stage made; those that you added are kept anyway."


class SEIG_OT_pin(Base, bpy.types.Operator):
    """Keep the selected objects exactly as they are, whatever later stages, Redo or Restore bring; again to let go"""

    bl_idname = "seig.pin"
    bl_label = "Pin Selected"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender's own form
    needs = (_is_reconstruction, _has_selection)

    def work(self, context: bpy.types.Context) -> None:
        """Pin all of them, or let go of all if they are."""
        chosen = _selection(context)
        pin = not all(obj.seig.pin for obj in chosen)
        for obj in chosen:
            obj.seig.pin = pin


class SEIG_OT_select_object(Base, bpy.types.Operator):
    """Select this object in the viewport"""

    bl_idname = "seig.select_object"
    bl_label = "Select Object"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (_is_reconstruction,)

    name: StringProperty(name="Name", options={"SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Select it alone; raises SeigError if it can't be."""
        objects = context.view_layer.objects
        found = objects.get(self.name)
        if found is None:
            raise SeigError(f"{self.name} is not in this view layer.")
        for obj in objects.selected:
            obj.select_set(False)
        found.hide_set(False)
        found.select_set(True)
        objects.active = found


CLASSES = (SEIG_OT_pin, SEIG_OT_select_object)
