"""What is played in a window: each function a story that an artist lives through. Runs inside Blender."""

import json
from pathlib import Path

import bpy

from . import hands
from .bistro import BistroModel
from .hands import Until
from .package import seig

PICTURE = Path(__file__).resolve().parent.parent / "pictures" / "bistro_table.png"


def story():
    """Choose a picture, reconstruct, undo and redo, compare."""
    others = _others()
    yield from _start(seconds=0.5)
    yield from hands.settled("empty")
    hands.do("choose_picture", filepath=str(PICTURE))
    yield from hands.settled("picture")
    assert hands.do("reconstruct") == {"FINISHED"}
    for number, name in enumerate(("initialization", "geometry", "materials", "composition", "lighting"), 1):
        yield Until(lambda number=number: hands.scene().seig.stage >= number, f"{name} is in the scene", 120)
        if number == 1:
            hands.look_through_camera()
        hands.view().tag_redraw()
        yield 0.7
        hands.shot(f"{number}_{name}")
    yield from _ended("finished")
    yield from hands.settled("finished")
    _untouched(others)

    for stage in (4, 3):
        hands.key("Z", ctrl=True)
        yield Until(lambda stage=stage: hands.scene().seig.stage == stage, f"undo goes back to stage {stage}", 10)
    yield from hands.settled("undone_twice")
    for stage in (4, 5):
        hands.key("Z", ctrl=True, shift=True)
        yield Until(lambda stage=stage: hands.scene().seig.stage == stage, f"redo goes to stage {stage}", 10)

    for mode in ("WIPE", "BLEND", "DIFFERENCE"):
        hands.panel().compare_mode = mode
        yield from hands.settled(f"compare_{mode.lower()}")
    hands.panel().compare_mode = "WIPE"
    yield 1.0
    yield from _drag_split()
    yield from hands.settled("split_dragged")
    assert abs(hands.panel().compare_split - 0.25) < 0.03, f"the split is at {hands.panel().compare_split}"
    _untouched(others)
    yield from _too_slow()


def edits():
    """Edit by hand, redo a stage, restore one, by the way of the fewest rounds: what the artist did stays."""
    yield from _start(seconds=0.0, rounds=1)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield from _ended("finished")
    hands.look_through_camera()
    moved = hands.scene().objects["Ketchup"]
    moved.location.x += 0.12
    bpy.ops.mesh.primitive_monkey_add(size=0.25, location=(0.25, 0.05, 0.62))
    bpy.context.object.name = "Mascot"
    bpy.ops.ed.undo_push(message="Edit by hand")
    place = moved.location.copy()
    hands.panel().stage_index = 2
    hands.panel().note = "The table is lacquered."
    yield from hands.settled("edited_by_hand")
    hands.do("redo")
    yield from _ended("finished", "stopped")
    scene = hands.scene()
    assert (scene.objects["Ketchup"].location - place).length < 1e-5, "the hand edit was lost by Redo"
    assert "Mascot" in scene.objects, "Redo removed an object of the artist's"
    yield from hands.settled("materials_redone")

    hands.panel().stage_index = 1
    hands.do("restore", stage="geometry")
    yield from hands.settled("geometry_restored")
    assert hands.scene().seig.stage == 2
    assert "Mascot" in hands.scene().objects, "Restore removed an object of the artist's"
    hands.do("restore", stage="lighting")
    assert hands.scene().seig.stage == 5


def stops():
    """Stop while the model is asked and while a picture is rendered; each time it goes on later."""
    yield from _start(seconds=3.0)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield Until(lambda: "asking" in hands.session().status, "the model is asked", 60)
    yield from hands.settled("asking")
    hands.do("stop")
    yield Until(lambda: not hands.session().busy, "it stopped within a second", 1.5)
    assert hands.session().state == "stopped", hands.session().message
    yield from hands.settled("stopped_while_asking")
    hands.do("resume")
    yield Until(lambda: "rendering" in hands.session().status, "a picture is rendered", 60)
    hands.do("stop")
    yield Until(lambda: not hands.session().busy, "it stopped within a second", 1.5)
    yield from hands.settled("stopped_while_rendering")
    _model(0.0)
    hands.do("step")
    yield from _ended("stopped")
    assert hands.scene().seig.stage == 1, "Step does one stage"
    yield from hands.settled("stepped")


