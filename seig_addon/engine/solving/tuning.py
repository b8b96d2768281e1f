"""Tunes a scene's light, world and base colours to the reference: solve, render for real, keep if better, again.

The result is a program, to be run on the scene that it was solved for. Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ...studio.client import Studio
from ...studio.pixels import LightPasses, View
from .. import picture
from ..scores import Pixels, psnr
from .aiming import aim
from .light import ALL, What, solve, solve_apart
from .light_text import light_program
from .passes import light_passes
from .seeing import displayed
from .splits import Split

SIZE = 256  # px, the longer side of what is compared
SAMPLES = 24
_ROUNDS = 4  # solves at most; each one sees the light that the one before it made bounce
_WORTHWHILE = 0.03  # dB: a smaller gain ends it


@dataclass(frozen=True)
class Tuning:
    """What came of it: the program ("" if nothing got better) and how close the picture was and is, in dB PSNR."""

    program: str
    before: float
    after: float


def tune(
    studio: Studio,
    start: Callable[[], None],
    reference: Image.Image,
    folder: Path,
    name: str = "program",
    what: What = ALL,
) -> Tuning:
    """Solve until the real render no longer comes closer to the reference.

    `start` brings the studio to the scene that is to be tuned; the studio is left in any state. `what`
    says what may be tuned: powers and colours of lights, world and glows, and base colours. Where the light
    seems to come from another side than the key light does, that one is carried there, if that is
    closer still. Passes are written into `folder` for a moment. A program that fails counts as one that
    brings nothing.
    """
    best, passes = _solved(studio, start, reference, folder, name, what)
    swing = aim(studio, start, passes, reference, folder, what)
    if swing is None:
        return best

    def aimed_start() -> None:
        start()
        studio.run(swing.program, name)

    aimed, _ = _solved(studio, aimed_start, reference, folder, name, what)
    if aimed.after < best.after + _WORTHWHILE:
        return best
    return Tuning(f"{swing.program}\n{aimed.program}".rstrip() + "\n", best.before, aimed.after)


def _solved(
    studio: Studio, start: Callable[[], None], reference: Image.Image, folder: Path, name: str, what: What
) -> tuple[Tuning, LightPasses]:
    """Tune with the lights where they stand; returns the passes of the start as well."""
    size = min(SIZE, max(reference.size))
    start()
    passes = first = light_passes(studio, folder, size, SAMPLES)
    height, width, _ = passes.combined.shape
    wanted = picture.pixels(reference, (width, height))
    before = best = _closeness(passes, wanted)
    program, splits = "", list[Split]()
    factors = solve(passes, wanted, {}, what)
    for number in range(_ROUNDS):
        tried = light_program(first.facts, factors, splits)
        if tried in ("", program):
            break
        start()
        if studio.run(tried, name).failure is not None:
            break
        passes = light_passes(studio, folder, size, SAMPLES)
        reached = _closeness(passes, wanted)
        if reached <= best:
            break
        gain, best, program = reached - best, reached, tried
        # Once the light is about right, colours that stay off belong to single objects.
        if number == 0 and "paint" in what:
            factors, splits = solve_apart(passes, wanted, factors)
        elif gain < _WORTHWHILE:
            break
        else:
            factors = solve(passes, wanted, factors, what)
    return Tuning(program, before, best), first


def _closeness(passes: LightPasses, wanted: Pixels) -> float:
    view = passes.facts.view or View(exposure=0.0, gamma=1.0)  # another one is not tuned, so any number will do
    shown = displayed(passes.combined, view.exposure, view.gamma)
    return psnr(np.round(shown * 255) / 255, wanted)
