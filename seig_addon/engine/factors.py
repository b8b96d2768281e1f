"""A score for each scene factor: what a stage is about, measured apart from what other stages are about.

They are shown to the model and kept with each round; which round stays is still decided by
Scores.overall, which is about the whole picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from . import colors, outlines
from .coverage import overlap
from .scene_graph import Box2D, Node, SceneGraph
from .scores import Factors, Pixels
from .siblings import together
from .visible import Mask, Visible

_COLOR_SCALE = 30.0  # CIELAB: a mean difference that scores 1/e
_LIGHT_SCALE = 0.15  # of white: the same for brightness
GRID = 8  # cells a side, coarse enough to show light and not outlines
DARK = 0.002  # linear light, added above and below: black divides nothing
_TELLING = 3  # colours: of two, either could be the one that is off
FEW = 12  # pixels: fewer say nothing about a colour
_MIXED = 6.0  # CIELAB: if mean and median differ by more, not all pixels are of one colour
_TOLD = 0.15  # of a cell: fewer pixels say nothing about its light


class ColorGap(BaseModel):
    """A leaf's mean colour in linear light, in reference and render, over the same pixels.

    What is `thin` has a mean that is half its neighbours'. `middle` is the median of the reference's pixels where it
    is another colour than their mean: some of them show something else, or a gleam.
    """

    name: str
    share: float
    wanted: tuple[float, float, float]
    got: tuple[float, float, float]
    thin: bool = False
    middle: tuple[float, float, float] | None = None

    def ratio(self) -> colors.Floats:
        """Reference over render, per channel."""
        return (np.array(self.wanted) + DARK) / (np.array(self.got) + DARK)

    def difference(self, light: colors.Floats | float = 1.0) -> float:
        """Distance in CIELAB, after the render's light is multiplied by `light`."""
        wanted, got = np.array(self.wanted), np.array(self.got) * light
        return float(colors.difference(colors.srgb(wanted), colors.srgb(got)))


def measure_factors(graph: SceneGraph, seen: Visible, render: Pixels, reference: Pixels) -> Factors:
    """Score each factor; the pictures and `seen` are of the same size."""
    graph, seen = together(graph, seen)
    gaps = color_gaps(graph, seen, render, reference)
    light = common_light(gaps)
    weights = [np.sqrt(gap.share) for gap in gaps]
    apart = np.average([gap.difference(light) for gap in gaps], weights=weights) if gaps else None
    boxes = box_agreement(graph, seen)
    return Factors(
        outlines=round(outlines.agreement(render, reference, seen), 3),
        colors=None if apart is None else round(float(np.exp(-apart / _COLOR_SCALE)), 3),
        boxes=round(float(np.mean(list(boxes.values()))), 3) if boxes else None,
        light=round(float(np.exp(-np.abs(light_grid(render, reference)).mean() / _LIGHT_SCALE)), 3),
    )


def box_agreement(graph: SceneGraph, seen: Visible) -> dict[str, float]:
    """Intersection over union of marked and seen box, for each object; 0 where it can't be seen."""
    return {
        leaf.name: overlap(leaf.box, box) if (box := seen.box(leaf.name)) else 0.0
        for leaf in graph.leaves
        if is_compared(leaf) and leaf.box is not None
    }


def is_compared(leaf: Node) -> bool:
    """Whether a leaf's box says where it stands: a surface's says little, because it reaches out of the picture."""
    return leaf.kind == "object" and leaf.box is not None


def color_gaps(graph: SceneGraph, seen: Visible, render: Pixels, reference: Pixels) -> list[ColorGap]:
    """Compare the mean colour of each leaf that can be seen, over its own visible pixels."""
    wanted, got = colors.linear(reference), colors.linear(render)
    found = []
    for leaf in graph.leaves:
        mask = measured_on(leaf, seen)
        if mask.sum() >= FEW:
            means = [tuple(picture[mask].mean(axis=0).tolist()) for picture in (wanted, got)]
            share, thin = float(mask.mean()), seen.is_thin(leaf.name)
            middle = _middle(wanted[mask])
            found.append(ColorGap(name=leaf.name, share=share, wanted=means[0], got=means[1], thin=thin, middle=middle))
    return found


