"""Brings a checkpoint's content into the live scene as planned, keeping what the artist refers to.

An object whose structure is the same keeps its identity and only gets the new values; one that is replaced
passes its users (parents, constraints, collections) on to its successor. Changes only what the stages made for
this scene: nothing of other scenes, nothing the artist added or pinned. Pushes no undo step.
"""

from __future__ import annotations

from typing import Any

import bpy
from mathutils import Matrix

from .checkpoint import Checkpoint, drop_unused
from .ownership import disown_duplicates, mark, our_materials, our_objects
from .plan import ObjectPlan, Plan

_TRANSFORM = {
    "rotation": "rotation_euler",
    "rotation quaternion": "rotation_quaternion",
    "rotation axis and angle": "rotation_axis_angle",
    "rotation mode": "rotation_mode",
    "delta location": "delta_location",
    "delta scale": "delta_scale",
    "parent inverse": "matrix_parent_inverse",
}
_SEPARATOR = " / "


def merge(scene: bpy.types.Scene, checkpoint: Checkpoint, plan: Plan) -> None:
    """Carry out the plan on the scene, which must not be in an edit mode."""
    _Merge(scene, checkpoint, plan).run()


class _Merge:
    def __init__(self, scene: bpy.types.Scene, checkpoint: Checkpoint, plan: Plan) -> None:
        self.scene, self.checkpoint, self.plan = scene, checkpoint, plan
        self.layer = scene.view_layers[0]
        disown_duplicates(scene)
        self.live = our_objects(scene)
        self.live_materials = our_materials(scene, self.live.values())
        self.pinned = {name: obj for name, obj in self.live.items() if name not in plan.objects}
        # Blocks of these must stay as they are, though some share them with objects of ours.
        changing = [self.live[name] for name in plan.objects if name in self.live]
        loaded = list(checkpoint.objects.values())
        self.protected = {obj.data for obj in bpy.data.objects if obj.data and obj not in changing + loaded}
        self.remade: dict[bpy.types.Material, bpy.types.Material] = {}
        self.result: dict[str, bpy.types.Object] = {}
        self.names: dict[str, str] = {}
        self.material_names: dict[str, str] = {}
        self.doomed: list[bpy.types.ID] = []
        self.old: list[bpy.types.ID] = []

    def run(self) -> None:
        """Do it."""
        self.layer.update()
        world_matrices = {obj: obj.matrix_world.copy() for obj in self.pinned.values()}
        homes = self._homes()
        self._materials()
        for name, obj in self.pinned.items():
            self.result[name] = obj
            if name in self.checkpoint.objects:
                self.checkpoint.objects[name].user_remap(obj)
        for name, todo in self.plan.objects.items():
            self._object(name, todo, homes.get(name, []))
        if self.plan.camera:
            camera = self.checkpoint.state["camera"]
            self.scene.camera = self.result.get(camera) if camera else None
        self._world()
        self._settings()
        for obj in self.doomed:
            self._let_go(obj)
        for old in self.remade:
            old.seig.called = old.seig.owner = ""  # where a pinned object keeps it, it is the artist's now
        drop_unused(self.old, self.doomed)
        for called, name in self.names.items():
            self.result[called].name = name
            mark(self.result[called], self.scene, called)
        for called, name in self.material_names.items():
            material = self.checkpoint.materials[called]
            material.name = name
            mark(material, self.scene, called)
        self.layer.update()
        for obj, matrix in sorted(world_matrices.items(), key=lambda pair: _depth(pair[0])):
            if obj.matrix_world != matrix:
                obj.matrix_world = matrix
                self.layer.update()

    # Objects

    def _object(self, name: str, todo: ObjectPlan, homes: list[bpy.types.Collection]) -> None:
        new, old = self.checkpoint.objects.get(name), self.live.get(name)
        if todo.way == "add":
            self._place(new, homes)
            self.names[name], self.result[name] = name, new
        elif todo.way == "leave deleted":
            self._let_go(new)
        elif todo.way == "remove":
            self._retire(old)
        elif todo.way == "update":
            _copy(todo.settings, new, old)
            self._dress(old, old, new, todo)
            new.user_remap(old)
            self.result[name] = old
        else:
            self._replace(name, old, new, todo, homes)

    def _replace(
        self, name: str, old: bpy.types.Object, new: bpy.types.Object, todo: ObjectPlan, homes: list[Any]
    ) -> None:
        _copy(todo.settings, old, new)
        self._dress(new, old, new, todo)
        seen = old.name in self.layer.objects
        shown = (old.hide_get(view_layer=self.layer), old.select_get(view_layer=self.layer)) if seen else None
        active = self.layer.objects.active == old
        self.names[name] = _name(old, name)
        old.user_remap(new)
        if todo.place:
            for collection in [self.scene.collection, *self.scene.collection.children_recursive]:
                if new.name in collection.objects:
                    collection.objects.unlink(new)
            self._place(new, homes)
        self.layer.update()
        if shown and new.name in self.layer.objects:
            new.hide_set(shown[0], view_layer=self.layer)
            new.select_set(shown[1], view_layer=self.layer)
            if active:
                self.layer.objects.active = new
        self._retire(old)
        self.result[name] = new

    def _dress(self, obj: bpy.types.Object, old: bpy.types.Object, new: bpy.types.Object, todo: ObjectPlan) -> None:
        """Give the object that stays the shape and the materials that it is to have."""
        if obj.type != new.type or old.type != new.type or obj.data is None:
            return
        source = new if todo.slots else old
        slots = [(slot.link, self.remade.get(slot.material, slot.material)) for slot in source.material_slots]
        data = new.data if todo.mesh else old.data
        if obj.type not in {"LIGHT", "CAMERA"} and obj.data != data:
            self.old.append(obj.data)
            obj.data = data
        now = [(slot.link, slot.material) for slot in obj.material_slots]
        if now == slots:
            return
        if obj.data in self.protected:
            obj.data = obj.data.copy()
        while len(obj.data.materials) < len(slots):
            obj.data.materials.append(None)
        for slot, (link, material) in zip(obj.material_slots, slots, strict=False):
            slot.link = link
            slot.material = material

    def _retire(self, obj: bpy.types.Object) -> None:
        self.doomed.append(obj)
        if obj.data is not None:
            self.old.append(obj.data)

    def _let_go(self, obj: bpy.types.Object) -> None:
        """Free children of one that goes, so that they stay where they are."""
        self.layer.update()
        for child in list(obj.children):
            if child not in self.doomed:
                matrix = child.matrix_world.copy()
                child.parent = None
                child.matrix_parent_inverse = Matrix.Identity(4)
                child.matrix_world = matrix

    # Collections

    def _homes(self) -> dict[str, list[bpy.types.Collection]]:
        """Tell in which of the checkpoint's collections each of its objects is."""
        homes: dict[str, list[bpy.types.Collection]] = {}
        names = {obj: name for name, obj in self.checkpoint.objects.items()}
        top = self.checkpoint.scene.collection
        for collection in [top, *top.children_recursive]:
            for obj in collection.objects:
                homes.setdefault(names[obj], []).append(collection)
        return homes

    def _place(self, obj: bpy.types.Object, homes: list[bpy.types.Collection]) -> None:
        for home in homes:
            target = self._counterpart(home)
            if obj.name not in target.objects:
                target.objects.link(obj)

    def _counterpart(self, collection: bpy.types.Collection) -> bpy.types.Collection:
        """Find or make the live scene's collection for one of the checkpoint's."""
        top = self.checkpoint.scene.collection
        if collection == top:
            return self.scene.collection
        called = self.checkpoint.collections[collection.name]
        for each in self.scene.collection.children_recursive:
            if each.get("seig") == called:
                return each
        parent = next(each for each in [top, *top.children_recursive] if collection.name in each.children)
        made = bpy.data.collections.new(called)
        made["seig"] = called
        made.hide_render, made.hide_viewport = collection.hide_render, collection.hide_viewport
        self._counterpart(parent).children.link(made)
        return made

    # Materials, world, settings

    def _materials(self) -> None:
        for name, carried in self.plan.materials.items():
            new, old = self.checkpoint.materials[name], self.live_materials.get(name)
            if carried is None:
                new.user_remap(old)
                continue
            self.material_names[name] = name if old is None else _name(old, name)
            if old is not None:
                _carry(carried, old, new)
                self.remade[old] = new
        self.old += self.live_materials.values()

    def _world(self) -> None:
        if self.plan.world is None:
            return
        old, new = self.scene.world, self.checkpoint.scene.world
        if old is not None and new is not None:
            _carry(self.plan.world, old, new)
        self.scene.world = new
        if new is not None:
            new["seig"] = self.scene.seig.owner
        if old is not None and old.get("seig") == self.scene.seig.owner:
            self.old.append(old)

    def _settings(self) -> None:
        source, target = self.checkpoint.scene, self.scene
        for key in sorted(self.plan.view, key=lambda key: key == "look"):  # looks depend on the view transform
            for name in ("view_settings", "display_settings"):
                _set(key, getattr(source, name), getattr(target, name))
        for key in self.plan.render:
            head, _, rest = key.partition(_SEPARATOR)
            if not rest:
                _set(key, source.render, target.render)
            elif head in ("cycles", "eevee"):
                _set(rest, getattr(source, head), getattr(target, head))


