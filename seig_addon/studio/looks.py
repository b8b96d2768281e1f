"""What materials and worlds come to in a few words: their colour, and whether they give light.

Only reads. Runs inside Blender without other packages.
"""

from __future__ import annotations

from typing import Any

import bpy

from .compare import hex_color

_WORTH_A_WORD = ("Roughness", "Metallic", "Transmission Weight")
_MOST_COLORS = 5  # of a pattern
_DEPTH = 8  # nodes, one behind the other


def base_color(material: bpy.types.Material) -> str | None:
    """Give a material's own colour as "#rrggbb", or None where a texture or several shaders make it."""
    if material.node_tree is None or not _uses_nodes(material):
        return hex_color(list(material.diffuse_color))
    shader = _surface(material.node_tree)
    if shader is None:
        return None
    socket = shader.inputs.get("Base Color") or shader.inputs.get("Color")
    return _socket_color(socket) if socket else None


def in_words(material: bpy.types.Material) -> str:
    """Say what a material looks like: its colours, roughness, and what else is not nothing of it."""
    color = base_color(material)
    if material.node_tree is None or not _uses_nodes(material):
        return color or ""
    shader = _surface(material.node_tree)
    if shader is None:
        return "no surface"
    words = [color or _pattern(shader)]
    for name in _WORTH_A_WORD:
        socket = shader.inputs.get(name)
        if socket is not None and not socket.is_linked and (socket.default_value > 0 or name == "Roughness"):
            words.append(f"{name.split()[0].lower()} {socket.default_value:.3g}")
    return ", ".join([*words, "glows"] if emits(material) else words)


def _pattern(shader: bpy.types.Node) -> str:
    socket = shader.inputs.get("Base Color") or shader.inputs.get("Color")
    found = list(dict.fromkeys(_colors_behind(socket))) if socket and socket.is_linked else []
    return f"nodes of {' '.join(found[:_MOST_COLORS])}" if found else "textured"


def _colors_behind(socket: bpy.types.NodeSocket, depth: int = 0) -> list[str]:
    """List the colours that nodes make a socket's of: those of ramps, and those set on the nodes themselves."""
    if not socket.is_linked:
        return [hex_color(list(socket.default_value))] if socket.type == "RGBA" else []
    node = socket.links[0].from_node
    if node.type == "VALTORGB":
        return [hex_color(list(element.color)) for element in node.color_ramp.elements]
    if node.type == "RGB":
        return [hex_color(list(node.outputs[0].default_value))]
    inputs = [each for each in node.inputs if each.type == "RGBA" and each.enabled] if depth < _DEPTH else []
    if node.label == "Tint":  # what the kit multiplies a colour by is none
        inputs = [each for each in inputs if each.is_linked]
    return [color for each in inputs for color in _colors_behind(each, depth + 1)]


def _uses_nodes(block: Any) -> bool:
    return bpy.app.version >= (5, 0, 0) or bool(block.use_nodes)


def _surface(tree: bpy.types.NodeTree) -> bpy.types.Node | None:
    """Find the node that makes the surface: what the active output is linked to."""
    for node in tree.nodes:
        if node.type in ("OUTPUT_MATERIAL", "OUTPUT_WORLD") and node.is_active_output:
            links = node.inputs["Surface"].links
            return links[0].from_node if links else None
    return None


def _socket_color(socket: bpy.types.NodeSocket) -> str | None:
    if not socket.is_linked:
        return hex_color(list(socket.default_value))
    source = socket.links[0].from_socket
    return hex_color(list(source.default_value)) if source.node.type == "RGB" else None


def world_light(world: bpy.types.World) -> dict[str, Any]:
    """Give a world's name, colour as "#rrggbb" (None where a texture or sky makes it) and strength."""
    if world.node_tree is None or not _uses_nodes(world):
        return {"name": world.name, "color": hex_color(list(world.color)), "strength": 1.0}
    shader = _surface(world.node_tree)
    if shader is None:
        return {"name": world.name, "color": "#000000", "strength": 0.0}
    color, strength = shader.inputs.get("Color"), shader.inputs.get("Strength")
    return {
        "name": world.name,
        "color": _socket_color(color) if color else None,
        "strength": strength.default_value if strength else 1.0,
    }


def emits(material: bpy.types.Material) -> bool:
    """Tell whether a material gives light of its own."""
    nodes = material.node_tree.nodes if material.node_tree else ()
    return any(
        node.outputs[0].is_linked
        and (
            (node.type == "EMISSION" and _shines(node, "Color", "Strength"))
            or (node.type == "BSDF_PRINCIPLED" and _shines(node, "Emission Color", "Emission Strength"))
        )
        for node in nodes
        if len(node.outputs)
    )


def _shines(node: Any, color: str, strength: str) -> bool:
    """Tell whether a colour times a strength is more than nothing; what is linked may be anything."""
    paint, power = node.inputs[color], node.inputs[strength]
    return (paint.is_linked or max(paint.default_value[:3]) > 0) and (power.is_linked or power.default_value > 0)


def gives_light(world: bpy.types.World | None) -> bool:
    """Tell whether a world gives any light."""
    if world is None:
        return False
    if world.node_tree is None:
        return max(world.color) > 0
    for node in world.node_tree.nodes:
        if node.type == "BACKGROUND" and node.outputs[0].is_linked and _shines(node, "Color", "Strength"):
            return True
    return False
