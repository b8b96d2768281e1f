"""The live scene: where a reconstruction appears in the artist's file, stage by stage. Main thread only.

A stage is brought in from the checkpoint that the studio saved after running its program, instead of running
the program again in here. The studio has run it under the guard and the limits, compared what it changed with
what the stage may change, and rendered and scored exactly this scene. A second run, in a file with other scenes
in it, can only be worse: a loop over bpy.data.objects or bpy.data.worlds["World"] would meet the artist's own
data, names would differ ("Cup.001"), a long program would freeze the window, and the outcome could drift. So no
generated code runs in the artist's session at all, and other scenes can't be touched. What running it here
would give, objects that stay the same objects, merge.py gives: those whose structure stays keep their identity.

What the artist added or pinned is never changed; other hand edits are laid over the new result (see plan.py).
Each change is one undo step, pushed after all of it is in place; what the scene holds is recorded on the scene
itself before, so that undo rolls both back together.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ..engine.run_folder import RunFolder
from ..engine.stages import STAGES, Stage
from ..errors import RunFolderError
from ..kit.scene import _light_world
from ..studio.compare import compare
from ..studio.scene import Change
from .checkpoint import Checkpoint
from .edits import base_state, checkpoint_of, pinned, plan_for, remember
from .merge import merge
from .ownership import live_state


@dataclass
class Applied:
    """What bringing a stage in meant for the artist's work, and whether the scene is as the studio's."""

    lost: list[Change] = field(default_factory=list)
    """Hand edits that were discarded."""
    drift: list[Change] = field(default_factory=list)
    """Where the live scene differs from the studio's although the artist changed nothing there."""
    differing: list[Change] = field(default_factory=list)
    """All that differs from the studio's: the hand edits that were kept, and the drift."""


def create_scene(name: str, width: int, height: int, reference: Path) -> bpy.types.Scene:
    """Make a new scene for a picture of width × height pixels and show it in the window; no other is touched.

    Raises RunFolderError where the reference can't be read.
    """
    try:
        image = bpy.data.images.load(str(reference))
    except RuntimeError as error:
        raise RunFolderError(f"{reference} can't be read as a picture; nothing was made.") from error
    scene = _new_scene(name, width, height)
    scene.seig.owner, scene.seig.source, scene.seig.reference = uuid.uuid4().hex, name, image
    scene.seig.run = str(reference.parent)  # the reference lies in the run folder
    scene.world["seig"] = scene.seig.owner
    with _one_step(scene, f"SEIG: scene for {name}"):
        _window(scene).scene = scene
    return scene


def _new_scene(name: str, width: int, height: int) -> bpy.types.Scene:
    """Make a scene of the picture's aspect; all else comes with the first stage's checkpoint."""
    scene = bpy.data.scenes.new(name)
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.view_settings.view_transform = "Standard"
    _light_world(scene, (0.0, 0.0, 0.0), 1.0)
    return scene


def find_scene(owner: str) -> bpy.types.Scene | None:
    """Find a reconstruction's scene, whatever it is called by now; None when the artist deleted it."""
    return next((scene for scene in bpy.data.scenes if owner and scene.seig.owner == owner), None)


def apply(scene: bpy.types.Scene, run: RunFolder, stage: Stage) -> Applied:
    """Bring the scene to the end of this stage, keeping hand edits. Raises RunFolderError, changing nothing."""
    return _bring(scene, run, stage, True, f"SEIG: {stage.name}")


def restore(scene: bpy.types.Scene, run: RunFolder, stage: Stage | None, keep_edits: bool = True) -> Applied:
    """Bring back the scene as it was after this stage, or empty for None. Raises RunFolderError, changing nothing.

    With `keep_edits`, hand edits are laid over it where that is possible; what is pinned or added stays anyway.
    """
    name = stage.name if stage else "the start"
    return _bring(scene, run, stage, keep_edits, f"SEIG: restore {name}")


def drift(scene: bpy.types.Scene) -> list[Change]:
    """List where the live scene differs from what the studio made, hand edits included."""
    base = base_state(scene)
    return [] if base is None else [Change(**change) for change in compare(base, live_state(scene))]


