"""Renders in white light show base colours and hidden sides, and leave the scene exactly as it was."""

import numpy as np
import pytest
from PIL import Image

from seig_addon.engine import renders
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.stages import COMPOSITION, GEOMETRY, MATERIALS

GRAPH = SceneGraph(
    nodes=[
        Node(name="Ground", kind="surface", build="plane", box=(0, 0.5, 1, 1)),
        Node(name="Cube", build="box", box=(0.3, 0.3, 0.5, 0.6)),
        Node(name="Ball", build="sphere", box=(0.6, 0.4, 0.8, 0.6)),
    ]
)
SCENE = """
from seig_kit import box, level_camera, material, plane, sphere, sun, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 0.5, 1), location=(-0.6, 0, 0), material=material("Red", "#c04030"))
sphere("Ball", 0.4, location=(0.9, 0, 0), material=material("Blue", "#3050c0"))
sun("Sun", elevation=20, azimuth=200, strength=0.2, color="#ffb060")
world("#402010", 0.1)
"""
VIEWS = ("camera", "front", "side", "top", "left", "right", "back", "above", "near")


@pytest.fixture
def built(shared_studio):
    shared_studio.new("test", 96, 64)
    assert shared_studio.run(SCENE).failure is None
    return shared_studio


def shown(path):
    return np.asarray(Image.open(path), np.float64) / 255


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_changes_anything(built, tmp_path, view):
    before, changed = built.describe(), built.changes()
    built.neutral(tmp_path / "n.png", 64, view, [] if view == "camera" else ["Cube", "Ball"])
    assert built.describe() == before
    assert built.changes() == changed
    picture = shown(tmp_path / "n.png")
    assert picture.shape == ((43, 64, 4) if view == "camera" else (64, 64, 4))
    red, blue = (picture[..., channel] > 2 * picture[..., 2 - channel] for channel in (0, 2))
    assert (red & (picture[..., 3] > 0.5)).sum() > 20
    assert (blue & (picture[..., 3] > 0.5)).sum() > 5


def test_base_colours_show_apart_from_a_dim_and_tinted_light(built, tmp_path):
    built.neutral(tmp_path / "n.png", 64, "front", ["Cube"])
    middle = shown(tmp_path / "n.png")[28:36, 28:36, :3].mean(axis=(0, 1))
    assert middle == pytest.approx(np.array([0xC0, 0x40, 0x30]) / 255, abs=0.1)  # the world still gleams on it


def test_straight_views_frame_the_objects_and_say_how_wide(built, tmp_path):
    assert built.neutral(tmp_path / "n.png", 64, "front", ["Cube"]) == pytest.approx(1.06, abs=0.01)
    alpha = shown(tmp_path / "n.png")[..., 3] > 0.5
    assert alpha.mean() == pytest.approx(1 / 1.06**2, abs=0.03)
    built.neutral(tmp_path / "n.png", 64, "side", ["Cube"])
    assert (shown(tmp_path / "n.png")[..., 3] > 0.5).mean() == pytest.approx(0.5 / 1.06**2, abs=0.03)


def test_stages_and_verifiers_get_the_views_that_they_need(built, tmp_path):
    assert list(renders.of_stage(COMPOSITION, built, GRAPH, built.describe(), tmp_path)) == []
    assert len(renders.of_stage(MATERIALS, built, GRAPH, built.describe(), tmp_path)) == 1
    assert [title.split(",")[0] for title in renders.of_stage(GEOMETRY, built, GRAPH, built.describe(), tmp_path)] == [
        "front",
        "right side",
        "from above",
    ]
    asked = renders.asked_for(
        ["Cube", "Cube alone", "from left", "Elephant alone", "hm"], built, GRAPH, built.describe(), tmp_path
    )
    assert list(asked) == ["Cube alone", "from left"]
    assert list(tmp_path.iterdir()) == []


def test_straight_views_are_seen_from_the_viewers_side(built, tmp_path):
    assert built.run(f"{SCENE}\nbox('Cube', (0.5, 0.5, 0.5), location=(-0.6, 1.5, 0))").failure is None
    built.neutral(tmp_path / "n.png", 64, "top", ["Cube", "Ball"])
    above = _centers(tmp_path / "n.png")
    assert above["red"][0] < above["blue"][0], "what is on the left is on the left"
    assert above["red"][1] < above["blue"][1], "what is farther away is farther up"
    built.neutral(tmp_path / "n.png", 64, "front", ["Cube", "Ball"])
    front = _centers(tmp_path / "n.png")
    assert front["red"][0] < front["blue"][0]
    built.neutral(tmp_path / "n.png", 64, "side", ["Cube", "Ball"])
    side = _centers(tmp_path / "n.png")
    assert side["red"][0] > side["blue"][0], "from the right, what is farther away is on the right"


def _centers(path):
    picture = shown(path)
    found = {}
    for name, channel in (("red", 0), ("blue", 2)):
        rows, columns = np.nonzero((picture[..., channel] > 2 * picture[..., 2 - channel]) & (picture[..., 3] > 0.5))
        found[name] = columns.mean(), rows.mean()
    return found
