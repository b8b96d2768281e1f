"""Where a thing stands: its foot, the top under it, and how far it may slide before it would hang over.

Pure geometry of points in the world; never imports bpy.
"""

from __future__ import annotations

import numpy as np

from ..hull import hull
from .bodies import Array, Rim

UP = np.array([0.0, 0.0, 1.0])
_LEVEL = np.eye(3)[:2]
_WALL = 0.2  # thinner than this share of its height and width, a support is a wall


def encloses(corners: Array, point: Array) -> bool:
    """Whether a hull with an area holds a point (2,)."""
    normals = _normals(corners)
    reach = (normals[:, None] * corners).sum(axis=2).max(axis=1) if len(corners) > 2 else np.array([])
    return len(reach) > 0 and bool((normals @ point <= reach).all())


def rim(anchor: Array, slides: Array, foot: Array, top: Array) -> Rim | None:
    """The rim of a top (n, 3) around a foot (m, 3) that slides on it from `anchor`; None if it isn't under it."""
    corners, soles = hull((top - anchor) @ slides.T), (foot - anchor) @ slides.T
    if not encloses(corners, soles.mean(axis=0)):
        return None
    normals = _normals(corners)
    return Rim(normals, (corners @ normals.T).max(axis=0), (soles @ normals.T).max(axis=0))


def held() -> Rim:
    """A rim that lets nothing slide at all."""
    return Rim(np.concatenate([np.eye(2), -np.eye(2)]), np.zeros(4), np.zeros(4))


def wall_normal(points: Array) -> Array | None:
    """The horizontal unit direction (3,) in which a support is as thin as a wall; None if it isn't one."""
    corners = hull(points[:, :2])
    if len(corners) < 2:
        return None
    normals = _normals(corners)
    widths = np.ptp(corners @ normals.T, axis=0)
    thin = normals[widths.argmin()]
    length = np.ptp(corners @ [-thin[1], thin[0]])
    if widths.min() >= _WALL * min(length, np.ptp(points[:, 2])):
        return None
    normal: Array = thin @ _LEVEL
    return normal


def _normals(corners: Array) -> Array:
    """The outward unit normals (k, 2) of a hull's edges."""
    along = np.roll(corners, -1, axis=0) - corners
    normals: Array = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals
