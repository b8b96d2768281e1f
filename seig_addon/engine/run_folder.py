"""The run folder: everything about a run, written as it happens, so that a crash loses nothing.

    run.json  reference.png  transcript.jsonl  images/<hash>.png
    stages/2_geometry/round_1/program.py reply.md render.png checkpoint.blend
    history/3_materials_1/…            what a redo put aside
    program.py  scene.blend  render.png  comparison.png  report.html

run.json names each stage's best round; that round's program and checkpoint are the stage's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from pydantic import BaseModel, ValidationError

from ..errors import RunFolderError
from . import picture
from .files import cannot_write, drop_torn_line, write_atomic
from .lock import RunLock
from .records import BY_HAND, FORMAT, Round, RunRecord, Settings, StageRecord
from .stages import BY_NAME, INITIALIZATION, STAGES, Stage


class _Format(BaseModel):
    """Just the format number, which must be understood before the rest is read."""

    format: int


class RunFolder:
    """One run on disk. Holds the lock on its folder until closed: two processes never write one run."""

    def __init__(self, path: Path, record: RunRecord, lock: RunLock) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.record = record
        self._lock = lock

    @classmethod
    def create(cls, path: Path, name: str, reference: Image.Image, settings: Settings) -> RunFolder:
        """Begin a run in a new or empty folder; raises RunFolderError where that can't be."""
        path = path.resolve()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise RunFolderError(
                    f"{path} is not empty; nothing was written. Choose another folder, or resume the run that is in it."
                )
            lock = RunLock(path)
        except FileExistsError as error:
            raise RunFolderError(f"{path} is a file; choose a folder for the run.") from error
        except OSError as error:
            raise cannot_write(path, error) from error
        record = RunRecord(name=name, width=reference.width, height=reference.height, settings=settings)
        run = cls(path, record, lock)
        try:
            write_atomic(path / "reference.png", picture.encode(reference))
            run.save()
        except RunFolderError:
            run.close()
            raise
        return run

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a run to go on with it; raises RunFolderError if it is none, newer, damaged, or in use."""
        path = path.resolve()
        record = read_record(path)
        try:
            lock = RunLock(path)
        except OSError as error:
            raise cannot_write(path, error) from error
        drop_torn_line(path / "transcript.jsonl")
        record.format = FORMAT  # as it will be written
        return cls(path, record, lock)

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.release()

    def save(self) -> None:
        """Write run.json."""
        write_atomic(self.path / "run.json", self.record.model_dump_json(indent=1))

    def set_limit(self, dollars: float | None) -> None:
        """Change, for a run that goes on, what the run may cost in all, in US dollars; None takes the limit away."""
        self.record.settings.limit = dollars
        self.save()

    def reference(self) -> Image.Image:
        """The picture to rebuild."""
        try:
            return picture.open_render(self.path / "reference.png")
        except OSError as error:
            raise RunFolderError(
                f"{self.path / 'reference.png'} is missing or damaged, so this run can't go on; "
                "put the picture back, or start a new run."
            ) from error

    # Stages

    def stage_folder(self, stage: Stage) -> Path:
        """Where a stage's rounds, program and checkpoint lie."""
        return stage_folder(self.path, stage)

    def round_folder(self, stage: Stage, number: int) -> Path:
        """Where a round's files lie."""
        return round_folder(self.path, stage, number)

    def checkpoint(self, stage: Stage, number: int) -> Path:
        """The scene as a round left it."""
        return self.round_folder(stage, number) / "checkpoint.blend"

    def program(self, stage: Stage) -> str:
        """The stage's program: that of its best round so far, empty where it has none."""
        best = self.record.stage(stage).best
        return "" if best is None else self.round_program(stage, best)

    def round_program(self, stage: Stage, number: int) -> str:
        """The program of a round that ran."""
        path = self.round_folder(stage, number) / "program.py"
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(
                f"{path} is missing or damaged; redo the {stage.name} stage to write it anew."
            ) from error

    def standing(self) -> list[Stage]:
        """The stages whose programs make up the scene as it is, in order."""
        return [
            stage
            for stage in STAGES
            if self.record.stage(stage).best is not None and self.record.stage(stage).state not in ("stale", "broken")
        ]

    def start_checkpoint(self, stage: Stage) -> Path | None:
        """The scene as a stage finds it: where the standing stages before it end; None is an empty scene."""
        earlier = [each for each in self.standing() if each.number < stage.number]
        return self.last_checkpoint(earlier)

    def last_checkpoint(self, stages: list[Stage]) -> Path | None:
        """The checkpoint that the last of these stages left."""
        if not stages:
            return None
        best = self.record.stage(stages[-1]).best
        return None if best is None else self.checkpoint(stages[-1], best)

    def next_stage(self) -> Stage | None:
        """The first chosen stage that still has something to do."""
        return next(iter(self.record.left), None)

    # What a person changes about a run. The scene that later stages stood on changes with it, so they
    # become stale: their programs will be run again, without asking the model.

    def use_round(self, stage: Stage, number: int) -> None:
        """Make another round that ran the stage's best one."""
        record = self.record.stage(stage)
        chosen = record.round(number)
        if not chosen.ran or not self.checkpoint(stage, number).is_file():
            raise RunFolderError(
                f"Round {number} of {stage.name} left no scene, so it can't be used; nothing was changed."
            )
        record.best = number
        record.state = "approved" if chosen.review and chosen.review.approved else "budget spent"
        self._outdate_after(stage)
        self.save()

    def adopt(self, stage: Stage, program: str) -> int:
        """Make a program that a person wrote the stage's best round; it is run when the run goes on."""
        record = self.record.stage(stage)
        number = max((each.number for each in record.rounds), default=0) + 1
        write_atomic(self.round_folder(stage, number) / "program.py", program)
        record.rounds.append(Round(number=number, ran=True, changed=BY_HAND))
        record.best, record.state = number, "stale"
        self._outdate_after(stage)
        self.save()
        return number

    def archive(self, stage: Stage, note: str, checklist: Sequence[str] = ()) -> None:
        """Put a stage's work aside in history/ and set it back to pending, to be done again.

        The note and the checklist go into its questions.
        """
        record = self.record.stage(stage)
        if stage is not INITIALIZATION and not self.standing():
            raise RunFolderError(f"{self.path} holds no scene yet to redo the {stage.name} stage on; resume it first.")
        seed = self.program(stage)
        folder = self.stage_folder(stage)
        target = self.path / "history" / f"{stage.folder}_{record.redo + 1}"
        try:
            if folder.is_dir():
                target.parent.mkdir(exist_ok=True)
                os.replace(folder, target)
        except OSError as error:
            raise cannot_write(target, error) from error
        fresh = StageRecord(
            name=stage.name,
            redo=record.redo + 1,
            note=note,
            checklist=list(checklist),
            seed=seed,
            asks=record.asks,
            usage=record.usage,
            cost=record.cost,
        )
        self.record.stages[stage.number - 1] = fresh
        chosen = self.record.settings.stages
        self.record.settings.stages = [name for name in BY_NAME if name in chosen or name == stage.name]
        if stage is INITIALIZATION:
            self.record.graph = None
        self._outdate_after(stage)
        self.save()

    def _outdate_after(self, stage: Stage) -> None:
        for later in STAGES[stage.number :]:
            if self.record.stage(later).best is not None:
                self.record.stage(later).state = "stale"


