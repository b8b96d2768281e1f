"""Initialization ends with the chosen scaffold lit like the picture, without a question, so that later pictures can
be read; its base colours stay, because shapes are still off."""

import threading

import pytest

from seig_addon.engine import picture
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder
from seig_addon.engine.stages import INITIALIZATION
from seig_addon.errors import Cancelled
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, program

YELLOW = SCAFFOLD.replace("strength=2.0", "strength=0.6").replace('world("#ffffff", 0.5)', 'world("#ffb060", 1.2)')


@pytest.fixture
def begin(studio, new_run, tmp_path):
    """A run of initialization for the scaffold's own picture."""
    studio.new("box", 96, 64)
    assert studio.run(SCAFFOLD).failure is None
    studio.render(tmp_path / "true.png", size=96, samples=32)
    true = picture.open_render(tmp_path / "true.png")

    def begun(**chosen):
        run = new_run(**{"stages": ["initialization"], **chosen})
        (run.path / "reference.png").write_bytes(picture.encode(true))
        return run

    return begun


def drive(run, studio, replies, tell=lambda event: None, cancel=None):
    model = ScriptedModel(replies)
    Reconstruction(run, model, studio, tell, cancel or threading.Event()).reconstruct()
    assert model.replies == []
    return run.record.stage(INITIALIZATION)


def test_the_chosen_scaffold_ends_lit_like_the_picture(begin, studio):
    run = begin()
    stage = drive(run, studio, [GRAPH, program(YELLOW)])
    written, lit = stage.rounds
    assert (stage.state, stage.best, lit.number) == ("approved", 2, 2)
    assert lit.scores.psnr > written.scores.psnr + 3
    assert (lit.asks, lit.solved, lit.coverage) == (0, True, written.coverage)
    text = run.program(INITIALIZATION)
    assert text.startswith(YELLOW.strip())
    assert "kit.world(" in text
    assert "kit.set_light('Sun', " in text
    assert "set_base_color" not in text
    assert "kit.set_light('Sun', " in (run.path / "program.py").read_text()
    assert run.record.settings.count(INITIALIZATION, lit.number) == "2/2"


def test_base_colours_are_left_to_the_materials_stage(begin, studio):
    stage = drive(run := begin(), studio, [GRAPH, program(YELLOW.replace("#c04030", "#3050c0"))])
    assert stage.best == 2
    assert "set_base_color" not in run.program(INITIALIZATION)
    studio.open(run.checkpoint(INITIALIZATION, 2))
    assert {each.name: each.base_color for each in studio.describe().materials}["Red"] == "#3050c0"


def test_a_scaffold_that_fits_stays_as_it_was_written(begin, studio):
    stage = drive(begin(), studio, [GRAPH, program(SCAFFOLD)])
    if stage.best == 2:  # a render with few samples may still gain a little
        assert stage.rounds[1].scores.psnr > stage.rounds[0].scores.psnr
    else:
        assert stage.best == 1


def test_a_scaffold_without_a_lamp_gets_its_world_solved_for(begin, studio):
    dark = YELLOW.replace('sun("Sun", elevation=50, azimuth=200, strength=2.0)\n', "").replace("sun(", "#")
    run = begin()
    stage = drive(run, studio, [GRAPH, program(dark)])
    assert stage.best == 2
    assert "set_light" not in run.program(INITIALIZATION)


def test_a_run_killed_right_after_that_round_does_not_solve_twice(begin, studio):
    run = begin()
    drive(run, studio, [GRAPH, program(YELLOW)]).state = "running"  # as it is in run.json until the stage ends
    run.save()
    run.close()
    resumed, events = RunFolder.open(run.path), []
    stage = drive(resumed, studio, [], events.append)
    resumed.close()
    assert not any("solving" in event.text for event in events)
    assert (stage.state, stage.best, len(stage.rounds)) == ("approved", 2, 2)


def test_a_run_stopped_while_it_solved_solves_when_it_goes_on(begin, studio):
    run, cancel = begin(), threading.Event()

    def stop(event):
        if event.text == "solving for the light":
            cancel.set()

    with pytest.raises(Cancelled):
        drive(run, studio, [GRAPH, program(YELLOW)], stop, cancel)
    stage = drive(run, studio, [])
    assert (stage.state, stage.best) == ("approved", 2)


def test_what_was_lit_is_run_again_as_it_is_after_a_change_by_hand(begin, studio):
    run = begin()
    drive(run, studio, [GRAPH, program(YELLOW)])
    run.adopt(INITIALIZATION, YELLOW)
    stage = drive(run, studio, [])
    assert (stage.best, len(stage.rounds)) == (3, 3)
    assert run.program(INITIALIZATION) == YELLOW
    run.use_round(INITIALIZATION, 2)
    stage = drive(run, studio, [])
    assert stage.best == 2
