"""Which pieces of one mesh hang beside the rest of it: a handle that does not reach its pot.

A mesh may well be of many pieces that stand apart, such as leaves or slats; only what looks like a slip is said.
Only reads; runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

from functools import cached_property

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from .contact import MOST_VERTICES, Thing, meet, triangles_of
from .extent import Extent, evaluated

_MOST_PIECES = 48  # more are leaves, bricks or grains
_MOST_LOOSE = 2  # groups of pieces: where more stand apart, they are meant to
_SMALLER = 0.7  # than the main group: what is as large is the other one of a pair


def loose_pieces(things: list[Thing], shown: dict[str, Extent]) -> list[str]:
    """Say which pieces of a mesh touch neither its main part nor anything else."""
    found = []
    for thing in things:
        if thing.is_lamp:
            continue
        for obj in thing.objects:
            pieces = _pieces(obj, shown[obj.name], thing.scene)
            if not 1 < len(pieces) <= _MOST_PIECES:
                continue
            siblings = [
                Thing(each.name, [each], shown[each.name], thing.scene) for each in thing.objects if each != obj
            ]
            others = siblings + [other for other in things if other is not thing]
            found += _beside(obj.name, _groups(pieces), others)
    return found


class _Piece(Thing):
    """A part of a mesh that shares no vertex with its other parts."""

    def __init__(self, obj: bpy.types.Object, extent: Extent, triangles: np.ndarray, scene: bpy.types.Scene) -> None:
        super().__init__(obj.name, [obj], extent, scene)
        self.triangles = triangles

    @cached_property
    def tree(self) -> BVHTree | None:
        """Its triangles in the world; None where it is a bare line or point."""
        if not len(self.triangles):
            return None
        return BVHTree.FromPolygons(self.extent.points.tolist(), self.triangles.tolist(), all_triangles=True)


def _pieces(obj: bpy.types.Object, extent: Extent, scene: bpy.types.Scene) -> list[_Piece]:
    """Part a mesh where no edge joins it; nothing for what is too large, or has instances."""
    if not len(extent.points) == extent.vertices <= MOST_VERTICES:
        return []
    labels = _labels(len(extent.points), extent.edges)
    names, numbers = np.unique(labels, return_inverse=True)
    if not 1 < len(names) <= _MOST_PIECES:
        return []
    points, triangles = triangles_of(obj, evaluated(scene))
    if len(points) != len(extent.points):
        return []
    found = []
    for number in range(len(names)):
        own = np.flatnonzero(numbers == number)
        place = np.full(len(points), -1)
        place[own] = np.arange(len(own))
        corners = place[triangles[numbers[triangles[:, 0]] == number]]
        found.append(_Piece(obj, Extent(extent.points[own], np.empty((0, 2), np.int64), len(own)), corners, scene))
    return found


def _labels(count: int, edges: np.ndarray) -> np.ndarray:
    """Give each vertex the lowest number among those that edges lead to."""
    labels = np.arange(count)
    while len(edges):
        before = labels.copy()
        lowest = labels[edges].min(axis=1)
        np.minimum.at(labels, edges[:, 0], lowest)
        np.minimum.at(labels, edges[:, 1], lowest)
        labels = labels[labels]
        if (labels == before).all():
            break
    return labels


def _groups(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Put pieces together that touch, directly or by others; the group that reaches furthest comes first."""
    left, groups = list(pieces), []
    while left:
        group, rim = [], [left.pop()]
        while rim:
            piece = rim.pop()
            group.append(piece)
            near = [other for other in left if meet(piece, other)]
            left = [other for other in left if other not in near]
            rim += near
        groups.append(group)
    return sorted(groups, key=_reach, reverse=True)


def _beside(name: str, groups: list[list[_Piece]], others: list[Thing]) -> list[str]:
    loose = [
        group
        for group in groups[1:]
        if _reach(group) < _SMALLER * _reach(groups[0])
        and not any(_overlap(group, other) for other in groups if other is not group)  # a bulb within its shade
        and all(piece.low[2] > piece.gap and not piece.is_flat for piece in group)
        and not any(meet(piece, other) for piece in group for other in others)
    ]
    if len(loose) > _MOST_LOOSE or len(groups) - len(loose) > 1 + _MOST_LOOSE:
        return []
    found = []
    for group in loose:
        low, high = _low(group), _high(group)
        at = ", ".join(f"{part:.3g}" for part in (low + high) / 2)
        size = " × ".join(f"{part:.2g}" for part in high - low)
        found.append(
            f"A piece of the mesh {name!r} ({size} m, around ({at})) hangs beside the rest of it "
            "and touches nothing: bring it to what it belongs to."
        )
    return found


def _overlap(a: list[_Piece], b: list[_Piece]) -> bool:
    return bool((_low(a) < _high(b)).all() and (_low(b) < _high(a)).all())


def _low(group: list[_Piece]) -> np.ndarray:
    return np.min([piece.low for piece in group], axis=0)


def _high(group: list[_Piece]) -> np.ndarray:
    return np.max([piece.high for piece in group], axis=0)


def _reach(group: list[_Piece]) -> float:
    return float(np.linalg.norm(_high(group) - _low(group)))
