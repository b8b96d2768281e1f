"""The replay model: answers from a recorded run's transcript.

A question matches the record when it is the same step of the same stage, about the same picture and
the same program. Prompts' wording and rendered pixels may differ between versions of SEIG and
Blender; a run that takes another path may not. The order may differ too: questions that were asked
at once were recorded as their replies came.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from pydantic import BaseModel

from ..engine import transcript
from ..errors import Cancelled, ModelError
from . import Costless, Message, Picture, Reply, title_of

_PROGRAM = re.compile(r"^## Program so far\n+```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class _Key:
    """What makes a question the same one."""

    title: str
    reference: str
    program: str


class ReplayModel(Costless):
    """Answers each question with the first unused reply recorded for it; raises ModelError if there is none."""

    name = "replay"

    def __init__(self, run: Path) -> None:
        """Read the transcript of `run`; raises RunFolderError if there is none."""
        self._run = run
        self._exchanges = transcript.read(run)
        self._unused = {number: _recorded_key(each.messages) for number, each in enumerate(self._exchanges)}

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Return the recorded reply to this question."""
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped.")
        asked = _key(messages)
        number = next((number for number, recorded in self._unused.items() if recorded == asked), None)
        if number is None:
            raise ModelError(self._why_none(asked))
        del self._unused[number]
        exchange = self._exchanges[number]
        return Reply(exchange.text, exchange.usage, exchange.cost, exchange.finish_reason)

    def _why_none(self, asked: _Key) -> str:
        if not self._unused:
            return f"The record in {self._run} ends before this question: {asked.title}. What was replayed is kept."
        number, following = next(iter(self._unused.items()))
        return (
            f"The run parts from the record in {self._run} at question {number + 1}: "
            f"{_parting(asked, following)}. What was replayed so far is kept."
        )


def _key(messages: Sequence[Message]) -> _Key:
    texts, reference = [], ""
    for message in messages:
        for part in message.parts:
            if isinstance(part, str):
                texts.append(part)
            elif isinstance(part, Picture) and part.caption == "Reference":
                reference = hashlib.sha256(part.data).hexdigest()[:32]
    return _Key(title_of(messages), reference, _program("\n".join(texts)))


def _recorded_key(messages: list[dict[str, object]]) -> _Key:
    """The same from a transcript, where pictures stand by their file name, which is their hash."""
    rebuilt, reference = [], ""
    for message in messages:
        parts = message["parts"]
        assert isinstance(parts, list)
        rebuilt.append(Message(message["role"], tuple(part["text"] for part in parts if "text" in part)))  # type: ignore[arg-type]
        for part in parts:
            if part.get("caption") == "Reference":
                reference = Path(part["image"]).stem
    key = _key(rebuilt)
    return _Key(key.title, reference, key.program)


def _program(text: str) -> str:
    found = _PROGRAM.search(text)
    return found.group(1) if found else ""


def _parting(asked: _Key, recorded: _Key) -> str:
    if asked.title != recorded.title:
        return f"it asks for {asked.title!r}, and recorded is {recorded.title!r}"
    if asked.reference != recorded.reference:
        return f"the reference is another picture (at {asked.title!r})"
    lines = zip_longest(asked.program.splitlines(), recorded.program.splitlines(), fillvalue="")
    number, (now, then) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
    return f"the program differs at line {number} ({asked.title!r}): {now!r} now, {then!r} recorded"
