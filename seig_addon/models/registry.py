"""Which models there are, and how to open one by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from ..errors import ModelError
from . import Model
from .access import Access
from .remote import providers

KNOWN = {
    "offline": "a block-out without AI: classical image analysis, no key, no network",
    "manual": "you carry questions and replies between this and any chat; no key",
    "replay:RUN": "answers from the transcript of a recorded run",
    "PROVIDER/MODEL": f"a vision-language model of {', '.join(providers.PROVIDERS)}",
}


def ignore(text: str) -> None:
    """Hear nothing."""


def open_model(
    name: str,
    run: Path,
    announce: Callable[[str], None],
    heard: Callable[[str], None] = ignore,
    access: Access | None = None,
) -> Model:
    """Open a model for a run folder; the caller closes it. Nothing is connected to, and litellm isn't imported.

    `announce` tells what a person must do; `heard` tells in passing what happens while a question is
    asked, from the thread that asks. Raises ModelError, saying what to do, for a model that can't be asked.
    """
    access = access or Access()
    if name == "offline":
        from .offline import OfflineModel

        return OfflineModel()
    if name == "manual":
        from .manual import ManualModel

        return ManualModel(run / "questions", announce)
    if name.startswith("replay:"):
        from .replay import ReplayModel

        return ReplayModel(Path(name.removeprefix("replay:")))
    if "/" not in name and name not in providers.PROVIDERS:
        raise ModelError(f"There is no model {name!r}; known are {', '.join(KNOWN)}.")
    provider, model = check(name, access)
    from .remote.client import RemoteModel

    return RemoteModel(provider, model, access, heard)


def check(name: str, access: Access) -> tuple[providers.Provider, str]:
    """Return the provider and the model of PROVIDER/MODEL if it can be asked.

    Raises ModelError for the first thing that a person has to do before.
    """
    provider, model = providers.split(name)
    if find_spec("litellm") is None:
        raise ModelError(
            f"{provider.name} can't be asked by the slim build, which comes without litellm: install the zip "
            "of SEIG for your platform, or choose the model offline or manual."
        )
    providers.check_allowed(provider, access)
    if provider.needs_address and not providers.address_of(provider, access):
        raise ModelError(
            f"{provider.name} needs the address of your server: give it in SEIG's preferences, "
            f"or in the environment variable {provider.address_variable}."
        )
    if provider.needs_key and not providers.key_of(provider, access):
        raise ModelError(
            f"{provider.name} needs a key: give it in SEIG's preferences, "
            f"or in the environment variable {provider.variables[0]}."
        )
    return provider, model
