"""The session: one run at a time, between the engine's thread and what Blender shows. Main thread only.

The thread's messages are taken in by `pump`, from a timer that lives as long as the run; by hand where there are
no timers, in background. Nothing in here waits for the thread but its end, when Blender loads a file or quits.
"""

from __future__ import annotations

import atexit
import queue
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import bpy
from bpy.app.handlers import persistent

from ..engine.events import Event
from ..engine.files import write_atomic
from ..engine.records import RunRecord
from ..engine.run_folder import RunFolder, viewport_file
from ..errors import RunFolderError, SeigError
from ..models import Model
from ..studio.scene import Change
from . import edits, live, preferences, progress, ticks
from .apart import apart
from .background import redraw
from .drift import Shown
from .ticks import FILE as TIMINGS
from .viewport import viewport_picture
from .worker import LOG, Asked, Ended, Heard, Job, Message, Noticed, Refused, Told, Until, Worker

_INTERVAL = 0.05  # seconds between ticks: a stage waits no longer than an eye notices
_BUDGET = 0.003  # seconds a tick may take in messages: with what a redraw costs it stays within 5 ms
_PATIENCE = 1.0  # seconds to wait for the thread's end when there is no later

State = Literal["idle", "running", "stopping", "stopped", "failed", "finished"]


