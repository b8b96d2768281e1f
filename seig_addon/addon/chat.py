"""The manual model's question as one would put it to a chat, and the chat's reply. Pure: never imports bpy.

A chat gets its pictures attached by hand, so the text calls them by their files' names.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..engine.files import write_atomic
from ..errors import SeigError

_PICTURE = re.compile(r"^!\[[^\]]*\]\(([^)]+)\)$", re.MULTILINE)
_SAME = 200  # characters by which a text is known as the question: chats change what comes later, as by escaping


def waiting(run: Path) -> Path:
    """The folder of the run's question that waits for a reply; raises SeigError if there is none."""
    questions = sorted((run / "questions").glob("*/question.md"))
    if not questions or (questions[-1].parent / "taken.md").exists():
        raise SeigError("The question's folder is gone; Stop and Resume ask it again.")
    return questions[-1].parent


def for_chat(folder: Path) -> str:
    """The question's text. Raises SeigError if it can't be read."""
    try:
        text = (folder / "question.md").read_text(encoding="utf-8")
    except OSError as error:
        raise SeigError(f"{folder} can't be read ({error.strerror}); Stop and Resume ask it again.") from error
    pictures = _PICTURE.findall(text)
    text = _PICTURE.sub(lambda found: f"[picture: {found[1]}]", text)
    if not pictures:
        return text
    count = "A picture is" if len(pictures) == 1 else f"{len(pictures)} pictures are"
    return f"{count} attached, in this order: {', '.join(pictures)}. Below, each is called by its name.\n\n{text}"


def answer(folder: Path, text: str) -> None:
    """Hand in a reply. Raises SeigError for what is none, or where it can't be written."""
    if not text.strip():
        raise SeigError("The clipboard is empty; copy the chat's whole reply first.")
    if _beginning(text) == _beginning(for_chat(folder)):
        raise SeigError("The clipboard still has the question; copy the chat's whole reply first.")
    write_atomic(folder / "reply.md", text)


def _beginning(text: str) -> str:
    return " ".join(text.split())[:_SAME]
