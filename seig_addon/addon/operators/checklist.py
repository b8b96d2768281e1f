"""The checklist that goes into a redo: the verifier's, with the artist's own items."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty, StringProperty

from .base import Base, has_run


class SEIG_OT_checklist_add(Base, bpy.types.Operator):
    """Add something that the stage should get right when it is redone"""

    bl_idname = "seig.checklist_add"
    bl_label = "Add Item"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (has_run,)

    text: StringProperty(name="To do", options={"SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Add it."""
        context.window_manager.seig.checklist.add().text = self.text


class SEIG_OT_checklist_remove(Base, bpy.types.Operator):
    """Remove this item from the checklist"""

    bl_idname = "seig.checklist_remove"
    bl_label = "Remove Item"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (has_run,)

    index: IntProperty(options={"SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Remove it, if it is still there."""
        context.window_manager.seig.checklist.remove(self.index)


CLASSES = (SEIG_OT_checklist_add, SEIG_OT_checklist_remove)
