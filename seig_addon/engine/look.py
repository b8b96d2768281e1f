"""The scene at one moment, as questions and measures see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ..studio.scene import SceneDescription
from .renders import CloseUp, Renders
from .scores import Scores
from .visible import Visible


@dataclass(frozen=True)
class Look:
    """The scene's render, which leaf each of its pixels shows, description, scores and faults.

    The scene is kept in its `checkpoint`. For the questions of one stage there are `renders` from elsewhere, by
    their titles, and `close_ups` of what is off most.
    """

    render: Image.Image
    seen: Visible
    scene: SceneDescription
    scores: Scores
    faults: list[str]
    checkpoint: Path | None = None
    renders: Renders = field(default_factory=dict)
    close_ups: Sequence[CloseUp] = ()
