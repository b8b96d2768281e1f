"""Shapes from points of your own, by name; location, rotation, material and parent as for the other shapes.

Points are (x, y, z) relative to location, so world points if that is not given.
"""

from collections.abc import Sequence

import bpy

from .meshes import _checked_faces, _grid, _points, _sheet_parts
from .scene import _number
from .shapes import _solid


def sheet(
    name: str,
    rows: Sequence[Sequence[Sequence[float]]],
    thickness: float = 0.0,
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Smooth sheet through a grid of points, rows of equal length: cloth, leaf, cushion, curved panel.

    thickness grows to both sides.
    """
    thickness = _number(thickness, f"{name}: thickness", 0.0)
    vertices, faces = _sheet_parts(_grid(rows, f"{name}: rows"), thickness)
    return _solid(name, vertices, faces, location, rotation, material, parent)


def mesh(
    name: str,
    points: Sequence[Sequence[float]],
    faces: Sequence[Sequence[int]],
    location: Sequence[float] | None = None,
    rotation: Sequence[float] | None = None,
    material: bpy.types.Material | str | None = None,
    parent: bpy.types.Object | str | None = None,
) -> bpy.types.Object:
    """Any mesh: points, and faces of their numbers, counted from 0; smooth where faces meet at small angles."""
    vertices = _points(points, 3, f"{name}: points (x, y, z)", 3, repeated=True)
    return _solid(name, vertices, _checked_faces(faces, len(vertices), name), location, rotation, material, parent)
