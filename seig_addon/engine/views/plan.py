"""The scene from above and from its right side, as boxes to scale: what one picture from the camera hides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ...studio.scene import ObjectInfo, SceneDescription
from ..framing import framing
from ..hull import hull
from ..scene_graph import SceneGraph
from .canvas import FAINT, FONT, INK, PAPER, SEEN, font, row, text_width
from .names import readable, with_names

_SIZE = 290  # px of a view's drawing, square
_LEFT, _TOP, _BOTTOM = 34, 2, 16
_ROOM = 0.12  # of the things' extent, left free around them
_VIEWS = (("from above (x right, y up)", 0, 1), ("from the right (y right, z up)", 1, 2))


@dataclass(frozen=True)
class _Frame:
    """Maps two world axes to pixels of a square drawing: `low` is its lower left corner, `span` metres its side."""

    low: tuple[float, float]
    span: float

    def place(self, a: float, b: float) -> tuple[float, float]:
        return _LEFT + (a - self.low[0]) / self.span * _SIZE, _TOP + (1 - (b - self.low[1]) / self.span) * _SIZE


def plan(graph: SceneGraph, scene: SceneDescription) -> Image.Image | None:
    """Draw every object of the scene graph as its box in the world, turned as it is; None where there is none yet."""
    kinds = {leaf.name: leaf.kind for leaf in graph.leaves}
    things = [each for each in scene.objects if kinds.get(each.name) == "object" and each.bounds]
    surfaces = [each for each in scene.objects if kinds.get(each.name) == "surface" and each.bounds]
    names = [leaf.name for leaf in graph.leaves]
    if not things:
        return None
    near = framing(graph, scene.objects)
    return row([_view(title, _around(near, (a, b)), (a, b), things, surfaces, scene, names) for title, a, b in _VIEWS])


def _view(
    title: str,
    frame: _Frame,
    axes: tuple[int, int],
    things: Sequence[ObjectInfo],
    surfaces: Sequence[ObjectInfo],
    scene: SceneDescription,
    names: Sequence[str],
) -> Image.Image:
    sheet = Image.new("RGB", (_LEFT + _SIZE, _TOP + _SIZE + _BOTTOM), PAPER)
    draw = ImageDraw.Draw(sheet)
    for each in surfaces:
        draw.rectangle(_rectangle(each, axes, frame), fill=(243, 243, 238), outline=FAINT)
    for each in things:
        draw.polygon(_outline(each, axes, frame), outline=INK)
    _camera(draw, scene, axes, frame)
    _margins(draw, frame)
    boxes = [(each, _rectangle(each, axes, frame)) for each in things]
    middles = {
        readable(each.name, names): (((left + right) / 2) / sheet.width, ((top + bottom) / 2) / sheet.height)
        for each, (left, top, right, bottom) in sorted(boxes, key=lambda item: -_area(item[1]))
    }
    return with_names(sheet, title, middles)


def _outline(each: ObjectInfo, axes: tuple[int, int], frame: _Frame) -> list[tuple[float, float]]:
    """The outline of an object's box as it is turned."""
    corners = hull(np.array([frame.place(corner[axes[0]], corner[axes[1]]) for corner in each.corners]))
    outline = [(float(x), float(y)) for x, y in corners]
    return outline if len(outline) > 1 else outline * 2


def _around(things: Sequence[ObjectInfo], axes: tuple[int, int]) -> _Frame:
    lows, highs = [], []
    for axis in axes:
        lows.append(min(each.bounds[0][axis] for each in things if each.bounds))
        highs.append(max(each.bounds[1][axis] for each in things if each.bounds))
    span = max(high - low for low, high in zip(lows, highs, strict=True)) * (1 + 2 * _ROOM) or 1.0
    middle = [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]
    return _Frame((middle[0] - span / 2, middle[1] - span / 2), span)


def _rectangle(each: ObjectInfo, axes: tuple[int, int], frame: _Frame) -> tuple[float, float, float, float]:
    assert each.bounds is not None
    low, high = each.bounds
    left, bottom = frame.place(low[axes[0]], low[axes[1]])
    right, top = frame.place(high[axes[0]], high[axes[1]])
    edge_x, edge_y = _LEFT + _SIZE - 1, _TOP + _SIZE - 1
    left, top = min(max(left, _LEFT), edge_x), min(max(top, _TOP), edge_y)
    return left, top, min(max(right, left), edge_x), min(max(bottom, top), edge_y)


def _camera(draw: ImageDraw.ImageDraw, scene: SceneDescription, axes: tuple[int, int], frame: _Frame) -> None:
    """Draw the line along which the camera looks; where it stands is often outside."""
    if scene.camera is None:
        return
    tilt, _, turn = (math.radians(angle) for angle in scene.camera.rotation)
    ahead = (-math.sin(tilt) * math.sin(turn), math.sin(tilt) * math.cos(turn), -math.cos(tilt))
    start = frame.place(*(scene.camera.location[axis] for axis in axes))
    far = 4 * frame.span + math.dist(scene.camera.location, (0, 0, 0))
    end = frame.place(*(scene.camera.location[axis] + far * ahead[axis] for axis in axes))
    draw.line((*start, *end), SEEN)


def _margins(draw: ImageDraw.ImageDraw, frame: _Frame) -> None:
    """Cover what reaches out of the drawing, and write metres there."""
    right, bottom = _LEFT + _SIZE, _TOP + _SIZE
    for box in ((0, 0, _LEFT - 1, bottom + _BOTTOM), (0, 0, right, _TOP - 1), (0, bottom, right, bottom + _BOTTOM)):
        draw.rectangle(box, fill=PAPER)
    draw.rectangle((_LEFT, _TOP, right - 1, bottom - 1), outline=FAINT)
    step = 10.0 ** math.floor(math.log10(frame.span / 2))
    step = next(each for each in (step / 2, step, 2 * step, 5 * step) if frame.span / each <= 7)
    for number in range(math.ceil(frame.low[0] / step), math.floor((frame.low[0] + frame.span) / step) + 1):
        x = frame.place(number * step, 0)[0]
        draw.line((x, bottom, x, bottom + 3), INK)
        label = f"{number * step:g} m"
        half = text_width(label) / 2
        draw.text((min(max(x, half), right - half), bottom + 2), label, INK, font(), anchor="ma")
    for number in range(math.ceil(frame.low[1] / step), math.floor((frame.low[1] + frame.span) / step) + 1):
        y = frame.place(0, number * step)[1]
        draw.line((_LEFT - 4, y, _LEFT, y), INK)
        draw.text((_LEFT - 5, min(max(y, _TOP + FONT / 2), bottom)), f"{number * step:g}", INK, font(), anchor="rm")


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
