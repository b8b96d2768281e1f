"""A run from its picture to its scene: stage after stage, each shown where it is wanted, then exported and reported.

How a stage is played is the business of stage_loop.py. Never imports bpy.
"""

from __future__ import annotations

import threading
from typing import Protocol

from PIL import Image

from ..errors import LimitReached, SeigError
from ..models import Model
from ..studio.client import Studio
from . import finish
from .events import Tell
from .progress import Progress
from .run_folder import RunFolder
from .stage_loop import StageLoop
from .stages import Stage


class Live(Protocol):
    """Where stages are shown to an artist as they come: a Blender window. A terminal has none."""

    def apply(self, stage: Stage) -> Image.Image | None:
        """Bring the live scene to the end of this stage; returns its viewport's picture if there is one."""
        ...


class Reconstruction:
    """Drives one run. Raises Cancelled between any two actions once `cancel` is set."""

    def __init__(
        self,
        run: RunFolder,
        model: Model,
        studio: Studio,
        tell: Tell,
        cancel: threading.Event,
        live: Live | None = None,
        viewport: Image.Image | None = None,
        verifier: Model | None = None,
    ) -> None:
        """Put the collaborators together; nothing is asked or started yet.

        `viewport` is the artist's view of the live scene as it is now, for the first question;
        `verifier` the model that reviews, if it is another one. Whoever opened the models closes them.
        """
        self._run, self._studio, self._live, self._viewport = run, studio, live, viewport
        self._progress = Progress(run, tell, cancel)
        self._stages = StageLoop(run, model, verifier, studio, self._progress)
        self._names = model.name if verifier is None else f"{model.name}, reviewed by {verifier.name}"

    def reconstruct(self) -> None:
        """Do all that is left of the run, then render, export and report it.

        Raises LimitReached, with what there is exported and reported, where the run's limit ends it.
        """
        self._progress.say("run started", f"{self._run.record.name} with {self._names}")
        try:
            while self._next_stage():
                pass
        except LimitReached:
            if self._run.standing():
                self._finish(final=False)
            raise
        self._finish(final=True)
        self._progress.say("run ended", str(self._run.path))

    def step(self) -> None:
        """Do the next stage only, and bring the exports up to date."""
        if not self._next_stage():
            raise SeigError("There is no stage left to do; redo one, or start a new run.")
        self._finish(final=self._run.next_stage() is None)

    def _next_stage(self) -> bool:
        stage = self._run.next_stage()
        if stage is None:
            return False
        record = self._run.record.stage(stage)
        self._progress.say("stage started", stage.task, stage)
        self._stages.play(stage, record, self._viewport)
        self._progress.save()
        if self._live is not None and stage in self._run.standing():
            self._viewport = self._live.apply(stage)
        scores = f", PSNR {record.scores.psnr:.1f} dB" if record.scores else ""
        self._progress.say("stage ended", f"{record.state}{scores}", stage, record.best or 0)
        return True

    def _finish(self, final: bool) -> None:
        self._progress.say("finishing", "rendering, exporting, writing the report" if final else "exporting")
        self._progress.save()
        finish.publish(self._run, self._studio, final)
        self._progress.save()
