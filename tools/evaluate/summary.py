"""Means over pictures: what the table, the plots and the page say of each variant as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from .rows import METRICS, Row, order


class Mean(BaseModel):
    """A model's variant over the pictures that all variants of the model have a result for."""

    model: str
    variant: str
    pictures: int
    values: dict[str, float]
    output_tokens: float
    estimated: bool
    seconds: float
    gain: float | None  # dB PSNR over the first variant

    def shown(self, metric: str) -> str:
        """A mean for a table; empty where there is none."""
        value = self.values.get(metric)
        return "" if value is None else f"{value:.{METRICS[metric].digits}f}"

    @property
    def gained(self) -> str:
        """The gain for a table."""
        return "" if self.gain is None else f"{self.gain:+.2f}"

    @property
    def tokens(self) -> str:
        """Output tokens for a table; an estimate begins with ~."""
        return f"{'~' if self.estimated else ''}{self.output_tokens:,.0f}"


def results(rows: Sequence[Row]) -> list[Row]:
    """The rows that have a result."""
    return [row for row in rows if not row.failed]


def means(rows: Sequence[Row]) -> list[Mean]:
    """One for each model and variant, in the order in which they first come.

    Only pictures that all variants of a model have count, so that means compare; where there is none,
    each variant's own count, and there is no gain.
    """
    found = []
    for model in order(row.model for row in rows):
        of_model = [row for row in results(rows) if row.model == model]
        variants = order(row.variant for row in of_model)
        have = [{row.picture for row in of_model if row.variant == variant} for variant in variants]
        common = set.intersection(*have) if have else set()
        first: float | None = None
        for variant in variants:
            own = [row for row in of_model if row.variant == variant and (row.picture in common or not common)]
            values = {name: _mean(numbers) for name in METRICS if (numbers := _numbers(own, name))}
            first = values["psnr"] if first is None else first
            found.append(
                Mean(
                    model=model,
                    variant=variant,
                    pictures=len({row.picture for row in own}),
                    values=values,
                    output_tokens=_mean([row.output_tokens for row in own]),
                    estimated=any(row.estimated for row in own),
                    seconds=_mean([row.seconds for row in own]),
                    gain=values["psnr"] - first if common and variant != variants[0] else None,
                )
            )
    return found


def best(rows: Sequence[Row], metric: str) -> float | None:
    """The best value of a measure."""
    numbers = _numbers(rows, metric)
    return (max if METRICS[metric].more else min)(numbers) if numbers else None


def _numbers(rows: Sequence[Row], metric: str) -> list[float]:
    return [number for row in rows if (number := row.number(metric)) is not None]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
