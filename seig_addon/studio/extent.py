"""Where objects stand: the points of their evaluated shapes in the world, and their boxes in the picture.

Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import bpy
import numpy as np

Box = tuple[float, float, float, float]

# Beyond this many vertices (or copies) the bounding box stands for the shape: boxes within milliseconds.
MOST_VERTICES = 50_000
MOST_COPIES = 500

_SHAPES = {"MESH", "CURVE", "SURFACE", "FONT", "META"}
_BOX_EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]])


class Extent(NamedTuple):
    """What an object fills: `points` (n, 3) in the world, `edges` (m, 2) between them, and its vertex count."""

    points: np.ndarray
    edges: np.ndarray
    vertices: int

    @property
    def low(self) -> np.ndarray:
        """The lower corner of the bounding box in the world; there must be points."""
        return self.points.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        """The upper corner of the bounding box in the world; there must be points."""
        return self.points.max(axis=0)


NOTHING = Extent(np.empty((0, 3)), np.empty((0, 2), np.int64), 0)


def evaluated(scene: bpy.types.Scene) -> bpy.types.Depsgraph:
    """Bring the scene's first view layer up to date and give its dependency graph."""
    layer = scene.view_layers[0]
    layer.update()
    return layer.depsgraph


def extents(scene: bpy.types.Scene) -> dict[str, Extent]:
    """Measure all objects of a scene, by name: with modifiers and instances, empties with their children.

    Points that aren't finite are left out.
    """
    depsgraph = evaluated(scene)
    found: dict[str, list[Extent]] = {obj.name: [_own_extent(obj, depsgraph)] for obj in scene.objects}
    shapes: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for copies, instance in enumerate(i for i in depsgraph.object_instances if i.is_instance):
        obj, parent = instance.object, instance.parent
        if obj.type == "MESH" and parent and parent.original.name in found:
            key = obj.data.as_pointer()
            if key not in shapes:
                shapes[key] = _shape(obj, obj.data)
            points, edges = shapes[key] if copies < MOST_COPIES else _bounds(obj)
            found[parent.original.name].append(_placed(points, edges, instance.matrix_world, 0))
    own = {name: joined(parts) for name, parts in found.items()}
    return {
        obj.name: joined([own[obj.name], *(own[child.name] for child in obj.children_recursive if child.name in own)])
        if obj.type == "EMPTY"
        else own[obj.name]
        for obj in scene.objects
    }


def with_children(scene: bpy.types.Scene, names: Iterable[str]) -> list[bpy.types.Object]:
    """The objects of these names that are in the scene, and all below them, each once."""
    roots = [scene.objects[name] for name in names if name in scene.objects]
    return list(dict.fromkeys(each for root in roots for each in (root, *root.children_recursive)))


def joined(parts: Iterable[Extent]) -> Extent:
    """Make one extent of several."""
    parts = [part for part in parts if part.vertices or len(part.points)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NOTHING
    starts = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    return Extent(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.edges + start for part, start in zip(parts, starts, strict=True)]),
        sum(part.vertices for part in parts),
    )


def _own_extent(obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> Extent:
    if obj.type not in _SHAPES:
        return NOTHING
    shown = obj.evaluated_get(depsgraph)
    mesh = shown.data if obj.type == "MESH" else shown.to_mesh()
    if mesh is None:
        return NOTHING
    points, edges = _shape(shown, mesh)
    extent = _placed(points, edges, shown.matrix_world, len(mesh.vertices))
    if obj.type != "MESH":
        shown.to_mesh_clear()
    return extent


def _shape(obj: bpy.types.Object, mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    count = len(mesh.vertices)
    if count > MOST_VERTICES:
        return _bounds(obj)
    points = np.empty((count, 3), np.float32)
    edges = np.empty((len(mesh.edges), 2), np.int32)
    if count:
        mesh.attributes["position"].data.foreach_get("vector", points.ravel())
    if len(edges):
        mesh.attributes[".edge_verts"].data.foreach_get("value", edges.ravel())
    return points, edges


def _bounds(obj: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    return np.array([tuple(corner) for corner in obj.bound_box]), _BOX_EDGES


def _placed(points: np.ndarray, edges: np.ndarray, matrix: Any, vertices: int) -> Extent:
    world = np.array(matrix)
    # Shapes may hold anything; what isn't finite is reported as a fault, and can't be projected.
    with np.errstate(invalid="ignore", over="ignore"):
        placed = points.astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    finite = np.isfinite(placed).all(axis=1)
    if not finite.all():
        placed, edges = placed[finite], np.empty((0, 2), np.int64)
    return Extent(placed, edges, vertices)


class View:
    """The scene's camera as a projection. Raises ValueError where the scene has no camera."""

    def __init__(self, scene: bpy.types.Scene) -> None:
        if scene.camera is None or scene.camera.type != "CAMERA":
            raise ValueError("the scene has no camera")
        depsgraph = evaluated(scene)
        camera = scene.camera.evaluated_get(depsgraph)
        render = scene.render
        projection = camera.calc_matrix_camera(
            depsgraph,
            x=render.resolution_x,
            y=render.resolution_y,
            scale_x=render.pixel_aspect_x,
            scale_y=render.pixel_aspect_y,
        )
        self._near = camera.data.clip_start
        self._to_camera = np.array(camera.matrix_world.normalized().inverted_safe())
        self._projection = np.array(projection)

    def in_front(self, extent: Extent) -> bool:
        """Tell whether any point is in front of the camera."""
        return bool((self._seen(extent.points)[:, 2] < -self._near).any())

    def box(self, extent: Extent) -> Box | None:
        """Give the box in the picture (left, top, right, bottom), cut at its edges; None out of view."""
        left, top, right, bottom = self.whole_box(extent) or (2.0, 2.0, 2.0, 2.0)
        if right <= 0 or bottom <= 0 or left >= 1 or top >= 1:
            return None
        return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)

    def whole_box(self, extent: Extent) -> Box | None:
        """Give the box with what lies outside of the picture; None where all is behind the camera."""
        seen = self._seen(extent.points)
        front = seen[:, 2] < -self._near
        kept = seen[front]
        if not front.all() and len(extent.edges):
            kept = np.concatenate([kept, self._cut(seen, front, extent.edges)])
        if not len(kept):
            return None
        clip = np.c_[kept, np.ones(len(kept))] @ self._projection.T
        u = 0.5 + 0.5 * clip[:, 0] / clip[:, 3]
        v = 0.5 - 0.5 * clip[:, 1] / clip[:, 3]
        return float(u.min()), float(v.min()), float(u.max()), float(v.max())

    def _seen(self, points: np.ndarray) -> np.ndarray:
        return points @ self._to_camera[:3, :3].T + self._to_camera[:3, 3]

    def _cut(self, seen: np.ndarray, front: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """Give the points where edges pass the near plane."""
        crossing = edges[front[edges[:, 0]] != front[edges[:, 1]]]
        start, end = seen[crossing[:, 0]], seen[crossing[:, 1]]
        share = (-self._near - start[:, 2]) / (end[:, 2] - start[:, 2])
        return start + share[:, None] * (end - start)


def hidden(scene: bpy.types.Scene) -> set[str]:
    """Name the objects that renders leave out: by themselves, or with all of their collections."""
    rendered: set[str] = set()
    pending = [scene.view_layers[0].layer_collection]
    while pending:
        layer = pending.pop()
        if layer.collection.hide_render:
            continue
        pending.extend(layer.children)
        if not layer.exclude:
            rendered.update(obj.name for obj in layer.collection.objects)
    return {obj.name for obj in scene.objects if obj.hide_render or obj.name not in rendered}
