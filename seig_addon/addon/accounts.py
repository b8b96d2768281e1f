"""What asking took, in words for the panel: of a round, a stage, a run. Pure: never imports bpy."""

from __future__ import annotations

from ..engine.amounts import dollars, tokens
from ..engine.records import Account, RunRecord


def words(of: Account | RunRecord) -> str:
    """Say "12 questions, 84k tokens, $0.62"; empty where nothing was asked or counted."""
    used = of.usage.input_tokens + of.usage.output_tokens
    parts = [f"{of.asks} question{'' if of.asks == 1 else 's'}"] if of.asks else []
    parts += [f"{tokens(used)} tokens"] if used else []
    parts += [dollars(of.cost)] if of.cost else []
    return ", ".join(parts) if used else ""


def short(of: Account) -> str:
    """Say it in the width of a thumbnail: "$0.02", "6k tokens" where no price is known, or nothing."""
    used = of.usage.input_tokens + of.usage.output_tokens
    if of.cost:
        return dollars(of.cost)
    return f"{tokens(used)} tokens" if used else ""
