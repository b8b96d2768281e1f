"""Light alone: blurred brightness of both pictures, where the render is off, and what each light brings."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .. import colors, picture
from ..colors import Floats
from ..renders import Renders
from .canvas import FAINT, INK, PAPER, beside, column, font, framed, painted, panel, row, scaled, with_title

_SHARE = 0.68  # of a panel's usual size: there are three, and numbers on a grid of 8 need no more
_BLUR = 0.03  # of that side: patterns and outlines go, light and shadow stay
_WHITE, _BLACK = 0.99, 0.01  # of white: beyond, a pixel is clipped
_TOO_BRIGHT, _TOO_DARK = np.array([215.0, 60, 30]), np.array([40.0, 90, 215])
_ACROSS = 4  # pictures of single lights in a row
_FULL = 64.0  # levels of 255 that are painted in full colour


def sheet(reference: Image.Image, render: Image.Image, grid: Floats) -> Image.Image:
    """Three panels: blurred brightness of the reference, of the render, and the difference in levels of 255.

    Clipped pixels are painted red (white in all channels) and blue (black in all channels). `grid` is the
    difference of cells, -1 to 1, nan where it is unknown.
    """
    wanted, got = (scaled(each, round(_SHARE * max(each.size))) for each in (panel(reference), panel(render)))
    panels = [
        framed(_blurred(each), title)
        for each, title in ((wanted, "reference: brightness"), (got, "render: brightness"))
    ]
    return beside([*panels, framed(_difference(grid, got.size), "render - reference, 0-255", grid=False)])


def each_light(renders: Renders) -> Image.Image:
    """Lay the pictures of single lights beside and below each other, each under its title."""
    panels = [with_title(shown, title) for title, shown in renders.items()]
    return column([row(panels[start : start + _ACROSS]) for start in range(0, len(panels), _ACROSS)])


def _blurred(shown: Image.Image) -> Image.Image:
    values = picture.pixels(shown)
    bright = Image.fromarray(np.uint8(colors.brightness(values) * 255 + 0.5))
    bright = bright.filter(ImageFilter.GaussianBlur(_BLUR * max(bright.size))).convert("RGB")
    bright = painted(bright, (values > _WHITE).all(axis=2), (215, 60, 30))
    return painted(bright, (values < _BLACK).all(axis=2), (40, 90, 215))


def _difference(grid: Floats, size: tuple[int, int]) -> Image.Image:
    """Paint each cell of the coarse grid, red too bright and blue too dark, with its number; grey where unknown."""
    unknown, levels = np.isnan(grid), 255 * np.nan_to_num(grid)
    strength = np.clip(np.abs(levels) / _FULL, 0.0, 1.0)[..., None]
    cells = 255 * (1 - strength) + np.where(levels[..., None] > 0, _TOO_BRIGHT, _TOO_DARK) * strength
    cells[unknown] = FAINT
    shown = Image.fromarray(np.uint8(cells)).resize(size, Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(shown)
    rows, columns = grid.shape
    for y in range(rows):
        for x in range(columns):
            place = ((x + 0.5) * shown.width / columns, (y + 0.5) * shown.height / rows)
            ink = PAPER if abs(levels[y, x]) > 0.6 * _FULL else INK
            if not unknown[y, x]:
                draw.text(place, f"{round(levels[y, x]):+d}", ink, font(), anchor="mm")
    return shown
