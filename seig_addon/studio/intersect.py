"""Which things stand in each other, by how much of the smaller one's volume is inside the other.

What is sunk a little stands firmly, and the parts of a thing are set into each other: only things that
the scene graph names count, and only what is clearly wrong is said. Only reads; runs inside Blender.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from .contact import Thing

_SUNK = 0.25  # of a thing's height, below a plane
_SHARED = 0.5  # of the smaller thing's volume
_WHOLE = 0.95  # of it: what is all inside is filling, or can't be seen, which is another finding
_STEPS = 5  # probes a side of the smaller thing's bounding box
_UP = Vector((0.01, 0.02, 1.0)).normalized()  # askew, so that rays don't run along faces


def intersecting(things: list[Thing], expected: Collection[str]) -> list[str]:
    """Say which things that have an expected object stand in each other.

    Open shapes, and those too fine to probe, are left out.
    """
    found = []
    known = [thing for thing in things if any(obj.name in expected for obj in thing.objects)]
    for a, b in itertools.combinations(known, 2):
        if (a.low < b.high).all() and (b.low < a.high).all() and a.tree and b.tree and a.tree.overlap(b.tree):
            small, large = (a, b) if _room(a) <= _room(b) else (b, a)
            if small.is_flat:
                sunk = _below(large, small)
                if sunk > _SUNK:
                    found.append(f"{sunk:.0%} of {large.name!r} is below {small.name!r}: raise it, or move it away.")
                continue
            share = _inside(small, large)
            if _SHARED < share < _WHOLE:
                what = f"{share:.0%} of {small.name!r} is inside {large.name!r}"
                found.append(f"{what}: move them apart, unless one is a part of the other.")
    return found


def _room(thing: Thing) -> float:
    return float(np.prod(thing.high - thing.low))


def _below(thing: Thing, plane: Thing) -> float:
    """The share of a thing's height that is below a plane; 0 for planes that stand upright or lie within the thing."""
    size = plane.high - plane.low
    if thing.is_flat or size[2] > 1e-3 * size.max() or (size[:2] <= (thing.high - thing.low)[:2]).any():
        return 0.0
    return float((plane.high[2] - thing.low[2]) / (thing.high[2] - thing.low[2]))


def _inside(small: Thing, large: Thing) -> float:
    """The share of the small thing's volume that is inside the large one."""
    assert small.tree is not None
    assert large.tree is not None
    steps = (np.arange(_STEPS) + 0.5) / _STEPS
    corners = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    filled = shared = 0
    for corner in corners:
        place = Vector(small.low + corner * (small.high - small.low))
        if _holds(small.tree, place):
            filled += 1
            shared += _holds(large.tree, place)
    return shared / filled if filled else 0.0


def _holds(tree: BVHTree, place: Vector) -> bool:
    """Tell whether a place is inside a closed shape: rays both ways leave it."""
    return _crossings(tree, place, _UP) % 2 == 1 and _crossings(tree, place, -_UP) % 2 == 1


def _crossings(tree: BVHTree, place: Vector, way: Vector) -> int:
    count, start = 0, place
    while count < 64:
        hit = tree.ray_cast(start, way)[0]
        if hit is None:
            break
        count += 1
        start = hit + 1e-5 * way
    return count
