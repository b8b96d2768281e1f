"""The pictures of a question, made for the factor that its stage is about.

A picture costs a model 200 to 1000 tokens, so each has to pay. Every question begins with the
reference as it is (768 px; the same bytes in all questions of a run, so that a provider's cache
holds it) and the render as it is (working size). To these come, composed here:

* side by side, both with a light grid: so that places are named in numbers, and compared in one look;
* geometry: flat colours with names (what is which, and what is hidden) beside the render's outlines on
  the reference (silhouettes that are off show at once); crops of the worst objects in both pictures
  (structure that the whole picture is too small for: counts, joints, profiles); the objects straight
  from the front, the right side and above (thickness and depth, which one picture hides);
* materials: crops of the objects whose colours are off most (patterns and gloss; colours are a table);
  the render in white light (base colours and patterns apart from the scene's light);
* composition: outlines on the reference beside marked and seen boxes; the scene from above and from its
  right (depth, which one picture hides);
* lighting: brightness without patterns, and the signed difference with its numbers; what each light
  brings (which one makes a part too bright);
* the verifier may ask once for up to four more views, if what it needs can't be seen: objects enlarged
  in both pictures, an object alone, the objects from another side;
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
from ..scores import Pixels
from ..siblings import together
from ..stages import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, Stage
from . import luminance, objects, plan, side_by_side
from .canvas import beside
from .names import readable

Views = list[tuple[str, Image.Image]]

_MOST_CROPS = 4
_CLOSER = 280  # px a side of crops that were asked for
_SAME_PLACE = 0.3  # intersection over union: such crops would show the same


def views(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> Views:
    """Compose a stage's pictures, each with its caption."""
    shown: Views = [("Side by side", side_by_side.whole(reference, look.render))]
    if stage is GEOMETRY:
        named, outlined = objects.flat_colors(look.render, look.seen), objects.outlined(reference, look.seen)
        shown.append(("Objects and outlines", beside([named, outlined])))
    if look.renders and stage is not LIGHTING:
        shown.append(("White light", side_by_side.titled(look.renders)))
    if stage is COMPOSITION:
        joined, seen = together(graph, look.seen)
        off = [name for name, by in measures.offsets(joined, seen).items() if max(map(abs, by)) >= measures.OFF]
        boxes = objects.boxed(reference, joined, seen, off)
        shown.append(("Boxes and outlines", beside([boxes, objects.outlined(reference, look.seen)])))
        drawn = plan.plan(graph, look.scene)
        if drawn is not None:
            shown.append(("Plan", drawn))
    if stage is LIGHTING:
        shown.append(("Light", luminance.sheet(reference, look.render)))
        if look.renders:
            shown.append(("Each light", luminance.each_light(look.renders)))
    if stage in (GEOMETRY, MATERIALS):
        windows = worst_windows(stage, graph, look, reference)
        if windows:
            shown.append(("Worst objects", side_by_side.crops(reference, look.render, windows)))
    return shown


def enlarged(graph: SceneGraph, look: Look, reference: Image.Image, names: Sequence[str]) -> Image.Image | None:
    """Crops of the objects that a verifier asked to see closer; None if it named none that is there."""
    error = _error(look, reference)
    windows = [
        _window(readable(leaf.name, look.seen.names), _around(leaf.box, look.seen.box(leaf.name)), error, _CLOSER)
        for leaf in graph.leaves
        if leaf.name in names and leaf.box is not None
    ]
    return side_by_side.crops(reference, look.render, windows[:_MOST_CROPS], _CLOSER) if windows else None


def worst_windows(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> list[tuple[str, Box2D]]:
    """Choose windows around objects to enlarge: by squared error there, or by colour in the materials stage."""
    render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
    error = _error(look, reference)
    graph, seen = together(graph, look.seen)
    gaps = color_gaps(graph, seen, render, wanted)
    light = common_light(gaps)
    weights = {gap.name: gap.difference(light) * float(np.sqrt(gap.share)) for gap in gaps}
    places = []
    for leaf in graph.leaves:
        if leaf.kind == "surface" or leaf.box is None:
            continue
        box = _around(leaf.box, seen.box(leaf.name))
        if stage is not MATERIALS:
            part = error[inside(box, error.shape)]
            weights[leaf.name] = float(part.mean() * np.sqrt(part.size))
        places.append((weights.get(leaf.name, 0.0), leaf.name, box))
    chosen: list[tuple[str, Box2D]] = []
    for _, name, box in sorted(places, key=lambda place: (-place[0], place[1])):
        title, window = _window(readable(name, seen.names), box, error, side_by_side.CROP)
        if all(overlap(window, other) < _SAME_PLACE for _, other in chosen):
            chosen.append((title, window))
    return chosen[:_MOST_CROPS]


def _window(title: str, box: Box2D, error: Pixels, side: int) -> tuple[str, Box2D]:
    """What to enlarge of an object, with its title: all of it with what is around, or the worst part of a large one."""
    whole = side_by_side.window_of(box, error.shape[1] / error.shape[0])
    window = side_by_side.enlargeable(whole, error * inside(box, error.shape), side)
    return (title if window == whole else f"{title} (part)"), window


def _error(look: Look, reference: Image.Image) -> Pixels:
    """Squared error of each pixel of the render (height, width)."""
    render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
    error: Pixels = ((render - wanted) ** 2).mean(axis=2)
    return error


def _around(a: Box2D, b: Box2D | None) -> Box2D:
    """The box around two boxes, cut to the picture."""
    left, top, right, bottom = a if b is None else (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
