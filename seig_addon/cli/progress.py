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
        self._doing = ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        where = self._where(event)
        if event.kind not in _PASSING:
            self.say(f"{where}{event.text}")
        else:
            what = "rendering" if event.kind == "rendering" else f"{event.kind} {event.text}".strip()
            self._doing = f"{where}{what}"
            self._show(self._doing)

    def hear(self, text: str) -> None:
        """Show passing words of a model that is being asked; may come from any thread."""
        self._show(f"{self._doing} · {text}")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.end()
        print(f"{self._clock()}  {text}", flush=True)

    def end(self) -> None:
        """Clear the live line."""
        if self._live:
            sys.stdout.write("\r\x1b[2K")
            sys.stdout.flush()

    def _show(self, text: str) -> None:
        if self._live:
            sys.stdout.write(f"\r\x1b[2K{self._clock()}  {text}"[:160])
            sys.stdout.flush()

    def _where(self, event: Event) -> str:
        if not event.stage:
            return ""
        if not event.round or event.kind == "stage ended":
            return f"{event.stage}: "
        stage = BY_NAME[event.stage]
        word = "rollout" if stage is INITIALIZATION else "round"
        return f"{event.stage} · {word} {self._record.settings.count(stage, event.round)}: "

    def _clock(self) -> str:
        return f"{time.monotonic() - self._since:5.0f} s"
