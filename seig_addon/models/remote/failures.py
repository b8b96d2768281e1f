"""The ways in which asking a provider fails, each with its own sentence: what happened, what is kept, what to do.

The sentences stand in a terminal and in Blender's panel alike. They never hold a key.
"""

from __future__ import annotations

from typing import Literal

from .. import Unanswered
from .providers import Provider

Kind = Literal[
    "bad key",
    "no credit",
    "no permission",
    "unknown model",
    "refused",
    "too long",
    "too large",
    "busy",
    "server",
    "unreachable",
    "timeout",
    "dropped",
    "garbled",
    "redirected",
    "too much",
    "only thoughts",
    "not streamed",
    "other",
]

PASSING: frozenset[Kind] = frozenset({"busy", "server", "timeout", "dropped", "garbled"})
"""What asking again may mend."""

_KEPT = "the run is kept, Resume goes on."

# {who} is the provider, {model} its model, {code} the status in brackets, {said} its own words, {key} where
# the key comes from, {tried} how often it was tried.
_SENTENCES: dict[Kind, str] = {
    "bad key": "{who} refused the key{code}: check {key}; {kept}",
    "no credit": "{who} says that there is no credit left{code}{said}: add some to the account; {kept}",
    "no permission": "{who} does not let this key use {model}{code}{said}: "
    "allow it in the account, or take another model; {kept}",
    "unknown model": "{who} has no model {model}{code}{said}: check its name and the address; {kept}",
    "refused": "{who} refused to answer about this picture{code}{said}: "
    "change the note or take another picture or model; {kept}",
    "too long": "The question is too long for {model}{code}{said}: take a model with a larger context; {kept}",
    "too large": "The pictures are too large for {who}{code}{said}: choose a smaller working size; {kept}",
    "busy": "{who} is too busy or your limit of requests is reached{code}, {tried}: wait a while; {kept}",
    "server": "{who} has trouble of its own{code}{said}, {tried}: wait a while or take another model; {kept}",
    "unreachable": "{who} can't be reached{said}: check the network, the address, the proxy and the CA file; {kept}",
    "timeout": "{who} said nothing for too long, {tried}: take a faster model, or allow more time; {kept}",
    "dropped": "The connection to {who} broke before the reply was whole, {tried}: check the network; {kept}",
    "garbled": "{who} sent no reply that can be read{said}, {tried}: try again or take another model; {kept}",
    "redirected": "{who} wanted the question sent to another place ({detail}), which was not done, "
    "as the key would go there too: check the address; {kept}",
    "too much": "{who} sent a reply without end, which was cut off and left: take another model; {kept}",
    "only thoughts": "{model} spent all its tokens on thinking and said nothing, twice: "
    "take a model that thinks less; {kept}",
    "not streamed": "{who} sent an empty reply: check the address and the model's name; {kept}",
    "other": "{who} could not be asked{code}{said}; {kept}",
}


class RemoteFailure(Unanswered):
    """Asking a provider failed for good. The kind says how; the message is for a person."""

    def __init__(
        self, kind: Kind, provider: Provider, model: str, detail: str = "", status: int | None = None, tries: int = 1
    ) -> None:
        """Word a failure. `detail` are the provider's or the network's own words, free of keys."""
        self.kind = kind
        key = f"{provider.variables[0]} or paste another in the preferences" if provider.variables else "it"
        sentence = _SENTENCES[kind].format(
            who=provider.name,
            model=model,
            code=f" ({status})" if status and status >= 400 else "",
            said=f" (“{detail.rstrip('. ')}”)" if detail else "",
            detail=detail,
            key=key,
            tried=f"tried {tries} times" if tries > 1 else "tried once",
            kept=_KEPT,
        )
        super().__init__(sentence)
