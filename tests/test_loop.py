"""The staged loop, driven down each of its paths by a queue of replies in a real studio."""

import threading

import pytest

from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.engine.stages import BY_NAME, GEOMETRY, INITIALIZATION, LIGHTING, MATERIALS
from seig_addon.errors import Cancelled, ModelError, RunFolderError, SeigError
from seig_addon.models import Reply
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, approve, as_json, demand, edit, program

BETTER_BOX = program('from seig_kit import rounded_box\nrounded_box("Cube", (0.9, 1, 1.05), radius=0.02)')
PAINT = program('from seig_kit import material\nmaterial("Red", "#b03a2c")')
CRASH_FREE_ERROR = program("this_name_is_unknown")
DARK = program(
    'from seig_kit import world, sun\nworld("#000000", 0)\nsun("Sun", elevation=50, azimuth=200, strength=0.0)'
)


def drive(run, studio, replies, cancel=None, events=None):
    model = ScriptedModel(replies)
    tell = events.append if events is not None else lambda event: None
    return model, Reconstruction(run, model, studio, tell, cancel or threading.Event())


def only(*names, **rounds):
    """Settings of a run that does these stages, with one rollout."""
    return {"stages": ["initialization", *names], "rounds": {"initialization": 1, **rounds}}


def test_an_approved_run_does_every_stage_once_and_leaves_the_whole_folder(new_run, studio):
    run = new_run(rounds={"initialization": 2})
    replies = [GRAPH, program(SCAFFOLD), program(SCAFFOLD)]
    replies += [BETTER_BOX, approve(), PAINT, approve()]
    replies += [program('import bpy\nbpy.data.objects["Cube"].location.x = 0.02'), approve()]
    replies += [program('from seig_kit import world\nworld("#ffffff", 0.45)'), approve()]
    events = []
    model, reconstruction = drive(run, studio, replies, events=events)
    reconstruction.reconstruct()

    assert model.replies == []
    record = read_record(run.path)
    assert [stage.state for stage in record.stages] == ["approved"] * 6
    # Composition ends with a round that places by the boxes and asks nobody.
    assert [stage.best for stage in record.stages] == [record.stages[0].best, 1, 1, 2, 1, 1]
    assert record.stages[1].rounds[0].changed == "reshaped 1 object, restructured 1 object"
    assert record.final is not None
    for name in ("scene.blend", "render.png", "program.py", "report.html", "transcript.jsonl", "reference.png"):
        assert (run.path / name).stat().st_size > 0, name
    assert record.usage.input_tokens == 100 * len(model.questions)
    assert record.cost == pytest.approx(0.01 * len(model.questions))
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == ("run started", "run ended")
    assert kinds.count("stage started") == kinds.count("stage ended") == 6


def test_the_rollout_that_covers_most_objects_is_chosen(new_run, studio):
    half = SCAFFOLD.replace('box("Cube"', 'box("Stray"').replace("location=(0, 0, 0)", "location=(0, 60, 0)")
    run = new_run(stages=["initialization"], rounds={"initialization": 3})
    _, reconstruction = drive(run, studio, [GRAPH, program(half), program(SCAFFOLD), program(half)])
    reconstruction.reconstruct()
    stage = run.record.stage(INITIALIZATION)
    assert [each.coverage for each in stage.rounds] == [0.5, 1.0, 0.5, 1.0]  # the last is the second, lit
    assert run.round_program(INITIALIZATION, 4).startswith(run.round_program(INITIALIZATION, 2).rstrip())
    assert stage.best in (2, 4)


def test_the_checklist_goes_into_the_next_question_and_the_budget_ends_the_stage(new_run, studio):
    run = new_run(**only("materials", materials=2))
    brighter = program('from seig_kit import material\nmaterial("Red", "#a83a2c")\nmaterial("Grey", "#868686")')
    replies = [GRAPH, program(SCAFFOLD), PAINT, demand("Cube: darker red"), brighter]
    model, reconstruction = drive(run, studio, replies)
    reconstruction.reconstruct()
    second = model.text(model.titles.index("Stage: materials · Task: program · Round: 2"))
    stage = run.record.stage(MATERIALS)
    assert stage.rounds[1].review is None  # no round is left to act on it
    assert model.replies == []
    assert "- Cube: darker red" in second
    assert 'material("Red", "#b03a2c")' in second
    assert stage.state == "budget spent"
    assert len(stage.rounds) == 2


