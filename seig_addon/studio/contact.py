"""Which objects hang in the air: nothing carries them, holds them or touches them.

An object and its parent, siblings and children count as one thing. Only reads; runs inside Blender.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from .extent import Extent, View, evaluated, joined
from .looks import emits

# A gap of two percent of a thing's size is hardly seen, and what a model gets wrong by rounding.
_GAP = 0.02
_LEAST_GAP = 0.002
# Things finer than this are taken to touch what their bounding boxes touch: time stays within milliseconds.
MOST_VERTICES = 20_000
_SAMPLES = 128


def floating(things: list[Thing], view: View | None) -> list[str]:
    """Say which things float. Flat ones (pictures, cards) and lamps never do; nor does what the
    picture's edge cuts, as something outside may hold it, nor the lowest thing of the scene.
    """
    if not things:
        return []
    lows, highs = np.array([thing.low for thing in things]), np.array([thing.high for thing in things])
    lowest = lows[:, 2].min()
    found = []
    for thing in things:
        bottom = thing.low[2]
        if bottom <= thing.gap or bottom <= lowest + thing.gap or thing.is_flat or thing.is_lamp:
            continue
        if view is not None and _cut_by_edge(view, thing.extent):
            continue
        near = ((thing.low - thing.gap <= highs) & (lows <= thing.high + thing.gap)).all(axis=1)
        if not any(thing.touches(things[i]) for i in np.flatnonzero(near) if things[i] is not thing):
            found.append(_sentence(thing, things))
    return found


def loose(things: list[Thing], shown: dict[str, Extent]) -> list[str]:
    """Say which parts of a thing hang in the air: they touch none of its other parts, and nothing else."""
    found = []
    for thing in things:
        if len(thing.objects) < 2 or thing.is_lamp:
            continue
        parts = [Thing(obj.name, [obj], shown[obj.name], thing.scene) for obj in thing.objects]
        for part in parts:
            near = [other for other in parts if other is not part] + [other for other in things if other is not thing]
            if part.low[2] > part.gap and not part.is_flat and not any(meet(part, other) for other in near):
                found.append(
                    f"{part.name!r}, a part of {thing.name!r}, touches none of its other parts and nothing else: "
                    "bring it to what it belongs to."
                )
    return found


def meet(a: Thing, b: Thing) -> bool:
    """Whether two things are within the gap of the larger one."""
    gap = max(a.gap, b.gap)
    return bool((a.low - gap <= b.high).all() and (b.low <= a.high + gap).all()) and a.touches(b)


class Thing:
    """A family of objects in the world; `name` is the one that has to be moved."""

    def __init__(self, name: str, objects: list[bpy.types.Object], extent: Extent, scene: bpy.types.Scene) -> None:
        self.name = name
        self.objects = objects
        self.extent = extent
        self.scene = scene
        self.low, self.high = extent.low, extent.high
        size = self.high - self.low
        self.gap = max(_GAP * float(size.max()), _LEAST_GAP)
        self.is_flat = float(size.min()) < 1e-4 * float(size.max())

    @property
    def is_lamp(self) -> bool:
        """Whether any of its materials gives light."""
        return any(slot.material and emits(slot.material) for obj in self.objects for slot in obj.material_slots)

    @cached_property
    def tree(self) -> BVHTree | None:
        """All triangles in the world, or None where they are too many or partly instances."""
        # Points without vertices of their own are those of instances.
        whole = len(self.extent.points) == self.extent.vertices <= MOST_VERTICES
        return _tree(self.objects, self.scene) if whole else None

    def touches(self, other: Thing) -> bool:
        """Tell whether the other's surface is within the gap, or cuts this one's."""
        if self.tree is None or other.tree is None:
            return True
        if any(other.tree.find_nearest(point, self.gap)[0] for point in self._samples(self.extent)):
            return True
        if any(self.tree.find_nearest(point, self.gap)[0] for point in self._samples(other.extent)):
            return True
        return bool(self.tree.overlap(other.tree))

    def _samples(self, extent: Extent) -> Iterator[Vector]:
        """Give points of an extent within reach of this thing: the lowest, and some others spread over it."""
        inside = ((extent.points >= self.low - self.gap) & (extent.points <= self.high + self.gap)).all(axis=1)
        points = extent.points[inside]
        points = points[np.argsort(points[:, 2], kind="stable")]
        step = max(1, len(points) // _SAMPLES)
        return (Vector(point) for point in np.concatenate([points[: _SAMPLES // 2], points[::step]]))


def things_of(scene: bpy.types.Scene, shown: dict[str, Extent]) -> list[Thing]:
    """Join the shown objects to things: each with its parent, siblings and children."""
    families: dict[str, list[bpy.types.Object]] = {}
    for name in shown:
        root = scene.objects[name]
        while root.parent is not None and root.parent.name in scene.objects:
            root = root.parent
        families.setdefault(root.name, []).append(scene.objects[name])
    return [
        Thing(name, members, joined(shown[obj.name] for obj in members), scene) for name, members in families.items()
    ]


def triangles_of(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> tuple[np.ndarray, np.ndarray]:
    """Give an object's evaluated shape: its points (n, 3) in the world, and its triangles (m, 3) of their numbers."""
    shown = obj.evaluated_get(depsgraph)
    mesh = shown.to_mesh()
    if mesh is None:
        return np.empty((0, 3)), np.empty((0, 3), np.int32)
    points = np.empty((len(mesh.vertices), 3), np.float32)
    corners = np.empty((len(mesh.loop_triangles), 3), np.int32)
    mesh.vertices.foreach_get("co", points.ravel())
    mesh.loop_triangles.foreach_get("vertices", corners.ravel())
    shown.to_mesh_clear()
    world = np.array(shown.matrix_world)
    return points @ world[:3, :3].T + world[:3, 3], corners


