"""Small renders beside the one that is judged: what the scene's camera or its light hides, and what is too small in it.

In white even light, for geometry the objects straight from three sides, for materials the scene as it is,
and for a verifier what it asks for. In the scene's own light, for lighting what each light brings, and close-ups
of what is off most. They are more than a question needs: where one fails, it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..studio.client import RenderFailed, Studio, View
from ..studio.scene import SceneDescription
from . import picture
from .framing import framing
from .lamps import each_light
from .records import RunRecord
from .scene_graph import Box2D, SceneGraph
from .stages import GEOMETRY, LIGHTING, MATERIALS, Stage

_SIDE, _WHOLE, _ASKED = 192, 320, 256  # px
_BEHIND = (200, 200, 200)  # where nothing is: neither white nor black things vanish before it
_SIDES: tuple[tuple[View, str], ...] = (("front", "front"), ("side", "right side"), ("top", "from above"))
_ALONE = re.compile(r"(.+) alone")
_ANGLES: dict[str, View] = {f"from {view}": view for view in ("left", "right", "back", "above")}

Renders = dict[str, Image.Image]
"""Pictures by their titles, in the order in which they are shown."""


@dataclass(frozen=True)
class CloseUp:
    """A window of the scene's render, rendered as large as it is shown."""

    title: str
    window: Box2D
    render: Image.Image


def of_stage(stage: Stage, studio: Studio, graph: SceneGraph, scene: SceneDescription, folder: Path) -> Renders:
    """Render what a stage's questions show of the `scene` that the studio holds; `folder` is written to in between."""
    found: Renders = {}
    try:
        if stage is GEOMETRY:
            for view, title in _SIDES:
                shown, metres = _render(studio, folder, _SIDE, view, _things(graph, scene))
                found[f"{title}, {metres:.3g} m"] = shown
        if stage is MATERIALS:
            found["render in white light"], _ = _render(studio, folder, _WHOLE, "camera", [])
        if stage is LIGHTING:
            found = each_light(studio, folder)
    except RenderFailed:
        return {}
    return found


def asked_for(
    asked: Sequence[str], studio: Studio, graph: SceneGraph, scene: SceneDescription, folder: Path
) -> Renders:
    """Render what a verifier asked to see of the `scene` that the studio holds: "Cup alone", "from left"."""
    found: Renders = {}
    names = {node.name for node in graph.nodes}
    for each in asked:
        alone = _ALONE.fullmatch(each)
        try:
            if each in _ANGLES:
                found[each], _ = _render(studio, folder, _ASKED, _ANGLES[each], _things(graph, scene))
            elif alone and alone[1] in names:
                found[each], _ = _render(studio, folder, _ASKED, "near", [alone[1]])
        except RenderFailed:
            continue
    return found


def close_ups(
    windows: Iterable[tuple[str, Box2D]], side: int, studio: Studio, record: RunRecord, folder: Path
) -> list[CloseUp]:
    """Render windows of the scene that the studio holds, `side` px long where the reference is as large."""
    found, path = [], folder / "close_up.png"
    for title, window in windows:
        left, top, right, bottom = window
        share = max((right - left) * record.width, (bottom - top) * record.height) / max(record.width, record.height)
        size = record.render_size(round(side / share))
        try:
            studio.render(path, size=size, samples=record.settings.working_samples, window=window)
            found.append(CloseUp(title, window, picture.open_render(path)))
        except RenderFailed:
            continue
        finally:
            path.unlink(missing_ok=True)
    return found


def _things(graph: SceneGraph, scene: SceneDescription) -> list[str]:
    """Without what reaches out of the picture, which would hide what stands before it from other sides."""
    return [each.name for each in framing(graph, scene.objects)]


def _render(studio: Studio, folder: Path, size: int, view: View, objects: list[str]) -> tuple[Image.Image, float]:
    path = folder / "neutral.png"
    try:
        metres = studio.neutral(path, size, view, objects)
        with Image.open(path) as picture:
            shown = Image.new("RGB", picture.size, _BEHIND)
            shown.paste(picture, mask=picture.getchannel("A"))
    finally:
        path.unlink(missing_ok=True)
    return shown, metres
