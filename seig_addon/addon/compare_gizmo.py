"""Takes hold of the wipe's split in the viewport, so that it can be dragged without a key of its own."""

from __future__ import annotations

import bpy

from .camera_frame import camera_frame

_REACH = 8  # px at normal scale: how far from the line the mouse may be


class SEIG_GT_split(bpy.types.Gizmo):
    """The line between reference and result. It is drawn by compare, with the pictures."""

    bl_idname = "SEIG_GT_split"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw nothing: the line stands even where gizmos are switched off."""

    def test_select(self, context: bpy.types.Context, location: tuple[float, float]) -> int:
        """Tell whether the mouse is on the line: 0 if so, else -1."""
        frame = camera_frame(context)
        if frame is None:
            return -1
        left, bottom, right, top = frame
        x = left + (right - left) * context.window_manager.seig.compare_split
        near = abs(location[0] - x) < _REACH * context.preferences.system.ui_scale
        return 0 if near and bottom < location[1] < top else -1

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin to drag."""
        self.before = context.window_manager.seig.compare_split
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event, tweak: set[str]) -> set[str]:
        """Follow the mouse."""
        frame = camera_frame(context)
        if frame is not None:
            split = (event.mouse_region_x - frame[0]) / (frame[2] - frame[0])
            context.window_manager.seig.compare_split = min(max(split, 0.0), 1.0)
            context.area.tag_redraw()
        return {"RUNNING_MODAL"}

    def exit(self, context: bpy.types.Context, cancel: bool) -> None:
        """Put the split back if it was given up by Esc or the right mouse button."""
        if cancel:
            context.window_manager.seig.compare_split = self.before
        context.area.tag_redraw()


class SEIG_GGT_compare(bpy.types.GizmoGroup):
    """The wipe's handle, wherever a 3D view looks through the camera of a reconstruction."""

    bl_idname = "SEIG_GGT_compare"
    bl_label = "SEIG Compare"
    bl_space_type = "VIEW_3D"
    bl_region_type = "WINDOW"
    bl_options = {"PERSISTENT", "SHOW_MODAL_ALL"}  # noqa: RUF012, Blender's own form

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while there is a split."""
        mode = context.window_manager.seig.compare_mode
        return mode == "WIPE" and bool(context.scene.seig.run) and camera_frame(context) is not None

    def setup(self, context: bpy.types.Context) -> None:
        """Make the one gizmo."""
        gizmo = self.gizmos.new(SEIG_GT_split.bl_idname)
        gizmo.use_draw_modal = True


_CLASSES = (SEIG_GT_split, SEIG_GGT_compare)


def register() -> None:
    """Add the handle."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take it away."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
