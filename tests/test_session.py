"""The session with its real parts: the engine's thread, a real studio, this Blender, and a pump called by hand."""

import os
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from PIL import Image

bpy = pytest.importorskip("bpy")

from seig_addon import addon  # noqa: E402
from seig_addon.addon import session  # noqa: E402
from seig_addon.addon.preferences import PACKAGE  # noqa: E402
from seig_addon.engine.records import Method  # noqa: E402
from seig_addon.engine.run_folder import RunFolder, read_record  # noqa: E402
from seig_addon.errors import Cancelled, ModelError, SeigError  # noqa: E402
from seig_addon.models import Costless, Reply  # noqa: E402
from tests.addon_window import begin, ended, until  # noqa: E402
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, approve, program  # noqa: E402

SHAPES = program('from seig_kit import rounded_box\nrounded_box("Cube", (0.9, 1, 1.05), radius=0.02)')


@pytest.fixture
def new_run(new_run):
    """Make runs in which nothing is solved for: that takes seconds each time, and is not what is tested here."""
    return partial(new_run, method=Method(solving=False))


class Thinking(Costless):
    """A model that thinks until it is stopped."""

    name = "thinking"

    def __init__(self):
        self.asked = threading.Event()

    def ask(self, messages, schema=None, cancel=None, at_most=None) -> Reply:
        self.asked.set()
        cancel.wait()
        raise Cancelled("Stopped.")


def studios_of(pid):
    """The processes that a process has started."""
    found = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "studio/bootstrap" in line]


def test_a_run_brings_each_stage_into_its_scene_and_finishes(window, new_run):
    others = list(bpy.data.scenes)
    run = new_run(stages=["initialization", "geometry"])
    current = begin(run, [GRAPH, program(SCAFFOLD), SHAPES, approve()])
    scene = bpy.context.scene
    seen, shares = set(), []
    until(lambda: seen.add(window.status) or shares.append(window.progress) or ended())
    assert current.state == "finished", current.message
    assert scene not in others
    assert scene.seig.run == str(run.path)
    assert scene.seig.stage == 2
    assert scene.objects["Cube"].seig.made
    assert window.stage_index == 1
    assert window.progress == 1.0
    assert shares == sorted(shares)
    assert window.status == ""
    assert any(status.startswith("geometry · round 1/5 · asking generator · 0:0") for status in seen), seen
    assert any("0.2k tokens · $0.02" in status for status in seen), seen
    assert (run.path / "report.html").is_file()
    again = RunFolder.open(run.path)  # nobody holds the folder any more
    again.close()
    assert again.record.stages[1].state == "approved"


def test_the_main_thread_is_held_up_for_milliseconds_only(window, new_run):
    run = new_run(stages=["initialization"])
    current = begin(run, [GRAPH, program(SCAFFOLD)])
    until(ended)
    assert current.ticks.count > 10
    assert current.ticks.p99 <= 0.005, str(current.ticks)
    assert len(current.ticks.applied) == 1
    assert "99 % within" in (run.path / "session.log").read_text()


def test_a_viewport_that_shows_something_else_than_the_studio_is_said(window, new_run, monkeypatch):
    def magenta(scene, path, size):
        Image.new("RGB", (64, 43), "magenta").save(path)
        return True

    monkeypatch.setattr(session, "viewport_picture", magenta)
    current = begin(new_run(stages=["initialization"]), [GRAPH, program(SCAFFOLD)])
    until(ended)
    assert current.state == "finished", current.message
    assert [note[:46] for note in current.notes] == ["The viewport shows 100.0% of the picture other"]


def test_a_step_does_one_stage_and_says_which_is_next(window, new_run):
    run = new_run()
    current = begin(run, [GRAPH, program(SCAFFOLD)], "stage")
    until(ended)
    assert current.state == "stopped"
    assert "Next is geometry" in current.message
    assert bpy.context.scene.seig.stage == 1


