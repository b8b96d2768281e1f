"""Places camera and things as a program for the scene in the studio: by the scene graph's boxes, then by the picture.

Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...studio.client import Studio
from ..scene_graph import SceneGraph
from ..scores import Pixels
from ..visible import Visible
from .arrangement import Arrangement, arrange
from .bodies import Array, Mark, Move
from .layout import PRECISE, boxes, solve
from .layout_text import REGISTERED, layout_text, moves_text
from .registration import Shift, masks_of, register
from .settling import settling

_BY_EYE = 0.012  # of the picture: by so much a side of a marked box may be off


def placing(studio: Studio, graph: SceneGraph) -> str:
    """Write the program that brings the scene closer to the boxes marked in the graph, and settles its things.

    "" if nothing does. The studio is left in any state of this scene.
    """
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None or places.camera is None:
        return ""
    layout = solve(arrangement.camera, arrangement.bodies, arrangement.marks, fixed_camera=not places.camera.movable)
    return _settled(studio, graph, layout_text(places, arrangement, layout) if layout else "")


def registering(studio: Studio, graph: SceneGraph, seen: Visible, render: Pixels, reference: Pixels) -> str:
    """Write the program that moves things to where the reference shows them; "" if none is found to be off.

    `render` shows the scene that the studio holds, `seen` who is where in it; the pictures are of one size. The
    studio is left in any state of this scene.
    """
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None:
        return ""
    masks = masks_of(seen, arrangement.camera, arrangement.marks, len(arrangement.bodies))
    found = register(render, reference, masks)
    shifts = [each and _believed(each, at, arrangement.marks, seen) for at, each in enumerate(found)]
    if not any(shifts):
        return ""
    marks = _corrected(arrangement, shifts, render.shape)
    layout = solve(arrangement.camera, arrangement.bodies, marks, fixed_camera=True, worth=PRECISE)
    return _settled(studio, graph, moves_text(REGISTERED, places, arrangement, layout.moves)) if layout else ""


def _settled(studio: Studio, graph: SceneGraph, text: str) -> str:
    """The program with what it leaves a little off what it rests on settled after it; "" if it doesn't run."""
    if text and studio.run(text).failure is not None:
        return ""
    return "\n".join(each for each in (text, settling(studio, graph)) if each)


def _believed(shift: Shift, body: int, marks: Sequence[Mark], seen: Visible) -> Shift | None:
    """The shift, unless it leads away from where the body was marked: then its edges met those of something else."""
    size = np.array(seen.index.shape[::-1])
    before, after = [], []
    for mark in marks:
        box = seen.box(mark.name) if mark.body == body else None
        if box is not None:
            corners = np.array(box).reshape(2, 2)
            before.append(np.abs(corners.ravel() - mark.box).max())
            after.append(np.abs(_moved(corners, shift, size).ravel() - mark.box).max())
    return shift if not after or np.mean(after) <= max(np.mean(before), _BY_EYE) else None


def _moved(corners: Array, shift: Shift, size: Array) -> Array:
    """Corners (2, 2) as fractions of a picture of this size (width, height) where a shift brings them."""
    middle = (np.array(shift.middle) + 0.5) / size
    moved: Array = middle + shift.size * (corners - middle) + np.array([shift.x, shift.y]) / size
    return moved


def _corrected(arrangement: Arrangement, shifts: list[Shift | None], shape: tuple[int, ...]) -> list[Mark]:
    """The marks where the bodies should be seen: where they are now, but for those that were found to be off."""
    still = [Move(1.0, np.zeros(3))] * len(arrangement.bodies)
    size = np.array([shape[1], shape[0]])
    marks = []
    for mark, box in zip(arrangement.marks, boxes(arrangement.camera, still, arrangement.marks), strict=True):
        corners, shift = np.array(box).reshape(2, 2), shifts[mark.body]
        if shift is not None:
            corners = _moved(corners, shift, size)
        left, top, right, bottom = corners.ravel().tolist()
        marks.append(replace(mark, box=(left, top, right, bottom)))
    return marks
