"""The staged loop: from a picture to a scene, one factor at a time.

    initialization   several scaffolds are written; the one that covers the most objects stays
    geometry …       each stage: write a program, try it, look, verify; its checklist goes into the next
    lighting         round; an empty checklist or a spent budget ends the stage; the best round stays

Each round's program runs from the stage's starting checkpoint, never on top of an earlier try. All
that a round leaves is in the run folder before the next one begins, so a stopped run goes on from
there. Never imports bpy; Blender is the studio's business.
"""

from __future__ import annotations

import threading
import time
from typing import Protocol

from PIL import Image

from ..errors import Cancelled, ModelError, SeigError
from ..models import Model
from ..studio.client import Studio
from . import finish
from .conversation import Conversation, UnreadableReply
from .coverage import coverage
from .events import Event, EventKind, Tell
from .questions import Look, Questions
from .records import Round, StageRecord, StageState
from .review import Review
from .rounds import RoundPlayer
from .run_folder import RunFolder
from .scene_graph import SceneGraph
from .stages import INITIALIZATION, Stage

# A stage's first program may score this much below the scene it found: better shapes under worse
# placement or light can measure a little worse, and the later stages are there to mend that.
_LEEWAY = 0.01

# Below this, two scores say nothing about which scene is better; then the later round stays, because it
# followed the checklist. It is held against the stage's best score, so that small losses don't add up.
_NOISE = 0.003


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
    ) -> None:
        """Put the collaborators together; nothing is asked or started yet.

        `viewport` is the artist's view of the live scene as it is now, for the first question.
        """
        self._run, self._studio, self._tell, self._cancel, self._live = run, studio, tell, cancel, live
        self._model, self._viewport = model, viewport
        self._conversation = Conversation(run, model, cancel)
        self._since = time.monotonic()

    def reconstruct(self) -> None:
        """Do all that is left of the run, then render, export and report it."""
        self._say("run started", f"{self._run.record.name} with {self._model.name}")
        while self._next_stage():
            pass
        self._finish(final=True)
        self._say("run ended", str(self._run.path))

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
        self._say("stage started", stage.task, stage)
        self._prepare()
        if record.state == "stale":
            self._rerun(stage, record)
        elif stage is INITIALIZATION:
            self._initialize(stage, record)
        else:
            self._refine(stage, record)
        self._save()
        if self._live is not None and stage in self._run.standing():
            self._questions.viewport = self._live.apply(stage)
        scores = f", PSNR {record.scores.psnr:.1f} dB" if record.scores else ""
        self._say("stage ended", f"{record.state}{scores}", stage, record.best or 0)
        return True

    # The stages

    def _initialize(self, stage: Stage, record: StageRecord) -> None:
        """Write down what the picture holds, try several scaffolds, keep the one that covers most of it."""
        record.state = "running"
        graph = self._scene_graph(record)
        if not any(each.ran for each in record.rounds) and len(record.rounds) >= self._budget(stage):
            record.rounds.clear()  # none ran last time; a resumed run tries afresh
        for number in range(len(record.rounds) + 1, self._budget(stage) + 1):
            played, look = self._player.play(stage, record, number, None, "", [], [])
            if look is not None:
                played.coverage = coverage(graph, look.scene)
            self._end_round(stage, record, played)
        ran = [each for each in record.rounds if each.ran]
        if not ran:
            raise ModelError(
                f"None of the {len(record.rounds)} scaffolds by {self._model.name} ran "
                f"(the last: {record.rounds[-1].problem.splitlines()[0]}); the run is kept. Resume it to try again."
            )
        record.best = max(ran, key=lambda each: (each.coverage or 0.0, _overall(each))).number
        record.state = self._state_of(stage, record)

    def _refine(self, stage: Stage, record: StageRecord) -> None:
        """Write, try, look, verify, until the checklist is empty or the budget is spent; keep the best."""
        record.state = "running"
        program, look = self._where_it_stands(stage, record)
        checklist = _checklist(record)
        while not _is_approved(record) and len(record.rounds) < self._budget(stage):
            number = len(record.rounds) + 1
            history = [_why_dropped(each) for each in record.rounds if each.number != record.best]
            played, seen = self._player.play(stage, record, number, look, program, checklist, history)
            if seen is not None and self._is_better(record, seen, look):
                try:
                    played.review = self._review(stage, record, number, seen)
                except UnreadableReply as error:
                    played.ran, played.problem = False, str(error)
                else:
                    record.best, look, checklist = number, seen, played.review.checklist
                    program = self._run.round_program(stage, number)
            self._end_round(stage, record, played)
        record.state = self._state_of(stage, record)

    def _rerun(self, stage: Stage, record: StageRecord) -> None:
        """Run a stage's program again on a changed start, without asking; mark it if it no longer runs."""
        assert record.best is not None, "only a stage with a program becomes stale"
        best = record.round(record.best)
        record.start = self._player.look_at_start(stage).scores
        problem, look = self._player.run_again(stage, record.best)
        if look is None:
            record.state, best.problem = "broken", problem
            self._say("refused", f"its program no longer runs: {problem.splitlines()[0]}", stage, record.best)
        else:
            record.state, best.problem, best.scores = self._state_of(stage, record), "", look.scores

    # Their parts

    def _scene_graph(self, record: StageRecord) -> SceneGraph:
        if self._run.record.graph is None:
            self._say("asking", "what is in the picture", INITIALIZATION)
            self._run.record.graph = self._conversation.ask_json(self._questions.scene_graph(), record, SceneGraph)
            self._save()
            self._say("replied", f"{len(self._run.record.graph.leaves)} objects", INITIALIZATION)
        return self._run.record.graph

    def _where_it_stands(self, stage: Stage, record: StageRecord) -> tuple[str, Look]:
        """The stage's program so far and what it shows: its best round, the one before a redo, or none."""
        start = self._player.look_at_start(stage)
        record.start = start.scores
        if record.best is not None:
            _, look = self._player.run_again(stage, record.best)
            if look is not None:
                return self._run.program(stage), look
        if record.seed:
            look = self._player.preview(stage, record.seed)
            if look is not None:
                return record.seed, look
        return "", start

    def _state_of(self, stage: Stage, record: StageRecord) -> StageState:
        if record.best is None:
            return "unchanged"
        return "approved" if stage is INITIALIZATION or _is_approved(record) else "budget spent"

    def _is_better(self, record: StageRecord, seen: Look, best: Look) -> bool:
        """Whether a round's scene stays: it must not measure worse than the best so far.

        The first to stay is held against the scene that the stage found, with some leeway; after a
        redo it stays as it is, because the artist asked for something else than what was there.
        """
        if record.best is None:
            return bool(record.redo) or seen.scores.overall > best.scores.overall - _LEEWAY
        reached = max(_overall(each) for each in record.rounds if each.ran)
        return seen.scores.overall > reached - _NOISE

    def _review(self, stage: Stage, record: StageRecord, number: int, look: Look) -> Review:
        self._say("asking", "verifier", stage, number)
        review = self._conversation.ask_json(self._questions.review(stage, number, look), record, Review)
        what = "approved" if review.approved else f"{len(review.checklist)} to do: {review.checklist[0]}"
        self._say("reviewed", what, stage, number)
        return review

    def _end_round(self, stage: Stage, record: StageRecord, played: Round) -> None:
        record.rounds.append(played)
        self._save()
        kept = stage is INITIALIZATION or played.number == record.best
        words = [played.changed] if played.ran else ["no program ran"]
        words += [f"PSNR {played.scores.psnr:.1f} dB"] if played.scores else []
        words += [f"{played.coverage:.0%} of the objects"] if played.coverage is not None else []
        words += [] if kept or not played.ran else ["worse than before, dropped"]
        self._say("round ended", ", ".join(words), stage, played.number)

    # Housekeeping

    def _prepare(self) -> None:
        """Start the studio and word the questions, once, when the first stage needs them."""
        if not hasattr(self, "_player"):
            self._run.record.blender = self._studio.blender_version
            self._questions = Questions(self._run, self._studio.blender_version, self._studio.limits)
            self._questions.viewport = self._viewport
            self._player = RoundPlayer(self._run, self._conversation, self._questions, self._studio, self._tell)
            self._save()

    def _finish(self, final: bool) -> None:
        self._check_cancelled()
        self._say("finishing", "rendering, exporting, writing the report" if final else "exporting")
        self._save()
        finish.publish(self._run, self._studio, final)
        self._save()

    def _budget(self, stage: Stage) -> int:
        return self._run.record.settings.budget(stage)

    def _save(self) -> None:
        now = time.monotonic()
        self._run.record.seconds += now - self._since
        self._since = now
        self._run.save()

    def _check_cancelled(self) -> None:
        if self._cancel.is_set():
            raise Cancelled("Stopped.")

    def _say(self, kind: EventKind, text: str, stage: Stage | None = None, number: int = 0) -> None:
        self._check_cancelled()
        self._tell(Event(kind, text, stage.name if stage else "", number))


def _overall(played: Round) -> float:
    return played.scores.overall if played.scores else 0.0


def _is_approved(record: StageRecord) -> bool:
    review = record.round(record.best).review if record.best is not None else None
    return review is not None and review.approved


def _checklist(record: StageRecord) -> list[str]:
    review = record.round(record.best).review if record.best is not None else None
    return review.checklist if review else record.checklist


def _why_dropped(played: Round) -> str:
    if not played.ran:
        return f"round {played.number} was dropped: it did not run ({played.problem.splitlines()[0]})"
    what = played.changed or "changed nothing"
    return f"round {played.number} was dropped: it {what} and scored {_overall(played):.3f}, which was worse"
