"""Below the stages: the rounds of the stage in view, and what to do differently when it is redone."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...engine.records import Round, StageRecord
from ...engine.run_folder import round_render, viewport_file
from ...engine.stages import Stage
from .. import accounts, previews
from . import shown
from .base import OfRun
from .text import hint, sentence

# In icon sizes, by how many stand beside each other: they fill the sidebar's default width.
_THUMBNAIL = {2: 5.0, 3: 3.4}


class SEIG_PT_rounds(OfRun, bpy.types.Panel):
    """The tries at the stage in view; click another one to use it."""

    bl_label = "Rounds"
    bl_parent_id = "SEIG_PT_stages"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Say how many there are."""
        record = shown.record(context.scene)
        count = len(record.stage(shown.stage_in_view(context)).rounds) if record else 0
        row = self.layout.row()
        row.active = False
        row.label(text=f"{count}" if count else "")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a grid of pictures, a button below each."""
        layout, stage = self.layout, shown.stage_in_view(context)
        record = shown.record(context.scene)
        if record is None or not record.stage(stage).rounds:
            hint(layout, context, "None yet: Step does the next stage.")
            return
        of_stage = record.stage(stage)
        viewport = previews.icon(viewport_file(Path(context.scene.seig.run), stage))
        count = len(of_stage.rounds) + bool(viewport)
        columns = min(max(count, 2), 3)
        for first in range(0, count, columns):
            row = layout.row(align=True)
            for number in range(first, first + columns):
                cell = row.column(align=True)
                if number < len(of_stage.rounds):
                    _round(cell, context.scene, stage, of_stage, of_stage.rounds[number], _THUMBNAIL[columns])
                elif number < count:
                    cell.template_icon(viewport, scale=_THUMBNAIL[columns])
                    cell.label(text="Viewport")
                else:
                    cell.label()  # keeps the columns as wide as above
        for each in of_stage.rounds:
            if not each.ran:
                sentence(layout, context, f"{each.number} did not run: {each.problem.splitlines()[0]}", icon="ERROR")


def _round(
    cell: bpy.types.UILayout, scene: bpy.types.Scene, stage: Stage, of_stage: StageRecord, each: Round, scale: float
) -> None:
    render = round_render(Path(scene.seig.run), stage, each.number)
    cell.template_icon(previews.icon(render) if each.ran else 0, scale=scale)
    button = cell.row(align=True)
    button.enabled = each.ran
    use = button.operator("seig.use_round", text=_caption(each), depress=each.number == of_stage.best)
    use.stage, use.round = stage.name, each.number
    if accounts.short(each):
        taken = cell.row()
        taken.active, taken.alignment = False, "CENTER"
        taken.label(text=accounts.short(each))


def _caption(each: Round) -> str:
    if not each.ran:
        return f"{each.number} failed"
    return f"{each.number}: {each.scores.psnr:.1f}" if each.scores else f"{each.number}"


class SEIG_PT_redo(OfRun, bpy.types.Panel):
    """What the stage in view should do differently when it is redone."""

    bl_label = "Redo"
    bl_parent_id = "SEIG_PT_stages"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the verifier's checklist, a note and Redo."""
        layout, window = self.layout, context.window_manager.seig
        column = layout.column(align=True)
        for index, item in enumerate(window.checklist):
            row = column.row(align=True)
            row.prop(item, "done", text="")
            text = row.row(align=True)
            text.active = not item.done
            text.prop(item, "text", text="")
            row.operator("seig.checklist_remove", text="", icon="X").index = index
        row = column.row(align=True)
        row.operator("seig.checklist_add", text="Add Item", icon="ADD")
        if not window.checklist:
            hint(layout, context, "The verifier has no wishes. Add your own, or write a note, and redo the stage.")
        layout.prop(window, "note", text="", icon="GREASEPENCIL", placeholder="Note to the model")
        layout.prop(window, "redo_with_viewport")
        stage = shown.stage_in_view(context).name.capitalize()
        layout.operator("seig.redo", text=f"Redo {stage}", icon="FILE_REFRESH")


CLASSES = (SEIG_PT_rounds, SEIG_PT_redo)