def _tree(objects: list[bpy.types.Object], scene: bpy.types.Scene) -> BVHTree | None:
    depsgraph = evaluated(scene)
    vertices: list[list[float]] = []
    triangles: list[list[int]] = []
    for obj in objects:
        points, corners = triangles_of(obj, depsgraph)
        triangles += (corners + len(vertices)).tolist()
        vertices += points.tolist()
    return BVHTree.FromPolygons(vertices, triangles, all_triangles=True) if triangles else None


def _cut_by_edge(view: View, extent: Extent) -> bool:
    left, top, right, bottom = view.whole_box(extent) or (0.0, 0.0, 1.0, 1.0)
    return left <= 0 or top <= 0 or right >= 1 or bottom >= 1


def _sentence(thing: Thing, things: list[Thing]) -> str:
    bottom = float(thing.low[2])
    under, top = None, 0.0
    low = thing.extent.points[thing.extent.points[:, 2] <= bottom + thing.gap]
    for other in things:
        overlaps = ((thing.low <= other.high) & (other.low <= thing.high))[:2].all()
        if other is thing or other.tree is None or not overlaps or other.low[2] > bottom:
            continue
        for point in [*low[:: max(1, len(low) // 16)], [*((thing.low + thing.high) / 2)[:2], bottom]]:
            hit = other.tree.ray_cast(Vector(point), Vector((0, 0, -1)))[0]
            if hit is not None and (under is None or hit.z > top):
                under, top = other.name, hit.z
    where = (
        f"{bottom - top:.3g} m above {under!r}" if under else f"{bottom:.3g} m above the ground, with nothing under it"
    )
    beside = _nearest(thing, things)
    if beside and beside[0] != under:
        where += f" and {beside[1]:.3g} m away from {beside[0]!r}"
    return f"{thing.name!r} floats {where}: put it down, let it touch what holds it, or parent it to that."


def _nearest(thing: Thing, things: list[Thing]) -> tuple[str, float] | None:
    """Name the thing that is nearest within one's own size, and its distance."""
    reach = thing.gap / _GAP
    points = thing.extent.points
    samples = [Vector(point) for point in points[:: max(1, len(points) // 16)]]
    found = [
        (distance, other.name)
        for other in things
        if other is not thing and other.tree is not None
        for point in samples
        if (distance := other.tree.find_nearest(point, reach)[3]) is not None
    ]
    return (min(found)[1], min(found)[0]) if found else None
