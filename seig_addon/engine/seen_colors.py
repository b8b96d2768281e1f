"""Which colours the reference shows of each leaf, before there is a render that tells which pixels are its own.

A box holds more than its leaf: what stands before and behind it. So a box's colours are told apart, and the one
stays that takes most of it and looks most like what the leaf was said to be.
"""

from __future__ import annotations

import numpy as np

from . import colors
from .factors import inside, uncovered
from .scene_graph import Box2D, Node, SceneGraph
from .scores import Pixels
from .visible import Mask

_FREE = 0.25  # of the middle of a box: if more of it is covered, its colour is looked for in all of the box
_LEVELS = 8  # of each channel: colours are alike that share one
_LEAST = 0.08  # of the pixels: rarer colours are none of the leaf's main ones
_NEAR = 0.12  # of white: pixels that differ by less in every channel are of one colour
_UNLIKE = 60.0  # CIELAB, of hue and saturation: so far apart counts as much as the whole share
_MIXED = 0.5  # of the pixels: if the colour takes less, it may be that of something else


def seen_colors(graph: SceneGraph, reference: Pixels) -> list[str]:
    """Say which colour (sRGB) the reference shows of each leaf, where no smaller box covers it."""
    words = []
    for leaf in graph.leaves:
        if leaf.box is not None:
            part = _free(leaf.box, graph, reference)
            if part.any():
                color, share = _main_color(leaf, reference[part])
                words.append(f"{leaf.name} {colors.hex_color(color)}{' mixed' if share < _MIXED else ''}")
    some = any(each.endswith(" mixed") for each in words)
    mixed = " (mixed: of patterns, shadows, or what lies behind; look)" if some else ""
    return [f"colours that the reference shows{mixed}: {', '.join(words)}"] if words else []


def _free(box: Box2D, graph: SceneGraph, reference: Pixels) -> Mask:
    """The pixels of a box that no smaller box covers: of its middle half, if enough of that is left.

    There its outline and what stands around it matter least.
    """
    free = uncovered(box, graph, reference.shape)
    middle = inside(_middle(box), reference.shape)
    return free & middle if (free & middle).sum() >= _FREE * middle.sum() else free


def _main_color(leaf: Node, pixels: Pixels) -> tuple[colors.Floats, float]:
    """The colour of these pixels (n, 3) that is most likely the leaf's, and the share of them that are near it."""
    bins = np.unique((pixels * (_LEVELS - 1e-6)).astype(int), axis=0, return_inverse=True, return_counts=True)
    _, bin_of, counts = bins
    bin_of = bin_of.ravel()
    found = []
    for number in np.flatnonzero(counts >= min(_LEAST * len(pixels), counts.max())):
        middle = np.median(pixels[bin_of == number], axis=0)
        near = np.abs(pixels - middle).max(axis=1) < _NEAR
        color, share = np.median(pixels[near], axis=0), float(near.mean())
        found.append((share - _unlike(leaf, color), share, color))
    _, share, color = max(found, key=lambda each: each[:2])
    return color, share


def _unlike(leaf: Node, color: colors.Floats) -> float:
    """How unlike a colour is to what the leaf was said to have; light may make it darker or brighter."""
    if leaf.base_color is None:
        return 0.0
    apart = colors.lab(color)[1:] - colors.lab(colors.from_hex(leaf.base_color))[1:]
    return float(np.linalg.norm(apart)) / _UNLIKE


def _middle(box: Box2D) -> Box2D:
    """The middle half of a box, within the picture."""
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    x, y = (right - left) / 4, (bottom - top) / 4
    return left + x, top + y, right - x, bottom - y
