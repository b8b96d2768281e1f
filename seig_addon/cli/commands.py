"""What each command does: open or create the run, put model and studio together, let the engine work."""

from __future__ import annotations

import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..engine import report as reporting
from ..engine.files import write_atomic
from ..engine.picture import load_reference
from ..engine.reconstruction import Reconstruction
from ..engine.records import Settings
from ..engine.run_folder import RunFolder, read_record
from ..engine.stages import BY_NAME
from ..errors import Cancelled, SeigError
from ..models.registry import KNOWN, open_model
from ..studio.client import Studio
from .arguments import settings
from .doctor import doctor
from .progress import Progress


def reconstruct(options: Namespace) -> None:
    """`seig reconstruct PICTURE`."""
    chosen = settings(options.model, options.stages, options.rounds, options.note)
    _work(_new_run(options.picture, options.output, chosen), options, Reconstruction.reconstruct)


def step(options: Namespace) -> None:
    """`seig step RUN_OR_PICTURE`."""
    if options.target.is_dir():
        given = [f"--{name}" for name in ("model", "output", "stages", "rounds", "note") if getattr(options, name)]
        if given:
            raise SeigError(f"{given[0]} is for a new picture; the run in {options.target} has its settings already.")
        run = RunFolder.open(options.target)
    else:
        chosen = settings(options.model, options.stages, options.rounds, options.note)
        run = _new_run(options.target, options.output, chosen)
    _work(run, options, Reconstruction.step)


def redo(options: Namespace) -> None:
    """`seig redo RUN --stage STAGE`."""
    stage = BY_NAME.get(options.stage)
    if stage is None:
        raise SeigError(f"There is no stage {options.stage!r}; the stages are {', '.join(BY_NAME)}.")
    run = RunFolder.open(options.run)
    try:
        run.archive(stage, options.note)
    except SeigError:
        run.close()
        raise
    _work(run, options, Reconstruction.reconstruct)


def resume(options: Namespace) -> None:
    """`seig resume RUN`."""
    _work(RunFolder.open(options.run), options, Reconstruction.reconstruct)


def replay(options: Namespace) -> None:
    """`seig replay RUN`: the same settings and answers, in a new run folder."""
    recorded = read_record(options.run)
    reference = load_reference(options.run / "reference.png")
    chosen = recorded.settings.model_copy(update={"model": f"replay:{options.run.resolve()}"})
    output = options.output or _free_folder(f"{recorded.name}-replay")
    _work(RunFolder.create(output, recorded.name, reference, chosen), options, Reconstruction.reconstruct)


def report(options: Namespace) -> None:
    """`seig report RUN`."""
    run = RunFolder.open(options.run)
    try:
        path = run.path / "report.html"
        write_atomic(path, reporting.html(run.path, run.record, run.reference()))
    finally:
        run.close()
    print(path)


def models(options: Namespace) -> None:
    """`seig models`."""
    for name, what in KNOWN.items():
        print(f"{name:12} {what}")


def check(options: Namespace) -> None:
    """`seig doctor`."""
    doctor(options.blender)


COMMANDS: dict[str, Callable[[Namespace], None]] = {
    "reconstruct": reconstruct,
    "step": step,
    "redo": redo,
    "resume": resume,
    "replay": replay,
    "report": report,
    "models": models,
    "doctor": check,
}


def _new_run(picture: Path, output: Path | None, chosen: Settings) -> RunFolder:
    reference = load_reference(picture)
    open_model(chosen.model, Path(), print)  # an unknown model is said before a folder is made for it
    return RunFolder.create(output or _free_folder(picture.stem), picture.stem, reference, chosen)


def _free_folder(name: str) -> Path:
    """The first of runs/NAME, runs/NAME-2, … that isn't there yet."""
    number, folder = 1, Path("runs") / name
    while folder.exists():
        number += 1
        folder = Path("runs") / f"{name}-{number}"
    return folder


def _work(run: RunFolder, options: Namespace, what: Callable[[Reconstruction], None]) -> None:
    progress = Progress(run.record)
    try:
        with _stoppable() as cancel:
            model = open_model(run.record.settings.model, run.path, progress.say)
            with Studio(options.blender, log=run.path / "studio.log", cancel=cancel) as studio:
                what(Reconstruction(run, model, studio, progress, cancel))
    except Cancelled:
        raise Cancelled(
            f"Stopped. All finished rounds are kept; go on with: {options.program} resume {run.path}"
        ) from None
    finally:
        progress.end()
        run.close()
    for label, name in (("Report", "report.html"), ("Scene", "scene.blend"), ("Program", "program.py")):
        print(f"{label:8} {run.path / name}")


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C ends the program the hard way."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        cancel.set()
        signal.signal(signal.SIGINT, before)

    # Blender's own handler is not Python's: it comes as None, and can't be put back.
    before = signal.signal(signal.SIGINT, stop) or signal.SIG_DFL
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)
