"""Any Blender struct as flat {property path: value}, for comparing two states of a scene.

Walks RNA generically, so that properties of new Blender versions count without a change here; what is
skipped is interface state, run-time results, and pointers up the tree. Only reads. Runs inside Blender with
nothing but numpy.

Values are JSON: numbers, strings, lists; ["linear" | "srgb" | "degrees", …] tag what a list of numbers means;
{"count": n, "hash": h} stands for many values and {"name": n, "hash": h} for a data-block.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import bpy
import numpy as np

from . import ignored
from .arrays import array_value, attribute_values, digest, hash_of

SEPARATOR = " / "

# Longer collections (points of a curve, keyframes) count as one hash.
MANY = 32

_OF_DATA_BLOCKS = {prop.identifier for prop in bpy.types.ID.bl_rna.properties}
_SCALARS = {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}


class _Field(NamedTuple):
    identifier: str
    kind: str  # "value", "float", "array", "set", "pointer", "block", "collection" or "attributes"
    tag: str  # "linear", "srgb", "degrees" or ""


def number(value: float) -> float | str:
    """Keep a finite float; others become words, as JSON has none and nan differs from itself."""
    return value if math.isfinite(value) else str(value)


def numbers(values: Iterable[Any]) -> list[Any]:
    """Flatten a vector, or a matrix row by row, to a list."""
    flat: list[Any] = []
    for value in values:
        if isinstance(value, float):
            flat.append(number(value))
        elif isinstance(value, bool | int | str):
            flat.append(value)
        else:
            flat.extend(numbers(value))
    return flat


def tagged(tag: str, value: Any) -> Any:
    """Say what a number or vector means; angles come in radians and are kept in degrees."""
    plain = numbers([value] if isinstance(value, float) else value)
    if tag == "degrees":
        return [tag, *(math.degrees(n) if isinstance(n, float) else n for n in plain)]
    return [tag, *plain] if tag else plain


class Reader:
    """Reads structs, and remembers the data-blocks that they point to.

    After reading, `materials`, `objects` and `collections` (by name) are what was pointed to and should be
    read too, as they are only named in the values.
    """

    _fields: dict[type, list[_Field]] = {}  # noqa: RUF012 (shared on purpose: classes keep their properties)

    def __init__(self) -> None:
        self.materials: dict[str, bpy.types.Material] = {}
        self.objects: dict[str, bpy.types.Object] = {}
        self.collections: dict[str, bpy.types.Collection] = {}
        self._hashes: dict[int, str] = {}
        self._open: set[tuple[int, type]] = set()

    def values(
        self,
        struct: Any,
        prefix: str = "",
        out: dict[str, Any] | None = None,
        skip: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Read all settings of a struct and of what it owns into `out`, each path beginning with `prefix`."""
        out = {} if out is None else out
        key = (struct.as_pointer(), type(struct))
        if key in self._open:
            return out
        self._open.add(key)
        for identifier, kind, tag in self._plan(struct):
            if identifier in skip:
                continue
            path = prefix + identifier
            if kind == "collection":
                self._collection(getattr(struct, identifier), path, out)
                continue
            value = getattr(struct, identifier, None)
            if kind == "float":
                out[path] = tagged(tag, value) if tag else number(value)
            elif kind == "array":
                out[path] = tagged(tag, value)
            elif kind == "set":
                out[path] = sorted(value)
            elif kind == "block" and value is None:
                out[path] = None
            elif kind in ("pointer", "block"):
                self._pointer(value, path, out)
            elif kind == "attributes":
                out.update({prefix + name: found for name, found in attribute_values(value).items()})
            else:
                out[path] = value
        if isinstance(struct, bpy.types.NodesModifier):
            self._inputs_of_geometry_nodes(struct, prefix, out)
        self._open.discard(key)
        return out

    def reference(self, block: bpy.types.ID | None) -> Any:
        """Stand for a data-block that lives elsewhere: its name, with a hash where nobody else reads it."""
        if block is None:
            return None
        if isinstance(block, bpy.types.Material):
            self.materials[block.name] = block
        elif isinstance(block, bpy.types.Object):
            self.objects[block.name] = block
        elif isinstance(block, bpy.types.Collection):
            self.collections[block.name] = block
        elif not isinstance(block, bpy.types.Scene | bpy.types.Mesh | bpy.types.VectorFont):
            return {"name": block.name, "hash": self._hash(block)}
        return block.name

    def nodes(self, tree: bpy.types.NodeTree, prefix: str, out: dict[str, Any]) -> None:
        """Read a node tree: nodes with their settings and sockets, and the links between them."""
        for node in tree.nodes:
            if node.bl_idname == "NodeFrame":
                continue
            path = prefix + node.name + SEPARATOR
            out[path + "type"] = node.bl_idname
            self.values(node, path, out, ignored.NODE)
            self._sockets(node.inputs, path, out)
            self._sockets(node.outputs, path + "output ", out)
        links = []
        for link in tree.links:
            start, end = link.from_socket, link.to_socket
            text = f"{link.from_node.name}.{start.identifier} → {link.to_node.name}.{end.identifier}"
            order = f" ({link.multi_input_sort_id})" if end.is_multi_input else ""
            links.append(text + order + (" muted" if link.is_muted else ""))
        out[prefix + "links"] = sorted(links)
        if tree.animation_data:
            self.values(tree.animation_data, prefix + "animation" + SEPARATOR, out)

    def _plan(self, struct: Any) -> list[_Field]:
        cls = type(struct)
        plan = self._fields.get(cls)
        if plan is None:
            plan = self._fields[cls] = _plan_of(struct)
        return plan

    def _pointer(self, value: Any, path: str, out: dict[str, Any]) -> None:
        if value is None:
            return
        if not isinstance(value, bpy.types.ID):
            self.values(value, path + SEPARATOR, out)
        elif isinstance(value, bpy.types.NodeTree) and value.is_embedded_data:
            self.nodes(value, "", out)
        elif isinstance(value, bpy.types.Image):
            self._image(value, path, out)
        else:
            out[path] = self.reference(value)

    def _collection(self, items: Any, path: str, out: dict[str, Any]) -> None:
        if not len(items):
            return
        if isinstance(items[0], bpy.types.ID):
            out[path] = [self.reference(item) for item in items]
            return
        many = len(items) > MANY
        if not many:
            out[path] = [getattr(item, "name", "") or index for index, item in enumerate(items)]
        target: dict[str, Any] = {} if many else out
        for index, item in enumerate(items):
            name = getattr(item, "name", "") or str(index)
            self.values(item, f"{path}{SEPARATOR}{name}{SEPARATOR}", target)
        if many:
            out[path] = {"count": len(items), "hash": hash_of(target)}

    def _sockets(self, sockets: Any, path: str, out: dict[str, Any]) -> None:
        names = [socket.name for socket in sockets]
        for socket, name in zip(sockets, names, strict=True):
            for field in self._plan(socket):
                if field.identifier != "default_value":
                    continue
                key = path + (name if names.count(name) == 1 else socket.identifier)
                value = socket.default_value
                if field.kind == "block":
                    out[key] = self.reference(value)
                elif field.kind in ("float", "array") and (field.tag or field.kind == "array"):
                    out[key] = tagged(field.tag, value)
                else:
                    out[key] = number(value) if field.kind == "float" else value

    def _image(self, image: bpy.types.Image, path: str, out: dict[str, Any]) -> None:
        out[path] = image.name
        path += SEPARATOR
        skip = ignored.IMAGE if image.source == "GENERATED" else ignored.IMAGE_NOT_GENERATED
        self.values(image, path, out, skip)
        if image.is_dirty:
            pixels = np.empty(len(image.pixels), np.float32)
            image.pixels.foreach_get(pixels)
            out[path + "pixels"] = array_value(pixels, len(pixels))
        elif image.packed_file:
            out[path + "pixels"] = {"count": image.packed_file.size, "hash": digest(image.packed_file.data)}
        elif image.filepath:
            out[path + "file"] = bpy.path.abspath(image.filepath)

    def _inputs_of_geometry_nodes(self, modifier: Any, prefix: str, out: dict[str, Any]) -> None:
        # Which inputs there are depends on the node group, so no plan may be kept for them.
        if modifier.node_group is None:
            return
        names = {
            item.identifier: item.name
            for item in modifier.node_group.interface.items_tree
            if item.item_type == "SOCKET"
        }
        found: dict[str, Any] = {}
        if hasattr(modifier, "properties"):  # Blender 5.2
            inputs = modifier.properties.inputs
            for prop in inputs.bl_rna.properties:
                if prop.type == "POINTER" and prop.identifier != "rna_type":
                    item = getattr(inputs, prop.identifier)
                    for part in item.bl_rna.properties:
                        if part.identifier not in ("rna_type", "name"):
                            key = prop.identifier + ("" if part.identifier == "value" else "_" + part.identifier)
                            found[key] = getattr(item, part.identifier)
        else:
            found = {key: modifier[key] for key in modifier.keys()}  # noqa: SIM118 (a view, not a dict)
        for key, value in found.items():
            start = key[: key.find("_", len("Socket_"))] if key.count("_") > 1 else key
            path = prefix + names.get(start, start) + key[len(start) :].replace("_", " ")
            if value is None or isinstance(value, bpy.types.ID):
                out[path] = self.reference(value)
            elif isinstance(value, bool | int | str):
                out[path] = value
            else:
                out[path] = number(value) if isinstance(value, float) else numbers(value)

    def _hash(self, block: bpy.types.ID) -> str:
        pointer = block.as_pointer()
        if pointer not in self._hashes:
            self._hashes[pointer] = ""  # a block that leads back to itself adds nothing
            out: dict[str, Any] = {}
            if isinstance(block, bpy.types.NodeTree):
                self.nodes(block, "", out)
            elif isinstance(block, bpy.types.Image):
                self._image(block, "image", out)
            else:
                self.values(block, "", out)
            self._hashes[pointer] = hash_of(out)
        return self._hashes[pointer]


