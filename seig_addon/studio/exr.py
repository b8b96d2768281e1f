"""Reads the pictures with many layers that Blender writes: uncompressed OpenEXR, 32-bit float, in one part.

Just that, in numpy, because no Python of Blender's can read a layer of such a file. Never imports bpy.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAGIC, _MULTI_PART, _FLOAT, _UNCOMPRESSED = 20000630, 0x1000, 2, 0


def read_exr(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return each channel of the file by its name, such as "ViewLayer.Combined.R": (height, width), top row first.

    Raises ValueError for a file that is not of the kind above.
    """
    data = path.read_bytes()
    magic, version = struct.unpack_from("<ii", data)
    if magic != _MAGIC or version & _MULTI_PART:
        raise ValueError(f"{path} is no OpenEXR file in one part")
    header, position = _header(data, 8)
    names, compression = _channels(header["channels"]), header["compression"][0]
    if compression != _UNCOMPRESSED:
        raise ValueError(f"{path} is compressed")
    left, top, right, bottom = struct.unpack("<4i", header["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    offsets = np.frombuffer(data, "<u8", height, position)  # of each row: its number, its size, its channels' values
    rows = np.stack([np.frombuffer(data, "<f4", len(names) * width, int(offset) + 8) for offset in offsets])
    planes = rows.reshape(height, len(names), width)
    return {name: np.ascontiguousarray(planes[:, index]) for index, name in enumerate(names)}


def _header(data: bytes, position: int) -> tuple[dict[str, bytes], int]:
    """Return the attributes by name, and where what follows them begins."""
    attributes = {}
    while data[position]:
        name, position = _text(data, position)
        _, position = _text(data, position)  # its type, which follows from the name
        (size,) = struct.unpack_from("<i", data, position)
        attributes[name] = data[position + 4 : position + 4 + size]
        position += 4 + size
    return attributes, position + 1


def _channels(listed: bytes) -> list[str]:
    """Return the names of the channels, in the order in which each row holds them."""
    names, position = [], 0
    while listed[position]:
        name, position = _text(listed, position)
        (kind,) = struct.unpack_from("<i", listed, position)
        if kind != _FLOAT:
            raise ValueError(f"the channel {name} is not 32-bit float")
        names.append(name)
        position += 16  # type, and how it is sampled
    return names


def _text(data: bytes, position: int) -> tuple[str, int]:
    end = data.index(b"\0", position)
    return data[position:end].decode("utf-8", "replace"), end + 1
