"""What is compared: each variant as the settings of its runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from seig_addon.engine.records import Method, Settings
from seig_addon.engine.stages import INITIALIZATION

_FIRST = INITIALIZATION.name
_PLAIN = {"verifier": False, "solving": False, "permissions": False}


@dataclass(frozen=True)
class Variant:
    """A way to reconstruct: what it is in words, and where its settings differ from a staged run's."""

    words: str
    method: Method = field(default_factory=Method)
    settings: dict[str, Any] = field(default_factory=dict)


VARIANTS = {
    "staged": Variant("the method: all stages, solving, verifier, permissions"),
    "one-shot": Variant(
        "one scaffold and nothing after it: no stages, nothing solved for",
        Method(**_PLAIN),
        {"stages": [_FIRST], "rounds": {_FIRST: 1}},
    ),
    "free-loop": Variant(
        "one shot, then rounds of looking at reference and render and rewriting the whole program, the last one kept; "
        "no stages, verifier, solving, permissions or measures",
        Method(free=True, **_PLAIN),
        {"stages": [_FIRST]},
    ),
    "no-verifier": Variant("staged, but no reviews: each stage spends its rounds", Method(verifier=False)),
    "no-solving": Variant("staged, but light, colours and places are the model's own", Method(solving=False)),
    "no-permissions": Variant("staged, but each stage may change everything", Method(permissions=False)),
    "one-rollout": Variant("staged, from a single scaffold", settings={"rounds": {_FIRST: 1}}),
}


def settings_of(variant: str, free_rounds: int, **common: Any) -> Settings:
    """The settings of a variant's runs; `common` are those that all variants share.

    `free_rounds` is how often the free loop looks and rewrites, after its first program.
    """
    chosen = VARIANTS[variant]
    own = dict(chosen.settings)
    if chosen.method.free:
        own["rounds"] = {_FIRST: 1 + free_rounds}
    return Settings(**{**common, **own, "method": chosen.method})


def variant_of(settings: Settings) -> str:
    """Name the variant that a run's settings are of; "other" where they are of none."""
    once = settings.budget(INITIALIZATION) == 1
    alone = settings.stages == [_FIRST]
    for name, variant in VARIANTS.items():
        if variant.method == settings.method and ("stages" in variant.settings) == alone:
            return "one-rollout" if name == "staged" and once else name
    return "other"
