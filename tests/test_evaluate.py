"""tools/evaluate: variants are what they say, measures are right, and an evaluation that was killed goes on."""

import csv
import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.records import Method, Settings
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.engine.stages import COMPOSITION, FINE_TUNING, INITIALIZATION, MATERIALS
from seig_addon.engine.transcript import read as read_transcript
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, edit, program
from tools.evaluate import measuring, truth
from tools.evaluate.folder import table_csv, table_markdown
from tools.evaluate.page import page
from tools.evaluate.pixels import NOT_INSTALLED, flat, flip, pixel_metrics
from tools.evaluate.plan import Cell, done
from tools.evaluate.plots import plots
from tools.evaluate.rows import Point, Row
from tools.evaluate.strips import strips
from tools.evaluate.summary import means
from tools.evaluate.tokens import output_tokens, points
from tools.evaluate.variants import VARIANTS, settings_of, variant_of

ROOT = Path(__file__).resolve().parents[1]
PLAIN = {"verifier": False, "solving": False, "permissions": False}
PAINT = program('from seig_kit import material\nmaterial("Red", "#b03a2c")')


def reconstruct(run, studio, *replies):
    model = ScriptedModel(list(replies))
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    assert model.replies == []
    return model


def grey(level, size=(64, 48)):
    return Image.new("RGB", size, (level, level, level))


# Variants: the engine's switches


def test_a_run_does_all_of_the_method_unless_it_is_told_otherwise(new_run):
    assert Settings().method == Method(free=False, verifier=True, solving=True, permissions=True)
    run = new_run()
    text = json.loads((run.path / "run.json").read_text())
    del text["settings"]["method"]
    (run.path / "run.json").write_text(json.dumps(text))
    assert read_record(run.path).settings.method == Method()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_tells_which_variant_it_is_of(name):
    settings = settings_of(name, 3, model="offline", final_size=96)
    assert variant_of(Settings.model_validate_json(settings.model_dump_json())) == name


def test_one_shot_asks_for_the_graph_and_one_program_and_solves_for_nothing(new_run, studio):
    run = new_run(method=VARIANTS["one-shot"].method, **VARIANTS["one-shot"].settings)
    model = reconstruct(run, studio, GRAPH, program(SCAFFOLD))
    assert len(model.titles) == 2
    assert [each.solved for each in run.record.stage(INITIALIZATION).rounds] == [False]
    assert [stage.state for stage in run.record.stages[1:]] == ["pending"] * 5


def test_the_free_loop_rewrites_the_last_program_and_keeps_it_even_if_it_is_worse(new_run, studio):
    run = new_run(stages=["initialization"], rounds={"initialization": 3}, method=Method(free=True, **PLAIN), repairs=0)
    dark = edit('world("#ffffff", 0.5)', 'world("#ffffff", 0.0)')
    model = reconstruct(run, studio, GRAPH, program(SCAFFOLD), program("unknown_name"), dark)
    record = run.record.stage(INITIALIZATION)
    assert [each.ran for each in record.rounds] == [True, False, True]
    assert record.best == 3
    assert record.rounds[2].scores.overall < record.rounds[0].scores.overall
    assert "without stages, verifier, solving, permissions" in (run.path / "report.html").read_text()
    assert 'world("#ffffff", 0.0)' in (run.path / "program.py").read_text()
    assert model.titles[2:] == [f"Stage: initialization · Task: program · Round: {number}" for number in (2, 3)]
    asked = model.questions[3][1].parts
    assert [part.caption for part in asked if not isinstance(part, str)] == ["Reference", "Current render"]
    assert "## Measured" not in model.text(3)
    assert "## Scene graph" not in model.text(3)


def test_a_free_loop_that_was_stopped_goes_on_from_its_last_round(new_run, studio):
    settings = {"stages": ["initialization"], "method": Method(free=True, **PLAIN)}
    run = new_run(rounds={"initialization": 1}, **settings)
    reconstruct(run, studio, GRAPH, program(SCAFFOLD))
    run.record.settings.rounds["initialization"] = 2
    run.record.stage(INITIALIZATION).state = "running"
    model = reconstruct(run, studio, edit("strength=2.0", "strength=2.5"))
    assert "strength=2.0" in model.text(0)
    assert run.record.stage(INITIALIZATION).best == 2


