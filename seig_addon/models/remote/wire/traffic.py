"""All that goes over the network in the asking process, watched in one place: httpx's transport.

litellm has its own handler for each provider. They follow redirects with the key in a header, use one
time-out for connecting and for reading, read without end, and word failures each in its own way. Below
all of them lies httpx's HTTPTransport, replaced here for this process alone: no redirect is ever
followed, the time-outs are ours, a reply has a limit, and what really happened is noted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx

MOST_BYTES = 32 << 20
"""A reply of the longest kind is 10 MB of events; more is no reply."""

_MOST_LINE = 8 << 20  # handlers take ever longer over an event that does not end
_TAIL_BYTES = 64 << 10  # of a stream; its last event is shorter
# How each wire format ends a reply that is whole: OpenAI, Anthropic, Google, Ollama, Bedrock.
_END = re.compile(
    rb'\[DONE\]|"finish_reason":\s*"|response\.(completed|incomplete)|message_stop|"stop_reason":\s*"|'
    rb'"finishReason"|"blockReason"|"done":\s*true|messageStop'
)


class Redirected(httpx.TransportError):
    """The server wanted the question, with the key, sent somewhere else."""


class TooMuch(httpx.TransportError):
    """The server sends more than any reply can have."""


class Garbled(httpx.TransportError):
    """An event is no JSON. Some handlers would take the reply as ended there, without a word."""


class Traffic:
    """What happened to the last request."""

    def __init__(self) -> None:
        self.begin(15.0, 300.0)

    def begin(self, connect_seconds: float, read_seconds: float) -> None:
        """Forget all, and let the next requests take so long: to connect, and of silence in a reply."""
        self.timeout = httpx.Timeout(read_seconds, connect=connect_seconds).as_dict()
        self.status: int | None = None
        self.headers = httpx.Headers()
        self.body = ""  # of an error
        self.error: httpx.TransportError | None = None
        self.tail = b""
        self.response: httpx.Response | None = None

    def end(self) -> None:
        """Leave a reply that was not read to its end, and its connection."""
        if self.response is not None:
            self.response.close()

    @property
    def came_whole(self) -> bool:
        """Whether a whole reply came where a stream was asked for."""
        return str(self.headers.get("content-type", "")).startswith("application/json")

    @property
    def is_ended(self) -> bool:
        """Whether the reply's end was seen, and not just that of the connection."""
        return self.came_whole or bool(_END.search(self.tail))


traffic = Traffic()


class _Watched(httpx.SyncByteStream):
    """A reply's bytes, counted and looked at; remembers the last ones, and what ended them."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        has_events = traffic.headers.get("content-type", "").startswith("text/event-stream")
        received, line = 0, b""
        try:
            for chunk in self._stream:
                received += len(chunk)
                *lines, line = (line + chunk).split(b"\n")
                if received > MOST_BYTES or len(line) > _MOST_LINE:
                    raise TooMuch("the reply does not end")
                if has_events:
                    _check(lines)
                traffic.tail = (traffic.tail + chunk)[-_TAIL_BYTES:]
                yield chunk
        except httpx.TransportError as error:
            traffic.error = error
            raise

    def close(self) -> None:
        self._stream.close()


def _check(lines: list[bytes]) -> None:
    for line in lines:
        name, _, data = line.partition(b":")
        if name == b"data" and data.strip() not in (b"", b"[DONE]"):
            try:
                json.loads(data)
            except ValueError as error:
                raise Garbled("an event in the reply is no JSON") from error


def _watch(request: httpx.Request, response: httpx.Response) -> None:
    """Note how a request was answered; raises Redirected."""
    traffic.status, traffic.headers = response.status_code, response.headers
    if response.is_redirect:
        response.close()
        host = httpx.URL(response.headers.get("location", "")).host or request.url.host
        raise Redirected(f"from {request.url.host} to {host}")
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _Watched(response.stream)
    traffic.response = response
    if response.is_error:
        traffic.body = response.read().decode(errors="replace")


_handle = httpx.HTTPTransport.handle_request


def _handle_watched(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    request.extensions = {**request.extensions, "timeout": traffic.timeout}
    request.headers["accept-encoding"] = "identity"  # a few bytes could unpack to gigabytes
    try:
        response = _handle(transport, request)
        _watch(request, response)
    except httpx.TransportError as error:
        traffic.error = error
        raise
    return response


httpx.HTTPTransport.handle_request = _handle_watched  # type: ignore[assignment,method-assign]
