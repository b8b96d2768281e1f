"""What a run tells while it works: one event a step, for a terminal, a panel or a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EventKind = Literal[
    "run started",
    "stage started",
    "asking",
    "replied",
    "trying",
    "refused",
    "rendering",
    "reviewed",
    "round ended",
    "stage ended",
    "finishing",
    "run ended",
]


@dataclass(frozen=True)
class Event:
    """One step of a run. `text` is a line for a person; `picture` is what there is to see."""

    kind: EventKind
    text: str
    stage: str = ""
    round: int = 0
    picture: Path | None = None


Tell = Callable[[Event], None]
