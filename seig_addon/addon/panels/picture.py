"""The first panel: which picture, by which model, and go."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import preferences, previews, progress, session
from . import lists, shown
from .base import Sidebar
from .text import hint, sentence

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
        if running.problem:
            box = layout.box()
            box.alert = True
            sentence(box, context, running.problem, icon="ERROR", margin=12)
        elif running.message and str(running.run) == context.scene.seig.run:
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
    row = layout.row(align=True)
    row.scale_y = 1.0 if path else 1.5
    row.operator("seig.choose_picture", text="Another Picture…" if path else "Choose Picture…", icon="FILE_IMAGE")
    row = layout.row(align=True)
    row.prop(window, "image", text="", placeholder="or an image of this file")
    if window.image:
        row.operator("seig.use_image", text="", icon="CHECKMARK")


def _model(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    row = layout.row(align=True)
    record = shown.record(context.scene)
    # A run keeps the model that it was begun with; the preferences are for the next one.
    going_on = record is not None and progress.unfinished(record) and not context.window_manager.seig.picture
    other = going_on and record.settings.model != preferences.model_id(context)
    text = f"This run: {record.settings.model}" if other else preferences.model_label(context)
    row.label(text=text, icon="SHADERFX")
    row.operator("preferences.addon_show", text="", icon="PREFERENCES", emboss=False).module = preferences.PACKAGE


def _buttons(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    column = layout.column(align=True)
    main = column.row(align=True)
    main.scale_y = 1.6
    record = shown.record(context.scene)
    if session.current().busy:
        main.operator("seig.stop", icon="CANCEL")
        return
    chosen = context.window_manager.seig.picture
    unfinished = record is not None and progress.unfinished(record)
    if unfinished and not chosen:
        main.operator("seig.resume", text="Resume", icon="PLAY")
    else:
        main.operator("seig.reconstruct", icon="PLAY")
    main.operator("seig.step", text="Step", icon="FRAME_NEXT")
    if unfinished and chosen:
        column.operator("seig.resume", text=f"Resume {record.name}")


CLASSES = (SEIG_PT_picture,)
