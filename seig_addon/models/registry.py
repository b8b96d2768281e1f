"""Which models there are, and how to open one by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import ModelError
from . import Model

KNOWN = {
    "offline": "a block-out without AI: classical image analysis, no key, no network",
    "manual": "you carry questions and replies between this and any chat; no key",
    "replay:RUN": "answers from the transcript of a recorded run",
}


def open_model(name: str, run: Path, announce: Callable[[str], None]) -> Model:
    """Open a model for a run folder; raises ModelError for a name that isn't known.

    Imports only the module that is needed: models may be slow to import.
    """
    if name == "offline":
        from .offline import OfflineModel

        return OfflineModel()
    if name == "manual":
        from .manual import ManualModel

        return ManualModel(run / "questions", announce)
    if name.startswith("replay:"):
        from .replay import ReplayModel

        return ReplayModel(Path(name.removeprefix("replay:")))
    raise ModelError(f"There is no model {name!r}; known are {', '.join(KNOWN)}.")
