"""Edges in pictures, and how well those of a render agree with those of the reference."""

from __future__ import annotations

import numpy as np

from .scene_graph import SceneGraph
from .scores import Pixels
from .visible import Mask, Visible

_EDGE = 0.05  # of white, by which brightness or a colour has to step to count as an edge
_REACH = 0.01  # of the picture's longer side: so far apart, two edges still agree


def edges(picture: Pixels) -> Mask:
    """Find the pixels where brightness or colour steps."""
    return steepness(picture) > _EDGE


def steepness(picture: Pixels) -> Pixels:
    """Sobel filter over a little blur, of the steepest channel: (height, width), a step over all of white is 0.7."""
    padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)), mode="edge")
    height, width, _ = picture.shape
    blurred = np.zeros((height + 2, width + 2, 3))
    for y in range(3):
        for x in range(3):
            blurred += padded[y : y + height + 2, x : x + width + 2] / 9.0
    across = blurred[:, 2:] - blurred[:, :-2]
    down = blurred[2:] - blurred[:-2]
    across = (across[:-2] + 2 * across[1:-1] + across[2:]) / 4.0
    down = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 4.0
    strength: Pixels = np.sqrt((across**2 + down**2) / 2.0).max(axis=2)
    return strength


def widened(mask: Mask, pixels: int) -> Mask:
    """Grow a mask by so many pixels to all sides, corners too."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, pixels + 1):
            ahead, behind = [slice(None)] * 2, [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            grown[tuple(ahead)] |= mask[tuple(behind)]
            grown[tuple(behind)] |= mask[tuple(ahead)]
        mask = grown
    return mask


def agreement(render: Pixels, reference: Pixels, seen: Visible) -> float:
    """Score how well the outlines agree, 0 to 1: the harmonic mean of two shares.

    Of the borders between the render's objects, how much lies on an edge of the reference; of the
    reference's edges, how much lies on an edge of the render.
    """
    reach = _reach(seen)
    borders, wanted, there = seen.borders(), edges(reference), edges(render)
    right = _share(borders, widened(wanted, reach))
    found = _share(wanted, widened(there | borders, reach))
    return 2 * right * found / (right + found) if right + found > 0 else 0.0


def stray(graph: SceneGraph, reference: Pixels, seen: Visible) -> dict[str, float]:
    """Tell for each object how much of its outline lies on no edge of the reference, 0 to 1."""
    wanted = widened(edges(reference), _reach(seen))
    borders = seen.borders()
    found = {}
    for leaf in graph.leaves:
        outline = borders & seen.mask(leaf.name)
        if leaf.kind == "object" and outline.any():
            found[leaf.name] = 1.0 - _share(outline, wanted)
    return found


def _reach(seen: Visible) -> int:
    return max(1, round(_REACH * max(seen.index.shape)))


def _share(part: Mask, of: Mask) -> float:
    return float(of[part].mean()) if part.any() else 1.0