# Where things lie in a run, for those who only look at it.


def stage_folder(run: Path, stage: Stage) -> Path:
    """Where a stage's rounds lie."""
    return run / "stages" / stage.folder


def round_folder(run: Path, stage: Stage, number: int) -> Path:
    """Where a round's files lie; initialization's rounds are rollouts."""
    word = "rollout" if stage is INITIALIZATION else "round"
    return stage_folder(run, stage) / f"{word}_{number}"


def round_render(run: Path, stage: Stage, number: int) -> Path:
    """The studio's render of a round."""
    return round_folder(run, stage, number) / "render.png"


def viewport_file(run: Path, stage: Stage) -> Path:
    """What the viewport showed when the stage was brought into a live scene."""
    return stage_folder(run, stage) / "viewport.png"


def read_record(path: Path) -> RunRecord:
    """Read a run's record without taking the run over; raises RunFolderError saying what is wrong."""
    file = path / "run.json"
    if not file.is_file():
        raise RunFolderError(f"{path} is not a run folder: it has no run.json.")
    try:
        text = file.read_text(encoding="utf-8")
        head = _Format.model_validate_json(text)
        if head.format > FORMAT:
            raise RunFolderError(
                f"{path} was written by a newer SEIG (format {head.format}, this one reads up to {FORMAT}); "
                "nothing was changed. Update SEIG to open it."
            )
        return RunRecord.model_validate_json(text)
    except (ValidationError, UnicodeDecodeError) as error:
        raise RunFolderError(
            f"{file} is damaged and can't be read; nothing was changed. Restore it from a copy."
        ) from error
    except OSError as error:
        raise RunFolderError(f"{file} can't be read: {error.strerror}.") from error
