"""What to take away: the report, the folder, the program, and the result in another scene."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ...errors import RunFolderError, SeigError
from .base import Base, has_run, has_scene
from .program import show


def _file(context: bpy.types.Context, name: str) -> Path:
    return Path(context.scene.seig.run) / name


def _has_report(context: bpy.types.Context) -> str:
    there = _file(context, "report.html").is_file()
    return "" if there else "There is no report yet; it is written at the end of each step and run."


def _has_program(context: bpy.types.Context) -> str:
    there = _file(context, "program.py").is_file()
    return "" if there else "There is no program yet; it is written at the end of each step and run."


def _has_other_scene(context: bpy.types.Context) -> str:
    return "" if len(bpy.data.scenes) > 1 else "There is no other scene in this file; make one first."


class SEIG_OT_open_report(Base, bpy.types.Operator):
    """Open the run's report in the web browser"""

    bl_idname = "seig.open_report"
    bl_label = "Open Report"
    needs = (has_run, _has_report)

    def work(self, context: bpy.types.Context) -> None:
        """Open it."""
        bpy.ops.wm.url_open(url=_file(context, "report.html").as_uri())


class SEIG_OT_open_folder(Base, bpy.types.Operator):
    """Open the run's folder in the system's file manager"""

    bl_idname = "seig.open_folder"
    bl_label = "Open Run Folder"
    needs = (has_run,)

    def work(self, context: bpy.types.Context) -> None:
        """Open it."""
        bpy.ops.wm.path_open(filepath=context.scene.seig.run)


class SEIG_OT_program_to_text(Base, bpy.types.Operator):
    """Put the whole scene's program, which runs in any Blender without SEIG, into a Text of this file"""

    bl_idname = "seig.program_to_text"
    bl_label = "Program to Text"
    needs = (has_run, _has_program)

    def work(self, context: bpy.types.Context) -> None:
        """Read the exported program into a Text named after the picture."""
        path = _file(context, "program.py")
        try:
            program = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{path} can't be read; Step or Resume write it anew.") from error
        name = f"SEIG {context.scene.seig.source or context.scene.name} program.py"
        text = bpy.data.texts.get(name) or bpy.data.texts.new(name)
        text.from_string(program)
        text.cursor_set(0)
        show(context, text)


class SEIG_OT_send_to_scene(Base, bpy.types.Operator):
    """Link this result, as a collection, into another scene of this file; sent again, the collection is brought up to date"""  # noqa: E501 a tooltip has no line breaks of its own

    bl_idname = "seig.send_to_scene"
    bl_label = "Send to Scene"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, Blender's own form
    needs = (has_run, has_scene, _has_other_scene)

    scene: StringProperty(name="Scene", description="The scene that gets the result", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the scene."""
        self.scene = next(each.name for each in bpy.data.scenes if each != context.scene)
        return context.window_manager.invoke_props_dialog(self, title="Send to Scene", confirm_text="Send")

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the dialog."""
        self.layout.prop_search(self, "scene", bpy.data, "scenes")

    def work(self, context: bpy.types.Context) -> None:
        """Link a collection of all that the scene holds, without its camera."""
        target, scene = bpy.data.scenes.get(self.scene), context.scene
        if target is None or target == scene:
            raise SeigError("Choose another scene of this file.")
        name = f"SEIG {scene.name}"
        collection = bpy.data.collections.get(name) or bpy.data.collections.new(name)
        for obj in list(collection.objects):
            collection.objects.unlink(obj)
        for obj in scene.objects:
            if obj != scene.camera:
                collection.objects.link(obj)
        if collection.name not in target.collection.children:
            target.collection.children.link(collection)


CLASSES = (SEIG_OT_open_report, SEIG_OT_open_folder, SEIG_OT_program_to_text, SEIG_OT_send_to_scene)
