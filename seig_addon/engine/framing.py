"""What a view of all things is framed by: not by the few that reach far beyond all others.

A skirting board or a window reaches out of the picture; framed by it, all that stands before it is tiny.
Pure; never imports bpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..studio.scene import ObjectInfo
from .scene_graph import SceneGraph

_FEW = 4  # of so many things one may be left out
_SMALLER = 0.5  # of what all span: if the rest spans less, what is left out is what made it large


def framing(graph: SceneGraph, objects: Sequence[ObjectInfo]) -> list[ObjectInfo]:
    """Choose those of the scene's objects that are things, without those much larger; what carries a thing stays."""
    kinds = {leaf.name: leaf.kind for leaf in graph.leaves}
    carriers = {leaf.rests_on for leaf in graph.leaves}
    things = [each for each in objects if kinds.get(each.name) == "object" and each.bounds]
    loose = sorted((each for each in things if each.name not in carriers), key=lambda each: -_span([each]))
    out: set[str] = set()
    for count in range(1, len(things) // _FEW + 1):
        without = {each.name for each in loose[:count]}
        rest = [each for each in things if each.name not in without]
        if _span(rest) < _SMALLER * _span([each for each in things if each.name not in out]):
            out = without
    return [each for each in things if each.name not in out]


def _span(things: Sequence[ObjectInfo]) -> float:
    """How many metres things span, along the axis where it is most."""
    bounds = np.array([each.bounds for each in things])
    return float((bounds[:, 1].max(axis=0) - bounds[:, 0].min(axis=0)).max())
