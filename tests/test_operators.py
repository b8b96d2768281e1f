"""Every operator: when it can be used, what it says when it can't, and what it does."""

import json
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

bpy = pytest.importorskip("bpy")

from seig_addon.addon import preferences, session  # noqa: E402
from seig_addon.addon.operators import base  # noqa: E402
from seig_addon.engine.records import Method  # noqa: E402
from seig_addon.engine.run_folder import read_record  # noqa: E402
from seig_addon.engine.stages import GEOMETRY, STAGES  # noqa: E402
from seig_addon.models import Costless  # noqa: E402
from tests.addon_window import begin, ended, until  # noqa: E402
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, approve, demand, program  # noqa: E402

SHAPES = program('from seig_kit import rounded_box\nrounded_box("Cube", (1.1, 1, 1.05), radius=0.02)')
TALL = 'from seig_kit import box\nbox("Cube", (1, 1, 1.4))'
RED = program('from seig_kit import material\nmaterial("Red", "#b03a2c")')


@pytest.fixture
def new_run(new_run):
    """Make runs in which nothing is solved for: that takes seconds each time, and is not what is tested here."""
    return partial(new_run, method=Method(solving=False))


@pytest.fixture
def photo(tmp_path, picture):
    picture.save(tmp_path / "box.jpg")
    return tmp_path / "box.jpg"


def pump():
    """Pump until the run has ended."""
    until(ended)


def reconstruct(run, replies, until_="end"):
    begin(run, replies, until_)
    pump()
    return bpy.context.scene


@pytest.fixture
def finished(window, new_run):
    """A scene with two stages, and two rounds of geometry of which the first stayed."""
    run = new_run(stages=["initialization", "geometry"], rounds={"initialization": 1, "geometry": 3})
    scene = reconstruct(run, [GRAPH, program(SCAFFOLD), SHAPES, demand("rounder"), program(TALL), approve()])
    assert session.current().state == "finished", session.current().message
    return scene


def continue_with(monkeypatch, *replies):
    """Have operators that go on with a run ask a scripted model."""
    model, start = ScriptedModel(list(replies)), session.Session.start

    def scripted(self, run, until="end", viewport=None):
        start(self, run, until, model, viewport)

    monkeypatch.setattr(session.Session, "start", scripted)
    return model


def reason(name):
    """Tell why an operator can't be used now; "" if it can."""
    operator = getattr(bpy.ops.seig, name)
    if operator.poll():
        return ""
    with pytest.raises(RuntimeError) as caught:
        operator()
    return str(caught.value).split(".poll() ", 1)[1]


NO_RUN = "This scene is no reconstruction."
NOTHING = "No program is waiting for your approval."
UNASKED = {
    **dict.fromkeys(["copy_question", "paste_reply"], "No question is waiting for your reply."),
    "stop_asking": "Nothing is being asked.",
}
WORKING = "SEIG is at work on box; stop it first."


def check(reasons):
    """Hold every operator's reason against the table; what isn't in it can be used."""
    known = {name.removeprefix("SEIG_OT_") for name in dir(bpy.types) if name.startswith("SEIG_OT_")}
    assert set(reasons) <= known
    found = {name: reason(name) for name in sorted(known)}
    assert {name: why[: len(reasons.get(name, why))] for name, why in found.items() if why} == reasons


def test_polls_in_a_scene_without_a_run(window):
    no_run = dict.fromkeys(
        ["resume", "redo", "restore", "use_round", "edit_program", "run_program", "open_report", "open_folder",
         "program_to_text", "send_to_scene", "checklist_add", "checklist_remove", "pin", "select_object"],
        NO_RUN,
    )  # fmt: skip
    check(
        no_run
        | {
            "reconstruct": "Choose a picture first.",
            "step": "Choose a picture first.",
            "stop": "Nothing is being reconstructed.",
            "use_image": "Choose an image of this file first.",
            "approve": NOTHING,
            "refuse": NOTHING,
            **UNASKED,
        }
    )
    window.picture = "any.png"
    assert reason("reconstruct") == reason("step") == ""


