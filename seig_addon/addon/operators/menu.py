"""Menus: Blender's search (F3) finds what is in one."""

from __future__ import annotations

import bpy

_GROUPS = (
    ("choose_picture", "reconstruct", "step", "resume", "stop"),
    ("redo", "restore", "edit_program", "run_program", "pin"),
    ("open_report", "open_folder", "program_to_text", "send_to_scene"),
)


class SEIG_MT_menu(bpy.types.Menu):
    """All that SEIG does with the scene in view."""

    bl_label = "SEIG"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the operators, in groups."""
        for number, group in enumerate(_GROUPS):
            if number:
                self.layout.separator()
            self.layout.operator_context = "INVOKE_DEFAULT"
            for name in group:
                self.layout.operator(f"seig.{name}")


def _in_view_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.menu(SEIG_MT_menu.__name__)


def _in_import_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("seig.choose_picture", text="Picture as Scene (SEIG)")


CLASSES = (SEIG_MT_menu,)


def register() -> None:
    """Add them to Blender's own."""
    bpy.types.VIEW3D_MT_view.append(_in_view_menu)
    bpy.types.TOPBAR_MT_file_import.append(_in_import_menu)


def unregister() -> None:
    """Take them away again."""
    bpy.types.TOPBAR_MT_file_import.remove(_in_import_menu)
    bpy.types.VIEW3D_MT_view.remove(_in_view_menu)
