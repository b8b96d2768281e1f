"""Drawing for the pictures of a question: frames with ticks, lines, labels, and sheets of several panels.

Everything is drawn with Pillow's own font, so the same input gives the same bytes on every machine
and a provider's cache finds it again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageStat

from ..scene_graph import Box2D
from ..visible import Mask

FONT = 12  # px: the least that models read safely
GAP = 8  # px between panels
PANEL = 400  # px a side of a whole picture, if square
INK, PAPER, FAINT = (20, 20, 20), (255, 255, 255), (150, 150, 150)
MARKED, SEEN = (0, 150, 60), (225, 0, 170)  # what the scene graph says is green, what the render shows is magenta
WHOLE: Box2D = (0.0, 0.0, 1.0, 1.0)

_LONGEST = 700  # px of a panel's longer side
_WIDEST = 1150  # px of a sheet: panels that take more stand below each other
_LEFT, _BOTTOM, _TOP = 30, 16, 16  # px of a frame's margins: tick labels and the title
_TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # steps that read well, in fractions of the picture
_GRID_INK = 60  # of 255: to be seen without covering anything
_TICK_ROOM = 34  # px between ticks, so that their labels stay apart

Color = tuple[int, int, int]


@cache
def font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The one font of all labels."""
    return ImageFont.load_default(FONT)


def text_width(text: str) -> int:
    """How many pixels a label takes across."""
    return math.ceil(font().getlength(text))


def shortened(text: str, width: int) -> str:
    """Cut a label to so many pixels, in its middle: both ends tell names apart."""
    if text_width(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: (kept + 1) // 2]}..{text[len(text) - kept // 2 :]}"
        if text_width(short) <= width:
            return short
    return text[:1]


def scaled(picture: Image.Image, longest: int) -> Image.Image:
    """Scale a picture up or down so that its longer side is `longest` px."""
    factor = longest / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def panel(picture: Image.Image) -> Image.Image:
    """Scale a whole picture so that it takes as many pixels as any other, whatever its shape."""
    factor = PANEL / math.sqrt(picture.width * picture.height)
    return scaled(picture, round(min(factor * max(picture.size), _LONGEST)))


def framed(picture: Image.Image, title: str, window: Box2D = WHOLE, grid: bool = True) -> Image.Image:
    """Put a picture into a frame with its title above, and ticks of the places that it shows on two sides.

    `window` is what part of the whole picture it is; `grid` draws light lines across at the ticks.
    """
    width, height = picture.size
    frame = Image.new("RGB", (width + _LEFT, height + _TOP + _BOTTOM), PAPER)
    frame.paste(_gridded(picture, window) if grid else picture, (_LEFT, _TOP))
    draw = ImageDraw.Draw(frame)
    draw.text((_LEFT, 1), shortened(title, width), INK, font())
    for place, label in _ticks(window[0], window[2], width):
        x = _LEFT + place
        draw.line((x, _TOP + height, x, _TOP + height + 3), INK)
        half = text_width(label) // 2 + 1
        draw.text((min(max(x, half), frame.width - half), _TOP + height + 2), label, INK, font(), anchor="ma")
    for place, label in _ticks(window[1], window[3], height):
        y = min(max(_TOP + place, _TOP + FONT // 2), _TOP + height - 1)
        draw.line((_LEFT - 4, _TOP + place, _LEFT, _TOP + place), INK)
        draw.text((_LEFT - 5, y), label, INK, font(), anchor="rm")
    return frame


def with_title(picture: Image.Image, title: str) -> Image.Image:
    """Put a title above a picture."""
    sheet = Image.new("RGB", (picture.width, picture.height + _TOP), PAPER)
    sheet.paste(picture, (0, _TOP))
    ImageDraw.Draw(sheet).text((0, 1), shortened(title, picture.width), INK, font())
    return sheet


def beside(panels: Sequence[Image.Image]) -> Image.Image:
    """Lay panels beside each other if they have the room, else below each other."""
    return (row if sum(each.width + GAP for each in panels) - GAP <= _WIDEST else column)(panels)


def row(panels: Sequence[Image.Image]) -> Image.Image:
    """Lay panels beside each other, their tops in line."""
    sheet = Image.new(
        "RGB",
        (sum(each.width for each in panels) + GAP * (len(panels) - 1), max(each.height for each in panels)),
        PAPER,
    )
    x = 0
    for each in panels:
        sheet.paste(each, (x, 0))
        x += each.width + GAP
    return sheet


def column(panels: Sequence[Image.Image]) -> Image.Image:
    """Lay panels below each other, their left sides in line."""
    sheet = Image.new(
        "RGB",
        (max(each.width for each in panels), sum(each.height for each in panels) + GAP * (len(panels) - 1)),
        PAPER,
    )
    y = 0
    for each in panels:
        sheet.paste(each, (0, y))
        y += each.height + GAP
    return sheet


def labelled(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, color: Color = INK) -> None:
    """Write a label with a pale rim, so that it can be read on anything; `place` is its top left."""
    draw.text(place, text, color, font(), stroke_width=2, stroke_fill=PAPER)


def painted(picture: Image.Image, mask: Mask, color: Color) -> Image.Image:
    """Paint the pixels of a mask, which may be of another size."""
    stencil = Image.fromarray(np.uint8(mask) * 255)
    if stencil.size != picture.size:
        stencil = stencil.resize(picture.size, Image.Resampling.NEAREST)
    return Image.composite(Image.new("RGB", picture.size, color), picture, stencil)


def pale(picture: Image.Image) -> Image.Image:
    """A picture as a faint backdrop: grey and light."""
    grey = picture.convert("L").point(lambda value: 90 + value * 165 // 255)
    return grey.convert("RGB")


def to_pixels(box: Box2D, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box in pixels of a picture of that size, cut at its edges, at least a pixel wide and high."""
    width, height = size
    left, top = (min(max(round(side * span), 0), span - 1) for side, span in zip(box[:2], size, strict=True))
    right, bottom = min(max(round(box[2] * width), left + 1), width), min(max(round(box[3] * height), top + 1), height)
    return left, top, right, bottom


def _gridded(picture: Image.Image, window: Box2D) -> Image.Image:
    """Draw faint lines at the ticks: dark on a bright picture, bright on a dark one."""
    lines = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(lines)
    for place, _ in _ticks(window[0], window[2], picture.width):
        draw.line((place, 0, place, picture.height), _GRID_INK)
    for place, _ in _ticks(window[1], window[3], picture.height):
        draw.line((0, place, picture.width, place), _GRID_INK)
    bright = ImageStat.Stat(picture.convert("L")).mean[0] > 110
    return Image.composite(Image.new("RGB", picture.size, INK if bright else PAPER), picture, lines)


def _ticks(low: float, high: float, pixels: int) -> list[tuple[int, str]]:
    """Places in px along a side that shows low to high, each with its label."""
    span = high - low
    step = next((each for each in _TICKS if each * pixels >= _TICK_ROOM * span), _TICKS[-1])
    digits = 3 if step < 0.01 else 2 if step < 0.1 else 1
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [
        (min(round((number * step - low) / span * pixels), pixels - 1), f"{number * step:.{digits}f}")
        for number in range(first, last + 1)
    ]
