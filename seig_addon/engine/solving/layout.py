"""Solve for the camera and for the place and size of each thing from the boxes marked in the picture.

Weighted least squares on the sides of the projected boxes (see fit), with a pull towards the values
that are there. A box that doesn't fit is given up, and doesn't bend the rest: the fit begins with a wide
tolerance that shrinks to what a marked box is worth. Things keep to their supports: they slide on them,
scale about the point they stand on, and go along when the support moves or scales. Pure numpy,
deterministic; never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..coverage import overlap
from ..scene_graph import Box2D
from .bodies import Body, Camera, Mark, Move
from .fit import Fit

MARKED = 0.01  # what a model's mark is worth: they read boxes to about a hundredth of the picture
PRECISE = 0.002  # what one that was measured in the picture's pixels is


@dataclass(frozen=True)
class Layout:
    """What was solved for. `before` and `after` are mean overlaps with the boxes that weren't judged wrong."""

    camera: Camera
    moves: list[Move]
    wrong: list[str]
    before: float
    after: float


def solve(
    camera: Camera,
    bodies: Sequence[Body],
    marks: Sequence[Mark],
    fixed_camera: bool = False,
    worth: float = MARKED,
) -> Layout | None:
    """Fit camera and bodies to the marks; None if the boxes don't get better, or nothing can be fitted.

    `worth` is how far off a mark's sides may well be, as a share of the picture.
    """
    marks = [mark for mark in marks if (camera.depth(mark.points) > 0).all() or not camera.perspective]
    if not marks:
        return None
    fit = Fit(camera, bodies, marks, fixed_camera, worth)
    values = fit.best()
    solved, moves = fit.layout(values)
    trusted = fit.trusted(values)
    kept = [mark for mark, trust in zip(marks, trusted, strict=True) if trust]
    if not kept:
        return None
    still = [Move(1.0, np.zeros(3))] * len(bodies)
    before, after = (
        float(np.mean([overlap(box, mark.box) for box, mark in zip(found, kept, strict=True)]))
        for found in (boxes(camera, still, kept), boxes(solved, moves, kept))
    )
    if after <= before:
        return None
    wrong = [mark.name for mark, trust in zip(marks, trusted, strict=True) if not trust]
    return Layout(solved, moves, wrong, before, after)


def boxes(camera: Camera, moves: Sequence[Move], marks: Sequence[Mark]) -> list[Box2D]:
    """Where the marked parts are in the picture: left, top, right, bottom, also beyond its edges."""
    found = []
    for mark in marks:
        places, _ = camera.project(moves[mark.body](mark.points))
        (left, top), (right, bottom) = places.min(axis=0), places.max(axis=0)
        found.append((float(left), float(top), float(right), float(bottom)))
    return found
