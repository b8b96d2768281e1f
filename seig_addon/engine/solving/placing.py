"""Places camera and things as a program for the scene in the studio: by the scene graph's boxes, then by the picture.

Never imports bpy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...studio.client import Studio
from ..scene_graph import SceneGraph
from ..scores import Pixels
from ..visible import Visible
from .arrangement import Arrangement, arrange
from .bodies import Mark, Move
from .layout import PRECISE, boxes, solve
from .layout_text import REGISTERED, layout_text, moves_text
from .registration import Shift, masks_of, register
from .settling import settling


def placing(studio: Studio, graph: SceneGraph) -> str:
    """Write the program that brings the scene closer to the boxes marked in the graph, and settles its things.

    "" if nothing does. The studio is left in any state of this scene.
    """
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None or places.camera is None:
        return ""
    layout = solve(arrangement.camera, arrangement.bodies, arrangement.marks, fixed_camera=not places.camera.movable)
    placed = layout_text(places, arrangement, layout) if layout else ""
    if placed and studio.run(placed).failure is not None:
        return ""
    return "\n".join(text for text in (placed, settling(studio, graph)) if text)


def registering(studio: Studio, graph: SceneGraph, seen: Visible, render: Pixels, reference: Pixels) -> str:
    """Write the program that moves things to where the reference shows them; "" if none is found to be off.

    `render` shows the scene that the studio holds, `seen` who is where in it; the pictures are of one size.
    """
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None:
        return ""
    masks = masks_of(seen, arrangement.camera, arrangement.marks, len(arrangement.bodies))
    shifts = register(render, reference, masks)
    if not any(shifts):
        return ""
    marks = _corrected(arrangement, shifts, render.shape)
    layout = solve(arrangement.camera, arrangement.bodies, marks, fixed_camera=True, worth=PRECISE)
    return moves_text(REGISTERED, places, arrangement, layout.moves) if layout else ""


def _corrected(arrangement: Arrangement, shifts: list[Shift | None], shape: tuple[int, ...]) -> list[Mark]:
    """The marks where the bodies should be seen: where they are now, but for those that were found to be off."""
    still = [Move(1.0, np.zeros(3))] * len(arrangement.bodies)
    size = np.array([shape[1], shape[0]])
    marks = []
    for mark, box in zip(arrangement.marks, boxes(arrangement.camera, still, arrangement.marks), strict=True):
        corners, shift = np.array(box).reshape(2, 2), shifts[mark.body]
        if shift is not None:
            middle = (np.array(shift.middle) + 0.5) / size
            corners = middle + shift.size * (corners - middle) + np.array([shift.x, shift.y]) / size
        left, top, right, bottom = corners.ravel().tolist()
        marks.append(replace(mark, box=(left, top, right, bottom)))
    return marks
