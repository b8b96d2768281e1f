"""How long SEIG holds up Blender's main thread, measured by itself: ticks of its timers, and drawing its panels.

Never imports bpy.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection
from typing import TypedDict

FILE = "timings.json"
"""The file in the run folder that gets what was measured while the run went on."""

_KEPT = 100_000  # over an hour of ticks


class Times(TypedDict):
    """What came of many measured times, in milliseconds."""

    count: int
    p50: float
    p99: float
    longest: float


class Ticks:
    """Durations in seconds. What brings a stage into the scene is counted apart from the ticks, as `applied`."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self._ticks: deque[float] = deque(maxlen=_KEPT)
        self._drawn: dict[str, deque[float]] = {}
        self.applied: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """Count a tick."""
        self._ticks.append(seconds)

    def draw(self, panel: str, seconds: float) -> None:
        """Count a drawing of a panel."""
        self._drawn.setdefault(panel, deque(maxlen=_KEPT)).append(seconds)

    @property
    def count(self) -> int:
        """How many ticks were measured."""
        return len(self._ticks)

    @property
    def p99(self) -> float:
        """The duration that 99 of 100 ticks keep to, in seconds; 0 before the first."""
        return _quantile(self._ticks, 0.99)

    @property
    def longest(self) -> float:
        """The longest tick, in seconds; 0 before the first."""
        return max(self._ticks, default=0.0)

    @property
    def panels(self) -> dict[str, Times]:
        """How long drawing each panel took."""
        return {name: _times(self._drawn[name]) for name in sorted(self._drawn)}

    def as_json(self) -> str:
        """Write all of it down, for FILE."""
        measured = {"ticks": _times(self._ticks), "applied": _times(self.applied), "panels": self.panels}
        return json.dumps(measured, indent=1)

    def __str__(self) -> str:
        """Say it, a line each for the ticks, the stages brought in, and the panels."""
        return in_words(self.as_json())


_current = Ticks()


def current() -> Ticks:
    """Where everything counts that is done on the main thread now."""
    return _current


def begin() -> Ticks:
    """Measure anew, for a run that begins."""
    global _current
    _current = Ticks()
    return _current


def in_words(measured: str) -> str:
    """Say what `as_json` wrote. Raises ValueError, KeyError where it did not."""
    values = json.loads(measured)
    lines = [f"{_line('tick', values['ticks'])}", f"{_line('stage brought in', values['applied'])}"]
    return "\n".join([*lines, *(_line(f"drawing {name}", times) for name, times in values["panels"].items())])


def _line(what: str, times: Times) -> str:
    return (
        f"{what:24} median {times['p50']:6.2f} ms, 99 % within {times['p99']:6.2f} ms, "
        f"longest {times['longest']:6.2f} ms of {times['count']}"
    )


def _times(seconds: Collection[float]) -> Times:
    return {
        "count": len(seconds),
        "p50": 1000 * _quantile(seconds, 0.5),
        "p99": 1000 * _quantile(seconds, 0.99),
        "longest": 1000 * max(seconds, default=0.0),
    }


def _quantile(seconds: Collection[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
