"""Fetches from the studio what a picture is made of: which light brings how much of each pixel. Never imports bpy."""

from __future__ import annotations

from pathlib import Path

from ...studio.client import Studio
from ...studio.pixels import LightPasses


def light_passes(studio: Studio, folder: Path, size: int, samples: int) -> LightPasses:
    """Render the passes of the scene that the studio holds; large as a file, so it goes as soon as it is read.

    `size` is the longer side in px. Raises RenderFailed.
    """
    path = folder / "passes.npz"
    try:
        return studio.light_passes(path, size, samples)
    finally:
        path.unlink(missing_ok=True)
