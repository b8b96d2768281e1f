"""How far a run is, as a number and as one line for a person. Pure: never imports bpy."""

from __future__ import annotations

from ..engine.amounts import dollars
from ..engine.events import Event
from ..engine.records import RunRecord
from ..engine.stages import BY_NAME, INITIALIZATION

_UNDONE = ("pending", "running", "stale")
_UNTIL_FINISHED = 0.99  # the last render and the report are still to come


def share(record: RunRecord) -> float:
    """How much of the run is done, 0 to 1: rounds played of all the rounds that the stages may take."""
    done = total = 0
    for name in record.settings.stages:
        stage = record.stage(BY_NAME[name])
        budget = record.settings.budget(BY_NAME[name])
        total += budget
        if stage.state not in _UNDONE:
            done += budget
        elif stage.state != "stale":
            done += min(len(stage.rounds), budget)
    return min(done / total, _UNTIL_FINISHED)


def line(event: Event, record: RunRecord, seconds: float) -> str:
    """Word what goes on: "geometry · round 2/5 · asking generator · 0:41 · 12.3k tokens · $0.08"."""
    parts = [event.stage] if event.stage else []
    if event.stage and event.round and event.kind != "stage ended":
        stage = BY_NAME[event.stage]
        word = "rollout" if stage is INITIALIZATION else "round"
        parts.append(f"{word} {record.settings.count(stage, event.round)}")
    parts.append(f"asking {event.text}" if event.kind == "asking" else event.kind)
    parts.append(f"{int(seconds) // 60}:{int(seconds) % 60:02}")
    usage = record.usage
    used = usage.input_tokens + usage.output_tokens
    if used:
        parts.append(f"{used / 1000:.1f}k tokens")
    if record.cost:
        parts.append(dollars(record.cost))
    return " · ".join(parts)


def unfinished(record: RunRecord) -> bool:
    """Whether a chosen stage still has something to do."""
    return any(record.stage(BY_NAME[name]).state in _UNDONE for name in record.settings.stages)
