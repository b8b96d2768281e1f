"""What is played in a window: each function a story that an artist lives through. Runs inside Blender."""

import json
import os
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
    for number, name in enumerate(seig("engine.stages").BY_NAME, 1):
        yield Until(lambda number=number: hands.scene().seig.stage >= number, f"{name} is in the scene", 120)
        if number == 1:
            hands.look_through_camera()
        hands.view().tag_redraw()
        yield 0.7
        hands.shot(f"{number}_{name}")
    yield from _ended("finished")
    yield from hands.settled("finished")
    _untouched(others)

    # A stage that changed nothing is no step of its own.
    record = seig("engine.run_folder").read_record(Path(hands.scene().seig.run))
    steps = [number for number, stage in enumerate(record.stages, 1) if stage.best is not None]
    for stage in steps[-2:-4:-1]:
        hands.key("Z", ctrl=True)
        yield Until(lambda stage=stage: hands.scene().seig.stage == stage, f"undo goes back to stage {stage}", 10)
    yield from hands.settled("undone_twice")
    for stage in steps[-2:]:
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


def times():
    """All panels open over a short run and after a hand edit: how long ticks and drawing take."""
    hands.open_panels()
    yield from _start(seconds=0.2, rounds=1)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield from _ended("finished")
    hands.look_through_camera()
    hands.scene().objects["Ketchup"].location.x += 0.12
    hands.scene().objects["Mustard"].seig.pin = True
    bpy.ops.ed.undo_push(message="Edit by hand")
    yield from hands.settled("panels")
    yield from hands.scroll(60)
    yield from hands.settled("panels_below")
    drawn = hands.drawing_times().keys()
    panels = {"Picture", "Progress", "Stages", "Rounds", "Redo", "Hand Edits", "Compare", "Scene Graph", "Export"}
    assert panels <= drawn, f"not drawn: {panels - drawn}"
    yield from _too_slow()
    measured = (hands.session().run / "timings.json").read_text("utf-8")
    assert json.loads(measured)["panels"].keys() >= {"Picture", "Progress"}, measured


def dialogs():
    """What opens over the window: a dropped picture, approval, texts, the menu, the search, Send to Scene."""
    yield from _start(seconds=0.0, rounds=1)
    for area in hands.window().screen.areas:
        with bpy.context.temp_override(window=hands.window(), area=area):
            assert bpy.types.SEIG_FH_picture.poll_drop(bpy.context) == (area.type == "VIEW_3D"), area.type
    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=str(PICTURE.parent), files=[{"name": PICTURE.name}])
    yield from hands.settled("dropped")
    hands.key("R")  # Rebuild with SEIG; Blender offers its own use of pictures above
    yield 1.0
    assert hands.panel().picture == str(PICTURE), f"dropped, and the picture is {hands.panel().picture!r}"

    seig("addon.preferences").get(bpy.context).ask_before_run = True
    hands.do("step")
    yield Until(lambda: hands.session().pending, "a program waits for approval", 120)
    hands.do("approve", "INVOKE_DEFAULT")
    yield from hands.settled("approve")
    hands.key("RET")
    yield from _ended("stopped")
    assert hands.scene().seig.stage == 1, "approved, and not in the scene"
    seig("addon.preferences").get(bpy.context).ask_before_run = False
    hands.do("resume")
    yield from _ended("finished")
    hands.look_through_camera()

    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        bpy.ops.wm.call_menu(name="SEIG_MT_menu")
    yield from hands.settled("menu")
    hands.key("ESC")
    yield 0.5
    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        bpy.ops.wm.search_menu("INVOKE_DEFAULT")
    yield 1.0
    hands.write("seig")
    yield from hands.settled("search")
    hands.key("ESC")
    hands.key("ESC")
    yield 0.5
    hands.do("send_to_scene", "INVOKE_DEFAULT")
    yield from hands.settled("send_to_scene")
    hands.key("RET", at=(0.6, 0.8))  # beside the dialog, or it would be the field's
    yield 1.0
    assert "SEIG bistro_table" in bpy.data.scenes["Scene"].collection.children, "not sent to the other scene"
    yield from _texts()


