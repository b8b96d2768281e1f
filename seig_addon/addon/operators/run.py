"""Beginning a run, going on with it, stopping it, and going back in it."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from ...engine.picture import load_reference
from ...engine.run_folder import RunFolder
from ...errors import RunFolderError
from ...models.registry import open_model
from ...studio.scene import Change
from .. import edits, live, preferences, readiness, runs, session
from ..viewport import viewport_picture
from ..worker import Until
from .base import Base, has_run, has_scene, has_work_left, idle, running, stage_of
from .consent import Asking

_WIDTH = 420  # px of a dialog at normal scale: a hand edit fits a line
_LISTED = 12  # hand edits in a dialog; more are counted


def _has_picture(context: bpy.types.Context) -> str:
    """One was chosen, or the scene's run has one, which can be rebuilt again."""
    if context.window_manager.seig.picture or (context.scene.seig.run and not has_run(context)):
        return ""
    return "Choose a picture first."


def _has_picture_or_work_left(context: bpy.types.Context) -> str:
    if context.window_manager.seig.picture:
        return ""
    if not context.scene.seig.run:
        return "Choose a picture first."
    return has_run(context) or has_work_left(context)


def _picture(context: bpy.types.Context) -> tuple[Path, str]:
    """The picture to rebuild, and its name: the chosen one, else that of the scene's run."""
    chosen = context.window_manager.seig.picture
    if chosen:
        path = Path(bpy.path.abspath(chosen))
        return path, path.stem
    return Path(context.scene.seig.run) / "reference.png", runs.record_of(context.scene).name


def _begin(context: bpy.types.Context, until: Until) -> None:
    """Make a run of the picture, and its scene. Raises SeigError before anything was made."""
    window = context.window_manager.seig
    picture, name = _picture(context)
    reference = load_reference(picture)
    settings = preferences.settings(context, window.note)
    _can_be_asked(context, settings.models)
    preferences.studio_blender(context)
    run = RunFolder.create(runs.new_folder(preferences.runs(context), name), name, reference, settings)
    try:
        session.new_scene(run)
    except RunFolderError:
        run.close()
        raise
    # The picture was for this run; from now on the panel is about the run.
    window.picture = window.note = ""
    window.image = None
    session.current().start(run, until)


def _can_be_asked(context: bpy.types.Context, names: list[str]) -> None:
    """Raise SeigError for a model that can't be asked, before anything is made or changed for it."""
    access = preferences.access(context)
    for name in names:
        open_model(name, Path(), lambda text: None, access=access).close()


def _ready_for_new(context: bpy.types.Context) -> str:
    return readiness.problem(context, readiness.of_preferences(context))


def _ready_to_go_on(context: bpy.types.Context) -> str:
    return readiness.problem(context, readiness.of_run(context))


def _ready_to_redo(context: bpy.types.Context) -> str:
    return readiness.problem(context, readiness.of_redo(context))


def _ready_to_step(context: bpy.types.Context) -> str:
    return readiness.problem(context, readiness.of_step(context))


