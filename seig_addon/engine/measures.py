"""Numbers that eyes can't read off a picture, for the questions: places, colours and brightness compared.

Everything is measured inside the scene graph's boxes, which a model marked by eye; so these are
hints for the model, not scores.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..studio.scene import SceneDescription
from .scene_graph import Box2D, SceneGraph
from .scores import Pixels

_VISIBLE = 0.01  # of the picture: offsets below can't be seen at the size that is compared
_LISTED = 16  # objects a list names: the worst ones
_GRID = 8  # cells a side, coarse enough to show light and not outlines


def box_offsets(graph: SceneGraph, scene: SceneDescription) -> list[str]:
    """Compare each object's box in the picture, as marked and as it is now, worst first."""
    boxes = {each.name: each.box for each in scene.objects}
    lines = []
    for leaf in graph.leaves:
        now = boxes.get(leaf.name)
        if leaf.kind == "surface" or leaf.box is None or now is None:
            continue
        offsets = [a - b for a, b in zip(now, leaf.box, strict=True)]
        worst = max(abs(offset) for offset in offsets)
        if worst >= _VISIBLE:
            sides = zip(("left", "top", "right", "bottom"), offsets, strict=True)
            words = ", ".join(f"{side} {offset:+.3f}" for side, offset in sides if abs(offset) >= _VISIBLE)
            lines.append((worst, f"{leaf.name}: box is off by {words}"))
    return [line for _, line in sorted(lines, reverse=True)[:_LISTED]]


def seen_colors(graph: SceneGraph, reference: Pixels) -> list[str]:
    """Say which colour (sRGB) the reference shows in the middle of each leaf's box."""
    lines = []
    for leaf in graph.leaves:
        seen = _middle(reference, leaf.box) if leaf.box is not None else None
        if seen is not None:
            lines.append(f"{leaf.name}: shows {_hex(seen)} in the middle of its box")
    return lines


def colors(graph: SceneGraph, render: Pixels, reference: Pixels) -> list[str]:
    """Compare the mean colour in the middle of each leaf's box, in reference and render (sRGB), worst first.

    With the factor between them in linear light, by which a base color would have to change.
    Render and reference are of the same shape.
    """
    lines = []
    for leaf in graph.leaves:
        if leaf.box is None:
            continue
        wanted, got = (_middle(picture, leaf.box) for picture in (reference, render))
        if wanted is None or got is None:
            continue
        gap = float(np.abs(wanted - got).max())
        factor = (_linear(wanted) + 0.005) / (_linear(got) + 0.005)  # the offset keeps black from dividing by zero
        words = " ".join(f"{part:.2f}" for part in factor)
        lines.append((gap, f"{leaf.name}: reference {_hex(wanted)}, render {_hex(got)}, linear factor r g b {words}"))
    return [line for _, line in sorted(lines, reverse=True)[:_LISTED]]


def brightness(render: Pixels, reference: Pixels) -> list[str]:
    """Compare brightness on a coarse grid: render minus reference, in sRGB levels of 255, and as one factor."""
    height, width, _ = render.shape
    rows = np.linspace(0, height, min(_GRID, height) + 1).astype(int)
    columns = np.linspace(0, width, min(_GRID, width) + 1).astype(int)
    gap = (render - reference).mean(axis=2) * 255
    lines = [
        " ".join(f"{gap[top:bottom, left:right].mean():+4.0f}" for left, right in pairwise(columns))
        for top, bottom in pairwise(rows)
    ]
    whole = float(_linear(reference).mean() / max(_linear(render).mean(), 1e-6))
    clipped = [float((picture > 0.996).all(axis=2).mean()) for picture in (reference, render)]
    return [
        f"all light together would have to change by a factor of {whole:.2f}",
        f"pure white: {clipped[0]:.1%} of the reference, {clipped[1]:.1%} of the render",
        "brightness of the render minus the reference, 0 to 255, on a grid from the top left:\n  " + "\n  ".join(lines),
    ]


def _middle(picture: Pixels, box: Box2D) -> Pixels | None:
    """Mean colour of the box's middle half, where its outline and what stands around it matter least."""
    height, width, _ = picture.shape
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    quarter_x, quarter_y = (right - left) / 4, (bottom - top) / 4
    x0, x1 = int((left + quarter_x) * width), int(np.ceil((right - quarter_x) * width))
    y0, y1 = int((top + quarter_y) * height), int(np.ceil((bottom - quarter_y) * height))
    if x1 <= x0 or y1 <= y0:
        return None
    mean: Pixels = picture[y0:y1, x0:x1].mean(axis=(0, 1))
    return mean


def _linear(srgb: Pixels) -> Pixels:
    """From sRGB to linear light, 0 to 1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _hex(color: Pixels) -> str:
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in color)
