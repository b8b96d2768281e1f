"""Whether the models that an operator would ask can be asked, for its poll and for the panel. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import bpy

from ..errors import SeigError
from ..models.registry import check
from ..models.remote.providers import PROVIDERS
from . import preferences, runs


def of_preferences(context: bpy.types.Context) -> list[str]:
    """The models of a new run."""
    return [name for name in (preferences.model_id(context), preferences.verifier_id(context)) if name]


def of_run(context: bpy.types.Context) -> list[str]:
    """The models that going on with the scene's run asks: those that it was begun with. Raises RunFolderError."""
    record = runs.record_of(context.scene)
    return record.asked_for(record.left)


def of_redo(context: bpy.types.Context) -> list[str]:
    """The models of the scene's run. Raises RunFolderError."""
    return runs.record_of(context.scene).settings.models


def of_step(context: bpy.types.Context) -> list[str]:
    """The models that Step would ask: those of a new run where a picture was chosen, else those of the scene's run."""
    if context.window_manager.seig.picture:
        return of_preferences(context)
    record = runs.record_of(context.scene)
    return record.asked_for(record.left[:1])


def problem(context: bpy.types.Context, names: Iterable[str]) -> str:
    """Say what has to be done before these models can be asked; empty if nothing has.

    That nobody agreed to a provider yet is none of it: the artist is asked when it comes to that.
    """
    try:
        access = replace(preferences.access(context), agreed=frozenset(PROVIDERS))
        for name in names:
            if "/" in name and not name.startswith("replay:"):
                check(name, access)
    except SeigError as error:
        return str(error)
    return ""
