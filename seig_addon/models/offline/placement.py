"""Placing things in depth: from the picture to solids in metres.

The row in which a thing meets what it stands on gives its depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import outlines
from .raster import Floats
from .surfaces import Surfaces
from .things import ON_BACKDROP, ON_GROUND, Thing
from .view import View, far_row

_GAP = 0.01  # metres between a thing and what it stands before, so that no faces coincide


@dataclass(frozen=True)
class Solid:
    """A thing in metres: standing at `location` (middle of its base), `size` (x, y, z).

    `points`: a profile (r, z) if `kind` is turned, an outline (x, z) if it is outline, or (x, y) if it
    is flat; each relative to location.
    """

    thing: Thing
    kind: str
    location: tuple[float, float, float]
    size: tuple[float, float, float]
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Layout:
    """A block-out in metres: the camera, how deep the ground reaches, and the solids."""

    view: View
    wall: float
    solids: tuple[Solid, ...]


def lay_out(view: View, surfaces: Surfaces, things: Sequence[Thing]) -> Layout:
    """Place everything as seen by a camera."""
    wall = view.depth_of_plane(max(far_row(surfaces, things), view.horizon + 0.02))
    builder = _Builder(view, wall, {thing.number: thing for thing in things})
    return Layout(view, wall, tuple(builder.solid(thing) for thing in things))


class _Builder:
    """Places one thing after another, each after what it stands on."""

    def __init__(self, view: View, wall: float, things: dict[int, Thing]) -> None:
        self.view, self.wall, self._things = view, wall, things
        self._done: dict[int, Solid] = {}
        self._end = view.horizon + view.height * view.upward / wall  # the row in which the ground ends

    def solid(self, thing: Thing) -> Solid:
        if thing.number not in self._done:
            self._done[thing.number] = self._place(thing)
        return self._done[thing.number]

    def _place(self, thing: Thing) -> Solid:
        carrier = self.solid(self._things[thing.support]) if thing.support >= 0 else None
        if thing.shape == "flat":
            flat = self._flat(thing, carrier)
            if flat is not None:
                return flat
        front, room = self._front(thing, carrier)
        grounded = carrier is None and not self._hangs(thing)
        if thing.shape == "turned":
            return self._turned(thing, front, room, grounded)
        if thing.shape == "ball":
            return self._ball(thing, front, room, grounded)
        return self._upright(thing, front, room, grounded)

    def _front(self, thing: Thing, carrier: Solid | None) -> tuple[float, float]:
        """Depth of a thing's front, and how thick it may be at most."""
        left, top, right, bottom = thing.box
        if carrier is None:
            if self._hangs(thing):
                wide = (right - left) * self.wall / self.view.across
                tall = (bottom - top) * self.wall / self.view.upward
                thick = 0.4 * min(wide, tall)
                return self.wall - thick - _GAP, thick
            lowest = max(bottom, self._end + 0.01)
            front = min(self.view.depth_of_plane(lowest), 0.97 * self.wall)
        else:
            near = carrier.location[1] - self.view.y - carrier.size[1] / 2.0
            if carrier.kind == "flat":
                level = carrier.location[2] + carrier.size[2]
                front = self.view.depth_of_plane(max(bottom, self.view.horizon + 0.02), level)
                front = min(max(front, near + _GAP), near + 0.9 * carrier.size[1])
            elif thing.detail:
                return max(near - _GAP, 0.1), 2.0 * _GAP
            else:
                front = near + 0.15 * carrier.size[1] + _GAP
            # Off the ground, a thing may be nearer than its row says: it must not stick in the backdrop.
            side = min((right - left) / self.view.across, (bottom - top) / self.view.upward)
            front = min(front, (self.wall - _GAP) / (1.0 + 0.5 * side))
        return front, max(self.wall - front - _GAP, _GAP)

    def _hangs(self, thing: Thing) -> bool:
        """Tell whether a thing hangs on the backdrop; so does what floats above the end of the ground."""
        return thing.support == ON_BACKDROP or (thing.support == ON_GROUND and thing.box[3] < self._end - 0.02)

    def _thickness(self, thing: Thing, front: float, room: float) -> float:
        """How deep a solid goes: by its lesser side, within what its outline leaves for top and side faces."""
        left, top, right, bottom = thing.box
        wide = (right - left) * front / self.view.across
        tall = (bottom - top) * front / self.view.upward
        if thing.detail:
            return room
        thick = min((0.6 if thing.shape == "box" else 0.4) * min(wide, tall), room)
        if max(wide, tall) > 3.0 * min(wide, tall):
            thick = min(0.9 * min(wide, tall), room)
        # Seen from above, a top face takes rows of the outline, and off the middle a side face takes
        # columns: leave at least 0.6 of each for the front.
        aside = max(left - 0.5, 0.5 - right, 0.0)
        if aside > 0.0:
            thick = min(thick, 0.4 * (right - left) / aside * front)
        if top > self.view.horizon:
            thick = min(thick, 0.4 * (bottom - top) / (top - self.view.horizon) * front)
        return max(thick, min(_GAP, room))

    def _upright(self, thing: Thing, front: float, room: float, grounded: bool) -> Solid:
        """Stand a thing up with its front at a depth, so that front, top and side together fill its box."""
        view = self.view
        left, top, right, bottom = thing.box
        thick = self._thickness(thing, front, room)
        back = front + thick
        x0 = view.x(left, front if left < 0.5 else back)
        x1 = view.x(right, front if right > 0.5 else back)
        z1 = view.z(top, front if top < view.horizon else back)
        z0 = view.z(bottom, front if bottom > view.horizon else back)
        z0 = 0.0 if grounded else max(z0, 0.0)
        x1, z1 = max(x1, x0 + 0.02), max(z1, z0 + 0.02)
        location = ((x0 + x1) / 2.0, front + thick / 2.0 + view.y, z0)
        size = (x1 - x0, thick, z1 - z0)
        if thing.shape == "box":
            return Solid(thing, "box", location, size)
        rows, columns = thing.mask.shape
        outline = outlines.simplify(outlines.trace(thing.mask)) / (columns, rows)
        u = (outline[:, 0] - left) / (right - left)
        v = (outline[:, 1] - top) / (bottom - top)
        points = np.stack([(u - 0.5) * size[0], (1.0 - v) * size[2]], axis=1)
        return Solid(thing, "outline", location, size, _rounded(points))

    def _turned(self, thing: Thing, front: float, room: float, grounded: bool) -> Solid:
        """Turn a thing's half widths about its axis, which stands half a base behind its front."""
        view = self.view
        axis, halves = outlines.half_widths(thing.mask)
        columns = thing.mask.shape[1]
        _, top, _, bottom = thing.box
        base = min(float(np.median(halves[-max(1, len(halves) // 10) :])) / columns / view.across, 0.4)
        widest = float(halves.max()) / columns / view.across
        depth = min(front / (1.0 - base), front + room / 2.0)
        z0 = 0.0 if grounded else max(view.z(bottom, front), 0.0)
        rim = float(np.median(halves[: max(1, len(halves) // 10)])) / columns / view.across * depth
        z1 = max(view.z(top, depth + (rim if top > view.horizon else -rim)), z0 + 0.01)
        step = np.linspace(z1, z0, len(halves) + 1)
        profile = np.stack([np.append(halves, halves[-1]) / columns / view.across * depth, step - z0], axis=1)[::-1]
        closed = np.concatenate([[[0.0, 0.0]], profile, [[0.0, z1 - z0]]])
        points = outlines.simplify(closed / (z1 - z0) * len(halves), 24) * (z1 - z0) / len(halves)
        points[:, 0] = np.maximum(points[:, 0], 0.0)
        location = (view.x(axis / columns, depth), depth + view.y, z0)
        across = 2.0 * widest * depth
        return Solid(thing, "turned", location, (across, across, z1 - z0), _rounded(points))

    def _ball(self, thing: Thing, front: float, room: float, grounded: bool) -> Solid:
        view = self.view
        left, top, right, bottom = thing.box
        across = (right - left) * front / view.across
        thick = min(across, room)
        depth = front + 0.3 * thick if grounded else front + 0.5 * thick
        z0, z1 = view.z(bottom, depth), view.z(top, depth)
        size = ((right - left) * depth / view.across, thick, z1 - z0)
        location = (view.x((left + right) / 2.0, depth), depth + view.y, 0.0 if grounded else max(z0, 0.0))
        return Solid(thing, "ball", location, size)

    def _flat(self, thing: Thing, carrier: Solid | None) -> Solid | None:
        """Lay a thing's outline on a level plane; None where its top would lie at or above eye level."""
        view = self.view
        left, top, right, bottom = thing.box
        if top < view.horizon + 0.03 or self._hangs(thing):
            return None
        if carrier is None:
            front = view.depth_of_plane(max(bottom, self._end + 0.02))
        elif carrier.kind == "flat":
            level = carrier.location[2] + carrier.size[2]
            front = view.depth_of_plane(bottom, level)
        else:
            # Wider than its foot: the foot stands below its middle. Else their fronts are flush.
            near = carrier.location[1] - view.y - carrier.size[1] / 2.0
            narrow = carrier.size[0] < 0.6 * (right - left) * near / view.across
            row = (top + bottom) / 2.0 if narrow else bottom
            level = view.z(row, near + (carrier.size[1] / 2.0 if narrow else 0.0))
            if level < 0.02:
                return None
            front = view.depth_of_plane(bottom, level)
        low = max(view.z(bottom, front), 0.0)
        edge = bottom - 0.15 * (bottom - top)  # the row of its upper front edge
        level = view.z(edge, front)
        far = min(view.depth_of_plane(top, level), self.wall - _GAP)
        if not (0.05 < front < far and level - low > 0.004):
            return None
        rows, columns = thing.mask.shape
        outline = outlines.simplify(outlines.trace(thing.mask)) / (columns, rows)
        v = top + (outline[:, 1] - top) * (edge - top) / (bottom - top)
        depth = np.minimum((view.height - level) * view.upward / (v - view.horizon), far)
        x, y = (outline[:, 0] - 0.5) * depth / view.across, depth
        middle = ((x.min() + x.max()) / 2.0, (y.min() + y.max()) / 2.0)
        points = np.stack([x - middle[0], y - middle[1]], axis=1)
        size = (float(np.ptp(x)), float(np.ptp(y)), level - low)
        if not 0.15 * size[0] < size[1] < 1.2 * size[0]:
            return None  # seen too flat to tell, or no top at all
        return Solid(thing, "flat", (float(middle[0]), float(middle[1]) + view.y, low), size, _rounded(points))


def _rounded(points: Floats) -> tuple[tuple[float, float], ...]:
    """Points to the millimetre, without repeats."""
    rounded = [(round(float(a), 3), round(float(b), 3)) for a, b in points]
    return tuple(point for index, point in enumerate(rounded) if index == 0 or point != rounded[index - 1])
