"""The composition stage places camera and things by the marked boxes, after the loop, where the picture gains."""

import threading

import pytest
from PIL import Image

from seig_addon.engine.coverage import overlap
from seig_addon.engine.picture import open_render
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.engine.stages import COMPOSITION
from tests.scripted import ScriptedModel, approve, as_json, program

SCENE = """
from seig_kit import box, material, plane, set_camera, sun, world
set_camera((0.3, -5, 2.2), look_at=(0, 0, 0.3), lens=45)
plane("Ground", (30, 30), material=material("Grey", "#909090"))
box("Crate", (1, 1, 0.6), (-0.4, 0.2, 0), material=material("Wood", "#b07030"))
box("Cup", (0.3, 0.3, 0.4), (-0.4, 0.1, 0.6), material=material("Blue", "#3050b0"))
box("Block", (0.5, 0.5, 0.5), (0.8, 0.0, 0), material=material("Red", "#c03020"))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""
OFF = SCENE.replace("(-0.4, 0.2, 0)", "(-0.6, 0.2, 0)").replace("(-0.4, 0.1, 0.6)", "(-0.5, 0.0, 0.6)")
OFF = OFF.replace("(0.8, 0.0, 0)", "(1.0, 0.2, 0)").replace("(0.5, 0.5, 0.5)", "(0.43, 0.43, 0.43)")
NAMES = ("Crate", "Cup", "Block")
NOTHING = program("import bpy")


@pytest.fixture(scope="module")
def truth(shared_studio, tmp_path_factory):
    """The picture of the scene, and the boxes of its things."""
    shared_studio.new("truth", 192, 128)
    assert shared_studio.run(SCENE).failure is None
    path = tmp_path_factory.mktemp("truth") / "render.png"
    shared_studio.render(path, size=192, samples=4)
    return open_render(path), {each.name: each.box for each in shared_studio.describe().objects}


def graph(boxes):
    nodes = [{"name": "Ground", "kind": "surface", "build": "plane", "box": [0, 0.2, 1, 1]}]
    nodes += [{"name": name, "build": "box", "box": boxes[name], "rests_on": "Ground"} for name in NAMES]
    nodes[2]["rests_on"] = "Crate"
    return as_json({"nodes": nodes})


@pytest.fixture
def compose(truth, studio, tmp_path):
    """Run initialization and composition of the disturbed scene with these replies; returns the run's record."""
    picture, _ = truth
    runs = []

    def composed(marked, replies, reference: Image.Image = picture, rounds=1, scaffold=OFF):
        settings = Settings(
            stages=["initialization", "composition"],
            rounds={"initialization": 1, "composition": rounds},
            working_size=96,
            working_samples=2,
            final_size=96,
            final_samples=2,
        )
        runs.append(RunFolder.create(tmp_path / "run", "boxes", reference, settings))
        model = ScriptedModel([graph(marked), program(scaffold), *replies])
        Reconstruction(runs[-1], model, studio, lambda event: None, threading.Event()).reconstruct()
        assert model.replies == []
        return runs[-1]

    yield composed
    for run in runs:
        run.close()


def mean_overlap(studio, boxes):
    now = {each.name: each.box for each in studio.describe().objects}
    return sum(overlap(now[name], boxes[name]) for name in NAMES) / len(NAMES)


def test_what_the_loop_left_off_is_placed_by_the_boxes(compose, truth, studio):
    run = compose(truth[1], [NOTHING])
    stage = run.record.stage(COMPOSITION)
    assert stage.best in (2, 3)  # the third one, if there is any, moved things by their edges
    assert stage.state == "budget spent"
    asked, placed = stage.rounds[:2]
    assert (asked.asks, placed.asks) == (1, 0)
    assert placed.solved
    assert placed.scores.overall > asked.scores.overall + 0.02
    text = run.round_program(COMPOSITION, 2)
    assert text.startswith("import bpy\n\n# Solved")
    studio.open(run.checkpoint(COMPOSITION, 1))
    before = mean_overlap(studio, truth[1])
    studio.open(run.checkpoint(COMPOSITION, 2))
    assert mean_overlap(studio, truth[1]) > max(before, 0.9)
    exported = (run.path / "program.py").read_text()
    assert "# Solved from the boxes marked in the picture" in exported


def test_a_placing_that_loses_against_the_picture_is_dropped(compose, truth):
    wrong = {name: (box[0] + 0.06, box[1] + 0.06, box[2] + 0.06, box[3] + 0.06) for name, box in truth[1].items()}
    shifted = {name: tuple(min(side, 1.0) for side in box) for name, box in wrong.items()}
    right = """
import bpy
thing = bpy.data.objects
thing["Crate"].location.x = -0.4
thing["Cup"].location = (-0.4, 0.1, 0.6)
thing["Block"].location = (0.8, 0, 0)
thing["Block"].scale = [0.5 / 0.43] * 3
"""
    run = compose(shifted, [program(right), approve()], rounds=2)
    stage = run.record.stage(COMPOSITION)
    assert (stage.best, stage.state) == (1, "approved")
    assert stage.rounds[1].ran
    assert stage.rounds[1].scores.overall < stage.rounds[0].scores.overall
    assert stage.rounds[0].scores.overall > 0.7


def test_a_stage_whose_rounds_all_failed_is_placed_all_the_same(compose, truth):
    run = compose(truth[1], [program("unknown_name")] * 3)
    stage = run.record.stage(COMPOSITION)
    assert [each.ran for each in stage.rounds[:2]] == [False, True]
    assert stage.best in (2, 3)


def test_where_all_boxes_fit_nobody_is_asked_and_things_still_move_to_their_edges(compose, truth):
    _, boxes = truth
    nearly = SCENE.replace("(0.8, 0.0, 0)", "(0.825, 0.0, 0)")  # 0.006 of the picture
    run = compose(boxes, [], scaffold=nearly)
    record = run.record.stage(COMPOSITION)
    assert record.asks == 0
    assert record.rounds
    assert all(each.solved for each in record.rounds)
    assert record.state == "approved"
    assert record.scores.psnr > record.start.psnr
