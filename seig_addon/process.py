"""A process that answers lines of JSON, and what keeps it harmless: its environment, its end, its log.

Starts, asks and ends one server process: a studio's Blender, or the one that asks a model. Knows nothing
of scenes, verbs or models, and never imports bpy.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import Cancelled

LOG_BYTES = 64 * 1024
"""How much of the end of the log is kept."""

_LOG_FILE_BYTES = 1 << 20  # a log file that has reached this gets no more
_POLL = 0.05  # seconds between looks at the cancel flag
_PATIENCE = 2.0  # seconds for a process to end when asked to

# All that the process may know of its surroundings: how to find programs and libraries, languages and
# the machine. No keys, no proxies, no preferences.
_ALLOWED = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"),
    *("SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
)


class Gone(Exception):
    """The process ended before it answered. `log` is what it wrote since it was asked."""

    def __init__(self, log: str, code: int | None, timed_out: bool) -> None:
        super().__init__(log)
        self.log, self.code, self.timed_out = log, code, timed_out


def environment(home: str) -> dict[str, str]:
    """Build the process's environment: the allow-list, and a home of its own for whatever it keeps."""
    kept = {name: os.environ[name] for name in _ALLOWED if name in os.environ}
    own = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"), home)
    return {**kept, **own, "BLENDER_USER_RESOURCES": home, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}


class Process:
    """A running server process. Used by one thread at a time."""

    def __init__(self, command: Sequence[str], log_file: Path | None) -> None:
        """Start it; raises OSError if there is no such program. What it says first comes with read()."""
        self._home = tempfile.TemporaryDirectory(prefix="seig-", ignore_cleanup_errors=True)
        self._log, self._log_file = bytearray(), log_file
        self._replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(self._home.name),
                cwd=self._home.name,
                # A group of its own: Ctrl-C in the terminal is for the client to handle, and a wrapper
                # script is ended with the Blender that it started.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError:
            self._home.cleanup()
            raise
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_replies, self._read_log)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(self, request: Mapping[str, Any], seconds: float, cancel: threading.Event) -> dict[str, Any]:
        """Send a request and wait for its reply; raises Gone or Cancelled, and the process has ended then."""
        assert self._process.stdin
        self._log.clear()
        with suppress(OSError):  # it is gone already, which reading finds out
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        return self.read(seconds, cancel)

    def read(self, seconds: float, cancel: threading.Event) -> dict[str, Any]:
        """Wait for the next line that is a JSON object; others are chatter from before the channel was private."""
        until = time.monotonic() + seconds
        while True:
            if cancel.is_set():
                self.kill()
                raise Cancelled("Stopped.")
            if time.monotonic() > until:
                self.kill()
                raise Gone(self.log, self._process.returncode, timed_out=True)
            try:
                line = self._replies.get(timeout=_POLL)
            except queue.Empty:
                continue
            if not line:
                self.close()
                raise Gone(self.log, self._process.returncode, timed_out=False)
            with suppress(ValueError):
                reply = json.loads(line)
                if isinstance(reply, dict):
                    return reply

    @property
    def log(self) -> str:
        """The end of what the process wrote since it was last asked."""
        return bytes(self._log).decode(errors="replace")

    def close(self) -> None:
        """Ask the process to end, by closing its channel, and make sure that it does."""
        assert self._process.stdin
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End the process and what it started, and read its log to the end."""
        if self._process.returncode is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                with suppress(ProcessLookupError, PermissionError):  # macOS denies it for a group that has ended
                    os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join(_PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        self._home.cleanup()

    def _read_replies(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._replies.put(line)
        self._replies.put(b"")

    def _read_log(self) -> None:
        """Keep the log's end, and its beginning in a file. Never stops reading: a full pipe would block the process."""
        assert self._process.stderr
        while chunk := os.read(self._process.stderr.fileno(), LOG_BYTES):
            self._log += chunk
            del self._log[:-LOG_BYTES]
            if self._log_file:
                with suppress(OSError), self._log_file.open("ab") as file:  # a log is no reason to fail
                    if file.tell() < _LOG_FILE_BYTES:
                        file.write(chunk)
