"""The convex hull of points in a plane (Andrew's monotone chain). Pure numpy; never imports bpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def hull(points: Points) -> Points:
    """The corners (k, 2) of the convex hull of points (n, 2), counter-clockwise; one or two where they are in line."""
    rows = np.unique(points.round(9), axis=0)
    if len(rows) < 3:
        return rows

    def half(rows: Points) -> list[Points]:
        chain: list[Points] = []
        for row in rows:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], row) <= 0:
                chain.pop()
            chain.append(row)
        return chain[:-1]

    return np.array(half(rows) + half(rows[::-1]))


def _turn(a: Points, b: Points, c: Points) -> float:
    """Positive where the way from a over b to c turns left, negative where it turns right."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
