"""Whether the live scene looks as the studio's: the viewport's picture against the studio's own, drawn alike.

Comparing the two scenes' values (see live) finds what differs in their data. This finds what only shows: objects
hidden by their eye in the outliner or by a handler, drivers that Blender won't run, files that are not found.
Runs in the engine's thread; never imports bpy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..engine.picture import open_render, pixels
from ..engine.scores import Pixels
from ..studio.client import Studio

Box = tuple[float, float, float, float]

# Measured (see tests/gui/scenarios.py, "drifts"): drawn alike, no pixel is off by over 0.05 of the range, beyond
# the edges that smoothing moves by less than a pixel; a bottle that is missing is 0.6 % of the picture.
_LEVEL = 0.1  # of the range, in any channel
_SHARE = 0.002  # of the picture
_OF_BOX = 0.3  # of an object's box, for it to be named
_NAMED = 3
_MARGIN = 2  # px around what is left out


@dataclass(frozen=True)
class Shown:
    """What the viewport shows after a stage was brought in.

    `differing` names what is known to be unlike the studio's: the artist's edits and what was said already;
    `boxes` are where these are in the viewport's picture, as fractions (left, top, right, bottom). Without
    boxes (None) all of the picture is affected, as by another camera.
    """

    picture: Path
    differing: frozenset[str] = frozenset()
    boxes: tuple[Box, ...] | None = ()


def noticed(studio: Studio, checkpoint: Path, shown: Shown) -> str:
    """Say in a sentence where the viewport shows something else than the studio's scene; nothing if it doesn't.

    Leaves the studio with the checkpoint open. Raises StudioError, RenderFailed where it can't draw this way.
    """
    if shown.boxes is None:
        return ""
    viewport = pixels(open_render(shown.picture))
    studio.open(checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plain.png"
        studio.render(path, "plain", size=max(viewport.shape[:2]))
        made = open_render(path)
    boxes = {each.name: each.box for each in studio.describe().objects if each.box}
    apart = [*shown.boxes, *(box for name, box in boxes.items() if name in shown.differing)]
    return sentence(differing(viewport, made, apart), boxes)


def differing(viewport: Pixels, made: Image.Image, apart: Iterable[Box] = ()) -> NDArray[np.bool_]:
    """Where two pictures of the same view differ visibly, apart from these boxes: (height, width)."""
    other = pixels(made, viewport.shape[1::-1])
    off = np.maximum(_off(viewport, other), _off(other, viewport)) > _LEVEL
    height, width = off.shape
    for left, top, right, bottom in apart:
        rows = slice(max(0, int(top * height) - _MARGIN), int(np.ceil(bottom * height)) + _MARGIN)
        off[rows, max(0, int(left * width) - _MARGIN) : int(np.ceil(right * width)) + _MARGIN] = False
    return off


def _off(one: Pixels, other: Pixels) -> Pixels:
    """How far each pixel is from the colours of the 3 × 3 around it in the other: edges may be smoothed otherwise."""
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = one.shape
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    low, high = np.min(around, axis=0), np.max(around, axis=0)
    off: Pixels = np.maximum(low - one, one - high).max(axis=2)
    return off


def sentence(off: NDArray[np.bool_], boxes: Mapping[str, Box]) -> str:
    """Word what differs, naming the objects whose boxes it fills; nothing if it is too little to be seen."""
    share = float(off.mean())
    if share < _SHARE:
        return ""
    height, width = off.shape
    filled = {}
    for name, (left, top, right, bottom) in boxes.items():
        part = off[int(top * height) : int(np.ceil(bottom * height)), int(left * width) : int(np.ceil(right * width))]
        filled[name] = float(part.mean()) if part.size else 0.0
    named = [name for name in sorted(filled, key=lambda each: -filled[each]) if filled[name] > _OF_BOX][:_NAMED]
    where = f", at {', '.join(named)}" if named else ""
    return f"The viewport shows {share:.1%} of the picture otherwise than the studio rendered it{where}."
