"""How close a render is to the reference, pixel by pixel: PSNR, SSIM, the engine's overall score, and FLIP."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from PIL import Image

from seig_addon.engine.picture import pixels
from seig_addon.engine.scores import Pixels, measure, psnr

NOT_INSTALLED = "not installed"


def pixel_metrics(render: Image.Image, reference: Image.Image) -> dict[str, float | str]:
    """Measure a render at its own size, to which the reference is scaled."""
    shown, wanted = pixels(render), pixels(reference, render.size)
    scores = measure(shown, wanted)
    return {"psnr": scores.psnr, "ssim": scores.ssim, "overall": scores.overall, "flip": flip(shown, wanted)}


def flip(shown: Pixels, wanted: Pixels) -> float | str:
    """Mean FLIP error (Andersson et al. 2020), 0 to 1: the difference a person sees when flipping between the two."""
    if find_spec("flip_evaluator") is None:
        return NOT_INSTALLED
    import flip_evaluator

    _, mean, _ = flip_evaluator.evaluate(wanted.astype(np.float32), shown.astype(np.float32), "LDR", applyMagma=False)
    return float(mean)


def flat(reference: Image.Image) -> float:
    """PSNR of a picture in the reference's median colour: the floor that any result must clearly beat."""
    wanted = pixels(reference)
    return psnr(np.broadcast_to(np.median(wanted, axis=(0, 1)), wanted.shape), wanted)
