"""Thin siblings that lie in each other's gaps are measured as one; whole shapes before others are not."""

import numpy as np
import pytest

from seig_addon.engine import measures
from seig_addon.engine.factors import color_gaps, measure_factors
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.siblings import together
from seig_addon.engine.visible import Visible

PLATE = (0.2, 0.2, 0.7, 0.6)
SLATS = (0.21, 0.22, 0.69, 0.6)
GRAPH = SceneGraph(
    nodes=[
        Node(name="Radio", kind="group"),
        Node(name="Body", parent="Radio", build="box", box=(0.1, 0.1, 0.8, 0.7)),
        Node(name="Plate", parent="Radio", build="box", box=PLATE),
        Node(name="Slats", parent="Radio", build="8 bars", box=SLATS, rests_on="Plate"),
        Node(name="Knob", parent="Radio", build="cylinder", box=(0.72, 0.3, 0.78, 0.36)),
    ]
)
NAMES = tuple(leaf.name for leaf in GRAPH.leaves)
COLORS = {"Body": 0.4, "Plate": 0.05, "Slats": 0.8, "Knob": 0.6}


def painted(shift=0, slats=True):
    """What is seen of a radio whose slats are so many pixels too low, and its picture."""
    index = np.full((200, 200), -1, np.int32)
    for name in NAMES:
        left, top, right, bottom = (round(200 * side) for side in next(n.box for n in GRAPH.nodes if n.name == name))
        if name != "Slats":
            index[top:bottom, left:right] = NAMES.index(name)
        elif slats:
            for row in range(top + shift, bottom, 10):
                index[row : min(row + 5, bottom), left:right] = NAMES.index(name)
    values = np.array([*(COLORS[name] for name in NAMES), 0.95])
    seen = Visible(NAMES, index, ("",), np.zeros_like(index))
    return seen, np.repeat(values[index][..., None], 3, axis=2)


def test_slats_before_a_plate_are_one_and_what_is_whole_stays_apart():
    seen, _ = painted()
    graph, joined = together(GRAPH, seen)
    assert [leaf.name for leaf in graph.leaves] == ["Body", "Plate + Slats", "Knob"]
    assert graph.leaves[1].box == (0.2, 0.2, 0.7, 0.6)
    assert joined.box("Plate + Slats") == pytest.approx((0.2, 0.2, 0.7, 0.6))
    assert joined.mask("Body").sum() == seen.mask("Body").sum()
    assert joined.mask("Knob").sum() == seen.mask("Knob").sum()


def test_without_slats_nothing_is_joined():
    seen, _ = painted(slats=False)
    assert together(GRAPH, seen) == (GRAPH, seen)


def test_things_of_different_groups_stay_apart():
    seen, _ = painted()
    nodes = [node.model_copy(update={"parent": None}) for node in GRAPH.nodes]
    apart = GRAPH.model_copy(update={"nodes": nodes})
    assert together(apart, seen) == (apart, seen)


def test_slats_that_are_half_a_gap_off_no_longer_count_as_misplaced_or_of_the_wrong_colour():
    _, reference = painted()
    seen, render = painted(shift=3)
    reference = (reference + np.roll(reference, 1, axis=0)) / 2  # as thin things are in pictures: not sharp
    before = {gap.name: gap for gap in color_gaps(GRAPH, seen, render, reference)}
    graph, joined = together(GRAPH, seen)
    after = {gap.name: gap for gap in color_gaps(graph, joined, render, reference)}
    assert max(before[name].difference() for name in ("Plate", "Slats")) > 20
    assert after["Plate + Slats"].difference() < 5
    assert "Plate + Slats" in measures.box_offsets(graph, joined)[-1]
    factors = measure_factors(GRAPH, seen, render, reference)
    assert factors.colors > 0.85
    assert factors.boxes > 0.95


def test_leaves_that_nobody_marked_can_be_joined_too():
    seen, _ = painted()
    for unmarked, box in (({"Plate", "Slats"}, None), ({"Plate"}, SLATS)):
        nodes = [node.model_copy(update={"box": None}) if node.name in unmarked else node for node in GRAPH.nodes]
        graph, _ = together(GRAPH.model_copy(update={"nodes": nodes}), seen)
        assert [leaf.box for leaf in graph.leaves if leaf.name == "Plate + Slats"] == [box]
