"""Small renders in white even light beside the one that is judged: what the scene's camera or its light hides.

For geometry the objects straight from three sides, for materials the scene as it is, and for a verifier
what it asks for. For lighting, in the scene's own light, what each light brings. They are more than a
question needs: where one fails, it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ..studio.client import RenderFailed, Studio, View
from .lamps import each_light
from .scene_graph import SceneGraph
from .stages import GEOMETRY, LIGHTING, MATERIALS, Stage

_SIDE, _WHOLE, _ASKED = 192, 320, 256  # px
_BEHIND = (200, 200, 200)  # where nothing is: neither white nor black things vanish before it
_SIDES: tuple[tuple[View, str], ...] = (("front", "front"), ("side", "right side"), ("top", "from above"))
_ALONE = re.compile(r"(.+) alone")
_ANGLES: dict[str, View] = {f"from {view}": view for view in ("left", "right", "back", "above")}

STAGES = (GEOMETRY, MATERIALS, LIGHTING)
"""Those whose questions show such renders."""

Renders = dict[str, Image.Image]
"""Pictures by their titles, in the order in which they are shown."""


def of_stage(stage: Stage, studio: Studio, graph: SceneGraph, folder: Path) -> Renders:
    """Render what a stage's questions show of the scene that the studio holds; `folder` is written to in between."""
    found: Renders = {}
    try:
        if stage is GEOMETRY:
            for view, title in _SIDES:
                shown, metres = _render(studio, folder, _SIDE, view, _things(graph))
                found[f"{title}, {metres:.3g} m"] = shown
        if stage is MATERIALS:
            found["render in white light"], _ = _render(studio, folder, _WHOLE, "camera", [])
        if stage is LIGHTING:
            found = each_light(studio, folder)
    except RenderFailed:
        return {}
    return found


def asked_for(asked: Sequence[str], studio: Studio, graph: SceneGraph, folder: Path) -> Renders:
    """Render what a verifier asked to see of the scene that the studio holds: "Cup alone", "from left"."""
    found: Renders = {}
    names = {node.name for node in graph.nodes}
    for each in asked:
        alone = _ALONE.fullmatch(each)
        try:
            if each in _ANGLES:
                found[each], _ = _render(studio, folder, _ASKED, _ANGLES[each], _things(graph))
            elif alone and alone[1] in names:
                found[each], _ = _render(studio, folder, _ASKED, "near", [alone[1]])
        except RenderFailed:
            continue
    return found


def _things(graph: SceneGraph) -> list[str]:
    """All but surfaces, which reach out of the picture and would hide what stands before them from other sides."""
    return [leaf.name for leaf in graph.leaves if leaf.kind == "object"]


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
