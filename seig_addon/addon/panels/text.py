"""Sentences in panels: wrapped to the width there is, as Blender's labels only cut them off."""

from __future__ import annotations

from functools import lru_cache

import blf
import bpy

_MARGIN = 54  # px at normal scale: what panel, box and scroll bar take of a region's width
_ICON = 22


def sentence(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: str = "NONE",
    margin: int = 0,
    width: int | None = None,
) -> None:
    """Draw a text over as many lines as it needs, behind an icon if one is given.

    It gets the region's width, or that of a dialog, in px at normal scale, which is no region of its own.
    """
    scale = context.preferences.system.ui_scale
    points = context.preferences.ui_styles[0].widget.points
    given = context.region.width if width is None else width * scale
    room = given - (_MARGIN + margin + (_ICON if icon != "NONE" else 0)) * scale
    column = layout.column(align=True)
    column.scale_y = 0.8  # closer than buttons stand, so that the lines read as one text
    for number, line in enumerate(_lines(text, room, points * scale)):
        blank = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=line, icon=blank if number else icon)


def hint(layout: bpy.types.UILayout, context: bpy.types.Context, text: str) -> None:
    """Say in an empty panel what to do first."""
    column = layout.column()
    column.active = False
    sentence(column, context, text)


@lru_cache(maxsize=256)
def _lines(text: str, room: float, size: float) -> tuple[str, ...]:
    blf.size(0, size)
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and blf.dimensions(0, longer)[0] > room:
                lines.append(line)
                line = word
            else:
                line = longer
            while len(line) > 1 and blf.dimensions(0, line)[0] > room:  # a path has no spaces to wrap at
                cut = next(end for end in range(len(line) - 1, 0, -1) if _fits(line[:end], room) or end == 1)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    return tuple(lines)


def _fits(text: str, room: float) -> bool:
    return bool(blf.dimensions(0, text)[0] <= room)
