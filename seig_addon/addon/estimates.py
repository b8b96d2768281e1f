"""What a run will take, for the panel, worked out beside drawing: reading the price list takes a moment.

The thread must never touch bpy.
"""

from __future__ import annotations

import threading

import bpy

from ..engine.estimate import estimate
from ..engine.records import Settings
from ..errors import SeigError
from ..models.remote.prices import price_of
from .background import redraw

_TICK = 0.05  # seconds between looks at whether it is known
_KEPT = 64  # estimates; each is a line of text

_known: dict[str, str] = {}
_thread: threading.Thread | None = None


def words(settings: Settings) -> str:
    """Say what a run with these settings will take; empty while that isn't known, and for models that are no AI."""
    global _thread
    if settings.model == "offline" or settings.model.startswith("replay:"):
        return ""
    key = settings.model_dump_json(include={"model", "verifier", "rounds", "stages"})
    if key not in _known and _thread is None:
        _thread = threading.Thread(target=_work_out, args=(key, settings), name="SEIG prices", daemon=True)
        _thread.start()
        bpy.app.timers.register(_look, first_interval=_TICK, persistent=True)
    return _known.get(key, "")


def _work_out(key: str, settings: Settings) -> None:
    try:
        found = estimate(settings, price_of(settings.model), price_of(settings.verifier or settings.model))
        manual = settings.model == "manual" and not settings.verifier
        text = f"{found.words.split(', ')[0]} to carry" if manual else f"About {found.words}"
    except SeigError:
        text = ""  # a name that is none is said where it is typed
    if len(_known) >= _KEPT:
        _known.clear()
    _known[key] = text


def _look() -> float | None:
    """Have the panel drawn again once there is something to show. Blender's timer calls this."""
    global _thread
    if _thread is not None and _thread.is_alive():
        return _TICK
    _thread = None
    redraw()
    return None


def unregister() -> None:
    """Forget the estimates."""
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    _known.clear()