def _texts():
    """The programs as Texts: a stage's, and the whole scene's, which runs by itself."""
    hands.do("edit_program")
    yield from hands.settled("edit_program")
    hands.do("program_to_text")
    yield from hands.settled("program_to_text")
    editor = next(
        area
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "TEXT_EDITOR"
    )
    assert editor.spaces.active.text.name.endswith("program.py")
    assert editor.spaces.active.top == 0, "the text is not shown from its beginning"
    scenes, names = set(bpy.data.scenes), {each.seig.called or each.name for each in hands.scene().objects}
    hands.key("P", editor, alt=True)
    yield Until(lambda: set(bpy.data.scenes) - scenes, "the program made a scene", 30)
    yield 1.0
    (made,) = set(bpy.data.scenes) - scenes
    rebuilt = {each.name.partition(".0")[0] for each in made.objects}
    assert rebuilt == names, f"the program's scene is another one: {rebuilt ^ names}"
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
        bpy.ops.wm.window_close()
    hands.look_through_camera()
    yield from hands.settled("program_run")


def drifts():
    """What shows otherwise than in the studio is noticed, and nothing else: not the artist's view, nor edits."""
    drift, shares = seig("addon.drift"), []
    said = drift.sentence
    drift.sentence = lambda off, boxes: shares.append(float(off.mean())) or said(off, boxes)
    yield from _start(seconds=0.0, rounds=1)
    hands.do("choose_picture", filepath=str(PICTURE))
    hands.do("reconstruct")
    yield from _ended("finished")
    # What changed nothing is not compared.
    changed = json.loads(hands.scene().seig.applied)
    assert len(shares) == len(changed), f"compared after {len(shares)} of {len(changed)} stages"
    hands.note(f"the same: {max(shares):.3%} of the picture differ at most")
    assert not hands.session().notes, hands.session().notes
    hands.look_through_camera()
    scene, space = hands.scene(), hands.view().spaces.active

    space.shading.type, space.shading.show_xray_wireframe = "WIREFRAME", True
    _noticed("a wire frame", "")
    scene.objects["Table"].select_set(True)
    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        bpy.ops.view3d.localview(frame_selected=False)
    _noticed("a local view", "")
    yield from hands.settled("local_view")
    assert space.local_view is not None, "the artist's local view was left"
    with bpy.context.temp_override(window=hands.window(), area=hands.view(), region=hands.region()):
        bpy.ops.view3d.localview(frame_selected=False)
    space.shading.type = "SOLID"
    scene.objects["Mustard"].location.x += 0.1
    _noticed("a hand edit", "")
    scene.objects["Mustard"].location.x -= 0.1

    ketchup = scene.objects["Ketchup"]
    ketchup.hide_set(True)
    _noticed("hidden by its eye", "Ketchup")
    ketchup.hide_set(False)
    plate = scene.objects["Plate right"]
    plate.hide_set(True)
    _noticed("the smallest hidden", "Plate right")
    plate.hide_set(False)
    yield from hands.settled("as_before")


def _noticed(what, where):
    """Compare the viewport with the studio's render of the last stage; says `where`, or nothing for ""."""
    drift, live, scene = seig("addon.drift"), seig("addon.live"), hands.scene()
    picture = hands.OUTPUT / f"{what.replace(' ', '_')}.png"
    assert seig("addon.viewport").viewport_picture(scene, picture, 256)
    shown = drift.Shown(picture, *seig("addon.apart").apart(scene, live.drift(scene)))
    with seig("addon.runs").opened(scene) as run:
        checkpoint = run.last_checkpoint(run.standing())
    with seig("studio.client").Studio(seig("addon.preferences").studio_blender(bpy.context)) as studio:
        text = drift.noticed(studio, checkpoint, shown)
    hands.note(f"{what}: {text or 'nothing'}")
    assert bool(text) == bool(where), f"{what}: {text!r}"
    assert where in text, f"{what}: {text}"