def test_stopping_in_the_middle_of_an_ask_ends_within_a_second_and_the_run_goes_on_later(window, new_run):
    run = new_run(stages=["initialization"])
    model = Thinking()
    session.new_scene(run)
    current = session.current()
    current.start(run, "end", model)
    until(model.asked.is_set)
    stopped = time.monotonic()
    current.stop()
    assert current.status == "stopping"
    until(ended)
    assert time.monotonic() - stopped < 1.0
    assert current.state == "stopped"
    assert "Resume" in current.message
    assert studios_of(os.getpid()) == []
    begin(RunFolder.open(run.path), [GRAPH, program(SCAFFOLD)])
    until(ended)
    assert current.state == "finished", current.message
    assert bpy.context.scene.seig.stage == 1


def test_stopping_in_the_middle_of_a_render_ends_within_a_second(window, new_run):
    run = new_run(stages=["initialization"])
    run.record.settings.working_samples, run.record.settings.working_size = 4096, 512
    run.record.width, run.record.height = 960, 640  # a render is never larger than the reference
    current = begin(run, [GRAPH, program(SCAFFOLD)])
    until(lambda: "rendering" in window.status)
    time.sleep(1.0)
    stopped = time.monotonic()
    current.stop()
    until(ended)
    assert time.monotonic() - stopped < 1.0
    assert current.state == "stopped"
    assert studios_of(os.getpid()) == []
    assert bpy.context.scene.seig.stage == 0


class Streaming(Costless):
    """A model that lets be heard how far it is."""

    name = "streaming"

    def __init__(self, heard):
        self._heard, self.closed = heard, False

    def ask(self, messages, schema=None, cancel=None, at_most=None) -> Reply:
        self._heard("412 tokens so far")
        cancel.wait()
        raise Cancelled("Stopped.")

    def close(self):
        self.closed = True


def test_what_a_model_lets_be_heard_ends_the_status_line_and_it_is_closed_in_the_end(window, new_run, monkeypatch):
    opened = []

    def open_model(name, run, announce, heard, access):
        opened.append(Streaming(heard))
        return opened[-1]

    monkeypatch.setattr("seig_addon.addon.worker.open_model", open_model)
    run = new_run(verifier="offline")
    session.new_scene(run)
    current = session.current()
    current.start(run)
    until(lambda: window.status.endswith(" · 412 tokens so far"))
    current.stop()
    until(ended)
    assert window.status == ""
    assert [model.closed for model in opened] == [True, True]


def test_a_run_that_reaches_its_limit_says_so_and_goes_on_with_a_higher_one(window, new_run):
    run = new_run(stages=["initialization"], limit=0.015)
    current = begin(run, [GRAPH, program(SCAFFOLD)])
    current._worker._model.most = lambda messages: 0.01
    until(ended)
    assert (current.state, current.at_limit) == ("stopped", True), current.message
    assert "limit of $0.015" in current.message
    assert window.limit == pytest.approx(0.03)
    again = RunFolder.open(run.path)
    again.set_limit(round(window.limit, 2))
    begin(again, [program(SCAFFOLD)])
    until(ended)
    assert (current.state, current.at_limit) == ("finished", False), current.message


def test_running_programs_again_needs_no_model(window, new_run):
    run = new_run(stages=["initialization", "geometry"], model="anthropic/without-a-key")
    begin(run, [GRAPH, program(SCAFFOLD), SHAPES, approve()])
    until(ended)
    again = RunFolder.open(run.path)
    again.record.stages[1].state, again.record.stages[1].best = "stale", 1
    session.current().start(again, "stage")
    until(ended)
    assert session.current().state == "finished", session.current().message


def test_a_model_that_fails_is_shown_as_a_sentence_and_its_traceback_goes_to_the_log(window, new_run):
    def fail(messages):
        raise ModelError("The model is not there; try later.")

    run = new_run()
    current = begin(run, [fail])
    until(ended)
    assert current.problem == "The model is not there; try later."
    assert "Traceback" in (run.path / "session.log").read_text()


