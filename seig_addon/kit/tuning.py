"""Tuning what is there: the power, colour and direction of lights, and base colours. Nothing else of it changes.

Colours as for materials. factors = what a colour that nodes make is multiplied by, linear r, g, b.
"""

import math
from collections.abc import Sequence

import bpy
from mathutils import Matrix, Vector

from .materials import _linear, _material, _own_material
from .scene import _find, _number, _numbers, _object, _update

PAINTED = ("Base Color", "Color")  # what shaders call the colour of a surface


def set_light(name: str, power: float, color: str | Sequence[float]) -> bpy.types.Object:
    """Give a light another power (watts; a sun: W/m²) and color."""
    power, color = _number(power, f"{name}: power", 0.0), _linear(color)
    obj = _find(name, "LIGHT")
    if obj is None:
        raise ValueError(f"there is no light {name!r} in the scene")
    obj.data.energy, obj.data.color = power, color
    return obj


def swing_light(light: bpy.types.Object | str, turn: float, lift: float, around: Sequence[float]) -> bpy.types.Object:
    """Carry a light around a point; it shines on it as before, from another side.

    turn = degrees counter-clockwise, seen from above; lift = degrees higher, at most to straight above or below.
    """
    obj = _object(light)
    turn = math.radians(_number(turn, f"{obj.name}: turn (degrees)", -360.0, 360.0))
    lift = math.radians(_number(lift, f"{obj.name}: lift (degrees)", -180.0, 180.0))
    around = Vector(_numbers(around, 3, f"{obj.name}: around"))
    if obj.type != "LIGHT":
        raise ValueError(f"{obj.name!r} is no light")
    _update()
    turned = obj.matrix_world.to_3x3()
    towards = turned.col[2].copy() if obj.data.type == "SUN" else obj.matrix_world.translation - around
    up = math.atan2(towards.z, towards.xy.length)
    lift = min(max(up + lift, -math.pi / 2), math.pi / 2) - up
    sideways = Vector((towards.y, -towards.x, 0.0)) if towards.xy.length > 1e-6 else turned.col[0]
    swing = Matrix.Rotation(turn, 4, "Z") @ Matrix.Rotation(lift, 4, sideways)
    there = Matrix.Translation(around)
    obj.matrix_world = there @ swing @ there.inverted() @ obj.matrix_world
    return obj


def set_glow(
    material: bpy.types.Material | str, strength: float, color: str | Sequence[float] | None = None
) -> bpy.types.Material:
    """Give a glowing material another strength and, unless nodes make it, color."""
    made = _material(material)
    shader = _surface_shader(made)
    socket = shader.inputs.get("Emission Strength") or shader.inputs.get("Strength")
    if socket is None:
        raise ValueError(f"{made.name!r} has no shader that glows")
    socket.default_value = _number(strength, f"{made.name}: strength", 0.0)
    if color is not None:
        (shader.inputs.get("Emission Color") or shader.inputs["Color"]).default_value = (*_linear(color), 1.0)
    return made


def set_base_color(material: bpy.types.Material | str, color: str | Sequence[float]) -> bpy.types.Material:
    """Give a material another base color."""
    made, color = _material(material), (*_linear(color), 1.0)
    _painted_socket(made).default_value = made.diffuse_color = color
    return made


def own_material(obj: bpy.types.Object | str, material: bpy.types.Material | str, name: str) -> bpy.types.Material:
    """Let obj wear a copy, called name, of a material that it shares with other objects."""
    obj, shared = _object(obj), _material(material)
    made = _own_material(name)
    if made is None:
        made = shared.copy()
        made.name = name
    for slot in obj.material_slots:
        if slot.material == shared:
            slot.link = "OBJECT"  # else other objects of the same mesh would wear it too
            slot.material = made
    return made


def tint(material: bpy.types.Material | str, factors: Sequence[float]) -> bpy.types.Material:
    """Multiply the base color that a material's nodes make, such as a pattern's, by factors."""
    made = _material(material)
    _multiply(made.node_tree, _painted_socket(made), factors)
    return made


def tint_world(strength: float, factors: Sequence[float]) -> bpy.types.World:
    """Give a world whose color nodes make, such as a sky, another strength, and multiply its color by factors."""
    made = bpy.context.scene.world
    background = _surface_shader(made)
    background.inputs["Strength"].default_value = _number(strength, "world: strength", 0.0)
    _multiply(made.node_tree, background.inputs["Color"], factors)
    return made


def _multiply(tree: bpy.types.NodeTree, socket: bpy.types.NodeSocket, factors: Sequence[float]) -> None:
    """Put a node that multiplies in front of a socket, or use the one that is there."""
    factors = (*_numbers(factors, 3, "factors", 0.0), 1.0)
    source = socket.links[0].from_socket if socket.is_linked else None
    if source is None:
        raise ValueError(f"no nodes make {socket.name!r}: set the color itself")
    node = source.node
    if node.type != "MIX" or node.label != "Tint":
        node = tree.nodes.new("ShaderNodeMix")
        node.label, node.data_type, node.blend_type = "Tint", "RGBA", "MULTIPLY"
        node.location = socket.node.location.x - 200, socket.node.location.y
        sockets = {each.identifier: each for each in (*node.inputs, *node.outputs)}
        sockets["Factor_Float"].default_value = 1.0
        tree.links.new(source, sockets["A_Color"])
        tree.links.new(sockets["Result_Color"], socket)
    next(each for each in node.inputs if each.identifier == "B_Color").default_value = factors


def _painted_socket(made: bpy.types.Material) -> bpy.types.NodeSocket:
    """Find the socket of a material's base color."""
    shader = _surface_shader(made)
    socket = next((shader.inputs[name] for name in PAINTED if name in shader.inputs), None)
    if socket is None:
        raise ValueError(f"{made.name!r} has no base color: a {shader.name} makes its surface")
    return socket


def _surface_shader(made: bpy.types.Material | bpy.types.World) -> bpy.types.ShaderNode:
    """Find the node that makes the surface."""
    output = made.node_tree.get_output_node("CYCLES") if made and made.node_tree else None
    links = output.inputs["Surface"].links if output else ()
    if not links:
        raise ValueError(f"{made.name if made else 'the world'!r} has no shader")
    return links[0].from_node
