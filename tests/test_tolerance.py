"""A stage whose measures are good already is not asked for; one with anything to mend, or any wish, is."""

import threading
from dataclasses import replace

import pytest
from PIL import Image

from seig_addon.engine.picture import pixels
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.engine.scores import measure
from seig_addon.engine.stages import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS
from seig_addon.engine.tolerance import nothing_to_mend
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, program
from tests.test_views import look_at

RELIT = program('from seig_kit import world\nworld("#ffffff", 0.45)')


def settled():
    """A render that is the reference, and a graph whose boxes are those of what is seen."""
    _, graph, look = look_at(384, 384, 4)
    nodes = [node.model_copy(update={"box": look.seen.box(node.name)}) for node in graph.nodes]
    shown = pixels(look.render)
    return look.render, graph.model_copy(update={"nodes": nodes}), replace(look, scores=measure(shown, shown))


@pytest.mark.parametrize("stage", [MATERIALS, COMPOSITION, LIGHTING], ids=lambda stage: stage.name)
def test_a_render_like_its_reference_leaves_nothing_to_mend(stage):
    reference, graph, look = settled()
    assert nothing_to_mend(stage, graph, look, reference)
    assert not nothing_to_mend(stage, graph, replace(look, faults=["'Cup' floats"]), reference)


def test_shapes_are_always_looked_at():
    reference, graph, look = settled()
    assert not nothing_to_mend(GEOMETRY, graph, look, reference)


def test_where_the_whole_picture_is_far_off_colours_and_light_are_not_trusted():
    reference, graph, look = settled()
    far = replace(look, scores=look.scores.model_copy(update={"psnr": 15.0}))
    assert not nothing_to_mend(LIGHTING, graph, far, reference)
    assert not nothing_to_mend(MATERIALS, graph, far, reference)
    assert nothing_to_mend(COMPOSITION, graph, far, reference), "but places can: they don't depend on light and colour"


def test_one_thing_off_is_enough():
    reference, graph, look = settled()
    brighter = reference.point(lambda value: min(value + 20, 255))
    assert not nothing_to_mend(LIGHTING, graph, look, brighter)
    moved = graph.nodes[1].model_copy(update={"box": (0.2, 0.1, 0.45, 0.4)})
    off = graph.model_copy(update={"nodes": [graph.nodes[0], moved, *graph.nodes[2:]]})
    assert not nothing_to_mend(COMPOSITION, off, look, reference)
    painted = reference.copy()
    left, top, right, bottom = (round(384 * side) for side in look.seen.box(graph.nodes[1].name))
    painted.paste((20, 200, 30), (left, top, right, bottom))
    assert not nothing_to_mend(MATERIALS, graph, look, painted)


@pytest.mark.parametrize("note", ["", "make it a sunset"])
def test_a_stage_within_tolerance_is_skipped_unless_there_is_a_wish(tmp_path, studio, note):
    studio.new("box", 96, 64)
    assert studio.run(SCAFFOLD).failure is None
    studio.render(tmp_path / "picture.png", size=96, samples=64)
    settings = Settings(
        stages=["initialization", "lighting"],
        rounds={"initialization": 1, "lighting": 1},
        working_size=96,
        working_samples=64,
        final_size=64,
        final_samples=1,
        note=note,
    )
    run = RunFolder.create(tmp_path / "run", "box", Image.open(tmp_path / "picture.png").convert("RGB"), settings)
    model = ScriptedModel([GRAPH, program(SCAFFOLD), RELIT])
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    run.close()
    asked = [title for title in model.titles if "lighting" in title]
    assert bool(asked) == bool(note)
    assert run.record.stage(LIGHTING).scores is not None
