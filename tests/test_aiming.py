"""Looking for the side that the key light comes from, in a real studio."""

import numpy as np
import pytest

from seig_addon.engine.solving.aiming import aim
from seig_addon.engine.solving.light import ALL
from seig_addon.engine.solving.passes import light_passes
from seig_addon.engine.solving.seeing import cells, cells_of
from seig_addon.engine.solving.tuning import tune
from tests.studio_scenes import run, scene_of, shown

ROOM = """
import bpy
from seig_kit import box, level_camera, material, plane, sun, area_light, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 1, 1), location=(-0.4, 0, 0), material=material("Red", "#c04030"))
box("Post", (0.2, 0.2, 1.4), location=(0.9, 0.3, 0), material=material("Blue", "#4060a0"))
world("#aaccff", 0.3)
"""
SUN = 'sun("Sun", elevation=40, azimuth={azimuth}, strength=3, color="#ffeedd", softness=3)\n'
LAMP = 'area_light("Lamp", {place}, (0, 0, 0.4), 0.5, 220)\n'


def swing_of(studio, start, wanted, folder):
    start()
    return aim(studio, start, light_passes(studio, folder, 96, 16), wanted, folder, ALL)


@pytest.mark.parametrize(
    ("true", "wrong"),
    [
        (SUN.format(azimuth=120), SUN.format(azimuth=235)),
        (LAMP.format(place=(3, -2, 2.5)), LAMP.format(place=(-3, -2, 2.5))),
    ],
    ids=["sun", "lamp"],
)
def test_a_light_from_the_wrong_side_is_carried_to_where_the_shadows_say(studio, tmp_path, true, wrong):
    scene_of(studio, tmp_path / "true.blend", ROOM + true)
    wanted = shown(studio, tmp_path / "true.png", samples=32)
    start = scene_of(studio, tmp_path / "start.blend", ROOM + wrong)
    tuning = tune(studio, start, wanted, tmp_path)
    assert tuning.program.count("kit.swing_light(") == 1
    assert tuning.after > 34  # powers alone bring 29 and 23
    start()
    assert {change.kind for change in run(studio, tuning.program)} <= {"light", "world", "material"}


def test_a_glow_of_the_same_name_is_another_light(studio, tmp_path):
    lights = 'box("Disc", (0.5, 0.1, 0.5), (0.2, 1, 1.2), material=material("Sun", "#ffffff", emission=2.0))\n'
    scene_of(studio, tmp_path / "true.blend", ROOM + lights + SUN.format(azimuth=120))
    wanted = shown(studio, tmp_path / "true.png", samples=32)
    start = scene_of(studio, tmp_path / "start.blend", ROOM + lights + SUN.format(azimuth=235))
    swing = swing_of(studio, start, wanted, tmp_path)
    assert swing.light == "Sun"
    assert 90 <= swing.turn <= 140


def test_a_light_that_comes_from_the_right_side_stays(studio, tmp_path):
    start = scene_of(studio, tmp_path / "true.blend", ROOM + SUN.format(azimuth=120))
    assert swing_of(studio, start, shown(studio, tmp_path / "true.png", samples=32), tmp_path) is None


@pytest.mark.parametrize(
    "lights",
    [
        "bpy.context.scene.view_settings.view_transform = 'Filmic'\n" + SUN.format(azimuth=235),  # another view
        "",  # no lamp at all
        LAMP.format(place=(-3, -2, 2.5)).replace("220", "0.2"),  # one that brings next to nothing
        LAMP.format(place=(-3, -2, 2.5)) + "twin = bpy.context.scene.objects['Lamp'].copy()\n"
        "bpy.context.scene.collection.objects.link(twin)\n",  # two that are one
        "".join(LAMP.format(place=(n / 4, -2, 2.5)).replace("Lamp", f"Lamp {n}") for n in range(32)),  # too many
    ],
    ids=["filmic", "none", "faint", "twins", "many"],
)
def test_what_can_not_be_aimed_is_left_alone(studio, tmp_path, lights):
    scene_of(studio, tmp_path / "true.blend", ROOM + SUN.format(azimuth=120))
    wanted = shown(studio, tmp_path / "true.png", samples=32)
    start = scene_of(studio, tmp_path / "start.blend", ROOM + lights)
    assert swing_of(studio, start, wanted, tmp_path) is None


@pytest.mark.parametrize("shape", [(6, 8), (7, 5), (1, 9), (2, 2)])
def test_cells_of_some_pixels_are_those_of_a_picture_that_is_black_elsewhere(shape):
    dice = np.random.default_rng(1)
    seen = dice.random(shape) < 0.4
    values = dice.random((*shape, 3)) * seen[..., None]
    where = np.flatnonzero(seen)
    assert cells_of(values.reshape(-1, 3)[where], where, *shape) == pytest.approx(cells(values))
