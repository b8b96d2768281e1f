"""What all panels of the sidebar share: where they are, when they show something, and how long drawing them takes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import bpy

from .. import ticks
from . import shown

Draw = Callable[[Any, bpy.types.Context], None]


class Sidebar:
    """A panel in the 3D view's sidebar, tab SEIG. How long each drawing takes is measured, see ticks."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "SEIG"

    def __init_subclass__(cls) -> None:
        """Have the panel's drawing measured."""
        for name in ("draw", "draw_header_preset"):
            if name in vars(cls):
                setattr(cls, name, _timed(vars(cls)[name], cls.bl_label + ("" if name == "draw" else " (header)")))


def _timed(draw: Draw, label: str) -> Draw:
    @functools.wraps(draw)
    def timed(self: Any, context: bpy.types.Context) -> None:
        began = time.perf_counter()
        draw(self, context)
        ticks.current().draw(label, time.perf_counter() - began)

    return timed


class OfRun(Sidebar):
    """A panel that shows something of the scene's run, so only reconstructions have it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the scene is a reconstruction whose run folder could be read."""
        return shown.record(context.scene) is not None
