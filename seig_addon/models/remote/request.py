"""A question as the asking process gets it: OpenAI's form of messages, which litellm turns into each provider's.

The order of everything is that of the question, and the same question always becomes the same bytes, so
that a provider finds its beginning in its cache.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from .. import Message, Picture
from ..access import Access
from .pictures import prepared
from .prices import entry_of, price_of
from .providers import Provider, litellm_options

MOST_TOKENS = 16_000
"""The longest answer that is asked for at once: the longest programs have half of that, thinking the rest."""

_CONTEXT = 32_768  # tokens; Ollama's own default would cut a question with pictures short, silently


def most_tokens_of(name: str, wanted: int = MOST_TOKENS) -> int:
    """Return how many tokens PROVIDER/MODEL is to answer with at most: what is wanted, or its own limit."""
    own = (entry_of(name) or {}).get("max_output_tokens")
    return min(wanted, own) if isinstance(own, int) else wanted


def request_for(
    provider: Provider, model: str, access: Access, messages: Sequence[Message], schema: type[BaseModel] | None
) -> dict[str, Any]:
    """Return what wire.attempt takes. It holds the key: never to be shown or written."""
    name = f"{provider.id}/{model}"
    options: dict[str, Any] = {**litellm_options(provider, model, access), "max_tokens": most_tokens_of(name)}
    if provider.id == "ollama":
        options["num_ctx"] = _CONTEXT
    return {
        "options": options,
        "messages": _as_json(messages, provider, _marks_cache(provider, model)),
        "schema": schema.model_json_schema() if schema else None,
        "stream": True,
        "priced": price_of(name) is not None,
        "connect_seconds": access.connect_seconds,
        "read_seconds": access.read_seconds,
    }


def turn(role: str, text: str) -> dict[str, Any]:
    """One more turn of text alone."""
    return {"role": role, "content": [{"type": "text", "text": text}]}


def _marks_cache(provider: Provider, model: str) -> bool:
    """Whether the question has to say what may be cached: Anthropic's models, whoever serves them."""
    return provider.marks_cache and (provider.id == "anthropic" or "claude" in model)


def _as_json(messages: Sequence[Message], provider: Provider, marked: bool) -> list[dict[str, Any]]:
    """Turn the messages into JSON; the system message and the first picture end what stays the same."""
    turns: list[dict[str, Any]] = []
    is_first_picture = True
    for message in messages:
        content: list[dict[str, Any]] = []
        for part in message.parts:
            if isinstance(part, Picture):
                content.append(_picture(prepared(part, provider)))
                if marked and is_first_picture:
                    _mark(content)
                is_first_picture = False
            elif part.strip():  # providers refuse empty texts
                content.append({"type": "text", "text": part})
        if marked and message.role == "system":
            _mark(content)
        turns.append({"role": message.role, "content": content})
    return turns


def _picture(picture: Picture) -> dict[str, Any]:
    data = base64.b64encode(picture.data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{data}"}}


def _mark(content: list[dict[str, Any]]) -> None:
    if content:
        content[-1]["cache_control"] = {"type": "ephemeral"}
