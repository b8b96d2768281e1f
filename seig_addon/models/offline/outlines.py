"""Outlines of masks: tracing, simplifying, and telling boxes, balls and turned shapes from the rest.

Outlines are float arrays (n, 2) of (x, y) in pixels of the mask, y down.
"""

from __future__ import annotations

import numpy as np

from .raster import Floats, Mask, window_of

MOST_POINTS = 40  # of an outline: enough for a chair's silhouette, few enough to edit by hand
_TURNS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up


def trace(mask: Mask) -> Floats:
    """Walk around the outer border of a mask along pixel sides; clockwise on screen.

    Of several parts, the one that comes first in reading order is walked around.
    """
    padded = np.pad(mask, 1)
    first = int(np.argmax(padded.reshape(-1)))
    start = (first % padded.shape[1], first // padded.shape[1])
    (x, y), way, before = start, 0, -1
    corners: list[tuple[float, float]] = []
    while True:
        if way != before:
            corners.append((x - 1.0, y - 1.0))
        dx, dy = _TURNS[way]
        before = way
        x, y = x + dx, y + dy
        if (x, y) == start:
            break
        for turn in (-1, 0, 1):  # left first, so that parts that touch at a corner stay parts of one walk
            way = (before + turn) % 4
            if _has_mask_on_right(padded, x, y, way):
                break
    return np.array(corners)


def _has_mask_on_right(padded: Mask, x: int, y: int, way: int) -> bool:
    """Tell whether the side from corner (x, y) has mask on its right and none on its left."""
    right = ((x, y), (x - 1, y), (x - 1, y - 1), (x, y - 1))[way]
    left = ((x, y - 1), (x, y), (x - 1, y), (x - 1, y - 1))[way]
    return bool(padded[right[1], right[0]]) and not bool(padded[left[1], left[0]])


def simplify(outline: Floats, most: int = MOST_POINTS) -> Floats:
    """Leave out the points that matter least (Douglas and Peucker), until at most `most` are left."""
    tolerance = 0.75
    while True:
        kept = _simplified(outline, tolerance)
        if len(kept) < 3:  # a speck: its bounding box
            (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
            return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        if len(kept) <= most:
            return kept
        tolerance *= 1.25


def _simplified(outline: Floats, tolerance: float) -> Floats:
    closed = np.concatenate([outline, outline[:1]])
    far = int(np.argmax(np.linalg.norm(closed - closed[0], axis=1)))
    keep = {0, far, len(closed) - 1}
    pieces = [(0, far), (far, len(closed) - 1)]
    while pieces:
        first, last = pieces.pop()
        if last - first < 2:
            continue
        along = closed[last] - closed[first]
        offset = closed[first + 1 : last] - closed[first]
        length = float(np.hypot(*along))
        away = np.abs(offset[:, 0] * along[1] - offset[:, 1] * along[0]) / length if length else np.hypot(*offset.T)
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            middle = first + 1 + worst
            keep.add(middle)
            pieces += [(first, middle), (middle, last)]
    simplified: Floats = closed[sorted(keep - {len(closed) - 1})]
    return simplified


def half_widths(mask: Mask) -> tuple[float, Floats]:
    """Return the column of a mask's upright axis, and half the mask's width in each of its rows."""
    rows = np.flatnonzero(mask.any(axis=1))
    part = mask[rows[0] : rows[-1] + 1]
    left = part.argmax(axis=1)
    right = part.shape[1] - part[:, ::-1].argmax(axis=1)
    return float(np.median((left + right) / 2.0)), part.sum(axis=1) / 2.0


def fill_of_box(mask: Mask) -> float:
    """Share of its bounding box that a mask fills."""
    return float(mask[window_of(mask)].mean())


def likeness_to_ellipse(mask: Mask) -> float:
    """Intersection over union of a mask with the ellipse that fills its bounding box."""
    part = mask[window_of(mask)]
    height, width = part.shape
    y, x = np.mgrid[:height, :width]
    ellipse = ((x + 0.5) / width * 2 - 1) ** 2 + ((y + 0.5) / height * 2 - 1) ** 2 <= 1.0
    return float((part & ellipse).sum()) / float((part | ellipse).sum())


def symmetry(mask: Mask) -> float:
    """Intersection over union of a mask with its mirror image, left for right."""
    part = mask[window_of(mask)]
    return float((part & part[:, ::-1]).sum()) / float((part | part[:, ::-1]).sum())
