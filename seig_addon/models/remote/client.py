"""A model that is asked over HTTP: what to do with each attempt's outcome until there is a reply.

The attempts are made by litellm in processes of their own (processes.py, wire/); here is decided whether to
try again, to go on where a reply was cut off, or to give up with a sentence. Never imports litellm or bpy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from ...errors import Cancelled
from .. import Message, Reply, Usage
from ..access import Access
from .failures import PASSING, Kind, RemoteFailure
from .prices import price_of, tokens_of
from .processes import Processes
from .providers import Provider
from .request import most_tokens_of, request_for, turn
from .retries import Patience, join

_CONTINUATIONS = 3
_OFTEN = 0.25  # seconds between passing words
_GO_ON = (
    "Your reply was cut off there, at the limit of its length. Go on exactly where it ended, in the middle of the "
    "line if need be: repeat nothing, open no new code fence, and say nothing else."
)
_WAITING: Mapping[Kind, str] = {
    "busy": "is busy",
    "server": "has trouble",
    "timeout": "did not answer",
    "dropped": "broke off",
    "garbled": "answered garbled",
    "unreachable": "can't be reached",
}


class RemoteModel:
    """Asks one provider's model; may be asked from `at_once` threads."""

    def __init__(
        self,
        provider: Provider,
        model: str,
        access: Access,
        heard: Callable[[str], None],
        patience: Patience | None = None,
    ) -> None:
        """Remember whom to ask; nothing is started or sent yet."""
        self.name, self.at_once = f"{provider.id}/{model}", access.at_once
        self._provider, self._model, self._access = provider, model, access
        self._heard, self._heard_at = heard, 0.0
        self._patience = patience or Patience()
        self._processes = Processes(access)
        self._has_answered = False
        self._streams = self._takes_schemas = True  # until it shows that it does not

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Answer the messages; usage and cost are those of all attempts that it took.

        A reply that is still cut off after all, or that `at_most` leaves no money to go on with, goes
        back as it is, with finish_reason "length". Raises Cancelled within a second of `cancel`, and
        RemoteFailure.
        """
        bill = _Bill(at_most)
        try:
            return self._answer(messages, schema, cancel or threading.Event(), bill)
        except RemoteFailure as failure:
            failure.took = Reply("", bill.usage, bill.cost)
            raise

    def _answer(
        self, messages: Sequence[Message], schema: type[BaseModel] | None, cancel: threading.Event, bill: _Bill
    ) -> Reply:
        request = request_for(self._provider, self._model, self._access, messages, schema)
        most = self.most(messages) or 0.0
        came = self._until_it_replies(request, bill, cancel)
        if not came["reply"].strip():
            came = self._ask_for_more_than_thoughts(request, bill, 2 * most, cancel)
        text: str = came["reply"]
        question = request["messages"]
        for _ in range(_CONTINUATIONS):
            if came["finish_reason"] != "length" or not bill.has_room_for(2 * most):  # the question has grown
                break
            # Without the schema: under it a provider would begin anew instead of going on.
            request |= {"messages": [*question, turn("assistant", text), turn("user", _GO_ON)], "schema": None}
            try:
                came = self._until_it_replies(request, bill, cancel)
            except RemoteFailure:  # what came so far is paid for, and may be of use
                break
            text = join(text, came["reply"])
        return Reply(text, bill.usage, bill.cost, "length" if came["finish_reason"] == "length" else "stop")

    def most(self, messages: Sequence[Message]) -> float | None:
        """Return the most that one full answer could cost; continuing it is asked for only where that fits, too."""
        price = price_of(self.name)
        if price is None:
            return None
        return tokens_of(messages, self._provider) * price.written + most_tokens_of(self.name) * price.output

    def close(self) -> None:
        """End the processes."""
        self._processes.close()

    def _until_it_replies(self, request: dict[str, Any], bill: _Bill, cancel: threading.Event) -> dict[str, Any]:
        """Make attempts until one is a reply; raises RemoteFailure where another would not help."""
        tries = 0
        while True:
            if cancel.is_set():
                raise Cancelled("Stopped.")
            request["stream"] = self._streams
            if not self._takes_schemas:
                request["schema"] = None
            came = self._processes.attempt(request, self._pass_on, cancel)
            bill.add(came)
            if "reply" in came:
                self._has_answered = True
                return came
            if self._can_be_asked_otherwise(came, request):
                continue
            tries += 1
            self._wait_or_give_up(came, tries, cancel)

    def _can_be_asked_otherwise(self, failed: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
        """Find out what this server does not do, so that it is asked without that from now on."""
        if failed["failed"] == "not streamed" and self._streams:
            self._streams = False
            return True
        is_unclear = failed["failed"] in ("other", "unknown model") and failed["status"] in (400, 422)
        if is_unclear and request["schema"]:
            self._takes_schemas = False
            return True
        return False

    def _wait_or_give_up(self, failed: Mapping[str, Any], tries: int, cancel: threading.Event) -> None:
        kind: Kind = failed["failed"]
        may_pass = kind in PASSING or (kind == "unreachable" and self._has_answered)
        if not may_pass or tries >= self._patience.tries:
            raise RemoteFailure(kind, self._provider, self._model, failed["detail"], failed["status"], tries)
        seconds = self._patience.wait(tries, failed["retry_after"])
        self._heard(f"{self._provider.name} {_WAITING[kind]}, trying again in {seconds:.0f} s")
        if cancel.wait(seconds):
            raise Cancelled("Stopped.")

    def _ask_for_more_than_thoughts(
        self, request: dict[str, Any], bill: _Bill, most: float, cancel: threading.Event
    ) -> dict[str, Any]:
        """Ask once more with twice the tokens, which cost so much at most, after thinking took all there were."""
        if not bill.has_room_for(most):
            raise RemoteFailure("only thoughts", self._provider, self._model)
        options = request["options"]
        options["max_tokens"] = most_tokens_of(self.name, 2 * options["max_tokens"])
        came = self._until_it_replies(request, bill, cancel)
        if not came["reply"].strip():
            raise RemoteFailure("only thoughts", self._provider, self._model)
        return came

    def _pass_on(self, text: str) -> None:
        """Let it be heard, but not from each of several threads at every moment."""
        now = time.monotonic()
        if now - self._heard_at >= _OFTEN:
            self._heard_at = now
            self._heard(text)


class _Bill:
    """What all attempts at one question took, and what they may take, in US dollars."""

    def __init__(self, at_most: float | None) -> None:
        self.usage, self.cost = Usage(), None
        self._at_most = at_most

    def has_room_for(self, most: float) -> bool:
        """Whether one more attempt, which could cost so much, still fits."""
        return self._at_most is None or (self.cost or 0.0) + most <= self._at_most

    def add(self, attempt: Mapping[str, Any]) -> None:
        self.usage += Usage.model_validate(attempt["usage"])
        if attempt["cost"] is not None:
            self.cost = (self.cost or 0.0) + attempt["cost"]
