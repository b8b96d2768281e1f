"""The generator: which program answers a question, stage by stage."""

from __future__ import annotations

import re
from dataclasses import replace

from ...engine import colors
from ...errors import ModelError
from . import programs
from .blockout import Blockout
from .light import on_solid
from .measure import BoxGap, best_gain, box_gaps, color_gaps, corrected, render_like
from .placement import Layout, Solid
from .question import Question, base_colors_in, boxes_in, camera_in, lights_in
from .raster import Floats

_WORTH_FITTING = 0.02  # of the picture: an edge off by less stays
_WORTH_MOVING = 0.012
_MOVE = re.compile(r'^move\("([^"]+)", (-?[\d.]+), (-?[\d.]+)\)', re.MULTILINE)


def program(blockout: Blockout, question: Question) -> tuple[str, str]:
    """Answer with a line of reasoning and the whole program of the question's stage."""
    answers = {
        "initialization": _scaffold,
        "geometry": _shapes,
        "materials": _base_colors,
        "composition": _moves,
        "lighting": _lights,
    }
    if question.stage not in answers:
        raise ModelError(f"The offline model knows no stage {question.stage!r}: {', '.join(answers)}.")
    return answers[question.stage](blockout, question)


def _scaffold(blockout: Blockout, question: Question) -> tuple[str, str]:
    layout, light = blockout.reading(question.round)
    ground, backdrop = blockout.surface_colors()
    reasoning = f"The horizon is taken to be at row {layout.view.horizon:.2f}; light: {light.in_words()}."
    return reasoning, programs.scaffold(layout, light, ground, backdrop, blockout.groups())


def _shapes(blockout: Blockout, question: Question) -> tuple[str, str]:
    layout = _layout(blockout, question)
    if not question.section("Program so far"):
        return "Each thing gets the outline of its region.", programs.refined_shapes(layout.solids)
    gaps = box_gaps(blockout, boxes_in(question.section("Scene")))
    fitted = [_fitted(solid, gaps.get(solid.thing.name)) for solid in layout.solids]
    return "Sizes are fitted to the boxes in the picture.", programs.refined_shapes(fitted)


def _base_colors(blockout: Blockout, question: Question) -> tuple[str, str]:
    bases = _first_colors(blockout)
    for part in ("Scene", "Program so far"):
        bases |= {
            name: colors.linear(color)
            for name, color in base_colors_in(question.section(part)).items()
            if name in bases
        }
    if question.render is not None:
        gaps = color_gaps(blockout, render_like(blockout, question.render))
        bases = {
            name: corrected(color, gaps[name], programs.BRIGHTEST) if name in gaps else color
            for name, color in bases.items()
        }
    return "Each base color is corrected by the ratio of what is measured, in linear light.", programs.painted(bases)


def _moves(blockout: Blockout, question: Question) -> tuple[str, str]:
    layout = _layout(blockout, question)
    moves = {name: (float(x), float(z)) for name, x, z in _MOVE.findall(question.section("Program so far"))}
    gaps = box_gaps(blockout, boxes_in(question.section("Scene")))
    for solid in layout.solids:
        gap = gaps.get(solid.thing.name)
        if gap is None:
            continue
        du, dv = (offset if abs(offset) > _WORTH_MOVING else 0.0 for offset in gap.shift)
        depth = solid.location[1] - layout.view.y - solid.size[1] / 2.0
        x, z = moves.get(solid.thing.name, (0.0, 0.0))
        # What stands on the ground stays on it.
        up = 0.0 if solid.location[2] <= 0.0 else -dv * depth / layout.view.upward
        moves[solid.thing.name] = (x + du * depth / layout.view.across, z + up)
    moves = {name: (x, z) for name, (x, z) in moves.items() if abs(x) >= 0.001 or abs(z) >= 0.001}
    return f"{len(moves)} things are visibly out of place.", programs.moved(moves)


def _lights(blockout: Blockout, question: Question) -> tuple[str, str]:
    found = lights_in(question.section("Scene"))
    if found is None or question.render is None:
        return "There are no lights of this block-out to adjust.", programs.nothing_to_do("no Key light")
    gain = best_gain(blockout, render_like(blockout, question.render))
    world, key = found
    return f"{gain:.2f} times the light fits best.", programs.relit(world * gain, key * gain)


def _layout(blockout: Blockout, question: Question) -> Layout:
    """Everything as the scene's camera sees it; where that can't be told, as the first rollout's does."""
    height, width = blockout.picture.shape[:2]
    camera = camera_in(question.section("Scene"), height / width)
    if camera is None:
        return blockout.reading(1)[0]
    for view in blockout.views():
        # The description rounds: the camera that was meant is exact.
        if max(abs(view.horizon - camera.horizon), abs(view.height - camera.height), abs(view.y - camera.y)) < 0.003:
            return blockout.layout(view)
    return blockout.layout(camera)


def _first_colors(blockout: Blockout) -> dict[str, Floats]:
    """Linear base colors as the first rollout's scaffold has them."""
    layout, light = blockout.reading(1)
    ground, backdrop = blockout.surface_colors()
    bases = {
        "Ground": programs.first_color(ground, light.on((0.0, 0.0, 0.0), True)),
        "Backdrop": programs.first_color(backdrop, light.on((0.0, layout.wall + layout.view.y, 0.5), False)),
    }
    bases |= {
        solid.thing.name: programs.first_color(solid.thing.color, on_solid(light, solid)) for solid in layout.solids
    }
    return {name: colors.linear(colors.from_hex(color)) for name, color in bases.items()}


def _fitted(solid: Solid, gap: BoxGap | None) -> Solid:
    """Scale a solid so that its box in the picture becomes what it should be."""
    if gap is None or gap.worst < _WORTH_FITTING or solid.kind == "flat":
        return solid
    (l0, t0, r0, b0), (l1, t1, r1, b1) = gap.wanted, gap.seen
    wide = min(max((r0 - l0) / max(r1 - l1, 1e-3), 0.5), 2.0)
    tall = min(max((b0 - t0) / max(b1 - t1, 1e-3), 0.5), 2.0)
    x, y, z = solid.size
    points = tuple((round(a * wide, 3), round(b * tall, 3)) for a, b in solid.points)
    return replace(solid, size=(x * wide, y, z * tall), points=points)
