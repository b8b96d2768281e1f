"""The pictures of a question, made for the factor that its stage is about.

A picture costs a model 200 to 1000 tokens, so each has to pay. Every question begins with the
reference as it is (768 px; the same bytes in all questions of a run, so that a provider's cache
holds it) and the render as it is (working size). To these come, composed here:

* side by side, both with a light grid: so that places are named in numbers, and compared in one look;
* geometry: flat colours with names (what is which, and what is hidden) beside the render's outlines on
  the reference (silhouettes that are off show at once); the worst objects enlarged, and rendered as large
  (structure that the whole picture is too small for: counts, joints, profiles); the objects straight
  from the front, the right side and above (thickness and depth, which one picture hides);
* materials: the objects whose colours are off most, enlarged (patterns and gloss; colours are a table);
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

from PIL import Image

from .. import measures, picture
from ..factors import light_grid, same_leaf
from ..look import Look
from ..scene_graph import SceneGraph
from ..siblings import together
from ..stages import COMPOSITION, GEOMETRY, LIGHTING, Stage
from . import luminance, objects, plan, side_by_side
from .canvas import beside
from .windows import CROP

Views = list[tuple[str, Image.Image]]


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
        render, wanted = picture.pixels(look.render), picture.pixels(reference, look.render.size)
        grid = light_grid(render, wanted, same_leaf(*together(graph, look.seen)))
        shown.append(("Light", luminance.sheet(reference, look.render, grid)))
        if look.renders:
            shown.append(("Each light", luminance.each_light(look.renders)))
    if look.close_ups:
        shown.append(("Worst objects", side_by_side.crops(reference, look.close_ups, CROP)))
    return shown
