"""The offline model: a block-out without AI, by classical image analysis.

It answers every question of the staged loop in the same format as a vision-language model would:
colour regions become the scene graph, their outlines solids that stand in depth, their measured
colours base colors, the shading of the large surfaces a lamp; its verifier measures. Solid geometry
with plain materials only: never the picture itself as a texture. Needs no key and no network, and
never imports bpy.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pydantic import BaseModel

from ...errors import Cancelled, ModelError
from .. import Costless, Message, Reply
from .answers import program
from .blockout import Blockout
from .question import Question, read_question
from .review import review


class OfflineModel(Costless):
    """Answers by looking at the pictures of each question; remembers only the last reference's analysis."""

    name = "offline"

    def __init__(self) -> None:
        """Nothing is looked at before the first question."""
        self._seen: tuple[bytes, Blockout] | None = None

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Answer a question; the same question always gets the same answer.

        Raises ModelError for a question of another kind than the staged loop's, and Cancelled.
        """
        question = read_question(messages)
        _check(cancel)
        blockout = self._blockout(question.reference)
        _check(cancel)
        reply = Reply(_answer(blockout, question))
        _check(cancel)
        return reply

    def _blockout(self, reference: bytes) -> Blockout:
        if self._seen is None or self._seen[0] != reference:
            self._seen = (reference, Blockout.of(reference))
        return self._seen[1]


def _answer(blockout: Blockout, question: Question) -> str:
    if question.task == "scene graph":
        graph = blockout.graph()
        found = f"Colour regions joined along soft edges: {len(blockout.things)} things before ground and backdrop."
        return f"{found}\n\n```json\n{graph.model_dump_json(exclude_defaults=True, indent=1)}\n```\n"
    if question.task == "review":
        return f"Measured.\n\n```json\n{review(blockout, question).model_dump_json(indent=1)}\n```\n"
    if question.task == "program":
        reasoning, text = program(blockout, question)
        return f"{reasoning}\n\n```python\n{text}```\n"
    raise ModelError(f"The offline model knows no task {question.task!r}: scene graph, program or review.")


def _check(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("Stopped.")
