"""How the preferences look: what matters first, and the rest in sections that are closed at first."""

from __future__ import annotations

import bpy

from ..models.remote.providers import PROVIDERS, Provider
from . import consent, inquiry, keys, preferences, providers, readiness
from .panels.text import hint, sentence

_SPLIT = 0.4  # where Blender's property split has the values begin
_BUTTON = 5.5  # in icon sizes: a short button's width
_STORED = "This key is plain text in userpref.blend: whoever can read that file has it."
_FOR_SESSION = "This key is kept for this session only, and written nowhere."
_MARGIN = 60  # px at normal scale: what the preferences' boxes take on both sides


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: bpy.types.AddonPreferences) -> None:
    """Draw all of the preferences."""
    layout.use_property_split, layout.use_property_decorate = True, False
    _model(layout, context, chosen)
    _verifier(layout, context, chosen)
    column = layout.column()
    column.prop(chosen, "limit", text="Limit per Run (US$)")
    column.prop(chosen, "ask_before_run")
    _agreements(layout, context, chosen)
    for name, title, names in (
        ("network", "Network", ("at_once", "proxy", "ca_file")),
        ("rounds", "Rounds", tuple(preferences.ROUNDS.values())),
        ("programs", "Limits of Programs", ("seconds", "memory_mib", "vertices")),
        ("places", "Places", ("run_folder", "prompts", "blender")),
    ):
        header, body = layout.panel(f"seig_{name}", default_closed=True)
        header.label(text=title)
        if body:
            column = body.column(align=name in ("rounds", "programs"))
            for each in names:
                column.prop(chosen, each)


def _model(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: bpy.types.AddonPreferences) -> None:
    column = layout.column()
    column.prop(chosen, "provider")
    if chosen.provider == preferences.NAMED:
        column.prop(chosen, "model_name")
    elif chosen.provider in PROVIDERS:
        provider = PROVIDERS[chosen.provider]
        group = preferences.provider_settings(chosen)
        _model_field(column, group, "model", provider)
        _provider(column, context, chosen, provider)
        _test(column, context, preferences.model_id(context))


def _verifier(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: bpy.types.AddonPreferences) -> None:
    column = layout.column()
    column.prop(chosen, "verifier")
    if chosen.verifier in PROVIDERS:
        provider = PROVIDERS[chosen.verifier]
        _model_field(column, chosen, "verifier_model", provider)
        if chosen.verifier != chosen.provider:
            _provider(column, context, chosen, provider)
        if preferences.verifier_id(context):
            _test(column, context, preferences.verifier_id(context))


def _model_field(column: bpy.types.UILayout, owner: bpy.types.bpy_struct, name: str, provider: Provider) -> None:
    row = column.row(align=True)
    row.prop(owner, name, text="Model", placeholder="Name of a model that sees pictures")
    if providers.suggestions(provider):
        row.context_string_set("seig_models_of", provider.id)
        row.context_string_set("seig_models_for", name)
        row.menu("SEIG_MT_models", text="", icon="DOWNARROW_HLT")
    if provider.local or provider.id == "compatible":
        row.operator("seig.list_models", text="", icon="FILE_REFRESH").provider = provider.id


def _provider(
    column: bpy.types.UILayout, context: bpy.types.Context, chosen: bpy.types.AddonPreferences, provider: Provider
) -> None:
    """Draw what a provider needs: its address and its key."""
    group = preferences.provider_settings(chosen, provider.id)
    if provider.needs_address or provider.address:
        column.prop(group, "address", placeholder=provider.address or "https://…")
    row = column.row(align=True)
    source = keys.source(provider, group)
    typed = bool(keys.given(provider, group))
    row.prop(group, "key", placeholder=source or ("" if provider.needs_key else "none needed"))
    paste = row.row(align=True)
    paste.ui_units_x = _BUTTON
    paste.operator("seig.paste_key", text="Paste Key", icon="PASTEDOWN").provider = provider.id
    if typed:
        row.operator("seig.forget_key", text="", icon="X").provider = provider.id
        store = _value(column)
        store.use_property_split = False
        store.prop(group, "stored", text="Store in Preferences (unencrypted)")
        _say(column, context, _STORED if group.stored_key else _FOR_SESSION, active=False)


def _test(column: bpy.types.UILayout, context: bpy.types.Context, name: str) -> None:
    """Draw the button that tries it, and what came of it or what is missing."""
    problem = readiness.problem(context, [name])
    last, now = inquiry.last.get(name.partition("/")[0]), inquiry.current()
    row = _value(column)
    if now is not None and now is last:
        row.label(text=f"{now.text}…", icon="SORTTIME")
        row.operator("seig.stop_asking", icon="CANCEL")
        return
    button = row.row()
    button.enabled = not problem
    button.operator("seig.test_connection", icon="LINKED").model = name
    if problem:
        _say(column, context, problem, "ERROR")
    elif last is not None:
        _say(column, context, last.text, "ERROR" if last.failed else "CHECKMARK")


def _agreements(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: bpy.types.AddonPreferences) -> None:
    header, body = layout.panel("seig_agreements", default_closed=True)
    kept = consent.recorded(chosen)
    header.label(text=f"Consent ({len(kept)})" if kept else "Consent")
    if not body:
        return
    if not kept:
        hint(body, context, "You agreed to no provider. You are asked before the first picture leaves this machine.")
    for name, agreement in kept.items():
        row = body.row()
        where = f" ({agreement.where})" if agreement.where else ""
        row.label(text=f"{PROVIDERS[name].name}{where}, since {agreement.when}", icon="CHECKMARK")
        side = row.row()
        side.alignment = "RIGHT"
        side.operator("seig.revoke").provider = name


def _value(column: bpy.types.UILayout) -> bpy.types.UILayout:
    """A row that stands where the properties' values do."""
    split = column.split(factor=_SPLIT)
    split.label()
    return split.row()


def _say(
    column: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", active: bool = True
) -> None:
    """Say something below the values, as wide as they are."""
    width = context.region.width / context.preferences.system.ui_scale - _MARGIN
    row = _value(column)
    row.active = active
    sentence(row, context, text, icon=icon, width=int(width * (1 - _SPLIT)))
