"""What to take away: report, folder, program, and the result in another scene."""

from __future__ import annotations

import bpy

from .base import OfRun


class SEIG_PT_export(OfRun, bpy.types.Panel):
    """Report, folder, program, and the result in another scene."""

    bl_label = "Export"
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, Blender's own form

    def draw(self, context: bpy.types.Context) -> None:
        """Draw four buttons."""
        column = self.layout.column(align=True)
        row = column.row(align=True)
        row.operator("seig.open_report", text="Report", icon="URL")
        row.operator("seig.open_folder", text="Folder", icon="FILE_FOLDER")
        row = column.row(align=True)
        row.operator("seig.program_to_text", text="Program", icon="TEXT")
        row.operator("seig.send_to_scene", text="Send to Scene", icon="SCENE_DATA")


CLASSES = (SEIG_PT_export,)
