"""Reference against result: how the overlay in the camera view shows it, and the scores."""

from __future__ import annotations

import bpy

from ...engine.stages import STAGES
from . import shown
from .base import OfRun

# "Difference" needs more than its quarter of the sidebar's default width.
_WIDTHS = {"OFF": 0.75, "WIPE": 0.85, "BLEND": 0.9, "DIFFERENCE": 1.4}


class SEIG_PT_compare(OfRun, bpy.types.Panel):
    """Lay the reference over the camera view."""

    bl_label = "Compare"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the modes, what belongs to the chosen one, and the scores."""
        layout, window = self.layout, context.window_manager.seig
        row = layout.row(align=True)
        for mode, width in _WIDTHS.items():
            cell = row.row(align=True)
            cell.scale_x = width
            cell.prop_enum(window, "compare_mode", mode)
        column = layout.column(align=True)
        if window.compare_mode == "WIPE":
            column.prop(window, "compare_split", slider=True)
        elif window.compare_mode == "BLEND":
            column.prop(window, "reference_opacity", slider=True)
        if window.compare_mode != "OFF" and context.space_data.region_3d.view_perspective != "CAMERA":
            layout.operator("view3d.view_camera", text="Look Through Camera", icon="VIEW_CAMERA")
        row = layout.row()
        row.prop(window, "show_reference")
        if window.show_reference and window.compare_mode != "BLEND":
            row.prop(window, "reference_opacity", text="", slider=True)
        _scores(layout, context)


def _scores(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Score what the scene holds, as the studio rendered it."""
    record = shown.record(context.scene)
    for stage in reversed(STAGES):
        number = shown.round_in_scene(context.scene, stage)
        if record is None or number is None:
            continue
        known = {each.number: each.scores for each in record.stage(stage).rounds}
        scores = known.get(number)
        if scores:
            row = layout.row()
            row.active = False
            row.label(text=f"PSNR {scores.psnr:.1f} dB")
            row.label(text=f"SSIM {scores.ssim:.2f}")
        return


CLASSES = (SEIG_PT_compare,)
