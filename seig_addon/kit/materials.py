"""Materials by name: made, or built anew with the same users.

Colours: "#rrggbb" = sRGB as seen in the picture, or (r, g, b) linear 0..1. Patterns lie in the
object's own coordinates; scale = repeats per metre.
"""

import re
from collections.abc import Sequence

import bpy

from .scene import _family, _new_nodes, _number, _numbers, _object, _own

COLOURABLE = {"MESH", "CURVE", "SURFACE", "FONT", "META"}  # object types that have material slots


def material(
    name: str,
    base_color: str | Sequence[float],
    roughness: float = 0.5,
    metallic: float = 0.0,
    emission: float = 0.0,
    transmission: float = 0.0,
) -> bpy.types.Material:
    """Principled material. emission = strength of a glow in base_color; the others 0..1."""
    color = _linear(base_color)
    roughness = _number(roughness, f"{name}: roughness", 0.0, 1.0)
    metallic = _number(metallic, f"{name}: metallic", 0.0, 1.0)
    emission = _number(emission, f"{name}: emission", 0.0)
    transmission = _number(transmission, f"{name}: transmission", 0.0, 1.0)
    made = _own_material(name) or bpy.data.materials.new(name)
    shader = _principled(made, color, roughness)
    shader.inputs["Metallic"].default_value = made.metallic = metallic
    shader.inputs["Transmission Weight"].default_value = transmission
    shader.inputs["Emission Color"].default_value = (*color, 1.0)
    shader.inputs["Emission Strength"].default_value = emission
    return made


def wood(
    name: str,
    color: str | Sequence[float],
    dark: str | Sequence[float],
    scale: float = 8.0,
    roughness: float = 0.5,
    axis: str = "x",
) -> bpy.types.Material:
    """Wood: dark grain along the object's own x, y or z axis."""
    if axis not in ("x", "y", "z"):
        raise ValueError(f"{name}: axis must be 'x', 'y' or 'z', not {axis!r}")
    stretch = [0.06 if each == axis else 1.0 for each in "xyz"]
    return _patterned(name, color, dark, scale, roughness, stretch, detail=4.0, contrast=(0.35, 0.6))


