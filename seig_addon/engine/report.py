"""The report: one HTML file that opens without a server, with everything that a run did.

Reference, result and difference; a strip of each stage's rounds; scores as a plot; tokens and cost;
the programs. Pictures are embedded. All text from models and people is escaped.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from . import picture
from .amounts import dollars, tokens
from .records import Round, RunRecord, StageRecord
from .run_folder import round_folder, round_render
from .stages import INITIALIZATION, STAGES, Stage

_TEMPLATES = Path(__file__).parent / "templates"
_PLOT_WIDTH, _PLOT_HEIGHT, _MARGIN = 720, 180, 28


@dataclass(frozen=True)
class _Point:
    """A round in the plot: where it stands, and what a pointer over it says."""

    x: float
    y: float
    label: str
    kept: bool


def html(run: Path, record: RunRecord, reference: Image.Image) -> str:
    """Render the report of a run as one HTML page."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(dollars=dollars, tokens=tokens)
    render = _open(run / "render.png")
    stages = [_stage(run, record.stage(stage), stage) for stage in STAGES if record.stage(stage).rounds]
    return environment.get_template("report.html.j2").render(
        record=record,
        reference=_embed(picture.fit(reference, 512)),
        render=_embed(render),
        difference=_embed(picture.difference(render, reference) if render else None),
        stages=stages,
        plot=_plot(record),
        plot_size=(_PLOT_WIDTH, _PLOT_HEIGHT),
    )


def _stage(run: Path, record: StageRecord, stage: Stage) -> dict[str, object]:
    word = "rollout" if stage is INITIALIZATION else "round"
    rounds = []
    for each in record.rounds:
        rounds.append(
            {
                "round": each,
                "word": word,
                "picture": _embed(_open(round_render(run, stage, each.number))) if each.ran else "",
                "kept": each.number == record.best,
                "said": _said(each),
            }
        )
    best = round_folder(run, stage, record.best or 0) / "program.py"
    program = best.read_text(encoding="utf-8") if best.is_file() else ""
    return {"record": record, "rounds": rounds, "program": program}


def _said(each: Round) -> list[str]:
    if not each.ran:
        return [each.problem.splitlines()[0] if each.problem else "no program ran"]
    if each.review is None:
        return []
    return ["approved"] if each.review.approved else each.review.checklist


def _plot(record: RunRecord) -> list[_Point]:
    """Overall score of each round in order, kept rounds marked; x and y in the plot's pixels."""
    rounds = [
        (stage, each, each.scores)
        for stage in record.stages
        for each in stage.rounds
        if each.ran and each.scores is not None
    ]
    if not rounds:
        return []
    values = [scores.overall for _, _, scores in rounds]
    low, high = min(values), max(values)
    spread = max(high - low, 0.02)  # so that noise doesn't look like progress
    step = (_PLOT_WIDTH - 2 * _MARGIN) / max(len(rounds) - 1, 1)
    return [
        _Point(
            x=round(_MARGIN + index * step, 1),
            y=round(_PLOT_HEIGHT - _MARGIN - (scores.overall - low) / spread * (_PLOT_HEIGHT - 2 * _MARGIN), 1),
            label=f"{stage.name} {each.number}: {scores.overall:.3f} ({scores.psnr:.1f} dB, SSIM {scores.ssim:.2f})",
            kept=each.number == stage.best,
        )
        for index, (stage, each, scores) in enumerate(rounds)
    ]


def _open(path: Path) -> Image.Image | None:
    try:
        return picture.open_render(path)
    except OSError:
        return None  # a picture that went missing is no reason to have no report


def _embed(image: Image.Image | None) -> str:
    """A picture as a data URI; JPEG, so that a report of twenty rounds stays below a megabyte or two."""
    if image is None:
        return ""
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
