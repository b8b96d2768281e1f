"""The stage without a model: its numbers are solved for, kept if they bring the picture closer, else dropped."""

import json
import threading

import pytest

from seig_addon.engine import picture
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.engine.stages import BY_NAME, FINE_TUNING, INITIALIZATION, STAGES
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, program

TWO = {"stages": ["initialization", "fine-tuning"], "rounds": {"initialization": 1}}


@pytest.fixture
def of_the_scaffold(studio, tmp_path):
    """The scaffold's own picture, so that the same scene needs nothing and another light can be mended."""
    studio.new("box", 96, 64)
    assert studio.run(SCAFFOLD).failure is None
    studio.render(tmp_path / "scaffold.png", size=96, samples=64)
    return picture.open_render(tmp_path / "scaffold.png")


def reconstruct(run, studio, replies):
    model = ScriptedModel(replies)
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    assert model.replies == []
    return run.record.stage(FINE_TUNING)


def begin(new_run, reference, **chosen):
    """A run of these stages for another reference."""
    run = new_run(**{**TWO, **chosen})
    (run.path / "reference.png").write_bytes(picture.encode(reference))
    return run


# The light is solved for with the scaffold already, so the colours are wrong as well.
WRONG = SCAFFOLD.replace("strength=2.0", "strength=0.7").replace('world("#ffffff", 0.5)', 'world("#ffd0a0", 0.9)')
WRONG = WRONG.replace("#808080", "#9c9a40").replace("#c04030", "#4060a0")


def test_what_was_solved_is_a_round_without_a_question(new_run, studio, of_the_scaffold):
    run = begin(new_run, of_the_scaffold)
    stage = reconstruct(run, studio, [GRAPH, program(WRONG)])
    assert (stage.state, stage.best, stage.asks) == ("approved", 1, 0)
    assert stage.scores.psnr > stage.start.psnr + 3
    text = run.program(FINE_TUNING)
    assert "kit.set_light('Sun', " in text
    assert run.checkpoint(FINE_TUNING, 1).is_file()
    assert not list(run.round_folder(FINE_TUNING, 1).glob("*.npz"))
    assert "def fine_tuning():" in (run.path / "program.py").read_text()
    assert "fine-tuning" in (run.path / "report.html").read_text()


def test_what_brings_nothing_is_dropped(new_run, studio, of_the_scaffold):
    run = begin(new_run, of_the_scaffold)
    stage = reconstruct(run, studio, [GRAPH, program(SCAFFOLD)])
    assert stage.best is None or stage.scores.psnr > stage.start.psnr
    if stage.best is None:
        assert stage.state == "unchanged"
        assert run.standing() == [INITIALIZATION]


def test_it_is_solved_anew_where_the_scene_before_it_changed(new_run, studio, of_the_scaffold):
    run = begin(new_run, of_the_scaffold)
    reconstruct(run, studio, [GRAPH, program(WRONG)])
    first = run.program(FINE_TUNING)
    run.adopt(INITIALIZATION, WRONG.replace("strength=0.7", "strength=6.0"))
    stage = reconstruct(run, studio, [])
    assert (stage.state, stage.best, len(stage.rounds)) == ("approved", 2, 2)
    assert run.program(FINE_TUNING) != first
    assert stage.scores.psnr > stage.start.psnr


def test_a_program_written_by_hand_is_run_as_it_is(new_run, studio, of_the_scaffold):
    run = begin(new_run, of_the_scaffold)
    reconstruct(run, studio, [GRAPH, program(WRONG)])
    mine = "import seig_kit as kit\nkit.set_light('Sun', 3.0, '#ff0000')\n"
    assert run.adopt(FINE_TUNING, mine) == 2
    stage = reconstruct(run, studio, [])
    assert (stage.best, len(stage.rounds)) == (2, 2)
    assert run.program(FINE_TUNING) == mine


def test_it_may_tune_and_nothing_else():
    assert FINE_TUNING.solved
    assert not FINE_TUNING.may_change & {"mesh", "object transform", "camera", "object removed", "light added"}
    assert STAGES[-1] is FINE_TUNING


def test_a_run_from_before_there_was_this_stage_still_opens(new_run, studio):
    run = new_run(stages=["initialization"])
    run.close()
    file = run.path / "run.json"
    record = json.loads(file.read_text())
    record["stages"] = record["stages"][:5]
    record["settings"]["stages"] = record["settings"]["stages"][:5]
    file.write_text(json.dumps(record))
    assert [stage.name for stage in read_record(run.path).stages] == list(BY_NAME)
    again = RunFolder.open(run.path)
    try:
        assert again.record.stage(FINE_TUNING).state == "pending"
        assert again.next_stage() is INITIALIZATION
        assert FINE_TUNING.name not in again.record.settings.stages
    finally:
        again.close()
