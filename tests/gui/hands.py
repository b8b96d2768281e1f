"""What a scenario does with Blender's window: looks, keys, buttons, screenshots. Runs inside Blender."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from .package import seig

OUTPUT = Path()
NOTES: list[str] = []
_shots = 0


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


def key(kind, area=None, at=(1 / 3, 1 / 3), **modifiers):
    """Press and release a key or button over the viewport, or another area, at these fractions of it."""
    where, place = _place(area, at)
    where.event_simulate("MOUSEMOVE", "NOTHING", x=place[0], y=place[1])
    for value in ("PRESS", "RELEASE"):
        where.event_simulate(kind, value, x=place[0], y=place[1], **modifiers)


def write(text):
    """Type letters into what has the focus."""
    _, (x, y) = _place(None, (1 / 3, 1 / 3))
    for letter in text:
        for value, typed in (("PRESS", {"unicode": letter}), ("RELEASE", {})):
            window().event_simulate("SPACE" if letter == " " else letter.upper(), value, x=x, y=y, **typed)


def _place(area, at):
    """The window of an area, the viewport by default, and a place in it, in px."""
    area = area or view()
    inside = next(each for each in area.regions if each.type == "WINDOW")
    windows = bpy.context.window_manager.windows
    where = next(each for each in windows if area in each.screen.areas[:])
    return where, (int(inside.x + inside.width * at[0]), int(inside.y + inside.height * at[1]))


def open_panels():
    """Have all our panels open from their first drawing on; those that are closed at first are drawn as well then."""
    for cls in bpy.types.Panel.__subclasses__():
        if cls.__name__.startswith("SEIG_PT_") and "DEFAULT_CLOSED" in getattr(cls, "bl_options", ()):
            bpy.utils.unregister_class(cls)
            cls.bl_options = set()
            bpy.utils.register_class(cls)


def scroll(times):
    """Turn the wheel over the sidebar, down."""
    side = region("UI")
    x, y = side.x + side.width // 2, side.y + side.height // 2
    window().event_simulate("MOUSEMOVE", "NOTHING", x=x, y=y)
    for _ in range(times):
        window().event_simulate("WHEELDOWNMOUSE", "PRESS", x=x, y=y)
        yield 0.05


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
    yield 0.8
    view().tag_redraw()
    yield 0.6
    shot(name)


def drawing_times():
    """Milliseconds by panel, as the add-on measures them, while the last run went on and since."""
    return session().ticks.panels


def note(text):
    """Say something in the result."""
    NOTES.append(text)


def session():
    return seig("addon.session").current()