def test_a_fault_of_our_own_is_a_sentence_too(window, new_run):
    def fail(messages):
        raise TypeError("no such thing")

    run = new_run()
    current = begin(run, [fail])
    until(ended)
    assert current.state == "failed"
    assert "TypeError: no such thing" in current.problem
    assert "\n" not in current.problem
    assert "Traceback" in (run.path / "session.log").read_text()


def test_a_fault_in_the_timer_does_not_end_it_without_a_word(window, new_run, monkeypatch):
    run = new_run()
    model = Thinking()
    session.new_scene(run)
    current = session.current()
    current.start(run, "end", model)
    until(model.asked.is_set)
    monkeypatch.setattr(session, "redraw", lambda: 1 / 0)
    window.status = "something else"
    assert session._tick() is not None
    monkeypatch.undo()
    until(ended)
    assert "ZeroDivisionError" in current.problem
    assert session._tick() is None


def test_a_run_folder_that_goes_away_is_a_sentence(window, new_run, tmp_path):
    run = new_run(stages=["initialization"])

    def vanish(messages):
        run.path.rename(tmp_path / "elsewhere")
        run.path.write_text("a file in its place")
        return GRAPH

    current = begin(run, [vanish, program(SCAFFOLD)])
    until(ended)
    assert current.state == "failed"
    assert str(run.path) in current.problem


def test_only_one_run_at_a_time(window, new_run):
    first, second = new_run("first"), new_run("second")
    model = Thinking()
    session.new_scene(first)
    session.current().start(first, "end", model)
    until(model.asked.is_set)
    with pytest.raises(SeigError, match="at work on box"):
        session.current().start(second)
    RunFolder.open(second.path).close()  # it was let go


def test_two_scenes_with_two_runs_each_get_their_own_stages(window, new_run):
    scenes = []
    for name in ("first", "second"):
        run = new_run(name, stages=["initialization", "geometry"])
        begin(run, [GRAPH, program(SCAFFOLD)], "stage")
        until(ended)
        scenes.append(bpy.context.scene)
    first, second = scenes
    assert first != second
    # The window shows the second while the first goes on.
    begin(RunFolder.open(session.Path(first.seig.run)), [SHAPES, approve()])
    until(ended)
    assert session.current().state == "finished", session.current().message
    assert (first.seig.stage, second.seig.stage) == (2, 1)
    assert [len(scene.objects) for scene in scenes] == [4, 4]


def test_a_scene_that_was_deleted_meanwhile_is_made_anew(window, new_run):
    run = new_run(stages=["initialization", "geometry"])
    begin(run, [GRAPH, program(SCAFFOLD)], "stage")
    until(ended)
    bpy.data.scenes.new("Other")
    bpy.data.scenes.remove(bpy.context.scene)
    begin_again = RunFolder.open(run.path)
    session.current().start(begin_again, "end", ScriptedModel([SHAPES, approve()]))
    until(ended)
    assert session.current().state == "finished", session.current().message
    (scene,) = [scene for scene in bpy.data.scenes if scene.seig.run == str(run.path)]
    assert scene.seig.stage == 2
    assert {obj.seig.called for obj in scene.objects} >= {"Cube", "Ground", "Sun"}


def test_with_asking_first_nothing_comes_into_the_scene_before_approval(window, new_run):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.ask_before_run = True
    try:
        run = new_run(stages=["initialization", "geometry"])
        current = begin(run, [GRAPH, program(SCAFFOLD), SHAPES, approve()])
        scene = bpy.context.scene
        until(lambda: current.pending)
        for _ in range(10):
            current.pump()
        assert scene.seig.stage == 0
        assert window.status == "initialization · waiting for your approval"
        assert "level_camera" in current.pending.program
        assert "added" in current.pending.changed
        current.approve()
        until(lambda: scene.seig.stage == 1)
        until(lambda: current.pending)
        current.refuse()
        until(ended)
        assert current.state == "stopped"
        assert "You refused the geometry program" in current.message
        assert scene.seig.stage == 1
        record = read_record(run.path).stages[1]
        assert (record.state, record.best, len(record.rounds)) == ("pending", None, 1)
    finally:
        preferences.ask_before_run = False


