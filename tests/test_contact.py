"""What touches must still do so once things were placed, and what nearly touches is settled: in real scenes."""

import numpy as np
import pytest

from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.solving.arrangement import arrange
from seig_addon.engine.solving.placing import placing
from seig_addon.engine.solving.settling import settling

VIEW = """
import bpy
from mathutils import Vector
from seig_kit import box, cone, cylinder, group, plane, rounded_box, set_camera, sphere, tube
set_camera((0.5, -6, 3), look_at=(0, 0, 0.6), lens=45)
plane("Ground", (30, 30))
"""
FEET = """
rounded_box("Book", (1.6, 1.1, 0.2), (0.1, 0, 0), rotation=(0, 0, 35))
group("Radio", location=(0.1, 0.1, 0.2))
for x in (-0.3, 0.3):
    for y in (-0.2, 0.2):
        cylinder(f"Foot {x} {y}", 0.05, 0.08, (x + 0.1, y + 0.1, 0.2), parent="Radio")
box("Case", (0.8, 0.5, 0.5), (0.1, 0.1, 0.28), parent="Radio")
"""
ROUND = """
cylinder("Table", 0.9, 0.5, (0, 0, 0))
box("Left", (0.3, 0.3, 0.4), (-0.5, 0.3, 0.5))
box("Right", (0.3, 0.3, 0.4), (0.4, -0.3, 0.5), rotation=(0, 0, 20))
"""
BRIDGE = """
box("Near", (0.2, 0.8, 0.5), (-0.8, 0, 0))
box("Far", (0.2, 0.8, 0.5), (0.8, 0, 0))
box("Plank", (2, 0.6, 0.1), (0, 0, 0.5))
box("Jar", (0.3, 0.3, 0.4), (0.2, 0, 0.6))
"""
SLOPE = """
box("Ramp", (1.5, 1.2, 0.2), (0, 0, 0.4), rotation=(0, 20, 0))
box("Brick", (0.3, 0.3, 0.3), (0, 0, 0.0), rotation=(0, 20, 0))
bpy.context.view_layer.update()
ramp = bpy.data.objects["Ramp"].matrix_world
bpy.data.objects["Brick"].location = ramp @ Vector((0, 0, 0.2))
"""
WALL = """
box("Screen", (3, 0.1, 2.5), (0, 1, 0), rotation=(0, 0, 25))
bpy.context.view_layer.update()
box("Picture", (0.8, 0.05, 0.6), (0, 0, 0), rotation=(0, 0, 25))
screen = bpy.data.objects["Screen"].matrix_world
bpy.data.objects["Picture"].location = screen @ Vector((0.3, -0.075, 1.2))
"""
KNOB = """
box("Cabinet", (1.2, 0.6, 1.2), (0, 0, 0))
box("Knob", (0.1, 0.08, 0.1), (0.3, -0.34, 0.7))
"""
SCENES = {
    "four feet on a turned book": (FEET, {"Radio": "Book"}),
    "two things on a round table": (ROUND, {"Left": "Table", "Right": "Table", "Table": "Ground"}),
    "a plank across two blocks": (BRIDGE, {"Plank": "Near", "Jar": "Plank"}),
    "a brick on a slope": (SLOPE, {"Brick": "Ramp"}),
    "a picture on a turned wall": (WALL, {"Picture": "Screen"}),
    "a knob on a cabinet": (KNOB, {"Knob": "Cabinet"}),
}


def parts_of(studio):
    return [each for each in studio.describe().objects if each.name not in ("Camera",)]


def graph_of(studio, marked, rests_on=True, pairs=None):
    roots = [each for each in parts_of(studio) if each.parent is None and each.box]
    return SceneGraph(
        nodes=[
            Node(
                name=each.name,
                kind="surface" if each.name == "Ground" else "object",
                build="as it is",
                box=marked.get(each.name, each.box),
                rests_on=(pairs or {}).get(each.name) if rests_on else None,
            )
            for each in roots
        ]
    )


def shoved(dice, box):
    """A box marked somewhere else, in another size."""
    middle, size = np.array([box[0] + box[2], box[1] + box[3]]) / 2, np.array([box[2] - box[0], box[3] - box[1]])
    middle, size = middle + dice.uniform(-0.12, 0.12, 2), size * dice.uniform(0.75, 1.3, 2)
    return tuple(np.concatenate([middle - size / 2, middle + size / 2]).clip(-0.4, 1.4).tolist())


def measured(studio, pairs):
    """How far each thing is off what it touched, by its surfaces, with children."""
    directions = {"Picture": (-np.sin(np.radians(-25)), -np.cos(np.radians(25)), 0), "Knob": (0, -1, 0)}
    directions["Brick"] = (np.sin(np.radians(20)), 0, np.cos(np.radians(20)))
    found = studio.gaps([([name], below, directions.get(name, (0, 0, 1))) for name, below in pairs.items()])
    return {name: gap.distance / gap.size for name, gap in zip(pairs, found, strict=True) if gap}


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("named", [True, False])
def test_what_touched_still_does_once_things_were_placed_anywhere(studio, tmp_path, name, named):
    scene, pairs = SCENES[name]
    studio.new("contact", 160, 120)
    result = studio.run(VIEW + scene)
    assert result.failure is None, result.failure
    assert measured(studio, pairs) == pytest.approx(dict.fromkeys(pairs, 0), abs=2e-3)
    start = tmp_path / "start.blend"
    studio.save(start)
    moved = 0
    for seed in range(4):
        dice = np.random.default_rng(seed)
        studio.open(start)
        boxes = {each.name: each.box for each in parts_of(studio) if each.box}
        graph = graph_of(studio, {each: shoved(dice, box) for each, box in boxes.items()}, named, pairs)
        text = placing(studio, graph)
        studio.open(start)
        assert studio.run(text).failure is None
        moved += "places" in text
        assert measured(studio, pairs) == pytest.approx(dict.fromkeys(pairs, 0), abs=3e-3)
        assert [fault for fault in studio.check([]) if "floats" in fault or "touches none" in fault] == []
    assert moved > 1


