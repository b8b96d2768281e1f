"""How long SEIG holds up Blender's main thread, measured by itself. Never imports bpy."""

from __future__ import annotations

from collections import deque

_KEPT = 100_000  # over an hour of ticks


class Ticks:
    """Durations of ticks, in seconds. What brings a stage into the scene is counted apart, as `applied`."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self._ticks: deque[float] = deque(maxlen=_KEPT)
        self.applied: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """Count a tick."""
        self._ticks.append(seconds)

    @property
    def count(self) -> int:
        """How many were measured."""
        return len(self._ticks)

    @property
    def p99(self) -> float:
        """The duration that 99 of 100 ticks keep to; 0 before the first."""
        ordered = sorted(self._ticks)
        return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0.0

    @property
    def longest(self) -> float:
        """The longest tick; 0 before the first."""
        return max(self._ticks, default=0.0)

    def __str__(self) -> str:
        """Say it in one line."""
        applied = max(self.applied, default=0.0)
        return (
            f"{self.count} ticks: 99 % within {self.p99 * 1000:.1f} ms, longest {self.longest * 1000:.1f} ms; "
            f"{len(self.applied)} stages brought in, longest {applied * 1000:.0f} ms"
        )
