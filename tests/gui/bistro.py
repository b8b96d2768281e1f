"""A scripted model that rebuilds tests/pictures/bistro_table.png: what the tests in a window ask instead of an AI.

It answers by the title of a question, so a redone stage gets an answer as well. Each answer takes a moment, as a
model's does, and stops within a tenth of a second when the run is stopped.
"""

import json
import re
import time

from .package import seig


def _leaf(name, build, box, color, rests_on="Table", parent=None, kind="object"):
    node = {"name": name, "build": build, "box": box, "base_color": color, "kind": kind}
    node |= {"rests_on": rests_on} if rests_on else {}
    return node | ({"parent": parent} if parent else {})


GRAPH = {
    "style": "toy-like, soft",
    "light": "a large light from the upper left, warm fill",
    "camera": {"horizon": 0.1, "level": False, "lens_mm": 50, "height_m": 1.44},
    "nodes": [
        {"name": "Room", "kind": "group"},
        _leaf("Floor", "plane", [0, 0.46, 1, 1], "#cdb9a5", None, "Room", "surface"),
        _leaf("Wall", "box", [0, 0, 1, 0.47], "#74958a", "Floor", "Room", "surface"),
        _leaf("Table", "lathe: a thick round top", [0.18, 0.4, 0.82, 0.65], "#d9480f", "Foot"),
        _leaf("Foot", "lathe: a low cone with a wide base", [0.33, 0.6, 0.67, 0.73], "#4a4a48", "Floor"),
        {"name": "Burger", "kind": "group"},
        _leaf("Bun bottom", "lathe", [0.34, 0.45, 0.5, 0.5], "#c46a2f", "Plate left", "Burger"),
        _leaf("Patty", "lathe", [0.34, 0.41, 0.5, 0.47], "#7a3b1e", "Bun bottom", "Burger"),
        _leaf("Cheese", "rounded_box, turned by 45°", [0.33, 0.39, 0.51, 0.45], "#f0a020", "Patty", "Burger"),
        _leaf("Bun top", "sphere", [0.34, 0.31, 0.5, 0.41], "#c4652c", "Cheese", "Burger"),
        {"name": "On the table", "kind": "group"},
        _leaf("Plate left", "lathe", [0.32, 0.44, 0.53, 0.52], "#e9e4de", parent="On the table"),
        _leaf("Plate right", "lathe", [0.51, 0.42, 0.71, 0.5], "#e9e4de", parent="On the table"),
        _leaf("Ketchup", "lathe: bottle, pointed cap", [0.49, 0.29, 0.56, 0.44], "#b81414", parent="On the table"),
        _leaf("Mustard", "lathe: bottle, pointed cap", [0.54, 0.29, 0.61, 0.44], "#e08a12", parent="On the table"),
        {"name": "Chairs", "kind": "group"},
        _leaf("Chair left", "seat, back and legs of rounded boxes", [0, 0.4, 0.21, 0.69], "#2f78c4", "Floor", "Chairs"),
        _leaf("Chair right", "seat, back and legs", [0.8, 0.4, 1, 0.69], "#2f78c4", "Floor", "Chairs"),
    ],
}

_ROUGH = """
from seig_kit import area_light, box, cylinder, material, plane, set_camera, sphere, world
set_camera((0, -3.06, 1.44), look_at=(0, 0, 0.5), lens=50)
plane("Floor", (12, 12), material=material("Floor", "#a99a88"))
box("Wall", (12, 0.1, 4), location=(0, 2.2, 0), material=material("Wall", "#74958a"))
cylinder("Table", 0.72, 0.5, material=material("Table", "#a05030"))
red, white = material("Red", "#c02020"), material("White", "#cccccc")
sphere("Bun top", 0.2, location=(-0.18, 0, 0.6), material=red)
cylinder("Plate left", 0.22, 0.03, location=(-0.18, 0, 0.5), material=white)
area_light("Key", (-2, -2, 4), (0, 0, 0.4), size=2, power=150)
world("#ffffff", 0.5)
"""

_SCAFFOLD = """
from seig_kit import area_light, box, cylinder, material, plane, set_camera, sphere, world
set_camera((0, -3.06, 1.44), look_at=(0, 0, 0.5), lens=50)
plane("Floor", (12, 12), material=material("Floor", "#b9a694"))
box("Wall", (12, 0.1, 4), location=(0, 2.1, 0), material=material("Wall", "#6c8a80"))
orange = material("Table", "#b0481c")
cylinder("Table", 0.72, 0.11, location=(0, 0, 0.39), material=orange)
cylinder("Foot", 0.3, 0.39, material=material("Foot", "#505050"))
white, bun = material("White", "#d8d4d0"), material("Bun", "#b5622e")
for name, x, y in (("Plate left", -0.17, 0.0), ("Plate right", 0.24, 0.08)):
    cylinder(name, 0.22, 0.03, location=(x, y, 0.5), material=white)
for name, radius, bottom, top in (("Bun bottom", 0.17, 0.53, 0.61), ("Patty", 0.18, 0.61, 0.68)):
    cylinder(name, radius, top - bottom, location=(-0.17, 0, bottom), material=bun)
box("Cheese", (0.27, 0.27, 0.02), location=(-0.17, 0, 0.68), material=material("Cheese", "#e0a030"))
sphere("Bun top", (0.35, 0.35, 0.26), location=(-0.17, 0, 0.7), material=bun)
cylinder("Ketchup", 0.07, 0.34, location=(0.06, 0.3, 0.5), material=material("Ketchup", "#a02020"))
cylinder("Mustard", 0.07, 0.34, location=(0.21, 0.32, 0.5), material=material("Mustard", "#c08020"))
blue = material("Seat", "#3a6ea8")
for name, x in (("Chair left", -0.97), ("Chair right", 0.97)):
    box(name, (0.4, 0.36, 0.24), location=(x, 0.15, 0), material=blue)
area_light("Key", (-2, -2, 4), (0, 0, 0.4), size=2, power=150)
world("#ffffff", 0.5)
"""

