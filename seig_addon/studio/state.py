"""The state of a scene as JSON: everything that can make its picture different, and nothing else.

Stage permissions rest on comparing two states (see compare): what isn't in here may change unseen. Selection,
interface state, names of data-blocks, the current frame and where renders are written stay out, so that
saving, opening and rendering leave the state as it is. Only reads. Runs inside Blender without other packages.
"""

from __future__ import annotations

from typing import Any

import bpy

from . import ignored
from .arrays import hash_of
from .meshes import mesh_values, vertex_groups
from .rna import SEPARATOR, Reader, number, numbers, tagged

Values = dict[str, Any]


def scene_state(scene: bpy.types.Scene) -> Values:
    """Read the state of a scene: a JSON-able dict for compare().

    Covers the scene's objects, and whatever else they show: instanced collections, targets of modifiers,
    materials. Edits of an open edit mode are written to the mesh first, as rendering would do.
    """
    return _State(scene).read()


class _State:
    def __init__(self, scene: bpy.types.Scene) -> None:
        self.scene = scene
        self.reader = Reader()
        self.membership = _membership(scene)
        self.meshes: dict[int, Values] = {}

    def read(self) -> Values:
        scene, reader = self.scene, self.reader
        # The world and the settings come first: they, too, may point to objects and materials.
        world = self._world()
        render = self._render()
        view = reader.values(scene.view_settings) | reader.values(scene.display_settings)
        state: Values = {
            "world": world,
            "exposure": number(view.pop("exposure")),
            "view": view,
            "render": render,
            "camera": scene.camera.name if scene.camera else None,
            "objects": {},
            "lights": {},
            "cameras": {},
        }
        reader.objects.update({obj.name: obj for obj in scene.objects})
        done: set[str] = set()
        while pending := [obj for name, obj in reader.objects.items() if name not in done]:
            for obj in pending:
                done.add(obj.name)
                if obj.type == "LIGHT":
                    state["lights"][obj.name] = self._thing(obj)
                elif obj.type == "CAMERA":
                    state["cameras"][obj.name] = self._thing(obj)
                else:
                    state["objects"][obj.name] = self._object(obj)
            for collection in reader.collections.values():
                reader.objects.update({obj.name: obj for obj in collection.all_objects})
        state["materials"] = self._materials()
        state["unused materials"] = [m.name for m in bpy.data.materials if m.name not in state["materials"]]
        return state

    def _world(self) -> Values:
        world = self.scene.world
        return {"name": world.name, **self.reader.values(world)} if world else {"name": None}

    def _render(self) -> Values:
        scene, reader = self.scene, self.reader
        out = reader.values(scene.render, skip=ignored.RENDER)
        for name in ("cycles", "cycles_curves", "eevee"):
            if hasattr(scene, name):
                reader.values(getattr(scene, name), name + SEPARATOR, out)
        reader.values(scene.display, "workbench" + SEPARATOR, out, frozenset(["shading"]))
        reader.values(scene.display.shading, "workbench" + SEPARATOR, out, ignored.SHADING)
        for layer in scene.view_layers:
            reader.values(layer, layer.name + SEPARATOR, out, ignored.VIEW_LAYER)
        out["background scene"] = reader.reference(scene.background_set)
        if bpy.app.version >= (5, 0, 0):
            out["compositing"] = reader.reference(scene.compositing_node_group)
        elif scene.use_nodes and scene.node_tree:
            reader.nodes(scene.node_tree, "compositing" + SEPARATOR, out)
        if scene.sequence_editor and len(scene.sequence_editor.strips):
            strips = [reader.values(strip) for strip in scene.sequence_editor.strips]
            out["sequencer"] = {"count": len(strips), "hash": hash_of(strips)}
        return out

    def _materials(self) -> Values:
        materials: Values = {}
        keep = {m.name: m for m in bpy.data.materials if m.use_fake_user}
        found = {**self.reader.materials, **keep}
        for name in sorted(found):
            materials[name] = self.reader.values(found[name])
        return materials

    def _structure(self, obj: bpy.types.Object) -> Values:
        out = self.reader.values(obj, skip=ignored.OBJECT)
        out["collections"] = self.membership.get(obj.name, [])
        registered = obj.bl_rna.properties
        for key, value in obj.items():
            if key not in registered and isinstance(value, bool | int | float | str):
                out["property" + SEPARATOR + key] = number(value) if isinstance(value, float) else value
        return out

    def _thing(self, obj: bpy.types.Object) -> Values:
        """Read a light or a camera whole, as one flat dict."""
        skip = ignored.CAMERA if obj.type == "CAMERA" else frozenset()
        return {**_transform(obj), **self._structure(obj), **self.reader.values(obj.data, skip=skip)}

    def _object(self, obj: bpy.types.Object) -> Values:
        data = {"mesh": {}, "uv": {}, "indices": None}
        if obj.type == "MESH":
            data = self._mesh(obj)
        elif obj.data is not None:
            data = self._other_data(obj.data)
        slots = [{"material": self.reader.reference(slot.material), "link": slot.link} for slot in obj.material_slots]
        assignment = {
            # Object Info nodes hand these two to the material.
            "color": tagged("linear", obj.color),
            "pass index": obj.pass_index,
            "slots": [slot["material"] for slot in slots],
            "faces": data["indices"],
        }
        return {
            "type": obj.type,
            "transform": _transform(obj),
            "structure": self._structure(obj),
            "mesh": {**data["mesh"], **vertex_groups(obj)},
            "uv": data["uv"],
            "assignment": assignment,
        }

    def _mesh(self, obj: bpy.types.Object) -> Values:
        mesh = obj.data
        if obj.mode == "EDIT":
            obj.update_from_editmode()
        pointer = mesh.as_pointer()
        if pointer not in self.meshes:
            self.meshes[pointer] = mesh_values(mesh, self.reader)
        return self.meshes[pointer]

    def _other_data(self, data: bpy.types.ID) -> Values:
        out = self.reader.values(data, skip=ignored.CURVE)
        indices = None
        if isinstance(data, bpy.types.TextCurve):
            indices = [character.material_index for character in data.body_format]
        elif isinstance(data, bpy.types.Curve):
            indices = [spline.material_index for spline in data.splines]
        return {"mesh": out, "uv": {}, "indices": indices if any(indices or ()) else None}


