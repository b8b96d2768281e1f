"""Looks for the side that a scene's key light comes from: one render shows it from many, each solved for.

Solving for powers alone turns a light that comes from the wrong side down to nothing, and the scene is then
lit flatly. Never imports bpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from ...studio.client import Studio
from ...studio.pixels import LightPasses
from .. import picture
from .light import What, misfit
from .passes import light_passes

_SIZE, _SAMPLES = 64, 64  # px and samples: small, as shadows and shading need no more, and with little noise
_RING = tuple(product((0, 60, 120, 180, -120, -60), (0, 25, -25)))  # degrees: turn and lift
_CLOSE = tuple(product((0, 15, -15, 30, -30), (0, 12, -12)))
_KEY = 0.05  # share of the picture's light: a lesser lamp casts no shadow to speak of
_BETTER = 0.97  # of the error that the light leaves where it is: promises less than that are noise

_PROGRAM = """\
# The side that the light comes from in the picture.
import seig_kit as kit
kit.swing_light({light!r}, {turn}, {lift}, {around})
"""
_CANDIDATES = """\
import bpy
import seig_kit as kit
light = bpy.context.scene.objects[{name!r}]
if light.data.users > 1:
    raise ValueError("other lights are the same lamp")
for number, (turn, lift) in enumerate({sides}):
    copy = light.copy()
    copy.data = light.data.copy()
    copy.name = {prefix!r} + str(number)
    light.users_collection[0].objects.link(copy)
    kit.swing_light(copy, turn, lift, {around})
"""
_PREFIX = "seig from side "


@dataclass(frozen=True)
class Swing:
    """How a light is carried around a point: degrees to turn, degrees to lift."""

    light: str
    turn: int
    lift: int
    around: tuple[float, float, float]

    @property
    def program(self) -> str:
        """The program that does it."""
        return _PROGRAM.format(light=self.light, turn=self.turn, lift=self.lift, around=self.around)


def aim(
    studio: Studio, start: Callable[[], None], passes: LightPasses, reference: Image.Image, folder: Path, what: What
) -> Swing | None:
    """Find the side from which the scene's strongest lamp comes closer to the reference; None if it stays.

    `start` brings the studio to the scene whose `passes` these are; the studio is left in any state. What is
    found is a promise: it is for a real render to show that it holds. Raises RenderFailed.
    """
    name = _key(passes)
    if name is None or passes.facts.view is None:
        return None
    start()
    best = Swing(name, 0, 0, _middle(studio, passes))
    for ring, enough in ((_RING, _BETTER), (_CLOSE, 1.0)):
        sides = [(best.turn + turn, best.lift + lift) for turn, lift in ring]
        errors = _errors(studio, start, best, sides, reference, folder, what)
        if errors is None:
            return None
        nearest = min(errors, key=errors.__getitem__)
        if errors[nearest] > enough * errors[0]:
            break
        best = replace(best, turn=sides[nearest][0], lift=sides[nearest][1])
    return best if (best.turn, best.lift) != (0, 0) else None


def _key(passes: LightPasses) -> str | None:
    """The lamp that brings most light, if that is worth a search."""
    # The last of the passes is of all light that is no emitter's.
    shares = passes.lights.sum(axis=(1, 2, 3)) / max(float(passes.lights.sum()), 1e-9)
    lamps = {
        emitter.name: share
        for emitter, share in zip(passes.facts.emitters, shares, strict=False)
        if emitter.kind == "light"
    }
    name = max(lamps, key=lamps.__getitem__, default=None)
    return name if name is not None and lamps[name] >= _KEY else None


def _middle(studio: Studio, passes: LightPasses) -> tuple[float, float, float]:
    """The middle of what is seen, in world metres."""
    seen = {passes.object_names[index] for index in np.unique(passes.objects)}
    bounds = [each.bounds for each in studio.describe().objects if each.bounds and each.name in seen]
    x, y, z = np.median(np.mean(bounds, axis=1), axis=0) if bounds else (0.0, 0.0, 0.0)
    return round(float(x), 2), round(float(y), 2), round(float(z), 2)


def _errors(
    studio: Studio,
    start: Callable[[], None],
    swing: Swing,
    sides: list[tuple[int, int]],
    reference: Image.Image,
    folder: Path,
    what: What,
) -> dict[int, float] | None:
    """Return what solving leaves with the light from each side, by its number; None if that can't be told."""
    start()
    program = _CANDIDATES.format(name=swing.light, sides=sides, prefix=_PREFIX, around=swing.around)
    if studio.run(program, "program").failure is not None:
        return None
    passes = light_passes(studio, folder, _SIZE, _SAMPLES)
    if sum(each.name.startswith(_PREFIX) for each in passes.facts.emitters) < len(sides):
        return None  # there are more lights than passes
    height, width, _ = passes.combined.shape
    wanted = picture.pixels(reference, (width, height))
    return {number: misfit(_only(passes, swing.light, number), wanted, what) for number in range(len(sides))}


def _only(passes: LightPasses, light: str, number: int) -> LightPasses:
    """The passes as if the light came from one side only."""
    emitters = passes.facts.emitters
    others = [
        index
        for index, each in enumerate(emitters)
        if each.kind != "light" or (each.name != light and not each.name.startswith(_PREFIX))
    ]
    (own,) = (index for index, each in enumerate(emitters) if each.name == f"{_PREFIX}{number}")
    facts = passes.facts.model_copy(update={"emitters": [emitters[index] for index in (*others, own)]})
    return replace(passes, lights=passes.lights[[*others, own, len(emitters)]], facts=facts)
