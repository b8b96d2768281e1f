"""How close a render is to the reference: PSNR, SSIM, and one score for choosing between rounds.

Pictures here are float arrays of shape (height, width, 3), sRGB, 0 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Pixels = NDArray[np.float64]

WINDOW = 7  # pixels; Wang et al. 2004 in its uniform-window form, as scikit-image does by default
_C1, _C2 = 0.01**2, 0.03**2
_PSNR_FLOOR, _PSNR_CEILING = 5.0, 35.0  # dB: pure noise, and closer than a rebuilt scene gets


class Factors(BaseModel):
    """Each 0 to 1, more is better; None where there is nothing to measure.

    `outlines` agree with the reference's edges (geometry), `colors` of each object over what is seen of
    it, apart from the light (materials), `boxes` of what is seen against those marked in the scene
    graph (composition), `light` in brightness on a coarse grid (lighting).
    """

    outlines: float | None = None
    colors: float | None = None
    boxes: float | None = None
    light: float | None = None


class Scores(BaseModel):
    """A render measured against the reference; `overall` is 0 to 1, more is better.

    `factors` are scores of single scene factors, which `overall` does not contain.
    """

    psnr: float
    ssim: float
    overall: float
    factors: Factors | None = None


def measure(render: Pixels, reference: Pixels) -> Scores:
    """Score a render against the reference; both of the same shape, at least 7 pixels a side."""
    decibels, structure = psnr(render, reference), ssim(render, reference)
    closeness = (decibels - _PSNR_FLOOR) / (_PSNR_CEILING - _PSNR_FLOOR)
    # Tone and colour (PSNR) lead; structure keeps a blurred or shifted scene from winning on tone alone.
    overall = 0.6 * min(max(closeness, 0.0), 1.0) + 0.4 * max(structure, 0.0)
    return Scores(psnr=round(decibels, 3), ssim=round(structure, 4), overall=round(overall, 4))


def psnr(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio in dB, at most 100 (equal pictures)."""
    error = float(np.mean((a - b) ** 2))
    return 100.0 if error < 1e-10 else float(10 * np.log10(1.0 / error))


def ssim(a: Pixels, b: Pixels) -> float:
    """Mean structural similarity over all 7×7 windows and channels (Wang et al. 2004), -1 to 1."""
    samples = WINDOW**2
    unbiased = samples / (samples - 1)
    mean_a, mean_b, variances, covariance = _moments(a, b)
    top = (2 * mean_a * mean_b + _C1) * (2 * unbiased * covariance + _C2)
    bottom = (mean_a**2 + mean_b**2 + _C1) * (unbiased * variances + _C2)
    return float(np.mean(top / bottom))


def structure(a: Pixels, b: Pixels) -> Pixels:
    """How alike two pictures are around each place but for brightness: SSIM's other term, (h - 6, w - 6)."""
    grey_a, grey_b = (picture.mean(axis=2, keepdims=True) for picture in (a, b))
    _, _, variances, covariance = _moments(grey_a, grey_b)
    alike: Pixels = ((2 * covariance + _C2) / (variances + _C2))[..., 0]
    return alike


def _moments(a: Pixels, b: Pixels) -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """Over each window: both means, the variances of both added up, and the covariance."""
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    variances = _window_mean(a * a) - mean_a**2 + _window_mean(b * b) - mean_b**2
    return mean_a, mean_b, variances, _window_mean(a * b) - mean_a * mean_b


def _window_mean(picture: Pixels) -> Pixels:
    """Mean over each full 7×7 window, by summed areas: (h, w, c) to (h - 6, w - 6, c)."""
    sums = np.pad(picture, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    n = WINDOW
    windows = sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]
    result: Pixels = windows / n**2
    return result
