"""What a person allows a model to use: the network, which providers, whose keys, at which addresses.

Made by whoever opens a model, from Blender's preferences or the command line, and handed down whole.
It must never be written anywhere: it is the one object that holds keys.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Access:
    """What may be used for asking. The default is a terminal's: online, nothing agreed, keys from the environment.

    `why_offline` says what to do about it where `online` is False. `agreed` holds ids of providers;
    `keys` and `addresses` go by them as well. Seconds are per connection and per silence in a reply.
    """

    online: bool = True
    why_offline: str = ""
    agreed: frozenset[str] = frozenset()
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # never shown, not even in a traceback
    addresses: Mapping[str, str] = field(default_factory=dict)
    proxy: str = field(default="", repr=False)  # may hold a password
    ca_file: str = ""
    at_once: int = 3
    connect_seconds: float = 15.0
    read_seconds: float = 300.0


def on_this_machine(address: str) -> bool:
    """Whether a URL leads to a server on this machine: asking it sends nothing anywhere."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
