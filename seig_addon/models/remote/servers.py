"""Which models a server has, and which of them see pictures: what local servers say when asked.

Sends no picture and no question, but the key if there is one; so it asks only servers that may be asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests

from ...errors import ModelError
from ..access import Access, on_this_machine
from .providers import Provider, address_of, check_allowed, key_of

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0
_MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class LocalModel:
    """A model of a server. `sees` is whether it sees pictures, None where the server doesn't say."""

    id: str
    sees: bool | None


def list_models(provider: Provider, access: Access) -> list[LocalModel]:
    """Ask a provider's server for its models, those that see pictures first; takes seconds if it doesn't answer.

    Raises ModelError, in one sentence, where the server can't be asked, doesn't run or answers something else.
    """
    check_allowed(provider, access)
    address = address_of(provider, access)
    if not address:
        raise ModelError(f"{provider.name} needs an address before it can be asked for its models.")
    with _Server(provider, address, access) as server:
        ask = {"ollama": _ollama, "lm_studio": _lm_studio, "llamacpp": _llamacpp}.get(provider.id, _any)
        models = list(ask(server))
    order = [True, None, False]
    return sorted(models, key=lambda model: (order.index(model.sees), model.id))


class _Server:
    """One server while it is asked."""

    def __init__(self, provider: Provider, address: str, access: Access) -> None:
        self.address = address
        self.root = address.removesuffix("/v1")
        self._provider = provider
        self._session = requests.Session()
        self._session.trust_env = not on_this_machine(address)  # else a proxy would be asked for this machine
        if access.proxy and not on_this_machine(address):
            self._session.proxies = {"http": access.proxy, "https": access.proxy}
        if certificates := access.ca_file or os.environ.get("SSL_CERT_FILE"):
            self._session.verify = certificates
        self._headers = {"Authorization": f"Bearer {key}"} if (key := key_of(provider, access)) else {}

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str, question: dict[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at a URL, by POST if there is a question. Raises ModelError."""
        found = self.find(url, question)
        if found is None:
            raise ModelError(f"{url} is not what {self._provider.name} answers: check the address.")
        return found

    def find(self, url: str, question: dict[str, str] | None = None) -> dict[str, Any] | None:
        """Return the JSON object at a URL, None where there is none. Raises ModelError if nobody answers."""
        try:
            with self._session.request(
                "POST" if question else "GET",
                url,
                json=question,
                headers=self._headers,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,  # a key must not be sent on to another host
                stream=True,
            ) as answer:
                if answer.status_code in (401, 403):
                    raise ModelError(f"{self._provider.name} at {self.address} wants another key.")
                data = self._read(answer)
        except requests.exceptions.SSLError as error:
            raise ModelError(
                f"The certificate of {self.address} can't be trusted; set your CA file in SEIG's preferences."
            ) from error
        except requests.RequestException as error:
            hint = self._provider.start or "check the address"
            raise ModelError(f"Nothing answers at {self.address}: {hint}, or correct its address.") from error
        return data if answer.status_code == 200 else None

    def _read(self, answer: requests.Response) -> dict[str, Any] | None:
        body = b""
        for chunk in answer.iter_content(65_536):
            body += chunk
            if len(body) > _MOST_BYTES:
                return None
        try:
            found = json.loads(body)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


def _ollama(server: _Server) -> Iterable[LocalModel]:
    for entry in _entries(server.get(f"{server.root}/api/tags"), "models"):
        if name := _text(entry, "name"):
            abilities = (server.find(f"{server.root}/api/show", {"model": name}) or {}).get("capabilities")
            yield LocalModel(name, "vision" in abilities if isinstance(abilities, list) else None)


def _lm_studio(server: _Server) -> Iterable[LocalModel]:
    found = server.find(f"{server.root}/api/v0/models")
    if found is None:
        yield from _any(server)
        return
    for entry in _entries(found, "data"):
        if _text(entry, "id") and _text(entry, "type") in ("vlm", "llm"):  # no embeddings
            yield LocalModel(_text(entry, "id"), _text(entry, "type") == "vlm")


def _llamacpp(server: _Server) -> Iterable[LocalModel]:
    modalities = (server.find(f"{server.root}/props") or {}).get("modalities")
    sees = bool(modalities.get("vision")) if isinstance(modalities, dict) else None
    return [LocalModel(model.id, sees) for model in _any(server)]


def _any(server: _Server) -> Iterable[LocalModel]:
    for entry in _entries(server.get(f"{server.address}/models"), "data"):
        if name := _text(entry, "id"):
            yield LocalModel(name, None)


def _entries(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects of that name, whatever a server may have put there."""
    entries = found.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""
