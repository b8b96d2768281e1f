"""What a scene has to tune: the lights, worlds and glowing materials whose power and colour are plain numbers,
and the materials whose base colour is one, or can be multiplied.

Whatever is not understood is left alone: it is in the picture, but not on these lists. Only reads.
Runs inside Blender without other packages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy

_MOST = 32  # emitters: each is a pass of its own
_PAINTED = {
    "BSDF_PRINCIPLED": "Base Color",
    "BSDF_DIFFUSE": "Color",
    "BSDF_GLOSSY": "Color",
    "BSDF_METALLIC": "Base Color",
    "BSDF_SHEEN": "Color",
    "BSDF_TOON": "Color",
    "BSDF_TRANSLUCENT": "Color",
    "SUBSURFACE_SCATTERING": "Color",
}
_CLEAR = ("BSDF_GLASS", "BSDF_REFRACTION", "BSDF_TRANSPARENT")
_METAL = 0.5  # of the metallic input: above, reflections make the look
_GLOWS = {"BSDF_PRINCIPLED": ("Emission Color", "Emission Strength"), "EMISSION": ("Color", "Strength")}


@dataclass
class Emitter:
    """Something that gives light, and the objects whose light counts as its (none for the world).

    `kind` is "light", "world" or "glow" (a material). `name` is what a program calls it by: for a light
    one of its objects. `color` is None where nodes make it.
    """

    kind: str
    name: str
    strength: float
    color: list[float] | None
    tint: list[float] = field(default_factory=lambda: [1.0, 1.0, 1.0])
    objects: list[bpy.types.Object] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """What the solver has to know of it, as JSON."""
        return {name: getattr(self, name) for name in ("kind", "name", "strength", "color", "tint")}


def emitters(scene: bpy.types.Scene) -> list[Emitter]:
    """List what can be tuned of the scene's light, at most 32 things."""
    return [*_world(scene.world), *_lights(scene), *_glows(scene)][:_MOST]


def paints(scene: bpy.types.Scene) -> list[dict[str, Any] | None]:
    """Say of each material of the file how its base colour can be tuned, as JSON for pixels.Paint; None: not at all."""
    wearers: dict[bpy.types.Material, list[str]] = {}
    for obj in scene.objects:
        for material in {slot.material for slot in obj.material_slots if slot.material}:
            wearers.setdefault(material, []).append(obj.name)
    foreign = _foreign(scene)
    return [
        None if material in foreign else _paint(material, wearers.get(material, [])) for material in bpy.data.materials
    ]


def metallic(material: bpy.types.Material) -> float:
    """How much of a material's reflections takes its base colour, 0 to 1."""
    shader = _shader(material)
    if shader is None or shader.type in ("BSDF_GLOSSY", "BSDF_METALLIC"):
        return 1.0
    socket = shader.inputs.get("Metallic")
    return float(socket.default_value) if socket and not socket.is_linked else 0.0


def kind(material: bpy.types.Material) -> str:
    """Say what a material's look comes from, as in scene.MaterialInfo."""
    shader = _shader(material)
    if shader is None:
        return "mixed"
    if shader.type in _CLEAR or not _is_zero(shader, "Transmission Weight") or _is_see_through(shader):
        return "clear"
    if _glows_itself(shader):
        return "glows"
    if shader.type not in _PAINTED:
        return "mixed"
    if metallic(material) > _METAL:
        return "metal"
    return "pattern" if shader.inputs[_PAINTED[shader.type]].is_linked else "plain"


def _paint(material: bpy.types.Material, wearers: list[str]) -> dict[str, Any] | None:
    """Glass is left alone, as it shows what is behind it, and so is what glows: its look is its light."""
    shader = _shader(material)
    if shader is None or shader.type not in _PAINTED or _glows_itself(shader):
        return None
    if not _is_zero(shader, "Transmission Weight") or _is_see_through(shader):
        return None
    socket = shader.inputs[_PAINTED[shader.type]]
    brightest = _brightest(socket) if socket.is_linked else None
    return {
        "name": material.name,
        "color": _plain(socket),
        "tint": _tint(socket),
        "brightest": brightest,
        "wearers": wearers,
    }


def _foreign(scene: bpy.types.Scene) -> set[bpy.types.Material]:
    """Materials that programs can't get by name: linked ones, kept ones, those that another scene's objects wear."""
    here = set(scene.objects)
    elsewhere = {slot.material for obj in bpy.data.objects if obj not in here for slot in obj.material_slots}
    return {made for made in bpy.data.materials if made.library or made.use_fake_user or made in elsewhere}


def view(scene: bpy.types.Scene) -> dict[str, float] | None:
    """Say how light becomes colour, as JSON: {"exposure", "gamma"}; None if it is not plain sRGB."""
    settings = scene.view_settings
    extra = settings.use_curve_mapping or getattr(settings, "use_white_balance", False)
    if settings.view_transform != "Standard" or settings.look != "None" or extra:
        return None
    return (
        None
        if scene.display_settings.display_device != "sRGB"
        else {
            "exposure": settings.exposure,
            "gamma": settings.gamma,
        }
    )


