"""Starting the scene. Functions return what they made or moved; wrong values raise a ValueError."""

# Also here is what all of the kit stands on: finding things by name in the current scene only, so
# that the file's other scenes are never touched, and checking values.

import random
import re
from collections.abc import Iterable, Sequence

import bpy
import mathutils
import numpy
from mathutils import Matrix


def start_scene(name: str, width: int, height: int) -> bpy.types.Scene:
    """Start an empty scene for a picture of width × height pixels and make it current.

    Cycles, Standard view transform, exposure 0, black world. Called before the first stage's program.
    """
    width, height = (round(_number(side, "width and height", 4, 65536)) for side in (width, height))
    if _is_startup_file():
        bpy.data.batch_remove([part for obj in bpy.data.objects for part in (obj, obj.data)])
    if len(bpy.data.objects):  # someone's work: it stays as it is, and ours gets a scene of its own
        scene = bpy.data.scenes.new(name)
        window = bpy.context.window or bpy.context.window_manager.windows[0]
        window.scene = scene
    else:
        scene = bpy.context.scene
        scene.name = name
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 64
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x = scene.render.pixel_aspect_y = 1.0
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    scene.view_settings.exposure = 0.0
    scene.view_settings.gamma = 1.0
    _light_world(scene, (0.0, 0.0, 0.0), 1.0)
    return scene


def start_stage() -> None:
    """Make unseeded random numbers begin anew, so that a stage always makes the same scene."""
    random.seed(0)
    numpy.random.seed(0)
    mathutils.noise.seed_set(0)


def _is_startup_file() -> bool:
    """Say whether the file holds nothing but the cube, lamp and camera that Blender starts with."""
    if bpy.data.filepath or set(bpy.data.objects.keys()) != {"Cube", "Light", "Camera"}:
        return False
    cube = bpy.data.objects["Cube"]
    untouched = cube.matrix_basis == Matrix.Identity(4) and not cube.modifiers
    return untouched and cube.type == "MESH" and len(cube.data.vertices) == 8


def _light_world(scene: bpy.types.Scene, color: Sequence[float], strength: float) -> bpy.types.World:
    """Give the scene an even background of a linear colour, in a world of its own."""
    if scene.world is None or scene.world.users > 1:
        scene.world = bpy.data.worlds.new("World")
    nodes = _new_nodes(scene.world)
    background = nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (*color, 1.0)
    background.inputs["Strength"].default_value = strength
    output = nodes.new("ShaderNodeOutputWorld")
    output.location.x = 250
    scene.world.node_tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    scene.world.color = color  # what the solid view shows
    return scene.world


def _new_nodes(owner: bpy.types.Material | bpy.types.World) -> bpy.types.Nodes:
    """Empty the node tree of a material or world and return its nodes."""
    if owner.node_tree is None:  # before 5.0 there is none until asked for
        owner.use_nodes = True
    owner.node_tree.nodes.clear()
    return owner.node_tree.nodes


def _own(name: str, own: Iterable[bpy.types.ID], everything: Iterable[bpy.types.ID]) -> bpy.types.ID | None:
    """Find a name among our own data, or None.

    Where another scene of the file has taken the name, Blender has called ours "Cup.001".
    """
    own = list(own)
    found = next((block for block in own if block.name == name), None)
    if found is None and name in everything:
        copy = re.compile(re.escape(name) + r"\.\d{3,}")
        found = next((block for block in own if copy.fullmatch(block.name)), None)
    return found


def _find(name: str, kind: str) -> bpy.types.Object | None:
    """Find the scene's object of this name, or None; ValueError if it is not of this kind (MESH, …)."""
    if not isinstance(name, str) or not name.strip() or len(name.encode()) > 63:
        raise ValueError(f"a name must be a text of 1 to 63 bytes, not {name!r}")
    found = _own(name, bpy.context.scene.objects, bpy.data.objects)
    if found is not None and found.type != kind:
        raise ValueError(
            f"{name!r} is already the name of a {found.type.lower()} object, and cannot become a "
            f"{kind.lower()} object: choose another name, or remove that one first"
        )
    return found


def _link(name: str, data: bpy.types.ID | None) -> bpy.types.Object:
    """Make a new object in the current scene."""
    obj = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(obj)
    return obj


def _object(obj: bpy.types.Object | str) -> bpy.types.Object:
    """Return the object itself, or the scene's object of that name; ValueError if there is none."""
    if isinstance(obj, bpy.types.Object):
        return obj
    objects = bpy.context.scene.objects
    found = _own(obj, objects, bpy.data.objects) if isinstance(obj, str) else None
    if found is None:
        names = ", ".join(sorted(other.name for other in objects)[:40]) or "none yet"
        raise ValueError(f"expected an object or the name of one, not {obj!r}; objects in the scene: {names}")
    return found


def _family(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """List the object and everything parented below it."""
    return [obj, *obj.children_recursive]


def _update() -> bpy.types.Depsgraph:
    """Bring world matrices and modifiers up to date, as they are not right after a change."""
    layer = bpy.context.scene.view_layers[0]
    layer.update()
    return layer.depsgraph


def _number(value: float, what: str, low: float = -1e5, high: float = 1e5) -> float:
    """Check a number; ValueError, in words with `what`, unless it lies within low..high."""
    try:
        number = float("nan") if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:  # also refuses NaN
        raise ValueError(f"{what} must be a number from {low:g} to {high:g}, not {value!r}")
    return number


def _size(value: float, what: str) -> float:
    """Check a length in metres that must be more than nothing."""
    return _number(value, what + " (metres, more than 0)", 1e-5)


def _numbers(values: Sequence[float], count: int, what: str, low: float = -1e5) -> tuple[float, ...]:
    """Check so many numbers, given as list, tuple or Vector."""
    try:
        listed = None if isinstance(values, str) else list(values)
    except TypeError:
        listed = None
    if listed is None or len(listed) != count:
        raise ValueError(f"{what} must be {count} numbers, not {values!r}")
    return tuple(_number(value, what, low) for value in listed)
