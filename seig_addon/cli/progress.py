"""Progress in a terminal: a line for what happened, and on a real terminal a live line for what goes on."""

from __future__ import annotations

import sys
import time

from ..engine.events import Event
from ..engine.records import RunRecord
from ..engine.stages import BY_NAME, INITIALIZATION

_PASSING = {"asking", "replied", "trying", "rendering"}  # shown only while they last


class Progress:
    """Call it with the engine's events."""

    def __init__(self, record: RunRecord) -> None:
        """Count time from now."""
        self._record = record
        self._since = time.monotonic()
        self._live = sys.stdout.isatty()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        where = self._where(event)
        if event.kind not in _PASSING:
            self.say(f"{where}{event.text}")
        elif self._live:
            what = "rendering" if event.kind == "rendering" else f"{event.kind} {event.text}".strip()
            sys.stdout.write(f"\r\x1b[2K{self._clock()}  {where}{what}"[:160])
            sys.stdout.flush()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.end()
        print(f"{self._clock()}  {text}", flush=True)

    def end(self) -> None:
        """Clear the live line."""
        if self._live:
            sys.stdout.write("\r\x1b[2K")
            sys.stdout.flush()

    def _where(self, event: Event) -> str:
        if not event.stage:
            return ""
        if not event.round or event.kind == "stage ended":
            return f"{event.stage}: "
        stage = BY_NAME[event.stage]
        word = "rollout" if stage is INITIALIZATION else "round"
        return f"{event.stage} · {word} {event.round}/{self._record.settings.budget(stage)}: "

    def _clock(self) -> str:
        return f"{time.monotonic() - self._since:5.0f} s"