def test_edits_change_the_program_so_far(new_run, studio):
    run = new_run(**only("materials", materials=2))
    replies = [
        GRAPH,
        program(SCAFFOLD),
        PAINT,
        demand("more"),
        edit('material("Red", "#b03a2c")', 'material("Red", "#b03b2d")'),
    ]
    _, reconstruction = drive(run, studio, [*replies, approve()])
    reconstruction.reconstruct()
    text = run.round_program(MATERIALS, 2)
    assert text == 'from seig_kit import material\nmaterial("Red", "#b03b2d")\n'


def test_a_traceback_goes_back_to_the_model_and_the_repair_counts(new_run, studio):
    run = new_run(**only("geometry", geometry=2))
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), CRASH_FREE_ERROR, BETTER_BOX, approve()])
    reconstruction.reconstruct()
    repair = model.titles.index("Stage: geometry · Task: program · Round: 1 · Repair: 1")
    assert "NameError" in model.text(repair)
    assert "this_name_is_unknown" in model.text(repair)
    assert run.record.stage(GEOMETRY).rounds[0].repairs == 1


def test_the_same_error_three_times_ends_the_round(new_run, studio):
    run = new_run(**only("geometry", geometry=1), repairs=9)
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), *[CRASH_FREE_ERROR] * 3])
    reconstruction.reconstruct()
    stage = run.record.stage(GEOMETRY)
    assert model.replies == []
    assert (stage.state, stage.best, stage.rounds[0].ran) == ("unchanged", None, False)


def test_a_round_takes_three_repairs_at_most(new_run, studio):
    run = new_run(**only("geometry", geometry=1))
    errors = [program(f"unknown_{letter}") for letter in "abcd"]
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), *errors])
    reconstruction.reconstruct()
    assert model.replies == []
    assert run.record.stage(GEOMETRY).rounds[0].repairs == 3


def test_a_refusal_of_the_guard_goes_back_to_the_model_and_nothing_ran(new_run, studio, tmp_path):
    run = new_run(**only("geometry", geometry=2))
    target = tmp_path / "harm"
    harm = program(f"import os\nos.mkdir({str(target)!r})")
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), harm, BETTER_BOX, approve()])
    reconstruction.reconstruct()
    assert not target.exists()
    assert "import os" in model.text(-2 - len(model.replies))


def test_a_breach_of_the_stage_permissions_is_refused_with_what_changed(new_run, studio):
    run = new_run(**only("materials", materials=2))
    breach = program('import bpy\nbpy.data.objects["Cube"].location.z = 3\nbpy.data.lights["Sun"].energy = 9')
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), breach, PAINT, approve()])
    reconstruction.reconstruct()
    repair = model.text(model.titles.index("Stage: materials · Task: program · Round: 1 · Repair: 1"))
    assert "object transform (Cube)" in repair
    assert "light (Sun)" in repair
    assert run.record.stage(MATERIALS).rounds[0].changed == "changed 1 material"


def test_no_stage_after_the_first_may_remove_an_object_of_the_scene_graph(new_run, studio):
    run = new_run(**only("geometry", geometry=2))
    loss = program('import bpy\nbpy.data.objects.remove(bpy.data.objects["Cube"])')
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), loss, BETTER_BOX, approve()])
    reconstruction.reconstruct()
    repair = model.text(model.titles.index("Stage: geometry · Task: program · Round: 1 · Repair: 1"))
    assert "object removed (Cube)" in repair


def test_a_round_that_made_it_worse_is_dropped_without_a_review(new_run, studio):
    run = new_run(**only("lighting", lighting=2))
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), DARK, DARK])
    reconstruction.reconstruct()
    stage = run.record.stage(LIGHTING)
    assert model.replies == []
    assert (stage.state, stage.best) == ("unchanged", None)
    assert "round 1 was dropped" in model.text(-1)
    assert run.standing() == [INITIALIZATION]


