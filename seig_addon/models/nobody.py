"""Stands in for the model where programs are only run again: neither key nor network is needed for that."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pydantic import BaseModel

from ..errors import ModelError
from . import Costless, Message, Reply


class Nobody(Costless):
    """Answers nothing; `name` is whom it stands in for."""

    def __init__(self, name: str) -> None:
        """Nothing else is needed."""
        self.name = name

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Raise ModelError."""
        raise ModelError(f"Running programs again asks {self.name} nothing, and yet it was asked; Resume tries again.")
