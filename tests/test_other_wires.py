"""Bedrock and Ollama, whose wire formats are their own: what they get, and that their replies are read."""

import base64
import io
import json
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from seig_addon.models.access import Access
from seig_addon.models.remote import connection

pytestmark = pytest.mark.slow


def frame(kind, said):
    """One event of Amazon's binary event stream."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in named.items()
    )
    body = json.dumps(said).encode()
    start = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    whole = start + struct.pack(">I", zlib.crc32(start)) + headers + body
    return whole + struct.pack(">I", zlib.crc32(whole))


BEDROCK = b"".join(
    [
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"delta": {"text": "Re"}, "contentBlockIndex": 0}),
        frame("contentBlockDelta", {"delta": {"text": "d"}, "contentBlockIndex": 0}),
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame(
            "metadata",
            {
                "usage": {"inputTokens": 120, "outputTokens": 30, "totalTokens": 150},
                "metrics": {"latencyMs": 900},
            },
        ),
    ]
)
OLLAMA = b"".join(
    json.dumps({"model": "llava", "created_at": "2026-11-22T10:00:00Z", **more}).encode() + b"\n"
    for more in (
        {"message": {"role": "assistant", "content": "Re"}, "done": False},
        {"message": {"role": "assistant", "content": "d"}, "done": False},
        {
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 120,
            "eval_count": 30,
        },
    )
)


@pytest.fixture
def serve():
    """Serve one answer to everything; returns the address, and what came in: path, key and question."""
    servers = []

    def start(answer, media_type):
        came = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                came.append((self.path, self.headers["Authorization"], json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}", came

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def is_red_square(encoded):
    image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    return image.size == (64, 64) and image.convert("RGB").getpixel((9, 9)) == (220, 20, 20)


def test_bedrock_takes_its_api_key_alone_and_its_event_stream_is_read(serve):
    address, came = serve(BEDROCK, "application/vnd.amazon.eventstream")
    model = "global.anthropic.claude-opus-5-5"
    told = connection.test_connection(
        f"bedrock/{model}", Access(keys={"bedrock": "sk-planted"}, addresses={"bedrock": address})
    )
    assert "“Red”. 150 tokens, $0.0011." in told
    ((path, key, question),) = came
    assert path == f"/model/{model}/converse-stream"
    assert key == "Bearer sk-planted"
    (turn,) = question["messages"]
    assert [is_red_square(part["image"]["source"]["bytes"]) for part in turn["content"] if "image" in part] == [True]


def test_ollama_gets_room_for_the_pictures_and_its_lines_are_read(serve):
    address, came = serve(OLLAMA, "application/x-ndjson")
    told = connection.test_connection("ollama/llava", Access(online=False, addresses={"ollama": address}))
    assert "“Red”. 150 tokens." in told
    (question,) = [each for path, _, each in came if path == "/api/chat"]  # litellm may ask about the model as well
    assert question["options"]["num_ctx"] > 30_000
    assert [is_red_square(each) for turn in question["messages"] for each in turn.get("images", ())] == [True]