def test_the_best_round_stays_not_the_last(new_run, studio):
    run = new_run(**only("lighting", lighting=2))
    good = program('from seig_kit import world\nworld("#ffffff", 0.45)')
    _, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), good, demand("a little more"), DARK])
    reconstruction.reconstruct()
    stage = run.record.stage(LIGHTING)
    assert (stage.state, stage.best) == ("budget spent", 1)
    assert "0.45" in (run.path / "program.py").read_text()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("I would rather not.", "no program"),
        ("```python\na = 1\n```\n```python\na = 2\n```", "2 code blocks"),
        (Reply("```python\na = 1", finish_reason="length"), "cut off"),
        (edit("not there", "x"), "no program to edit"),
    ],
)
def test_a_reply_that_is_no_program_is_asked_again_with_the_reason(new_run, studio, bad, words):
    run = new_run(stages=["initialization"])
    model, reconstruction = drive(run, studio, [GRAPH, bad, program(SCAFFOLD)])
    reconstruction.reconstruct()
    assert words in model.text(-1)
    assert run.record.stage(INITIALIZATION).state == "approved"


def test_json_that_does_not_fit_is_asked_again_once(new_run, studio):
    run = new_run(stages=["initialization"])
    model, reconstruction = drive(run, studio, [as_json({"nodes": []}), GRAPH, program(SCAFFOLD)])
    reconstruction.reconstruct()
    assert "no leaf" in model.text(1)


def test_a_scene_graph_that_never_fits_stops_the_run_and_keeps_it(new_run, studio):
    run = new_run(stages=["initialization"])
    _, reconstruction = drive(run, studio, ["no", "never"])
    with pytest.raises(ModelError, match="asked twice for the scene graph"):
        reconstruction.reconstruct()
    _, again = drive(run, studio, [GRAPH, program(SCAFFOLD)])
    again.reconstruct()
    assert run.record.stage(INITIALIZATION).state == "approved"


def test_a_review_that_never_fits_fails_the_round_and_the_run_goes_on(new_run, studio):
    run = new_run(**only("materials", materials=2))
    _, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), PAINT, "?", "?", PAINT, approve()])
    reconstruction.reconstruct()
    stage = run.record.stage(MATERIALS)
    assert [each.ran for each in stage.rounds] == [False, True]
    assert "twice" in stage.rounds[0].problem
    assert stage.best == 2


def test_a_program_without_a_camera_is_told_so(new_run, studio):
    run = new_run(stages=["initialization"])
    blind = program('from seig_kit import box\nbox("Cube", (1, 1, 1))')
    model, reconstruction = drive(run, studio, [GRAPH, blind, program(SCAFFOLD)])
    reconstruction.reconstruct()
    assert "no camera" in model.text(-1)


def test_when_no_scaffold_runs_the_run_stops_with_the_reason_and_resume_tries_again(new_run, studio):
    run = new_run(stages=["initialization"])
    _, reconstruction = drive(run, studio, [GRAPH, *[CRASH_FREE_ERROR] * 3])
    with pytest.raises(ModelError, match="None of the 1 scaffolds"):
        reconstruction.reconstruct()
    _, again = drive(run, studio, [program(SCAFFOLD)])
    again.reconstruct()
    assert [each.ran for each in run.record.stage(INITIALIZATION).rounds] == [True, True]
    assert [each.solved for each in run.record.stage(INITIALIZATION).rounds] == [False, True]


@pytest.mark.slow
def test_an_endless_program_costs_its_try_only(new_run, studio):
    run = new_run(**only("geometry", geometry=2))
    studio.limits.seconds, before = 1.0, studio.limits.seconds
    try:
        replies = [GRAPH, program(SCAFFOLD), program("while True: pass"), BETTER_BOX, approve()]
        model, reconstruction = drive(run, studio, replies)
        reconstruction.reconstruct()
    finally:
        studio.limits.seconds = before
    repair = model.text(model.titles.index("Stage: geometry · Task: program · Round: 1 · Repair: 1"))
    assert "1 s" in repair
    assert run.record.stage(GEOMETRY).state == "approved"


def test_cancelling_during_an_ask_stops_and_a_resumed_run_goes_on_from_there(new_run, studio):
    run = new_run(**only("materials", "lighting", materials=3, lighting=2))
    cancel = threading.Event()

    def press_stop(messages):
        cancel.set()
        raise Cancelled("Stopped.")

    _, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), PAINT, demand("more"), press_stop], cancel)
    with pytest.raises(Cancelled):
        reconstruction.reconstruct()
    run.close()
    assert read_record(run.path).stage(MATERIALS).rounds[0].review.checklist == ["more"]

    resumed = RunFolder.open(run.path)
    light = program('from seig_kit import world\nworld("#ffffff", 0.45)')
    repaint = program('from seig_kit import material\nmaterial("Red", "#b03b2d")')
    model, reconstruction = drive(resumed, studio, [repaint, approve(), light, approve()])
    reconstruction.reconstruct()
    assert model.titles[0] == "Stage: materials · Task: program · Round: 2"
    assert "- more" in model.text(0)
    assert [resumed.record.stage(BY_NAME[name]).state for name in ("materials", "lighting")] == ["approved"] * 2
    resumed.close()