def test_without_a_verifier_nobody_reviews_and_rounds_are_spent(new_run, studio):
    run = new_run(
        stages=["initialization", "materials"],
        rounds={"initialization": 1, "materials": 2},
        method=Method(verifier=False, solving=False),
    )
    model = reconstruct(run, studio, GRAPH, program(SCAFFOLD), PAINT, PAINT)
    assert not [title for title in model.titles if "Task: review" in title]
    assert run.record.stage(MATERIALS).state in ("budget spent", "unchanged")
    assert len(run.record.stage(MATERIALS).rounds) == 2


def test_without_solving_light_places_and_colours_are_the_models_own(new_run, studio):
    run = new_run(
        stages=["initialization", "composition", "fine-tuning"],
        rounds={"initialization": 1, "composition": 1},
        method=Method(solving=False),
    )
    nudge = program('import bpy\nbpy.data.objects["Cube"].location.x = 0.02')
    reconstruct(run, studio, GRAPH, program(SCAFFOLD), nudge)
    assert not any(each.solved for stage in run.record.stages for each in stage.rounds)
    assert len(run.record.stage(COMPOSITION).rounds) == 1
    assert run.record.stage(FINE_TUNING).state == "unchanged"


@pytest.mark.parametrize("permissions", [True, False])
def test_without_permissions_a_stage_may_change_everything(new_run, studio, permissions):
    run = new_run(
        stages=["initialization", "materials"],
        rounds={"initialization": 1, "materials": 1},
        repairs=0,
        method=Method(permissions=permissions, solving=False),
    )
    moves = program('import bpy\nbpy.data.objects["Cube"].location.x = 0.01')
    model = reconstruct(run, studio, GRAPH, program(SCAFFOLD), moves)
    assert run.record.stage(MATERIALS).rounds[0].ran is not permissions
    assert ("a program that changes it is refused" in model.text(2)) is permissions


# Measures


def test_pixel_measures_have_their_known_values():
    same = pixel_metrics(grey(100), grey(100))
    assert same["psnr"] == 100.0
    assert same["ssim"] == 1.0
    off = pixel_metrics(grey(51), grey(102))
    assert off["psnr"] == pytest.approx(20 * math.log10(1 / 0.2), abs=1e-3)
    bars = np.zeros((48, 64, 3), np.uint8)
    bars[:, :16] = 255  # a quarter is white, so the median is black and a quarter of the pixels is off by 1
    assert flat(Image.fromarray(bars)) == pytest.approx(10 * math.log10(4))


@pytest.mark.skipif(find_spec("flip_evaluator") is None, reason="flip-evaluator is not installed (group evaluate)")
def test_flip_is_zero_for_equal_pictures_and_one_for_black_on_white():
    black, white = np.zeros((64, 64, 3)), np.ones((64, 64, 3))
    assert flip(black, black) == pytest.approx(0.0, abs=1e-4)
    assert flip(black, white) > 0.9


def test_a_view_is_what_the_picture_shows_of_a_camera():
    level = truth.true_view(truth.TrueCamera(rotation_euler=(math.pi / 2, 0, 1), lens_mm=50, sensor_mm=36), 1.0)
    assert level == pytest.approx((0.0, 0.5, 2 * math.degrees(math.atan(0.36))))
    shifted = truth.TrueCamera(rotation_euler=(math.pi / 2, 0, 0), lens_mm=50, sensor_mm=36, shift=(0, -0.25))
    assert truth.true_view(shifted, 1.0).horizon == pytest.approx(0.25)
    down = truth.TrueCamera(rotation_euler=(math.pi / 2 - 0.2, 0, 0), lens_mm=50, sensor_mm=36)
    assert truth.true_view(down, 1.0).elevation == pytest.approx(-math.degrees(0.2))
    assert truth.true_view(down, 1.0).horizon == pytest.approx(0.5 - math.tan(0.2) / 0.72)


