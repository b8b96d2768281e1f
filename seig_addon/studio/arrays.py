"""Big arrays and whole structures as short hashes, the same in every process.

Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import bpy
import numpy as np

# Of each attribute type: the property that holds a value, how many numbers, of which type.
_LAYOUT = {
    "FLOAT": ("value", 1, np.float32),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT4": ("vector", 4, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color_srgb", 4, np.float32),
    "QUATERNION": ("value", 4, np.float32),
    "FLOAT4X4": ("value", 16, np.float32),
    "INT": ("value", 1, np.int32),
    "INT8": ("value", 1, np.int8),
    "INT16_2D": ("value", 2, np.int16),
    "INT32_2D": ("value", 2, np.int32),
    "BOOLEAN": ("value", 1, bool),
}


def digest(data: bytes | memoryview) -> str:
    """Give a short hash of some bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def hash_of(value: object) -> str:
    """Give a short hash of a JSON value."""
    return digest(json.dumps(value, sort_keys=True).encode())


def attribute_array(attribute: bpy.types.Attribute) -> np.ndarray | None:
    """Give an attribute's values as one flat array, or None for a type that holds no numbers."""
    if attribute.data_type not in _LAYOUT:
        return None
    name, width, dtype = _LAYOUT[attribute.data_type]
    array = np.empty(len(attribute.data) * width, dtype)
    attribute.data.foreach_get(name, array)
    return array


def array_value(array: np.ndarray, count: int) -> dict[str, Any]:
    """Stand for an array of `count` items."""
    return {"count": count, "hash": digest(array.data)}


def attribute_values(attributes: Any) -> dict[str, Any]:
    """Hash all attributes but those for editing (names with a dot in front: selection, hiding, pins)."""
    values: dict[str, Any] = {}
    for attribute in attributes:
        if attribute.name.startswith("."):
            continue
        array = attribute_array(attribute)
        if array is None:
            values[attribute.name] = [attribute.domain, attribute.data_type, len(attribute.data)]
        else:
            values[attribute.name] = {
                **array_value(array, len(attribute.data)),
                "type": f"{attribute.domain} {attribute.data_type}",
            }
    return values