def show_reference(scene: bpy.types.Scene) -> None:
    """Put the reference into the background of what the scene's camera sees, as the window's settings say."""
    if scene.camera is None or scene.seig.reference is None:
        return
    window, data = bpy.context.window_manager.seig, scene.camera.data
    if not any(each.image == scene.seig.reference for each in data.background_images):
        background = data.background_images.new()
        background.image = scene.seig.reference
        background.display_depth, background.frame_method = "FRONT", "FIT"
        background.alpha = window.reference_opacity
    data.show_background_images = window.show_reference and window.compare_mode == "OFF"


def _bring(scene: bpy.types.Scene, run: RunFolder, stage: Stage | None, keep: bool, message: str) -> Applied:
    with _checkpoint(run, stage) as checkpoint:
        new = checkpoint.state
        before = drift(scene)  # raises, as all that can go wrong does, while the scene is still as it was
        base = remember(run.path, new) if stage else ""
        with _one_step(scene, message):
            todo = plan_for(scene, checkpoint, keep)
            merge(scene, checkpoint, todo)
            show_reference(scene)
            _record(scene, run, stage, base)
            checkpoint.settle()
            after = compare(new, live_state(scene))
    edited = {(change.kind, change.name) for change in before} if keep else set()
    kept = pinned(scene)
    differing = [Change(**change) for change in after]
    return Applied(
        [Change(**change) for change in todo.lost],
        [each for each in differing if (each.kind, each.name) not in edited and each.name not in kept],
        differing,
    )


def _record(scene: bpy.types.Scene, run: RunFolder, stage: Stage | None, base: str) -> None:
    """Write on the scene what it now shows."""
    shown = STAGES[: stage.number] if stage else ()
    bests = {each.name: run.record.stage(each).best for each in shown}
    scene.seig.run, scene.seig.base = str(run.path), base
    scene.seig.stage = stage.number if stage else 0
    scene.seig.applied = json.dumps({name: best for name, best in bests.items() if best is not None})


def _checkpoint(run: RunFolder, stage: Stage | None) -> Checkpoint:
    if stage is None:
        return Checkpoint.of_scene(_new_scene("Empty", run.record.width, run.record.height))
    return Checkpoint.of_file(checkpoint_of(run, stage), run.record.name)


@contextmanager
def _one_step(scene: bpy.types.Scene, message: str) -> Iterator[None]:
    """Make what is done inside one undo step, also when it fails half-way, so that Ctrl-Z takes it back.

    Edit, sculpt and paint modes are left before: they hold back what was edited, and in them Blender would push
    a step of that one mesh only. The artist's own object is taken back into its mode at the end.
    """
    modes = []
    for window in bpy.context.window_manager.windows:
        obj = window.view_layer.objects.active
        if obj is not None and obj.mode != "OBJECT":
            modes.append((window, obj, obj.mode, obj.seig.made))
            _set_mode(window, obj, "OBJECT", push=False)
    try:
        yield
    except BaseException:
        message += " (incomplete)"
        raise
    finally:
        with _in_window(bpy.context.window or _window(scene)):
            bpy.ops.ed.undo_push(message=message)
        for window, obj, mode, made in modes:
            if not made and obj.name in window.view_layer.objects:
                _set_mode(window, obj, mode, push=True)


def _set_mode(window: bpy.types.Window, obj: bpy.types.Object, mode: str, push: bool) -> None:
    window.view_layer.objects.active = obj
    with _in_window(window):
        bpy.ops.object.mode_set("EXEC_DEFAULT", push, mode=mode)


@contextmanager
def _in_window(window: bpy.types.Window) -> Iterator[None]:
    """Have operators work in this window, with no override where it is the current one anyway.

    Up to Blender 5.0 an operator under an override crashes now and then where other threads run Python: it asks
    Python for the context without holding its lock, if another thread does (PyC_IsInterpreterActive with 3.11).
    """
    if bpy.context.window == window:
        yield
    else:
        with bpy.context.temp_override(window=window):
            yield


def _window(scene: bpy.types.Scene) -> bpy.types.Window:
    """Choose the window that shows the scene, else the current one, else any."""
    windows = bpy.context.window_manager.windows
    return next((each for each in windows if each.scene == scene), bpy.context.window or windows[0])
