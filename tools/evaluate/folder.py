"""Writes what an evaluation found: results.csv, table.md, plots, strips, and the page that shows them all."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from seig_addon.engine.amounts import dollars
from seig_addon.engine.files import write_atomic

from .page import page
from .plots import plots
from .rows import METRICS, Row, columns, measured
from .strips import strips
from .summary import means, results


def write(rows: Sequence[Row], folder: Path) -> None:
    """Write it all; what was there from before is replaced."""
    write_atomic(folder / "results.csv", table_csv(rows))
    write_atomic(folder / "table.md", table_markdown(rows))
    write_atomic(folder / "index.html", page(rows, folder, plots(rows, folder), strips(rows, folder / "strips")))


def table_csv(rows: Sequence[Row]) -> str:
    """All rows with all measures at full precision; what could not be measured says why."""
    shown = columns(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["picture", "model", "variant", *shown, "output_tokens", "tokens_estimated", "questions", "cost_usd"]
    writer.writerow([*head, "seconds", "note", "failed", "run"])
    for row in rows:
        values = [row.values.get(name, "") for name in shown]
        took = ["", "", "", "", ""]
        if not row.failed:
            cost = "" if row.cost is None else row.cost
            took = [row.output_tokens, row.estimated, row.questions, cost, round(row.seconds)]
        writer.writerow([row.picture, row.model, row.variant, *values, *took, row.note, row.failed, row.run])
    return text.getvalue()


def table_markdown(rows: Sequence[Row]) -> str:
    """The means of each variant, then each picture's results."""
    shown, numbers = columns(rows), measured(rows)
    lines = ["# Evaluation", "", "Means over the pictures that all variants of a model have a result for.", ""]
    lines += _table(
        ["model", "variant", "pictures", *_titles(numbers), "gain dB", "output tokens", "seconds"],
        [
            [
                *(mean.model, mean.variant, str(mean.pictures)),
                *(mean.shown(name) for name in numbers),
                *(mean.gained, mean.tokens, f"{mean.seconds:.0f}"),
            ]
            for mean in means(rows)
        ],
    )
    lines += ["", "## Each picture", ""]
    lines += _table(
        ["picture", "model", "variant", *_titles(shown), "output tokens", "cost", "seconds", "note"],
        [
            [
                *(row.picture, row.model, row.variant),
                *(row.shown(name) for name in shown),
                *(row.tokens, dollars(row.cost), f"{row.seconds:.0f}", row.note),
            ]
            for row in results(rows)
        ],
    )
    failed = [row for row in rows if row.failed]
    if failed:
        lines += ["", "## Failed", ""]
        lines += [f"- {row.picture}, {row.model}, {row.variant}: {row.failed.splitlines()[0]}" for row in failed]
    lines += ["", "~ marks tokens estimated from the replies' characters, where a model counted none."]
    return "\n".join(lines) + "\n"


def _titles(names: Sequence[str]) -> list[str]:
    return [f"{METRICS[name].title} {'↑' if METRICS[name].more else '↓'}" for name in names]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]
