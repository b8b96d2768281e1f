"""The stages of the scene's run: where each stands, and the way back to it."""

from __future__ import annotations

from typing import Any

import bpy

from ...engine.records import RunRecord, StageRecord
from ...engine.stages import INITIALIZATION, STAGES, Stage
from .. import accounts, session
from . import lists, shown
from .base import OfRun
from .text import hint, sentence

_NOTES = 3  # shown of what bringing in a stage meant

_STAGE_ICONS = {
    "initialization": "OUTLINER",
    "geometry": "MESH_DATA",
    "materials": "MATERIAL",
    "composition": "VIEW_CAMERA",
    "lighting": "LIGHT",
    "fine-tuning": "MODIFIER",
}
_STATES = {
    "pending": ("BLANK1", "Not done yet."),
    "running": ("SORTTIME", "In the making."),
    "approved": ("CHECKMARK", "Approved by the verifier."),
    "budget spent": ("CHECKBOX_HLT", "Best of all its rounds; the verifier still had wishes."),
    "unchanged": ("REMOVE", "No round made it better, so it left the scene as it was."),
    "stale": ("FILE_REFRESH", "An earlier stage changed: its program will be run again."),
    "broken": ("ERROR", "Its program no longer runs on the changed scene: redo the stage."),
}


_SOLVED = "Light and base colours are solved for, without a model."
_CHOSEN = "The one of its scaffolds that covers most of the picture."  # no verifier sees the first stage


class SEIG_UL_stages(bpy.types.UIList):
    """A stage a row: rounds used, score, state. Grey: not in the scene as it is."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: Any,
        data: Any,
        item: Any,
        icon: Any,
        active: Any,
        prop: Any,
        index: int,
    ) -> None:
        """Draw a row."""
        record, stage = shown.record(context.scene), STAGES[index]
        if record is None:
            return
        of_stage = record.stage(stage)
        row = layout.row(align=True)
        row.active = of_stage.state == "running" or shown.round_in_scene(context.scene, stage) is not None
        row.label(text=item.name, icon=_STAGE_ICONS[stage.name])
        numbers = row.row(align=True)
        numbers.alignment = "RIGHT"
        if of_stage.rounds:
            numbers.label(text=record.settings.count(stage, len(of_stage.rounds)))
        if of_stage.rounds:
            numbers.label(text=shown.score(of_stage))
        numbers.label(text="", icon=_STATES[of_stage.state][0])

    def draw_filter(self, context: bpy.types.Context, layout: Any) -> None:
        """So few rows need no filter."""


class SEIG_PT_stages(OfRun, bpy.types.Panel):
    """The stages, and what one of them did."""

    bl_label = "Stages"
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list and the stage in view."""
        layout, window, manager = self.layout, context.window_manager.seig, context.window_manager
        lists.keep_up(context)
        record, stage = shown.record(context.scene), shown.stage_in_view(context)
        if record is None:
            return
        layout.template_list(
            "SEIG_UL_stages", "", manager.seig_lists, "stages", window, "stage_index", rows=6, maxrows=6, sort_lock=True
        )
        _about(layout, context, record, stage)
        _notes(layout, context)
        column = layout.column(align=True)
        column.operator("seig.restore", text=f"Restore {stage.name.capitalize()}", icon="LOOP_BACK")
        row = column.row(align=True)
        row.operator("seig.edit_program", text="Edit Program", icon="TEXT")
        run = row.row(align=True)
        run.ui_units_x = 3.5
        run.operator("seig.run_program", text="Run", icon="PLAY")


def _about(layout: bpy.types.UILayout, context: bpy.types.Context, record: RunRecord, stage: Stage) -> None:
    of_stage = record.stage(stage)
    column = layout.column()
    state = _STATES[of_stage.state][1]
    if of_stage.best is not None and of_stage.state == "approved":  # by what no verifier sees
        state = _CHOSEN if stage is INITIALIZATION else _SOLVED if stage.solved else state
    sentence(column, context, state)
    taken = accounts.words(of_stage)
    if taken:
        hint(column, context, f"{taken}.")
    in_scene = shown.round_in_scene(context.scene, stage)
    if of_stage.best is None:
        return
    changed = of_stage.round(of_stage.best).changed
    if changed:
        hint(column, context, f"It {changed}.")
    gain = _gain(of_stage)
    if gain:
        hint(column, context, gain)
    if in_scene is None:
        sentence(column, context, "The scene doesn't hold it: it was undone or restored.", icon="INFO")
    elif in_scene != of_stage.best:
        sentence(column, context, f"The scene holds round {in_scene} of it.", icon="INFO")


def _notes(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Say what bringing in the last stage meant for the artist's work."""
    current = session.current()
    if str(current.run) != context.scene.seig.run:
        return
    for text in current.notes[:_NOTES]:
        sentence(layout, context, text, icon="INFO")
    if len(current.notes) > _NOTES:
        hint(layout, context, f"and {len(current.notes) - _NOTES} more such changes")


def _gain(of_stage: StageRecord) -> str:
    if of_stage.scores is None:
        return ""
    text = f"PSNR {of_stage.scores.psnr:.1f} dB, SSIM {of_stage.scores.ssim:.2f}"
    if of_stage.start is None or of_stage.name == INITIALIZATION.name:
        return text
    return f"{text} ({of_stage.scores.psnr - of_stage.start.psnr:+.1f} dB)"


CLASSES = (SEIG_UL_stages, SEIG_PT_stages)
