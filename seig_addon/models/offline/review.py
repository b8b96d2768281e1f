"""The verifier: measures one stage's factor, and lists what is off."""

from __future__ import annotations

import numpy as np

from ...engine import colors
from ...engine.review import Review
from .blockout import Blockout
from .measure import best_gain, box_gaps, color_gaps, corrected, render_like
from .programs import BRIGHTEST
from .question import Question, base_colors_in, boxes_in
from .raster import to_hex

_MOST_ITEMS = 8
_MISSHAPEN = 0.05  # of the picture: an edge off by more belongs to another shape
_MISPLACED = 0.015  # of the picture: so far off, a thing is visibly out of place
_OFF_COLOR = 6.0  # levels of 255: a gap that can be seen side by side
_SMALL = 0.002  # of the picture: objects below don't count for colours
_OPEN = 0.01  # linear: a base color that would change by less is as good as it gets
_GAIN = 0.03  # of the light: less can't be seen
_COMMENT = "Measured without AI, for this block-out's own regions."


def review(blockout: Blockout, question: Question) -> Review:
    """Judge a round of a stage from its render and the scene's description."""
    items = {
        "geometry": _shapes,
        "materials": _colors,
        "composition": _places,
        "lighting": _light,
    }.get(question.stage, _nothing)(blockout, question)
    return Review(approved=not items, checklist=items[:_MOST_ITEMS], comment=_COMMENT)


def _shapes(blockout: Blockout, question: Question) -> list[str]:
    if question.round > 1:
        return []  # boxes were fitted once; what is left is beyond plain solids
    gaps = box_gaps(blockout, boxes_in(question.section("Scene")))
    off = sorted((-gap.worst, name) for name, gap in gaps.items() if gap.worst > _MISSHAPEN)
    return [f"{name}: its box is {_box(gaps[name].seen)} and should be {_box(gaps[name].wanted)}." for _, name in off]


def _places(blockout: Blockout, question: Question) -> list[str]:
    gaps = box_gaps(blockout, boxes_in(question.section("Scene")))
    items = []
    for name, gap in sorted(gaps.items(), key=lambda item: -max(map(abs, item[1].shift))):
        du, dv = gap.shift
        if max(abs(du), abs(dv)) > _MISPLACED:
            items.append(f"{name}: move it by {du:+.3f} across and {dv:+.3f} down, in fractions of the picture.")
    return items


def _colors(blockout: Blockout, question: Question) -> list[str]:
    if question.render is None:
        return []
    gaps = color_gaps(blockout, render_like(blockout, question.render))
    bases = {name: colors.linear(color) for name, color in base_colors_in(question.section("Scene")).items()}
    items = []
    for name, gap in sorted(gaps.items(), key=lambda item: -item[1].levels * item[1].share):
        base = bases.get(name)
        if base is not None and np.allclose(corrected(base, gap, BRIGHTEST), base, atol=_OPEN):
            continue  # its base color is as bright or dark as they get: the rest is light's
        if gap.levels > _OFF_COLOR and gap.share > _SMALL:
            items.append(f"{name}: it shows {to_hex(gap.seen)} where the reference has {to_hex(gap.wanted)}.")
    return items


def _light(blockout: Blockout, question: Question) -> list[str]:
    if question.render is None:
        return []
    gain = best_gain(blockout, render_like(blockout, question.render))
    if abs(gain - 1.0) <= _GAIN:
        return []
    how = "dark" if gain > 1.0 else "bright"
    return [f"The picture is too {how} overall: {gain:.2f} times the light would fit best."]


def _nothing(blockout: Blockout, question: Question) -> list[str]:
    return []


def _box(box: tuple[float, float, float, float]) -> str:
    return " ".join(f"{edge:.2f}" for edge in box)
