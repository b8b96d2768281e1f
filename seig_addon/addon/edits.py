"""Hand edits: what the artist changed in a reconstruction's scene since the last stage was brought in.

What that stage left here is kept in the run folder, in live/<hash>.json; the scene holds the hash, so undo, redo
and reopening always find the state that belongs to what the scene shows. Reads the live scene; changes only the
scene's own record of that hash.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import bpy

from ..engine.files import write_atomic
from ..engine.run_folder import RunFolder
from ..engine.stages import STAGES, Stage
from ..errors import RunFolderError
from ..studio.compare import compare
from ..studio.scene import Change
from .checkpoint import Checkpoint
from .ownership import added_by_hand, live_state, our_materials, our_objects
from .plan import Plan, plan

Values = dict[str, Any]

_VERBS = {
    "object removed": "deleted",
    "object transform": "moved",
    "object structure": "changed",
    "mesh": "remodelled",
    "uv": "unwrapped anew",
    "material assignment": "given another material",
    "material added": "added",
    "material removed": "removed",
    "material": "recoloured",
    "light removed": "deleted",
    "object added": "added",
    "object renamed": "renamed",
}


def in_words(edit: Change) -> str:
    """Say an edit in one line, such as "Cup: moved (location: (0, 0, 0) → (1, 0, 0))"."""
    details = f" ({'; '.join(edit.details)})" if edit.details else ""
    return f"{edit.name}: {_VERBS.get(edit.kind, 'changed')}{details}"


def remember(run: Path, state: Values) -> str:
    """Keep the state that a stage leaves, in the run folder; gives its hash. Raises RunFolderError."""
    text = json.dumps(state, sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = _path(run, key)
    if not path.is_file():
        write_atomic(path, text)
    return key


def base_state(scene: bpy.types.Scene) -> Values | None:
    """The state that the last stage left in this scene; None before the first.

    Raises RunFolderError where the run folder no longer has it.
    """
    if not scene.seig.base:
        return None
    path = _path(Path(scene.seig.run), scene.seig.base)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"{path} is missing or damaged, so it can't be told what you changed by hand in {scene.name}; "
            "the scene was left as it is. Put the run folder back where it was, or pin what has to stay."
        ) from error


def _path(run: Path, key: str) -> Path:
    return run / "live" / f"{key}.json"


def hand_edits(scene: bpy.types.Scene) -> list[Change]:
    """List what the artist changed, deleted, renamed and added since the last stage was brought in.

    Named as programs call things, additions by their own names. Raises RunFolderError where that can't be told.
    """
    base = base_state(scene)
    edits = [] if base is None else [Change(**change) for change in compare(base, live_state(scene))]
    # Parts of a scene go by few kinds; two more that no program makes use the nearest one.
    for called, block in [*our_objects(scene).items(), *our_materials(scene, our_objects(scene).values()).items()]:
        if block.name != block.seig.given:
            kind = "object structure" if isinstance(block, bpy.types.Object) else "material"
            edits.append(Change(kind=kind, name=called, details=[f"name: {block.seig.given} → {block.name}"]))
    added = [Change(kind="object added", name=obj.name, details=[obj.type.lower()]) for obj in added_by_hand(scene)]
    return edits + added


def plan_for(scene: bpy.types.Scene, checkpoint: Checkpoint, keep: bool) -> Plan:
    """Plan how the checkpoint and the live scene come together; `keep` keeps hand edits where that is possible."""
    mine = live_state(scene)
    base = base_state(scene) or {**mine, "objects": {}, "lights": {}, "cameras": {}, "camera": None}
    return plan(base, checkpoint.state, mine, pinned(scene), keep)


def pinned(scene: bpy.types.Scene) -> set[str]:
    """Name the pinned objects of ours, as programs call them."""
    return {called for called, obj in our_objects(scene).items() if obj.seig.pin}


def lost_by_restore(scene: bpy.types.Scene, run: RunFolder, stage: Stage, keep: bool = True) -> list[Change]:
    """List the hand edits that restoring this stage would discard, for asking first. Raises RunFolderError."""
    with Checkpoint.of_file(checkpoint_of(run, stage), run.record.name) as checkpoint:
        return [Change(**change) for change in plan_for(scene, checkpoint, keep).lost]


def lost_by_redo(scene: bpy.types.Scene, stage: Stage) -> list[Change]:
    """List the hand edits that redoing this stage may discard, for asking first. Raises RunFolderError.

    The new program isn't known yet, so these are the edits that can't be laid over a new result and that this
    stage or a later one may change.
    """
    base = base_state(scene)
    if base is None:
        return []
    may = frozenset().union(*(each.may_change for each in STAGES[stage.number - 1 :]))
    whole = {"mesh", "uv", "material assignment"}
    keep = pinned(scene)
    lost = []
    for change in compare(base, live_state(scene)):
        edit = Change(**change)
        partly = edit.kind == "object structure" and any("/" in line or "modifiers" in line for line in edit.details)
        if edit.kind in may and edit.name not in keep and (edit.kind in whole or partly):
            lost.append(edit)
    return lost


def checkpoint_of(run: RunFolder, stage: Stage) -> Path:
    """The scene as it was after a stage: its best round's, or that of the last stage before it that has one."""
    for each in reversed(STAGES[: stage.number]):
        best = run.record.stage(each).best
        if best is not None:
            return run.checkpoint(each, best)
    raise RunFolderError(f"The {stage.name} stage has no result yet; the scene was left as it is. Reconstruct first.")