def _name(old: bpy.types.Object | bpy.types.Material, called: str) -> str:
    """Name what takes the place of an older one: as the artist named that, or else as programs call it."""
    return old.name if old.name != old.seig.given else called


def _copy(keys: list[str], source: bpy.types.Object, target: bpy.types.Object) -> None:
    """Copy settings, in a state's words, from one object to the other."""
    for key in sorted(keys, key=lambda key: key != "rotation mode"):  # setting it converts the rotation
        name = _TRANSFORM.get(key, key)
        if key == "delta rotation":
            quaternion = source.rotation_mode == "QUATERNION"
            name = "delta_rotation_quaternion" if quaternion else "delta_rotation_euler"
        own = source.type in {"LIGHT", "CAMERA"} and name in source.data.bl_rna.properties
        _set(name, source.data if own else source, target.data if own else target)


def _carry(keys: list[str], old: Any, new: Any) -> None:
    """Copy edited values of a material or world, such as the base colour, onto its successor."""
    for key in keys:
        node, _, socket = key.partition(_SEPARATOR)
        if not socket:
            _set(key, old, new)
        elif node in old.node_tree.nodes and node in new.node_tree.nodes:
            ends = [_socket(block.node_tree.nodes[node], socket) for block in (old, new)]
            if all(ends):
                ends[1].default_value = ends[0].default_value


def _socket(node: bpy.types.Node, name: str) -> bpy.types.NodeSocket | None:
    return next((each for each in node.inputs if name in (each.name, each.identifier)), None)


def _set(name: str, source: Any, target: Any) -> None:
    prop = target.bl_rna.properties.get(name)
    if prop is not None and not prop.is_readonly:
        setattr(target, name, getattr(source, name))


def _depth(obj: bpy.types.Object) -> int:
    return 0 if obj.parent is None else 1 + _depth(obj.parent)
