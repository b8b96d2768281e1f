"""Where the picture lies in a 3D view: the camera's frame, in pixels of the region."""

from __future__ import annotations

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top."""


def camera_frame(context: bpy.types.Context) -> Rectangle | None:
    """The rectangle that the scene's camera sees; None unless this view looks through that camera."""
    space, scene, region = context.space_data, context.scene, context.region
    if space is None or space.type != "VIEW_3D" or scene.camera is None or scene.camera.type != "CAMERA":
        return None
    view = space.region_3d
    other = space.use_local_camera and space.camera != scene.camera
    if view is None or view.view_perspective != "CAMERA" or other:
        return None
    # The camera's scale is no part of what it sees.
    world = scene.camera.matrix_world.normalized()
    corners = [
        location_3d_to_region_2d(region, view, world @ corner) for corner in scene.camera.data.view_frame(scene=scene)
    ]
    if any(corner is None for corner in corners):
        return None
    xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
    left, bottom, right, top = min(xs), min(ys), max(xs), max(ys)
    return (left, bottom, right, top) if right - left > 1 and top - bottom > 1 else None
