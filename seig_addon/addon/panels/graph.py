"""The scene graph: the objects of the picture, present or missing."""

from __future__ import annotations

from typing import Any

import bpy

from . import lists, shown
from .base import OfRun
from .text import hint


class SEIG_UL_leaves(bpy.types.UIList):
    """A thing of the picture a row."""

    present: dict[str, bpy.types.Object] = {}  # noqa: RUF012, filled for each drawing of the list

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: Any,
        data: Any,
        item: Any,
        icon: Any,
        active: Any,
        prop: Any,
        index: int,
    ) -> None:
        """Draw a row: groups as headings, leaves as buttons that select."""
        row = layout.row(align=True)
        if item.depth:
            row.separator(factor=2.0 * item.depth)
        if item.group:
            row.active = False
            row.label(text=item.name, icon="OUTLINER_COLLECTION")
            return
        found = SEIG_UL_leaves.present.get(item.name)
        if found is None:
            row.alert = True
            row.label(text=item.name, icon="GHOST_DISABLED")
            missing = row.row()
            missing.alignment = "RIGHT"
            missing.label(text="missing")
            return
        name = row.row(align=True)
        name.alignment = "LEFT"
        select = name.operator("seig.select_object", text=item.name, icon="OUTLINER_OB_MESH", emboss=False)
        select.name = found.name
        if found.seig.pin:
            pin = row.row()
            pin.alignment = "RIGHT"
            pin.label(text="", icon="PINNED")


class SEIG_PT_graph(OfRun, bpy.types.Panel):
    """What the picture holds, and whether the scene has it."""

    bl_label = "Scene Graph"
    bl_order = 5
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender's own form

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Say how many of the objects are there."""
        record = shown.record(context.scene)
        if record is not None and record.graph is not None:
            leaves, present = record.graph.leaves, _present(context.scene)
            row = self.layout.row()
            row.active = False
            row.label(text=f"{sum(leaf.name in present for leaf in leaves)} of {len(leaves)}")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list."""
        lists.keep_up(context)
        leaves = context.window_manager.seig_lists
        if not leaves.leaves:
            hint(self.layout, context, "The model hasn't yet said what is in the picture.")
            return
        SEIG_UL_leaves.present = _present(context.scene)
        rows = min(max(len(leaves.leaves), 3), 10)
        self.layout.template_list(
            "SEIG_UL_leaves", "", leaves, "leaves", leaves, "leaf_index", rows=rows, sort_lock=True
        )


def _present(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """The scene's objects by the names that programs call them."""
    return {each.seig.called or each.name: each for each in scene.objects}


CLASSES = (SEIG_UL_leaves, SEIG_PT_graph)
