"""When a stage has nothing to mend: its factor's measures are already as good as a round could make them.

A strong model often gets a factor right in the scaffold; then asking for a program and a review costs
tokens and can only shift noise. Geometry has no such measure: outlines say nothing about counts,
thickness or parts, so it is always asked for.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from . import measures, picture
from .factors import color_gaps, common_light, light_grid
from .look import Look
from .scene_graph import SceneGraph
from .siblings import together
from .stages import COMPOSITION, LIGHTING, MATERIALS, Stage

_CLOSE = 22.0  # dB: where the whole picture is farther off, measures of colour or light alone can't be trusted
_COLOR = 4.0  # CIELAB, for each leaf that takes a visible share of the picture
_SHARE = 0.002  # of the picture: what is smaller isn't worth a round of its own
_PLACE = 0.012  # of the picture, for each edge of each box
_CELL = 8 / 255  # brightness of each cell of the coarse grid
_TINT = 0.05  # of the light, per channel


def nothing_to_mend(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> bool:
    """Tell whether all measures of a stage's factor are within tolerance in this look."""
    render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
    if look.faults or measures.unseen(graph, look.scene, look.seen):
        return False
    graph, seen = together(graph, look.seen)
    if stage is COMPOSITION:  # places don't depend on light and colour
        places = measures.offsets(graph, seen)
        return len(places) > 0 and all(abs(by) <= _PLACE for sides in places.values() for by in sides)
    if look.scores.psnr < _CLOSE:
        return False
    gaps = color_gaps(graph, seen, render, wanted)
    light = common_light(gaps)
    if stage is MATERIALS:
        return all(gap.difference(light) <= _COLOR for gap in gaps if gap.share >= _SHARE)
    if stage is LIGHTING:
        grid = light_grid(render, wanted)
        return bool(np.abs(grid).max() <= _CELL and np.abs(light - 1).max() <= _TINT)
    return False