def fabric(
    name: str,
    color: str | Sequence[float],
    dark: str | Sequence[float] | None = None,
    scale: float = 100.0,
    roughness: float = 0.9,
) -> bpy.types.Material:
    """Cloth: uneven threads with dark (else a darker color) in between, slight relief and sheen."""
    if dark is None:
        dark = [0.6 * part for part in _linear(color)]
    made = _patterned(name, color, dark, scale, roughness, (1.0, 1.0, 1.0), detail=2.0, contrast=(0.3, 0.6))
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Sheen Weight"].default_value = 0.2
    bump = nodes.new("ShaderNodeBump")
    bump.location = (-250, -250)
    bump.inputs["Strength"].default_value = 0.3
    bump.inputs["Distance"].default_value = 0.2 / scale
    links.new(nodes["Noise Texture"].outputs[0], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    return made


def noise(
    name: str,
    color: str | Sequence[float],
    dark: str | Sequence[float],
    scale: float = 5.0,
    roughness: float = 0.5,
) -> bpy.types.Material:
    """Soft blotches of two colours: stone, plaster, fruit, leaves."""
    return _patterned(name, color, dark, scale, roughness, (1.0, 1.0, 1.0), detail=3.0, contrast=(0.35, 0.65))


def assign(obj: bpy.types.Object | str, material: bpy.types.Material | str) -> bpy.types.Object:
    """Make it the only material of obj, or of everything in obj if that is a group."""
    obj, material = _object(obj), _material(material)
    members = _family(obj) if obj.type == "EMPTY" else [obj]
    members = [member for member in members if member.type in COLOURABLE]
    if not members:
        raise ValueError(f"{obj.name!r} ({obj.type.lower()}) has nothing that could take a material")
    for member in members:
        data = member.data
        data.materials.clear()
        data.materials.append(material)
        if member.type == "MESH":
            data.polygons.foreach_set("material_index", [0] * len(data.polygons))
            data.update()
    return obj


def _linear(color: str | Sequence[float]) -> tuple[float, float, float]:
    """Return a colour as linear r, g, b; ValueError if it is neither "#rrggbb" nor 3 linear floats."""
    expected = 'a colour must be "#rrggbb" (sRGB as in the picture) or 3 linear floats 0..1'
    if isinstance(color, str):
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
            raise ValueError(f"{expected}, not {color!r}")
        encoded = [int(color[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]
        return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in encoded)
    try:
        parts = list(color)
    except TypeError:
        raise ValueError(f"{expected}, not {color!r}") from None
    if len(parts) == 4:  # alpha
        parts.pop()
    return tuple(_number(part, f"{expected}; each part", 0.0, 1.0) for part in _numbers(parts, 3, expected))


def _own_material(name: str) -> bpy.types.Material | None:
    """Find the material of this name, or None.

    One that the objects of another scene wear, or that someone keeps for later (a fake user), is not ours.
    """
    if not isinstance(name, str) or not name.strip() or len(name.encode()) > 63:
        raise ValueError(f"a material's name must be a text of 1 to 63 bytes, not {name!r}")
    here = set(bpy.context.scene.objects)
    elsewhere = (slot for obj in bpy.data.objects if obj not in here for slot in obj.material_slots)
    worn = {slot.material for slot in elsewhere}
    own = [made for made in bpy.data.materials if made not in worn and not made.use_fake_user]
    return _own(name, own, bpy.data.materials)


def _material(material: bpy.types.Material | str) -> bpy.types.Material:
    """Return the material itself, or the one of that name; ValueError if there is none."""
    if isinstance(material, bpy.types.Material):
        return material
    found = _own_material(material) if isinstance(material, str) else None
    if found is None:
        names = ", ".join(sorted(bpy.data.materials.keys())[:40]) or "none yet"
        raise ValueError(f"expected a material or the name of one, not {material!r}; there are: {names}")
    return found


def _principled(made: bpy.types.Material, color: Sequence[float], roughness: float) -> bpy.types.ShaderNode:
    """Rebuild a material as a single Principled shader and return that."""
    nodes = _new_nodes(made)
    shader = nodes.new("ShaderNodeBsdfPrincipled")
    output = nodes.new("ShaderNodeOutputMaterial")
    output.location.x = 300
    made.node_tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    shader.inputs["Base Color"].default_value = made.diffuse_color = (*color, 1.0)  # the latter: solid view
    shader.inputs["Roughness"].default_value = made.roughness = roughness
    made.metallic = 0.0
    return shader


def _patterned(
    name: str,
    color: str | Sequence[float],
    dark: str | Sequence[float],
    scale: float,
    roughness: float,
    stretch: Sequence[float],
    detail: float,
    contrast: Sequence[float],
) -> bpy.types.Material:
    """Make a material whose base color goes from dark to color where noise goes through contrast."""
    color, dark = _linear(color), _linear(dark)
    scale = _number(scale, f"{name}: scale (repeats per metre)", 1e-3)
    roughness = _number(roughness, f"{name}: roughness", 0.0, 1.0)
    made = _own_material(name) or bpy.data.materials.new(name)
    shader = _principled(made, color, roughness)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    place = nodes.new("ShaderNodeTexCoord")
    mapping = nodes.new("ShaderNodeMapping")
    pattern = nodes.new("ShaderNodeTexNoise")
    colors = nodes.new("ShaderNodeValToRGB")
    for node, x in ((place, -1000), (mapping, -800), (pattern, -600), (colors, -300)):
        node.location.x = x
    mapping.inputs["Scale"].default_value = stretch
    pattern.inputs["Scale"].default_value = scale
    pattern.inputs["Detail"].default_value = detail
    for element, position, end in zip(colors.color_ramp.elements, contrast, (dark, color), strict=True):
        element.position = position
        element.color = (*end, 1.0)
    links.new(place.outputs["Object"], mapping.inputs["Vector"])
    links.new(mapping.outputs["Vector"], pattern.inputs["Vector"])
    links.new(pattern.outputs[0], colors.inputs["Fac"])
    links.new(colors.outputs["Color"], shader.inputs["Base Color"])
    return made
