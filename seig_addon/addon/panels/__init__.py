"""What the artist sees of SEIG: the sidebar's panels and the status bar.

Panels only draw: they read the run's record, the scene and the session, and offer operators. Each must be
drawn within 2 ms, so nothing here opens a file or reads a whole scene while drawing (see shown, edits).
"""

from __future__ import annotations

import bpy

from . import comparison, edits, export, graph, lists, picture, progress, rounds, shown, stages

# Parents before children.
_CLASSES = (
    *picture.CLASSES,
    *progress.CLASSES,
    *stages.CLASSES,
    *rounds.CLASSES,
    *edits.CLASSES,
    *comparison.CLASSES,
    *graph.CLASSES,
    *export.CLASSES,
)


def register() -> None:
    """Add the panels."""
    lists.register()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    progress.register()
    edits.register()


def unregister() -> None:
    """Take them away again."""
    edits.unregister()
    progress.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    lists.unregister()
    shown.unregister()