def test_polls_while_a_run_goes_on_and_while_it_stops(window, new_run):
    class Thinking(Costless):
        name, asked = "thinking", threading.Event()

        def ask(self, messages, schema=None, cancel=None, at_most=None):
            self.asked.set()
            cancel.wait()
            raise base.SeigError("late")

    run = new_run()
    session.new_scene(run)
    session.current().start(run, "end", Thinking())
    assert Thinking.asked.wait(30)
    window.picture = "any.png"
    reasons = {
        **dict.fromkeys(["reconstruct", "step", "resume", "redo", "restore", "use_round"], WORKING),
        **dict.fromkeys(["edit_program", "run_program"], WORKING),
        "use_image": "Choose an image",
        "approve": NOTHING,
        "refuse": NOTHING,
        **UNASKED,
        "open_report": "There is no report yet",
        "program_to_text": "There is no program yet",
        "send_to_scene": "There is no scene yet",
        "pin": "Select objects that a stage made",
    }
    check(reasons)
    bpy.ops.seig.stop()
    check(reasons | {"stop": "It is stopping already."})
    pump()
    window.picture = ""
    check(
        {
            **dict.fromkeys(["redo", "restore", "run_program", "send_to_scene"], "There is no scene yet"),
            "stop": "Nothing is being reconstructed.",
            **{
                name: reasons[name]
                for name in ("use_image", "approve", "refuse", *UNASKED, "open_report", "program_to_text", "pin")
            },
        }
    )


def test_polls_when_all_is_done(window, finished):
    done = "All stages of this run are done."
    check(
        {
            "step": done,
            "resume": done,
            "stop": "Nothing is being reconstructed.",
            "use_image": "Choose an image",
            "approve": NOTHING,
            "refuse": NOTHING,
            **UNASKED,
            "pin": "Select objects that a stage made",
        }
    )


def test_polls_when_the_run_folder_is_gone(window, finished):
    Path(finished.seig.run).rename(Path(finished.seig.run).with_name("elsewhere"))
    for name in ("resume", "redo", "restore", "edit_program", "open_report", "send_to_scene", "checklist_add"):
        assert reason(name).startswith(f"The run folder {finished.seig.run} is gone"), name
    window.picture = "any.png"
    assert reason("reconstruct") == reason("step") == ""


def test_choosing_takes_pictures_only(window, photo, tmp_path):
    bpy.ops.seig.choose_picture(filepath=str(photo))
    assert window.picture == str(photo)
    (tmp_path / "fake.png").write_text("no picture")
    with pytest.raises(RuntimeError, match="not a JPEG, PNG or WebP"):
        bpy.ops.seig.drop_picture(filepath=str(tmp_path / "fake.png"))
    assert window.picture == str(photo)


@pytest.mark.parametrize("kind", ["generated", "packed", "float"])
def test_an_image_of_the_file_becomes_a_picture_of_the_same_colours(window, kind):
    image = bpy.data.images.new("Painted", 32, 24, float_buffer=kind == "float")
    pixels = np.tile(np.array([0.2140 if kind == "float" else 0.5, 0.0, 1.0, 1.0], np.float32), 32 * 24)
    image.pixels.foreach_set(pixels)
    if kind == "packed":
        image.pack()
    window.image = image
    bpy.ops.seig.use_image()
    with Image.open(window.picture) as written:
        assert written.size == (32, 24)
        assert np.allclose(written.convert("RGB").getpixel((5, 5)), (128, 0, 255), atol=1)
    assert window.image is None
    assert image.filepath == ""


def test_an_image_from_an_unchanged_file_is_taken_from_there(window, photo):
    window.image = bpy.data.images.load(str(photo))
    bpy.ops.seig.use_image()
    assert Path(window.picture) == photo


def test_reconstruct_makes_a_run_with_the_preferences_and_a_scene_of_the_pictures_name(window, photo, tmp_path):
    chosen = preferences.get(bpy.context)
    chosen.provider, chosen.rounds_1, chosen.rounds_3 = "manual", 2, 7
    window.picture, window.note = str(photo), "a toy"
    before = bpy.context.scene
    bpy.ops.seig.reconstruct()
    scene = bpy.context.scene
    assert scene != before
    assert scene.name == "box"
    assert (scene.render.resolution_x, scene.render.resolution_y) == (96, 64)
    record = read_record(tmp_path / "runs" / "box")
    assert (record.settings.model, record.settings.note) == ("manual", "a toy")
    assert (record.settings.rounds["initialization"], record.settings.rounds["materials"]) == (2, 7)
    assert window.picture == window.note == ""
    while not session.current().asked:
        session.current().pump()
        time.sleep(0.02)
    assert window.status.endswith("waiting for your reply")
    assert reason("copy_question") == reason("paste_reply") == ""
    bpy.ops.seig.stop()
    pump()
    # The same picture again, which is the scene's own now, goes into a folder and a scene of their own.
    bpy.ops.seig.reconstruct()
    assert session.current().run == tmp_path / "runs" / "box-2"
    assert bpy.context.scene.seig.run != scene.seig.run
    assert read_record(tmp_path / "runs" / "box-2").name == "box"
    assert (scene.seig.run, scene.name) == (str(tmp_path / "runs" / "box"), "box")


