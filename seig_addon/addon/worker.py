"""The engine's side of a session: the thread that reconstructs, and what it sends to the window.

Everything in here but `start`, `stop` and `join` runs in that thread. It never imports bpy; what has to be done
in Blender goes as a job into the inbox, and the thread waits for its answer.
"""

from __future__ import annotations

import queue
import threading
import traceback
from concurrent.futures import Future, wait
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from PIL import Image

from ..engine.events import Event
from ..engine.picture import open_render
from ..engine.reconstruction import Reconstruction
from ..engine.records import RunRecord
from ..engine.run_folder import RunFolder
from ..engine.stages import Stage
from ..errors import Cancelled, LimitReached, SeigError, StudioError
from ..models import Model
from ..models.access import Access
from ..models.nobody import Nobody
from ..models.registry import open_model
from ..studio.client import Limits, Studio
from .drift import Shown, noticed

LOG = "session.log"
"""The file in the run folder that gets what went wrong, with its traceback."""

_POLL = 0.1  # seconds between looks at the cancel flag while Blender's main thread is asked

Until = Literal["end", "stage"]
Outcome = Literal["finished", "stopped", "limit", "failed"]


@dataclass(frozen=True)
class Told:
    """An event, with the run's record as it was then, which is nobody else's."""

    event: Event
    record: RunRecord


@dataclass(frozen=True)
class Asked:
    """The manual model waits for a person: what to do, in words."""

    text: str


@dataclass(frozen=True)
class Heard:
    """Passing words of a model that is being asked: "412 tokens so far"."""

    text: str


@dataclass(frozen=True)
class Job:
    """A stage to bring into the live scene. The future gets what the viewport shows then, None where there is none."""

    stage: Stage
    program: str
    changed: str
    approved: bool = False
    done: Future[Shown | None] = field(default_factory=Future)


@dataclass(frozen=True)
class Noticed:
    """The viewport shows the stage that was brought in otherwise than the studio: a sentence about it."""

    text: str


@dataclass(frozen=True)
class Ended:
    """The thread's last word. Its run folder is closed by then."""

    outcome: Outcome
    text: str
    record: RunRecord


class Refused(SeigError):
    """The artist does not want a program's result; answers its job."""


Message = Told | Asked | Heard | Job | Noticed | Ended


