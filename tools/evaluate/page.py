"""The page a person reads: what was compared, how it came out, and what it looks like."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from seig_addon.engine.amounts import dollars

from .rows import METRICS, Row, columns, measured, order
from .summary import Mean, best, means, results
from .variants import VARIANTS


def page(rows: Sequence[Row], folder: Path, plots: Sequence[Path], strips: dict[str, Path]) -> str:
    """Render index.html, which refers to plots and strips beside it. All text of models and people is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["dollars"] = dollars
    done, all_means = results(rows), means(rows)
    pictures = [
        {
            "name": name,
            "strip": _link(strips[name], folder) if name in strips else "",
            "rows": (own := [row for row in done if row.picture == name]),
            "columns": measured(own),
            "best": {metric: best(own, metric) for metric in METRICS},
            "reports": {str(row.run): _link(row.run / "report.html", folder) for row in own if row.run},
        }
        for name in order(row.picture for row in rows)
    ]
    return environment.get_template("page.html.j2").render(
        means=all_means,
        headline=_headline(rows),
        pictures=pictures,
        metrics=METRICS,
        columns=measured(rows),
        missing=_missing(rows),
        plots=[_link(path, folder) for path in plots],
        failed=[row for row in rows if row.failed],
        variants={name: VARIANTS[name].words for name in order(row.variant for row in rows) if name in VARIANTS},
        estimated=any(row.estimated for row in done),
    )


def _missing(rows: Sequence[Row]) -> list[str]:
    """Measures that no row has, and why: "LPIPS: not installed"."""
    found = []
    for name in columns(rows):
        if name not in measured(rows):
            reasons = order(row.shown(name) for row in results(rows) if row.shown(name))
            found.append(f"{METRICS[name].title}: {', '.join(reasons)}")
    return found


def _headline(rows: Sequence[Row]) -> list[str]:
    """What a person wants to know first, a sentence a model: who is closest, by how much, for how many tokens."""
    sentences = []
    for model in order(row.model for row in rows):
        own = sorted((each for each in means(rows) if each.model == model), key=lambda each: -each.values["psnr"])
        if len(own) < 2:
            continue
        first, second = own[:2]
        sentences.append(
            f"{model}: {first.variant} comes closest with {first.values['psnr']:.1f} dB PSNR on average of "
            f"{first.pictures} picture{'s' if first.pictures > 1 else ''}, "
            f"{first.values['psnr'] - second.values['psnr']:.1f} dB above {second.variant}, "
            f"with {_times(first, second)}."
        )
    return sentences


def _times(first: Mean, second: Mean) -> str:
    if not first.output_tokens or not second.output_tokens:
        return f"{first.tokens} output tokens"
    return f"{first.output_tokens / second.output_tokens:.1f} times its output tokens ({first.tokens})"


def _link(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.as_uri()
