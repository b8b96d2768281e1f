"""Solving for lights, world and base colours: on arrays, and in a real studio on scenes with odd things in them."""

import numpy as np
import pytest

from seig_addon.engine import picture
from seig_addon.engine.scores import psnr
from seig_addon.engine.solving.light import solve, solve_apart
from seig_addon.engine.solving.light_text import light_program
from seig_addon.engine.solving.seeing import displayed
from seig_addon.engine.solving.tuning import tune
from seig_addon.studio.pixels import Emitter, Facts, LightPasses, Paint, View
from tests.studio_scenes import run, scene_of, shown

ROOM = """
import bpy
from seig_kit import box, level_camera, material, plane, sphere, sun, area_light, world, wood, assign
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", {grey!r}))
box("Cube", (1, 1, 1), location=(0.2, 0, 0), material=material("Red", {red!r}))
sun("Sun", elevation=50, azimuth=200, strength={sun}, color={tone!r})
area_light("Lamp", (-2, -2, 3), (0, 0, 0.5), 0.5, {lamp}, "#ffffff")
world({sky!r}, {strength})
"""
TRUE = {
    "grey": "#808080",
    "red": "#c04030",
    "sun": 2.0,
    "tone": "#ffeedd",
    "lamp": 60,
    "sky": "#aaccff",
    "strength": 0.6,
}
WRONG = {
    "grey": "#9c8a70",
    "red": "#a0503c",
    "sun": 1.1,
    "tone": "#ffffff",
    "lamp": 130,
    "sky": "#ffffff",
    "strength": 0.4,
}


# ------------------------------------------------------------------------------------------------
# On arrays


def made_up(sky=(1.0, 1.0, 1.0), lamp=(1.0, 1.0, 1.0), left=(1.0, 1.0, 1.0), right=(1.0, 1.0, 1.0), paints=None):
    """A picture of two materials, half by half, under two lights that fall off in different directions."""
    shape = (32, 32, 3)
    down, across = np.mgrid[0:1:32j, 0:1:32j]
    lights = np.stack([0.1 + 0.2 * down, 0.25 - 0.2 * across, 0 * down])[..., None] * np.ones(3)
    lights[0] *= sky
    lights[1] *= lamp
    materials = np.where(across < 0.5, 1, 2).astype(np.int32)
    color = np.where(materials[..., None] == 1, left, right)
    lights = (lights * color).astype(np.float32)
    facts = Facts(
        emitters=[
            Emitter(kind="world", name="World", strength=1.0, color=(0.5, 0.5, 0.5)),
            Emitter(kind="light", name="Lamp", strength=50.0, color=(1.0, 1.0, 1.0)),
        ],
        paints=paints or [Paint(name="Left", color=(0.3, 0.3, 0.3)), Paint(name="Right", color=(0.3, 0.3, 0.3))],
        view=View(exposure=0.0, gamma=1.0),
    )
    ones = np.ones(shape, np.float32)
    names = ["", "A", "B"]
    return LightPasses(lights.sum(axis=0), lights, materials.copy(), names, materials, ones, ones * 0.3, facts)


def seen(passes):
    return displayed(passes.combined, 0.0, 1.0)


def test_lights_and_colours_are_found_together():
    wanted = made_up(sky=(0.5, 0.7, 1.2), lamp=(2.0, 1.6, 1.1), left=(1.3, 0.8, 0.6), right=(0.9, 1.2, 1.0))
    start = made_up()
    factors = solve(start, seen(wanted), {})
    # All of the light and all of the paint could share a factor; so compare what they come to together.
    product = factors["world", "World"] * factors["paint", "Left"]
    assert product == pytest.approx(np.array([0.65, 0.56, 0.72]), rel=0.03)
    assert factors["light", "Lamp"] * factors["paint", "Right"] == pytest.approx(np.array([1.8, 1.92, 1.1]), rel=0.03)


def test_a_picture_that_fits_is_left_as_it_is():
    start = made_up()
    factors = solve(start, seen(start), {})
    assert all(np.allclose(factor, 1, atol=2e-3) for factor in factors.values())
    assert light_program(start.facts, factors) == ""


