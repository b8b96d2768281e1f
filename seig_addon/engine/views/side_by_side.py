"""Reference and render beside each other, and enlarged crops of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..factors import inside
from ..renders import Renders
from ..scene_graph import Box2D
from ..scores import Pixels
from .canvas import beside, column, framed, panel, row, scaled, to_pixels, with_title

CROP = 230  # px of a crop's longer side
_MARGIN = 0.25  # of a crop's own size, added on each side to show what is around
_ZOOM = 1.6  # so many times larger than side by side; crops that are less show nothing new
_STEPS = 9  # places across and down at which the worst part of a large window is looked for
_LEAST = 0.12  # of the picture: smaller crops show nothing but blur


def whole(reference: Image.Image, render: Image.Image) -> Image.Image:
    """Both whole pictures with a light grid, the reference on the left."""
    return beside([framed(panel(each), title) for each, title in ((reference, "reference"), (render, "render"))])


def gridded(reference: Image.Image, longest: int) -> Image.Image:
    """The reference alone with its grid, to mark places in it."""
    return framed(scaled(reference, longest), "reference, with places")


def crops(
    reference: Image.Image, render: Image.Image, windows: Sequence[tuple[str, Box2D]], side: int = CROP
) -> Image.Image:
    """Enlarge named windows of both pictures, the reference above and the render below it."""
    panels = []
    for name, window in windows:
        panels.append(
            column(
                [
                    framed(_cut(reference, window, side), f"{name}: reference", window, grid=False),
                    framed(_cut(render, window, side), f"{name}: render", window, grid=False),
                ]
            )
        )
    return row(panels)


def titled(renders: Renders) -> Image.Image:
    """Lay renders beside each other, each under its title."""
    return row([with_title(picture, title) for title, picture in renders.items()])


def window_of(box: Box2D, aspect: float) -> Box2D:
    """Widen an object's box to about a square on screen, with what is around it, inside the picture.

    `aspect` is the picture's width over its height.
    """
    left, top, right, bottom = box
    side = max((right - left) * aspect, bottom - top) * (1 + 2 * _MARGIN)
    wide = min(max(side / aspect, (right - left) * 1.1, _LEAST), 1.0)
    high = min(max(side, (bottom - top) * 1.1, _LEAST), 1.0)
    x = min(max((left + right - wide) / 2, 0.0), 1.0 - wide)
    y = min(max((top + bottom - high) / 2, 0.0), 1.0 - high)
    return x, y, x + wide, y + high


def enlargeable(window: Box2D, error: Pixels, side: int = CROP) -> Box2D:
    """A window, or where that is too large to show more than the whole picture does, its part with the most error.

    `error` (height, width) is that of the picture's pixels; `side` the crop's longer side in px.
    """
    left, top, right, bottom = window
    width, height = panel(Image.new("L", (error.shape[1], error.shape[0]))).size
    wide, high = min(right - left, side / (_ZOOM * width)), min(bottom - top, side / (_ZOOM * height))
    if (wide, high) == (right - left, bottom - top):
        return window
    parts = [
        (float(x), float(y), float(x + wide), float(y + high))
        for y in np.linspace(top, bottom - high, _STEPS)
        for x in np.linspace(left, right - wide, _STEPS)
    ]
    return max(parts, key=lambda part: error[inside(part, error.shape)].sum())


def _cut(picture: Image.Image, window: Box2D, side: int) -> Image.Image:
    return scaled(picture.crop(to_pixels(window, picture.size)), side)
