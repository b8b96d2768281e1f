"""Names beside a picture, each with a line to the place that it names: nothing is covered, and nothing overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from .canvas import FONT, GAP, INK, PAPER, font, shortened, text_width

LINE = FONT + 1  # px that a name takes down
_WIDTH = 110  # px that a name may take across
_TOP = 16  # px for the title


def readable(name: str, names: Sequence[str]) -> str:
    """A name as it can be drawn: the font has plain letters only, so other names stand as their place in the list."""
    return name if name.isascii() else f"leaf {names.index(name) + 1}"


def with_names(picture: Image.Image, title: str, places: Mapping[str, tuple[float, float]]) -> Image.Image:
    """Write names in a column on each side of a picture, in the order of the places (u, v) that they stand for.

    Where they are too many to fit, the first ones are written.
    """
    names = list(places)[: 2 * (picture.height // LINE)]
    across = sorted(names, key=lambda name: (places[name][0], name))
    sides = across[: (len(across) + 1) // 2], across[(len(across) + 1) // 2 :]
    widths = [max([min(text_width(name), _WIDTH) for name in side], default=0) + GAP for side in sides]
    sheet = Image.new("RGB", (picture.width + sum(widths), picture.height + _TOP), PAPER)
    sheet.paste(picture, (widths[0], _TOP))
    draw = ImageDraw.Draw(sheet)
    draw.text((widths[0], 1), title, INK, font())
    edges = (widths[0] - GAP // 2, widths[0], "rm"), (sheet.width - widths[1] + GAP // 2, sheet.width - widths[1], "lm")
    for side, (x_text, x_edge, anchor) in zip(sides, edges, strict=True):
        down = sorted(side, key=lambda name: (places[name][1], name))
        rows = _spread([places[name][1] * picture.height for name in down], picture.height)
        for name, y in zip(down, rows, strict=True):
            u, v = places[name]
            x_place, y_place = widths[0] + u * picture.width, _TOP + v * picture.height
            draw.line((x_edge, _TOP + y, x_place, y_place), INK)
            draw.ellipse((x_place - 2, y_place - 2, x_place + 2, y_place + 2), PAPER, INK)
            draw.text((x_text, _TOP + y), shortened(name, _WIDTH), INK, font(), anchor=anchor)
    return sheet


def _spread(wanted: list[float], height: int) -> list[float]:
    """Move rows apart until a line of text fits each, in order and inside the picture."""
    half = LINE / 2
    places: list[float] = []
    for y in wanted:
        places.append(max(y, places[-1] + LINE if places else half))
    limit = height - half
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], limit)
        limit = places[number] - LINE
    return places
