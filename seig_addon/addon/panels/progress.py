"""How a run is coming along: a panel while there is one, and the same in the status bar."""

from __future__ import annotations

import bpy

from .. import session
from .base import Sidebar
from .text import hint, sentence

_CARRY = (
    "Paste the question into any chat that sees pictures, attach those of the folder that opens, in their order, "
    "and copy the chat's whole reply."
)


class SEIG_PT_progress(Sidebar, bpy.types.Panel):
    """What the run is doing now."""

    bl_label = "Progress"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while a run goes on."""
        return session.current().busy

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the bar and the line below it."""
        window = context.window_manager.seig
        _bar(self.layout, window)
        current = session.current()
        sentence(self.layout, context, window.status)
        row = self.layout.row(align=True)
        if current.pending:
            row.operator_context = "INVOKE_DEFAULT"
            row.operator("seig.approve", icon="CHECKMARK")
            row.operator("seig.refuse", icon="X")
        elif current.asked:
            row.operator("seig.copy_question", icon="COPYDOWN")
            row.operator("seig.paste_reply", icon="PASTEDOWN")
            hint(self.layout, context, _CARRY)


def _bar(layout: bpy.types.UILayout, window: bpy.types.PropertyGroup) -> None:
    layout.progress(text=f"{window.progress:.0%}", factor=window.progress, type="BAR")


def _status_bar(header: bpy.types.Header, context: bpy.types.Context) -> None:
    if not session.current().busy:
        return
    window, row = context.window_manager.seig, header.layout.row(align=True)
    row.label(text=f"SEIG  {window.status}")
    bar = row.row()
    bar.ui_units_x = 5
    _bar(bar, window)
    row.operator("seig.stop", text="", icon="CANCEL")


def register() -> None:
    """Add to the status bar."""
    bpy.types.STATUSBAR_HT_header.append(_status_bar)


def unregister() -> None:
    """Take it away again."""
    bpy.types.STATUSBAR_HT_header.remove(_status_bar)


CLASSES = (SEIG_PT_progress,)
