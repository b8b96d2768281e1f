"""A picture of the live scene as a viewport draws it, through the scene's camera. Main thread only.

Drawn offscreen, whatever the artist is looking at, and always in the same way (see studio.plain): solid, in the
materials' viewport colours, without overlays, and with all that the scene shows in viewports. That takes a fraction
of a second on any graphics card or none, where the rendered look of a viewport takes a minute without one. Leaves
the artist's viewport as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bpy
import gpu
import numpy as np

from ..studio import plain
from ..studio.render import temporarily


def viewport_picture(scene: bpy.types.Scene, path: Path, size: int) -> bool:
    """Write an sRGB PNG whose longer side is `size` pixels; False where nothing can draw it.

    That is without a window, without any 3D viewport in the file, or without a camera in the scene.
    """
    place = _viewport()
    if bpy.app.background or scene.camera is None or place is None:
        return False
    space, region = place
    shape = scene.render
    scale = size / max(shape.resolution_x, shape.resolution_y)
    width, height = (max(1, round(side * scale)) for side in (shape.resolution_x, shape.resolution_y))
    layer = scene.view_layers[0]
    offscreen = gpu.types.GPUOffScreen(width, height)
    try:
        with _plainly(space, scene):
            layer.update()
            camera = scene.camera.evaluated_get(layer.depsgraph)
            projection = camera.calc_matrix_camera(layer.depsgraph, x=width, y=height)
            offscreen.draw_view3d(
                scene, layer, space, region, camera.matrix_world.inverted(), projection, do_color_management=True
            )
        with offscreen.bind():
            framebuffer = gpu.state.active_framebuffer_get()
            drawn = framebuffer.read_color(0, 0, width, height, 4, 0, "FLOAT")
    finally:
        offscreen.free()
    drawn.dimensions = width * height * 4
    _write(np.array(drawn, np.float32).reshape(height, width, 4), path)
    return True


def _viewport() -> tuple[bpy.types.SpaceView3D, bpy.types.Region] | None:
    """Find a 3D viewport: in a window, or else in a workspace that isn't shown now."""
    screens = [window.screen for window in bpy.context.window_manager.windows]
    for screen in [*screens, *bpy.data.screens]:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                region = next((region for region in area.regions if region.type == "WINDOW"), None)
                if region is not None:
                    return area.spaces.active, region
    return None


@contextmanager
def _plainly(space: bpy.types.SpaceView3D, scene: bpy.types.Scene) -> Iterator[None]:
    """Draw all of the scene in one and the same way, and set the viewport back at the end."""
    filters = {name: True for name in dir(space) if name.startswith("show_object_viewport_")}
    with ExitStack() as stack:
        for owner, values in (
            (space.shading, {"type": "SOLID"}),
            (space.shading, {"light": "STUDIO"}),
            (space.shading, plain.SHADING),
            (space.overlay, {"show_overlays": False}),
            (space, {"show_gizmo": False, "use_local_collections": False, **filters}),
        ):
            stack.enter_context(temporarily(owner, values))
        if space.local_view is not None:
            stack.enter_context(_in_local_view(space, scene))
        yield


@contextmanager
def _in_local_view(space: bpy.types.SpaceView3D, scene: bpy.types.Scene) -> Iterator[None]:
    """Have a viewport that shows some objects alone show all of the scene's."""
    absent = [obj for obj in scene.objects if not obj.local_view_get(space)]
    try:
        for obj in absent:
            obj.local_view_set(space, True)
        yield
    finally:
        for obj in absent:
            obj.local_view_set(space, False)


def _write(pixels: np.ndarray, path: Path) -> None:
    """Write display-referred RGBA, bottom row first, as an opaque PNG."""
    height, width, _ = pixels.shape
    pixels[..., 3] = 1.0
    image = bpy.data.images.new(path.name, width, height)
    try:
        image.pixels.foreach_set(pixels.ravel())
        image.file_format = "PNG"
        image.save(filepath=str(path))
    finally:
        bpy.data.images.remove(image)
