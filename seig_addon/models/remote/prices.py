"""What asking costs, from the price list that litellm carries, read without importing litellm.

Also an estimate of a question's tokens before it is asked. It is rather too high: a limit on costs
relies on it.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from .. import Message, Picture
from .providers import Provider, is_known, split

_LIST = "model_prices_and_context_window_backup.json"

# OpenRouter takes the makers' prices, and names their models with dots. How litellm names the makers:
_MAKERS = {
    "anthropic": "",
    "openai": "",
    "google": "gemini/",
    "mistralai": "mistral/",
    "qwen": "dashscope/",
    "x-ai": "xai/",
}

_BYTES_PER_TOKEN = 3  # English has four and more, Python programs three and a half
_PATCH = 28  # a token for so many pixels squared, as Anthropic and Qwen document it
_MESSAGE = 8  # tokens around a message or a picture


@dataclass(frozen=True)
class Price:
    """US dollars a token: asked, found in the provider's cache, answered, and asked and put into that cache."""

    input: float
    cached: float
    output: float
    written: float


def price_of(name: str) -> Price | None:
    """Return the price of PROVIDER/MODEL; None where none is known, as for local models."""
    entry = entry_of(name) or {}
    tiers = entry.get("tiered_pricing") or [entry]  # by the question's length: never less than the dearest
    try:
        asked = max(tier["input_cost_per_token"] for tier in tiers)
        answered = max(tier["output_cost_per_token"] for tier in tiers)
    except KeyError:
        return None
    cached = max(tier.get("cache_read_input_token_cost", asked) for tier in tiers)
    written = max(tier.get("cache_creation_input_token_cost", asked) for tier in tiers)
    return Price(asked, cached, answered, max(asked, written))


def entry_of(name: str) -> Mapping[str, Any] | None:
    """Return all that litellm's list says of PROVIDER/MODEL: prices, limits, abilities; None if it has none."""
    if not is_known(name):
        return None
    provider, model = split(name)
    if provider.local or provider.id == "compatible":
        return None
    if provider.id == "openrouter":
        return _entry(_of_maker(model))
    return _entry(f"{provider.prefix}/{model}") or _entry(model)


def _of_maker(model: str) -> str:
    """Return litellm's name for a model that OpenRouter calls MAKER/MODEL."""
    maker, _, name = model.partition("/")
    prefix = _MAKERS.get(maker, f"{maker}/")
    return prefix + (name.replace(".", "-") if maker == "anthropic" else name)


def tokens_of(messages: Sequence[Message], provider: Provider | None = None) -> int:
    """Estimate, rather too high, the tokens of a question with its pictures as this provider counts them."""
    return sum(_MESSAGE + sum(_tokens(part, provider) for part in message.parts) for message in messages)


def _tokens(part: str | Picture, provider: Provider | None) -> int:
    if isinstance(part, str):
        return math.ceil(len(part.encode()) / _BYTES_PER_TOKEN)
    with Image.open(io.BytesIO(part.data)) as image:
        width, height = image.size
    return _MESSAGE + picture_tokens(width, height, provider)


def picture_tokens(width: int, height: int, provider: Provider | None = None) -> int:
    """Estimate the tokens of a picture of so many pixels, scaled down to what the provider makes use of."""
    scale = min(1.0, provider.longest / max(width, height)) if provider else 1.0
    patches = math.ceil(width * scale / _PATCH) * math.ceil(height * scale / _PATCH)
    return max(provider.picture_tokens if provider else 0, patches)


@cache
def _entry(key: str) -> Mapping[str, Any] | None:
    """Parse one entry of the list. The whole would take 50 ms, and that while a panel is drawn."""
    text = _text()
    start = text.find(f"{json.dumps(key)}: {{")
    if start < 0:
        return None
    entry, _ = json.JSONDecoder().raw_decode(text, text.index("{", start))
    return dict(entry)


@cache
def _text() -> str:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return ""  # the slim build
    return (Path(spec.origin).parent / _LIST).read_text("utf-8")
