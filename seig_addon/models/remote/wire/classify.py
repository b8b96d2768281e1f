"""What kind of failure this was: from what the network saw first, then from the provider's own words.

litellm maps failures to exceptions by provider, not always rightly (a 500 that comes as a bad request);
so its exceptions only count where nothing else is known.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from litellm import exceptions

from ..failures import Kind
from .secrets import Secrets
from .traffic import Garbled, Redirected, TooMuch, traffic

_MOST_WORDS = 240  # characters of a provider's own words

# In this order: a picture that is too large may also exceed a number of tokens.
_WORDS: tuple[tuple[Kind, str], ...] = (
    ("bad key", r"(invalid|incorrect|missing|expired|no) (x-)?api[ _-]?key|api[ _-]?key (is )?(not valid|invalid)"),
    ("bad key", r"api[ _-]?key (has )?expired|api_key_invalid|invalid_api_key|authentication_error"),
    ("no credit", r"insufficient_quota|insufficient (balance|credit|fund)|credit balance|billing|current quota|arrear"),
    ("no credit", r"payment required|spend(ing)? limit|out of credit|no credits"),
    ("too large", r"image.{0,80}(too large|too big|exceed|maximum)|request_too_large|payload|entity too large"),
    ("too long", r"context[ _](length|window|size)|maximum context|(prompt|input) is too long|too many tokens"),
    ("too long", r"token count.{0,40}exceed|exceed.{0,40}tokens"),
    ("refused", r"content[ _](policy|filter|management)|filtering policy|safety (system|setting)|responsible ?ai"),
    ("refused", r"data_?inspection|prohibited|moderation|flagged|usage policies"),
    ("unknown model", r"model.{0,80}(not found|not exist|not a valid|unknown|not supported)|model_not_found"),
    ("unknown model", r"(unknown|invalid|no such) model|not_found_error|llm provider not provided"),
    ("busy", r"rate[ _]limit|too many requests|resource_exhausted"),
    ("server", r"overloaded|api_error|internal[ _]server|server_error|unavailable|try again later"),
)
_BY_STATUS: dict[int, Kind] = {
    401: "bad key", 402: "no credit", 403: "no permission", 404: "unknown model", 408: "server",
    413: "too large", 429: "busy",
}  # fmt: skip
_NETWORK: tuple[tuple[type[httpx.TransportError], Kind], ...] = (
    (Redirected, "redirected"),
    (TooMuch, "too much"),
    (Garbled, "garbled"),
    (httpx.ConnectTimeout, "unreachable"),
    (httpx.TimeoutException, "timeout"),
    (httpx.ConnectError, "unreachable"),
    (httpx.ProxyError, "unreachable"),
    (httpx.UnsupportedProtocol, "unreachable"),
    (httpx.TransportError, "dropped"),
)
_BY_EXCEPTION: tuple[tuple[type[Exception], Kind], ...] = (
    (exceptions.ContextWindowExceededError, "too long"),
    (exceptions.ContentPolicyViolationError, "refused"),
    (exceptions.AuthenticationError, "bad key"),
    (exceptions.RateLimitError, "busy"),
)
_LITELLMS_OWN = re.compile(r"litellm\.|\w*(Error|Exception)\b( -|:)?")  # names of classes, before the words


class Unusable(Exception):
    """The reply came, and is none."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def describe(error: Exception, secrets: Secrets) -> dict[str, Any]:
    """Say what failed, as data; without secrets."""
    detail = " ".join(secrets.out_of(_detail(error)).split())[:_MOST_WORDS]
    return {"failed": _kind(error), "status": traffic.status, "detail": detail, "retry_after": _retry_after()}


def _kind(error: Exception) -> Kind:
    if isinstance(error, Unusable):
        return error.kind
    if isinstance(error, TooMuch):
        return "too much"
    if traffic.error is not None:
        return _of_network(traffic.error)
    if traffic.status is not None and traffic.status >= 400:
        return _of_status(traffic.status, traffic.body)
    said = _of_words(str(error))
    for exception, kind in _BY_EXCEPTION:
        if said is None and isinstance(error, exception):
            said = kind
    return said or ("garbled" if traffic.status is not None else "other")


def _of_network(error: httpx.TransportError) -> Kind:
    for exception, kind in _NETWORK:
        if isinstance(error, exception):
            return kind
    return "other"


def _of_status(status: int, body: str) -> Kind:
    if status >= 500:
        return "server"
    said = _of_words(body)
    if said == "no credit" and "retryDelay" in body:  # Google says so of its limits per minute, too
        return "busy"
    if status in (401, 404) or (status == 403 and said not in ("bad key", "no credit", "refused")):
        return _BY_STATUS[status]
    if said in ("busy", "server"):  # of these the status knows more
        said = None
    return said or _BY_STATUS.get(status, "other")


def _of_words(text: str) -> Kind | None:
    return next((kind for kind, words in _WORDS if re.search(words, text, re.IGNORECASE)), None)


def _detail(error: Exception) -> str:
    """What the network, the provider, or else litellm says about it."""
    if traffic.error is not None:
        return str(traffic.error)
    if traffic.body and not isinstance(error, Unusable):
        return _message_in(traffic.body)
    return _LITELLMS_OWN.sub("", str(error).partition("Original exception")[0])


def _message_in(body: str) -> str:
    """The sentence in an error's body: JSON in one of a few forms, or a page of a proxy's."""
    try:
        said = json.loads(body)
    except ValueError:
        return re.sub(r"<[^>]*>", " ", body)
    if isinstance(said, list) and said:
        said = said[0]
    for name in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(name, said)
    return str(said)


def _retry_after() -> float | None:
    """Return the seconds after which the provider wants to be asked again, if it says."""
    if found := re.search(r'"retryDelay":\s*"([\d.]+)s"', traffic.body):
        return float(found[1])
    after = traffic.headers.get("retry-after", "")
    with suppress(ValueError):  # it may be a date
        return max(0.0, float(after))
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    return None