_SHAPES = """
from seig_kit import lathe, material
lathe("Table", [(0, 0), (0.7, 0), (0.72, 0.02), (0.72, 0.09), (0.7, 0.11), (0, 0.11)])
lathe("Foot", [(0, 0), (0.43, 0), (0.41, 0.05), (0.14, 0.13), (0.14, 0.39), (0, 0.39)])
for name in ("Plate left", "Plate right"):
    lathe(name, [(0, 0), (0.13, 0), (0.23, 0.03), (0.22, 0.04), (0.13, 0.015), (0, 0.015)])
bottle = [(0, 0), (0.07, 0), (0.075, 0.02), (0.075, 0.22), (0.05, 0.25), (0.05, 0.28), (0.015, 0.34), (0, 0.34)]
lathe("Ketchup", bottle)
lathe("Mustard", bottle)
lathe("Bun bottom", [(0, 0), (0.15, 0), (0.17, 0.03), (0.17, 0.08), (0, 0.08)])
lathe("Patty", [(0, 0), (0.17, 0), (0.185, 0.035), (0.17, 0.07), (0, 0.07)])
"""

_CHAIRS = """
from seig_kit import material, rounded_box
leg = material("Leg", "#7a3220")
for name, side in (("Chair left", -1), ("Chair right", 1)):
    rounded_box(name, (0.38, 0.36, 0.08), location=(0.96 * side, 0.15, 0.16), radius=0.03)
    for i, (x, y) in enumerate(((-0.12, -0.12), (0.12, -0.12), (-0.12, 0.12), (0.12, 0.12))):
        rounded_box(f"{name} leg {i + 1}", (0.09, 0.09, 0.16), location=(0.96 * side + x, 0.15 + y, 0), material=leg)
    for i, y in enumerate((-0.13, 0.13)):
        rounded_box(f"{name} post {i + 1}", (0.1, 0.09, 0.42), location=(1.05 * side, 0.15 + y, 0.18),
                    rotation=(0, 14 * side, 0), material=leg)
"""

_COLORS = """
from seig_kit import material
material("Table", "#c8440f", roughness=0.45)
material("Foot", "#4a4a48", roughness=0.6)
material("Bun", "#c4652c", roughness=0.5)
material("Cheese", "#f0a020", roughness=0.4)
material("Ketchup", "#b81414", roughness=0.3)
material("Mustard", "#e08a12", roughness=0.3)
material("Seat", "#2f78c4", roughness=0.6)
material("Floor", "#cdb9a5", roughness=0.8)
"""

_PLACES = """
import bpy
for name, x, y in (("Plate left", -0.175, -0.02), ("Plate right", 0.25, 0.06)):
    bpy.data.objects[name].location.x = x
    bpy.data.objects[name].location.y = y
"""

_LIGHT = """
from seig_kit import area_light, world
area_light("Key", (-1.8, -2.4, 3.4), (0, 0, 0.4), size=1.6, power=190, color="#fff1e0")
world("#dfe8f0", 0.45)
"""

# By stage and round; a later round than these repeats the last.
PROGRAMS = {
    "initialization": [_ROUGH, _SCAFFOLD],
    "geometry": [_SHAPES, _SHAPES + _CHAIRS],
    "materials": [_COLORS, _COLORS.replace("#c8440f", "#d24c14")],
    "composition": [_PLACES],
    "lighting": [_LIGHT, _LIGHT.replace("190", "210")],
}
DEMANDS = {
    "geometry": ["Give the chairs legs and a back of two posts", "Taper the foot of the table"],
    "materials": ["Table: a little brighter, about #d24c14"],
}


class BistroModel:
    """Answers as a vision-language model would; `seconds` is what each answer takes."""

    name, at_once = "scripted", 1

    def __init__(self, seconds=0.5):
        self.seconds = seconds
        self.titles = []

    def most(self, messages):
        return 0.05

    def close(self):
        pass

    def ask(self, messages, schema=None, cancel=None, at_most=None):
        models, errors = seig("models"), seig("errors")
        title = models.title_of(messages)
        self.titles.append(title)
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            if cancel is not None and cancel.wait(0.05):
                raise errors.Cancelled("Stopped.")
        usage = models.Usage(input_tokens=5400, output_tokens=900)
        return models.Reply(self.answer(title), usage, 0.021)

    def answer(self, title):
        stage, task = re.search(r"Stage: (\w+) · Task: ([\w ]+?)(?: ·|$)", title).groups()
        number = int((re.search(r"(?:Round|Rollout): (\d+)", title) or [0, 1])[1])
        if task == "scene graph":
            return _as_json(GRAPH)
        if task == "review":
            demands = DEMANDS.get(stage, []) if number == 1 else []
            return _as_json({"approved": not demands, "checklist": demands, "comment": ""})
        programs = PROGRAMS[stage]
        return f"```python\n{programs[min(number, len(programs)) - 1].strip()}\n```"


def _as_json(value):
    return f"```json\n{json.dumps(value)}\n```"