def feet_over_the_book(studio):
    """How many of the radio's feet have no book under them."""
    feet = [each.name for each in parts_of(studio) if each.name.startswith("Foot")]
    found = studio.gaps([([name], "Book", (0, 0, 1)) for name in feet])
    return sum(gap is None or abs(gap.distance) > 0.01 for gap in found)


def test_no_foot_of_a_thing_slides_over_the_edge_of_a_turned_support(studio, tmp_path):
    studio.new("contact", 160, 120)
    assert studio.run(VIEW + FEET).failure is None
    assert feet_over_the_book(studio) == 0
    start = tmp_path / "start.blend"
    studio.save(start)
    boxes = {each.name: each.box for each in parts_of(studio) if each.box}
    moved = 0
    for across, down in ((0.1, 0), (-0.1, 0), (0, 0.1), (0, -0.1), (0.1, 0.1), (-0.1, -0.1)):
        studio.open(start)
        left, top, right, bottom = boxes["Radio"]
        shifted = (left + across, top + down, right + across, bottom + down)
        text = placing(studio, graph_of(studio, {"Radio": shifted}, pairs={"Radio": "Book"}))
        moved += "Radio" in text
        studio.open(start)
        assert studio.run(text).failure is None
        assert feet_over_the_book(studio) == 0
    assert moved > 2


def settled(studio, tmp_path, scene, pairs):
    studio.new("contact", 160, 120)
    result = studio.run(VIEW + scene)
    assert result.failure is None, result.failure
    text = settling(studio, graph_of(studio, {}, pairs=pairs))
    studio.save(tmp_path / "start.blend")
    studio.open(tmp_path / "start.blend")
    if text:
        result = studio.run(text)
        assert result.failure is None
        assert {change.kind for change in result.changes} == {"object transform"}
    return text


def test_small_gaps_are_closed_and_small_overlaps_resolved_with_what_is_carried(studio, tmp_path):
    scene = """
box("Table", (2.0, 1.2, 0.7), (0, 0, 0.03))
box("Cup", (0.2, 0.2, 0.3), (-0.4, 0.1, 0.725))
box("Ball box", (0.2, 0.2, 0.3), (0.4, 0.1, 0.735), rotation=(0, 0, 30))
box("Hung", (0.3, 0.3, 0.3), (0, 0, 1.2))
"""
    pairs = {"Table": "Ground", "Cup": "Table", "Ball box": "Table"}
    text = settled(studio, tmp_path, scene, pairs)
    assert measured(studio, pairs) == pytest.approx(dict.fromkeys(pairs, 0), abs=1e-4)
    assert "Hung" not in text
    assert settling(studio, graph_of(studio, {}, pairs=pairs)) == ""


def test_a_picture_is_settled_along_its_walls_normal(studio, tmp_path):
    scene = WALL.replace("-0.075", "-0.095")
    before = {"Picture": "Screen"}
    text = settled(studio, tmp_path, scene, before)
    assert "Picture" in text
    assert measured(studio, before) == pytest.approx({"Picture": 0}, abs=1e-4)


@pytest.mark.parametrize(
    ("what", "scene", "pairs"),
    [
        ("a large gap", 'box("Cup", (0.3, 0.3, 0.3), (0, 0, 0.1))', {"Cup": "Ground"}),
        ("a half sunk block", 'box("Rock", (0.3, 0.3, 0.3), (0, 0, -0.1))', {"Rock": "Ground"}),
        (
            "a plant in soil",
            'cylinder("Soil", 0.4, 0.3, (0, 0, 0))\ncylinder("Stem", 0.01, 1.0, (0, 0, 0.275))',
            {"Soil": "Ground", "Stem": "Soil"},
        ),
        (
            "a cushion in a seat",
            'box("Seat", (1, 1, 0.4), (0, 0, 0))\nsphere("Cushion", (0.8, 0.8, 0.2), (0, 0, 0.385))',
            {"Seat": "Ground", "Cushion": "Seat"},
        ),
        (
            "coffee in a cup",
            'cylinder("Cup", 0.3, 0.5, (0, 0, 0))\ncylinder("Coffee", 0.29, 0.44, (0, 0, 0.05))',
            {"Cup": "Ground", "Coffee": "Cup"},
        ),
        (
            "a nail in a wall",
            'box("Screen", (3, 0.1, 2.5), (0, 1, 0))\n'
            'cylinder("Nail", 0.005, 0.6, (0, 0.965, 1.2), rotation=(90, 0, 0))',
            {"Screen": "Ground", "Nail": "Screen"},
        ),
    ],
)
def test_what_is_off_by_much_or_sunk_on_purpose_stays(studio, tmp_path, what, scene, pairs):
    assert settled(studio, tmp_path, scene, pairs) == "", what


def test_a_rug_does_not_hold_what_stands_on_it(studio):
    studio.new("contact", 160, 120)
    rug = 'box("Rug", (1, 1, 0.01), (0, 0, 0))\nbox("Crate", (0.5, 0.5, 0.5), (0, 0, 0.01))'
    assert studio.run(VIEW + rug).failure is None
    arrangement = arrange(graph_of(studio, {}), studio.places())
    assert arrangement is not None
    crate = next(body for body in arrangement.bodies if body.name == "Crate")
    assert crate.rim is not None
    assert crate.rim.room(1.0, 1.0).min() > 10
