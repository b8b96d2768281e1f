"""Scores of single factors: against scikit-image where it has the like, and that each follows its own factor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import color, filters, metrics

from seig_addon.engine import colors, factors, outlines
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.visible import Visible

GRAPH = SceneGraph(
    nodes=[
        Node(name="Wall", kind="surface", build="plane", box=(0, 0, 1, 1)),
        Node(name="Cup", build="lathe", box=(0.2, 0.2, 0.5, 0.6)),
        Node(name="Book", build="box", box=(0.6, 0.5, 0.9, 0.7)),
    ]
)
BOXES = {"Cup": (20, 20, 50, 60), "Book": (60, 50, 90, 70)}


def picture(move=0, tint=(1, 1, 1), light=1.0):
    """A cup and a book before a wall, moved to the right, the cup in another colour, all in another light."""
    index = np.zeros((100, 100), np.int32)
    linear = np.full((100, 100, 3), 0.3)
    for number, (name, paint) in enumerate({"Cup": (0.4, 0.1, 0.1), "Book": (0.05, 0.1, 0.4)}.items(), 1):
        left, top, right, bottom = BOXES[name]
        index[top:bottom, left + move : right + move] = number
        linear[index == number] = np.array(paint) * (tint if name == "Cup" else 1)
    return colors.srgb(light * linear), Visible(("Wall", "Cup", "Book"), index, ("",), np.zeros_like(index))


def scores(**changes):
    reference, _ = picture()
    render, seen = picture(**changes)
    return factors.measure_factors(GRAPH, seen, render, reference)


def test_each_factor_follows_what_it_is_about_and_hardly_anything_else():
    perfect = scores()
    assert (perfect.colors, perfect.boxes, perfect.light) == (1.0, 1.0, 1.0)
    assert perfect.outlines > 0.95
    moved, painted, darker = scores(move=8), scores(tint=(0.3, 2, 2)), scores(light=0.5)
    assert moved.boxes < 0.7 < 0.95 < min(painted.boxes, darker.boxes)
    assert moved.outlines < 0.85 < min(painted.outlines, darker.outlines)
    assert painted.colors < 0.85 < darker.colors
    assert darker.light < 0.5 < painted.light


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_colours_agree_with_scikit_image(seed):
    random = np.random.default_rng(seed)
    a, b = random.random((2, 20, 3))
    assert colors.lab(a) == pytest.approx(color.rgb2lab(a), abs=0.01)
    assert colors.difference(a, b) == pytest.approx(color.deltaE_cie76(color.rgb2lab(a), color.rgb2lab(b)), abs=0.02)
    assert colors.srgb(colors.linear(a)) == pytest.approx(a, abs=1e-6)
    assert colors.from_hex(colors.hex_color(a[0])) == pytest.approx(a[0], abs=0.5 / 255)


def test_steepness_agrees_with_scikit_image_sobel():
    image = np.random.default_rng(3).random((30, 40, 3))
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    blurred = sum(padded[y : y + 30, x : x + 40] for y in range(3) for x in range(3)) / 9
    theirs = np.max([filters.sobel(blurred[..., channel]) for channel in range(3)], axis=0)
    assert outlines.steepness(image)[2:-2, 2:-2] == pytest.approx(theirs[2:-2, 2:-2], abs=1e-9)


@given(st.integers(0, 30), st.integers(0, 30))
def test_agreement_of_boxes_is_their_intersection_over_union(left, top):
    index = np.zeros((100, 100), np.int32)
    index[top : top + 40, left : left + 30] = 1
    seen = Visible(("Wall", "Cup", "Book"), index, ("",), np.zeros_like(index))
    marked = np.zeros((100, 100), bool)
    marked[20:60, 20:50] = True
    both, either = (marked & (index == 1)).sum(), (marked | (index == 1)).sum()
    assert factors.box_agreement(GRAPH, seen) == {"Cup": pytest.approx(both / either, abs=1e-6), "Book": 0.0}


def test_a_wider_mask_reaches_exactly_so_far():
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    wide = outlines.widened(mask, 2)
    assert wide.sum() == 25
    assert wide[2:7, 2:7].all()


def test_the_light_grid_is_the_mean_of_each_cell():
    random = np.random.default_rng(5)
    a, b = random.random((2, 50, 70, 3))
    grid = factors.light_grid(a, b)
    gap = (a - b) @ np.array([0.2126, 0.7152, 0.0722])
    assert grid.shape == (8, 8)
    assert grid[0, 0] == pytest.approx(gap[:6, :8].mean())
    assert metrics.mean_squared_error(grid, np.zeros((8, 8))) < 0.05


def test_a_cell_of_the_light_grid_is_the_mean_of_what_counts_or_unknown():
    shown, where = np.zeros((16, 16, 3)), np.zeros((16, 16), bool)
    shown[:2, :2], shown[0, 0], where[0, 0] = 0.5, 0.25, True
    grid = factors.light_grid(shown, np.zeros_like(shown), where)
    assert grid[0, 0] == pytest.approx(0.25)
    assert np.isnan(grid.ravel()[1:]).all()


def test_pictures_show_the_same_leaf_where_it_is_seen_within_its_own_box():
    cup, table = (
        Node(name="Cup", build="box", box=(0.5, 0.0, 0.75, 0.5)),
        Node(name="Table", build="b", box=(0, 0, 1, 1)),
    )
    index = np.ones((40, 40), np.int32)
    index[0:20, 10:25] = 0  # the cup stands too far to the left
    seen = Visible(("Cup", "Table"), index, ("",), np.zeros_like(index))
    same = factors.same_leaf(SceneGraph(nodes=[cup, table]), seen)
    assert same[5, 22], "the cup where it belongs"
    assert same[30, 10], "the table"
    assert not same[5, 15], "the cup where the reference shows the table"
    assert not same[5, 28], "the table where the reference shows the cup"
