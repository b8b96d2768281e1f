"""What a run will take, before it starts: questions, tokens and US dollars, from its budgets.

The low end is a run whose every stage is approved at once; the high end one that spends all its
budgets, with a repair and a closer look in each stage, by a model that thinks before it answers. Left out
is what makes it less: stages that need nothing, and what providers save by caching.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .amounts import dollars, tokens
from .records import Settings
from .stages import INITIALIZATION


class Price(Protocol):
    """US dollars a token, asked and answered."""

    @property
    def input(self) -> float:
        """Of a token of a question."""
        ...

    @property
    def output(self) -> float:
        """Of a token of a reply, thinking included."""
        ...


@dataclass(frozen=True)
class Typical:
    """Tokens of a typical question of one kind, pictures included, and of its reply."""

    question: int
    reply: int


# Measured on tests/runs/bistro_table, a scene of 16 objects, and held against it by tests/test_recorded_runs.py,
# but for repairs: a program's question and reply, and a traceback.
TYPICAL = {
    "scene graph": Typical(question=2700, reply=1600),
    "scaffold": Typical(question=5400, reply=2400),
    "program": Typical(question=8500, reply=400),
    "review": Typical(question=6200, reply=150),
    "repair": Typical(question=9200, reply=400),
}
CHARACTERS = 3.5  # of a prompt that are a token: English, Python and JSON mixed
_THINKING = 2000  # tokens before a reply, by models that think; they cost what a reply's do


@dataclass(frozen=True)
class Estimate:
    """From least to most; the costs are None where a price isn't known."""

    asks_low: int
    asks_high: int
    tokens_low: int
    tokens_high: int
    cost_low: float | None
    cost_high: float | None

    @property
    def words(self) -> str:
        """For a person: "13 to 36 questions, 96k to 380k tokens, $0.44 to $2.30"."""
        parts = [
            f"{_span(str(self.asks_low), str(self.asks_high))} questions",
            f"{_span(tokens(self.tokens_low), tokens(self.tokens_high))} tokens",
        ]
        if self.cost_low is not None:
            parts.append(_span(dollars(self.cost_low), dollars(self.cost_high)))
        return ", ".join(parts)


def estimate(settings: Settings, generator: Price | None, verifier: Price | None) -> Estimate:
    """Estimate a run with these settings, at the price of each of its models; None where no price is known.

    Where one model does both, both prices are its price.
    """
    low, high = _least(settings), _most(settings)
    return Estimate(
        asks_low=sum(low.values()),
        asks_high=sum(high.values()),
        tokens_low=sum(_tokens(low, 0)),
        tokens_high=sum(_tokens(high, _THINKING)),
        cost_low=_cost(low, 0, generator, verifier),
        cost_high=_cost(high, _THINKING, generator, verifier),
    )


Counts = Mapping[str, int]


def _least(settings: Settings) -> Counts:
    later = [stage for stage in settings.asked if stage is not INITIALIZATION]
    reviewed = sum(settings.budget(stage) > 1 for stage in later)  # a stage's last round is not
    scaffolds = settings.budget(INITIALIZATION)
    return {"scene graph": 1, "scaffold": scaffolds, "program": len(later), "review": reviewed}


def _most(settings: Settings) -> Counts:
    budgets = [settings.budget(stage) for stage in settings.asked if stage is not INITIALIZATION]
    # All rounds of a stage but the last, and one once more with a closer look: as many as it has rounds.
    reviews = sum(budget for budget in budgets if budget > 1)
    return {**_least(settings), "program": sum(budgets), "review": reviews, "repair": len(settings.asked)}


def _tokens(counts: Counts, thinking: int) -> tuple[int, int]:
    """Tokens of questions, and of replies."""
    asked = sum(count * TYPICAL[kind].question for kind, count in counts.items())
    return asked, sum(count * (TYPICAL[kind].reply + thinking) for kind, count in counts.items())


def _cost(counts: Counts, thinking: int, generator: Price | None, verifier: Price | None) -> float | None:
    if generator is None or verifier is None:
        return None
    reviews = {kind: count for kind, count in counts.items() if kind == "review"}
    others = {kind: count for kind, count in counts.items() if kind != "review"}
    cost = 0.0
    for price, part in ((generator, others), (verifier, reviews)):
        asked, answered = _tokens(part, thinking)
        cost += asked * price.input + answered * price.output
    return cost


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
