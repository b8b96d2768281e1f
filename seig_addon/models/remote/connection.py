"""Trying out whether a model can be asked and sees: one tiny picture, one word back, told in plain words."""

from __future__ import annotations

import io
import re
import threading
import time
from pathlib import Path

from PIL import Image

from ...engine.amounts import dollars
from .. import Message, Picture, Reply
from ..access import Access
from ..registry import open_model
from .providers import split

_SIDE = 64  # pixels; the smallest picture that every provider takes
_QUESTION = "Which colour is this square? Answer with one English word."
_MOST_SAID = 60  # characters of the reply that are shown


def test_connection(name: str, access: Access, cancel: threading.Event | None = None) -> str:  # noqa: PT028, no test
    """Ask PROVIDER/MODEL for the colour of a red square, and say what came back, how long it took and its cost.

    Raises ModelError where the model can't be asked, Cancelled within a second of `cancel`.
    """
    provider, model_name = split(name)
    model = open_model(name, Path(), announce=lambda text: None, access=access)
    since = time.monotonic()
    try:
        reply = model.ask([Message("user", (_red_square(), _QUESTION))], cancel=cancel)
    finally:
        model.close()
    seconds = time.monotonic() - since
    said = " ".join(reply.text.split())
    shown = said if len(said) <= _MOST_SAID else said[:_MOST_SAID] + "…"
    answer = f"{provider.name} answered in {seconds:.1f} s, the start of litellm included: “{shown}”. {_took(reply)}"
    if re.search(r"\bred\b", said, re.IGNORECASE):
        return answer
    return f"{answer} The picture was a red square, so {model_name} seems not to see: take a model that does."


def _took(reply: Reply) -> str:
    tokens = reply.usage.input_tokens + reply.usage.output_tokens
    if not tokens:
        return "It did not count its tokens."
    return f"{tokens} tokens." if reply.cost is None else f"{tokens} tokens, {dollars(reply.cost)}."


def _red_square() -> Picture:
    file = io.BytesIO()
    Image.new("RGB", (_SIDE, _SIDE), (220, 20, 20)).save(file, "PNG")
    return Picture("Square", file.getvalue())
