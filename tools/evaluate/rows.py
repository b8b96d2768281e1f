"""What is known of each result: a row of the table. Measures that could not be taken say why instead."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel


class Metric(NamedTuple):
    """How a measure is shown: its column's title, digits after the point, and whether more is better."""

    title: str
    digits: int
    more: bool


METRICS = {
    "psnr": Metric("PSNR dB", 2, True),
    "ssim": Metric("SSIM", 3, True),
    "overall": Metric("overall", 3, True),
    "flip": Metric("FLIP", 3, False),
    "lpips": Metric("LPIPS", 3, False),
    "dreamsim": Metric("DreamSim", 3, False),
    "dino": Metric("DINO", 3, True),
    "clip": Metric("CLIP", 3, True),
    "recall": Metric("objects found", 2, True),
    "box_iou": Metric("box IoU", 2, True),
    "view_angle": Metric("view off °", 1, False),
    "horizon": Metric("horizon off", 3, False),
    "field_of_view": Metric("lens off °", 1, False),
    "base_color": Metric("base colour off ΔE", 1, False),
}


class Point(BaseModel):
    """A run on its way: after a stage, or a round of the free loop; the scores are of working renders."""

    label: str
    output_tokens: int
    psnr: float
    overall: float


class Row(BaseModel):
    """One result. `values` holds a number for each measure, or the reason why there is none."""

    picture: str
    model: str
    variant: str
    failed: str = ""  # why there is no result
    note: str = ""
    run: Path | None = None
    reference: Path | None = None
    render: Path | None = None
    values: dict[str, float | str] = {}
    output_tokens: int = 0
    estimated: bool = False  # the tokens, from the replies' characters, as their model counted none
    questions: int = 0
    cost: float | None = None  # US dollars
    seconds: float = 0.0
    points: list[Point] = []

    def number(self, metric: str) -> float | None:
        """A measure as a number, or None."""
        value = self.values.get(metric)
        return value if isinstance(value, float) else None

    def shown(self, metric: str) -> str:
        """A measure for a table: rounded, or why it is not there."""
        value = self.values.get(metric, "")
        return f"{value:.{METRICS[metric].digits}f}" if isinstance(value, float) else value

    @property
    def tokens(self) -> str:
        """Output tokens for a table; an estimate begins with ~."""
        return f"{'~' if self.estimated else ''}{self.output_tokens:,}"


def columns(rows: Iterable[Row]) -> list[str]:
    """The measures that at least one row has something to say about, in the table's order."""
    rows = list(rows)
    return [name for name in METRICS if any(name in row.values for row in rows)]


def measured(rows: Iterable[Row]) -> list[str]:
    """The measures that at least one row has a number for."""
    rows = list(rows)
    return [name for name in METRICS if any(row.number(name) is not None for row in rows)]


def order(names: Iterable[str]) -> list[str]:
    """Names in the order in which they first come, each once."""
    return list(dict.fromkeys(names))
