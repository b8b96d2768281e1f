"""The add-on's preferences: which model, how much of everything, and where runs go. Holds no keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from pydantic import ValidationError

from ..engine.records import Settings
from ..engine.stages import STAGES
from ..errors import SeigError
from ..studio.client import Limits

PACKAGE = __package__.rpartition(".seig_addon.addon")[0] or "seig_addon"
"""The name by which Blender knows the add-on: the extension's root package, around which there may be none."""

_NAMED = "NAMED"
_ROUNDS = {stage.name: f"rounds_{stage.number}" for stage in STAGES}


def _rounds_property(number: int) -> IntProperty:
    stage = STAGES[number - 1]
    if number == 1:
        what = "How many scaffolds are tried; the one that covers most of the picture stays"
    else:
        what = f"How many tries the {stage.name} stage may take; it ends before when the verifier approves"
    name = "Rollouts" if number == 1 else stage.name.capitalize()
    return IntProperty(name=name, description=what, default=stage.rounds, min=1, max=50)


class SeigPreferences(bpy.types.AddonPreferences):
    """What holds for all runs to come; a run that was begun keeps its settings."""

    bl_idname = PACKAGE

    model: EnumProperty(
        name="Model",
        description="Who writes the programs",
        items=[
            ("offline", "Offline Block-Out", "No AI: a rough block-out by image analysis; needs no key and no network"),
            ("manual", "Manual", "You carry questions and answers between Blender and any chat; needs no key"),
            (_NAMED, "By Name", "Type the model's name, such as replay: and the path of a recorded run"),
        ],
    )
    model_name: StringProperty(name="Name", description="The model's name, such as replay:/path/of/a/run")
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
    blender: StringProperty(
        name="Blender for the Studio",
        description="The Blender that tries programs and renders in the background; empty: this one",
        subtype="FILE_PATH",
    )
    consent: StringProperty(
        description="Which services you agreed to send pictures to, and when, as JSON", options={"HIDDEN"}
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw them in the order in which they matter."""
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        column = layout.column()
        column.prop(self, "model")
        if self.model == _NAMED:
            column.prop(self, "model_name")
        layout.prop(self, "ask_before_run")
        column = layout.column(heading="Rounds", align=True)
        for name in _ROUNDS.values():
            column.prop(self, name)
        column = layout.column(heading="Limits", align=True)
        for name in ("seconds", "memory_mib", "vertices"):
            column.prop(self, name)
        column = layout.column()
        column.prop(self, "run_folder")
        column.prop(self, "blender")


def get(context: bpy.types.Context) -> SeigPreferences:
    """The add-on's preferences."""
    return context.preferences.addons[PACKAGE].preferences


def model_id(context: bpy.types.Context) -> str:
    """The model's name, as a run's settings have it."""
    chosen = get(context)
    return chosen.model_name.strip() if chosen.model == _NAMED else chosen.model


def model_label(context: bpy.types.Context) -> str:
    """The model's name for a person."""
    chosen = get(context)
    if chosen.model == _NAMED:
        return model_id(context) or "No model named"
    return chosen.bl_rna.properties["model"].enum_items[chosen.model].name


def settings(context: bpy.types.Context, note: str) -> Settings:
    """The settings of a new run. Raises SeigError."""
    chosen = get(context)
    rounds = {name: getattr(chosen, identifier) for name, identifier in _ROUNDS.items()}
    try:
        return Settings(model=model_id(context), rounds=rounds, note=note)
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
    bpy.utils.register_class(SeigPreferences)


def unregister() -> None:
    """Take them away; their values stay in Blender's own."""
    bpy.utils.unregister_class(SeigPreferences)
