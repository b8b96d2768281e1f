"""What happens in a run: told and written down as it happens, and where it can be stopped.

Never imports bpy.
"""

from __future__ import annotations

import threading
import time

from ..errors import Cancelled
from .events import Event, EventKind, Tell
from .run_folder import RunFolder
from .stages import Stage


class Progress:
    """The progress of one run while it is worked on."""

    def __init__(self, run: RunFolder, tell: Tell, cancel: threading.Event) -> None:
        """Begin to count the time."""
        self._run, self.tell, self.cancel = run, tell, cancel
        self._since = time.monotonic()

    def say(self, kind: EventKind, text: str, stage: Stage | None = None, number: int = 0) -> None:
        """Tell what is about to happen, or what did; raises Cancelled instead if the run is to stop."""
        if self.cancel.is_set():
            raise Cancelled("Stopped.")
        self.tell(Event(kind, text, stage.name if stage else "", number))

    def save(self) -> None:
        """Write the run's record, with the time that it took so far."""
        now = time.monotonic()
        self._run.record.seconds += now - self._since
        self._since = now
        self._run.save()