class Session:
    """What this Blender is working on, or worked on last."""

    def __init__(self) -> None:
        """Nothing was started yet."""
        self.state: State = "idle"
        self.message = ""
        """How the last run ended, in a sentence; what to do next is part of it."""
        self.run: Path | None = None
        """The folder of the run that all of this is about."""
        self.record: RunRecord | None = None
        """The run's record as of its last event; to be read only."""
        self.pending: Job | None = None
        """The stage whose result waits for the artist's approval."""
        self.asked = ""
        """Where the manual model's question lies and what to do with it, while it waits for the reply."""
        self.heard = ""
        """What the model that is being asked lets hear in passing: "412 tokens so far"."""
        self.at_limit = False
        """Whether the last run stopped at its limit: it goes on with a higher one."""
        self.notes: list[str] = []
        """What bringing in the last stage meant for hand edits, and where the scene differs from the studio's."""
        self.ticks = ticks.current()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._worker: Worker | None = None
        self._folder: RunFolder | None = None
        self._scene_uid = 0
        self._event: Event | None = None
        self._since = 0.0
        self._fault = ""

    @property
    def busy(self) -> bool:
        """Whether a run goes on, or is about to stop."""
        return self.state in ("running", "stopping")

    @property
    def problem(self) -> str:
        """Why the last run failed; empty where it did not."""
        return self.message if self.state == "failed" else ""

    @property
    def progress(self) -> float:
        """How much of the run is done, 0 to 1."""
        if self.state == "finished":
            return 1.0
        return progress.share(self.record) if self.record else 0.0

    @property
    def status(self) -> str:
        """What goes on, in one line; empty when nothing does."""
        if self.state == "stopping":
            return "stopping"
        if self.state != "running":
            return ""
        if self.pending:
            return f"{self.pending.stage.name} · waiting for your approval"
        if self._event is None or self.record is None:
            return "starting"
        words = progress.line(self._event, self.record, time.monotonic() - self._since)
        if self.asked:
            return f"{words} · waiting for your reply"
        return f"{words} · {self.heard}" if self.heard else words

    def start(
        self, run: RunFolder, until: Until = "end", model: Model | None = None, viewport: Path | None = None
    ) -> None:
        """Go on with a run, to its end or for its next stage; the run is the session's from here on.

        Without `model` it is the one that the run's settings name. `viewport` is a picture of the live
        scene that goes with the first question. Raises SeigError if that can't begin.
        """
        context = bpy.context
        try:
            if self.busy:
                raise SeigError(f"SEIG is at work on {self.name}; stop that first.")
            blender, limits = preferences.studio_blender(context), preferences.limits(context)
            access = preferences.access(context)
        except SeigError:
            run.close()
            raise
        self._inbox = queue.SimpleQueue()
        self._worker = Worker(run, model, until, blender, limits, self._inbox, viewport, access)
        self._folder, self.run, self.record = run, run.path, run.record.model_copy(deep=True)
        self._scene_uid = context.scene.session_uid
        self._event, self._since, self._fault = None, time.monotonic(), ""
        self.state, self.message, self.asked, self.notes = "running", "", "", []
        self.heard, self.at_limit = "", False
        self.ticks = ticks.begin()
        self._worker.start()
        self._show()
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=_INTERVAL, persistent=True)

    @property
    def name(self) -> str:
        """The name of the picture that the run rebuilds."""
        return self.record.name if self.record else ""

    def stop(self) -> None:
        """Have the run end within a second; nothing more comes into the scene from now on."""
        if self._worker and self.state == "running":
            self.state = "stopping"
            self._worker.stop()
            self._show()

    def stop_and_wait(self) -> None:
        """Stop, and wait for it: what comes next leaves no time for later."""
        self.stop()
        self.abandon()
        self.pump()

    def abandon(self) -> None:
        """End the thread and its studio, without a word to Blender, which may be half gone when it quits."""
        if self._worker:
            self._worker.stop()
            self._worker.join(_PATIENCE)

    def approve(self) -> None:
        """Let the waiting stage into the scene, at the next tick."""
        if self.pending:
            self._inbox.put(replace(self.pending, approved=True))
            self.pending = None
            self._show()

    def refuse(self) -> None:
        """Keep the waiting stage's result out of the scene, and its round out of the run, which stops."""
        if self.pending and self.pending.done.set_running_or_notify_cancel():
            what = f"You refused the {self.pending.stage.name} program; the scene is as it was."
            self.pending.done.set_exception(Refused(f"{what} Redo the stage with a note, or Resume."))
        self.pending = None
        self._show()

    def pump(self) -> None:
        """Take in what the thread has sent, for some milliseconds at most apart from bringing in a stage."""
        began, applying = time.perf_counter(), 0.0
        while self._worker and time.perf_counter() - began - applying < _BUDGET:
            try:
                message = self._inbox.get_nowait()
            except queue.Empty:
                break
            if isinstance(message, Job):
                since = time.perf_counter()
                self._take(message)
                applying += time.perf_counter() - since
            else:
                self._hear(message)
        self._show()
        self.ticks.add(time.perf_counter() - began - applying)

    def fail(self, trace: str) -> None:
        """Stop after a fault of the session's own; until the thread has ended, more of them may follow."""
        if self._worker and not self._fault:
            last = trace.strip().splitlines()[-1]
            self._fault = (
                f"SEIG failed by a fault of its own ({last}). All finished rounds are kept; Resume tries again."
            )
            self._log(trace)
            self.state = "stopping"
            self._worker.stop()

    # Messages

    def _hear(self, message: Told | Asked | Heard | Noticed | Ended) -> None:
        if isinstance(message, Told):
            self._event, self.record, self.asked, self.heard = message.event, message.record, "", ""
        elif isinstance(message, Asked):
            self.asked = message.text
        elif isinstance(message, Heard):
            self.heard = message.text
        elif isinstance(message, Noticed):
            self.notes.append(message.text)
        else:
            self.at_limit = message.outcome == "limit"
            if self.at_limit:  # what the panel suggests for going on
                bpy.context.window_manager.seig.limit = 2 * (message.record.settings.limit or 0.0)
            self.state = "stopped" if message.outcome == "limit" else message.outcome
            self.message, self.record = message.text, message.record
            if self._fault:
                self.state, self.message = "failed", self._fault
            self._worker = self._folder = self.pending = None
            self.asked = self.heard = ""
            self._log(f"{self.state}\n{self.ticks}\n")
            with suppress(RunFolderError):  # no reason to fail
                write_atomic(self.run / TIMINGS, self.ticks.as_json())

    def _take(self, job: Job) -> None:
        """Bring a stage in, or have the artist asked first."""
        if self.state == "stopping":
            job.done.cancel()
        elif preferences.get(bpy.context).ask_before_run and not job.approved:
            self.pending = job
        elif job.done.set_running_or_notify_cancel():
            since = time.perf_counter()
            try:
                job.done.set_result(self._apply(job))
            except Exception as error:  # noqa: BLE001 the thread waits for an answer, and turns it into a sentence
                job.done.set_exception(error)
            self.ticks.applied.append(time.perf_counter() - since)

    def _apply(self, job: Job) -> Shown | None:
        assert self._folder is not None, "a job comes from a run"
        scene, run, stage = self._scene(self._folder), self._folder, job.stage
        applied = live.apply(scene, run, stage)
        self.notes = [f"Could not be kept: {edits.in_words(change)}" for change in applied.lost]
        self.notes += [f"Differs from the studio's: {_in_words(change)}" for change in applied.drift]
        bpy.context.window_manager.seig.stage_index = stage.number - 1
        picture = viewport_file(run.path, stage)
        if not viewport_picture(scene, picture, run.record.settings.working_size):
            return None
        return Shown(picture, *apart(scene, applied.differing))

    def _scene(self, run: RunFolder) -> bpy.types.Scene:
        """The run's scene; of two copies the one it was started from. One that was deleted or undone is made anew."""
        scenes = [scene for scene in bpy.data.scenes if scene.seig.run == str(run.path)]
        for scene in scenes:
            if scene.session_uid == self._scene_uid:
                return scene
        scene = scenes[0] if scenes else new_scene(run)
        self._scene_uid = scene.session_uid
        return scene

    def _show(self) -> None:
        """Write down for the panels what changed; that alone has Blender draw them and the status bar again."""
        window = bpy.context.window_manager.seig
        status, share = self.status, self.progress
        if window.status != status or abs(window.progress - share) > 1e-3:
            window.status, window.progress = status, share
            redraw()

    def _log(self, text: str) -> None:
        if self.run:
            with suppress(OSError), (self.run / LOG).open("a", encoding="utf-8") as file:
                file.write(text)  # a log that can't be written is no reason to fail


