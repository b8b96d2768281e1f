"""How much of the picture a scaffold covers: the measure by which initialization chooses."""

from __future__ import annotations

from ..studio.scene import ObjectInfo, SceneDescription
from .scene_graph import Box2D, Node, SceneGraph

_ENOUGH = 0.25  # intersection over union: coarse boxes in the right place reach it, misplaced ones don't


def coverage(graph: SceneGraph, scene: SceneDescription) -> float:
    """Share of the scene graph's leaves that are in the scene and in their place in the picture, 0 to 1.

    A surface (ground, wall) covers its place when it is in view: what is seen of it says little
    about its box, because other things stand before it.
    """
    found = [leaf for leaf in graph.leaves if _is_covered(leaf, scene.objects)]
    return len(found) / len(graph.leaves)


def _is_covered(leaf: Node, objects: list[ObjectInfo]) -> bool:
    boxes = [each.box for each in _family(leaf.name, objects) if each.visible and each.box is not None]
    if not boxes:
        return False
    return leaf.kind == "surface" or leaf.box is None or overlap(_union(boxes), leaf.box) >= _ENOUGH


def _family(name: str, objects: list[ObjectInfo]) -> list[ObjectInfo]:
    """The object of that name with all its descendants: a leaf may be an empty with parts."""
    family = [each for each in objects if each.name == name]
    for member in family:  # grows while it is walked
        family += [each for each in objects if each.parent == member.name]
    return family


def _union(boxes: list[Box2D]) -> Box2D:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def overlap(a: Box2D, b: Box2D) -> float:
    """Intersection over union of two boxes, each cut to the picture, 0 to 1."""
    a, b = _clip(a), _clip(b)
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    union = _area(a) + _area(b) - shared
    return shared / union if union > 0 else 0.0


def _clip(box: Box2D) -> Box2D:
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    return left, top, right, bottom


def _area(box: Box2D) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