def reopens():
    """Save in the middle of a run, open the file again, go on to the end."""
    yield from _start(seconds=0.0)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("step")
    yield from _ended("stopped")
    file = hands.OUTPUT / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.read_homefile()
    yield 1.0
    assert not hands.scene().seig.run
    bpy.ops.wm.open_mainfile(filepath=str(file))
    yield 1.0
    assert hands.scene().seig.stage == 1, "the file knows its run"
    yield from hands.open_sidebar()
    yield from hands.settled("reopened")
    hands.do("resume")
    yield from _ended("finished")
    hands.look_through_camera()
    yield from hands.settled("gone_on")


def loads_another():
    """Load another file in the middle of a run: it stops, and its folder can be gone on with."""
    yield from _start(seconds=3.0)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield Until(lambda: "asking" in hands.session().status, "the model is asked", 60)
    folder = hands.session().run
    bpy.ops.wm.read_homefile()
    yield 1.5
    assert not hands.session().busy, "the run goes on without its scene"
    assert json.loads((folder / "run.json").read_text("utf-8"))["name"] == PICTURE.stem
    seig("engine.run_folder").RunFolder.open(folder).close()  # nobody holds it any more
    yield from hands.open_sidebar()
    yield from hands.settled("another_file")


def quits():
    """Close Blender in the middle of a run; run.py then looks for processes that stayed."""
    yield from _start(seconds=30.0)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield Until(lambda: "asking" in hands.session().status, "the model is asked", 60)


def _start(seconds, rounds=0):
    """Have the scripted model asked instead of a real one, and the sidebar open at our tab.

    `seconds` is what an answer takes; `rounds` the budget of each stage after the first, 0 the usual one.
    """
    _model(seconds)
    chosen = seig("addon.preferences").get(bpy.context)
    chosen.rounds_1 = 2
    for number in range(2, 6) if rounds else ():
        setattr(chosen, f"rounds_{number}", rounds)
    hands.key("ESC")
    yield from hands.open_sidebar()
    hands.time_drawing()


def _model(seconds):
    seig("addon.worker").open_model = lambda name, run, announce: BistroModel(seconds)


def _ended(*states):
    yield Until(lambda: not hands.session().busy, "the run ends", 240)
    assert hands.session().state in states, f"{hands.session().state}: {hands.session().message}"
    hands.note(str(hands.session().ticks))


def _drag_split():
    frame = seig("addon.camera_frame")
    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        left, bottom, right, top = frame.camera_frame(bpy.context)
    height = bottom + (top - bottom) * 0.3
    start = left + (right - left) * hands.panel().compare_split
    yield from hands.drag((start, height), (left + (right - left) * 0.25, height))


def _others():
    """The states of all scenes that are not SEIG's."""
    state = seig("studio.state").scene_state
    # Materials that no scene uses belong to the file, where a reconstruction's come and go.
    return {each.name: state(each) | {"unused materials": []} for each in bpy.data.scenes if not each.seig.run}


def _untouched(before):
    """Check that the scenes that are not SEIG's are as they were."""
    after = _others()
    assert after.keys() == before.keys(), f"scenes came or went: {before.keys() ^ after.keys()}"
    changes = {name: seig("studio.compare").compare(before[name], after[name]) for name in before}
    assert not any(changes.values()), f"other scenes were changed: {changes}"


def _too_slow():
    """Drawing takes at most 2 ms a panel; the first one, which fills caches, may take longer."""
    yield 0.0
    slow = {name: times["median"] for name, times in hands.drawing_times().items() if times["median"] > 2.0}
    assert not slow, f"drawing takes over 2 ms: {slow}"