def new_scene(run: RunFolder) -> bpy.types.Scene:
    """Make the scene that a run's stages come into. Raises RunFolderError."""
    record = run.record
    scene = live.create_scene(record.name, record.width, record.height, run.path / "reference.png")
    scene.seig.run = str(run.path)
    return scene


def _in_words(change: Change) -> str:
    details = f" ({'; '.join(change.details)})" if change.details else ""
    return f"{change.kind} {change.name}{details}"


_current = Session()


def current() -> Session:
    """The session of this Blender."""
    return _current


def _tick() -> float | None:
    """Pump, and live as long as the run."""
    try:
        _current.pump()
    except Exception:  # noqa: BLE001 Blender's timers end without a word at an exception
        _current.fail(traceback.format_exc())
    return _INTERVAL if _current.busy else None


@persistent
def _loading(*_: object) -> None:
    """Stop: the scene that the run's stages come into goes away."""
    _current.stop_and_wait()


def _quitting() -> None:
    _current.abandon()


@persistent
def _undone(*_: object) -> None:
    """Have the panels show the stage that the scene is at now."""
    context = bpy.context
    if context.scene.seig.stage:
        context.window_manager.seig.stage_index = context.scene.seig.stage - 1
    redraw()


_HANDLERS = (("load_pre", _loading), ("undo_post", _undone), ("redo_post", _undone))


def register() -> None:
    """Notice files that are loaded, undo, and Blender's end."""
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    atexit.register(_quitting)


def unregister() -> None:
    """Stop what goes on, and forget it."""
    global _current
    _current.stop_and_wait()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    atexit.unregister(_quitting)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    _current = Session()
