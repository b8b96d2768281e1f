"""The camera: estimated from where things stand, and the geometry between its pixels and metres.

It is level, with a vertical shift that puts the horizon into its row, so that upright fronts keep
their outline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .surfaces import Surfaces
from .things import ON_BACKDROP, ON_GROUND, Thing, parts_that_touch

_LENS = 50.0  # mm on a 36 mm sensor; the picture's own tells too little to guess a better one
_SEEN_WIDTH = 2.5  # metres that the picture spans where things stand: the true scale can't be known
_AS_DEEP = 0.9  # depth of things to their width, where it has to be guessed
_LEAST_RISE = 0.12  # of the picture: the least that the horizon lies above the far end of the ground
_SEAMLESS_RISE = 0.07  # of the picture: ground seen behind the hindmost thing before a seamless backdrop


@dataclass(frozen=True)
class View:
    """The level camera: horizon row, lens in mm, height in metres, its y, and the picture's proportions.

    Depths are metres along +Y from the camera.
    """

    horizon: float
    lens: float
    height: float
    y: float
    aspect: float

    @property
    def across(self) -> float:
        """Depth at which the picture's width spans one metre."""
        return self.lens / 36.0 * max(1.0, 1.0 / self.aspect)

    @property
    def upward(self) -> float:
        """Depth at which the picture's height spans one metre."""
        return self.lens / 36.0 * max(1.0, self.aspect)

    def depth_of_plane(self, v: float, z: float = 0.0) -> float:
        """Depth at which row v meets the horizontal plane z."""
        return (self.height - z) * self.upward / (v - self.horizon)

    def x(self, u: float, depth: float) -> float:
        """World x of column u at a depth."""
        return (u - 0.5) * depth / self.across

    def z(self, v: float, depth: float) -> float:
        """World z of row v at a depth."""
        return self.height - (v - self.horizon) * depth / self.upward


def far_row(surfaces: Surfaces, things: Sequence[Thing]) -> float:
    """Row in which the ground ends and the backdrop begins, as a fraction of the picture."""
    feet = [thing.box[3] for thing in things if thing.support == ON_GROUND] or [0.8]
    far = surfaces.meeting if surfaces.meeting is not None else min(feet) - _SEAMLESS_RISE
    return min(max(far, 0.05), 0.93)


def find_view(surfaces: Surfaces, things: Sequence[Thing], tilt: float = 1.0) -> View:
    """Estimate the camera; tilt is a factor on how far it looks down."""
    height, width = surfaces.labels.shape
    far = far_row(surfaces, things)
    feet = [thing.box[3] for thing in things if thing.support == ON_GROUND] or [0.8]
    middle = float(np.median([max(foot, far + 0.02) for foot in feet]))
    view = View(horizon=0.0, lens=_LENS, height=1.0, y=0.0, aspect=height / width)
    horizon = min(_horizon(view, surfaces, things), far - _LEAST_RISE, middle - 0.25)
    view = replace(view, horizon=round(min(middle - tilt * (middle - horizon), far - _LEAST_RISE), 4))
    view = replace(view, height=round(_SEEN_WIDTH * view.across / view.depth_of_plane(middle), 3))
    return replace(view, y=-round(view.depth_of_plane(middle), 3))


def _horizon(view: View, surfaces: Surfaces, things: Sequence[Thing]) -> float:
    """Estimate the row of the horizon.

    Things are about as deep as they are wide: a cluster's feet, or a top that we look down on, reach
    over more rows the more we look down.
    """
    clusters: dict[int, list[Thing]] = {}
    numbers = parts_that_touch(list(things), surfaces.labels.shape)
    for thing in things:
        clusters.setdefault(numbers[thing.number], []).append(thing)
    found = [(0.15, 0.05)]  # where nothing tells: horizon in the upper part, with little weight
    for members in clusters.values():
        feet = [thing.box[3] for thing in members if thing.support == ON_GROUND and thing.box[3] < 0.995]
        lefts, _, rights, _ = zip(*(thing.box for thing in members), strict=True)
        wide = max(rights) - min(lefts)
        if len(feet) > 1 and wide < 0.8:
            slope = float(np.ptp(feet)) / (_AS_DEEP * wide)
            found.append((float(np.mean(feet)) - view.upward * slope, wide))
    for thing in things:
        if thing.shape == "flat" and thing.support != ON_BACKDROP:
            left, top, right, bottom = thing.box
            slope = 0.85 * (bottom - top) / (_AS_DEEP * (right - left))
            found.append(((top + bottom) / 2.0 - view.upward * slope, 2.0 * (right - left)))
    rows, weights = np.array(sorted(found)).T
    return float(rows[np.searchsorted(weights.cumsum(), weights.sum() / 2.0)])
