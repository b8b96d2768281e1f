"""What the add-on remembers: in the file (scenes, objects, materials), and in the window alone.

What is saved is the little that a reopened panel and the next stage need: where the run is, how far the scene
has come, and by which names the stages' programs call its parts. It rolls back with undo. What the panel shows
or asks for is the window's and never saved. Never holds keys, pictures or programs.
"""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)


class SeigScene(bpy.types.PropertyGroup):
    """How far a reconstruction's scene has come; without an `owner` the scene is not SEIG's."""

    run: StringProperty(name="Run folder", description="Where everything about this reconstruction lies")
    stage: IntProperty(name="Stage", description="Number of the last stage whose result the scene shows; 0: none")
    applied: StringProperty(name="Applied", description="JSON: which round of each stage the scene shows")
    source: StringProperty(name="Picture", description="Name of the picture that the scene rebuilds")
    owner: StringProperty(description="Marks what the stages made in this scene as this scene's")
    reference: PointerProperty(name="Reference", description="The picture in this file", type=bpy.types.Image)
    base: StringProperty(description="Which of the run folder's live/ states the last stage left here")


class SeigObject(bpy.types.PropertyGroup):
    """Where an object comes from. An object of the artist's own has none of this."""

    made: BoolProperty(name="Made by SEIG", description="A stage's program made this object")
    pin: BoolProperty(
        name="Pin", description="Keep this object exactly as it is, whatever a later stage, Redo or Restore brings"
    )
    called: StringProperty(description="What the stages' programs call this object")
    given: StringProperty(description="The name it got in this file; another one now is the artist's")
    owner: StringProperty(description="The owner of the scene that it was made for")


class SeigMaterial(bpy.types.PropertyGroup):
    """Where a material comes from. A material of the artist's own has none of this."""

    called: StringProperty(description="What the stages' programs call this material")
    given: StringProperty(description="The name it got in this file; another one now is the artist's")
    owner: StringProperty(description="The owner of the scene that it was made for")


class SeigChecklistItem(bpy.types.PropertyGroup):
    """One thing that a stage still has to do."""

    text: StringProperty(name="To do", description="What the stage still has to get right")
    done: BoolProperty(name="Done", description="Leave this out when the stage is redone")


def _reference_changed(window: SeigWindow, context: bpy.types.Context) -> None:
    """Show, hide or fade the reference behind (or before) what the scene's camera sees."""
    scene = context.scene
    if scene is None or scene.camera is None or not scene.seig.owner:
        return
    # Compare shows the reference itself; two of them would mix.
    scene.camera.data.show_background_images = window.show_reference and window.compare_mode == "OFF"
    for background in scene.camera.data.background_images:
        if background.image == scene.seig.reference:
            background.alpha = window.reference_opacity


class SeigWindow(bpy.types.PropertyGroup):
    """What the panel shows and asks for; never saved."""

    picture: StringProperty(name="Picture", description="The picture to rebuild", subtype="FILE_PATH")
    image: PointerProperty(name="Image", description="An image of this file to rebuild", type=bpy.types.Image)
    note: StringProperty(name="Note", description="What the model should know or do differently")
    stage_index: IntProperty(name="Stage", description="The stage that the panel shows")
    status: StringProperty(name="Status", description="What is happening now")
    progress: FloatProperty(name="Progress", description="How much of the run is done", min=0.0, max=1.0)
    checklist: CollectionProperty(type=SeigChecklistItem)
    compare_mode: EnumProperty(
        name="Compare",
        description="Lay the reference over the camera view",
        items=[
            ("OFF", "Off", "The viewport as it is"),
            ("WIPE", "Wipe", "The reference on the left of a split that can be dragged, the result on its right"),
            ("BLEND", "Blend", "The reference shining through the result"),
            ("DIFFERENCE", "Difference", "How far the result is off: black where it fits"),
        ],
        update=_reference_changed,
    )
    compare_split: FloatProperty(
        name="Split",
        description="Where the reference ends and the result begins",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reference_opacity: FloatProperty(
        name="Opacity",
        description="How strongly the reference shows in the camera view",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=_reference_changed,
    )
    show_reference: BoolProperty(
        name="Reference",
        description="Show the reference in the camera view",
        update=_reference_changed,
    )
    limit: FloatProperty(
        name="New Limit",
        description="US dollars that the run may cost in all when it goes on",
        min=0.01,
        soft_max=100.0,
        precision=2,
        step=50,
    )
    redo_with_viewport: BoolProperty(
        name="With Viewport", description="Show the model what the scene's camera sees now when the stage is redone"
    )


_CLASSES = (SeigScene, SeigObject, SeigMaterial, SeigChecklistItem, SeigWindow)
_OWNERS = {
    bpy.types.Scene: SeigScene,
    bpy.types.Object: SeigObject,
    bpy.types.Material: SeigMaterial,
    bpy.types.WindowManager: SeigWindow,
}


def register() -> None:
    """Add the properties to Blender's types."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    for owner, group in _OWNERS.items():
        owner.seig = PointerProperty(type=group)


def unregister() -> None:
    """Take them away again; what a file has saved of them stays in the file."""
    for owner in _OWNERS:
        del owner.seig
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
