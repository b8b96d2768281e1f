"""Cutting a thing of one colour into its parts, where it is joined from a few compact ones.

A table seen from the side is a top, a pole and a foot: three plain solids that an artist would want
to pick separately, where one outline would be neither exact nor editable.
"""

from __future__ import annotations

import numpy as np

from .raster import Labels, Mask, connected, neighbours, window_of

BACKDROP, GROUND, FIRST_THING = 0, 1, 2  # numbers in a picture's labels
_MOST_THINGS = 50  # solids after cutting: with surfaces and groups below the 64 objects of a block-out
_NONE = -1
_LARGE = 0.004  # of the picture: smaller things stay whole
_COMPACT = 0.55  # share of its bounding box that a thing fills; a fuller one stays whole
_SAVED = 0.3  # share of the bounding box that a cut must do away with
_LYING = 1.6  # width to height of what may be a top or a slab that we look down on
_FEET = 0.25  # share of its width on which other things must stand amid a thing, for it to carry them
_TRIED = 4  # cuts each way that are tried, where the thing gets wider or narrower most
_TINY = 0.0006  # of the picture: parts below are dropped
_LEAST = 0.12  # share of a thing that each part must have


def split(labels: Labels) -> Labels:
    """Cut straggling things, and make every thing one connected part; numbers stay without gaps."""
    least = max(4, round(_TINY * labels.size))
    waiting = [(labels == n, not _carries(labels, n)) for n in range(FIRST_THING, int(labels.max()) + 1)]
    done: list[Mask] = []
    while waiting:
        waiting.sort(key=lambda each: int(each[0].sum()))
        mask, may_cut = waiting.pop()
        found = [piece for piece in pieces(mask) if piece.sum() >= least or piece.sum() == mask.sum()]
        if len(found) > 1:
            waiting += [(piece, may_cut) for piece in found]
            continue
        room = len(done) + len(waiting) + 2 <= _MOST_THINGS
        halves = _cut(mask) if may_cut and room and mask.sum() > _LARGE * labels.size else None
        if halves is None:
            done.append(mask)  # the largest come first
        else:
            waiting += [(half, True) for half in halves]
    parted = np.where(labels < FIRST_THING, labels, _NONE)
    for number, mask in enumerate(done[:_MOST_THINGS], FIRST_THING):
        parted[mask] = number
    while (parted == _NONE).any():
        # What was too small goes to whatever is beside it.
        beside = neighbours(parted).max(axis=0)
        parted = np.where(parted == _NONE, beside, parted)
    return parted


def _carries(labels: Labels, number: int) -> bool:
    """Tell whether other things stand amid a thing: we look down on it, and what hides it cuts it up."""
    mask = labels == number
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(columns) < _LYING * len(rows):
        return False
    below_edge = rows[0] + 0.25 * len(rows)
    feet = mask[1:] & (labels[:-1] >= FIRST_THING) & ~mask[:-1]
    feet[: int(below_edge)] = False
    return int(feet.any(axis=0).sum()) > _FEET * len(columns)


def _cut(mask: Mask) -> tuple[Mask, Mask] | None:
    """The two sides of the straight cut that saves most of the bounding boxes' area, if it saves enough."""
    whole = _box_area(mask)
    if mask.sum() > _COMPACT * whole:
        return None
    window = window_of(mask)
    crop = mask[window]
    best, found = (1.0 - _SAVED) * whole, None
    for axis in (0, 1):
        widths = crop.sum(axis=1 - axis)
        steps = np.abs(np.diff(widths))
        for place in np.argsort(-steps, kind="stable")[:_TRIED] + 1:
            first, second = crop.copy(), crop.copy()
            (first if axis == 0 else first.T)[place:] = False
            (second if axis == 0 else second.T)[:place] = False
            if min(first.sum(), second.sum()) < _LEAST * crop.sum():
                continue
            area = sum(_box_area(piece) for half in (first, second) for piece in pieces(half))
            if area < best:
                best, found = area, (first, second)
    if found is None:
        return None
    halves = np.zeros_like(mask), np.zeros_like(mask)
    for half, small in zip(halves, found, strict=True):
        half[window] = small
    return halves


def pieces(mask: Mask) -> list[Mask]:
    """The connected parts of a mask."""
    window = window_of(mask)
    parts = connected(mask[window].astype(np.int64))
    found = []
    for number in np.unique(parts[mask[window]]):
        piece = np.zeros_like(mask)
        piece[window] = parts == number
        found.append(piece)
    return found


def _box_area(mask: Mask) -> int:
    return int(mask.any(axis=0).sum()) * int(mask.any(axis=1).sum())
