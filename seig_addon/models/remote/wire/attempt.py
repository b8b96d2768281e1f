"""One attempt to get a reply from a model: a streamed litellm.completion, without any retry of its own.

Whatever happens becomes data: a reply, or the kind of failure with a few words that hold no key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import litellm

from .classify import Unusable, describe
from .secrets import Secrets
from .traffic import TooMuch, traffic

_MOST_CHARACTERS = 1_000_000  # ten times what the longest reply has
_CHARACTERS_A_TOKEN = 4

litellm.suppress_debug_info = True
litellm.disable_hf_tokenizer_download = True
litellm.redact_messages_in_exceptions = True
litellm.drop_params = True


def attempt(request: Mapping[str, Any], secrets: Secrets, heard: Callable[[int], None]) -> dict[str, Any]:
    """Ask once; `heard` gets the number of tokens so far, thinking included.

    The request holds `options` for litellm (model, api_key, max_tokens …), `messages`, `schema` or null,
    whether to `stream`, whether the model is `priced`, and both time-outs. Returns {"reply",
    "finish_reason"} or {"failed", "status", "detail", "retry_after"}, and in both cases {"usage", "cost"}.
    """
    traffic.begin(request["connect_seconds"], request["read_seconds"])
    reading = _Reading()
    try:
        reading.read(_asked(request), heard)
        reading.check()
        came: dict[str, Any] = {"reply": secrets.out_of(reading.text), "finish_reason": reading.finish_reason}
    except Exception as error:  # noqa: BLE001  litellm's many handlers raise whatever they like; the client decides
        came = describe(error, secrets)
    finally:
        traffic.end()
    return {**came, "usage": reading.usage, "cost": reading.cost(request["options"]["model"], request["priced"])}


def _asked(request: Mapping[str, Any]) -> Any:
    """Send the question; returns what yields the reply's chunks, or the one response."""
    options = dict(request["options"])
    if request["schema"] and _has_schema_mode(options["model"]):
        schema = {"name": "reply", "schema": request["schema"]}
        options["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request["stream"]:
        options |= {"stream": True, "stream_options": {"include_usage": True}}
    messages, seconds = request["messages"], request["read_seconds"]
    response = litellm.completion(messages=messages, timeout=seconds, max_retries=0, num_retries=0, **options)
    return response if request["stream"] else [response]


def _has_schema_mode(model: str) -> bool:
    # Of an Ollama model litellm would ask a server, which may not be the one that is meant.
    return not model.startswith("ollama") and bool(litellm.supports_response_schema(model))


class _Reading:
    """A reply as it arrives."""

    def __init__(self) -> None:
        self.text, self.finish_reason = "", ""
        self._thinking, self._refusal = 0, ""
        self._usage: Any = None

    def read(self, chunks: Any, heard: Callable[[int], None]) -> None:
        """Take in all chunks. Reasoning is counted, and is no part of the reply."""
        for chunk in chunks:
            for choice in chunk.choices[:1]:
                said = getattr(choice, "delta", None) or choice.message
                self.text += said.content or ""
                self._thinking += len(getattr(said, "reasoning_content", None) or "")
                self._refusal += getattr(said, "refusal", None) or ""
                self.finish_reason = choice.finish_reason or self.finish_reason
            self._usage = getattr(chunk, "usage", None) or self._usage
            if len(self.text) > _MOST_CHARACTERS:
                raise TooMuch("the reply does not end")
            heard((len(self.text) + self._thinking) // _CHARACTERS_A_TOKEN)

    def check(self) -> None:
        """Raise Unusable if this is no reply, though nothing was raised on the way."""
        if self._refusal or self.finish_reason == "content_filter":
            raise Unusable("refused", self._refusal)
        if not self.text and traffic.came_whole:
            raise Unusable("not streamed", "the server sends its replies whole")
        if not self.text.strip() and self.finish_reason != "length":
            raise Unusable("garbled", "the reply is empty")
        if not traffic.is_ended:  # litellm takes the connection's end for the reply's
            raise Unusable("dropped", "the connection ended before the reply did")

    @property
    def usage(self) -> dict[str, int]:
        """The tokens as they are counted in models.Usage; zeros where the provider did not say."""
        details = getattr(self._usage, "prompt_tokens_details", None)
        return {
            "input_tokens": getattr(self._usage, "prompt_tokens", None) or 0,
            "cached_tokens": getattr(details, "cached_tokens", None) or 0,
            "output_tokens": getattr(self._usage, "completion_tokens", None) or 0,
        }

    def cost(self, model: str, priced: bool) -> float | None:
        """Return US dollars as the provider says, else by litellm's list, or None where that has no price."""
        said = getattr(self._usage, "cost", None)  # by OpenRouter, whose models the list has not
        if isinstance(said, float):
            return said
        if not priced:
            return None
        if self._usage is None:
            return 0.0
        try:
            return sum(litellm.cost_per_token(model=model, usage_object=self._usage)) or None
        except Exception:  # noqa: BLE001  a gap in the price list, which raises a bare Exception, is no failed attempt
            return None
