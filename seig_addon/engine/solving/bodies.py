"""What a layout problem is made of: a camera, bodies that may move, and boxes marked for them. Never imports bpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..scene_graph import Box2D

Array = NDArray[np.float64]

FREE = -1  # of a body's support: one that doesn't move


def turned(rotation: ArrayLike) -> Array:
    """The matrix (3, 3) of XYZ Euler angles in radians, as Blender has them."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(rotation), np.sin(rotation)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    matrix: Array = about_z @ about_y @ about_x
    return matrix


@dataclass(frozen=True)
class Camera:
    """A camera: place, XYZ Euler angles in radians, and what it sees.

    `frame` is left, right, bottom, top of the picture at depth 1 (perspective) or at any depth, in metres,
    shift included. `zoom` is a factor on the lens (perspective) or on 1 / ortho scale, `rise` moves the
    picture's content down by a share of its height, as a vertical shift does.
    """

    location: Array
    rotation: Array
    frame: tuple[float, float, float, float]
    perspective: bool = True
    zoom: float = 1.0
    rise: float = 0.0

    @property
    def is_level(self) -> bool:
        """Whether verticals are parallel; then the horizon is moved by shift, not by tilting."""
        return bool(abs(self.rotation[0] - np.pi / 2) < np.radians(0.5))

    def axes(self) -> Array:
        """The camera's right, up and backward directions in the world, as columns."""
        return turned(self.rotation)

    def depth(self, points: Array) -> Array:
        """How far points (…, 3) are in front of the camera, along its axis."""
        depth: Array = -((points - self.location) @ self.axes()[:, 2])
        return depth

    def project(self, points: Array) -> tuple[Array, Array]:
        """Where points (…, 3) are in the picture, and how that changes with them: (…, 2) and (…, 2, 3)."""
        axes = self.axes()
        seen = (points - self.location) @ axes
        left, right, bottom, top = self.frame
        size = np.array([right - left, bottom - top])  # v grows downwards
        center = np.array([left + right, bottom + top]) / 2
        if self.perspective:
            depth = np.maximum(-seen[..., 2:], 1e-3)
            flat = seen[..., :2] / depth
            slopes = (axes[:, :2].T + flat[..., None] * axes[:, 2]) / depth[..., None]
        else:
            flat = seen[..., :2]
            slopes = np.broadcast_to(axes[:, :2].T, (*flat.shape, 3))
        places = 0.5 + (flat * self.zoom - center) / size + [0.0, self.rise]
        return places, slopes * (self.zoom / size)[:, None]


@dataclass(frozen=True)
class Rim:
    """How far a body may slide on its support: not over its edges, or no farther than it hangs over them now.

    `normals` (k, 2) are the edges' outward directions as seen along the body's slides; `reach` (k,) is how
    far the support goes in them from the body's anchor, `foot` (k,) how far the body's own foot goes.
    """

    normals: Array
    reach: Array
    foot: Array

    def room(self, carried: Array | float, scale: Array | float) -> Array:
        """How far the body may go in each direction once its support and itself are scaled, (…, k) metres."""
        room: Array = carried * np.maximum(self.reach, self.foot) - scale * self.foot
        return room


@dataclass(frozen=True)
class Body:
    """What moves as one. It scales about `anchor`, the point (world) at which its support holds it.

    `slides` (2, 3) are the unit directions in which it may move there, as far as its `rim`, if there is one.
    `support` is the index of an earlier body in the list, or FREE.
    """

    name: str
    anchor: Array
    slides: Array
    support: int = FREE
    rim: Rim | None = None


@dataclass(frozen=True)
class Mark:
    """A box that was marked in the picture, for the points (n, 3) of a body's part in the world."""

    name: str
    body: int
    points: Array
    box: Box2D


@dataclass(frozen=True)
class Move:
    """What becomes of a body's points: scale * point + offset."""

    scale: float
    offset: Array

    def __call__(self, points: Array) -> Array:
        """Move points (…, 3)."""
        moved: Array = self.scale * points + self.offset
        return moved
