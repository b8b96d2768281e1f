"""The processes that ask: started when first needed, kept warm, one for each question in flight."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelError
from ...process import Gone, Process
from ..access import Access
from .wire.secrets import Secrets

_START_SECONDS = 180.0  # litellm's first import from a slow disk reads 170 MB
_SLACK = 30.0  # seconds beyond the time-outs that the process keeps itself
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_HERE = "localhost,127.0.0.1,::1"


class Processes:
    """A pool of asking processes; used from several threads."""

    def __init__(self, access: Access) -> None:
        """Nothing starts yet."""
        self._access = access
        self._idle: list[Process] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def attempt(
        self, request: Mapping[str, Any], heard: Callable[[str], None], cancel: threading.Event
    ) -> dict[str, Any]:
        """Let a process make one attempt (see wire.attempt); its tokens so far are passed on to `heard`.

        Raises Cancelled within a second of `cancel`, which ends the process, and ModelError where no
        process can be started. One that ends or hangs comes back as a failure.
        """
        process = self._take(heard, cancel)
        seconds = request["connect_seconds"] + request["read_seconds"] + _SLACK
        try:
            reply = process.ask(request, seconds, cancel)
            while "heard" in reply:
                if reply["heard"]:
                    heard(f"{reply['heard']:,} tokens so far")
                reply = process.read(seconds, cancel)
        except Gone as gone:
            return _lost(gone, request)
        except BaseException:  # Cancelled, Ctrl-C: its answer must not be taken for the next one's
            process.kill()
            raise
        self._give_back(process)
        return reply

    def close(self) -> None:
        """End the processes; one that is busy ends with its question."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.kill()  # it holds nothing to lose

    def _take(self, heard: Callable[[str], None], cancel: threading.Event) -> Process:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        heard("starting litellm")
        command, surroundings = _command(), network(self._access)
        try:
            process = Process(command, None)
        except OSError as error:
            raise ModelError(f"{sys.executable} could not be started ({error.strerror}); reinstall Blender.") from error
        try:
            process.ask({"network": surroundings}, _START_SECONDS, cancel)
        except Gone as gone:
            raise ModelError(
                f"litellm could not be started ({_last_line(gone)}): reinstall SEIG with its packages; the run is kept."
            ) from gone
        return process

    def _give_back(self, process: Process) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(process)
                return
        process.kill()


def network(access: Access) -> dict[str, str]:
    """Return the environment that leads to the network: the proxy and certificates chosen, else the system's.

    Servers on this machine are reached directly. Raises ModelError if the CA file is not there.
    """
    found = {name: os.environ.get(name) or os.environ.get(name.lower()) or "" for name in _PROXIES}
    found["SSL_CERT_FILE"] = os.environ.get("SSL_CERT_FILE", "")
    if access.proxy:
        found |= {"HTTPS_PROXY": access.proxy, "HTTP_PROXY": access.proxy, "ALL_PROXY": ""}
    found["NO_PROXY"] = ",".join(each for each in (found["NO_PROXY"], _HERE) if each)
    if access.ca_file:
        if not Path(access.ca_file).is_file():
            raise ModelError(
                f"There is no CA file {access.ca_file}: choose another in the preferences; the run is kept."
            )
        found["SSL_CERT_FILE"] = access.ca_file
    return {name: value for name, value in found.items() if value}


def _command() -> list[str]:
    """Build the command line that starts a process; inside Blender this is Blender's own Python."""
    if not Path(sys.executable).stem.lower().startswith("python"):
        raise ModelError(
            f"This Blender brings no Python program of its own ({sys.executable or 'none'}), which asking a model "
            "needs: use Blender from blender.org, or the manual model."
        )
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise ModelError("litellm is not installed: install SEIG's full package, or take the manual model.")
    bootstrap = Path(__file__).with_name("wire") / "bootstrap.py"
    return [sys.executable, "-P", str(bootstrap.resolve()), str(Path(spec.origin).parents[1])]


def _lost(gone: Gone, request: Mapping[str, Any]) -> dict[str, Any]:
    """What became of a question whose process ended or hangs, in the words of wire.attempt."""
    secrets = Secrets(request["options"].get("api_key", ""))
    detail = "" if gone.timed_out else secrets.out_of(f"the asking process ended: {_last_line(gone)}")
    kind = "timeout" if gone.timed_out else "dropped"
    usage = {"input_tokens": 0, "cached_tokens": 0, "output_tokens": 0}
    return {"failed": kind, "status": None, "detail": detail, "retry_after": None, "usage": usage, "cost": None}


def _last_line(gone: Gone) -> str:
    lines = [line.strip() for line in gone.log.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it did not answer" if gone.timed_out else "without a message"
