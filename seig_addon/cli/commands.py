"""What each command does: open or create the run, put model and studio together, let the engine work."""

from __future__ import annotations

import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from operator import attrgetter
from pathlib import Path
from types import FrameType

from ..engine import report as reporting
from ..engine.files import write_atomic
from ..engine.picture import load_reference
from ..engine.reconstruction import Reconstruction
from ..engine.records import RunRecord, Settings
from ..engine.run_folder import RunFolder, read_record
from ..engine.stages import BY_NAME, Stage
from ..errors import Cancelled, LimitReached, SeigError
from ..models import Model
from ..models.nobody import Nobody
from ..models.registry import open_model
from ..studio.client import Studio
from .access import permitted
from .arguments import settings
from .doctor import doctor
from .models import models as list_models
from .progress import Progress


def reconstruct(options: Namespace) -> None:
    """`seig reconstruct PICTURE`."""
    _work(_new_run(options.picture, settings(options), options), options, Reconstruction.reconstruct)


def step(options: Namespace) -> None:
    """`seig step RUN_OR_PICTURE`."""
    if options.target.is_dir():
        names = ("model", "verifier", "limit", "output", "stages", "rounds", "note", "prompts")
        given = [f"--{name}" for name in names if getattr(options, name)]
        if given:
            raise SeigError(f"{given[0]} is for a new picture; the run in {options.target} has its settings already.")
        run = _opened(options.target, options, lambda record: record.left[:1])
    else:
        run = _new_run(options.target, settings(options), options)
    _work(run, options, Reconstruction.step)


def redo(options: Namespace) -> None:
    """`seig redo RUN --stage STAGE`."""
    stage = BY_NAME.get(options.stage)
    if stage is None:
        raise SeigError(f"There is no stage {options.stage!r}; the stages are {', '.join(BY_NAME)}.")
    run = _opened(options.run, options, lambda record: [stage, *record.left])
    try:
        run.archive(stage, options.note)
    except SeigError:
        run.close()
        raise
    _work(run, options, Reconstruction.reconstruct)


def resume(options: Namespace) -> None:
    """`seig resume RUN`."""
    run = _opened(options.run, options)
    try:
        if options.limit is not None:
            run.set_limit(options.limit or None)
    except SeigError:
        run.close()
        raise
    _work(run, options, Reconstruction.reconstruct)


def replay(options: Namespace) -> None:
    """`seig replay RUN`: the same settings and answers, in a new run folder."""
    recorded = read_record(options.run)
    reference = load_reference(options.run / "reference.png")
    recording = {"model": f"replay:{options.run.resolve()}", "verifier": "", "limit": None}  # all replies are there
    chosen = recorded.settings.model_copy(update=recording)
    options.asked = [chosen.model]
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
    list_models(options.access)


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


def _new_run(picture: Path, chosen: Settings, options: Namespace) -> RunFolder:
    """Make a run of a picture, once its models can be asked."""
    reference = load_reference(picture)
    options.asked = chosen.models
    options.access = permitted(options.asked, options)
    return RunFolder.create(options.output or _free_folder(picture.stem), picture.stem, reference, chosen)


def _opened(
    folder: Path, options: Namespace, stages: Callable[[RunRecord], Sequence[Stage]] = attrgetter("left")
) -> RunFolder:
    """Open a run to do some of its stages; their models, those that it was begun with, can be asked then."""
    run = RunFolder.open(folder)
    try:
        options.asked = run.record.asked_for(stages(run.record))
        options.access = permitted(options.asked, options)
    except SeigError:
        run.close()
        raise
    return run


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
        with _stoppable() as cancel, ExitStack() as stack:
            opened = [stack.enter_context(_model(name, run, progress, options)) for name in options.asked]
            model = opened[0] if opened else Nobody(run.record.settings.model)
            verifier = opened[1] if len(opened) > 1 else None
            studio = stack.enter_context(Studio(options.blender, log=run.path / "studio.log", cancel=cancel))
            what(Reconstruction(run, model, studio, progress, cancel, verifier=verifier))
    except LimitReached as reached:
        more = 2 * (run.record.settings.limit or 0.0)
        raise SeigError(f"{reached} Such as: {options.program} resume {run.path} --limit {more:g}") from None
    except Cancelled:
        raise Cancelled(
            f"Stopped. All finished rounds are kept; go on with: {options.program} resume {run.path}"
        ) from None
    finally:
        progress.end()
        run.close()
    for label, name in (("Report", "report.html"), ("Scene", "scene.blend"), ("Program", "program.py")):
        print(f"{label:8} {run.path / name}")


def _model(name: str, run: RunFolder, progress: Progress, options: Namespace) -> closing[Model]:
    return closing(open_model(name, run.path, progress.say, progress.hear, options.access))


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
