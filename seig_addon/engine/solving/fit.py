"""The fit of a layout: weighted least squares on the sides of boxes (Levenberg-Marquardt, analytic slopes).

Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .bodies import FREE, Array, Body, Camera, Mark, Move, Rim

Indices = NDArray[np.intp]

# What is usual for a model's own values, as standard deviations of the pull towards them: the camera's place
# to its right, up and back as shares of the distance (a step aside is as good as all things moved, so it is kept
# small), its turn and tilt in radians (a level one's shift as a share of the height), its lens (logarithm); a
# thing's place as a share of its distance from the camera, its size (logarithm).
_CAMERA = np.array([0.02, 0.03, 0.06, 0.05, 0.05, 0.12])
_BODY = np.array([0.03, 0.03, 0.1])
_FARTHEST = 5.0  # deviations that a value may go at most

_STEADY = 2.5  # sides off by more (in what a mark is worth) count less: parts may be hidden, or a shape not quite right
_TOLERANCES = (24.0, 12.0, 6.0, 4.0, 3.0)  # in the same units; beyond the last, a box is judged wrong
_HIDDEN = 0.3  # weight of a side that reaches behind what stands before it
_EDGE = 0.005  # a box that comes so near to the picture's edge is cut by it
_PASSES = 40  # at most, to bring what slid over a corner back over both of its edges
_STEPS = 12  # per tolerance; the last one takes as long as it gets better, up to three times as many


class Fit:
    """The sides' residuals as a function of the values: six of the camera, then three of each body.

    All values are 0 where the scene is now, and 1 one usual deviation off it.
    """

    def __init__(
        self, camera: Camera, bodies: Sequence[Body], marks: Sequence[Mark], fixed_camera: bool, worth: float
    ) -> None:
        self.camera, self.bodies, self.marks, self.worth = camera, bodies, marks, worth
        count = max(len(mark.points) for mark in marks)
        self.points = np.array([np.resize(mark.points, (count, 3)) for mark in marks])
        self.body_of = np.array([mark.body for mark in marks])
        self.marked = np.array([mark.box for mark in marks], dtype=np.float64)
        self.distance = max(abs(float(np.median(camera.depth(self.points.mean(axis=1))))), 1e-3)
        self.hidden = _hidden_sides(camera, marks)
        depths = np.maximum(camera.depth(np.array([body.anchor for body in bodies])), 0.1 * self.distance)
        self.unit = np.concatenate([_CAMERA * [*[self.distance] * 3, 1, 1, 1]] + [_BODY * [d, d, 1] for d in depths])
        self.high = np.full(len(self.unit), _FARTHEST)
        self.low = -self.high
        self.rims = _together([body.rim for body in bodies])
        if fixed_camera:
            self.low[:6] = self.high[:6] = 0.0

    def best(self) -> Array:
        """The values that fit best, of several ways there: all values together, or the camera first."""
        found = min((self._run(self._camera_first()), self._run(np.zeros(len(self.unit)))), key=self._last_cost)
        return min(found, self._second_thought(found), key=self._last_cost)

    def trusted(self, values: Array) -> NDArray[np.bool_]:
        """Which marks fit, (m,): the others are judged wrong."""
        trusted: NDArray[np.bool_] = self._weights(self.residuals(values)[0], _TOLERANCES[-1])[1] >= 0.25
        return trusted

    def camera_at(self, values: Array) -> Camera:
        """The camera that the values make."""
        x, y, z, turn, tilt, zoom = values[:6] * self.unit[:6]
        level = self.camera.is_level
        return replace(
            self.camera,
            location=self.camera.location + self.camera.axes() @ np.array([x, y, z]),
            rotation=self.camera.rotation + np.array([0.0 if level else tilt, 0.0, turn]),
            rise=self.camera.rise + (tilt if level else 0.0),
            zoom=self.camera.zoom * float(np.exp(zoom)),
        )

    def layout(self, values: Array) -> tuple[Camera, list[Move]]:
        """The camera and the bodies' moves that the values make."""
        moves: list[Move] = []
        for body, (x, y, size) in zip(self.bodies, self._by_body(values), strict=True):
            carried = body.anchor if body.support == FREE else moves[body.support](body.anchor)
            scale = float(np.exp(size))
            moves.append(Move(scale, carried + (x, y) @ body.slides - scale * body.anchor))
        return self.camera_at(values), moves

    def residuals(self, values: Array) -> tuple[Array, Array]:
        """How far each mark's sides are off, in units of what one is worth, (m, 4), and how that changes, (m, 4, n)."""
        camera, moves = self.layout(values)
        scale = np.array([move.scale for move in moves])[self.body_of]
        offset = np.array([move.offset for move in moves])[self.body_of]
        points = scale[:, None, None] * self.points + offset[:, None]
        places, slopes = camera.project(points)
        rows = np.arange(len(points))[:, None]
        extreme = np.concatenate([places.argmin(axis=1), places.argmax(axis=1)], axis=1)  # left, top, right, bottom
        axis = np.array([0, 1, 0, 1])
        sides = places[rows, extreme, axis]
        jacobian = (slopes[rows, extreme, axis][:, :, None] @ self._paths(values, moves, extreme))[:, :, 0]
        touching = points[rows, extreme]
        for column in range(6):
            nudged = values.copy()
            nudged[column] += 1e-4
            moved = self.camera_at(nudged).project(touching)[0][rows, np.arange(4), axis]
            jacobian[:, :, column] = (moved - sides) / 1e-4
        off = sides - self.marked
        # A side that the picture's edge cuts may lie anywhere beyond the edge.
        cut = np.concatenate([self.marked[:, :2] <= _EDGE, self.marked[:, 2:] >= 1 - _EDGE], axis=1)
        beyond = np.concatenate([sides[:, :2] <= _EDGE, sides[:, 2:] >= 1 - _EDGE], axis=1)
        free = (cut & beyond)[..., None]
        return np.where(free[..., 0], 0.0, off / self.worth), np.where(free, 0.0, jacobian / self.worth)

    def _camera_first(self) -> Array:
        low, high = self.low, self.high
        self.low, self.high = (np.concatenate([bounds[:6], np.zeros(len(bounds) - 6)]) for bounds in (low, high))
        values = np.zeros(len(self.unit))
        for tolerance in _TOLERANCES[:2]:
            values = self._descend(values, tolerance, _STEPS)
        self.low, self.high = low, high
        return values

    def _second_thought(self, values: Array) -> Array:
        """Put back what was judged wrong, and what carries it or is carried: the wrong one may have been pulled."""
        wrong = set(self.body_of[~self.trusted(values)].tolist())
        carriers = {body.support for at, body in enumerate(self.bodies) if at in wrong}
        carried = {at for at, body in enumerate(self.bodies) if body.support in wrong}
        values = values.copy()
        for at in (wrong | carriers | carried) - {FREE}:
            values[6 + 3 * at : 9 + 3 * at] = 0.0
        return self._run(values, _TOLERANCES[-2:])

    def _last_cost(self, values: Array) -> float:
        return self._cost(values, self.residuals(values)[0], _TOLERANCES[-1])

    def _run(self, values: Array, tolerances: Sequence[float] = _TOLERANCES) -> Array:
        for tolerance in tolerances:
            values = self._descend(values, tolerance, _STEPS * (3 if tolerance == _TOLERANCES[-1] else 1))
        return values

    def _weights(self, off: Array, tolerance: float) -> tuple[Array, Array]:
        """What each side counts, (m, 4), and how far each mark is trusted, (m,), both 0 to 1."""
        size = np.abs(off)
        sides = np.minimum(1.0, max(_STEADY, tolerance / 2) / np.maximum(size, 1e-9))
        outside = off * [-1, -1, 1, 1] > 0
        sides = np.where(self.hidden & outside, _HIDDEN * sides, sides)
        error = (sides * off**2).mean(axis=1)
        trust = (tolerance**2 / (tolerance**2 + error)) ** 2
        return sides * trust[:, None], trust

    def _cost(self, values: Array, off: Array, tolerance: float) -> float:
        """What _descend makes small: the marks' errors, each at most the tolerance squared, and the pull."""
        sides, trust = self._weights(off, tolerance)
        error = (sides / trust[:, None] * off**2).mean(axis=1)
        lost = tolerance**2 * error / (tolerance**2 + error)
        return float(4 * lost.sum() + values @ values)

    def _descend(self, values: Array, tolerance: float, steps: int) -> Array:
        """Levenberg-Marquardt within the bounds, reweighted at each step."""
        damping, values = 1e-3, self._within(values)
        off, jacobian = self.residuals(values)
        cost = self._cost(values, off, tolerance)
        for _ in range(steps):
            weights = self._weights(off, tolerance)[0].ravel()
            slopes = jacobian.reshape(len(weights), -1)
            gradient = slopes.T @ (weights * off.ravel()) + values
            curvature = (slopes.T * weights) @ slopes + np.eye(len(values))
            inside = ~((values <= self.low) & (gradient >= 0) | (values >= self.high) & (gradient <= 0))
            if not inside.any():
                break
            gained = 0.0
            while damping < 1e6 and not gained:
                held = curvature[np.ix_(inside, inside)]
                step = np.zeros(len(values))
                step[inside] = -np.linalg.solve(held + damping * np.diag(np.diag(held)), gradient[inside])
                tried = self._within(values + step)
                tried_off, tried_jacobian = self.residuals(tried)
                tried_cost = self._cost(tried, tried_off, tolerance)
                if tried_cost < cost:
                    gained = cost - tried_cost
                    values, off, jacobian, cost = tried, tried_off, tried_jacobian, tried_cost
                    damping = max(damping / 5, 1e-9)
                else:
                    damping *= 5
            if gained < 1e-4 * cost:
                break
        return values

    def _within(self, values: Array) -> Array:
        """The nearest values within the bounds; what slid over the rim of its support is put back."""
        values = np.clip(values, self.low, self.high)
        by_body, scales = self._by_body(values), np.exp(self._by_body(values)[:, 2])
        carried = np.array([1.0 if body.support == FREE else scales[body.support] for body in self.bodies])
        room = self.rims.room(carried[:, None], scales[:, None])
        at, slid = np.arange(len(self.bodies)), by_body[:, :2].copy()
        for _ in range(_PASSES):
            over = (self.rims.normals @ slid[:, :, None])[:, :, 0] - room
            worst = over.argmax(axis=1)
            most = np.maximum(over[at, worst], 0.0)
            if most.max() < 1e-9:
                break
            slid -= most[:, None] * self.rims.normals[at, worst]
        values.reshape(-1, 3)[2:, :2] = slid / self.unit.reshape(-1, 3)[2:, :2]
        return values

    def _by_body(self, values: Array) -> Array:
        by_body: Array = (values * self.unit)[6:].reshape(-1, 3)
        return by_body

    def _paths(self, values: Array, moves: Sequence[Move], extreme: Indices) -> Array:
        """How the extreme points move with each value: (m, 4, 3, n)."""
        anchors = np.zeros((len(self.bodies), 3, len(values)))
        for index, body in enumerate(self.bodies):
            at, above = 6 + 3 * index, body.support
            if above != FREE:
                anchors[index] = anchors[above]
                lever = moves[above].scale * (body.anchor - self.bodies[above].anchor)
                anchors[index, :, 8 + 3 * above] += lever * self.unit[8 + 3 * above]
            anchors[index, :, at : at + 2] = (body.slides * self.unit[at : at + 2, None]).T
        paths = np.repeat(anchors[self.body_of][:, None], 4, axis=1)
        for row, index in enumerate(self.body_of):
            lever = moves[index].scale * (self.points[row, extreme[row]] - self.bodies[index].anchor)
            paths[row, :, :, 8 + 3 * index] += lever * self.unit[8 + 3 * index]
        return paths