def _world(world: bpy.types.World | None) -> list[Emitter]:
    shader = _shader(world) if world and not world.library else None
    if shader is None or shader.type != "BACKGROUND" or shader.inputs["Strength"].is_linked:
        return []
    if any(node.type == "OUTPUT_WORLD" and node.inputs["Volume"].is_linked for node in world.node_tree.nodes):
        return []  # haze, which the kit's world would take away
    strength, color = shader.inputs["Strength"].default_value, shader.inputs["Color"]
    return [Emitter("world", world.name, strength, _plain(color), _tint(color))] if strength > 0 else []


def _lights(scene: bpy.types.Scene) -> list[Emitter]:
    """One for each light, which several objects may share."""
    found: dict[str, Emitter] = {}
    here = set(scene.objects)
    for obj in bpy.data.objects:
        if obj.type != "LIGHT" or obj.library or obj.data.library or obj.data.energy <= 0:
            continue
        color = list(obj.data.color)
        emitter = found.setdefault(obj.data.name, Emitter("light", "", obj.data.energy, color))
        emitter.objects.append(obj)
        if obj in here and not emitter.name:
            emitter.name = obj.name  # programs find objects in their own scene only
    return [emitter for emitter in found.values() if emitter.name]


def _glows(scene: bpy.types.Scene) -> list[Emitter]:
    """One for each glowing material, unless an object wears two of them, whose light would be one."""
    wearers: dict[frozenset[str], list[bpy.types.Object]] = {}
    foreign = _foreign(scene)
    for obj in bpy.data.objects:
        glowing = frozenset(slot.material.name for slot in obj.material_slots if _glow(slot.material))
        if glowing:
            wearers.setdefault(glowing, []).append(obj)
    mixed = {name for names in wearers if len(names) > 1 for name in names}
    found = []
    for (name, *_), objects in sorted((sorted(names), objects) for names, objects in wearers.items()):
        made = bpy.data.materials[name]
        glow = _glow(made)
        if glow and name not in mixed and made not in foreign:
            found.append(Emitter("glow", name, *glow, objects=objects))
    return found


def _glow(material: bpy.types.Material | None) -> tuple[float, list[float] | None] | None:
    """Give the strength and the colour of a material's glow, if its strength is a plain number."""
    shader = _shader(material) if material else None
    if shader is None or shader.type not in _GLOWS or not _glows_itself(shader):
        return None
    color, strength = (shader.inputs[name] for name in _GLOWS[shader.type])
    return None if strength.is_linked else (strength.default_value, _plain(color))


def _glows_itself(shader: bpy.types.Node) -> bool:
    color, strength = (shader.inputs.get(name) for name in _GLOWS.get(shader.type, ("", "")))
    if color is None or strength is None:
        return False
    shines = color.is_linked or max(color.default_value[:3]) > 0
    return shines and (strength.is_linked or strength.default_value > 0)


def _is_see_through(shader: bpy.types.Node) -> bool:
    """Tell whether all of it is; an alpha that nodes make cuts shapes out, whose pixels are another's."""
    alpha = shader.inputs.get("Alpha")
    return bool(alpha and not alpha.is_linked and alpha.default_value < 1)


def _is_zero(shader: bpy.types.Node, name: str) -> bool:
    socket = shader.inputs.get(name)
    return socket is None or (not socket.is_linked and socket.default_value == 0)


def _plain(socket: bpy.types.NodeSocket) -> list[float] | None:
    """Give a colour, or None where nodes make it."""
    return None if socket.is_linked else [float(part) for part in socket.default_value[:3]]


def _brightest(socket: bpy.types.NodeSocket) -> list[float] | None:
    """Give the most, per channel, that ramps and mixes can make of their colours; None where other nodes make it."""
    if not socket.is_linked:
        return _plain(socket)
    node = socket.links[0].from_node
    if node.type == "VALTORGB":
        return [max(each.color[channel] for each in node.color_ramp.elements) for channel in range(3)]
    if node.type == "RGB":
        return list(node.outputs[0].default_value[:3])
    if node.type != "MIX" or node.data_type != "RGBA" or node.blend_type not in ("MIX", "MULTIPLY"):
        return None
    first, second = (_brightest(each) for each in node.inputs if each.identifier in ("A_Color", "B_Color"))
    if first is None or second is None:
        return None
    if node.blend_type == "MIX":
        return [max(pair) for pair in zip(first, second, strict=True)]
    factor = next(each for each in node.inputs if each.identifier == "Factor_Float")
    if factor.is_linked or factor.default_value < 1:
        second = [max(part, 1.0) for part in second]
    return [one * other for one, other in zip(first, second, strict=True)]


def _tint(socket: bpy.types.NodeSocket) -> list[float]:
    """Give what the kit's tint multiplies a colour by."""
    node = socket.links[0].from_node if socket.is_linked else None
    if node is None or node.type != "MIX" or node.label != "Tint":
        return [1.0, 1.0, 1.0]
    return list(next(each for each in node.inputs if each.identifier == "B_Color").default_value[:3])


def _shader(owner: Any) -> bpy.types.Node | None:
    """Find the one node that makes the surface of a material or world, where Cycles looks for it."""
    uses_nodes = owner.node_tree and (bpy.app.version >= (5, 0, 0) or owner.use_nodes)
    output = owner.node_tree.get_output_node("CYCLES") if uses_nodes else None
    links = output.inputs["Surface"].links if output else ()
    return links[0].from_node if links else None