@pytest.mark.parametrize(
    "kind", ["stage started", "asking", "trying", "rendering", "reviewed", "round ended", "finishing"]
)
def test_a_run_stopped_at_any_event_can_be_resumed(new_run, studio, kind):
    run = new_run(**only("materials", materials=2))
    cancel = threading.Event()

    def stop_there(event):
        if event.kind == kind and (event.stage == "materials" or kind == "finishing"):
            cancel.set()

    replies = [GRAPH, program(SCAFFOLD), PAINT, approve()]
    with pytest.raises(Cancelled):
        Reconstruction(run, ScriptedModel(replies), studio, stop_there, cancel).reconstruct()
    run.close()
    resumed = RunFolder.open(run.path)
    left = [] if resumed.record.stage(MATERIALS).rounds else [PAINT, approve()]
    _, reconstruction = drive(resumed, studio, left)
    reconstruction.reconstruct()
    assert resumed.record.stage(MATERIALS).state == "approved"
    assert (resumed.path / "report.html").exists()
    resumed.close()


def test_step_does_one_stage_at_a_time_and_ends_with_a_sentence(new_run, studio):
    run = new_run(**only("materials"))
    _, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), PAINT, approve()])
    reconstruction.step()
    assert run.record.stage(MATERIALS).state == "pending"
    assert (run.path / "scene.blend").exists()
    assert run.record.final is None
    reconstruction.step()
    assert run.record.stage(MATERIALS).state == "approved"
    assert run.record.final is not None
    with pytest.raises(SeigError, match="no stage left"):
        reconstruction.step()


def test_redo_starts_from_the_former_program_and_replays_later_stages_without_asking(new_run, studio):
    run = new_run(**only("geometry", "materials", geometry=2, materials=2))
    _, first = drive(run, studio, [GRAPH, program(SCAFFOLD), BETTER_BOX, approve(), PAINT, approve()])
    first.reconstruct()
    run.archive(GEOMETRY, "a taller box")
    assert run.record.stage(MATERIALS).state == "stale"
    taller = edit("(0.9, 1, 1.05)", "(0.9, 1, 1.6)")
    model, second = drive(run, studio, [taller, approve()])
    second.reconstruct()
    assert "a taller box" in model.text(0)
    assert model.titles == ["Stage: geometry · Task: program · Round: 1", "Stage: geometry · Task: review · Round: 1"]
    assert run.record.stage(MATERIALS).state == "approved"
    assert (run.path / "history" / "2_geometry_1" / "round_1" / "program.py").exists()
    assert _height_of_cube(studio, run) == pytest.approx(1.6, abs=0.01)
    assert next(each for each in studio.describe().materials if each.name == "Red").base_color == "#b03a2c"


def test_a_later_stage_whose_program_no_longer_runs_is_marked_and_left_out(new_run, studio):
    run = new_run(**only("geometry", "composition", geometry=2, composition=2))
    add = program('from seig_kit import box\nbox("Knob", (0.1, 0.1, 0.1), location=(0, -0.5, 0.5))')
    move = program('import bpy\nbpy.data.objects["Knob"].location.x = 0.01')
    _, first = drive(run, studio, [GRAPH, program(SCAFFOLD), add, approve(), move, approve()])
    first.reconstruct()
    run.archive(GEOMETRY, "no knob")
    _, second = drive(run, studio, [BETTER_BOX, approve()])
    second.reconstruct()
    stage = run.record.stages[3]
    assert stage.state == "broken"
    assert "Knob" in stage.round(stage.best).problem
    exported = (run.path / "program.py").read_text()
    assert "def composition" not in exported
    assert "no longer run: composition" in exported.splitlines()[0] + exported[:400]