def test_a_chosen_picture_goes_before_the_scenes_run_until_it_is_cleared(window, photo, new_run, tmp_path):
    run = new_run()
    session.new_scene(run)
    run.close()
    bpy.ops.seig.choose_picture(filepath=str(photo))
    bpy.ops.seig.clear_picture()
    assert window.picture == ""
    bpy.ops.seig.choose_picture(filepath=str(photo))
    bpy.ops.seig.step()
    assert session.current().run == tmp_path / "runs" / "box"
    bpy.ops.seig.stop()
    pump()


def test_a_picture_or_model_that_cannot_be_used_leaves_nothing_behind(window, photo, tmp_path):
    scenes = len(bpy.data.scenes)
    window.picture = str(tmp_path / "gone.png")
    with pytest.raises(RuntimeError, match="There is no picture"):
        bpy.ops.seig.reconstruct()
    chosen = preferences.get(bpy.context)
    chosen.provider, chosen.model_name = "NAMED", "nobody"
    window.picture = str(photo)
    with pytest.raises(RuntimeError, match="no model 'nobody'"):
        bpy.ops.seig.reconstruct()
    chosen.provider, chosen.blender = "offline", str(tmp_path / "no_blender")
    with pytest.raises(RuntimeError, match="There is no Blender at"):
        bpy.ops.seig.reconstruct()
    assert not (tmp_path / "runs").exists()
    assert len(bpy.data.scenes) == scenes
    assert window.picture == str(photo)


def test_step_and_resume_go_on_with_the_scenes_run(window, new_run, monkeypatch):
    run = new_run(stages=["initialization", "geometry", "materials"])
    continue_with(monkeypatch, GRAPH, program(SCAFFOLD), SHAPES, approve(), RED, approve())
    session.new_scene(run)
    run.close()
    bpy.ops.seig.step()
    pump()
    assert bpy.context.scene.seig.stage == 1
    bpy.ops.seig.resume()
    pump()
    assert session.current().state == "finished", session.current().message
    assert bpy.context.scene.seig.stage >= 2


def test_redo_takes_note_and_checklist_and_brings_in_the_new_result(window, finished, monkeypatch):
    model = continue_with(monkeypatch, program(TALL), approve())
    window.checklist.clear()
    bpy.ops.seig.checklist_add(text="taller")
    bpy.ops.seig.checklist_add(text="not this")
    bpy.ops.seig.checklist_add(text="nor this")
    bpy.ops.seig.checklist_remove(index=2)
    window.checklist[1].done = True
    window.note = "it is a tower"
    bpy.ops.seig.redo(stage="geometry")
    pump()
    assert session.current().state == "finished", session.current().message
    assert "taller" in model.text(0)
    assert "not this" not in model.text(0)
    assert "it is a tower" in model.text(0)
    assert bpy.context.scene.objects["Cube"].dimensions.z == pytest.approx(1.4)
    assert window.note == ""


def test_restore_goes_back_to_a_stage_and_keeps_what_the_artist_added(window, finished):
    mine = bpy.data.objects.new("Mine", None)
    finished.collection.objects.link(mine)
    bpy.ops.seig.restore(stage="initialization")
    assert finished.seig.stage == 1
    assert finished.objects["Cube"].dimensions.x == pytest.approx(1.0)
    assert "Mine" in finished.objects
    bpy.ops.seig.restore(stage="geometry")
    assert finished.seig.stage == 2


