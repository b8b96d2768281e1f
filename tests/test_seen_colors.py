"""The colours of leaves in the reference, told apart from what stands before and behind them."""

import re

import numpy as np

from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.seen_colors import seen_colors
from tests.test_measures import GRAPH, grey


def test_the_reference_is_measured_before_there_is_a_render():
    reference = grey()
    reference[20:60, 20:40] = (1.0, 0.0, 0.0)
    (line,) = seen_colors(GRAPH, reference)
    assert line == "colours that the reference shows: Ground #808080, Cup #ff0000, Book #808080"


def test_what_a_smaller_thing_covers_says_nothing_about_a_colour_in_the_reference():
    reference = grey()
    reference[10:90, 10:90] = (0, 1, 0)
    reference[30:70, 30:70] = (1, 0, 0)
    nodes = [
        Node(name="Frame", build="box", box=(0.1, 0.1, 0.9, 0.9)),
        Node(name="Glass", build="box", box=(0.25, 0.25, 0.75, 0.75)),
    ]
    (line,) = seen_colors(SceneGraph(nodes=nodes), reference)
    assert line.endswith(": Frame #00ff00, Glass #ff0000")


def test_a_colour_that_half_of_a_box_does_not_have_is_marked():
    reference = np.zeros((40, 80, 3))
    reference[::3, :40] = 0.8
    reference[1::3, :40] = 0.4
    reference[:, 40:] = np.linspace(0.5, 0.55, 40)[:, None]
    nodes = [
        Node(name="Twigs", build="tubes", box=(0.0, 0.0, 0.5, 1.0)),
        Node(name="Wall", build="plane", box=(0.5, 0.0, 1.0, 1.0)),
    ]
    (line,) = seen_colors(SceneGraph(nodes=nodes), reference)
    assert re.search(r": Twigs #\w+ mixed, Wall #868686$", line)


def test_of_a_box_that_holds_two_colours_that_of_the_leaf_is_told():
    reference = grey(0.9)
    reference[::4, 20:60] = reference[1::4, 20:60] = (0.4, 0.2, 0.1)
    posts = Node(name="Posts", build="tubes", box=(0.2, 0.2, 0.6, 0.8), base_color="#7a4020")
    (line,) = seen_colors(SceneGraph(nodes=[posts]), reference)
    assert line.endswith(": Posts #66331a")
    wall = posts.model_copy(update={"name": "Wall", "base_color": "#ffffff"})
    (line,) = seen_colors(SceneGraph(nodes=[wall]), reference)
    assert line.endswith(": Wall #e6e6e6")


def test_a_rare_colour_is_not_told_however_like():
    reference = grey(0.9)
    reference[40:42, 20:60] = (0.4, 0.2, 0.1)
    post = Node(name="Post", build="tube", box=(0.2, 0.2, 0.6, 0.8), base_color="#7a4020")
    (line,) = seen_colors(SceneGraph(nodes=[post]), reference)
    assert line.endswith(": Post #e6e6e6")
