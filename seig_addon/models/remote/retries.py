"""When to ask again and after how long, and how the parts of a reply that was cut off are joined."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)", re.MULTILINE)
_FENCE_WITH_NAME = re.compile(r"\A(?:[^\n]*\n){0,3}?[ \t]*(?:```+|~~~+)[ \t]*\w[^\n]*\n")
_BARE_FENCE = re.compile(r"\A\s*(?:```+|~~~+)[ \t]*\n")
_LONGEST_OVERLAP = 2000  # characters that a model may say once more
_SURE = 20  # characters that are not the same by chance
_SHORTEST_LINE = 4


@dataclass(frozen=True)
class Patience:
    """How often a question is asked, and how long to wait in between, in seconds.

    Waits double each time, with a quarter more or less so that parallel questions part; a provider's
    own wish comes first. No wait is longer than `longest`.
    """

    tries: int = 6
    first: float = 2.0
    longest: float = 120.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def wait(self, failed: int, wished: float | None) -> float:
        """Return how long to wait after so many failures, the first being 1."""
        if wished is not None:
            return min(self.longest, wished + self.chance() * self.first / 4)
        return float(min(self.longest, self.first * 2 ** (failed - 1) * (0.75 + self.chance() / 2)))


def join(said: str, more: str) -> str:
    """Join a reply that was cut off with what was said next, which may begin again a little earlier.

    Words repeated from the end of the first part are left out, and so is a code fence that is opened once
    more inside of an open one, with a line or two of talk before it.
    """
    if not _repeated(said, more) and len(_FENCE.findall(said)) % 2 == 1:
        reopened = _FENCE_WITH_NAME.match(more)
        if reopened is None and len(_FENCE.findall(more)) % 2 == 0:  # a bare one, opened and closed
            reopened = _BARE_FENCE.match(more)
        if reopened:
            more = more[reopened.end() :]
    return said + more[_repeated(said, more) or _line_begun_anew(said, more) :]


def _repeated(said: str, more: str) -> int:
    """How many characters of `more` repeat the end of `said`: enough to be no chance, or none."""
    for length in range(min(len(said), len(more), _LONGEST_OVERLAP), _SURE - 1, -1):
        if said.endswith(more[:length]):
            return length
    return 0


def _line_begun_anew(said: str, more: str) -> int:
    """How many characters at the start of `more` are the line in which `said` was cut off."""
    line = said.rpartition("\n")[2]
    for again in (line, line.lstrip()):
        if len(again.strip()) >= _SHORTEST_LINE and more.startswith(again):
            return len(again)
    return 0
