"""Asking the model: every question goes through here, is recorded, counted, and asked again if need be.

A question is a system message, one user message with text and pictures, and for a repair the reply
and what went wrong with it; never the whole history.

Only the models' own asking may happen in several threads: replies are recorded and counted in the
thread that asks for them, so that a run folder and its record belong to one thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from ..errors import Cancelled, ModelError
from ..models import Message, Model, Picture, Reply, Unanswered
from . import prompts, replies, transcript
from .limit import affordable, left
from .records import Account
from .run_folder import RunFolder

Messages = tuple[Message, ...]
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

    def messages(self) -> Messages:
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
    """Asks a model for one run; keeps the run's transcript, accounts and limit."""

    def __init__(self, run: RunFolder, model: Model, cancel: threading.Event) -> None:
        """Ask `model`; stop between asks and inside them once `cancel` is set."""
        self._run, self._model, self._cancel = run, model, cancel

    def ask(self, messages: Messages, accounts: Sequence[Account], schema: type[BaseModel] | None = None) -> Reply:
        """Ask once; what it took is added to the accounts at once, whatever becomes of the reply.

        Raises LimitReached, and nothing was asked, if it could cost more than the run's limit leaves.
        """
        self.room_for([messages])
        if self._cancel.is_set():
            raise Cancelled("Stopped.")
        try:
            reply = self._model.ask(messages, schema, self._cancel, left(self._run.record))
        except Unanswered as error:
            self._count(error.took, accounts)
            raise
        self._keep(messages, schema, reply, accounts)
        return reply

    def room_for(self, questions: Sequence[Messages]) -> int:
        """Return how many of these questions, from the first on, can be asked at once: at least one.

        As many as the model takes and the run's limit allows; raises LimitReached if it allows none.
        """
        together = questions[: self._model.at_once]
        return affordable(self._run.record, [self._model.most(messages) for messages in together])

    def ask_together(
        self, asks: Sequence[tuple[Messages, Sequence[Account]]], replied: Callable[[str], None]
    ) -> list[Reply | BaseException]:
        """Ask several questions at once, for which there must be room; return what came of each, in order.

        One that fails takes no other with it. `replied` is called in this thread as each reply comes,
        with words such as "2 of 3".
        """
        came: queue.SimpleQueue[tuple[int, Reply | BaseException]] = queue.SimpleQueue()
        all_left = left(self._run.record)
        each_left = None if all_left is None else all_left / len(asks)

        def ask(place: int) -> None:
            try:
                outcome: Reply | BaseException = self._model.ask(asks[place][0], None, self._cancel, each_left)
            except BaseException as error:  # noqa: BLE001 the thread's boundary: the caller gets it
                outcome = error
            came.put((place, outcome))

        for place in range(len(asks)):
            # Daemons, so that Blender can quit in the middle of a question.
            threading.Thread(target=ask, args=(place,), name="SEIG ask", daemon=True).start()
        outcomes: dict[int, Reply | BaseException] = {}
        while len(outcomes) < len(asks):
            place, outcome = came.get()
            outcomes[place] = outcome
            messages, accounts = asks[place]
            if isinstance(outcome, Unanswered):
                self._count(outcome.took, accounts)
            if isinstance(outcome, Reply):
                self._keep(messages, None, outcome, accounts)
                replied(f"{sum(isinstance(each, Reply) for each in outcomes.values())} of {len(asks)}")
        return [outcomes[place] for place in range(len(asks))]

    def ask_json(self, question: Question, accounts: Sequence[Account], schema: type[Parsed]) -> Parsed:
        """Ask for a JSON object; a reply that doesn't fit is asked again once, with the error.

        Raises UnreadableReply if the second one doesn't fit either.
        """
        messages = question.messages()
        reply = self.ask(messages, accounts, schema)
        try:
            return replies.read_json(reply, schema)
        except replies.BadReply as problem:
            own = self._run.record.settings.prompts
            messages += follow_up(reply, f"{question.title} · Again: 1", "again.md", own, problem=str(problem))
        reply = self.ask(messages, accounts, schema)
        try:
            return replies.read_json(reply, schema)
        except replies.BadReply as problem:
            raise UnreadableReply(
                f"The model {self._model.name} was asked twice for {_plain(question.title)} and twice gave none "
                f"that can be read ({_first_line(problem)}); the run so far is kept. Resume it, or take another model."
            ) from problem

    def _keep(
        self, messages: Messages, schema: type[BaseModel] | None, reply: Reply, accounts: Sequence[Account]
    ) -> None:
        transcript.record(self._run.path, messages, schema, reply, self._model.name)
        self._count(reply, accounts)

    def _count(self, reply: Reply, accounts: Sequence[Account]) -> None:
        for account in accounts:
            account.add(reply)
        self._run.save()


def follow_up(reply: Reply, title: str, template: str, own: str, **values: object) -> Messages:
    """Continue a question: the reply as it was, and what was wrong with it."""
    return (
        Message("assistant", (reply.text or "(an empty reply)",)),
        Message("user", (prompts.render(template, own, title=title, **values),)),
    )


def _plain(title: str) -> str:
    parts = dict(part.split(": ", 1) for part in title.removeprefix("# ").split(" · "))
    return f"the {parts['Task']} of {parts['Stage']}"


def _first_line(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200]
