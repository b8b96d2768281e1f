"""A lighting round that measures worse gets its powers solved for: it is judged by where its lights stand."""

import threading

import pytest

from seig_addon.engine import picture, solved_rounds
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Method
from seig_addon.engine.stages import LIGHTING
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, program

LAMP = 'import seig_kit as kit\nkit.area_light("Lamp", {place}, (0, 0, 0.5), 0.5, {power})\n'
TRUE = LAMP.format(place=(3, -2, 2.5), power=250)
BRIGHT = LAMP.format(place=(3, -2, 2.5), power=6000)
BEHIND = LAMP.format(place=(0, 4, 0.2), power=6000)


@pytest.fixture
def begin(studio, new_run, tmp_path):
    """A run of initialization and lighting for the scaffold's own picture with a lamp beside its sun."""
    studio.new("box", 96, 64)
    for each in (SCAFFOLD, TRUE):
        assert studio.run(each).failure is None
    studio.render(tmp_path / "true.png", size=96, samples=32)
    true = picture.open_render(tmp_path / "true.png")

    def begun(**chosen):
        rounds = {"initialization": 1, "lighting": 1}
        run = new_run(stages=["initialization", "lighting"], rounds=rounds, **chosen)
        (run.path / "reference.png").write_bytes(picture.encode(true))
        return run

    return begun


def drive(run, studio, lamp):
    model = ScriptedModel([GRAPH, program(SCAFFOLD), program(lamp)])
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    assert model.replies == []
    return run.record.stage(LIGHTING)


def test_a_lamp_in_the_right_place_stays_though_its_power_was_wrong(begin, studio):
    stage = drive(run := begin(), studio, BRIGHT)
    (played,) = stage.rounds
    assert (stage.best, played.ran, played.problem, played.solved) == (1, True, "", False)
    text = run.program(LIGHTING)
    assert text.startswith(BRIGHT.strip())
    assert "kit.set_light('Lamp', " in text
    assert played.scores.psnr > stage.start.psnr + 1


def test_without_solving_it_is_dropped(begin, studio):
    stage = drive(begin(method=Method(solving=False)), studio, BRIGHT)
    assert stage.best is None


def test_what_an_artist_wished_for_is_not_solved_away(begin, studio):
    stage = drive(run := begin(note="as bright as the sun"), studio, BRIGHT)
    assert "set_light" not in run.round_program(LIGHTING, 1)
    assert stage.best is None


def test_a_round_that_no_power_saves_is_dropped_as_the_model_wrote_it(begin, studio, monkeypatch):
    dark = BRIGHT.replace("6000", "0.0") + 'kit.world("#000000", 0.0)\n'
    stage = drive(begin(), studio, dark)
    assert stage.best is None
    (played,) = stage.rounds
    assert played.ran
    assert played.scores.psnr < stage.start.psnr
    monkeypatch.setattr(solved_rounds, "is_closer", lambda seen, start: False)
    stage = drive(run := begin(name="again"), studio, BRIGHT)
    assert stage.best is None
    assert run.round_program(LIGHTING, 1).strip() == BRIGHT.strip()
    assert stage.rounds[0].changed == "added 1 light"
    assert stage.rounds[0].scores.psnr < stage.start.psnr
