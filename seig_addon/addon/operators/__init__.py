"""What the artist can do: one class an action. Polls say why a button is grey; errors are said in a sentence.

Whatever brings something into the scene pushes its own undo step (see live), so those operators push none.
"""

from __future__ import annotations

import bpy

from . import approval, checklist, consent, export, keys, menu, objects, picture, program, question, run

_CLASSES = (
    *picture.CLASSES,
    *run.CLASSES,
    *consent.CLASSES,
    *keys.CLASSES,
    *approval.CLASSES,
    *question.CLASSES,
    *program.CLASSES,
    *objects.CLASSES,
    *checklist.CLASSES,
    *export.CLASSES,
    *menu.CLASSES,
)


def register() -> None:
    """Add them, and the menus that make them searchable."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    menu.register()


def unregister() -> None:
    """Take them away again."""
    menu.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
