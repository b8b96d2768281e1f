"""The manual model: a person carries questions to any chat, and its replies back, as files.

Each question becomes a folder with question.md and its pictures; the reply is awaited as reply.md
beside them, and kept as taken.md once it was used. Nothing leaves the machine but by the person's own hand.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel

from ..engine.files import write_atomic
from ..errors import Cancelled, ModelError
from . import Costless, Message, Picture, Reply, title_of

_POLL = 0.3  # seconds between looks for the reply
_SETTLED = 1.0  # seconds a reply must stay unchanged: editors write in several steps


class ManualModel(Costless):
    """Writes questions into `folder` and waits there for replies; `announce` tells the person where."""

    name = "manual"

    def __init__(self, folder: Path, announce: Callable[[str], None]) -> None:
        """Nothing is written before the first question."""
        self._folder, self._announce = folder, announce

    def ask(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel] | None = None,
        cancel: threading.Event | None = None,
        at_most: float | None = None,
    ) -> Reply:
        """Write the question, wait for reply.md as long as it takes; raises Cancelled on `cancel`."""
        try:
            folder = self._open_question(messages)
        except OSError as error:
            raise ModelError(
                f"The question could not be written to {self._folder} ({error.strerror}); the run so far is kept."
            ) from error
        self._announce(
            f"Question: {folder / 'question.md'}\n"
            f"Give it to a chat together with its pictures, and save the answer as {folder / 'reply.md'}"
        )
        reply = self._await_reply(folder / "reply.md", cancel or threading.Event())
        write_atomic(folder / "taken.md", reply)
        return Reply(reply)

    def _open_question(self, messages: Sequence[Message]) -> Path:
        """Make the question's folder.

        One that a stopped run left is used again, also with a reply that came only after the stop.
        """
        slug = re.sub(r"[^a-z0-9]+", "_", title_of(messages).lower()).strip("_")
        asked = sorted(self._folder.glob("[0-9][0-9][0-9]_*")) if self._folder.is_dir() else []
        if asked and asked[-1].name[4:] == slug and not (asked[-1] / "taken.md").exists():
            folder = asked[-1]
        else:
            folder = self._folder / f"{len(asked) + 1:03}_{slug}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "question.md").write_text(_markdown(messages, folder), encoding="utf-8")
        return folder

    def _await_reply(self, path: Path, cancel: threading.Event) -> str:
        seen, since = "", time.monotonic()
        while not cancel.wait(_POLL):
            text = _read(path)
            if text != seen:
                seen, since = text, time.monotonic()
            elif seen.strip() and time.monotonic() - since >= _SETTLED:
                return seen
        raise Cancelled("Stopped while waiting for a reply.")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, PermissionError, UnicodeDecodeError):
        return ""  # not there yet, or still held by the editor that writes it


def _markdown(messages: Sequence[Message], folder: Path) -> str:
    """The messages as one Markdown text; their pictures are written beside it."""
    lines: list[str] = []
    number = 0
    for message in messages:
        if message.role == "assistant":
            lines.append("---\n\nYou answered:\n")
        for part in message.parts:
            if isinstance(part, Picture):
                number += 1
                name = f"{number}_{part.caption.lower().replace(' ', '_')}.{part.media_type.removeprefix('image/')}"
                (folder / name).write_bytes(part.data)
                lines.append(f"![{part.caption}]({name})\n")
            else:
                lines.append(part + "\n")
        if message.role == "assistant":
            lines.append("---\n")
    return "\n".join(lines)
