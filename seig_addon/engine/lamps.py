"""What each light brings to the picture: small pictures of the scene lit by one light each, at the scene's exposure.

They add up to the render, in linear light, so the cause of a bright or dark part can be read off them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..studio.client import Studio
from ..studio.pixels import Emitter, LightPasses, View
from .solving.passes import light_passes
from .solving.seeing import displayed

_SIDE, _SAMPLES = 192, 16  # px and samples: enough to see where a light falls
_MOST = 8  # pictures: the strongest
_LEAST = 0.005  # of the light: less can't be seen


def each_light(studio: Studio, folder: Path) -> dict[str, Image.Image]:
    """Render what each light, the world and each glowing material brings, by name with its share, strongest first.

    `folder` is written to in between. Raises RenderFailed.
    """
    return pictures(light_passes(studio, folder, _SIDE, _SAMPLES))


def pictures(passes: LightPasses) -> dict[str, Image.Image]:
    """Show each light of the passes alone, by name with its share of the picture's light, strongest first."""
    shares = passes.lights.sum(axis=(1, 2, 3), dtype=np.float64)
    shares /= max(float(shares.sum()), 1e-9)
    names = [*(_name(emitter) for emitter in passes.facts.emitters), "other light"]
    view = passes.facts.view or View(exposure=0.0, gamma=1.0)
    found = {}
    for index in np.argsort(-shares, kind="stable")[:_MOST]:
        if shares[index] >= _LEAST:
            shown = displayed(passes.lights[index], view.exposure, view.gamma)
            found[f"{names[index]} {shares[index]:.0%}"] = Image.fromarray(np.uint8(shown * 255 + 0.5))
    return found


def _name(emitter: Emitter) -> str:
    return {"light": emitter.name, "world": "world", "glow": f"glow of {emitter.name}"}[emitter.kind]
