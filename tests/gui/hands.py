"""What a scenario does with Blender's window: looks, keys, buttons, screenshots. Runs inside Blender."""

import functools
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from .package import seig

OUTPUT = Path()
NOTES: list[str] = []
_shots = 0
_drawn: dict[str, list[float]] = {}


@dataclass
class Until:
    """What a scenario waits for; `what` says it in words."""

    condition: Callable[[], bool]
    what: str
    seconds: float = 60.0


def window():
    return bpy.context.window_manager.windows[0]


def view():
    """The 3D view's area."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind="WINDOW"):
    return next(each for each in view().regions if each.type == kind)


def scene():
    return window().scene


def panel():
    """What the panel shows and asks for."""
    return bpy.context.window_manager.seig


def open_sidebar():
    """Open the sidebar at our tab; its tabs exist from its first drawing on."""
    view().spaces.active.show_region_ui = True
    yield 0.5
    yield Until(_turn_to_tab, "the sidebar has our tab", 20)
    yield 0.5


def _turn_to_tab():
    try:
        region("UI").active_panel_category = "SEIG"
    except AttributeError:
        view().tag_redraw()  # not drawn yet
        return False
    return True


def look_through_camera():
    space = view().spaces.active
    space.region_3d.view_perspective = "CAMERA"
    space.shading.type, space.shading.color_type = "SOLID", "MATERIAL"
    view().tag_redraw()


def do(operator, how="EXEC_DEFAULT", **given):
    """Run one of our operators as its button in the sidebar would."""
    with bpy.context.temp_override(window=window(), area=view(), region=region("UI")):
        return getattr(bpy.ops.seig, operator)(how, **given)


def can(operator):
    with bpy.context.temp_override(window=window(), area=view(), region=region("UI")):
        return getattr(bpy.ops.seig, operator).poll()


def key(kind, **modifiers):
    """Press and release a key over the viewport."""
    area = region()
    x, y = area.x + area.width // 3, area.y + area.height // 3
    window().event_simulate("MOUSEMOVE", "NOTHING", x=x, y=y)
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(kind, value, x=x, y=y, **modifiers)


def drag(start, end):
    """Drag with the left button, in pixels of the viewport."""
    area = region()

    def event(kind, value, place):
        window().event_simulate(kind, value, x=int(area.x + place[0]), y=int(area.y + place[1]))

    event("MOUSEMOVE", "NOTHING", start)
    yield 0.3
    event("LEFTMOUSE", "PRESS", start)
    for part in range(1, 9):
        event("MOUSEMOVE", "NOTHING", [a + (b - a) * part / 8 for a, b in zip(start, end, strict=True)])
        yield 0.05
    event("LEFTMOUSE", "RELEASE", end)
    yield 0.3


def shot(name):
    """Take a picture of the whole screen, numbered in the order of the story."""
    global _shots
    _shots += 1
    subprocess.run(["import", "-window", "root", str(OUTPUT / f"{_shots:02}_{name}.png")], check=True, timeout=60)


def settled(name):
    """Let everything be drawn, then take a picture."""
    view().tag_redraw()
    yield 1.5
    view().tag_redraw()
    yield 1.0
    shot(name)


def time_drawing():
    """Measure each panel's drawing from now on."""
    for cls in bpy.types.Panel.__subclasses__():
        if cls.__name__.startswith("SEIG_PT_"):
            cls.draw = _timed(cls.__name__, cls.draw)


def _timed(name, draw):
    @functools.wraps(draw)
    def timed(self, context):
        began = time.perf_counter()
        draw(self, context)
        _drawn.setdefault(name, []).append(time.perf_counter() - began)

    return timed


def drawing_times():
    """Milliseconds by panel: how often it was drawn, the middle one, and the longest."""
    return {
        name: {"count": len(times), "median": 1000 * sorted(times)[len(times) // 2], "longest": 1000 * max(times)}
        for name, times in sorted(_drawn.items())
    }


def note(text):
    """Say something in the result."""
    NOTES.append(text)


def session():
    return seig("addon.session").current()
