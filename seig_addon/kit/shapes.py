"""Solids by name.

location = world position of the origin, which is the middle of the base; rotation = degrees
(x, y, z). An object that has the name already gets a new mesh and scale 1; location, rotation,
material and parent stay unless given. material, parent and children may be names.
"""

import math
from collections.abc import Iterable, Sequence

import bpy

from .materials import _material
from .meshes import SEGMENTS, SHARP_ANGLE, _box_parts, _mesh, _points, _prism, _ring, _swept, _turned
from .placement import _bounds
from .scene import _family, _find, _link, _number, _numbers, _object, _size, _update

ROUNDING = "Rounded edges"  # name of the kit's own bevel modifier


def box(
    name: str,
    size: Sequence[float],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Box of size (x, y, z)."""
    vertices, faces = _box_parts(name, size)
    return _solid(name, vertices, faces, location, rotation, material, parent)


def rounded_box(
    name: str,
    size: Sequence[float],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
    radius: float = 0.02,
) -> bpy.types.Object:
    """Box with its edges rounded by a bevel modifier; radius is cut to half the shortest side."""
    vertices, faces = _box_parts(name, size)
    radius = min(_size(radius, f"{name}: radius"), 0.499 * min(size))
    return _solid(name, vertices, faces, location, rotation, material, parent, bevel=radius)


def cylinder(
    name: str,
    radius: float,
    height: float,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Upright cylinder."""
    radius, height = _size(radius, f"{name}: radius"), _size(height, f"{name}: height")
    vertices, faces = _turned([(0.0, 0.0), (radius, 0.0), (radius, height), (0.0, height)])
    return _solid(name, vertices, faces, location, rotation, material, parent)


def cone(
    name: str,
    radius: float,
    height: float,
    top_radius: float = 0.0,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Upright cone, cut off if top_radius > 0."""
    radius, height = _size(radius, f"{name}: radius"), _size(height, f"{name}: height")
    top = (_number(top_radius, f"{name}: top_radius", 0.0), height)
    profile = [(0.0, 0.0), (radius, 0.0), top]
    if top[0] > 0.0:
        profile.append((0.0, height))
    vertices, faces = _turned(profile)
    return _solid(name, vertices, faces, location, rotation, material, parent)


def sphere(
    name: str,
    size_or_radius: float | Sequence[float],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Sphere by radius, or ellipsoid by size (x, y, z); its origin is its lowest point."""
    try:
        size = tuple(size_or_radius)
    except TypeError:
        size = (2.0 * _size(size_or_radius, f"{name}: radius"),) * 3
    x, y, z = (_size(side, f"{name}: size") / 2.0 for side in _numbers(size, 3, f"{name}: size"))
    turns = [math.pi * step / (SEGMENTS // 2) for step in range(SEGMENTS // 2 + 1)]
    vertices, faces = _turned([(math.sin(turn), 1.0 - math.cos(turn)) for turn in turns])
    vertices = [(x * vx, y * vy, z * vz) for vx, vy, vz in vertices]
    return _solid(name, vertices, faces, location, rotation, material, parent)


def lathe(
    name: str,
    profile: Sequence[Sequence[float]],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
    segments: int = SEGMENTS,
) -> bpy.types.Object:
    """Profile [(r, z), …] relative to location, turned about z; an end is closed where r=0, else open.

    segments = sides around. Edges that bend by less than 35 degrees are shaded smooth: with up to 10
    sides they show as facets, and a profile's corner stays sharp unless it is rounded by more points.
    """
    segments = round(_number(segments, f"{name}: segments", 3, 1024))
    points = _points(profile, 2, f"{name}: profile (r, z)", 2)
    if min(r for r, _ in points) < 0.0 or max(r for r, _ in points) < 1e-5:
        raise ValueError(f"{name}: profile must be points (r, z) with r from 0 and some r above 0")
    vertices, faces = _turned(points, segments)
    return _solid(name, vertices, faces, location, rotation, material, parent)


def extrude(
    name: str,
    outline: Sequence[Sequence[float]],
    depth: float,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
    bevel: float = 0.0,
) -> bpy.types.Object:
    """Outline [(x, z), …] relative to location, facing the viewer (-Y), grown by depth to the back (+Y).

    It may be concave; bevel rounds its edges by a modifier.
    """
    points = _ring(outline, f"{name}: outline (x, z)")
    depth = _size(depth, f"{name}: depth")
    vertices = [(x, y, z) for y in (0.0, depth) for x, z in points]
    bevel = _number(bevel, f"{name}: bevel", 0.0)
    return _solid(name, vertices, _prism(len(points)), location, rotation, material, parent, bevel)


def slab(
    name: str,
    outline: Sequence[Sequence[float]],
    height: float,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
    bevel: float = 0.0,
) -> bpy.types.Object:
    """Flat slab: outline [(x, y), …] seen from above, relative to location, grown upwards by height.

    It may be concave; bevel rounds its edges by a modifier.
    """
    points = _ring(outline, f"{name}: outline (x, y)")
    height = _size(height, f"{name}: height")
    vertices = [(x, y, z) for z in (0.0, height) for x, y in points]
    bevel = _number(bevel, f"{name}: bevel", 0.0)
    return _solid(name, vertices, _prism(len(points)), location, rotation, material, parent, bevel)


def tube(
    name: str,
    points: Sequence[Sequence[float]],
    radius: float,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Round bar along points [(x, y, z), …] relative to location (so world points if that is not given).

    Joints are mitred; a last point equal to the first closes a ring.
    """
    radius = _size(radius, f"{name}: radius")
    path = _points(points, 3, f"{name}: points (x, y, z)", 2)
    vertices, faces = _swept(path, radius, f"{name}: points")
    return _solid(name, vertices, faces, location, rotation, material, parent)


def plane(
    name: str,
    size: Sequence[float],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Rectangle of size (x, y) about location, facing up; rotation (90, 0, 0) makes a wall facing -Y."""
    x, y = (_size(side, f"{name}: size") / 2.0 for side in _numbers(size, 2, f"{name}: size (x, y)"))
    vertices = [(-x, -y, 0.0), (x, -y, 0.0), (x, y, 0.0), (-x, y, 0.0)]
    return _solid(name, vertices, [[0, 1, 2, 3]], location, rotation, material, parent)


def group(
    name: str, children: Iterable[bpy.types.Object | str] = (), location: Sequence[float] | None = None
) -> bpy.types.Object:
    """Empty that carries children, which stay where they are; by default in the middle of their base.

    Moving a group that exists moves what is already in it.
    """
    obj = _find(name, "EMPTY")
    if isinstance(children, str | bpy.types.Object):
        raise ValueError(f"{name}: children must be a list of objects, not {children!r}")
    members = [_object(child) for child in children]
    location = None if location is None else _numbers(location, 3, f"{name}: location")
    if obj is not None:
        for member in members:
            _check_parent(member, obj)
    else:
        if members and location is None:
            low, high = _bounds([part for member in members for part in _family(member)])
            location = ((low.x + high.x) / 2.0, (low.y + high.y) / 2.0, low.z)
        obj = _link(name, None)
    _place(obj, location, None, None)
    for member in members:
        _place(member, None, None, obj)
    return obj


def _solid(
    name: str,
    vertices: Sequence[Sequence[float]],
    faces: Sequence[Sequence[int]],
    location: Sequence[float] | None,
    rotation: Sequence[float] | None,
    material: bpy.types.Material | str | None,
    parent: bpy.types.Object | str | None,
    bevel: float = 0.0,
) -> bpy.types.Object:
    """Make the object, or give the one of this name a new mesh, after checking all values."""
    obj = _find(name, "MESH")
    material = None if material is None else _material(material)
    parent = None if parent is None else _object(parent)
    if obj is not None and parent is not None:
        _check_parent(obj, parent)
    location = None if location is None else _numbers(location, 3, f"{name}: location")
    rotation = None if rotation is None else _numbers(rotation, 3, f"{name}: rotation (degrees)")
    mesh = _mesh(name, vertices, faces)
    if obj is None:
        obj = _link(name, mesh)
    else:
        old = obj.data
        for kept in old.materials:
            mesh.materials.append(kept)
        obj.data = mesh
        if old.users == 0:
            bpy.data.meshes.remove(old)
            mesh.name = name
        obj.scale = (1.0, 1.0, 1.0)
    if material is not None:
        mesh.materials.clear()
        mesh.materials.append(material)
    _place(obj, location, rotation, parent)
    _round(obj, bevel)
    return obj


def _round(obj: bpy.types.Object, width: float) -> None:
    """Round the sharp edges by a modifier, or drop the one of an earlier shape if width is 0."""
    rounding = obj.modifiers.get(ROUNDING)
    if width == 0.0:
        if rounding is not None:
            obj.modifiers.remove(rounding)
        return
    if rounding is None:
        rounding = obj.modifiers.new(ROUNDING, "BEVEL")
    rounding.width = width
    rounding.segments = 4
    rounding.limit_method = "ANGLE"
    rounding.angle_limit = SHARP_ANGLE
    rounding.harden_normals = True


def _check_parent(obj: bpy.types.Object, parent: bpy.types.Object) -> None:
    """Refuse to parent an object to itself or to a part of it."""
    if parent in _family(obj):
        raise ValueError(f"{parent.name!r} cannot be the parent of {obj.name!r}, which it is a part of")


def _place(
    obj: bpy.types.Object,
    location: Sequence[float] | None,
    rotation: Sequence[float] | None,
    parent: bpy.types.Object | None,
) -> None:
    """Set what is given, in world space; a parent takes the object over where it is."""
    if location is None and rotation is None and parent is None:
        return
    if parent is not None or obj.parent is not None:
        _update()
        world_matrix = obj.matrix_world.copy()
        if parent is not None:
            obj.parent = parent
        obj.matrix_parent_inverse = obj.parent.matrix_world.inverted_safe()
        obj.matrix_basis = world_matrix
    if location is not None:
        obj.location = location
    if rotation is not None:
        obj.rotation_mode = "XYZ"
        obj.rotation_euler = [math.radians(angle) for angle in rotation]
