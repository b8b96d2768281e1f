"""Carrying the manual model's question to a chat, and the chat's reply back."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import chat, session
from .base import Base


def _asks(context: bpy.types.Context) -> str:
    return "" if session.current().asked else "No question is waiting for your reply."


def _folder() -> Path:
    return chat.waiting(Path(session.current().run))


class SEIG_OT_copy_question(Base, bpy.types.Operator):
    """Copy the question for a chat, and open the folder of the pictures to attach"""

    bl_idname = "seig.copy_question"
    bl_label = "Copy Question"
    needs = (_asks,)

    def work(self, context: bpy.types.Context) -> None:
        """Copy its text, and show its pictures."""
        folder = _folder()
        context.window_manager.clipboard = chat.for_chat(folder)
        bpy.ops.wm.path_open(filepath=str(folder))
        self.report({"INFO"}, f"The question was copied; its pictures are in {folder}")


class SEIG_OT_paste_reply(Base, bpy.types.Operator):
    """Take the chat's reply from the clipboard, and go on with it"""

    bl_idname = "seig.paste_reply"
    bl_label = "Paste Reply"
    needs = (_asks,)

    def work(self, context: bpy.types.Context) -> None:
        """Hand it in; the model that waits for it takes it within two seconds."""
        chat.answer(_folder(), context.window_manager.clipboard)
        self.report({"INFO"}, "The reply was handed in")


CLASSES = (SEIG_OT_copy_question, SEIG_OT_paste_reply)
