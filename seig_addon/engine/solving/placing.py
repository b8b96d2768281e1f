"""Places camera and things by the scene graph's boxes, as a program for the scene that the studio holds.

Never imports bpy.
"""

from __future__ import annotations

from ...studio.client import Studio
from ..scene_graph import SceneGraph
from .arrangement import arrange
from .layout import solve
from .layout_text import layout_text


def placing(studio: Studio, graph: SceneGraph) -> str:
    """Write the program that brings the scene closer to the boxes marked in the graph; "" if none does."""
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None or places.camera is None:
        return ""
    layout = solve(arrangement.camera, arrangement.bodies, arrangement.marks, fixed_camera=not places.camera.movable)
    return layout_text(places, arrangement, layout) if layout else ""
