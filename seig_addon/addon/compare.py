"""The reference laid over the camera view: a wipe with a split, a blend, or the difference.

Wipe and blend compare with whatever the viewport shows. The difference compares with the studio's render of
the stage that the scene shows: what a viewport has drawn can't be read while it draws, and its shading differs
from the reference by design. Only draws; the split is dragged by compare_gizmo.
"""

from __future__ import annotations

from pathlib import Path

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from ..engine.picture import open_render, pixels
from .background import Files, Loader, redraw_views
from .camera_frame import Rectangle, camera_frame
from .panels.shown import shown_render

_SIDE = 1024  # px: what is drawn at most, as each pixel passes through Python's memory once
_GAIN = 2.0  # the difference is drawn this much brighter, so that a tenth can be seen

Rows = NDArray[np.float32]


def _read(files: Files) -> Rows:
    """One file: that picture. Two: their absolute difference. RGBA rows from the bottom up, sRGB, 0 to 1."""
    picture = open_render(files[0])
    picture.thumbnail((_SIDE, _SIDE))
    values = pixels(picture)
    if len(files) == 2:
        values = np.clip(np.abs(values - pixels(open_render(files[1]), picture.size)) * _GAIN, 0.0, 1.0)
    opaque = np.ones((*values.shape[:2], 1))
    return np.ascontiguousarray(np.concatenate([values, opaque], axis=2)[::-1], dtype=np.float32)


_loader: Loader[Rows] = Loader(_read, lambda files, rows: redraw_views())
_texture: tuple[Rows, gpu.types.GPUTexture] | None = None  # the last one drawn, and what it was made of
_handler: object | None = None


def _draw() -> None:
    context = bpy.context
    window = context.window_manager.seig
    if window.compare_mode == "OFF" or not context.scene.seig.run:
        return
    frame = camera_frame(context)
    if frame is None or not context.space_data.overlay.show_overlays:
        return
    reference = Path(context.scene.seig.run) / "reference.png"
    if window.compare_mode == "DIFFERENCE":
        render = shown_render(context.scene)
        rows = _loader.get(reference, render) if render else None
    else:
        rows = _loader.get(reference)
    if rows is None:
        return
    gpu.state.blend_set("ALPHA")
    if window.compare_mode == "WIPE":
        _picture(rows, frame, 1.0, window.compare_split)
        _split(context, frame, window.compare_split)
    elif window.compare_mode == "BLEND":
        _picture(rows, frame, window.reference_opacity, 1.0)
        _label(context, "Reference over result", frame[0], frame)
    else:
        _picture(rows, frame, 1.0, 1.0)
        _label(context, f"Difference of the render, × {_GAIN:g}", frame[0], frame)
    gpu.state.blend_set("NONE")


def _picture(rows: Rows, frame: Rectangle, opacity: float, right: float) -> None:
    """Draw the part of a picture that is left of a fraction of its width into the frame."""
    global _texture
    if _texture is None or _texture[0] is not rows:
        height, width = rows.shape[:2]
        data = gpu.types.Buffer("FLOAT", rows.size, rows.ravel())
        _texture = rows, gpu.types.GPUTexture((width, height), format="RGBA8", data=data)
    x0, y0, x1, y1 = frame
    x1 = x0 + (x1 - x0) * right
    # What the viewport's pixels are is decided by then, so sRGB values are drawn as they are.
    shader = gpu.shader.from_builtin("IMAGE_COLOR")
    corners = {"pos": [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], "texCoord": [(0, 0), (right, 0), (right, 1), (0, 1)]}
    batch = batch_for_shader(shader, "TRI_FAN", corners)
    shader.bind()
    shader.uniform_sampler("image", _texture[1])
    shader.uniform_float("color", (1.0, 1.0, 1.0, opacity))
    batch.draw(shader)


def _split(context: bpy.types.Context, frame: Rectangle, split: float) -> None:
    x = frame[0] + (frame[2] - frame[0]) * split
    scale = context.preferences.system.ui_scale
    middle, reach = (frame[1] + frame[3]) / 2, 7 * scale
    _fill([(x - scale, frame[1]), (x + scale, frame[1]), (x + scale, frame[3]), (x - scale, frame[3])])
    for side in (-1, 1):  # two arrow heads: it can be dragged
        base = x + side * 5 * scale
        _fill([(base, middle - reach), (base + side * reach, middle), (base, middle + reach)])
    if split > 0.15:
        _label(context, "Reference", frame[0], frame)
    if split < 0.85:
        _label(context, "Result", x, frame)


def _fill(corners: list[tuple[float, float]], color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.9)) -> None:
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners})
    shader.bind()
    shader.uniform_float("color", color)
    batch.draw(shader)


def _label(context: bpy.types.Context, text: str, x: float, frame: Rectangle) -> None:
    """Write on a dark ground, as pictures may be bright, into the lower left corner of what begins at x."""
    scale = context.preferences.system.ui_scale
    gap = 6 * scale
    blf.size(0, 11 * scale)
    width, height = blf.dimensions(0, text)
    left, bottom = x + 2 * gap, frame[1] + 2 * gap
    right, top = left + width + gap, bottom + height + gap
    _fill([(left - gap, bottom - gap), (right, bottom - gap), (right, top), (left - gap, top)], (0.0, 0.0, 0.0, 0.55))
    blf.color(0, 1.0, 1.0, 1.0, 1.0)
    blf.position(0, left, bottom, 0)
    blf.draw(0, text)


def register() -> None:
    """Draw over all 3D views from now on."""
    global _handler
    _handler = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    """Stop drawing, and free the texture."""
    global _handler, _texture
    if _handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handler, "WINDOW")
    _handler = _texture = None
    _loader.clear()
