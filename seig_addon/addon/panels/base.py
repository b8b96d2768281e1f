"""What all panels of the sidebar share: where they are, and when there is something for them to show."""

from __future__ import annotations

import bpy

from . import shown


class Sidebar:
    """A panel in the 3D view's sidebar, tab SEIG."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SEIG"


class OfRun(Sidebar):
    """A panel that shows something of the scene's run, so only reconstructions have it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the scene is a reconstruction whose run folder could be read."""
        return shown.record(context.scene) is not None