def _together(rims: Sequence[Rim | None]) -> Rim:
    """All bodies' rims as one, with arrays (bodies, edges, …); edges that a body lacks are out of reach."""
    most = max([1, *(len(rim.reach) for rim in rims if rim)])
    normals, foot = np.zeros((len(rims), most, 2)), np.zeros((len(rims), most))
    reach = np.full((len(rims), most), 1e9)
    for row, rim in enumerate(rims):
        if rim:
            count = len(rim.reach)
            normals[row, :count], reach[row, :count], foot[row, :count] = rim.normals, rim.reach, rim.foot
    return Rim(normals, reach, foot)


def _hidden_sides(camera: Camera, marks: Sequence[Mark]) -> NDArray[np.bool_]:
    """Which sides of each mark (left, top, right, bottom) lie mostly within the box of something nearer."""
    hidden: NDArray[np.bool_] = np.zeros((len(marks), 4), dtype=bool)
    depths = [float(camera.depth(mark.points).min()) for mark in marks]
    for row, mark in enumerate(marks):
        left, top, right, bottom = mark.box
        for other, depth in zip(marks, depths, strict=True):
            if other.body == mark.body or depth >= depths[row]:
                continue
            x0, y0, x1, y1 = other.box
            wide = max(min(right, x1) - max(left, x0), 0.0) / (right - left)
            high = max(min(bottom, y1) - max(top, y0), 0.0) / (bottom - top)
            hidden[row] |= [
                high > 0.6 and x0 < left + _EDGE < x1,
                wide > 0.6 and y0 < top + _EDGE < y1,
                high > 0.6 and x0 < right - _EDGE < x1,
                wide > 0.6 and y0 < bottom - _EDGE < y1,
            ]
    return hidden