def asks_a_model():
    """Agree to a provider and take it back; then have litellm ask a server, stop in the middle of a reply, go on."""
    yield from _start(seconds=None, rounds=1)
    preferences = seig("addon.preferences")
    chosen = preferences.get(bpy.context)
    bpy.context.preferences.system.use_online_access = True
    chosen.provider = "anthropic"
    bpy.context.window_manager.clipboard = "  sk-no-key-at-all  "
    hands.do("paste_key", provider="anthropic")
    assert chosen.anthropic.key == "sk-no-key-at-all"
    hands.do("choose_picture", filepath=str(PICTURE))
    yield from hands.settled("priced")
    hands.do("reconstruct", "INVOKE_DEFAULT")
    yield from hands.settled("consent")
    hands.key("ESC")
    yield 0.5
    assert not chosen.consent
    assert not hands.scene().seig.run, "it began without being agreed to"
    hands.do("agree", providers="anthropic")
    bpy.ops.preferences.addon_show(module=preferences.PACKAGE)
    yield from hands.settled("preferences")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
        bpy.ops.wm.window_close()
    hands.do("revoke", provider="anthropic")
    assert chosen.consent == "{}"

    bpy.context.preferences.system.use_online_access = False  # a server on this machine needs none
    chosen.provider, chosen.compatible.model = "compatible", "scripted"
    chosen.compatible.address = os.environ["SEIG_TEST_PROVIDER"]
    hands.do("test_connection", model="compatible/scripted")
    inquiry = seig("addon.inquiry")
    yield Until(lambda: inquiry.current() is None, "the server answers", 120)
    assert "Red" in inquiry.last["compatible"].text, inquiry.last["compatible"].text
    asking = seig("models.consent")
    asking.is_remote = lambda *_: True  # as if that server were elsewhere, so that it is agreed to as well
    hands.do("reconstruct", "INVOKE_DEFAULT")
    yield 1.0
    hands.key("RET")
    yield Until(lambda: hands.session().busy, "what was wanted goes on after agreeing", 5)
    assert "compatible" in chosen.consent
    yield Until(lambda: "tokens so far" in hands.session().status, "tokens arrive", 120)
    hands.shot("streaming")
    hands.do("stop")
    yield Until(lambda: not hands.session().busy, "it stopped within a second", 1.0)
    assert hands.session().state == "stopped", hands.session().message
    _undisturbed("while litellm started")
    hands.do("resume", "INVOKE_DEFAULT")
    yield Until(lambda: hands.scene().seig.stage == 2 or not hands.session().busy, "geometry is in the scene", 240)
    assert hands.scene().seig.stage == 2, hands.session().message
    yield from hands.settled("two_stages")
    _undisturbed("with two stages brought in")
    # Blender ends in the middle of a reply; run.py then looks for processes that stayed.
    yield Until(lambda: "tokens so far" in hands.session().status, "tokens arrive", 120)


def _undisturbed(when):
    """Check that no tick held up the window for long, what brings in a stage apart."""
    ticks = hands.session().ticks
    hands.note(f"{when}: {ticks}")
    assert ticks.longest < 0.05, f"a tick took {ticks.longest:.3f} s {when}"


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
    yield from _start(seconds=0.0, rounds=1)
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

    `seconds` is what an answer takes, None leaves the real models; `rounds` the budget of each stage after the
    first, with small and coarse pictures; 0 is the usual one, with the usual pictures.
    """
    if seconds is not None:
        _model(seconds)
    preferences = seig("addon.preferences")
    chosen = preferences.get(bpy.context)
    chosen.rounds_1 = 2
    for number in range(2, 6) if rounds else ():
        setattr(chosen, f"rounds_{number}", rounds)
    if rounds:
        usual = preferences.settings
        small = {"working_size": 128, "working_samples": 2, "final_size": 128, "final_samples": 2}
        preferences.settings = lambda *given: usual(*given).model_copy(update=small)
    hands.key("ESC")
    yield from hands.open_sidebar()


def _model(seconds):
    seig("addon.worker").open_model = lambda *_, **__: BistroModel(seconds)


def _ended(*states):
    yield Until(lambda: not hands.session().busy, "the run ends", 240)
    assert hands.session().state in states, f"{hands.session().state}: {hands.session().message}"


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
    """Drawing takes at most 2 ms a panel; on a busy machine a few may take longer."""
    yield 0.0
    slow = {name: times["p50"] for name, times in hands.drawing_times().items() if times["p50"] > 2.0}
    assert not slow, f"drawing takes over 2 ms: {slow}"
