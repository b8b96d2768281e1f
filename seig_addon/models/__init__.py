"""Ways to ask a vision-language model: one small protocol, and the models behind it.

A model answers one question, given as messages of text and pictures. It knows nothing of runs,
stages or Blender: all that it may use is in the messages. Nothing here imports bpy.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from ..errors import ModelError


@dataclass(frozen=True)
class Picture:
    """A picture in a question: encoded PNG or JPEG bytes, 8-bit sRGB, upright, without alpha."""

    caption: str
    data: bytes
    media_type: Literal["image/png", "image/jpeg"] = "image/png"


@dataclass(frozen=True)
class Message:
    """One turn of a question: text and pictures in the order in which they are to be read."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Picture, ...]


class Usage(BaseModel):
    """What one ask took, in tokens; zeros where the model counts none."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Sum two usages."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True)
class Reply:
    """What a model said. `cost` is in US dollars, None where no price is known."""

    text: str
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    finish_reason: Literal["stop", "length"] = "stop"


class Unanswered(ModelError):
    """A question that was paid for in vain; `took` has its usage and cost, and no text."""

    took = Reply("")


class Model(Protocol):
    """Anything that can answer a question about pictures.

    `at_once` is how many questions it may be asked in parallel, from as many threads.
    """

    name: str
    at_once: int

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Answer the messages; with a schema, as one JSON object that fits it.

        `at_most` is what it may take in US dollars, with all that is asked again or continued; None is
        as much as it takes. Raises Cancelled within a second of `cancel` being set, and ModelError where
        asking again wouldn't help: Unanswered if that took something all the same.
        """
        ...

    def most(self, messages: Sequence[Message]) -> float | None:
        """Return the most that asking this could cost, in US dollars; None where no price is known."""
        ...

    def close(self) -> None:
        """End what the model started; it can't be asked any more."""
        ...


class Costless:
    """The rest of a model that is asked one question at a time, costs nothing and starts nothing."""

    at_once = 1

    def most(self, messages: Sequence[Message]) -> float | None:
        """Nothing."""
        return 0.0

    def close(self) -> None:
        """There is nothing to end."""


def title_of(messages: Sequence[Message]) -> str:
    """The title of a question: the heading line of its last user text, without the mark.

    It names the stage, the task and the round: `Stage: materials · Task: review · Round: 2`.
    """
    for message in reversed(messages):
        if message.role == "user":
            for part in message.parts:
                if isinstance(part, str) and part.startswith("# "):
                    return part.splitlines()[0].removeprefix("# ").strip()
    return ""
