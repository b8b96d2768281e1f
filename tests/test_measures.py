"""The numbers in the questions say what is there: where a box is off, which colour, where it is too dark."""

import numpy as np
import pytest

from seig_addon.engine import measures
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.studio.scene import ObjectInfo, SceneDescription

GRAPH = SceneGraph(
    nodes=[
        Node(name="Ground", kind="surface", build="plane", box=(0, 0.5, 1, 1)),
        Node(name="Cup", build="lathe", box=(0.2, 0.2, 0.4, 0.6)),
        Node(name="Book", build="box", box=(0.6, 0.5, 0.9, 0.7)),
    ]
)


def _scene(**boxes):
    objects = [
        ObjectInfo(
            name=name,
            type="MESH",
            parent=None,
            location=(0, 0, 0),
            dimensions=(1, 1, 1),
            box=box,
            visible=box is not None,
            hidden=False,
            materials=[],
            vertices=8,
            modifiers=[],
        )
        for name, box in boxes.items()
    ]
    return SceneDescription(
        objects=objects, materials=[], lights=[], camera=None, world=None, text="", blender_version="5.0.0"
    )


def test_boxes_that_are_off_are_listed_worst_first_with_the_sides_that_are():
    scene = _scene(Ground=(0, 0.1, 1, 1), Cup=(0.22, 0.2, 0.4, 0.6), Book=(0.6, 0.5, 0.95, 0.65))
    assert measures.box_offsets(GRAPH, scene) == [
        "Book: box is off by right +0.050, bottom -0.050",
        "Cup: box is off by left +0.020",
    ]


def test_boxes_in_their_place_and_objects_that_are_missing_are_not_listed():
    assert measures.box_offsets(GRAPH, _scene(Cup=(0.2, 0.2, 0.405, 0.6), Book=None)) == []


def test_a_colour_is_compared_in_the_middle_of_its_box_with_the_factor_in_linear_light():
    reference = np.full((100, 100, 3), 0.5)
    render = reference.copy()
    render[20:60, 20:40] = (0.2, 0.5, 0.5)
    first = measures.colors(GRAPH, render, reference)[0]
    assert first.startswith("Cup: reference #808080, render #338080, linear factor r g b ")
    red, green, _ = (float(part) for part in first.split(" b ")[1].split())
    assert red == pytest.approx((0.2140 + 0.005) / (0.0331 + 0.005), abs=0.01)
    assert green == pytest.approx(1.0, abs=0.01)


def test_the_reference_is_measured_before_there_is_a_render():
    reference = np.full((100, 100, 3), 0.5)
    reference[20:60, 20:40] = (1.0, 0.0, 0.0)
    assert measures.seen_colors(GRAPH, reference) == [
        "Ground: shows #808080 in the middle of its box",
        "Cup: shows #ff0000 in the middle of its box",
        "Book: shows #808080 in the middle of its box",
    ]


def test_brightness_says_where_and_by_how_much_all_light_is_off():
    reference = np.full((64, 48, 3), 0.5)
    render = reference.copy()
    render[:, :6] = 0.75
    factor, clipped, grid = measures.brightness(render, reference)
    assert float(factor.split()[-1]) < 1
    assert clipped == "pure white: 0.0% of the reference, 0.0% of the render"
    rows = [[int(cell) for cell in row.split()] for row in grid.splitlines()[1:]]
    assert len(rows) == 8
    assert all(row == [64, 0, 0, 0, 0, 0, 0, 0] for row in rows)


def test_pictures_smaller_than_the_grid_are_measured_too():
    tiny = np.full((5, 3, 3), 0.2)
    assert measures.brightness(tiny, tiny)[0].endswith("1.00")
    assert all("factor r g b 1.00 1.00 1.00" in line for line in measures.colors(GRAPH, tiny, tiny))
