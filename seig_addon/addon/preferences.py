"""The add-on's preferences: which model, how much of everything, and where runs go.

Keys are not in here but in keys, unless the artist opts in to have one stored (see providers).
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from pydantic import ValidationError

from ..engine.records import Settings
from ..engine.stages import STAGES
from ..errors import SeigError
from ..models.access import Access
from ..models.remote.providers import PROVIDERS
from ..studio.client import Limits
from . import consent, estimates, inquiry, keys, providers

PACKAGE = __package__.rpartition(".seig_addon.addon")[0] or "seig_addon"
"""The name by which Blender knows the add-on: the extension's root package, around which there may be none."""

NAMED, SAME = "NAMED", "SAME"
_OFFLINE = ("offline", "Offline Block-Out", "No AI: a rough block-out by image analysis; needs no key and no network")
_MANUAL = ("manual", "Manual", "You carry questions and answers between Blender and any chat; needs no key")
_REMOTE = [
    (each.id, each.name, "A server of yours: pictures stay with you" if each.local else "Asked over the network")
    for each in PROVIDERS.values()
]
_NAMED = (NAMED, "By Name", "Type the model's name, such as replay: and the path of a recorded run")
_SAME = (SAME, "Same", "The model that writes the programs also reviews them")
ROUNDS = {stage.name: f"rounds_{stage.number}" for stage in STAGES if not stage.solved}


def _rounds_property(number: int) -> IntProperty:
    stage = STAGES[number - 1]
    if number == 1:
        what = "How many scaffolds are tried; the one that covers most of the picture stays"
    else:
        what = f"How many tries the {stage.name} stage may take; it ends before when the verifier approves"
    name = "Rollouts" if number == 1 else stage.name.capitalize()
    return IntProperty(name=name, description=what, default=stage.rounds, min=1, max=50)


def _numbered(*items: tuple[str, str, str]) -> list[tuple[str, str, str, int]]:
    """Number an enum's items by who they are: what is saved stays right when a provider is added."""
    order = [SAME, _OFFLINE[0], _MANUAL[0], NAMED, *PROVIDERS]
    return [(*item, order.index(item[0])) for item in items]


def _verifier_models(chosen: SeigPreferences, context: bpy.types.Context, text: str) -> list[tuple[str, str]]:
    return providers.suggestions(PROVIDERS[chosen.verifier]) if chosen.verifier in PROVIDERS else []


def _suggest_verifier(chosen: SeigPreferences, context: bpy.types.Context) -> None:
    suggested = _verifier_models(chosen, context, "")
    chosen.verifier_model = suggested[0][0] if suggested else ""


