"""How far things are from what they rest on, by rays between their surfaces (the shapes are in scene.Gap).

Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from .contact import Thing
from .extent import Extent, extents, hidden, joined, with_children

_LEVEL = 0.002  # of a thing's size: points that stand out no more than this make its foot
_GRID = 12  # rays a side, over where a thing and its support overlap
_MOST = 256  # rays from the foot's own points
_INWARD = 1e-3  # of the overlap: rays keep so far from edges, which they could miss


def gaps(scene: bpy.types.Scene, rests: Sequence[dict[str, Any]]) -> list[dict[str, float] | None]:
    """Measure each pair (objects, support, up) as scene.Gap; None where no ray meets both, or shapes are too fine."""
    shapes, unseen = extents(scene), hidden(scene)
    return [_gap(scene, shapes, unseen, **rest) for rest in rests]


def _gap(
    scene: bpy.types.Scene,
    shapes: dict[str, Extent],
    unseen: set[str],
    objects: list[str],
    support: str,
    up: list[float],
) -> dict[str, float] | None:
    solid = {name for name, shape in shapes.items() if shape.vertices and name not in unseen}
    own = _solids(scene, objects, solid)
    under = [obj for obj in _solids(scene, [support], solid) if obj not in own]
    if not own or not under:
        return None
    thing, below = (
        Thing(parts[0].name, parts, joined(shapes[obj.name] for obj in parts), scene) for parts in (own, under)
    )
    if thing.tree is None or below.tree is None:
        return None
    axes = _axes(np.array(up))
    points, top = thing.extent.points @ axes, below.extent.points @ axes
    size = np.ptp(points, axis=0)
    foot = points[points[:, 2] <= points[:, 2].min() + _LEVEL * size.max()]
    low = np.maximum(points.min(axis=0), top.min(axis=0))[:2]
    high = np.minimum(points.max(axis=0), top.max(axis=0))[:2]
    if (low > high).any():
        return None
    columns = _columns(foot[:, :2], low, high)
    found = _clearances(thing.tree, below.tree, columns, points, axes)
    if not found:
        return None
    return {
        "distance": min(found),
        "size": float(size.max()),
        "foot": float(np.ptp(foot[:, :2], axis=0).min()),
        "breadth": float(size[:2].min()),
    }


def _solids(scene: bpy.types.Scene, names: Iterable[str], solid: set[str]) -> list[bpy.types.Object]:
    return [obj for obj in with_children(scene, names) if obj.name in solid and obj.type != "EMPTY"]


def _axes(up: np.ndarray) -> np.ndarray:
    """Directions of which the last is up, as columns."""
    aside = np.eye(3)[np.abs(up).argmin()]
    across = np.cross(up, aside)
    across /= np.linalg.norm(across)
    return np.stack([np.cross(across, up), across, up], axis=1)


def _columns(foot: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where to cast rays: through the foot's points, and on a grid over the overlap."""
    steps = _INWARD + (1 - 2 * _INWARD) * np.arange(_GRID) / (_GRID - 1)
    grid = np.stack(np.meshgrid(*(low + steps[:, None] * (high - low)).T), axis=-1).reshape(-1, 2)
    middle = (low + high) / 2
    inside = foot[((foot >= low) & (foot <= high)).all(axis=1)]
    inside = inside[:: max(1, len(inside) // _MOST)]
    return np.concatenate([grid, middle + (1 - _INWARD) * (inside - middle)])


def _clearances(
    thing: BVHTree, below: BVHTree, columns: np.ndarray, points: np.ndarray, axes: np.ndarray
) -> list[float]:
    """The height of the thing's underside over the support's top in each column that meets both."""
    start, end = points[:, 2].min(), points[:, 2].max()
    margin = 0.1 * (end - start) + 1e-4
    up = Vector(axes[:, 2])
    found = []
    for column in columns:
        rising = thing.ray_cast(Vector(axes @ [*column, start - margin]), up)[0]
        falling = below.ray_cast(Vector(axes @ [*column, end + margin]), -up)[0]
        if rising is not None and falling is not None:
            found.append((rising - falling).dot(up))
    return found