@pytest.mark.slow
def test_use_round_shows_that_round_and_replays_what_follows(window, new_run, monkeypatch):
    run = new_run(stages=["initialization", "geometry", "materials"], rounds={"initialization": 1, "geometry": 3})
    scene = reconstruct(run, [GRAPH, program(SCAFFOLD), SHAPES, demand("x"), program(TALL), approve(), RED, approve()])
    record = read_record(run.path)
    other = next(each.number for each in record.stages[1].rounds if each.number != record.stages[1].best)
    continue_with(monkeypatch)  # the model isn't asked
    bpy.ops.seig.use_round(stage="geometry", round=other)
    pump()
    assert session.current().state == "finished", session.current().message
    assert json.loads(scene.seig.applied)["geometry"] == other
    assert scene.seig.stage == (3 if record.stages[2].best else 2)
    with pytest.raises(RuntimeError, match="no stage 'walls'"):
        bpy.ops.seig.use_round(stage="walls", round=1)


def test_a_program_is_edited_in_a_text_and_run(window, finished, monkeypatch):
    window.stage_index = GEOMETRY.number - 1
    with pytest.raises(RuntimeError, match="open it with Edit Program first"):
        bpy.ops.seig.run_program()
    bpy.ops.seig.edit_program()
    text = bpy.data.texts["SEIG geometry.py"]
    assert "box(" in text.as_string()
    with pytest.raises(RuntimeError, match="as it stands"):
        bpy.ops.seig.run_program()
    text.from_string("import os\nos.remove('x')")
    with pytest.raises(RuntimeError, match="nothing was run"):
        bpy.ops.seig.run_program()
    continue_with(monkeypatch)
    text.from_string('from seig_kit import box\nbox("Cube", (1, 1, 2))')
    bpy.ops.seig.edit_program()  # what the artist wrote isn't written over
    bpy.ops.seig.run_program()
    pump()
    assert session.current().state == "finished", session.current().message
    assert bpy.context.scene.objects["Cube"].dimensions.z == pytest.approx(2.0)


def test_a_program_that_does_not_run_is_said_and_changes_nothing(window, finished, monkeypatch):
    height = finished.objects["Cube"].dimensions.z
    bpy.ops.seig.edit_program(stage="geometry")
    bpy.data.texts["SEIG geometry.py"].from_string("this_is_unknown()")
    continue_with(monkeypatch)
    bpy.ops.seig.run_program(stage="geometry")
    pump()
    assert "geometry program no longer runs" in session.current().message
    assert finished.objects["Cube"].dimensions.z == height


def test_pin_and_select_work_on_objects_that_stages_made(window, finished):
    bpy.ops.seig.select_object(name="Cube")
    cube = finished.objects["Cube"]
    assert bpy.context.view_layer.objects.active == cube
    assert [obj.name for obj in bpy.context.selected_objects] == ["Cube"]
    bpy.ops.seig.pin()
    assert cube.seig.pin
    bpy.ops.seig.pin()
    assert not cube.seig.pin
    with pytest.raises(RuntimeError, match="not in this view layer"):
        bpy.ops.seig.select_object(name="Nobody")


def test_the_program_goes_into_a_text_and_the_result_into_another_scene(window, finished):
    bpy.ops.seig.program_to_text()
    text = bpy.data.texts["SEIG box program.py"]
    assert text.as_string().strip() == (Path(finished.seig.run) / "program.py").read_text().strip()
    other = bpy.data.scenes.new("Film")
    for _ in range(2):
        bpy.ops.seig.send_to_scene(scene="Film")
    assert [collection.name for collection in other.collection.children] == ["SEIG box"]
    assert {obj.name for obj in other.objects} == {obj.name for obj in finished.objects if obj.type != "CAMERA"}
    with pytest.raises(RuntimeError, match="Choose another scene"):
        bpy.ops.seig.send_to_scene(scene=finished.name)


def test_every_operator_says_what_it_does():
    for name in dir(bpy.types):
        if name.startswith("SEIG_OT_"):
            shown = getattr(bpy.ops.seig, name.removeprefix("SEIG_OT_")).get_rna_type()
            assert shown.description, name
            assert not shown.description.endswith("."), name  # Blender adds it
            assert shown.name, name


def test_stages_have_their_rounds_in_the_preferences(window):
    settings = preferences.settings(bpy.context, "")
    assert settings.rounds == {stage.name: stage.rounds for stage in STAGES if not stage.solved}
    assert preferences.limits(bpy.context).seconds == 20
    assert preferences.model_label(settings.model) == ("Offline Block-Out", "")
