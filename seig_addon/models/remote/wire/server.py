"""The inside of the asking process: one attempt for each request, until the client is gone.

The first line says how to reach the network; only then is litellm imported, because it reads the
environment. Keys come with each request and are kept nowhere; nothing that leaves here holds one.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, TextIO

from .secrets import Secrets

_OFTEN = 0.25  # seconds between signs of life

# litellm fetches lists from the internet and reads .env files unless told otherwise; tokenizers too.
_QUIET = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def serve(requests: TextIO, replies: TextIO) -> None:
    """Say hello once litellm is there, then answer requests until the client closes them."""
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(requests, lines), daemon=True).start()
    network: Mapping[str, str] = json.loads(lines.get())["network"]
    os.environ.update({**_QUIET, **network})
    from .attempt import attempt

    _send(replies, {"ready": True})
    while True:
        request = json.loads(lines.get())
        secrets = Secrets(request["options"].get("api_key", ""), network.values())
        _send(replies, attempt(request, secrets, _Heard(replies)))


class _Heard:
    """Tells the client that tokens arrive, a few times a second."""

    def __init__(self, replies: TextIO) -> None:
        self._replies, self._last = replies, 0.0

    def __call__(self, tokens: int) -> None:
        if time.monotonic() - self._last >= _OFTEN:
            self._last = time.monotonic()
            _send(self._replies, {"heard": tokens})


def _read(requests: TextIO, lines: SimpleQueue[str]) -> None:
    """Queue the requests. When the client is gone, for whatever reason, an answer is of no use any more."""
    for line in requests:
        lines.put(line)
    os._exit(0)


def _send(replies: TextIO, reply: Mapping[str, Any]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()
