"""Measuring a scene against the picture: colours by object, boxes by object, overall brightness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...engine import colors
from .blockout import Blockout
from .raster import Floats, core, decode, resized
from .things import Box2D

_GAINS = np.geomspace(0.6, 1.6, 81)  # factors on the light that are tried


@dataclass(frozen=True)
class ColorGap:
    """Mean sRGB colour of one object in picture and render, and its share of the picture."""

    wanted: Floats
    seen: Floats
    share: float

    @property
    def levels(self) -> float:
        """Root mean square gap in levels of 255."""
        return float(np.sqrt(np.mean((self.wanted - self.seen) ** 2)) * 255.0)


@dataclass(frozen=True)
class BoxGap:
    """Box of one object as it should be and as it is, in fractions of the picture."""

    wanted: Box2D
    seen: Box2D

    @property
    def worst(self) -> float:
        """How far the edge that is off most is off."""
        return max(abs(a - b) for a, b in zip(self.wanted, self.seen, strict=True))

    @property
    def shift(self) -> tuple[float, float]:
        """What its middle is off by, in u and v."""
        (l0, t0, r0, b0), (l1, t1, r1, b1) = self.wanted, self.seen
        return (l0 + r0 - l1 - r1) / 2.0, (t0 + b0 - t1 - b1) / 2.0


def render_like(blockout: Blockout, render: bytes) -> Floats:
    """Decode a render to the size at which the picture was looked at."""
    height, width = blockout.picture.shape[:2]
    return resized(decode(render, max(width, height)), width, height)


def color_gaps(blockout: Blockout, render: Floats) -> dict[str, ColorGap]:
    """Compare the colour of each object, measured away from its border."""
    gaps = {}
    for name, mask in blockout.masks().items():
        inner = core(mask, 1)
        gaps[name] = ColorGap(blockout.picture[inner].mean(axis=0), render[inner].mean(axis=0), float(mask.mean()))
    return gaps


def box_gaps(blockout: Blockout, boxes: Mapping[str, Box2D]) -> dict[str, BoxGap]:
    """Compare the box of each thing that the scene's description lists."""
    return {thing.name: BoxGap(thing.box, boxes[thing.name]) for thing in blockout.things if thing.name in boxes}


def best_gain(blockout: Blockout, render: Floats) -> float:
    """Find the factor on all light that brings the render closest to the picture, by squared sRGB error."""
    linear = colors.linear(render)
    errors = [float(np.mean((colors.srgb(gain * linear) - blockout.picture) ** 2)) for gain in _GAINS]
    return float(_GAINS[int(np.argmin(errors))])


def corrected(base: Floats, gap: ColorGap, brightest: float) -> Floats:
    """Linear base color that brings an object to the wanted colour: times the ratio in linear light."""
    ratio = (colors.linear(gap.wanted) + 0.002) / (colors.linear(gap.seen) + 0.002)
    result: Floats = np.clip(base * np.clip(ratio, 0.3, 3.0), 0.005, brightest)
    return result
