"""Asking the model: every question goes through here, is recorded, counted, and asked again if need be.

A question is a system message, one user message with text and pictures, and for a repair the reply
and what went wrong with it; never the whole history.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from ..errors import Cancelled, ModelError
from ..models import Message, Model, Picture, Reply
from . import prompts, replies, transcript
from .records import StageRecord
from .run_folder import RunFolder

Parsed = TypeVar("Parsed", bound=BaseModel)


class UnreadableReply(ModelError):
    """The model was asked twice for JSON, and neither reply fits."""


@dataclass(frozen=True)
class Question:
    """One question, ready to be asked. The title also stands in the text's first line."""

    title: str
    system: str
    text: str
    pictures: tuple[Picture, ...]

    def messages(self) -> tuple[Message, ...]:
        """The question as messages: pictures first, so that the reference stays in a provider's cache."""
        return (
            Message("system", (self.system,)),
            Message("user", (*self._pictures_with_captions(), self.text)),
        )

    def _pictures_with_captions(self) -> list[str | Picture]:
        parts: list[str | Picture] = []
        for picture in self.pictures:
            parts += [f"{picture.caption}:", picture]
        return parts


class Conversation:
    """Asks a model for one run, and keeps the run's transcript and usage."""

    def __init__(self, run: RunFolder, model: Model, cancel: threading.Event) -> None:
        """Ask `model`; stop between asks and inside them once `cancel` is set."""
        self._run, self._model, self._cancel = run, model, cancel

    def ask(self, messages: tuple[Message, ...], account: StageRecord, schema: type[BaseModel] | None = None) -> Reply:
        """Ask once; what it took is added to the stage's account at once, whatever becomes of the reply."""
        if self._cancel.is_set():
            raise Cancelled("Stopped.")
        reply = self._model.ask(messages, schema, self._cancel)
        transcript.record(self._run.path, messages, schema, reply)
        account.usage += reply.usage
        if reply.cost is not None:
            account.cost = (account.cost or 0.0) + reply.cost
        self._run.save()
        return reply

    def ask_json(self, question: Question, account: StageRecord, schema: type[Parsed]) -> Parsed:
        """Ask for a JSON object; a reply that doesn't fit is asked again once, with the error.

        Raises UnreadableReply if the second one doesn't fit either.
        """
        messages = question.messages()
        reply = self.ask(messages, account, schema)
        try:
            return replies.read_json(reply, schema)
        except replies.BadReply as problem:
            messages += follow_up(reply, f"{question.title} · Again: 1", "again.md", problem=str(problem))
        reply = self.ask(messages, account, schema)
        try:
            return replies.read_json(reply, schema)
        except replies.BadReply as problem:
            raise UnreadableReply(
                f"The model {self._model.name} was asked twice for {_plain(question.title)} and twice gave none "
                f"that can be read ({_first_line(problem)}); the run so far is kept. Resume it, or take another model."
            ) from problem


def follow_up(reply: Reply, title: str, template: str, **values: object) -> tuple[Message, ...]:
    """Continue a question: the reply as it was, and what was wrong with it."""
    return (
        Message("assistant", (reply.text or "(an empty reply)",)),
        Message("user", (prompts.render(template, title=title, **values),)),
    )


def _plain(title: str) -> str:
    parts = dict(part.split(": ", 1) for part in title.removeprefix("# ").split(" · "))
    return f"the {parts['Task']} of {parts['Stage']}"


def _first_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200]
