"""Registers what a render shows of each body to the reference: by which shift and size it fits best.

Only the directions of edges are compared, so that light and colours that are off don't matter. The search is
over a few pixels, coarse to fine. A match counts only where it is clearly better than what is there, and not
at the end of the search. Pure numpy; never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..outlines import widened
from ..scores import Pixels
from ..visible import Mask, Visible
from .bodies import Array, Camera, Mark

_REACH = 0.03  # of the picture's longer side: a shift that is looked for
_SIZES = (0.92, 0.96, 1.0, 1.04, 1.08)
_RIM = 2  # pixels around a body that belong to its outline
_FEW = 60  # pixels: less says nothing
_MOST = 1500  # pixels that are compared, spread over all that tell something
_COARSE = 400  # of them, while the search is coarse
_FAINT = 0.02  # a slope this small (of white, per pixel) counts half
_GAIN = 0.03  # of agreement, which is at most 1: a match that much better is trusted


@dataclass(frozen=True)
class Shift:
    """How a body's picture has to change: pixels to the right and down, then size about `middle` (x, y)."""

    x: float
    y: float
    size: float
    middle: tuple[float, float]
    gain: float


def register(render: Pixels, reference: Pixels, masks: Sequence[Mask]) -> list[Shift | None]:
    """Register the part of the render in each mask to the reference, of the same size; None where none is trusted."""
    shown, wanted = _directions(render), _directions(reference)
    blurred = _directions(_blurred(reference))
    coarse = _directions(_blurred(render))
    return [_best(mask, (coarse, blurred), (shown, wanted)) for mask in masks]


def masks_of(seen: Visible, camera: Camera, marks: Sequence[Mark], count: int) -> list[Mask]:
    """The pixels of each body with its outline, but for outlines that belong to what stands before it."""
    parts = [[mark for mark in marks if mark.body == at] for at in range(count)]
    depths = [float(np.mean([camera.depth(mark.points).mean() for mark in own])) if own else np.inf for own in parts]
    nothing = np.zeros(seen.index.shape, bool)
    own = [np.any([nothing, *(seen.mask(mark.name) for mark in each)], axis=0) for each in parts]
    found = []
    for at, mask in enumerate(own):
        nearer = [other for other, depth in zip(own, depths, strict=True) if depth < depths[at]]
        before = widened(np.any(nearer, axis=0), _RIM) if nearer else np.zeros_like(mask)
        found.append(widened(mask, _RIM) & ~before if mask.any() else mask)
    return found


def _best(mask: Mask, coarse: tuple[Array, Array], fine: tuple[Array, Array]) -> Shift | None:
    rows, columns = np.nonzero(mask)
    strength = (fine[0][rows, columns] ** 2).sum(axis=1)
    telling = strength > 0.1
    if telling.sum() < _FEW:
        return None
    rows, columns = rows[telling], columns[telling]
    step = max(1, len(rows) // _MOST)
    places = np.stack([columns, rows], axis=1)[::step].astype(float)
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    reach = max(2, round(_REACH * max(mask.shape)))
    stride = max(1, reach // 4)
    ways = range(-reach, reach + 1, stride)
    few = places[:: max(1, len(places) // _COARSE)]
    x: float
    y: float
    x, y, size = max(product(ways, ways, _SIZES), key=lambda way: _agreement(*coarse, few, middle, *way))
    for width, spread in ((stride, 0.02), (stride / 2, 0.01), (0.5, 0.005), (0.25, 0.005)):
        around = product((x - width, x, x + width), (y - width, y, y + width), (size - spread, size, size + spread))
        x, y, size = max(around, key=lambda way: _agreement(*fine, places, middle, *way))
    gain = _agreement(*fine, places, middle, x, y, size) - _agreement(*fine, places, middle, 0, 0, 1)
    at_the_end = max(abs(x), abs(y)) >= reach or not _SIZES[0] < size < _SIZES[-1]
    if gain < _GAIN or at_the_end:
        return None
    return Shift(float(x), float(y), float(size), (float(middle[0]), float(middle[1])), gain)


def _agreement(shown: Array, wanted: Array, places: Array, middle: Array, x: float, y: float, size: float) -> float:
    """How well edges agree once the places are moved, -1 to 1; what is moved out of the picture agrees with nothing."""
    moved = middle + size * (places - middle) + (x, y)
    base = np.floor(moved).astype(int)
    part = moved - base
    height, width, _ = wanted.shape
    inside = ((base >= 0) & (base < [width - 1, height - 1])).all(axis=1)
    base = base.clip(0, [width - 2, height - 2])
    column, row = base.T
    (across, down) = part.T[..., None]
    found = (wanted[row, column] * (1 - across) + wanted[row, column + 1] * across) * (1 - down) + (
        wanted[row + 1, column] * (1 - across) + wanted[row + 1, column + 1] * across
    ) * down
    own = shown[places[:, 1].astype(int), places[:, 0].astype(int)]
    total = np.sqrt((own**2).sum() * max(float((found**2).sum()), 1e-9))
    return float((own * found)[inside].sum() / total)


def _directions(picture: Pixels) -> Array:
    """The direction of each channel's edges, (h, w, 6), strong edges at most about 1 long, faint ones near 0."""
    down, across = np.gradient(picture, axis=(0, 1))
    slopes = np.concatenate([across, down], axis=2)
    length = np.sqrt((slopes**2).sum(axis=2, keepdims=True))
    directions: Array = slopes / (length + _FAINT)
    return directions


def _blurred(picture: Pixels) -> Pixels:
    """Blur twice over 3 × 3 pixels, so that edges meet from farther away."""
    for axis in (0, 1, 0, 1):
        ends = [(1, 1) if each == axis else (0, 0) for each in range(3)]
        padded = np.pad(picture, ends, mode="edge")
        count = picture.shape[axis]
        picture = np.asarray(sum(np.take(padded, range(at, at + count), axis) for at in range(3))) / 3
    return picture
