"""Where to look closer: windows around the objects that are off most, or that a verifier asked to see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from PIL import Image

from .. import picture
from ..coverage import overlap
from ..factors import color_gaps, common_light, inside
from ..look import Look
from ..scene_graph import Box2D, SceneGraph
from ..scores import Pixels
from ..siblings import together
from ..stages import GEOMETRY, MATERIALS, Stage
from .canvas import panel
from .names import readable

CROP, CLOSER = 230, 280  # px of a crop's longer side: of the worst objects, and of those that were asked for

_MOST = 4  # crops
_MARGIN = 0.25  # of a crop's own size, added on each side to show what is around
_ZOOM = 1.6  # so many times larger than side by side; crops that are less show nothing new
_STEPS = 9  # places across and down at which the worst part of a large window is looked for
_LEAST = 0.12  # of the picture: smaller crops show nothing but blur
_SAME_PLACE = 0.3  # intersection over union: such crops would show the same

Windows = list[tuple[str, Box2D]]
"""Parts of the picture, with their titles."""


def worst(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> Windows:
    """Choose what to enlarge for a stage: by squared error in geometry, by colour in materials, else nothing."""
    if stage not in (GEOMETRY, MATERIALS):
        return []
    render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
    error = _error(render, wanted)
    graph, seen = together(graph, look.seen)
    gaps = color_gaps(graph, seen, render, wanted)
    light = common_light(gaps)
    weights = {gap.name: gap.difference(light) * float(np.sqrt(gap.share)) for gap in gaps}
    places = []
    for leaf in graph.leaves:
        if leaf.kind == "surface" or leaf.box is None:
            continue
        box = _around(leaf.box, seen.box(leaf.name))
        if stage is not MATERIALS:
            part = error[inside(box, error.shape)]
            weights[leaf.name] = float(part.mean() * np.sqrt(part.size))
        places.append((weights.get(leaf.name, 0.0), leaf.name, box))
    chosen: Windows = []
    for _, name, box in sorted(places, key=lambda place: (-place[0], place[1])):
        title, window = _window(readable(name, seen.names), box, error, CROP)
        if all(overlap(window, other) < _SAME_PLACE for _, other in chosen):
            chosen.append((title, window))
    return chosen[:_MOST]


def around(names: Sequence[str], graph: SceneGraph, look: Look, reference: Image.Image) -> Windows:
    """Choose what to enlarge of the named objects and groups; those that aren't there are left out."""
    error = _error(picture.pixels(look.render), picture.pixels(reference, look.render.size))
    chosen: Windows = []
    for name in names:
        leaves = graph.within(name)
        boxes = [_around(leaf.box, look.seen.box(leaf.name)) for leaf in leaves if leaf.box is not None]
        if boxes:
            title = readable(name if name.isascii() else leaves[0].name, look.seen.names)
            chosen.append(_window(title, reduce(_around, boxes), error, CLOSER))
    return chosen[:_MOST]


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


def _window(title: str, box: Box2D, error: Pixels, side: int) -> tuple[str, Box2D]:
    """What to enlarge of an object, with its title: all of it with what is around, or the worst part of a large one."""
    whole = window_of(box, error.shape[1] / error.shape[0])
    window = enlargeable(whole, error * inside(box, error.shape), side)
    return (title if window == whole else f"{title} (part)"), window


def _error(render: Pixels, wanted: Pixels) -> Pixels:
    """Squared error of each pixel of the render (height, width)."""
    error: Pixels = ((render - wanted) ** 2).mean(axis=2)
    return error


def _around(a: Box2D, b: Box2D | None) -> Box2D:
    """The box around two boxes, cut to the picture."""
    left, top, right, bottom = a if b is None else (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
