"""The transcript: each question and its reply, one JSON line each; pictures lie in images/ by hash.

Replay needs nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from ..errors import RunFolderError
from ..models import Message, Picture, Reply, Usage
from .files import append_line, write_atomic


class Exchange(BaseModel):
    """One question and its reply. Pictures are named by the SHA-256 of their bytes."""

    messages: list[dict[str, Any]]
    schema_name: str | None
    text: str
    usage: Usage
    cost: float | None
    finish_reason: Literal["stop", "length"]
    model: str = ""  # which one replied; earlier transcripts don't say


def record(run: Path, messages: Sequence[Message], schema: type[BaseModel] | None, reply: Reply, model: str) -> None:
    """Append an exchange, its pictures first."""
    exchange = Exchange(
        messages=[{"role": m.role, "parts": [_part(run, part) for part in m.parts]} for m in messages],
        schema_name=schema.__name__ if schema else None,
        text=reply.text,
        usage=reply.usage,
        cost=reply.cost,
        finish_reason=reply.finish_reason,
        model=model,
    )
    append_line(run / "transcript.jsonl", exchange.model_dump_json())


def _part(run: Path, part: str | Picture) -> dict[str, str]:
    if isinstance(part, str):
        return {"text": part}
    digest = hashlib.sha256(part.data).hexdigest()[:32]
    path = run / "images" / f"{digest}.{part.media_type.removeprefix('image/')}"
    if not path.exists():
        write_atomic(path, part.data)
    return {"caption": part.caption, "image": path.name}


def read(run: Path) -> list[Exchange]:
    """Read a transcript; a last line that a kill cut off is left out."""
    path = run / "transcript.jsonl"
    if not path.is_file():
        raise RunFolderError(f"{run} has no transcript.jsonl, so there is nothing to replay.")
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    exchanges = []
    for number, line in enumerate(whole.split("\n") if whole else [], 1):
        try:
            exchanges.append(Exchange.model_validate_json(line))
        except ValueError as error:
            raise RunFolderError(f"{path} is damaged at line {number}; it can't be replayed.") from error
    return exchanges