def test_true_objects_are_matched_one_to_one_the_best_overlap_first():
    wanted = {"Cup": (0.0, 0.0, 0.4, 0.4), "Plate": (0.0, 0.0, 0.4, 0.5), "Spoon": (0.8, 0.8, 0.9, 0.9)}
    got = {"A": (0.0, 0.0, 0.4, 0.5), "B": (0.0, 0.0, 0.5, 0.4), "C": (0.1, 0.7, 0.2, 0.8)}
    pairs = truth.matched(wanted, got)
    assert {name: found for name, (found, _) in pairs.items()} == {"Plate": "A", "Cup": "B"}
    assert pairs["Plate"][1] == 1.0


def test_a_scene_measured_against_itself_has_no_errors(studio, tmp_path):
    studio.new("box", 96, 64)
    assert studio.run(SCAFFOLD).failure is None
    studio.save(tmp_path / "box.blend")
    camera = studio.places().camera
    objects = {each.name: {"box": each.box} for each in studio.describe().objects if each.name in ("Cube", "Ground")}
    left, right, bottom, top = camera.frame
    shift = (left + right) / 2 / (right - left), (top + bottom) / 2 / (right - left)
    known = {"rotation_euler": camera.rotation, "lens_mm": camera.lens, "sensor_mm": 36, "shift": shift}
    (tmp_path / "box.json").write_text(json.dumps({"camera": known, "objects": objects}))
    values = measuring.against_truth(
        tmp_path / "box.json",
        SceneGraph.model_validate_json(GRAPH.strip("`json\n")),
        96 / 64,
        studio,
        tmp_path / "box.blend",
        tmp_path,
    )
    assert values["recall"] == 1.0
    assert values["box_iou"] == pytest.approx(1.0, abs=1e-3)
    for name in ("view_angle", "horizon", "field_of_view", "base_color"):
        assert values[name] == pytest.approx(0.0, abs=0.01), name


def test_tokens_are_the_accounts_or_estimated_from_the_replies(new_run, studio):
    run = new_run(stages=["initialization", "materials"], rounds={"initialization": 1, "materials": 1})
    reconstruct(run, studio, GRAPH, program(SCAFFOLD), PAINT)
    counted = output_tokens(run.path, run.record)
    assert (counted.total, counted.estimated) == (30, False)
    assert points(run.record, counted)[-1].output_tokens == 30

    for stage in run.record.stages:
        stage.usage.output_tokens = 0
    guessed = output_tokens(run.path, run.record)
    replies = [len(each.text) for each in read_transcript(run.path)]
    assert guessed.estimated
    assert guessed.total == pytest.approx(sum(replies) / 3.5, abs=len(replies))
    assert guessed.by_round["materials", 1] == round(replies[-1] / 3.5)


# The folder


def rows(tmp_path):
    """Two pictures, two variants; one cell failed."""
    made = []
    for picture in ("desk", "cup"):
        grey(120).save(tmp_path / f"{picture}.png")
        for variant, psnr in (("staged", 20.0), ("one-shot", 18.0)):
            made.append(
                Row(
                    picture=picture,
                    model="m|<b>",
                    variant=variant,
                    values={"psnr": psnr + len(picture), "ssim": 0.5, "overall": 0.4, "flip": NOT_INSTALLED},
                    output_tokens=1000,
                    reference=tmp_path / f"{picture}.png",
                    render=tmp_path / f"{picture}.png",
                    run=tmp_path / picture,
                    points=[
                        Point(label=name, output_tokens=500, psnr=psnr, overall=0.4)
                        for name in ("initialization", "geometry")
                    ],
                )
            )
    made[-1] = Row(picture="cup", model="m|<b>", variant="one-shot", failed="the model was away")
    return made


def test_means_are_over_the_pictures_that_all_variants_have(tmp_path):
    staged, once = means(rows(tmp_path))
    assert (staged.pictures, once.pictures) == (1, 1)
    assert (staged.values["psnr"], once.values["psnr"], once.gain) == (24.0, 22.0, -2.0)


