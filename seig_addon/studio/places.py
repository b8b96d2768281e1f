"""Where a scene's camera and objects stand, as a layout solve needs it (the shapes are in scene.Places).

Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .extent import Extent, extents, hidden

# Directions in which an object's outermost points are taken: boxes are right within some thousandths of its size.
_DIRECTIONS = 96

Values = dict[str, Any]


def places(scene: bpy.types.Scene) -> Values:
    """Read the places: a JSON-able dict that validates as scene.Places."""
    shapes = extents(scene)
    unseen = hidden(scene)
    solids = [obj for obj in scene.objects if obj.type not in ("LIGHT", "CAMERA") and obj.name not in unseen]
    camera = scene.camera
    return {
        "camera": _camera(scene) if camera and camera.type == "CAMERA" and camera.data.type != "PANO" else None,
        "objects": [_place(obj, shapes[obj.name]) for obj in solids],
    }


def _camera(scene: bpy.types.Scene) -> Values:
    obj, data, shape = scene.camera, scene.camera.data, scene.render
    corners = data.view_frame(scene=scene)
    if data.type == "PERSP":
        corners = [corner / -corner.z for corner in corners]
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    width, height = (
        shape.resolution_x * shape.pixel_aspect_x,
        shape.resolution_y * shape.pixel_aspect_y,
    )
    fitted = {"HORIZONTAL": width, "VERTICAL": height}.get(data.sensor_fit, max(width, height))
    world = obj.matrix_world.normalized()
    return {
        "location": list(world.translation),
        "rotation": list(world.to_euler("XYZ")),
        "frame": [min(xs), max(xs), min(ys), max(ys)],
        "lens": data.lens if data.type == "PERSP" else None,
        "ortho_scale": data.ortho_scale if data.type == "ORTHO" else None,
        "shift_y": data.shift_y,
        "shifts_high": height / fitted,
        "movable": obj.parent is None and _is_free(obj) and data.animation_data is None,
    }


def _place(obj: bpy.types.Object, extent: Extent) -> Values:
    space = np.eye(4)
    if obj.parent is not None:
        space = np.array(obj.parent.matrix_world @ obj.matrix_parent_inverse)
    # An empty's extent is its children's, who speak for themselves; unless it shows a collection.
    points = extent.points if obj.type != "EMPTY" or obj.instance_collection else np.empty((0, 3))
    return {
        "name": obj.name,
        "parent": obj.parent.name if obj.parent else None,
        "movable": _is_free(obj) and (obj.parent is None or obj.parent_type == "OBJECT"),
        "space": space.tolist(),
        "origin": list(obj.matrix_basis.translation),
        "location": list(obj.location),
        "scale": list(obj.scale),
        "points": _outermost(points).tolist(),
    }


def _is_free(obj: bpy.types.Object) -> bool:
    """Whether its location and scale alone say where it is."""
    return not obj.constraints and obj.animation_data is None


def _outermost(points: np.ndarray) -> np.ndarray:
    """Give the points that lie farthest in directions spread evenly over the sphere (a Fibonacci spiral)."""
    if not len(points):
        return points
    steps = np.arange(_DIRECTIONS) + 0.5
    z = 1 - 2 * steps / _DIRECTIONS
    turn = steps * np.pi * (3 - np.sqrt(5))
    side = np.sqrt(1 - z**2)
    spiral = np.stack([side * np.cos(turn), side * np.sin(turn), z])
    directions = np.concatenate([spiral, np.eye(3), -np.eye(3)], axis=1)
    return points[np.unique((points @ directions).argmax(axis=0))]
