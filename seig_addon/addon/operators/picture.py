"""Choosing the picture: a file, an image of this .blend, or one that is dropped onto the viewport."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ...engine.picture import load_reference
from ...errors import PictureError
from .base import Base

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def _choose(context: bpy.types.Context, path: Path) -> None:
    """Make a file the picture to rebuild. Raises PictureError if it can't be one."""
    load_reference(path)
    context.window_manager.seig.picture = str(path)


class SEIG_OT_choose_picture(Base, bpy.types.Operator):
    """Choose the picture to rebuild: a JPEG, PNG or WebP file"""

    bl_idname = "seig.choose_picture"
    bl_label = "Choose Picture"

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Open the file browser."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> None:
        """Take the file."""
        _choose(context, Path(bpy.path.abspath(self.filepath)))


class SEIG_OT_drop_picture(Base, bpy.types.Operator):
    """Take the dropped picture as the one to rebuild"""

    bl_idname = "seig.drop_picture"
    bl_label = "Rebuild with SEIG"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> None:
        """Take the file, and show the panel in which to go on."""
        _choose(context, Path(bpy.path.abspath(self.filepath)))
        if context.space_data and context.space_data.type == "VIEW_3D":
            context.space_data.show_region_ui = True


class SEIG_FH_picture(bpy.types.FileHandler):
    """Pictures that are dropped onto a 3D viewport."""

    bl_idname = "SEIG_FH_picture"
    bl_label = "SEIG Picture"
    bl_import_operator = "seig.drop_picture"
    bl_file_extensions = ";".join(_ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only there; other editors have their own use for pictures."""
        return context.area is not None and context.area.type == "VIEW_3D"


class SEIG_OT_clear_picture(Base, bpy.types.Operator):
    """Forget the chosen picture; nothing that was made of it is touched"""

    bl_idname = "seig.clear_picture"
    bl_label = "Clear Picture"
    bl_options = {"INTERNAL"}  # noqa: RUF012, Blender's own form

    def work(self, context: bpy.types.Context) -> None:
        """Forget it."""
        context.window_manager.seig.picture = ""


def _has_image(context: bpy.types.Context) -> str:
    image = context.window_manager.seig.image
    if image is None:
        return "Choose an image of this file first."
    return "" if image.has_data or image.packed_file or image.filepath else f"{image.name} holds no picture."


class SEIG_OT_use_image(Base, bpy.types.Operator):
    """Take the chosen image of this file as the picture to rebuild"""

    bl_idname = "seig.use_image"
    bl_label = "Use Image"
    needs = (_has_image,)

    def work(self, context: bpy.types.Context) -> None:
        """Use its file if that holds the same; else write it out as PNG, into Blender's temporary folder."""
        image = context.window_manager.seig.image
        path = Path(bpy.path.abspath(image.filepath, library=image.library))
        if image.packed_file or image.is_dirty or path.suffix.lower() not in _ENDINGS or not path.is_file():
            path = Path(bpy.app.tempdir) / f"{bpy.path.clean_name(Path(image.name).stem)}.png"
            _write(image, path)
        _choose(context, path)
        context.window_manager.seig.image = None


def _write(image: bpy.types.Image, path: Path) -> None:
    before = image.file_format
    try:
        image.file_format = "PNG"
        image.save(filepath=str(path), save_copy=True)
    except RuntimeError as error:
        raise PictureError(f"{image.name} can't be written as a picture: {str(error).strip()}") from error
    finally:
        image.file_format = before


CLASSES = (
    SEIG_OT_choose_picture,
    SEIG_OT_drop_picture,
    SEIG_FH_picture,
    SEIG_OT_clear_picture,
    SEIG_OT_use_image,
)
