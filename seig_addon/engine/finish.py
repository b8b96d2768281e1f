"""Closing a run: the scene, its picture, its program and its report, at the top of the run folder."""

from __future__ import annotations

from ..errors import RunFolderError
from ..studio.client import Studio
from . import picture, report
from .export import standalone
from .files import write_atomic
from .run_folder import RunFolder
from .scores import measure
from .stages import STAGES


def publish(run: RunFolder, studio: Studio, final: bool) -> None:
    """Write scene.blend, render.png, comparison.png, program.py and report.html from the stages that stand.

    The final render is larger and finer than the working ones, and takes accordingly.
    """
    record, settings = run.record, run.record.settings
    last = run.last_checkpoint(run.standing())
    if last is None:
        raise RunFolderError(f"{run.path} holds no scene yet; do the initialization stage first.")
    studio.open(last)
    studio.save(run.path / "scene.blend")
    size = record.render_size(settings.final_size if final else settings.working_size)
    samples = settings.final_samples if final else settings.working_samples
    studio.render(run.path / "render.png", size=size, samples=samples)
    render, reference = picture.open_render(run.path / "render.png"), run.reference()
    if final:
        record.final = measure(picture.pixels(render), picture.pixels(reference, render.size))
    write_atomic(run.path / "comparison.png", picture.encode(picture.side_by_side(reference, render)))
    write_atomic(run.path / "program.py", program(run))
    write_atomic(run.path / "report.html", report.html(run.path, record, reference))


def program(run: RunFolder) -> str:
    """The whole scene as one script that plain Blender runs."""
    record = run.record
    state = {stage.name: record.stage(stage).state for stage in STAGES}
    left_out = [name for name, where in state.items() if where in ("stale", "broken")]
    header = f"{record.name}: rebuilt from a picture by SEIG {record.seig}, model {record.settings.model}."
    if record.settings.model == "offline":
        header += " A block-out without AI."
    if left_out:
        header += f" Left out, because they no longer run: {', '.join(left_out)}."
    programs = {stage.name: run.program(stage) for stage in run.standing()}
    return standalone(programs, record.name, record.width, record.height, header)
