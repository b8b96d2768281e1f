"""Vertices and faces of the shapes: bars along paths, profiles turned about z, and their shading.

Pure geometry: nothing here knows of objects or of the scene.
"""

import itertools
import math
from collections.abc import Iterable, Sequence

import bmesh
import bpy
import numpy
from mathutils import Vector

from .scene import _numbers, _size

SEGMENTS = 48  # sides of everything round: its outline strays by 0.2 % of the radius, half a pixel at most
SHARP_ANGLE = math.radians(35.0)  # edges that bend more than this stay sharp, others are shaded smooth


def _box_parts(name: str, size: Sequence[float]) -> tuple[list[tuple[float, ...]], list[list[int]]]:
    """Return the corners and faces of a box that stands on the origin."""
    x, y, z = (_size(side, f"{name}: size") for side in _numbers(size, 3, f"{name}: size (x, y, z)"))
    vertices = [(sx * x / 2.0, sy * y / 2.0, sz * z) for sz in (0, 1) for sy in (-1, 1) for sx in (-1, 1)]
    faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    return vertices, faces


def _points(
    points: Sequence[Sequence[float]], count: int, what: str, least: int, repeated: bool = False
) -> list[tuple[float, ...]]:
    """Check points of so many coordinates, and leave out each that repeats the one before, unless that may be."""
    kept: list[tuple[float, ...]] = []
    for point in points if isinstance(points, Iterable) else ():
        numbers = _numbers(point, count, f"{what}: each point")
        if repeated or not kept or math.dist(numbers, kept[-1]) > 1e-6:
            kept.append(numbers)
    if len(kept) < least:
        raise ValueError(f"{what} must be a list of at least {least} different points, not {points!r}")
    return kept


def _ring(outline: Sequence[Sequence[float]], what: str) -> list[tuple[float, ...]]:
    """Check an outline of points with two coordinates, which goes round an area; without a repeated last point."""
    points = _points(outline, 2, what, 3)
    if points[0] == points[-1]:
        points.pop()
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True))
    if len(points) < 3 or abs(area) < 1e-10:
        raise ValueError(f"{what} must go round an area, with at least 3 different points")
    return points


def _checked_faces(faces: Sequence[Sequence[int]], count: int, name: str) -> list[list[int]]:
    """Check faces of at least three different points each, of which there are so many."""
    checked = [list(face) for face in faces]
    for face in checked:
        whole = all(isinstance(each, int) and 0 <= each < count for each in face)
        if not whole or len(set(face)) < len(face) or len(face) < 3:
            raise ValueError(f"{name}: each face must name 3 or more different points, 0 to {count - 1}, not {face!r}")
    if not checked:
        raise ValueError(f"{name}: faces must be a list of at least one face")
    return checked


def _grid(rows: Sequence[Sequence[Sequence[float]]], what: str) -> numpy.ndarray:
    """Check rows of points (x, y, z), two or more of two or more, all as long: (rows, columns, 3)."""
    lines = [_points(row, 3, f"{what}: each row", 2, repeated=True) for row in rows]
    if len(lines) < 2 or len({len(line) for line in lines}) > 1:
        lengths = sorted({len(line) for line in lines})
        raise ValueError(f"{what} must be two or more rows of equal length, not {len(lines)} of lengths {lengths}")
    return numpy.array(lines)


