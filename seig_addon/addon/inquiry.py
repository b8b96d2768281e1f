"""Asking a server something outside of a run: whether it answers, which models it has. One question at a time.

The question is asked in a thread, which must never touch bpy; a timer takes in what came of it. So the window
never waits, and the artist can stop waiting at any moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import bpy

from ..errors import Cancelled, SeigError

_TICK = 0.1  # seconds between looks for the answer
_PATIENCE = 1.0  # seconds to wait for the thread's end when there is no later

Ask = Callable[[threading.Event], Any]
"""Asks in the thread, until the event is set; raises SeigError."""


class Inquiry:
    """One question to a server, and what came of it in words."""

    def __init__(self, provider: str, doing: str, ask: Ask, answered: Callable[[Any], str]) -> None:
        """Nothing starts yet. `answered` turns the answer into words, on the main thread."""
        self.provider, self.text, self.failed = provider, doing, False
        self._ask, self._answered = ask, answered
        self._answer: Any = None
        self._problem: BaseException | None = None
        self.cancel = threading.Event()
        self.thread = threading.Thread(target=self._work, name="SEIG inquiry", daemon=True)

    def take(self) -> None:
        """Turn what came into words, once the thread has ended."""
        if isinstance(self._problem, Cancelled):
            self.text = "Stopped."
        elif isinstance(self._problem, SeigError):
            self.text, self.failed = str(self._problem), True
        elif self._problem is not None:
            what = f"{type(self._problem).__name__}: {self._problem}"
            self.text, self.failed = f"SEIG failed by a fault of its own ({what}).", True
        else:
            self.text = self._answered(self._answer)

    def _work(self) -> None:
        try:
            self._answer = self._ask(self.cancel)
        except Exception as problem:  # noqa: BLE001 the thread's boundary; the main thread turns it into a sentence
            self._problem = problem


_current: Inquiry | None = None
last: dict[str, Inquiry] = {}
"""What was asked last of each provider, by its id."""


def current() -> Inquiry | None:
    """The inquiry that goes on; None if there is none."""
    return _current


def start(inquiry: Inquiry) -> None:
    """Ask; raises SeigError while something else is asked."""
    global _current
    if _current is not None:
        raise SeigError("Something is being asked already; wait for it, or stop it.")
    _current = last[inquiry.provider] = inquiry
    inquiry.thread.start()
    redraw()
    bpy.app.timers.register(pump, first_interval=_TICK, persistent=True)


def stop() -> None:
    """Wait no longer for the answer."""
    global _current
    if _current is not None:
        _current.cancel.set()
        _current.text = "Stopped."
        _current = None  # its thread ends by itself; nobody takes in what comes of it
        redraw()


def pump() -> float | None:
    """Take in the answer once it is there. Blender's timer calls this."""
    global _current
    if _current is None:
        return None
    if _current.thread.is_alive():
        return _TICK
    ended, _current = _current, None
    ended.take()
    redraw()
    return None


def redraw() -> None:
    """Have the preferences drawn again, where they are open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def unregister() -> None:
    """End what goes on, and forget what was asked."""
    global _current
    if _current is not None:
        _current.cancel.set()
        _current.thread.join(_PATIENCE)
        _current = None
    if bpy.app.timers.is_registered(pump):
        bpy.app.timers.unregister(pump)
    last.clear()