def test_another_round_can_be_used_and_a_program_of_a_persons_own(new_run, studio):
    run = new_run(**only("geometry", "materials", geometry=2, materials=2))
    worse = BETTER_BOX.replace("1.05", "3.5")
    _, first = drive(run, studio, [GRAPH, program(SCAFFOLD), BETTER_BOX, demand("taller"), worse, PAINT, approve()])
    first.reconstruct()
    assert run.record.stage(GEOMETRY).best == 1

    run.use_round(GEOMETRY, 2)
    drive(run, studio, [])[1].reconstruct()
    assert [run.record.stage(stage).state for stage in (GEOMETRY, MATERIALS)] == ["budget spent", "approved"]
    assert _height_of_cube(studio, run) == pytest.approx(3.5, abs=0.01)

    assert run.adopt(GEOMETRY, 'from seig_kit import box\nbox("Cube", (1, 1, 2))') == 3
    drive(run, studio, [])[1].reconstruct()
    assert run.record.stage(GEOMETRY).best == 3
    assert _height_of_cube(studio, run) == pytest.approx(2.0, abs=0.01)
    run.checkpoint(GEOMETRY, 1).unlink()
    with pytest.raises(RunFolderError, match="left no scene"):
        run.use_round(GEOMETRY, 1)


def _height_of_cube(studio, run):
    studio.open(run.path / "scene.blend")
    return next(each for each in studio.describe().objects if each.name == "Cube").dimensions[2]


def test_a_verifier_may_ask_once_for_a_closer_look(new_run, studio):
    run = new_run(**only("geometry", geometry=2))
    closer = as_json({"approved": False, "closer": ["Cube", "Elephant", "Cube alone", "from left"]})
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD), BETTER_BOX, closer, approve()])
    reconstruction.reconstruct()
    assert model.titles[-2:] == [
        "Stage: geometry · Task: review · Round: 1",
        "Stage: geometry · Task: review · Round: 1 · Closer: 1",
    ]
    captions = [part.caption for part in model.questions[-1][1].parts if not isinstance(part, str)]
    assert captions[-2:] == ["Closer", "More views"]
    assert run.record.stage(GEOMETRY).round(1).review.approved


def test_a_live_window_is_shown_every_stage_and_its_picture_joins_the_next_question(new_run, studio, picture):
    run = new_run(**only("materials", materials=2))
    shown = []

    class Window:
        def apply(self, stage):
            shown.append(stage.name)
            return picture

    model = ScriptedModel([GRAPH, program(SCAFFOLD), PAINT, approve()])
    Reconstruction(run, model, studio, lambda event: None, threading.Event(), Window()).reconstruct()
    assert shown == ["initialization", "materials"]
    captions = [part.caption for part in model.questions[2][1].parts if not isinstance(part, str)]
    assert captions[:2] == ["Reference", "Current render"]
    assert captions[-1] == "Viewport"


def test_notes_reach_every_question(new_run, studio):
    run = new_run(stages=["initialization"], note="It is a toy.")
    model, reconstruction = drive(run, studio, [GRAPH, program(SCAFFOLD)])
    reconstruction.reconstruct()
    assert all("It is a toy." in model.text(index) for index in range(2))


def test_a_picture_that_carries_instructions_widens_nothing(new_run, studio, tmp_path):
    """Whatever a picture talks a model into saying, it is still just a program under the guard."""
    run = new_run(stages=["initialization"])
    obeying = program(f"import bpy\nbpy.ops.wm.save_as_mainfile(filepath={str(tmp_path / 'stolen.blend')!r})")
    _, reconstruction = drive(run, studio, [GRAPH, obeying, program(SCAFFOLD)])
    reconstruction.reconstruct()
    assert not (tmp_path / "stolen.blend").exists()


def test_a_reply_may_correct_a_mark_by_which_all_is_measured_from_then_on(new_run, studio):
    run = new_run(**only("geometry", geometry=2))
    marks = as_json({"boxes": {"Cube": [0.34, 0.31, 0.66, 0.69]}})
    wrong = as_json({"boxes": {"Elephant": [0.3, 0.3, 0.6, 0.6]}})
    replies = [GRAPH, program(SCAFFOLD), f"{marks}\n{BETTER_BOX}", demand("rounder"), f"{wrong}\n{BETTER_BOX}"]
    model, reconstruction = drive(run, studio, replies)
    reconstruction.reconstruct()
    record = read_record(run.path)
    assert record.graph.leaves[1].box == (0.34, 0.31, 0.66, 0.69)
    assert record.stage(GEOMETRY).rounds[0].marks.boxes == {"Cube": (0.34, 0.31, 0.66, 0.69)}
    assert "marked 0.340 0.310 0.660 0.690" in model.text(-1)
