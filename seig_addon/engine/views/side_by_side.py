"""Reference and render beside each other, and enlarged crops of both."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ..scene_graph import Box2D
from .canvas import beside, column, framed, panel, row, scaled, to_pixels

CROP = 230  # px of a crop's longer side
_MARGIN = 0.25  # of a crop's own size, added on each side to show what is around
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


def _cut(picture: Image.Image, window: Box2D, side: int) -> Image.Image:
    return scaled(picture.crop(to_pixels(window, picture.size)), side)
