"""What is what in the render: one flat colour per object with its name, and outlines over the reference."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageDraw

from ..scene_graph import SceneGraph
from ..visible import Mask, Visible
from .canvas import MARKED, SEEN, framed, labelled, painted, pale, panel, shortened, text_width, to_pixels
from .names import LINE, readable, with_names

_GOLDEN = 0.618034  # turns of hue from one object to the next: neighbours in the list differ most


def flat_colors(render: Image.Image, seen: Visible) -> Image.Image:
    """Paint each object in one colour, shaded a little, with its name beside the picture and a line to it."""
    palette = np.array([_color(number) for number in range(len(seen.names))] + [(235, 235, 235)], np.float64)
    size = (seen.index.shape[1], seen.index.shape[0])
    shade = np.asarray(render.convert("L").resize(size, Image.Resampling.LANCZOS), np.float64) / 255.0
    painted_flat = palette[seen.index] * (0.7 + 0.3 * shade[..., None])
    painted_flat[seen.borders()] *= 0.5
    places = {name: place for name in seen.names if (place := _middle(seen, name)) is not None}
    largest = sorted(places, key=lambda name: (-seen.share(name), name))
    picture = panel(Image.fromarray(np.uint8(painted_flat)))
    return with_names(picture, "render: objects", {readable(name, seen.names): places[name] for name in largest})


def outlined(reference: Image.Image, seen: Visible) -> Image.Image:
    """Draw the outlines of the render's objects over the reference."""
    picture = painted(panel(reference), _thin(seen), SEEN)
    return framed(picture, "reference with the render's outlines")


def boxed(reference: Image.Image, graph: SceneGraph, seen: Visible, off: list[str]) -> Image.Image:
    """Draw the marked boxes (green) and those of what is seen in the render (magenta) over the pale reference.

    Only of the objects named in `off`, which carry their names; the others are in their place.
    """
    picture = pale(panel(reference))
    draw = ImageDraw.Draw(picture)
    for leaf in graph.leaves:
        if leaf.name in off and leaf.box is not None:
            box = seen.box(leaf.name)
            left, top, right, bottom = to_pixels(leaf.box, picture.size)
            draw.rectangle((left, top, right - 1, bottom - 1), outline=MARKED, width=2)
            if box is not None:
                left, top, right, bottom = to_pixels(box, picture.size)
                draw.rectangle((left, top, right - 1, bottom - 1), outline=SEEN, width=1)
    taken: list[tuple[float, float, float, float]] = []
    for leaf in graph.leaves:
        if leaf.name in off and leaf.box is not None:
            _place_label(draw, picture.size, readable(leaf.name, seen.names), to_pixels(leaf.box, picture.size), taken)
    return framed(picture, "boxes: green marked, magenta in the render")


def _thin(seen: Visible) -> Mask:
    """Outlines one pixel wide."""
    edge = np.zeros(seen.index.shape, bool)
    edge[:, 1:] |= seen.index[:, 1:] != seen.index[:, :-1]
    edge[1:] |= seen.index[1:] != seen.index[:-1]
    return edge


def _color(number: int) -> tuple[float, float, float]:
    red, green, blue = colorsys.hsv_to_rgb(
        number * _GOLDEN % 1.0, (0.45, 0.7)[number % 2], (0.95, 0.75)[number // 2 % 2]
    )
    return red * 255, green * 255, blue * 255


def _middle(seen: Visible, name: str) -> tuple[float, float] | None:
    """A place (u, v) on an object, as near to its middle as it has one."""
    rows, columns = np.nonzero(seen.core(name))
    if not len(rows):
        return None
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    height, width = seen.index.shape
    return (columns[nearest] + 0.5) / width, (rows[nearest] + 0.5) / height


def _place_label(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    name: str,
    box: tuple[int, int, int, int],
    taken: list[tuple[float, float, float, float]],
) -> None:
    """Write a name at the first corner of its box where it hides no other name; somewhere inside in any case."""
    text = shortened(name, size[0] // 2)
    width, (left, top, right, bottom) = text_width(text), box
    corners = [
        (left, top - LINE),
        (left, bottom),
        (left + 2, top),
        (right - width, top - LINE),
        (right - width, bottom),
    ]
    spots = [(min(max(x, 0), size[0] - width), min(max(y, 0), size[1] - LINE)) for x, y in corners]
    free = [(x, y) for x, y in spots if all(_apart((x, y, x + width, y + LINE), other) for other in taken)]
    x, y = (free or spots)[0]
    taken.append((x, y, x + width, y + LINE))
    labelled(draw, (x, y - 1), text)


def _apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
