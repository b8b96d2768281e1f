"""What changed in Blender's API, said beside the error that a program's old name ran into.

Models learned from scripts of many Blender versions. A hint states what holds in the running one;
as a name that still works raises no error, no versions need to be compared. Pure look-ups: never
imports bpy, never changes anything.
"""

import re
from types import FrameType

# What the error says (checked against the messages of 4.5, 5.0 and 5.2), and the fact to tell.
_FACTS = {
    r'key "Specular"': "The socket 'Specular' of Principled BSDF is called 'Specular IOR Level' since 4.0.",
    r'key "Subsurface"': "The socket 'Subsurface' is called 'Subsurface Weight' since 4.0.",
    r'key "Subsurface Color"': "Subsurface takes its colour from 'Base Color' since 4.0.",
    r'key "Emission"': "The socket 'Emission' is called 'Emission Color' since 4.0; set 'Emission Strength' too.",
    r'key "(Transmission|Clearcoat|Sheen)"': "Since 4.0: 'Transmission Weight', 'Coat Weight', 'Sheen Weight'.",
    r'key "Clearcoat (Roughness|Normal)"': "The sockets 'Clearcoat …' are called 'Coat …' since 4.0.",
    r'key "(Color1|Color2|Fac)"': "Of ShaderNodeMix with data_type = 'RGBA': inputs 'Factor', inputs[6] (A) and "
    "inputs[7] (B), outputs[2] (Result).",
    r'key "(Principled BSDF|Material Output|Background|World Output)"': "Nodes are only there once they are made: "
    "use nodes.new, or find one by its type, next(n for n in nodes if n.type == 'BSDF_PRINCIPLED').",
    r"auto_smooth": "Auto smooth was removed in 4.1: use mesh.set_sharp_from_angle(angle=…), or polygon.use_smooth.",
    r"'calc_normals": "Normals are always up to date: leave calc_normals out.",
    r"'bevel_weight'": "Bevel weights are the mesh attribute 'bevel_weight_edge' since 4.0.",
    r'"BLENDER_EEVEE|\'SceneEEVEE\'|use_contact_shadow|use_ambient_occlusion': "The scene renders with Cycles, "
    "and the engine is not the program's to change: leave EEVEE's settings out.",
    r"'Scene' .*'node_tree'": "scene.node_tree became scene.compositing_node_group in 5.0; no stage needs it.",
    r"'shadow_method'": "Materials have no shadow_method since 4.2: leave it out.",
    r"ShaderNode(Separate|Combine)RGB": "Use ShaderNodeSeparateColor or ShaderNodeCombineColor "
    "(sockets 'Color', 'Red', 'Green', 'Blue').",
    r"ShaderNodeMixRGB": "Use ShaderNodeMix with data_type = 'RGBA': inputs 'Factor', [6] and [7], outputs[2].",
    r"ShaderNodeTexMusgrave": "Use ShaderNodeTexNoise with its noise_type, which took over Musgrave in 4.1.",
    r"ShaderNodeBsdfVelvet": "Use ShaderNodeBsdfSheen.",
    r'"NISHITA"': "The sky type 'NISHITA' is called 'SINGLE_SCATTERING' since 5.0.",
    r"'ShaderNodeTree' .*'(inputs|outputs)'": "Sockets of a group are made with tree.interface.new_socket(…).",
    r"'Action' .*'(fcurves|groups)'": "action.fcurves went away in 5.0; no stage needs animation.",
    r"'Object' .*'select'": "Use obj.select_set(True).",
    r"'Object' .*'(hide|layers|draw_type)'": "Use hide_render and hide_viewport, collections, display_type.",
    r"'Scene' .*'update'": "Use bpy.context.view_layer.update().",
    r'attribute "link" not found': "Use scene.collection.objects.link(obj).",
    r"'lamps'|lamp_add": "Lamps are called lights: bpy.data.lights, bpy.ops.object.light_add.",
    r"'BlendData' .*'groups'": "Groups are called collections: bpy.data.collections.",
    r"Element-wise multiplication": "Matrix and vector are multiplied with @.",
    r'create_\w+: keyword "diameter': "create_cube takes size; cones radius1 and radius2; circles and spheres radius.",
    r"poll\(\) failed": "Operators depend on mode and selection: use bmesh, bpy.data or the kit instead.",
    r"should contain 4 items, not 3": "Colours of shader sockets have four values: (r, g, b, 1.0).",
    r"ensure_lookup_table": "Call bm.verts.ensure_lookup_table() (edges and faces alike) before using indices.",
    r"ReferenceError": "Look things up again by name after removing or replacing data.",
}

_SUBSCRIPTED = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)\[")
_SHOWN = 40


def hints(error: str, line: str, frame: FrameType | None) -> list[str]:
    """Say what the program should have written, given "Type: message", the source line and its frame.

    Facts about renamed things, and for a missing key the keys that there are. Empty where nothing is known.
    """
    found = [fact for pattern, fact in _FACTS.items() if re.search(pattern, error)]
    if error.startswith("KeyError") and frame is not None:
        found += [f"{path} has {keys}." for path in _SUBSCRIPTED.findall(line) if (keys := _keys(path, frame))]
    return found


def _keys(path: str, frame: FrameType) -> str:
    """List the keys of what a dotted name stands for in the frame; "" if it has none to list."""
    name, *attributes = path.split(".")
    value = frame.f_locals.get(name)
    for attribute in attributes:
        value = getattr(value, attribute, None)
    keys = getattr(value, "keys", None)
    if not callable(keys):
        return ""
    names = [repr(key) for key in keys()]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "no keys") + more
