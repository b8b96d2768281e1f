"""Settles things on what they rest on: closes small gaps, and lifts out of each other what is sunk a little.

Only what is off by a small share of its size is moved: so much comes from rounding; more was meant so, or
is for another to mend. Of what is sunk, only what has a flat foot is lifted, and only where it's sunk less than
that foot is wide. A cushion, a stone or a ball presses in, and would touch at one point if it were lifted;
a plant or a nail is put in deeper than it is wide; what fills a thing is a part of it and never rests on it.
Never imports bpy.
"""

from __future__ import annotations

import numpy as np

from ...studio.client import Studio
from ...studio.scene import Gap
from ..scene_graph import SceneGraph
from .arrangement import Arrangement, arrange
from .bodies import FREE, Move
from .layout_text import SETTLED, moves_text

_SMALL = 0.03  # of a thing's size: a gap that is closed, an overlap that is resolved
_FLAT = 0.25  # of a thing's breadth: a foot that it stands on
_NONE = 2e-4  # of a thing's size: as good as touching


def settling(studio: Studio, graph: SceneGraph) -> str:
    """Write the program that settles the things of the scene that the studio holds; "" if all are."""
    places = studio.places()
    arrangement = arrange(graph, places)
    if arrangement is None:
        return ""
    found = gaps(studio, arrangement)
    moves: list[Move] = []
    for body, rest, gap in zip(arrangement.bodies, arrangement.rests, found, strict=True):
        carried = moves[body.support].offset if body.support != FREE else np.zeros(3)
        own = -gap.distance * rest.up if rest and gap and is_small(gap) else np.zeros(3)
        moves.append(Move(1.0, carried + own))
    return moves_text(SETTLED, places, arrangement, moves)


def gaps(studio: Studio, arrangement: Arrangement) -> list[Gap | None]:
    """Measure the gap under each body; None where it rests on nothing."""
    known = [
        ([place.name for place in members], rest.support, rest.up)
        for members, rest in zip(arrangement.members, arrangement.rests, strict=True)
        if rest
    ]
    measured = iter(studio.gaps(known))
    return [next(measured) if rest else None for rest in arrangement.rests]


def is_small(gap: Gap) -> bool:
    """Whether a gap or overlap is one to do away with."""
    if not _NONE * gap.size < abs(gap.distance) <= _SMALL * gap.size:
        return False
    return gap.distance > 0 or (gap.foot >= _FLAT * gap.breadth and gap.foot > -gap.distance)
