"""Plots of an evaluation, for which matplotlib has to be there: score against tokens, and score by stage."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seig_addon.engine.stages import STAGES

from .rows import Row, order
from .summary import means, results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = ("#c4622d", "#2d6fa8", "#5a8f3c", "#8a5aa8", "#b8962e", "#4a9a98", "#a84a5c", "#6b6b6b")
_MARKERS = "osD^vP*X"


def plots(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write the plots that there is something for; returns them. None without matplotlib."""
    if find_spec("matplotlib") is None:
        return []
    made = []
    for name, draw in (("score_by_tokens.png", _by_tokens), ("score_by_stage.png", _by_stage)):
        figure = draw(results(rows))
        if figure is not None:
            figure.savefig(folder / name, dpi=130)
            made.append(folder / name)
    return made


def _figure(count: int) -> tuple[Figure, Sequence[Axes]]:
    """A figure with a panel for each model, side by side, on the same scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.6 + 5.6 * count, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.grid(axis="y", color="#e3dfd9", linewidth=0.8)
        each.set_axisbelow(True)
    return figure, axes


def _by_tokens(rows: Sequence[Row]) -> Figure | None:
    """Each result small, each variant's mean large: up is closer to the picture, left is cheaper."""
    variants = order(row.variant for row in rows)  # of all rows: a variant looks the same in each plot
    rows = [row for row in rows if row.output_tokens]
    models = order(row.model for row in rows)
    if not models:
        return None
    figure, axes = _figure(len(models))
    for panel, model in zip(axes, models, strict=True):
        for row in (row for row in rows if row.model == model):
            color = _color(variants, row.variant)
            spent, reached = ([getattr(each, name) for each in row.points] for name in ("output_tokens", "psnr"))
            panel.plot([tokens / 1000 for tokens in spent], reached, color=color, lw=0.7, alpha=0.25)
            panel.plot(
                row.output_tokens / 1000,
                row.number("psnr"),
                _marker(variants, row.variant),
                color=color,
                ms=4,
                alpha=0.45,
            )
        for mean in means([row for row in rows if row.model == model]):
            color = _color(variants, mean.variant)
            label = f"{mean.variant} (mean of {mean.pictures})"
            at = mean.output_tokens / 1000, mean.values["psnr"]
            panel.plot(*at, _marker(variants, mean.variant), color=color, ms=11, mec="white", label=label)
        panel.set_title(model, fontsize=11)
        estimated = any(row.estimated for row in rows if row.model == model)
        panel.set_xlabel(f"output tokens, thousands{' (estimated)' if estimated else ''}")
        panel.set_xlim(left=0)
        panel.legend(fontsize=8, frameon=False, loc="best")
    axes[0].set_ylabel("PSNR of the final render, dB")
    figure.suptitle(
        "Closer is up, cheaper is left. Large marks: means; small: pictures; lines: how they went",
        fontsize=11,
    )
    return figure


def _by_stage(rows: Sequence[Row]) -> Figure | None:
    """How the score went from stage to stage, for runs that have more than one: each run thin, the mean bold."""
    stages = [stage.name for stage in STAGES]
    variants = order(row.variant for row in rows)
    rows = [row for row in rows if sum(point.label in stages for point in row.points) > 1]
    models = order(row.model for row in rows)
    if not models:
        return None
    figure, axes = _figure(len(models))
    for panel, model in zip(axes, models, strict=True):
        for variant in variants:
            runs = [
                {point.label: point.psnr for point in row.points}
                for row in rows
                if row.model == model and row.variant == variant
            ]
            if not runs:
                continue
            color = _color(variants, variant)
            for run in runs:
                panel.plot([stages.index(name) for name in run], list(run.values()), color=color, lw=0.8, alpha=0.3)
            common = [name for name in stages if all(name in run for run in runs)]
            line = [sum(run[name] for run in runs) / len(runs) for name in common]
            marked = f"-{_marker(variants, variant)}"
            label = f"{variant} (mean of {len(runs)})"
            panel.plot([stages.index(name) for name in common], line, marked, color=color, lw=2.2, ms=6, label=label)
        panel.set_xticks(range(len(stages)), [name.replace("ization", ".") for name in stages], rotation=20)
        panel.set_title(model, fontsize=11)
        panel.legend(fontsize=8, frameon=False, loc="best")
    axes[0].set_ylabel("PSNR of working renders, dB")
    figure.suptitle("After each stage: thin lines are single pictures, bold ones the mean", fontsize=11)
    return figure


def _color(variants: Sequence[str], variant: str) -> str:
    return _COLORS[variants.index(variant) % len(_COLORS)]


def _marker(variants: Sequence[str], variant: str) -> str:
    return _MARKERS[variants.index(variant) % len(_MARKERS)]
