"""What all operators share: conditions that say why not, and errors as a sentence."""

from __future__ import annotations

from collections.abc import Callable

import bpy

from ...engine.stages import BY_NAME, STAGES, Stage
from ...errors import SeigError
from .. import progress, runs, session

Condition = Callable[[bpy.types.Context], str]
"""Says why an operator can't be used now; nothing if it can."""


class Base:
    """Goes before bpy.types.Operator. `work` does it; a SeigError from there is shown as it is."""

    needs: tuple[Condition, ...] = ()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Check the conditions in order; the first that is not met is the reason to be read on the button."""
        for condition in cls.needs:
            reason = condition(context)
            if reason:
                cls.poll_message_set(reason)
                return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it."""
        try:
            self.work(context)
        except SeigError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def work(self, context: bpy.types.Context) -> None:
        """Do it; raises SeigError where that can't be."""
        raise NotImplementedError


def idle(context: bpy.types.Context) -> str:
    """Nothing is being reconstructed."""
    current = session.current()
    return f"SEIG is at work on {current.name}; stop it first." if current.busy else ""


def running(context: bpy.types.Context) -> str:
    """Something is being reconstructed."""
    state = session.current().state
    if state == "stopping":
        return "It is stopping already."
    return "" if state == "running" else "Nothing is being reconstructed."


def has_run(context: bpy.types.Context) -> str:
    """The scene is a reconstruction, and its run folder is there."""
    try:
        runs.record_of(context.scene)
    except SeigError as error:
        return str(error)
    return ""


def has_scene(context: bpy.types.Context) -> str:
    """At least the first stage is done."""
    record = runs.record_of(context.scene)
    return "" if record.stages[0].best is not None else "There is no scene yet; do the first stage first."


def has_work_left(context: bpy.types.Context) -> str:
    """The scene's run is not at its end."""
    left = progress.unfinished(runs.record_of(context.scene))
    return "" if left else "All stages of this run are done. Redo one, or choose a picture for a new run."


def stage_of(context: bpy.types.Context, name: str) -> Stage:
    """The stage of that name; of none, the one that the panel shows. Raises SeigError."""
    if not name:
        return STAGES[min(max(context.window_manager.seig.stage_index, 0), len(STAGES) - 1)]
    if name not in BY_NAME:
        raise SeigError(f"There is no stage {name!r}; the stages are {', '.join(BY_NAME)}.")
    return BY_NAME[name]