class SeigPreferences(bpy.types.AddonPreferences):
    """What holds for all runs to come; a run that was begun keeps its settings."""

    bl_idname = PACKAGE

    provider: EnumProperty(
        name="Provider", description="Who writes the programs", items=_numbered(_OFFLINE, _MANUAL, *_REMOTE, _NAMED)
    )
    model_name: StringProperty(name="Name", description="The model's name, such as replay:/path/of/a/run")
    verifier: EnumProperty(
        name="Verifier",
        description="Who reviews what the programs made",
        items=_numbered(_SAME, _OFFLINE, _MANUAL, *_REMOTE),
        update=_suggest_verifier,
    )
    verifier_model: StringProperty(
        name="Model",
        description="The verifier's model: one of the suggestions, or the name of any other model that sees pictures",
        search=_verifier_models,
        search_options={"SUGGESTION"},
    )
    limit: FloatProperty(
        name="Limit per Run",
        description="US dollars that a run may cost; it stops before it would cost more. 0: no limit",
        default=0.0,
        min=0.0,
        soft_max=100.0,
        precision=2,
        step=50,
    )
    at_once: IntProperty(
        name="Questions at Once",
        description="How many of the first stage's rollouts are asked in parallel; each one in a process of its own",
        default=Access.at_once,
        min=1,
        max=16,
    )
    proxy: StringProperty(
        name="Proxy", description="URL of an HTTP proxy for asking; empty: the system's (HTTPS_PROXY), if any"
    )
    ca_file: StringProperty(
        name="CA File",
        description="File with the certificates to trust, where your network has its own; empty: the usual ones",
        subtype="FILE_PATH",
    )
    run_folder: StringProperty(
        name="Run Folder",
        description="Where runs are kept, each in a folder of its own; empty: in the add-on's own folder",
        subtype="DIR_PATH",
    )
    rounds_1: _rounds_property(1)
    rounds_2: _rounds_property(2)
    rounds_3: _rounds_property(3)
    rounds_4: _rounds_property(4)
    rounds_5: _rounds_property(5)
    seconds: IntProperty(
        name="Time", description="Seconds that a program may take", default=int(Limits.seconds), min=1, max=3600
    )
    memory_mib: IntProperty(
        name="Memory",
        description="MiB that a program may take beyond Blender's own",
        default=Limits.memory_mib,
        min=256,
        max=1 << 20,
    )
    vertices: IntProperty(
        name="Vertices",
        description="Vertices that a scene may have, with its modifiers",
        default=Limits.vertices,
        min=1000,
        max=100_000_000,
    )
    ask_before_run: BoolProperty(
        name="Ask Before Each Stage",
        description="Show each stage's program, and what it changed in the studio, before its result comes into the "
        "scene; you apply or refuse it",
    )
    prompts: StringProperty(
        name="Prompts",
        description="A folder with prompts of your own, named as those in SEIG's folder prompts; empty: SEIG's",
        subtype="DIR_PATH",
    )
    blender: StringProperty(
        name="Blender for the Studio",
        description="The Blender that tries programs and renders in the background; empty: this one",
        subtype="FILE_PATH",
    )
    consent: StringProperty(
        description="Which services you agreed to send pictures to, and when, as JSON", options={"HIDDEN"}
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw them."""
        from . import preferences_panel  # which shows what others make of the preferences

        preferences_panel.draw(self.layout, context, self)


# Each provider's own settings: not written down above, as who they are is said in models.remote.providers.
SeigPreferences.__annotations__.update(providers.pointers())


def get(context: bpy.types.Context) -> SeigPreferences:
    """The add-on's preferences."""
    return context.preferences.addons[PACKAGE].preferences


def model_id(context: bpy.types.Context) -> str:
    """The model's name, as a run's settings have it."""
    chosen = get(context)
    if chosen.provider == NAMED:
        return chosen.model_name.strip()
    return _full_name(chosen.provider, provider_settings(chosen).model if chosen.provider in PROVIDERS else "")


def verifier_id(context: bpy.types.Context) -> str:
    """The verifier's name; empty where it is the same model."""
    chosen = get(context)
    name = "" if chosen.verifier == SAME else _full_name(chosen.verifier, chosen.verifier_model)
    return "" if name == model_id(context) else name


def _full_name(who: str, model: str) -> str:
    return f"{who}/{model.strip()}" if who in PROVIDERS else who


def provider_settings(chosen: SeigPreferences, name: str = "") -> bpy.types.PropertyGroup:
    """The settings of a provider, by its id; without one, of the provider that is chosen."""
    return getattr(chosen, name or chosen.provider)


def model_label(name: str) -> tuple[str, str]:
    """A model's provider and name for a person; for those that have no provider, what they are, and nothing."""
    who, _, model = name.partition("/")
    if who in PROVIDERS:
        return PROVIDERS[who].name, model or "no model named"
    return {"": "No model named", "offline": _OFFLINE[1], "manual": _MANUAL[1]}.get(name, name), ""


def access(context: bpy.types.Context) -> Access:
    """What asking may use: the network as Blender allows it, agreements, keys, addresses. Raises ModelError."""
    chosen = get(context)
    groups = {name: provider_settings(chosen, name) for name in PROVIDERS}
    allowed = Access(
        online=bpy.app.online_access,
        why_offline="" if bpy.app.online_access else why_offline(),
        keys={name: key for name, group in groups.items() if (key := keys.given(PROVIDERS[name], group))},
        addresses={name: group.address.strip() for name, group in groups.items() if group.address.strip()},
        proxy=chosen.proxy.strip(),
        ca_file=bpy.path.abspath(chosen.ca_file) if chosen.ca_file else "",
        at_once=chosen.at_once,
    )
    return replace(allowed, agreed=consent.agreed(chosen, allowed))


def why_offline() -> str:
    """Which switch keeps Blender offline."""
    if bpy.app.online_access_override:
        return "start it without --offline-mode."
    return "allow online access in Blender's Preferences, under System."


def settings(context: bpy.types.Context, note: str) -> Settings:
    """The settings of a new run. Raises SeigError."""
    chosen = get(context)
    rounds = {name: getattr(chosen, identifier) for name, identifier in ROUNDS.items()}
    try:
        return Settings(
            model=model_id(context),
            verifier=verifier_id(context),
            limit=chosen.limit or None,
            rounds=rounds,
            note=note,
            prompts=bpy.path.abspath(chosen.prompts),
        )
    except ValidationError as error:
        raise SeigError(f"{error.errors()[0]['msg']}; nothing was started.") from error


def limits(context: bpy.types.Context) -> Limits:
    """What a program may take."""
    chosen = get(context)
    return Limits(seconds=chosen.seconds, memory_mib=chosen.memory_mib, vertices=chosen.vertices)


def runs(context: bpy.types.Context) -> Path:
    """The folder that new runs go into; made where it is the add-on's own."""
    chosen = get(context).run_folder
    if chosen:
        return Path(bpy.path.abspath(chosen))
    if PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(PACKAGE, path="runs", create=True))
    return Path.home() / "SEIG runs"


def studio_blender(context: bpy.types.Context) -> Path | None:
    """The Blender for the studio; None is the Python that this runs in, with the bpy package. Raises SeigError."""
    named = get(context).blender
    if not named:
        return Path(bpy.app.binary_path) if bpy.app.binary_path else None
    found = shutil.which(bpy.path.abspath(named))
    if found is None:
        raise SeigError(f"There is no Blender at {named}; choose another in the add-on's preferences.")
    return Path(found)


def register() -> None:
    """Add the preferences."""
    providers.register()
    bpy.utils.register_class(SeigPreferences)


def unregister() -> None:
    """Take them away; their values stay in Blender's own."""
    inquiry.unregister()
    estimates.unregister()
    bpy.utils.unregister_class(SeigPreferences)
    providers.unregister()
