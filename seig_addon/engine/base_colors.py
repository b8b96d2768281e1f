"""Which base color each material should have, from what its pixels show in reference and render, apart from the light.

A color is suggested only where it can be told: from the same means as those that objects are compared
by, if the middle of the pixels says the same, and if all objects that wear the material agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..studio.scene import MaterialInfo, SceneDescription
from . import colors
from .factors import DARK, FEW, ColorGap, common_light, measured_on
from .scene_graph import SceneGraph
from .scores import Pixels
from .visible import Mask, Visible

_OFF = 3.0  # CIELAB: smaller differences can't be seen
_DOUBT = 8.0  # CIELAB: what two ways to tell the same colour may differ by
_NAMED = 3  # things that wear a material and differ
_FLAT = 0.1  # in logarithms: half of a metal's pixels are as near to their middle, if it mirrors one thing only
_BASE = (0.003, 0.9)  # linear: what a base color may reasonably be
_GREY = np.full(3, 0.2)  # linear: what stands for colours that nodes make, to measure a difference
_UNKNOWN = {
    "metal": "metal, shows what it mirrors",
    "glows": "glows",
    "clear": "clear",
    "mixed": "several shaders",
}


def base_colors(
    graph: SceneGraph,
    scene: SceneDescription,
    seen: Visible,
    gaps: Sequence[ColorGap],
    render: Pixels,
    reference: Pixels,
) -> list[str]:
    """Suggest a base color for each material that needs another one, and say for which none can be told, and why."""
    light = common_light(list(gaps))
    wanted, got = colors.linear(reference) + DARK, (colors.linear(render) + DARK) * light
    objects = {each.name for each in scene.objects}
    lines: list[str] = []
    untold: dict[str, list[str]] = {}
    for made in scene.materials:
        parts = _parts(graph, objects, seen, made.name)
        if not parts:
            continue
        line, why = _suggestion(made, parts, wanted, got)
        lines += [line] if line else []
        if why:
            untold.setdefault(why, []).append(made.name)
    words = "; ".join(f"{', '.join(names)} ({why})" for why, names in untold.items())
    return [*lines, f"no base color can be told from the pixels of: {words}"] if words else lines


def _parts(graph: SceneGraph, objects: Collection[str], seen: Visible, material: str) -> dict[str, Mask]:
    """Where each leaf shows a material; all of a leaf that stands for several objects, too thin to tell apart."""
    if material not in seen.material_names:
        return {}
    worn = seen.materials == seen.material_names.index(material)
    parts = {}
    for leaf in graph.leaves:
        mask = measured_on(leaf, seen)
        if (worn & mask).sum() >= FEW:
            parts[leaf.name] = worn & mask if leaf.name in objects else mask
    return parts


def _suggestion(made: MaterialInfo, parts: dict[str, Mask], wanted: Pixels, got: Pixels) -> tuple[str, str]:
    """Word the suggestion for a material, or why there is none; both "" if its colour is right."""
    if made.kind in _UNKNOWN and not (made.kind == "metal" and made.base_color and _is_flat(parts, wanted, got)):
        return "", _UNKNOWN[made.kind]
    own = _GREY if made.base_color is None else colors.linear(colors.from_hex(made.base_color))
    told = {}
    for name, mask in parts.items():
        mean, middle = wanted[mask].mean(axis=0) / got[mask].mean(axis=0), np.median(wanted[mask] / got[mask], axis=0)
        if _difference(own * mean, own * middle) < _DOUBT:
            told[name] = mean
    if not told:
        return "", "its pixels disagree: highlights, shadows or a neighbour's"
    weights = [np.sqrt(parts[name].sum()) for name in told]
    ratio = np.exp(np.average(np.log(list(told.values())), axis=0, weights=weights))
    if _difference(own, own * ratio) < _OFF and all(_difference(own, own * each) < _DOUBT for each in told.values()):
        return "", ""
    if any(_difference(own * ratio, own * each) >= _DOUBT for each in told.values()):
        # Where many differ it is light and shade, and all their colours would ask for as many materials.
        furthest = sorted(told, key=lambda name: _difference(own * ratio, own * told[name]), reverse=True)[:_NAMED]
        words = ", ".join(f"{name} {_word(made, own, told[name])}" for name in told if name in furthest)
        most = "" if len(told) <= _NAMED else f" most, of {len(told)}"
        why = "so two materials, a gleam, or misplaced"
        return f"material {made.name}: what wears it differs{most}, {why}: {words}", ""
    if made.base_color is None:
        return f"material {made.name}: nodes make its colours; multiply them by {_word(made, own, ratio)}", ""
    return f"material {made.name}: base color {made.base_color}, suggested {_word(made, own, ratio)}", ""


def _is_flat(parts: dict[str, Mask], wanted: Pixels, got: Pixels) -> bool:
    logs = np.log(np.concatenate([wanted[mask] / got[mask] for mask in parts.values()]))
    return bool(np.median(np.abs(logs - np.median(logs, axis=0))) < _FLAT)


def _word(made: MaterialInfo, own: colors.Floats, ratio: colors.Floats) -> str:
    if made.base_color is None:
        return "r g b " + " ".join(f"{part:.2f}" for part in ratio)
    return colors.hex_color(colors.srgb(np.clip(own * ratio, *_BASE)))


def _difference(one: colors.Floats, other: colors.Floats) -> float:
    """Distance in CIELAB of two base colors, within what one may be."""
    return float(colors.difference(colors.srgb(np.clip(one, *_BASE)), colors.srgb(np.clip(other, *_BASE))))
