"""The state of a mesh: its shape and attributes, its UV maps, and which faces have which material.

The order in which a mesh stores its edges and faces is no part of its shape, and Blender's own
operators (bmesh.ops.create_uvsphere, for one) vary it from run to run. So they are hashed as sets, with
their attributes. Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import ignored
from .arrays import array_value, attribute_array, attribute_values, hash_of
from .rna import SEPARATOR, Reader, numbers

Values = dict[str, Any]

# Beyond this many face corners the stored order counts: sets take three times as long to hash.
_MOST_CORNERS = 8_192

# Odd numbers without a pattern, to spread keys over 64 bits (from splitmix64 and its kin).
_SPREAD = np.array(
    [
        0x9E3779B97F4A7C15,
        0xBF58476D1CE4E5B9,
        0x94D049BB133111EB,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    ],
    np.uint64,
)
_SHIFT = np.uint64(29)


def mesh_values(mesh: bpy.types.Mesh, reader: Reader) -> Values:
    """Read a mesh into `mesh` and `uv` (flat values) and `indices` (material indices of the faces)."""
    arrays = {
        attribute.name: (attribute, attribute_array(attribute))
        for attribute in mesh.attributes
        if not attribute.name.startswith(".") or attribute.name in (".edge_verts", ".corner_vert")
    }
    hasher = _Hasher(mesh, arrays)
    shape: Values = {"vertices": hasher.vertices, "edges": hasher.edges, "faces": hasher.faces}
    uv: Values = {}
    indices: Any = None
    for name, (attribute, array) in arrays.items():
        if name.startswith(".") or name == "position":
            continue
        if name == "material_index":
            indices = _indices(array, hasher)
        elif attribute.data_type == "FLOAT2" and attribute.domain == "CORNER":
            uv[name] = hasher.value(attribute.domain, array)
        elif array is None:
            shape.update(attribute_values([attribute]))
        elif name not in ignored.ZERO_IS_ABSENT or array.any():
            kind = f"{attribute.domain} {attribute.data_type}"
            shape[name] = {**hasher.value(attribute.domain, array), "type": kind}
    shape["default color"] = mesh.attributes.default_color_name
    if not mesh.use_auto_texspace:
        shape["texture space"] = numbers(mesh.texspace_location) + numbers(mesh.texspace_size)
    if uv:
        uv["rendered"] = next((layer.name for layer in mesh.uv_layers if layer.active_render), None)
    if mesh.shape_keys:
        _shape_keys(mesh.shape_keys, reader, shape)
    return {"mesh": shape, "uv": uv, "indices": indices}


class _Hasher:
    """Stands for arrays of a mesh, per domain."""

    def __init__(self, mesh: bpy.types.Mesh, arrays: dict[str, tuple[Any, np.ndarray]]) -> None:
        empty = np.empty(0, np.int32)
        edges = arrays[".edge_verts"][1] if ".edge_verts" in arrays else empty
        corners = arrays[".corner_vert"][1] if ".corner_vert" in arrays else empty
        points = arrays["position"][1] if "position" in arrays else np.empty(0, np.float32)
        self.vertices = array_value(points, len(mesh.vertices))
        self._counts = {"EDGE": len(mesh.edges), "FACE": len(mesh.polygons), "CORNER": len(corners)}
        self._keys: dict[str, np.ndarray] = {}
        if 0 < len(corners) <= _MOST_CORNERS:
            starts = np.empty(len(mesh.polygons), np.int32)
            mesh.polygons.foreach_get("loop_start", starts)
            self._keys = _keys(edges, corners, starts)
            self.edges = self._set("EDGE", self._keys["EDGE"])
            self.faces = self._set("FACE", self._keys["FACE"])
        else:
            self.edges = array_value(edges, len(mesh.edges))
            # Where in the row of corners a face begins isn't hashed, as reading it takes longer than all
            # else: with other beginnings, either the edges or the number of faces are others too.
            self.faces = array_value(corners, len(mesh.polygons))

    def value(self, domain: str, array: np.ndarray) -> Values:
        """Stand for an attribute's array."""
        if domain not in self._keys:
            return array_value(array, self._counts.get(domain, self.vertices["count"]))
        rows = array.reshape(self._counts[domain], -1)
        columns = rows.view(f"u{rows.itemsize}").astype(np.uint64).T
        keys = self._keys[domain]
        for column in columns:
            keys = _mixed(keys * _SPREAD[0] + column)
        return self._set(domain, keys)

    def _set(self, domain: str, keys: np.ndarray) -> Values:
        return {"count": self._counts[domain], "hash": f"{int(keys.sum()):016x}"}


def _keys(edges: np.ndarray, corners: np.ndarray, starts: np.ndarray) -> dict[str, np.ndarray]:
    """Give each edge, corner and face a key that says which vertices it joins, in a circle for faces."""
    ends = np.append(starts[1:], len(corners)) - 1
    own = corners.astype(np.uint64)
    after, before = np.roll(own, -1), np.roll(own, 1)
    after[ends], before[starts] = own[starts], own[ends]
    corner = _mixed(own * _SPREAD[0] + after * _SPREAD[1] + before * _SPREAD[2])
    pairs = edges.reshape(-1, 2).astype(np.uint64)
    edge = _mixed(np.minimum(*pairs.T) * _SPREAD[3] + np.maximum(*pairs.T) * _SPREAD[4])
    return {"EDGE": edge, "CORNER": corner, "FACE": _mixed(np.add.reduceat(corner, starts))}


def _mixed(keys: np.ndarray) -> np.ndarray:
    """Spread 64-bit keys so that their sum tells sets apart."""
    keys = (keys ^ (keys >> _SHIFT)) * _SPREAD[1]
    return (keys ^ (keys >> _SHIFT)) * _SPREAD[5]


def _indices(array: np.ndarray, hasher: _Hasher) -> Any:
    """Material indices of faces: None where all are the first, one number where all are the same."""
    if not array.any():
        return None
    return int(array[0]) if (array == array[0]).all() else hasher.value("FACE", array)


def _shape_keys(keys: bpy.types.Key, reader: Reader, out: Values) -> None:
    reader.values(keys, "shape keys" + SEPARATOR, out, frozenset(["key_blocks", "user"]))
    for block in keys.key_blocks:
        path = "shape keys" + SEPARATOR + block.name + SEPARATOR
        reader.values(block, path, out, frozenset(["data", "points"]))
        points = np.empty(len(block.points) * 3, np.float32)
        block.points.foreach_get("co", points)
        out[path + "points"] = array_value(points, len(block.points))


def vertex_groups(obj: bpy.types.Object) -> Values:
    """Read an object's vertex groups and all weights in them."""
    if obj.type != "MESH" or not obj.vertex_groups:
        return {}
    names = [group.name for group in obj.vertex_groups]
    weights = [(vertex.index, item.group, item.weight) for vertex in obj.data.vertices for item in vertex.groups]
    return {"vertex groups": names, "weights": {"count": len(weights), "hash": hash_of(weights)}}
