"""Registering what a render shows to the reference: what is found, what isn't trusted, and what it moves."""

import numpy as np
import pytest

from seig_addon.engine import picture
from seig_addon.engine.coverage import overlap
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.scores import measure
from seig_addon.engine.solving.placing import registering
from seig_addon.engine.solving.registration import register
from seig_addon.engine.visible import visible

SIDE = 160


def drawn(x, y, half, seed=0, tone=0.8, ground=0.3):
    """A square with a cross in it, and its mask."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    mask = (abs(columns - x) < half) & (abs(rows - y) < half)
    inner = mask & ((abs(columns - x) < 0.2 * half) | (abs(rows - y + 0.3 * half) < 0.2 * half))
    shade = np.where(inner, 0.5 * tone, np.where(mask, tone, ground + 0.1 * rows / SIDE))
    noise = np.random.default_rng(seed).normal(0, 0.003, (SIDE, SIDE, 3))
    return np.clip(shade[..., None] + noise, 0, 1), mask


@pytest.mark.parametrize(("x", "y", "half"), [(83, 80, 20), (80, 77, 20), (78, 82, 20), (80, 80, 21), (82, 79, 19)])
def test_a_shift_and_size_is_found_though_light_and_colours_are_off(x, y, half):
    render, mask = drawn(80, 80, 20)
    reference = drawn(x, y, half, seed=1)[0] * [0.9, 0.6, 0.4]
    (shift,) = register(render, reference, [mask])
    assert shift is not None
    assert (shift.x, shift.y) == pytest.approx((x - 80, y - 80), abs=0.6)
    assert shift.size == pytest.approx(half / 20, abs=0.02)


def test_what_fits_already_or_is_nowhere_to_be_found_is_left_alone():
    render, mask = drawn(80, 80, 20)
    noise = np.random.default_rng(2).uniform(0, 1, render.shape)
    assert register(render, drawn(80, 80, 20, seed=1)[0], [mask]) == [None]
    assert register(render, noise, [mask]) == [None]
    assert register(render, np.full_like(render, 0.5), [mask, np.zeros_like(mask)]) == [None, None]


SCENE = """
from seig_kit import box, cylinder, material, plane, set_camera, sun, world
set_camera((0.3, -5, 2.2), look_at=(0, 0, 0.3), lens=45)
plane("Ground", (30, 30), material=material("Grey", "#909090"))
box("Crate", (1, 1, 0.6), (-0.4, 0.2, 0), material=material("Wood", "#b07030"))
box("Cup", (0.3, 0.3, 0.4), (-0.4, 0.1, 0.6), material=material("Blue", "#3050b0"))
cylinder("Block", 0.25, 0.5, (0.8, 0.0, 0), material=material("Red", "#c03020"))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""
OFF = """
import bpy
thing = bpy.data.objects
thing["Crate"].location.x += 0.04
thing["Cup"].location.x -= 0.03
thing["Block"].location.x -= 0.05
bpy.data.objects["Sun"].data.energy = 1.2
"""
NAMES = ("Crate", "Cup", "Block")


@pytest.fixture
def pictures(studio, tmp_path):
    """The scene, of which `wanted` is the picture and `boxes` the marks; then things are off, and are `seen` so."""
    studio.new("registered", 240, 160)
    assert studio.run(SCENE).failure is None
    studio.render(tmp_path / "wanted.png", size=240, samples=4)
    wanted = picture.pixels(picture.open_render(tmp_path / "wanted.png"))
    boxes = boxes_of(studio)
    assert studio.run(OFF).failure is None

    def seen(graph):
        studio.render(tmp_path / "now.png", size=240, samples=4)
        parents = {each.name: each.parent for each in studio.describe().objects}
        shown = picture.pixels(picture.open_render(tmp_path / "now.png"))
        return shown, visible(graph, parents, studio.ids(tmp_path / "ids.npz", 240))

    return wanted, boxes, seen


def boxes_of(studio):
    return {each.name: each.box for each in studio.describe().objects}


def graph_of(boxes):
    nodes = [Node(name="Ground", kind="surface", build="plane", box=(0, 0.2, 1, 1))]
    return SceneGraph(nodes=nodes + [Node(name=name, build="as it is", box=boxes[name]) for name in NAMES])


def test_things_move_along_their_supports_to_where_the_picture_shows_them(studio, pictures):
    wanted, boxes, seen = pictures
    graph = graph_of(boxes)

    def agreement():
        now = boxes_of(studio)
        return np.mean([overlap(now[name], boxes[name]) for name in NAMES])

    before, (shown, owners) = agreement(), seen(graph)
    text = registering(studio, graph, owners, shown, wanted)
    result = studio.run(text)
    assert result.failure is None
    assert agreement() > before + 0.5 * (1 - before)
    assert measure(seen(graph)[0], wanted).overall > measure(shown, wanted).overall
    gaps = studio.gaps([(["Cup"], "Crate", (0, 0, 1)), (["Block"], "Ground", (0, 0, 1))])
    assert [gap.distance for gap in gaps] == pytest.approx([0, 0], abs=1e-4)


def test_edges_that_lead_far_away_from_the_marks_are_not_believed(studio, pictures):
    wanted, _, seen = pictures
    now = boxes_of(studio)
    away = {"Crate": 0.04, "Cup": -0.04, "Block": -0.04}  # to the other side than to where they would have to go
    graph = graph_of(
        {
            name: (left + by, top, right + by, bottom)
            for name, by in away.items()
            for left, top, right, bottom in [now[name]]
        }
    )
    shown, owners = seen(graph)
    assert registering(studio, graph, owners, shown, wanted) == ""
