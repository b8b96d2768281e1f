"""Holding a run to its limit: what all its questions may cost together, in US dollars.

A question is asked only if the most that it could cost still fits. Where no price is known, as for
local models, a question counts as nothing, and the limit does not hold for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from ..errors import LimitReached
from .amounts import dollars
from .records import RunRecord


def left(record: RunRecord) -> float | None:
    """Return what the run may still cost, in US dollars; None where it has no limit."""
    limit = record.settings.limit
    return None if limit is None else max(0.0, limit - (record.cost or 0.0))


def affordable(record: RunRecord, mosts: Sequence[float | None]) -> int:
    """Return how many of these questions, from the first on, may be asked at once.

    `mosts` is the most that each could cost, in US dollars. Raises LimitReached if not even the
    first fits.
    """
    limit = record.settings.limit
    if limit is None:
        return len(mosts)
    spent = record.cost or 0.0
    known = [most or 0.0 for most in mosts]
    count = sum(spent + reserved <= limit for reserved in accumulate(known))
    if known and not count:
        raise LimitReached(
            f"The run has cost {dollars(spent)}, and the next question could cost up to {dollars(known[0])}, "
            f"which would pass the run's limit of {dollars(limit)}; all that was done is kept. "
            "To go on, resume the run with a higher limit."
        )
    return count
