"""A provider of models for tests: a real HTTP server that speaks three wire formats, and misbehaves on demand.

    provider.say("first", "second")        what the next replies say: a text, or a function of the request;
                                           afterwards the last one again
    provider.misbehave("busy", "ok")       how the next requests are treated, one each; afterwards they are fine
    provider.address("openai")             the base URL to give for a provider; "openai" serves all that speak it
    provider.requests                      what came in: texts, pictures, key, cache marks … of each request
    provider.other                         another server, that must never get anything

OpenAI chat completions and Anthropic messages (streamed and not), Google generateContent and
streamGenerateContent. Fixture: `provider`.
"""

from __future__ import annotations

import base64
import io
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image

Format = Literal["openai", "anthropic", "google"]

INPUT, CACHED, OUTPUT = 120, 40, 30
"""The tokens of every reply: asked, of these found in the cache, answered."""

HUGE = 50 << 20


def _error(format_: Format, status: int, kind: str, message: str, **more: Any) -> bytes:
    if format_ == "anthropic":
        body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    elif format_ == "google":
        body = {"error": {"code": status, "message": message, "status": kind, **more}}
    else:
        body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": kind}}
    return json.dumps(body).encode()


# How each provider words a failure: status, its name for it, its sentence. {key} is what it was sent.
_REFUSALS: dict[str, dict[Format, tuple[int, str, str]]] = {
    "wrong key": {
        "openai": (401, "invalid_api_key", "Incorrect API key provided: {key}. You can find yours at the platform."),
        "anthropic": (401, "authentication_error", "invalid x-api-key {key}"),
        "google": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key, not {key}."),
    },
    "no credit": {
        "openai": (429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing."),
        "anthropic": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        "google": (400, "FAILED_PRECONDITION", "Please enable billing on your project in Google AI Studio."),
    },
    "no permission": {
        "openai": (403, "model_not_allowed", "Project does not have access to this model."),
        "anthropic": (403, "permission_error", "Your API key does not have permission to use the specified resource."),
        "google": (403, "PERMISSION_DENIED", "The caller does not have permission."),
    },
    "unknown model": {
        "openai": (404, "model_not_found", "The model `gpt-0` does not exist or you do not have access to it."),
        "anthropic": (404, "not_found_error", "model: claude-0"),
        "google": (404, "NOT_FOUND", "models/gemini-0 is not found for API version v1beta."),
    },
    "too long": {
        "openai": (400, "context_length_exceeded", "This model's maximum context length is 8192 tokens."),
        "anthropic": (400, "invalid_request_error", "prompt is too long: 212043 tokens > 200000 maximum"),
        "google": (400, "INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum number of tokens."),
    },
    "too large": {
        "openai": (413, "request_too_large", "Request entity too large"),
        "anthropic": (400, "invalid_request_error", "messages.0.content.1.image: image exceeds 5 MB maximum"),
        "google": (400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."),
    },
    "forbidden content": {
        "openai": (400, "content_policy_violation", "Your request was rejected as a result of our safety system."),
        "anthropic": (400, "invalid_request_error", "Output blocked by content filtering policy"),
        "google": (400, "INVALID_ARGUMENT", "The request was blocked: PROHIBITED_CONTENT."),
    },
    "busy": {
        "openai": (429, "rate_limit_exceeded", "Rate limit reached for requests per min."),
        "anthropic": (429, "rate_limit_error", "This request would exceed your rate limit."),
        "google": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    },
    "server error": {
        "openai": (500, "server_error", "The server had an error while processing your request."),
        "anthropic": (529, "overloaded_error", "Overloaded"),
        "google": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    },
    "bad schema": {
        "openai": (400, "invalid_json_schema", "Invalid schema for response_format 'reply'."),
        "anthropic": (400, "invalid_request_error", "output_config.format.schema: unsupported"),
        "google": (400, "INVALID_ARGUMENT", "response_schema: Unknown name."),
    },
}
_REFUSALS["busy for 1 s"] = _REFUSALS["busy"]

_FINISH: dict[str, dict[Format, str]] = {
    "stop": {"openai": "stop", "anthropic": "end_turn", "google": "STOP"},
    "length": {"openai": "length", "anthropic": "max_tokens", "google": "MAX_TOKENS"},
    "refusal": {"openai": "content_filter", "anthropic": "refusal", "google": "SAFETY"},
}


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    format: Format
    path: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        names = {"openai": "authorization", "anthropic": "x-api-key", "google": "x-goog-api-key"}
        return self.headers.get(names[self.format], "").removeprefix("Bearer ")

    @property
    def parts(self) -> list[dict[str, Any]]:
        """All parts of all turns in order, without the system's."""
        turns = self.body["contents" if self.format == "google" else "messages"]
        contents = [turn.get("parts" if self.format == "google" else "content") for turn in turns]
        if self.format == "openai":
            contents = contents[[turn["role"] for turn in turns].count("system") :]
        return [part for content in contents for part in ([{"text": content}] if isinstance(content, str) else content)]

    @property
    def pictures(self) -> list[tuple[str, bytes]]:
        """Each picture's bytes with the text that stands before it."""
        found, before = [], ""
        for part in self.parts:
            if "text" in part:
                before = part["text"]
            elif "image_url" in part:
                found.append((before, base64.b64decode(part["image_url"]["url"].partition("base64,")[2])))
            elif "source" in part:
                found.append((before, base64.b64decode(part["source"]["data"])))
            else:
                found.append((before, base64.b64decode((part.get("inline_data") or part["inlineData"])["data"])))
        return found

    @property
    def text(self) -> str:
        return "\n".join(part["text"] for part in self.parts if "text" in part)

    @property
    def system(self) -> str:
        """What stands in the system message, as JSON."""
        if self.format == "openai":
            return json.dumps([each for each in self.body["messages"] if each["role"] == "system"])
        names = ("system", "system_instruction", "systemInstruction")
        return json.dumps([self.body[name] for name in names if name in self.body])

    @property
    def most_tokens(self) -> int | None:
        settings = self.body.get("generationConfig", self.body)
        names = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
        return next((settings[name] for name in names if name in settings), None)

    def size_of(self, index: int) -> tuple[int, int]:
        """The pixels of a picture, which must decode."""
        image = Image.open(io.BytesIO(self.pictures[index][1]))
        image.load()
        return image.size


Says = str | Callable[[Received], str]


class ProviderServer:
    """The server, running in threads of its own."""

    def __init__(self, other: ProviderServer | None = None) -> None:
        """Listen on a free port of this machine."""
        self.requests: list[Received] = []
        self.other = other
        self.closing = threading.Event()
        self.stall_seconds = 30.0
        self.pause = 0.0  # seconds between events
        self._says: deque[Says] = deque(["Hello."])
        self._treatments: deque[str] = deque()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def encrypted(self, certificate: Path, key: Path) -> None:
        """Speak HTTPS to those who connect from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._plain = self._server.socket
        self._server.socket = context.wrap_socket(self._plain.dup(), server_side=True)

    def plain(self) -> None:
        """Speak HTTP again."""
        self._server.socket.close()
        self._server.socket = self._plain

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        self.closing.set()  # lets stalled handlers go
        self.closing = threading.Event()
        self.requests.clear()
        self._treatments.clear()
        self._says = deque(["Hello."])
        self.stall_seconds, self.pause = 30.0, 0.0
        if self.other:
            self.other.reset()

    def say(self, *texts: Says) -> None:
        self._says = deque(texts)

    def misbehave(self, *treatments: str) -> None:
        self._treatments = deque(treatments)

    def address(self, provider: str) -> str:
        base = f"http://127.0.0.1:{self.port}"
        return (
            base if provider in ("anthropic", "ollama") else f"{base}/v1beta" if provider == "gemini" else f"{base}/v1"
        )

    def next(self, received: Received) -> tuple[str, str]:
        """Note a request; returns how to treat it and what to say."""
        with self._lock:
            self.requests.append(received)
            treatment = self._treatments.popleft() if self._treatments else "ok"
            says = self._says[0]
            if treatment in ("ok", "whole", "cut off") and len(self._says) > 1:
                self._says.popleft()
        return treatment, says(received) if callable(says) else says


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that go away are no news here."""


def _handler(provider: ProviderServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            format_: Format = "google" if "enerateContent" in self.path else "openai"
            if self.path.split("?")[0].endswith("/messages"):
                format_ = "anthropic"
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(format_, self.path, headers, raw, json.loads(raw or b"{}"))
            treatment, text = provider.next(received)
            try:
                self._treat(received, treatment, text)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client has gone, which some treatments are about

        def _treat(self, received: Received, treatment: str, text: str) -> None:
            if treatment in _REFUSALS:
                status, kind, message = _REFUSALS[treatment][received.format]
                body = _error(received.format, status, kind, message.replace("{key}", received.key))
                self._send(status, *(_wait(received.format, body) if treatment == "busy for 1 s" else (body, {})))
            elif treatment == "redirect":
                assert provider.other
                target = f"http://localhost:{provider.other.port}{self.path}"
                self._send(307, b"", {"location": target})
            elif treatment == "page":  # as a proxy or a wrong address answers
                self._send(502, b"<html><body><h1>Bad gateway</h1></body></html>", {"content-type": "text/html"})
            elif treatment == "stall":
                provider.closing.wait(provider.stall_seconds)
                self.close_connection = True
            elif treatment == "hang up":
                self.close_connection = True
            elif treatment == "huge and whole":
                self._send(200, b" " * HUGE, {})
            elif treatment == "whole" or not _is_streamed(received):
                self._send(200, json.dumps(_whole(received.format, text)).encode(), {})
            else:
                self._stream(received.format, treatment, text)

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, format_: Format, treatment: str, text: str) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            # "unended": as HTTP/1.0 does, where the connection's end is the reply's
            self.send_header("connection", "close") if treatment == "unended" else self.send_header(
                "transfer-encoding", "chunked"
            )
            self.end_headers()
            finish = {"cut off": "length", "only thoughts": "length", "refusal": "refusal"}.get(treatment, "stop")
            said = "" if treatment in ("only thoughts", "refusal", "silence") else text
            events = list(_events(format_, said, finish))
            if treatment == "empty choices":
                events = [_empty(format_)]
            elif treatment == "error in stream":
                events = [
                    *events[:-2],
                    _event(format_, "error", json.loads(_error(format_, 503, "overloaded_error", "Overloaded"))),
                ]
            for number, event in enumerate(events):
                if number == len(events) // 2:
                    if treatment == "stall in the middle":
                        provider.closing.wait(provider.stall_seconds)
                    if treatment in ("stall in the middle", "drop", "unended"):
                        self.close_connection = True
                        return
                    if treatment == "malformed":
                        event = event.replace(b": {", b": {]", 1)
                    if treatment == "huge":
                        self._flood(format_)
                self._write(event, treatment)
                time.sleep(provider.pause)
            if treatment != "unended":
                self.wfile.write(b"0\r\n\r\n")

        def _flood(self, format_: Format) -> None:
            event = max(_events(format_, "x" * 800_000, "stop"), key=len)
            for _ in range(HUGE // len(event) + 1):
                self._write(event, "huge")

        def _write(self, data: bytes, treatment: str) -> None:
            self.wfile.write(data if treatment == "unended" else b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    return Handler


def _wait(format_: Format, body: bytes) -> tuple[bytes, dict[str, str]]:
    """Wish for a second's wait, in each of the ways there are."""
    if format_ == "google":
        error = json.loads(body)
        error["error"]["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]
        return json.dumps(error).encode(), {}
    date = formatdate(time.time() + 2, usegmt=True)  # in whole seconds
    return body, {"retry-after": date if format_ == "anthropic" else "1"}


def _is_streamed(received: Received) -> bool:
    return bool(received.body.get("stream")) or "streamGenerateContent" in received.path


def _event(format_: Format, name: str, data: object) -> bytes:
    head = f"event: {name}\n" if format_ == "anthropic" else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def _events(format_: Format, text: str, finish: str) -> Iterator[bytes]:
    """A reply as the events of a stream, in about eight pieces, with some thinking before it."""
    step = max(1, -(-len(text) // 8))
    pieces = [text[start : start + step] for start in range(0, len(text), step)]
    reason = _FINISH[finish][format_]
    if format_ == "openai":
        yield _event(format_, "", _chunk({"role": "assistant", "content": "", "reasoning_content": "Hmm, thinking."}))
        for piece in pieces:
            yield _event(format_, "", _chunk({"content": piece}))
        yield _event(format_, "", _chunk({}, reason))
        yield _event(format_, "", {**_chunk({}), "choices": [], "usage": _usage(format_)})
        yield b"data: [DONE]\n\n"
    elif format_ == "anthropic":
        start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
        usage = _usage(format_)
        yield _event(format_, "message_start", {"type": "message_start", "message": {**start, "usage": usage}})
        block = {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        }
        yield _event(format_, "content_block_start", block)
        thought = {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "Hmm, thinking."},
        }
        yield _event(format_, "content_block_delta", thought)
        yield _event(format_, "content_block_stop", {"type": "content_block_stop", "index": 0})
        block = {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}
        yield _event(format_, "content_block_start", block)
        yield _event(format_, "ping", {"type": "ping"})
        for piece in pieces:
            delta = {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": piece}}
            yield _event(format_, "content_block_delta", delta)
        yield _event(format_, "content_block_stop", {"type": "content_block_stop", "index": 1})
        end = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": OUTPUT}}
        yield _event(format_, "message_delta", end)
        yield _event(format_, "message_stop", {"type": "message_stop"})
    else:
        for piece in pieces:
            yield _event(format_, "", _candidate(piece))
        yield _event(format_, "", {**_candidate("", reason), "usageMetadata": _usage(format_)})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _candidate(text: str, finish: str | None = None) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}] if text else []}
    candidate = {"index": 0, "content": content, **({"finishReason": finish} if finish else {})}
    return {"candidates": [candidate], "modelVersion": "gemini"}


def _usage(format_: Format) -> dict[str, Any]:
    if format_ == "openai":
        cached = {"prompt_tokens_details": {"cached_tokens": CACHED}}
        return {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT, **cached}
    if format_ == "anthropic":
        cached = {"cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0}
        return {"input_tokens": INPUT - CACHED, "output_tokens": 1, **cached}
    counts = {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT}
    return {**counts, "cachedContentTokenCount": CACHED}


def _whole(format_: Format, text: str) -> dict[str, Any]:
    """A reply that is not streamed."""
    if format_ == "openai":
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        base = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
        return {**base, "choices": [choice], "usage": _usage(format_)}
    if format_ == "anthropic":
        usage = {**_usage(format_), "output_tokens": OUTPUT}
        base = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
        return {**base, "content": [{"type": "text", "text": text}], "usage": usage}
    return {**_candidate(text, "STOP"), "usageMetadata": _usage(format_)}


def _empty(format_: Format) -> bytes:
    if format_ == "openai":
        return _event(format_, "", {**_chunk({}), "choices": []}) + b"data: [DONE]\n\n"
    if format_ == "anthropic":
        return next(_events(format_, "", "stop")) + _event(format_, "message_stop", {"type": "message_stop"})
    return _event(format_, "", {"candidates": [], "usageMetadata": _usage(format_)})


@pytest.fixture(scope="session")
def provider_server() -> Iterator[ProviderServer]:
    other = ProviderServer()
    server = ProviderServer(other)
    yield server
    server.close()
    other.close()


@pytest.fixture
def provider(provider_server: ProviderServer) -> ProviderServer:
    provider_server.reset()
    return provider_server