def _plan_of(struct: Any) -> list[_Field]:
    """List the properties of a struct that say something about the scene."""
    properties = struct.bl_rna.properties
    attributes = "attributes" in properties
    ours = isinstance(struct, bpy.types.PropertyGroup)
    plan = []
    for prop in properties:
        name = prop.identifier
        if name in _OF_DATA_BLOCKS or name in ignored.ANYWHERE or name.startswith(ignored.ANYWHERE_PREFIXES):
            continue
        if attributes and name in ignored.BESIDE_ATTRIBUTES:
            continue
        if getattr(prop, "is_deprecated", False):  # without effect, and reading it warns
            continue
        # Add-ons hang their own data on Blender's types; only Cycles' is about the picture.
        if prop.is_runtime and not ours and not name.startswith("cycles"):
            continue
        if name == "attributes":
            plan.append(_Field(name, "attributes", ""))
        elif prop.type == "COLLECTION":
            plan.append(_Field(name, "collection", ""))
        elif prop.type == "POINTER":
            target = getattr(bpy.types, prop.fixed_type.identifier, object)
            plan.append(_Field(name, "block" if issubclass(target, bpy.types.ID) else "pointer", ""))
        elif prop.type in _SCALARS and not prop.is_readonly:
            plan.append(_Field(name, _kind(prop), "" if ours else _tag(prop)))
    return plan


def _kind(prop: Any) -> str:
    if getattr(prop, "is_array", False):
        return "array"
    if prop.type == "ENUM" and prop.is_enum_flag:
        return "set"
    return "float" if prop.type == "FLOAT" else "value"


def _tag(prop: Any) -> str:
    if prop.type != "FLOAT":
        return ""
    # A single number's subtype says nothing here, and asking for it warns in some versions.
    subtype = prop.subtype if prop.is_array else ""
    if subtype in ("COLOR", "COLOR_GAMMA"):
        return "linear" if subtype == "COLOR" else "srgb"
    return "degrees" if prop.unit == "ROTATION" and subtype != "QUATERNION" else ""
