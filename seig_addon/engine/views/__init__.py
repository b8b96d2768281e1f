"""The pictures of a question, made for the factor that its stage is about.

A picture costs a model 200 to 1000 tokens, so each has to pay. Every question begins with the
reference as it is (768 px; the same bytes in all questions of a run, so that a provider's cache
holds it) and the render as it is (working size). To these come, composed here:

* side by side, both with a light grid: so that places are named in numbers, and compared in one look;
* geometry: flat colours with names (what is which, and what is hidden) beside the render's outlines on
  the reference (silhouettes that are off show at once); crops of the worst objects in both pictures
  (structure that the whole picture is too small for: counts, joints, profiles);
* materials: crops of the objects whose colours are off most (patterns and gloss; colours are a table);
* composition: outlines on the reference beside marked and seen boxes; the scene from above and from its
  right (depth, which one picture hides);
* lighting: brightness without patterns, and the signed difference with its numbers;
* the verifier may ask once for up to four objects enlarged, if what it needs can't be seen;
* the scene graph: the reference once more with a grid, because boxes marked by eye are what all later
  stages are held against.

All sheets are about 1000 px wide at most, which providers show as they are. Deterministic: the same
look gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from .. import measures, picture
from ..coverage import overlap
from ..factors import color_gaps, common_light, inside
from ..look import Look
from ..scene_graph import Box2D, SceneGraph
from ..stages import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, Stage
from . import luminance, objects, plan, side_by_side
from .canvas import beside
from .names import readable

Views = list[tuple[str, Image.Image]]

_MOST_CROPS = 4
_CLOSER = 280  # px a side of crops that were asked for
_LARGEST = 0.42  # of the picture's area: what is larger is seen well enough side by side
_SAME_PLACE = 0.3  # intersection over union: such crops would show the same


def views(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> Views:
    """Compose a stage's pictures, each with its caption."""
    shown: Views = [("Side by side", side_by_side.whole(reference, look.render))]
    if stage is GEOMETRY:
        named, outlined = objects.flat_colors(look.render, look.seen), objects.outlined(reference, look.seen)
        shown.append(("Objects and outlines", beside([named, outlined])))
    if stage is COMPOSITION:
        off = [name for name, by in measures.offsets(graph, look.seen).items() if max(map(abs, by)) >= measures.OFF]
        boxes = objects.boxed(reference, graph, look.seen, off)
        shown.append(("Boxes and outlines", beside([boxes, objects.outlined(reference, look.seen)])))
        drawn = plan.plan(graph, look.scene)
        if drawn is not None:
            shown.append(("Plan", drawn))
    if stage is LIGHTING:
        shown.append(("Light", luminance.sheet(reference, look.render)))
    if stage in (GEOMETRY, MATERIALS):
        windows = worst_windows(stage, graph, look, reference)
        if windows:
            shown.append(("Worst objects", side_by_side.crops(reference, look.render, windows)))
    return shown


def enlarged(graph: SceneGraph, look: Look, reference: Image.Image, names: Sequence[str]) -> Image.Image | None:
    """Crops of the objects that a verifier asked to see closer; None if it named none that is there."""
    aspect = reference.width / reference.height
    windows = [
        (
            readable(leaf.name, look.seen.names),
            side_by_side.window_of(_around(leaf.box, look.seen.box(leaf.name)), aspect),
        )
        for leaf in graph.leaves
        if leaf.name in names and leaf.box is not None
    ]
    return side_by_side.crops(reference, look.render, windows[:_MOST_CROPS], _CLOSER) if windows else None


def worst_windows(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> list[tuple[str, Box2D]]:
    """Choose windows around objects to enlarge: by squared error there, or by colour in the materials stage."""
    render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
    error = ((render - wanted) ** 2).mean(axis=2)
    gaps = color_gaps(graph, look.seen, render, wanted)
    light = common_light(gaps)
    weights = {gap.name: gap.difference(light) * float(np.sqrt(gap.share)) for gap in gaps}
    places = []
    for leaf in graph.leaves:
        if leaf.kind == "surface" or leaf.box is None:
            continue
        box = _around(leaf.box, look.seen.box(leaf.name))
        if stage is not MATERIALS:
            part = error[inside(box, error.shape)]
            weights[leaf.name] = float(part.mean() * np.sqrt(part.size))
        places.append((weights.get(leaf.name, 0.0), leaf.name, box))
    chosen: list[tuple[str, Box2D]] = []
    for _, name, box in sorted(places, key=lambda place: (-place[0], place[1])):
        window = side_by_side.window_of(box, reference.width / reference.height)
        large = (window[2] - window[0]) * (window[3] - window[1]) > _LARGEST
        if not large and all(overlap(window, other) < _SAME_PLACE for _, other in chosen):
            chosen.append((readable(name, look.seen.names), window))
    return chosen[:_MOST_CROPS]


def _around(a: Box2D, b: Box2D | None) -> Box2D:
    """The box around two boxes, cut to the picture."""
    left, top, right, bottom = a if b is None else (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
