"""The scene at one moment, as questions and measures see it."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from ..studio.scene import SceneDescription
from .scores import Scores
from .visible import Visible


@dataclass(frozen=True)
class Look:
    """The scene's render, which leaf each of its pixels shows, description, scores and faults."""

    render: Image.Image
    seen: Visible
    scene: SceneDescription
    scores: Scores
    faults: list[str]
