"""What the panels show: the run of the scene in view, as its folder has it, and what of it the scene holds.

Cheap enough for drawing: run.json is read in a thread whenever it changes, never while a panel is drawn.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import bpy

from ...engine.records import RunRecord, StageRecord
from ...engine.run_folder import read_record, round_render
from ...engine.stages import STAGES, Stage
from .. import session
from ..background import Files, Loader


def _read(files: Files) -> RunRecord:
    return read_record(files[0].parent)


_records: Loader[RunRecord] = Loader(_read)


def run_folder(scene: bpy.types.Scene) -> Path | None:
    """The folder of the scene's run; None where the scene isn't a reconstruction."""
    return Path(scene.seig.run) if scene.seig.run else None


def record(scene: bpy.types.Scene) -> RunRecord | None:
    """What the scene's run remembers; None where there is no run, or its folder isn't there."""
    folder, current = run_folder(scene), session.current()
    if current.busy and current.run == folder:
        return current.record  # fresher than the file, which is written when a round ends
    return _records.get(folder / "run.json") if folder else None


def stage_in_view(context: bpy.types.Context) -> Stage:
    """The stage that is selected in the list."""
    index = context.window_manager.seig.stage_index
    return STAGES[min(max(index, 0), len(STAGES) - 1)]


def shown_render(scene: bpy.types.Scene) -> Path | None:
    """The studio's render of what the scene holds; None before its first stage."""
    applied = _applied(scene.seig.applied)
    for stage in reversed(STAGES[: scene.seig.stage]):
        if stage.name in applied:
            return round_render(Path(scene.seig.run), stage, applied[stage.name])
    return None


def round_in_scene(scene: bpy.types.Scene, stage: Stage) -> int | None:
    """Which round of a stage the scene holds; None where it holds none, as after undo."""
    return _applied(scene.seig.applied).get(stage.name) if stage.number <= scene.seig.stage else None


def score(stage: StageRecord) -> str:
    """How the scene scores after a stage, in dB; empty before it was measured."""
    return f"{stage.scores.psnr:.1f}" if stage.scores else ""


@lru_cache(maxsize=64)
def _applied(text: str) -> dict[str, int]:
    return dict(json.loads(text)) if text else {}


def unregister() -> None:
    """Forget the runs."""
    _records.clear()