def test_stopping_while_a_program_waits_for_approval(window, new_run):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.ask_before_run = True
    try:
        current = begin(new_run(), [GRAPH, program(SCAFFOLD)])
        until(lambda: current.pending)
        current.stop()
        until(ended)
        assert current.state == "stopped"
        assert current.pending is None
        assert bpy.context.scene.seig.stage == 0
    finally:
        preferences.ask_before_run = False


def test_loading_another_file_stops_the_run_which_can_go_on(window, new_run):
    run = new_run(stages=["initialization"])
    model = Thinking()
    session.new_scene(run)
    session.current().start(run, "end", model)
    until(model.asked.is_set)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert session.current().state == "stopped"
    assert studios_of(os.getpid()) == []
    assert not any(scene.seig.run for scene in bpy.data.scenes)
    RunFolder.open(run.path).close()


def test_undo_has_the_panel_show_the_stage_that_the_scene_is_at(window, new_run):
    run = new_run(stages=["initialization", "geometry"])
    begin(run, [GRAPH, program(SCAFFOLD), SHAPES, approve()])
    until(ended)
    assert window.stage_index == 1
    for undone, stage in ((bpy.ops.ed.undo, 1), (bpy.ops.ed.redo, 2)):
        undone()
        assert bpy.context.scene.seig.stage == stage
        assert bpy.context.window_manager.seig.stage_index == stage - 1


def test_registering_twice_leaves_nothing_behind():
    addon.unregister()
    assert not hasattr(bpy.types.Scene, "seig")
    assert not hasattr(bpy.types, "SEIG_OT_reconstruct")
    handlers = [each for name in ("load_pre", "undo_post", "redo_post") for each in getattr(bpy.app.handlers, name)]
    assert not [each for each in handlers if "seig" in each.__module__]
    addon.register()
    addon.unregister()
    addon.register()
    assert bpy.ops.seig.reconstruct.idname_py() == "seig.reconstruct"
    assert session.current().state == "idle"


QUIT = """
import sys, time
from pathlib import Path
import bpy
from seig_addon import addon
from seig_addon.addon import session
from seig_addon.addon.preferences import PACKAGE
from seig_addon.engine.run_folder import RunFolder
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, program
bpy.context.preferences.addons.new().module = PACKAGE
addon.register()
run = RunFolder.open(Path(sys.argv[1]))
run.record.settings.working_samples, run.record.settings.working_size = 4096, 512
run.record.width, run.record.height = 960, 640  # a render is never larger than the reference
session.new_scene(run)
session.current().start(run, "end", ScriptedModel([GRAPH, program(SCAFFOLD)]))
while "rendering" not in session.current().status:
    session.current().pump()
    time.sleep(0.02)
time.sleep(0.5)
import subprocess, os
listing = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())]
found = subprocess.run(listing, capture_output=True, text=True).stdout
print("STUDIO", [line.split()[0] for line in found.splitlines() if "bootstrap" in line][0], time.time(), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks processes up in /proc")
def test_quitting_in_the_middle_of_a_render_leaves_no_process_and_is_not_held_up(new_run):
    run = new_run(stages=["initialization"])
    run.close()
    done = subprocess.run([sys.executable, "-c", QUIT, str(run.path)], capture_output=True, text=True, timeout=120)
    line = next(line for line in done.stdout.splitlines() if line.startswith("STUDIO"))
    _, pid, began = line.split()
    assert time.time() - float(began) < 5.0
    assert not os.path.exists(f"/proc/{pid}")
