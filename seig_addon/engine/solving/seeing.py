"""Light as it is seen: its display in sRGB, the slope of that, and the coarse cells by which pictures are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..colors import srgb
from ..scores import Pixels

_CELL = 2  # pixels: what is compared is the mean over squares of this side, so that outlines may be off a little


def displayed(light: NDArray[Any], exposure: float, gamma: float) -> Pixels:
    """Return linear light as the sRGB that is seen, 0 to 1."""
    seen = srgb(light * 2.0**exposure)
    return seen if gamma == 1.0 else seen ** (1.0 / gamma)


def cells(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over each square of the picture: (cells, 3). What does not fill a square is left out."""
    side = min(_CELL, *picture.shape[:2])
    height, width = (length // side * side for length in picture.shape[:2])
    # Added up by hand, as numpy's mean over two axes takes five times as long.
    corners = (picture[row:height:side, column:width:side] for row in range(side) for column in range(side))
    cells: NDArray[np.float64] = sum(corners, start=np.zeros(3)).reshape(-1, 3) / side**2
    return cells


def cells_of(values: NDArray[np.float64], where: NDArray[np.intp], height: int, width: int) -> NDArray[np.float64]:
    """Return `cells` of a picture that is black but for the pixels `where` (flat), which have these values (n, 3)."""
    side = min(_CELL, height, width)
    rows, columns = height // side, width // side
    row, column = where // width // side, where % width // side
    inside = (row < rows) & (column < columns)
    number = (row * columns + column)[inside]
    sums = [np.bincount(number, values[inside, channel], rows * columns) for channel in range(3)]
    cells: NDArray[np.float64] = np.stack(sums, axis=1) / side**2
    return cells


def rise(light: NDArray[np.float64], exposure: float, gamma: float) -> NDArray[np.float64]:
    """Return the slope of `displayed`, with a little of it beyond white, so that what is too bright can come back."""
    gain = 2.0**exposure
    value = np.clip(light * gain, 1e-4, 4.0)
    slope = np.where(value <= 0.0031308, 12.92, 1.055 / 2.4 * value ** (1 / 2.4 - 1))
    if gamma != 1.0:
        seen = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
        slope = slope / gamma * seen ** (1.0 / gamma - 1.0)
    slope = np.where(light * gain > 1.0, 0.3 * slope, slope)
    result: NDArray[np.float64] = slope * gain
    return result
