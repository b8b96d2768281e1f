"""Which round's scene stays: the rules, by what was measured. The verifier's part is to end a stage.

initialization   the scaffold that covers the most objects; among equals, the one that scores best
other stages     a round must not score worse than the best so far; of equals the later one stays
without a model  what was solved for one measure must not cost another
"""

from __future__ import annotations

from collections.abc import Sequence

from .look import Look
from .records import Round, StageRecord

# A stage's first program may score this much below the scene it found: better shapes under worse
# placement or light can measure a little worse, and the later stages are there to mend that.
_LEEWAY = 0.01

# Below this, two scores say nothing about which scene is better; then the later round stays, because it
# followed the checklist. It is held against the stage's best score, so that small losses don't add up.
_NOISE = 0.003


def best_scaffold(ran: Sequence[Round]) -> int:
    """Return the number of the rollout that stays; there must be one."""
    return max(ran, key=lambda each: (each.coverage or 0.0, overall(each))).number


def is_better(record: StageRecord, seen: Look, best: Look) -> bool:
    """Whether a round's scene stays: it must not measure worse than the best so far.

    The first to stay is held against the scene that the stage found, with some leeway; after a
    redo it stays as it is, because the artist asked for something else than what was there.
    """
    if record.best is None:
        return bool(record.redo) or seen.scores.overall > best.scores.overall - _LEEWAY
    reached = max(overall(each) for each in record.rounds if each.ran)
    return seen.scores.overall > reached - _NOISE


def is_closer(seen: Look, start: Look) -> bool:
    """Whether a scene that was tuned to the picture came closer to it, pixel by pixel and by its overall score."""
    return seen.scores.psnr > start.scores.psnr and seen.scores.overall > start.scores.overall


def is_registered(seen: Look, best: Look) -> bool:
    """Whether a scene whose things were moved to their edges in the picture came closer to it, with no new faults.

    Boxes aren't asked: they were marked by eye, and edges are what corrects them.
    """
    return is_closer(seen, best) and set(seen.faults) <= set(best.faults)


def is_no_worse(seen: Look, best: Look) -> bool:
    """Whether a scene is at least as good as another in all: picture, outlines, boxes, and no new faults.

    A better picture alone may come from light that falls otherwise, while things lose their contact.
    """
    before, now = best.scores.factors, seen.scores.factors
    pairs = [(seen.scores.overall, best.scores.overall)]
    if before and now:
        pairs += [(now.outlines or 0.0, before.outlines or 0.0), (now.boxes or 0.0, before.boxes or 0.0)]
    return all(after >= earlier for after, earlier in pairs) and set(seen.faults) <= set(best.faults)


def overall(played: Round) -> float:
    """A round's overall score, 0 where nothing of it ran."""
    return played.scores.overall if played.scores else 0.0
