"""Letting a stage's result into the scene, or not."""

from __future__ import annotations

import bpy

from .. import session
from .base import Base

_LINES = 30  # of the program in the dialog; Edit shows all of it
_WIDTH = 560  # px of the dialog at normal scale: most lines of a program fit


def _waits(context: bpy.types.Context) -> str:
    return "" if session.current().pending else "No program is waiting for your approval."


class SEIG_OT_approve(Base, bpy.types.Operator):
    """Look at what the stage's program changed in the studio, and let its result into the scene"""

    bl_idname = "seig.approve"
    bl_label = "Apply"
    needs = (_waits,)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show the program."""
        job = session.current().pending
        title = f"Apply the {job.stage.name} program?"
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, title=title, confirm_text="Apply")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what it changed and its first lines."""
        job = session.current().pending
        if job is None:  # stopped while the dialog was open
            self.layout.label(text="It was stopped", icon="INFO")
            return
        column = self.layout.column(align=True)
        for number, change in enumerate(job.changed.split(", ")):  # a line each: a label cuts off what is too long
            column.label(text=change if number else f"In the studio it {change}", icon="BLANK1" if number else "INFO")
        lines = job.program.splitlines()
        column = self.layout.box().column(align=True)
        column.scale_y = 0.7
        for line in lines[:_LINES]:
            column.label(text=line, translate=False)
        if len(lines) > _LINES:
            self.layout.label(text=f"and {len(lines) - _LINES} more lines")

    def work(self, context: bpy.types.Context) -> None:
        """Let it in."""
        session.current().approve()


class SEIG_OT_refuse(Base, bpy.types.Operator):
    """Keep this program's result out of the scene, and stop the run"""

    bl_idname = "seig.refuse"
    bl_label = "Refuse"
    needs = (_waits,)

    def work(self, context: bpy.types.Context) -> None:
        """Refuse it."""
        session.current().refuse()


CLASSES = (SEIG_OT_approve, SEIG_OT_refuse)
