"""What must not be said: keys, and passwords of proxies, whoever repeats them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

_SHORTEST = 8  # characters; a shorter "key", as local servers are given one, is a word that texts may hold


class Secrets:
    """Some secrets, to be taken out of texts. Never shows them itself."""

    def __init__(self, key: str, urls: Iterable[str] = ()) -> None:
        """Know a key, and the passwords in URLs."""
        words = {key, *(urlsplit(url).password or "" for url in urls)}
        spelled = {spelling for word in words if len(word) >= _SHORTEST for spelling in (word, quote(word, safe=""))}
        self._spelled = sorted(spelled, key=len, reverse=True)

    def out_of(self, text: str) -> str:
        """Return the text without any secret."""
        for secret in self._spelled:
            text = text.replace(secret, "[key]")
        return text
