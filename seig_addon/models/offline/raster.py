"""Small operations on pictures and masks: colour spaces, medians, connected parts, growing and shrinking.

Pictures are float arrays (height, width, 3), sRGB 0 to 1 unless said otherwise; masks are bool arrays
(height, width); labels are int arrays (height, width).
"""

from __future__ import annotations

import io
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...engine import colors

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]
_Value = TypeVar("_Value", np.float64, np.int64)

_XYZ_OF_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def decode(data: bytes, longest: int) -> Floats:
    """Decode a picture, scaled down so that its longest side is at most `longest` px."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    scale = longest / max(picture.size)
    if scale < 1.0:
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX)
    return np.asarray(picture, dtype=np.float64) / 255.0


def resized(picture: Floats, width: int, height: int) -> Floats:
    """Scale a picture to another size, each new pixel a mean over what it covers."""
    image = Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255 + 0.5))
    return np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.float64) / 255.0


def to_lab(srgb: Floats) -> Floats:
    """From sRGB to CIE L*a*b* (lightness 0 to 100), where distances are roughly as seen."""
    ratio = colors.linear(srgb) @ _XYZ_OF_RGB.T / _WHITE
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def to_hex(srgb: Floats) -> str:
    """One colour as "#rrggbb"."""
    red, green, blue = (int(value) for value in np.clip(srgb, 0, 1) * 255 + 0.5)
    return f"#{red:02x}{green:02x}{blue:02x}"


def neighbours(picture: NDArray[_Value], reach: int = 1) -> NDArray[_Value]:
    """Stack each pixel with its neighbours within `reach`: (h, w, …) to (n, h, w, …); edges repeat."""
    padded = np.pad(picture, [(reach, reach), (reach, reach)] + [(0, 0)] * (picture.ndim - 2), mode="edge")
    height, width = picture.shape[:2]
    side = 2 * reach + 1
    return np.stack([padded[y : y + height, x : x + width] for y in range(side) for x in range(side)])


def median3(picture: Floats) -> Floats:
    """Median over 3×3 pixels, channel by channel: takes out noise and keeps edges."""
    middle: Floats = np.median(neighbours(picture), axis=0)
    return middle


def grow(mask: Mask, steps: int = 1) -> Mask:
    """Add the pixels beside a mask (4 neighbours), `steps` times."""
    for _ in range(steps):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask


def shrink(mask: Mask, steps: int = 1) -> Mask:
    """Take away the outermost pixels of a mask; the picture's edges don't count as outside."""
    return ~grow(~mask, steps)


def core(mask: Mask, steps: int = 2) -> Mask:
    """Shrink a mask as far as `steps`, but never to nothing: where colours can be measured unmixed."""
    for count in range(steps, 0, -1):
        inner = shrink(mask, count)
        if inner.sum() >= 0.2 * mask.sum():
            return inner
    return mask


def connected(labels: Labels) -> Labels:
    """Number the 4-connected parts of equal label, 0, 1, … in reading order of their first pixel."""
    height, width = labels.shape
    part = np.arange(height * width).reshape(height, width)
    same_row = labels[:, 1:] == labels[:, :-1]
    same_column = labels[1:] == labels[:-1]
    while True:
        before = part
        part = part.copy()
        # Each pixel takes the least number beside it, then follows pointers to where that one has got to.
        for target, source in ((part[:, 1:], part[:, :-1]), (part[:, :-1], part[:, 1:])):
            np.minimum(target, source, out=target, where=same_row)
        for target, source in ((part[1:], part[:-1]), (part[:-1], part[1:])):
            np.minimum(target, source, out=target, where=same_column)
        part = part.reshape(-1)[part]
        if np.array_equal(part, before):
            break
    numbers: Labels = np.unique(part, return_inverse=True)[1].reshape(height, width)
    return numbers


def fill_holes(mask: Mask) -> Mask:
    """Add what a mask encloses: all that isn't connected with the picture's edge from outside."""
    window = window_of(mask)
    parts = connected(np.pad(~mask[window], 1, constant_values=True).astype(np.int64))
    filled = mask.copy()
    filled[window] = (parts != parts[0, 0])[1:-1, 1:-1]
    return filled


def window_of(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns that a mask reaches over."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
