"""The first panel: which picture, by which model, and go."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...engine.amounts import dollars
from .. import accounts, estimates, preferences, previews, progress, readiness, session
from . import lists, shown
from .base import Sidebar
from .text import hint, sentence

_BOX = 12  # px at normal scale that a box takes
_PREVIEW = 7.0  # in icon sizes: wide enough to see the picture, and the buttons stay on a laptop's screen


class SEIG_PT_picture(Sidebar, bpy.types.Panel):
    """Choose a picture and reconstruct it."""

    bl_label = "Picture"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the picture, the model, and the buttons that make sense now."""
        lists.keep_up(context)
        layout = self.layout
        window, running = context.window_manager.seig, session.current()
        _picture(layout, context)
        _model(layout, context)
        _buttons(layout, context)
        of_scene = str(running.run) == context.scene.seig.run
        if running.problem:
            box = layout.box()
            box.alert = True
            sentence(box, context, running.problem, icon="ERROR", margin=_BOX)
        elif _at_limit(context):
            box = layout.box()
            sentence(box, context, running.message, icon="INFO", margin=_BOX)
            box.prop(window, "limit", text="New Limit (US$)")
        elif running.message and of_scene:
            hint(layout, context, running.message)
        elif context.scene.seig.run and shown.record(context.scene) is None:
            sentence(layout, context, "The run folder of this scene is gone; the scene itself is whole.", icon="INFO")
        elif not (window.picture or window.image or context.scene.seig.run):
            hint(layout, context, "Choose a picture, or drop one onto the viewport, then click Reconstruct.")


def _picture(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    window = context.window_manager.seig
    run = shown.run_folder(context.scene)
    path = Path(bpy.path.abspath(window.picture)) if window.picture else None
    name = path.name if path else context.scene.seig.source
    if path is None and run is not None:
        path = run / "reference.png"
    if path is not None:
        box = layout.box()
        icon, size = previews.icon(path), previews.size(path)
        if icon:
            box.template_icon(icon, scale=_PREVIEW)
        row = box.row()
        row.label(text=name)
        if size:
            right = row.row()
            right.alignment = "RIGHT"
            right.active = False
            right.label(text=f"{size[0]} × {size[1]}")
        if window.picture:
            row.operator("seig.clear_picture", text="", icon="X", emboss=False)
    row = layout.row(align=True)
    row.scale_y = 1.0 if path else 1.5
    row.operator("seig.choose_picture", text="Another Picture…" if path else "Choose Picture…", icon="FILE_IMAGE")
    row = layout.row(align=True)
    row.prop(window, "image", text="", placeholder="or an image of this file")
    if window.image:
        row.operator("seig.use_image", text="", icon="CHECKMARK")


def _model(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Say who is asked, what that takes or took, and what is missing before it can be asked."""
    record = shown.record(context.scene)
    # A run keeps the models that it was begun with; the preferences are for the next one.
    going_on = record is not None and progress.unfinished(record) and not context.window_manager.seig.picture
    settings = record.settings if going_on else preferences.settings(context, "")
    row = layout.row(align=True)
    who, model = preferences.model_label(settings.model)
    row.label(text=model or who, icon="SHADERFX")
    row.operator("preferences.addon_show", text="", icon="PREFERENCES", emboss=False).module = preferences.PACKAGE
    lines = [who] if model else []
    if settings.verifier:
        lines.append(f"Verifier: {' · '.join(filter(None, reversed(preferences.model_label(settings.verifier))))}")
    lines.append(accounts.words(record) if going_on else estimates.words(settings))
    if settings.limit is not None and "$" in lines[-1]:  # where no price is known, no limit can hold
        lines.append(f"Limit {dollars(settings.limit)}")
    if any(lines):
        hint(layout, context, "\n".join(filter(None, lines)))
    problem = "" if session.current().busy else readiness.problem(context, settings.models)
    if problem:
        box = layout.box()
        sentence(box, context, problem, icon="ERROR", margin=_BOX)
        box.operator("preferences.addon_show", text="Open Preferences").module = preferences.PACKAGE


def _buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column(align=True)
    main = column.row(align=True)
    main.scale_y = 1.6
    record = shown.record(context.scene)
    chosen = context.window_manager.seig.picture
    unfinished = record is not None and progress.unfinished(record)
    if session.current().busy:
        # Grey, where the button was that began it: a second click there does nothing, least of all stop.
        main.operator("seig.reconstruct", text="Reconstructing", icon="SORTTIME")
        column.operator("seig.stop", icon="CANCEL")
    elif record is not None and not unfinished and not chosen:
        main.operator("seig.reconstruct", text="Reconstruct Again", icon="FILE_REFRESH")
    elif unfinished and not chosen:
        _resume(main, context, "Resume", "PLAY")
        main.operator("seig.step", text="Step", icon="FRAME_NEXT")
        column.operator("seig.reconstruct", text="Reconstruct Again", icon="FILE_REFRESH")
    else:
        main.operator("seig.reconstruct", icon="PLAY")
        main.operator("seig.step", text="Step", icon="FRAME_NEXT")
    if chosen and unfinished and not session.current().busy:
        _resume(column, context, f"Resume {record.name}", "NONE")


def _resume(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    button = layout.operator("seig.resume", text=text, icon=icon)
    if _at_limit(context):
        button.limit = context.window_manager.seig.limit


def _at_limit(context: bpy.types.Context) -> bool:
    """Whether the scene's run stopped at its limit, so that it goes on with a new one."""
    current = session.current()
    return current.at_limit and str(current.run) == context.scene.seig.run


CLASSES = (SEIG_PT_picture,)