def _middle(pixels: colors.Floats) -> tuple[float, float, float] | None:
    """The median of pixels (n, 3) in linear light; None where it is as good as their mean."""
    mean, middle = pixels.mean(axis=0), np.median(pixels, axis=0)
    apart = float(colors.difference(colors.srgb(mean), colors.srgb(middle)))
    red, green, blue = middle.tolist()
    return (red, green, blue) if apart > _MIXED else None


def measured_on(leaf: Node, seen: Visible) -> Mask:
    """The pixels of a leaf by which its colour is measured: without its rim, and within its marked box.

    Outside of it the reference shows something else; where that leaves too little, all of them count.
    """
    mask = seen.core(leaf.name)
    marked = mask & inside(leaf.box, mask.shape) if leaf.box else mask
    return marked if marked.sum() >= max(FEW, 0.25 * mask.sum()) else mask


def common_light(gaps: list[ColorGap]) -> colors.Floats:
    """The factor by which all colours are off together, per channel: what light would mend.

    1 where there are too few to tell light from colour.
    """
    if len(gaps) < _TELLING:
        return np.ones(3)
    logs = np.log([gap.ratio() for gap in gaps])
    weights = np.sqrt([gap.share for gap in gaps])
    return np.exp([_weighted_median(logs[:, channel], weights) for channel in range(3)])


def light_grid(render: Pixels, reference: Pixels, where: Mask | None = None) -> colors.Floats:
    """Brightness of the render minus the reference, each cell's mean, on a grid of 8 × 8 at most.

    Of the pixels in `where`; a cell that has few of them is nan.
    """
    gap = colors.brightness(render) - colors.brightness(reference)
    where = np.ones(gap.shape, bool) if where is None else where
    sums, rows, columns = cells(gap * where, GRID)
    counts, _, _ = cells(where.astype(float), GRID)
    told = counts >= _TOLD * np.outer(np.diff(rows), np.diff(columns))
    return np.where(told, sums / np.maximum(counts, 1.0), np.nan)


def same_leaf(graph: SceneGraph, seen: Visible) -> Mask:
    """The pixels where both pictures show the same leaf, as far as the marked boxes tell.

    There it is light or colour that differs, not what stands there.
    """
    same = np.zeros(seen.index.shape, bool)
    for leaf in graph.leaves:
        if leaf.box is not None:
            same |= seen.core(leaf.name) & uncovered(leaf.box, graph, same.shape)
    return same


def uncovered(box: Box2D, graph: SceneGraph, shape: tuple[int, ...]) -> Mask:
    """The pixels of a picture (height, width) within a box, without those in a smaller box of the graph's leaves."""
    free = inside(box, shape)
    for leaf in graph.leaves:
        if leaf.box is not None and _area(leaf.box) < _area(box):
            free &= ~inside(leaf.box, shape)
    return free


def cells(values: colors.Floats, most: int) -> tuple[colors.Floats, NDArray[np.int_], NDArray[np.int_]]:
    """Sum values (height, width) over a grid of at most so many cells a side; also the cells' edges, in pixels."""
    rows, columns = (np.linspace(0, side, min(most, side) + 1).astype(int) for side in values.shape)
    return np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1), rows, columns


def inside(box: Box2D, shape: tuple[int, ...]) -> Mask:
    """The pixels of a picture (height, width) within a box, of which at least one is."""
    height, width = shape[:2]
    left, top, right, bottom = box
    mask = np.zeros((height, width), bool)
    x, y = min(max(int(left * width), 0), width - 1), min(max(int(top * height), 0), height - 1)
    mask[y : max(round(bottom * height), y + 1), x : max(round(right * width), x + 1)] = True
    return mask


def _area(box: Box2D) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _weighted_median(values: colors.Floats, weights: colors.Floats) -> float:
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])
