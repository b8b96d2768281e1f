"""A stage's program as a Text: open it, edit it, and run what became of it."""

from __future__ import annotations

import hashlib

import bpy
from bpy.props import StringProperty

from ...engine.stages import Stage
from ...errors import SeigError
from ...studio import guard
from .. import runs, session
from .base import Base, has_run, has_scene, idle, stage_of

# The Text's own notes: which run it belongs to, as two runs may have a stage of the same name open; and the hash
# of what was written into it, by which to see whether the artist edited it since.
_RUN, _WRITTEN = "seig_run", "seig_written"


def _idle_or_waiting(context: bpy.types.Context) -> str:
    return "" if session.current().pending else idle(context)


def text_of(scene: bpy.types.Scene, stage: Stage) -> bpy.types.Text | None:
    """The Text with the stage's program of this scene's run."""
    name = _name(stage)
    return next((t for t in bpy.data.texts if t.name.startswith(name) and t.get(_RUN) == scene.seig.run), None)


def _name(stage: Stage) -> str:
    return f"SEIG {stage.name}.py"


def _hash(program: str) -> str:
    return hashlib.sha256(program.encode()).hexdigest()[:16]


class SEIG_OT_edit_program(Base, bpy.types.Operator):
    """Open this stage's program in the Text Editor: as it stands now, or with what you changed in it"""

    bl_idname = "seig.edit_program"
    bl_label = "Edit Program"
    needs = (_idle_or_waiting, has_run)

    stage: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Write the program into its Text, unless the artist is at work there, and show that."""
        stage, program = self._program(context)
        text = text_of(context.scene, stage)
        if text is None or _hash(text.as_string()) == text.get(_WRITTEN):
            text = text or bpy.data.texts.new(_name(stage))
            text.from_string(program)
            text.cursor_set(0)
            text[_RUN], text[_WRITTEN] = context.scene.seig.run, _hash(text.as_string())
        show(context, text)

    def _program(self, context: bpy.types.Context) -> tuple[Stage, str]:
        pending = session.current().pending
        if pending:
            return pending.stage, pending.program
        stage = stage_of(context, self.stage)
        with runs.opened(context.scene) as run:
            program = run.program(stage)
        if not program:
            raise SeigError(f"The {stage.name} stage has no program yet; do the stage first.")
        return stage, program


class SEIG_OT_run_program(Base, bpy.types.Operator):
    """Make the program in this stage's Text the stage's own, and run it; later stages' programs are run again on its result"""  # noqa: E501 a tooltip has no line breaks of its own

    bl_idname = "seig.run_program"
    bl_label = "Run Program"
    needs = (idle, has_run, has_scene)

    stage: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Adopt the text, and let the engine go on with it."""
        stage = stage_of(context, self.stage)
        text = text_of(context.scene, stage)
        if text is None:
            raise SeigError(f"No Text holds the {stage.name} program; open it with Edit Program first.")
        program = text.as_string()
        try:
            guard.check(program)
        except guard.Refused as refused:
            raise SeigError(f"{refused.message.rstrip('.')}; nothing was run.") from refused
        run = runs.open_run(context.scene)
        try:
            if program.strip() == run.program(stage).strip():
                raise SeigError(f"{text.name} is the {stage.name} program as it stands; edit it first.")
            run.adopt(stage, program)
            text[_WRITTEN] = _hash(program)
        except SeigError:
            run.close()
            raise
        session.current().start(run, "stage")


def show(context: bpy.types.Context, text: bpy.types.Text) -> None:
    """Show a Text: in an open Text Editor, else in a window of its own. In background there is none."""
    if bpy.app.background:
        return
    areas = [area for window in context.window_manager.windows for area in window.screen.areas]
    editor = next((area for area in areas if area.type == "TEXT_EDITOR"), None)
    if editor is None:
        bpy.ops.wm.window_new()
        editor = context.window_manager.windows[-1].screen.areas[0]
        editor.type = "TEXT_EDITOR"
    space = editor.spaces.active
    space.text, space.top = text, 0
    space.show_line_numbers = space.show_syntax_highlight = True


CLASSES = (SEIG_OT_edit_program, SEIG_OT_run_program)