def test_tables_and_page_say_what_failed_and_escape_names(tmp_path):
    made = rows(tmp_path)
    read = list(csv.DictReader(io.StringIO(table_csv(made))))
    assert [row["psnr"] for row in read] == ["24.0", "22.0", "23.0", ""]
    assert read[3]["failed"] == "the model was away"
    assert read[0]["flip"] == NOT_INSTALLED
    assert "the model was away" in table_markdown(made)
    assert "m\\|<b>" in table_markdown(made)
    text = page(made, tmp_path, [], strips(made, tmp_path / "strips"))
    assert "the model was away" in text
    assert "m|&lt;b&gt;" in text
    assert "<b>" not in text
    assert 'src="strips/desk.png"' in text


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed (group evaluate)")
def test_plots_are_drawn_of_tokens_and_of_stages(tmp_path):
    made = plots(rows(tmp_path), tmp_path)
    assert [path.name for path in made] == ["score_by_tokens.png", "score_by_stage.png"]
    assert all(Image.open(path).width > 300 for path in made)


# All together


def command(tmp_path, *more):
    tmp_path.joinpath("pictures").mkdir(exist_ok=True)
    picture = tmp_path / "pictures" / "box.png"
    if not picture.exists():
        grey(120, (96, 64)).save(picture)
    sizes = ["--working-size", "64", "--final-size", "96", "--output", str(tmp_path / "out")]
    return [sys.executable, "-m", "tools.evaluate", str(picture), "--variants", "one-shot,no-solving", *sizes, *more]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="killing as a Unix shell does")
def test_an_evaluation_that_was_killed_goes_on_and_does_nothing_twice(tmp_path, studio):
    cells = tmp_path / "out" / "cells" / "box" / "offline"
    process = subprocess.Popen(command(tmp_path), cwd=ROOT)
    until = time.monotonic() + 200
    while not (cells / "no-solving" / "run" / "transcript.jsonl").exists() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (cells / "one-shot" / "done.json").exists()
    assert not (cells / "no-solving" / "done.json").exists()
    first = (cells / "one-shot" / "done.json").stat().st_mtime_ns
    _wait_until_let_go(cells / "no-solving" / "run")
    kept = (cells / "no-solving" / "run" / "transcript.jsonl").read_bytes()

    again = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 cells, 1 of them done" in again.stdout
    assert (cells / "one-shot" / "done.json").stat().st_mtime_ns == first
    assert (cells / "no-solving" / "run" / "transcript.jsonl").read_bytes().startswith(kept)
    read = list(csv.DictReader((tmp_path / "out" / "results.csv").open()))
    assert [(row["variant"], float(row["psnr"]) > 10) for row in read] == [("one-shot", True), ("no-solving", True)]
    for name in ("index.html", "table.md", "strips/box.png"):
        assert (tmp_path / "out" / name).stat().st_size > 0

    cell = Cell.model_validate_json((cells / "one-shot" / "cell.json").read_text())
    assert done(cell) is not None
    cell.settings.final_size = 64
    assert done(cell) is None  # it was measured at another size


@pytest.mark.slow
def test_a_cell_that_fails_says_why_and_does_not_stop_the_others(tmp_path, new_run, studio):
    run = new_run("recorded", stages=["initialization"])
    reconstruct(run, studio, GRAPH, program(SCAFFOLD))
    run.close()
    other = tmp_path / "pictures"
    other.mkdir()
    grey(60, (96, 64)).save(other / "box.png")
    given = ["--models", f"replay:{run.path}", "--runs", f"recorded={run.path}"]
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    process = subprocess.run(command(tmp_path, *given), cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    read = list(csv.DictReader((tmp_path / "out" / "results.csv").open()))
    assert [row["variant"] for row in read] == ["one-shot", "no-solving", "recorded"]
    assert all("the run parts from the record" in row["failed"].lower() for row in read[:2])
    assert float(read[2]["psnr"]) > 10
    assert (read[2]["output_tokens"], read[2]["tokens_estimated"]) == ("20", "False")
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (group ray)")
def test_ray_does_the_cells_too(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "local")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 64)
    ray = [*command(tmp_path), "--engine", "ray"]
    process = subprocess.run(ray, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    read = list(csv.DictReader((tmp_path / "out" / "results.csv").open()))
    assert [(row["variant"], float(row["psnr"]) > 10) for row in read] == [("one-shot", True), ("no-solving", True)]


def _wait_until_let_go(run):
    """The cell ends by itself once its evaluation is gone."""
    until = time.monotonic() + 60
    while True:
        try:
            RunFolder.open(run).close()
            return
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