def _membership(scene: bpy.types.Scene) -> dict[str, list[str]]:
    """Tell for each object which collections it is in, and what these or their view layers do to it."""
    members: dict[str, list[str]] = {obj.name: [] for obj in scene.objects}
    for layer in scene.view_layers:
        pending = [layer.layer_collection]
        while pending:
            node = pending.pop()
            pending.extend(node.children)
            collection = node.collection
            marks = [
                word
                for word, on in (
                    ("hidden in renders", collection.hide_render),
                    ("hidden in viewports", collection.hide_viewport),
                    ("excluded", node.exclude),
                    ("holdout", node.holdout),
                    ("indirect only", node.indirect_only),
                )
                if on
            ]
            text = collection.name + (f" ({', '.join(marks)})" if marks else "")
            for obj in collection.all_objects if marks else collection.objects:
                members.setdefault(obj.name, []).append(text)
    return {name: sorted(set(texts)) for name, texts in members.items()}


def _transform(obj: bpy.types.Object) -> Values:
    rotation: Values
    if obj.rotation_mode == "QUATERNION":
        rotation = {"rotation quaternion": numbers(obj.rotation_quaternion)}
        delta = numbers(obj.delta_rotation_quaternion)
    else:
        if obj.rotation_mode == "AXIS_ANGLE":
            rotation = {"rotation axis and angle": numbers(obj.rotation_axis_angle)}
        else:
            rotation = {"rotation": tagged("degrees", obj.rotation_euler)}
        delta = tagged("degrees", obj.delta_rotation_euler)
    return {
        "location": numbers(obj.location),
        **rotation,
        "rotation mode": obj.rotation_mode,
        "scale": numbers(obj.scale),
        "delta location": numbers(obj.delta_location),
        "delta rotation": delta,
        "delta scale": numbers(obj.delta_scale),
        "parent inverse": numbers(obj.matrix_parent_inverse),
    }
