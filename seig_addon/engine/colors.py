"""Colours as numbers: sRGB, linear light, CIELAB, and the words for them.

Arrays have their three channels last. sRGB and linear values go from 0 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TO_XYZ = np.array(  # IEC 61966-2-1, D65
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def linear(srgb: Floats) -> Floats:
    """From sRGB to linear light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def srgb(light: Floats) -> Floats:
    """From linear light to sRGB; what is out of range is cut off."""
    light = np.clip(light, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def lab(color: Floats) -> Floats:
    """From sRGB to CIELAB (D65): lightness 0 to 100, a and b about -128 to 127."""
    xyz = linear(color) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def difference(a: Floats, b: Floats) -> Floats:
    """Distance of two sRGB colours in CIELAB (CIE 1976): 2 can just be seen, 10 at a glance."""
    distance: Floats = np.linalg.norm(lab(a) - lab(b), axis=-1)
    return distance


def brightness(color: Floats) -> Floats:
    """Brightness of sRGB values as it is seen, 0 to 1: their weighted mean (Rec. 709)."""
    bright: Floats = color @ _LUMA
    return bright


def hex_color(color: Floats) -> str:
    """Write an sRGB colour as "#rrggbb"."""
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in np.clip(color, 0.0, 1.0))


def from_hex(text: str) -> Floats:
    """Read "#rrggbb" as sRGB."""
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