def _sheet_parts(grid: numpy.ndarray, thickness: float) -> tuple[list[tuple[float, ...]], list[list[int]]]:
    """Return the vertices and faces of a surface through a grid of points, or of a solid so thick around it."""
    height, width, _ = grid.shape
    numbers = numpy.arange(height * width).reshape(height, width)
    corners = (numbers[:-1, :-1], numbers[:-1, 1:], numbers[1:, 1:], numbers[1:, :-1])
    front = numpy.stack(corners, axis=-1).reshape(-1, 4).tolist()
    if thickness == 0.0:
        return [tuple(point) for point in grid.reshape(-1, 3)], front
    normals = numpy.cross(numpy.gradient(grid, axis=0), numpy.gradient(grid, axis=1))
    normals /= numpy.maximum(numpy.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
    sides = numpy.concatenate([(grid + way * thickness / 2.0 * normals).reshape(-1, 3) for way in (1.0, -1.0)])
    rim = [int(each) for each in (*numbers[0, :-1], *numbers[:-1, -1], *numbers[-1, :0:-1], *numbers[:0:-1, 0])]
    back = [[each + numbers.size for each in face] for face in front]
    return [tuple(point) for point in sides], front + back + _band(rim, [each + numbers.size for each in rim])


def _prism(count: int) -> list[list[int]]:
    """Return the faces between an outline of so many vertices and its copy, with both ends."""
    sides = [[i, (i + 1) % count, count + (i + 1) % count, count + i] for i in range(count)]
    return [list(range(count)), list(range(count, 2 * count)), *sides]


def _turned(
    profile: Sequence[Sequence[float]], segments: int = SEGMENTS
) -> tuple[list[tuple[float, ...]], list[list[int]]]:
    """Turn (r, z) points about z: a ring for each point, one vertex where r=0, flat ends as one face.

    A profile that ends where it starts becomes a closed ring.
    """
    points = [(0.0 if r < 1e-6 else r, z) for r, z in profile]
    closed = len(points) > 3 and points[0] == points[-1] and points[0][0] > 0.0
    caps = []
    if closed:
        points.pop()
    else:
        for end, beside in ((0, 1), (-1, -2)):
            caps.append(points[end][0] == 0.0 and points[beside][0] > 0.0 and points[end][1] == points[beside][1])
        points = points[caps[0] : len(points) - caps[1]]
    vertices: list[tuple[float, ...]] = []
    rings = []
    for r, z in points:
        count = segments if r > 0.0 else 1
        turns = [2.0 * math.pi * step / segments for step in range(count)]
        rings.append(range(len(vertices), len(vertices) + count))
        vertices += [(r * math.cos(turn), r * math.sin(turn), z) for turn in turns]
    faces = [list(ring) for ring, cap in zip((rings[0], rings[-1]), caps, strict=False) if cap]
    for low, high in zip(rings, rings[1:] + rings[:1] if closed else rings[1:], strict=False):
        faces += _band(low, high)
    return vertices, faces


def _band(low: Sequence[int], high: Sequence[int]) -> list[list[int]]:
    """Return the faces between two rings of vertices; a ring of one vertex is a tip."""
    count = max(len(low), len(high))
    if count == 1:
        return []
    quads = [
        (low[i % len(low)], low[(i + 1) % len(low)], high[(i + 1) % len(high)], high[i % len(high)])
        for i in range(count)
    ]
    return [list(dict.fromkeys(quad)) for quad in quads]


def _swept(
    path: Sequence[Sequence[float]], radius: float, what: str
) -> tuple[list[tuple[float, ...]], list[list[int]]]:
    """Move a circle along a path; each joint lies in the plane halfway between its two directions."""
    closed = len(path) > 3 and math.dist(path[0], path[-1]) < 1e-6
    places = numpy.array(path[:-1] if closed else path, dtype=float)
    steps = numpy.roll(places, -1, axis=0) - places
    ways = steps / numpy.linalg.norm(steps, axis=1, keepdims=True)
    if not closed:
        ways[-1] = ways[-2]
    before = numpy.roll(ways, 1, axis=0)
    if not closed:
        before[0] = ways[0]
    bends = (before * ways).sum(axis=1)
    if bends.min() < math.cos(math.radians(150.0)):
        index = int(bends.argmin())
        raise ValueError(f"{what} turn back on themselves at number {index}: make the bend rounder with more points")
    planes = before + ways

    side = numpy.array(Vector(ways[0]).orthogonal().normalized())
    other = numpy.cross(ways[0], side)
    turns = numpy.linspace(0.0, 2.0 * math.pi, SEGMENTS // 2, endpoint=False)[:, None]
    ring = places[0] + radius * (numpy.cos(turns) * side + numpy.sin(turns) * other)
    ring = _slide(ring, ways[0], places[0], planes[0])
    rings = [ring]
    for place, way, plane_normal in zip(places[1:], before[1:], planes[1:], strict=True):
        rings.append(_slide(rings[-1], way, place, plane_normal))
    indices = [range(i * len(ring), (i + 1) * len(ring)) for i in range(len(rings))]
    faces = [face for low, high in itertools.pairwise(indices) for face in _band(low, high)]
    if closed:  # a path that is not flat comes back twisted: join each vertex to the nearest one
        last = _slide(rings[-1], ways[-1], places[0], planes[0])
        turn = int(numpy.linalg.norm(ring - last[0], axis=1).argmin())
        faces += _band(indices[-1], [*indices[0][turn:], *indices[0][:turn]])
    else:
        faces += [list(indices[0]), list(indices[-1])]
    return [tuple(vertex) for vertex in numpy.concatenate(rings)], faces


def _slide(ring: numpy.ndarray, way: numpy.ndarray, place: numpy.ndarray, normal: numpy.ndarray) -> numpy.ndarray:
    """Move a ring's points along way until they lie in the plane through place."""
    return ring + ((place - ring) @ normal / (way @ normal))[:, None] * way


def _mesh(name: str, vertices: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> bpy.types.Mesh:
    """Make a mesh with normals pointing out, shaded smooth where its faces meet at small angles."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    if len(faces) > 1:
        shape = bmesh.new()
        shape.from_mesh(mesh)
        bmesh.ops.recalc_face_normals(shape, faces=shape.faces)
        shape.to_mesh(mesh)
        shape.free()
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=SHARP_ANGLE)
    return mesh
