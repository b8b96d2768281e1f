"""Renders the scene as it is: from its camera with Cycles, or solid with one colour an object or as viewports do.

Leaves every setting as it found it. What makes the scene's look (bounces, exposure, view transform,
film) is never touched, so that a working picture and the final one differ in size and noise only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy

from . import plain


class NoCamera(Exception):
    """The scene has no camera to look through."""


def render(
    scene: bpy.types.Scene, path: Path, view: str, size: int, samples: int, window: Sequence[float] | None = None
) -> None:
    """Write an 8-bit sRGB RGB PNG whose longer side is `size` pixels; the view is "camera", "solid" or "plain".

    With a `window` (left, top, right, bottom, 0 to 1 from the top left) only that part of the picture is
    rendered and written. Raises NoCamera, and RuntimeError where Blender could not render or write.
    """
    if scene.camera is None:
        raise NoCamera("the scene has no camera")
    shape = scene.render
    with ExitStack() as settings:

        def use(owner: Any, **values: Any) -> None:
            settings.enter_context(temporarily(owner, values))

        at_size(settings, scene, size)
        if window is not None:
            left, top, right, bottom = window
            use(shape, border_min_x=left, border_max_x=right, border_min_y=1.0 - bottom, border_max_y=1.0 - top)
            use(shape, use_border=True, use_crop_to_border=True)
        use(shape.image_settings, file_format="PNG", color_mode="RGB", color_depth="8")
        if view == "solid":
            use(shape, engine="BLENDER_WORKBENCH")
            use(scene.display.shading, light="STUDIO", color_type="RANDOM")
        elif view == "plain":
            use(shape, engine="BLENDER_WORKBENCH", film_transparent=False)
            use(scene.view_settings, **plain.VIEW)
            use(scene.display.shading, light="STUDIO")
            use(scene.display.shading, **plain.SHADING)
        else:
            use(shape, engine="CYCLES")
            use(scene.cycles, device="CPU", samples=samples, seed=0, use_animated_seed=False, time_limit=0.0)
            use(scene.cycles, use_denoising=can_denoise())
        bpy.ops.render.render()
        # Not render's own write_still, which reads braces in a path as a template.
        bpy.data.images["Render Result"].save_render(str(path), scene=scene)


def at_size(settings: ExitStack, scene: bpy.types.Scene, size: int) -> None:
    """Make renders of the whole picture, its longer side `size` pixels, as it is without what is done afterwards."""
    shape = scene.render
    scale = size / max(shape.resolution_x, shape.resolution_y)
    values = {
        "resolution_x": max(1, round(shape.resolution_x * scale)),
        "resolution_y": max(1, round(shape.resolution_y * scale)),
        "resolution_percentage": 100,
        "use_border": False,
        "use_compositing": False,
        "use_sequencer": False,
        "use_persistent_data": False,
    }
    settings.enter_context(temporarily(shape, values))


@contextmanager
def temporarily(owner: Any, values: dict[str, Any]) -> Iterator[None]:
    """Set attributes, and set them back in the opposite order, as some depend on others."""
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in reversed(before.items()):
            setattr(owner, name, value)


def can_denoise() -> bool:
    """Tell whether this build carries a denoiser; Debian's does not."""
    import _cycles  # comes with Blender's Cycles

    return bool(_cycles.with_openimagedenoise)
