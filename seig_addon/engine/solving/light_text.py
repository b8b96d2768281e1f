"""Writes solved lights, world and base colours as a stage program: a line for each, by name, with plain values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...studio.pixels import Emitter, Facts, Paint
from .light import Factors
from .splits import Split

_HEADER = """\
# Powers and colours that bring the render closest to the picture, solved for together.
import seig_kit as kit
"""
_UNCHANGED = 0.002  # less of a factor is not worth a line


def light_program(facts: Facts, factors: Factors, splits: Sequence[Split] = ()) -> str:
    """Return the program that multiplies what `facts` found in the scene by the factors; "" if nothing changes.

    Each split object gets its copy of the material first, and the factors of that.
    """
    lines = []
    for emitter in facts.emitters:
        factor = factors.get((emitter.kind, emitter.name))
        if factor is not None and _changes(factor):
            lines.append(_light(emitter, factor))
    paints = {paint.name: paint for paint in facts.paints if paint}
    for split in splits:
        lines.append(f"kit.own_material({split.object!r}, {split.material!r}, {split.name!r})")
        paints[split.name] = paints[split.material].model_copy(update={"name": split.name})
    for name, paint in paints.items():
        factor = factors.get(("paint", name))
        if factor is not None and _changes(factor):
            lines.append(_paint(paint, factor))
    return "\n".join([_HEADER, *lines, ""]) if lines else ""


def _light(emitter: Emitter, factor: NDArray[np.float64]) -> str:
    if emitter.color is None:
        strength, color = _split(emitter.strength, factor * np.array(emitter.tint))
        if emitter.kind == "world":
            return f"kit.tint_world({_number(strength)}, {_color(color)})"
        return f"kit.set_glow({emitter.name!r}, {_number(strength)})"
    strength, color = _split(emitter.strength, factor * np.array(emitter.color))
    if emitter.kind == "world":
        return f"kit.world({_color(color)}, {_number(strength)})"
    function = "set_light" if emitter.kind == "light" else "set_glow"
    return f"kit.{function}({emitter.name!r}, {_number(strength)}, {_color(color)})"


def _paint(paint: Paint, factor: NDArray[np.float64]) -> str:
    if paint.color is None:
        return f"kit.tint({paint.name!r}, {_color(factor * np.array(paint.tint))})"
    return f"kit.set_base_color({paint.name!r}, {_color(np.minimum(factor * np.array(paint.color), 1.0))})"


def _split(strength: float, color: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Move what a colour has beyond 1, or lacks to it, into the strength."""
    most = float(color.max())
    return (strength * most, color / most) if most > 0 else (strength, color)


def _changes(factor: NDArray[np.float64]) -> bool:
    return bool(np.abs(factor - 1.0).max() > _UNCHANGED)


def _color(color: NDArray[np.float64]) -> str:
    return f"({', '.join(_number(float(part)) for part in color)})"


def _number(value: float) -> str:
    """Four significant digits, without an exponent where it is not needed."""
    text = f"{value:.4g}"
    return text if "e" not in text else f"{value:.7f}".rstrip("0")