class Worker:
    """One thread for one run, which it owns from `start` on: it works on the run, and closes it at the end."""

    def __init__(
        self,
        run: RunFolder,
        model: Model | None,
        until: Until,
        blender: Path | None,
        limits: Limits,
        inbox: queue.SimpleQueue[Message],
        viewport: Path | None = None,
        access: Access | None = None,
    ) -> None:
        """Nothing starts yet. `model` None is the one that the run's settings name, opened with `access`.

        `viewport` is a picture of the live scene as the artist sees it now, for the first question.
        """
        self._run, self._model, self._until, self._viewport = run, model, until, viewport
        self._access = access or Access()
        self._blender, self._limits, self._inbox = blender, limits, inbox
        self._can_compare = True
        self._cancel = threading.Event()
        # A daemon, so that Blender can quit whatever the thread is waiting for.
        self._thread = threading.Thread(target=self._work, name="SEIG engine", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end within a second."""
        self._cancel.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread's end, so long at most."""
        self._thread.join(seconds)

    def _work(self) -> None:
        outcome, text = self._outcome()
        record = self._run.record.model_copy(deep=True)
        self._run.close()
        self._inbox.put(Ended(outcome, text, record))

    def _outcome(self) -> tuple[Outcome, str]:
        try:
            self._reconstruct()
        except Cancelled:
            return "stopped", "Stopped. All finished rounds are kept; Resume goes on."
        except Refused as refused:
            return "stopped", str(refused)
        except LimitReached as reached:
            return "limit", str(reached)
        except SeigError as error:
            self._log(traceback.format_exc())
            return "failed", str(error)
        except Exception as error:  # noqa: BLE001 the thread's boundary: what passes it would be seen by nobody
            self._log(traceback.format_exc())
            return "failed", (
                f"SEIG failed by a fault of its own ({type(error).__name__}: {error}). All finished rounds are kept, "
                f"and Resume tries again; {LOG} in the run folder says more."
            )
        broken = [stage.name for stage in self._run.record.stages if stage.state == "broken"]
        lost = "".join(f" The {name} program no longer runs: redo the stage, or edit it." for name in broken)
        following = self._run.next_stage()
        if following is None:
            return "finished", f"All stages are done.{lost}"
        return "stopped", f"Next is {following.name}: Step does it, Resume does all that is left.{lost}"

    def _reconstruct(self) -> None:
        with ExitStack() as stack:
            model, verifier = self._models(stack)
            studio = Studio(self._blender, self._limits, self._run.path / "studio.log", self._cancel)
            self._studio = stack.enter_context(studio)
            viewport = open_render(self._viewport) if self._viewport else None
            reconstruction = Reconstruction(
                self._run, model, studio, self._tell, self._cancel, self, viewport, verifier
            )
            if self._until == "end" or self._run.next_stage() is None:
                reconstruction.reconstruct()
                return
            reconstruction.step()
            while self._next_is_stale():  # replaying programs asks nobody, and the scene is whole again
                reconstruction.step()

    def _models(self, stack: ExitStack) -> tuple[Model, Model | None]:
        """Open who writes and who reviews, None for the same; closed with the stack, which ends their processes."""
        record = self._run.record
        if self._model is not None:
            return stack.enter_context(closing(self._model)), None
        stages = record.left if self._until == "end" else record.left[:1]
        opened = [stack.enter_context(closing(self._open(name))) for name in record.asked_for(stages)]
        model = opened[0] if opened else Nobody(record.settings.model)
        return model, opened[1] if len(opened) > 1 else None

    def _open(self, name: str) -> Model:
        return open_model(
            name,
            self._run.path,
            lambda text: self._inbox.put(Asked(text)),
            lambda text: self._inbox.put(Heard(text)),
            self._access,
        )

    def _next_is_stale(self) -> bool:
        following = self._run.next_stage()
        return following is not None and self._run.record.stage(following).state == "stale"

    def _tell(self, event: Event) -> None:
        self._inbox.put(Told(event, self._run.record.model_copy(deep=True)))

    def apply(self, stage: Stage) -> Image.Image | None:
        """Have the main thread bring the live scene to the end of this stage; the viewport's picture, if any."""
        record = self._run.record.stage(stage)
        assert record.best is not None, "only a stage that stands is brought in"
        job = Job(stage, self._run.program(stage), record.round(record.best).changed)
        self._inbox.put(job)
        while not (job.done.running() or wait([job.done], _POLL).done):
            if self._cancel.is_set() and job.done.cancel():
                raise Cancelled("Stopped.")
        # From here on it can't be called back. It is over soon, and no Python runs beside it: see live._in_window.
        try:
            shown = job.done.result()
        except Refused:
            record.best, record.state = None, "pending"
            self._run.save()
            raise
        if shown is None:
            return None
        self._compare(self._run.checkpoint(stage, record.best), shown)
        return open_render(shown.picture)

    def _compare(self, checkpoint: Path, shown: Shown) -> None:
        """Notice where the viewport shows something else than the studio, if that can draw without a window."""
        try:
            text = noticed(self._studio, checkpoint, shown) if self._can_compare else ""
        except StudioError:
            self._can_compare = False
            self._log(traceback.format_exc())
        else:
            if text:
                self._inbox.put(Noticed(text))

    def _log(self, text: str) -> None:
        with suppress(OSError), (self._run.path / LOG).open("a", encoding="utf-8") as file:
            file.write(text)  # a log that can't be written is no reason to fail, which this says already