def test_base_colours_stay_within_bounds_inside_the_solve():
    wanted = made_up(left=(8.0, 8.0, 8.0), right=(0.001, 0.001, 0.001))
    factors = solve(made_up(), seen(wanted), {})
    assert (factors["paint", "Left"] * 0.3 <= 0.95 + 1e-6).all()
    assert (factors["paint", "Right"] * 0.3 >= 0.02 - 1e-6).all()
    assert (factors["light", "Lamp"] <= 30 + 1e-6).all()


def test_what_is_out_of_bounds_already_may_stay():
    black = [Paint(name="Left", color=(0.001, 0.001, 0.001)), Paint(name="Right", color=(1.0, 1.0, 1.0))]
    start = made_up(paints=black)
    factors = solve(start, seen(start), {})
    assert all(np.allclose(factor, 1, atol=2e-3) for factor in factors.values())


def test_factors_go_on_from_those_that_were_found_before():
    wanted = made_up(lamp=(2.0, 2.0, 2.0))
    factors = solve(made_up(lamp=(1.5, 1.5, 1.5)), seen(wanted), {("light", "Lamp"): np.full(3, 1.5)})
    assert factors["light", "Lamp"] / factors["world", "World"] == pytest.approx(np.full(3, 2.0), rel=0.03)


def test_another_view_transform_is_left_alone():
    start = made_up()
    start.facts.view = None
    assert solve(start, np.ones((32, 32, 3)), {}) == {}


def test_what_can_only_change_its_strength_stays_grey():
    start = made_up()
    start.facts.emitters[1] = Emitter(kind="glow", name="Screen", strength=2.0, color=None)
    factors = solve(start, seen(made_up(lamp=(2.0, 1.5, 1.0))), {})
    assert np.ptp(factors["glow", "Screen"]) == pytest.approx(0)
    assert "kit.set_glow('Screen', " in light_program(start.facts, factors)


def test_a_black_or_white_reference_gives_numbers_all_the_same():
    for value in (0.0, 1.0):
        factors = solve(made_up(), np.full((32, 32, 3), value), {})
        assert all(np.isfinite(factor).all() and (factor > 0).all() for factor in factors.values())


def test_an_object_that_shares_a_material_but_not_its_colour_gets_its_own():
    start = made_up()
    both = Paint(name="Both", color=(0.3, 0.3, 0.3), wearers=["A", "B"])
    start.materials[:] = 1
    start.objects[:] = np.where(np.mgrid[0:1:32j, 0:1:32j][1] < 0.6, 1, 2)
    start.facts.paints[:] = [both, None]
    bluer = np.where((start.objects == 2)[..., None], (0.5, 0.8, 1.5), (1.2, 1.0, 0.8))
    factors, splits = solve_apart(start, displayed(start.combined * bluer, 0.0, 1.0), {})
    assert [(split.object, split.material, split.name) for split in splits] == [("B", "Both", "Both B")]
    assert factors["paint", "Both B"][2] > 1.5 * factors["paint", "Both"][2]
    assert "kit.own_material('B', 'Both', 'Both B')" in light_program(start.facts, factors, splits)
    _, none = solve_apart(start, displayed(start.combined * 0.8, 0.0, 1.0), {})
    assert none == []


# ------------------------------------------------------------------------------------------------
# In a studio


@pytest.fixture
def true_picture(studio, tmp_path):
    studio.new("Room", 96, 64)
    run(studio, ROOM.format(**TRUE))
    return shown(studio, tmp_path / "true.png", samples=16)


def test_a_disturbed_scene_comes_back(studio, true_picture, tmp_path):
    start = scene_of(studio, tmp_path / "start.blend", ROOM.format(**WRONG))
    tuning = tune(studio, start, true_picture, tmp_path)
    start()
    before = shown(studio, tmp_path / "before.png", samples=16)
    start()
    changes = run(studio, tuning.program)
    after = shown(studio, tmp_path / "after.png", samples=16)
    wanted = picture.pixels(true_picture)
    gain = psnr(picture.pixels(after), wanted) - psnr(picture.pixels(before), wanted)
    assert gain > 10
    assert tuning.after - tuning.before > 10
    assert {change.kind for change in changes} <= {"light", "world", "material"}


