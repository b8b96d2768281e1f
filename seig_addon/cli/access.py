"""What a command may use for asking: agreement to providers, by option or by asking in the terminal."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import SeigError
from ..models.access import Access
from ..models.consent import lacking, statement
from ..models.registry import open_model
from ..models.remote.providers import PROVIDERS


def permitted(names: Sequence[str], options: Namespace) -> Access:
    """Return the access for a command that asks these models, which can all be asked then.

    Asks in the terminal where --agree doesn't say it. Raises SeigError, before anything is made or
    changed, if a model can't be asked.
    """
    access: Access = options.access
    unknown = [name for name in options.agree if name not in PROVIDERS]
    if unknown:
        raise SeigError(f"There is no provider {unknown[0]!r} to agree to; there are {', '.join(PROVIDERS)}.")
    access = replace(access, agreed=access.agreed.union(options.agree))
    open_all = replace(access, agreed=frozenset(PROVIDERS))
    for name in names:  # what is missing is said before anybody is asked to agree
        open_model(name, Path(), print, access=open_all).close()
    for provider in lacking(names, access):
        text = statement(provider, access)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise SeigError(f"{text} Nothing was sent. Agree with: --agree {provider.id}")
        print(text)
        if input("Do you agree? [y/N] ").strip().lower() not in ("y", "yes"):
            raise SeigError("Nothing was sent, and nothing was started.")
        access = replace(access, agreed=access.agreed | {provider.id})
    return access
