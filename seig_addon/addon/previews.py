"""Thumbnails of picture files for panels.

They are read by SEIG's own picture code, in a thread: upright, as the model sees them, and without leaving
copies in the desktop's thumbnail cache, as Blender's own previews of files do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import bpy.utils.previews
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..engine.picture import load_reference
from .background import Files, Loader

_SIDE = 256  # px: what a panel shows at most, and what Blender keeps of a preview


@dataclass(frozen=True)
class Thumbnail:
    """A small picture: RGBA rows from the bottom up, packed as Blender's previews are; and the file's own size."""

    packed: NDArray[np.int32]
    size: tuple[int, int]
    width: int
    height: int


_icons: bpy.utils.previews.ImagePreviewCollection | None = None


def _read(files: Files) -> Thumbnail:
    with Image.open(files[0]) as opened:
        width, height = opened.size
    small = load_reference(files[0])
    if (width > height) != (small.width > small.height):
        width, height = height, width  # a photo that was taken upright, and is stored lying
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    rows = np.ascontiguousarray(np.asarray(small.convert("RGBA"))[::-1])
    return Thumbnail(rows.view(np.int32).ravel(), small.size, width, height)


def _arrived(files: Files, thumbnail: Thumbnail) -> None:
    if _icons is None:
        return
    name = str(files[0])
    preview = _icons[name] if name in _icons else _icons.new(name)
    preview.image_size = thumbnail.size
    preview.image_pixels.foreach_set(thumbnail.packed)


_loader: Loader[Thumbnail] = Loader(_read, _arrived)


def icon(path: Path) -> int:
    """The icon of a picture file for template_icon; 0 until it was read, and for what is no picture."""
    if _loader.get(path) is None or _icons is None:
        return 0
    return _icons[str(path)].icon_id


def size(path: Path) -> tuple[int, int] | None:
    """Width and height of a picture file in px; None until it was read, and for what is no picture."""
    thumbnail = _loader.get(path)
    return (thumbnail.width, thumbnail.height) if thumbnail else None


def register() -> None:
    """Open the collection."""
    global _icons
    _icons = bpy.utils.previews.new()


def unregister() -> None:
    """Free all thumbnails."""
    global _icons
    _loader.clear()
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
    _icons = None