ODD = {
    "a sky made by nodes": """
tree = bpy.context.scene.world.node_tree
ramp = tree.nodes.new("ShaderNodeTexGradient")
tree.links.new(ramp.outputs["Color"], tree.nodes["Background"].inputs["Color"])
""",
    "no world": "bpy.context.scene.world = None",
    "haze": """
tree = bpy.context.scene.world.node_tree
haze = tree.nodes.new("ShaderNodeVolumeScatter")
haze.inputs["Density"].default_value = 0.01
tree.links.new(haze.outputs[0], tree.nodes["World Output"].inputs["Volume"])
""",
    "a screen that glows": """
box("Screen", (0.5, 0.1, 0.5), (-1, 0, 0), material=material("Screen", "#80c0ff", emission=3))
""",
    "an emission shader": """
made = material("Screen", "#ffffff")
glow = made.node_tree.nodes.new("ShaderNodeEmission")
made.node_tree.links.new(glow.outputs[0], made.node_tree.nodes["Material Output"].inputs["Surface"])
box("Screen", (0.5, 0.1, 0.5), (-1, 0, 0), material=made)
""",
    "two glows on one object": """
screen = box("Screen", (0.5, 0.1, 0.5), (-1, 0, 0), material=material("A", "#ff0000", emission=3))
screen.data.materials.append(material("B", "#00ff00", emission=2))
screen.data.polygons[0].material_index = 1
""",
    "a pattern": 'assign("Cube", wood("Oak", "#a07040", "#604020"))',
    "a mix of shaders": """
made = material("Red", "#c04030")
nodes, links = made.node_tree.nodes, made.node_tree.links
mix, other = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeBsdfDiffuse")
links.new(nodes["Principled BSDF"].outputs[0], mix.inputs[1])
links.new(other.outputs[0], mix.inputs[2])
links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
""",
    "glass": 'assign("Cube", material("Glass", "#ffffff", roughness=0.0, transmission=1.0))',
    "a ghost": """
ghost = material("Ghost", "#ffffff")
ghost.node_tree.nodes["Principled BSDF"].inputs["Alpha"].default_value = 0.3
assign("Cube", ghost)
""",
    "smoke": """
smoke = material("Smoke", "#ffffff")
nodes, links = smoke.node_tree.nodes, smoke.node_tree.links
nodes.remove(nodes["Principled BSDF"])
links.new(nodes.new("ShaderNodeVolumePrincipled").outputs[0], nodes["Material Output"].inputs["Volume"])
assign("Cube", smoke)
""",
    "a material without nodes": 'material("Red", "#c04030").node_tree.nodes.clear()',
    "an empty slot": """
bpy.data.objects["Cube"].data.materials.clear()
bpy.data.objects["Cube"].data.materials.append(None)
""",
    "curve, text and ball": """
for kind in ("CURVE", "FONT"):
    data = bpy.data.curves.new(kind.title(), kind)
    data.materials.append(material(kind, "#3060a0"))
    if kind == "FONT":
        data.body, data.extrude = "Hi", 0.1
    else:
        data.bevel_depth, data.dimensions = 0.2, "3D"
        data.splines.new("POLY").points.add(1)
        data.splines[0].points[1].co = (1, 0, 1, 1)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(kind.title(), data))
ball = bpy.data.metaballs.new("Ball")
ball.elements.new().radius = 0.5
bpy.context.scene.collection.objects.link(bpy.data.objects.new("Ball", ball))
""",
    "instances with a lamp": """
group = bpy.data.collections.new("Group")
lamp = bpy.data.objects.new("Inner", bpy.data.lights.new("Inner", "POINT"))
lamp.data.energy, lamp.location = 30, (0, 0, 2)
group.objects.link(lamp)
cube = bpy.data.objects["Cube"].copy()
group.objects.link(cube)
for x in (-1.5, 1.5):
    holder = bpy.data.objects.new(f"Holder {x}", None)
    holder.instance_type, holder.instance_collection, holder.location = "COLLECTION", group, (x, 0, 0)
    bpy.context.scene.collection.objects.link(holder)
""",
    "lights that are off, dark, shared and many": """
lamp = bpy.data.objects["Lamp"]
lamp.data.energy = 2
for number in range(40):
    twin = bpy.data.objects.new(f"Twin {number}", lamp.data if number < 5 else lamp.data.copy())
    twin.location = (number / 10 - 2, -2, 3)
    bpy.context.scene.collection.objects.link(twin)
bpy.data.objects["Twin 7"].data.energy = 0
bpy.data.objects["Twin 8"].data.energy = -5
bpy.data.objects["Twin 9"].hide_render = True
""",
    "names that need care": """
lamp, cube = bpy.data.objects["Lamp"], bpy.data.objects["Cube"]
lamp.name = "O'Neill's \\"é\\" \\\\ lamp {x}"
cube.active_material.name = "it's\\ttab 赤"
""",
    "another view": 'bpy.context.scene.view_settings.view_transform = "AgX"',
    "exposure": "bpy.context.scene.view_settings.exposure = -1.0",
    "a transparent film": "bpy.context.scene.render.film_transparent = True",
    "a light group": """
bpy.context.scene.view_layers[0].lightgroups.add(name="Mine")
bpy.data.objects["Lamp"].lightgroup = "Mine"
""",
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_scenes_never_fail_nor_get_worse(studio, true_picture, tmp_path, odd):
    start = scene_of(studio, tmp_path / "start.blend", ROOM.format(**WRONG) + ODD[odd])
    tuning = tune(studio, start, true_picture, tmp_path)
    assert tuning.after >= tuning.before
    start()
    changes = run(studio, tuning.program)
    assert {change.kind for change in changes} <= {"light", "world", "material"}
    assert tuning.program or odd == "another view"
    if tuning.program:
        again = studio.light_passes(tmp_path / "again.npz", 96, 16)
        shows = displayed(again.combined, again.facts.view.exposure, 1.0)
        assert psnr(shows, picture.pixels(true_picture)) > tuning.before


def test_the_program_sets_what_was_solved(studio, tmp_path):
    scene_of(
        studio,
        tmp_path / "start.blend",
        ROOM.format(**WRONG),
        'from seig_kit import wood, assign\nassign("Cube", wood("Oak", "#a07040", "#604020"))',
    )
    facts = studio.light_passes(tmp_path / "passes.npz", 48, 4).facts
    factors = {
        ("light", "Lamp"): np.array([0.5, 0.4, 0.3]),
        ("world", "World"): np.array([2.0, 1.0, 1.5]),
        ("paint", "Grey"): np.array([1.2, 0.9, 0.8]),
        ("paint", "Oak"): np.array([1.1, 1.0, 0.7]),
    }
    run(studio, light_program(facts, factors))
    after = studio.light_passes(tmp_path / "passes.npz", 48, 4).facts

    def light(found, name):
        emitter = next(each for each in found.emitters if each.name == name)
        return emitter.strength * np.array(emitter.color)

    def paint(found, name):
        return next(each for each in found.paints if each and each.name == name)

    for key in (("light", "Lamp"), ("world", "World")):
        assert light(after, key[1]) == pytest.approx(light(facts, key[1]) * factors[key], rel=2e-3)
    assert paint(after, "Grey").color == pytest.approx(paint(facts, "Grey").color * factors["paint", "Grey"], rel=2e-3)
    assert paint(after, "Oak").tint == pytest.approx((1.1, 1.0, 0.7))
    run(studio, light_program(after, {("paint", "Oak"): np.array([0.5, 1.0, 1.0])}))  # tints multiply
    assert paint(studio.light_passes(tmp_path / "passes.npz", 48, 4).facts, "Oak").tint == pytest.approx((0.55, 1, 0.7))


def test_boxes_that_share_a_material_but_not_its_colour_part(studio, tmp_path):
    shared = """
from seig_kit import box, level_camera, material, plane, sun, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
for name, x in (("Left", -0.7), ("Right", 0.7)):
    box(name, (1, 1, 1), location=(x, 0, 0), material=material("Paint", "#808080"))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""
    apart = """
from seig_kit import assign, material
assign("Left", material("Red", "#c04030"))
assign("Right", material("Blue", "#3050c0"))
"""
    scene_of(studio, tmp_path / "true.blend", shared, apart)
    wanted = shown(studio, tmp_path / "true.png", samples=16)
    start = scene_of(studio, tmp_path / "start.blend", shared)
    tuning = tune(studio, start, wanted, tmp_path)
    assert "kit.own_material(" in tuning.program
    assert tuning.after - tuning.before > 8
    start()
    changes = run(studio, tuning.program)
    assert {change.kind for change in changes} <= {
        "light",
        "world",
        "material",
        "material added",
        "material assignment",
    }


SHELF = """
from seig_kit import box, level_camera, material, plane, sun, world
level_camera(height=1.2, horizon=0.4, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#708070"))
plane("Wall", (20, 20), (0, 3, 0), (90, 0, 0), material=material("Plaster", "#d0c8b0"))
box("Crate", (1, 1, 1), location=(-0.8, 0, 0), material=material("Paint", "#a04030"))
box("Tin", (0.35, 0.3, 0.45), location=({x}, -0.4, 0), material=material({worn!r}, {color!r}))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""
TRUE_SHELF = {"x": 0.6, "worn": "Paint", "color": "#a04030"}


@pytest.mark.parametrize("off", [0.15, 0.25, 0.6])
def test_a_small_thing_that_is_misplaced_is_not_tinted_like_what_lies_behind(studio, tmp_path, off):
    scene_of(studio, tmp_path / "true.blend", SHELF.format(**TRUE_SHELF))
    wanted = shown(studio, tmp_path / "true.png", samples=16)
    start = scene_of(studio, tmp_path / "start.blend", SHELF.format(**{**TRUE_SHELF, "x": 0.6 + off}))
    assert "own_material" not in tune(studio, start, wanted, tmp_path).program


def test_a_small_thing_in_its_place_gets_its_own_colour(studio, tmp_path):
    own = SHELF.format(**{**TRUE_SHELF, "worn": "Blue", "color": "#3050a0"})
    scene_of(studio, tmp_path / "true.blend", own)
    wanted = shown(studio, tmp_path / "true.png", samples=16)
    start = scene_of(studio, tmp_path / "start.blend", SHELF.format(**{**TRUE_SHELF, "x": 0.62}))
    assert "kit.own_material('Tin', 'Paint', 'Paint Tin')" in tune(studio, start, wanted, tmp_path).program


PATTERN = """
from seig_kit import assign, box, level_camera, plane, material, sun, wood, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 1, 1), material=wood("Oak", {color}, {dark}))
sun("Sun", elevation=50, azimuth=200, strength=1.0)
world("#ffffff", 0.3)
"""


def test_a_tint_keeps_a_pattern_within_bounds(studio, tmp_path):
    """The brightest of the pattern may be too fine to be seen in any pixel; the bound holds for it all the same."""
    start = scene_of(studio, tmp_path / "start.blend", PATTERN.format(color=(0.7, 0.5, 0.3), dark=(0.3, 0.2, 0.1)))
    facts = studio.light_passes(tmp_path / "passes.npz", 48, 4).facts
    (oak,) = (paint for paint in facts.paints if paint and paint.name == "Oak")
    assert oak.brightest == pytest.approx((0.7, 0.5, 0.3), rel=1e-3)
    scene_of(studio, tmp_path / "true.blend", PATTERN.format(color=(0.99, 0.99, 0.99), dark=(0.99, 0.99, 0.99)))
    tuning = tune(studio, start, shown(studio, tmp_path / "true.png", samples=16), tmp_path)
    start()
    run(studio, tuning.program)
    facts = studio.light_passes(tmp_path / "passes.npz", 48, 4).facts
    (oak,) = (paint for paint in facts.paints if paint and paint.name == "Oak")
    assert max(oak.tint) > 1.05
    assert max(oak.brightest) <= 0.951