class SEIG_OT_reconstruct(Asking, bpy.types.Operator):
    """Rebuild the picture as a new scene, all stages; you can stop and go on at any moment"""

    bl_idname = "seig.reconstruct"
    bl_label = "Reconstruct"
    needs = (idle, _has_picture, _ready_for_new)

    def models(self, context: bpy.types.Context) -> list[str]:
        """Those of the preferences."""
        return readiness.of_preferences(context)

    def begin(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first where the scene's own picture would be rebuilt once more."""
        if context.window_manager.seig.picture:
            return self.execute(context)
        title = f"Reconstruct {context.scene.seig.source} once more?"
        message = "It becomes another run, in a scene of its own. This scene and its run stay as they are."
        return context.window_manager.invoke_confirm(
            self, event, title=title, message=message, confirm_text="Reconstruct"
        )

    def work(self, context: bpy.types.Context) -> None:
        """Begin."""
        _begin(context, "end")


class SEIG_OT_step(Asking, bpy.types.Operator):
    """Do the next stage only: the first one of the chosen picture, else the next of this scene's run"""

    bl_idname = "seig.step"
    bl_label = "Step"
    needs = (idle, _has_picture_or_work_left, _ready_to_step)

    def models(self, context: bpy.types.Context) -> list[str]:
        """The run's, or those of the preferences."""
        return readiness.of_step(context)

    def work(self, context: bpy.types.Context) -> None:
        """Begin with the chosen picture, else go on with the scene's run."""
        if context.window_manager.seig.picture:
            _begin(context, "stage")
        else:
            _can_be_asked(context, readiness.of_step(context))
            session.current().start(runs.open_run(context.scene), "stage")


class SEIG_OT_resume(Asking, bpy.types.Operator):
    """Go on with this scene's run where it was stopped, to its end"""

    bl_idname = "seig.resume"
    bl_label = "Resume"
    needs = (idle, has_run, has_work_left, _ready_to_go_on)

    limit: FloatProperty(
        name="Limit",
        description="US dollars that the run may cost in all from now on; 0: as before",
        min=0.0,
        options={"SKIP_SAVE"},
    )

    def models(self, context: bpy.types.Context) -> list[str]:
        """The run's."""
        return readiness.of_run(context)

    def given(self) -> dict[str, object]:
        """The limit."""
        return {"limit": self.limit}

    def work(self, context: bpy.types.Context) -> None:
        """Go on."""
        _can_be_asked(context, readiness.of_run(context))
        run = runs.open_run(context.scene)
        try:
            if self.limit:
                run.set_limit(round(self.limit, 2))
        except RunFolderError:
            run.close()
            raise
        session.current().start(run, "end")


class SEIG_OT_stop(Base, bpy.types.Operator):
    """Stop within a second. Finished rounds are kept, and the run can go on later"""

    bl_idname = "seig.stop"
    bl_label = "Stop"
    needs = (running,)

    def work(self, context: bpy.types.Context) -> None:
        """Stop."""
        session.current().stop()


class SEIG_OT_redo(Asking, bpy.types.Operator):
    """Do this stage again, with a note to the model; later stages' programs are run again on the new result"""

    bl_idname = "seig.redo"
    bl_label = "Redo"
    needs = (idle, has_run, has_scene, _ready_to_redo)

    stage: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def models(self, context: bpy.types.Context) -> list[str]:
        """The run's."""
        return readiness.of_redo(context)

    def given(self) -> dict[str, object]:
        """The stage."""
        return {"stage": self.stage}

    def begin(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a note, and say which hand edits may be lost."""
        stage = stage_of(context, self.stage)
        try:
            self.lost = edits.lost_by_redo(context.scene, stage)
        except RunFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        manager = context.window_manager
        return manager.invoke_props_dialog(self, width=_WIDTH, title=f"Redo {stage.name}", confirm_text="Redo")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the dialog."""
        window = context.window_manager.seig
        self.layout.prop(window, "note", text="", icon="GREASEPENCIL", placeholder="Note to the model")
        todo = sum(bool(_wish(item)) for item in window.checklist)
        if todo:
            self.layout.label(text=f"With {todo} of the checklist's items", icon="CHECKMARK")
        self.layout.prop(window, "redo_with_viewport")
        _list_lost(self.layout, self.lost)

    def work(self, context: bpy.types.Context) -> None:
        """Put the stage's work aside and do it again."""
        window = context.window_manager.seig
        wishes = [_wish(item) for item in window.checklist if _wish(item)]
        _can_be_asked(context, readiness.of_redo(context))
        run = runs.open_run(context.scene)
        try:
            run.archive(stage_of(context, self.stage), window.note, wishes)
        except RunFolderError:
            run.close()
            raise
        window.note = ""
        session.current().start(run, "stage", viewport=_viewport(context, run))


def _viewport(context: bpy.types.Context, run: RunFolder) -> Path | None:
    """A picture of the scene as it is now, if it is to go to the model and can be made."""
    if not context.window_manager.seig.redo_with_viewport:
        return None
    picture = run.path / "viewport.png"
    return picture if viewport_picture(context.scene, picture, run.record.settings.working_size) else None


def _wish(item: bpy.types.PropertyGroup) -> str:
    return "" if item.done else item.text.strip()


class SEIG_OT_restore(Base, bpy.types.Operator):
    """Bring back the scene as it was after this stage. Objects that you added or pinned stay"""

    bl_idname = "seig.restore"
    bl_label = "Restore"
    needs = (idle, has_run, has_scene)

    stage: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    keep_edits: BoolProperty(
        name="Keep Hand Edits", description="Lay your changes over the restored scene where possible", default=True
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first, if there are hand edits."""
        stage = stage_of(context, self.stage)
        try:
            if not edits.hand_edits(context.scene):
                return self.execute(context)
            with runs.opened(context.scene) as run:
                self.lost = {keep: edits.lost_by_restore(context.scene, run, stage, keep) for keep in (True, False)}
        except RunFolderError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        manager = context.window_manager
        return manager.invoke_props_dialog(self, width=_WIDTH, title=f"Restore {stage.name}", confirm_text="Restore")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the dialog."""
        self.layout.prop(self, "keep_edits")
        _list_lost(self.layout, self.lost[self.keep_edits])

    def work(self, context: bpy.types.Context) -> None:
        """Restore."""
        with runs.opened(context.scene) as run:
            applied = live.restore(context.scene, run, stage_of(context, self.stage), self.keep_edits)
        if applied.lost:
            self.report({"INFO"}, f"{len(applied.lost)} hand edits were discarded; undo brings them back")


def _list_lost(layout: bpy.types.UILayout, lost: list[Change]) -> None:
    if not lost:
        layout.label(text="None of your changes is discarded", icon="CHECKMARK")
        return
    column = layout.column(align=True)
    column.label(text="These changes of yours are discarded; pin an object to keep it:", icon="ERROR")
    for change in lost[:_LISTED]:
        column.label(text=edits.in_words(change), icon="BLANK1")
    if len(lost) > _LISTED:
        column.label(text=f"and {len(lost) - _LISTED} more", icon="BLANK1")


class SEIG_OT_use_round(Base, bpy.types.Operator):
    """Use this round's result for the stage; later stages' programs are run again on it"""

    bl_idname = "seig.use_round"
    bl_label = "Use Round"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form
    needs = (idle, has_run)

    stage: StringProperty(options={"SKIP_SAVE"})
    round: IntProperty(options={"SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Show the round, and run again what stood on another one."""
        stage = stage_of(context, self.stage)
        run = runs.open_run(context.scene)
        try:
            run.use_round(stage, self.round)
            live.restore(context.scene, run, stage)
        except RunFolderError:
            run.close()
            raise
        following = run.next_stage()
        if following is not None and run.record.stage(following).state != "stale":
            run.close()  # what comes next asks the model, which is for Step or Resume
        else:
            session.current().start(run, "stage")


CLASSES = (
    SEIG_OT_reconstruct,
    SEIG_OT_step,
    SEIG_OT_resume,
    SEIG_OT_stop,
    SEIG_OT_redo,
    SEIG_OT_restore,
    SEIG_OT_use_round,
)
