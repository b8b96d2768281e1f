"""The kit in real Blender: each test starts from an empty file."""

import ast
import itertools
import math
import re
from pathlib import Path

import bpy  # isort: skip  # bmesh and mathutils can be imported only after it
import bmesh
import pytest
from bpy_extras.object_utils import world_to_camera_view
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mathutils import Matrix, Vector
from PIL import Image

from seig_addon import kit

WIDTH, HEIGHT = 96, 64

pytestmark = pytest.mark.filterwarnings("error::DeprecationWarning")


@pytest.fixture(autouse=True)
def scene():
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return kit.start_scene("Picture", WIDTH, HEIGHT)


def bounds(obj):
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ vertex.co for vertex in obj.data.vertices]
    return [Vector(side(point[axis] for point in points) for axis in range(3)) for side in (min, max)]


def close(a, b, tolerance=1e-4):
    return (Vector(a) - Vector(b)).length < tolerance


def render(path):
    scene = bpy.context.scene
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.dither_intensity = 0
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return Image.open(path).convert("RGB")


# ------------------------------------------------------------------------------------------------
# The scene


def test_start_scene_reuses_a_file_without_objects():
    assert [scene.name for scene in bpy.data.scenes] == ["Picture"]
    scene = bpy.context.scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == (WIDTH, HEIGHT)
    assert scene.render.engine == "CYCLES"
    assert scene.view_settings.view_transform == "Standard"
    assert scene.world.name == "World"


@pytest.mark.parametrize(("horizon", "width", "height"), [(-0.3, 200, 200), (0.1, 320, 180), (0.8, 150, 300)])
def test_a_tilted_camera_has_the_horizon_in_its_row(horizon, width, height):
    kit.start_scene("Picture", width, height)
    kit.tilted_camera(height=1.7, horizon=horizon, lens=35.0)
    _, v, _ = kit.project((0.0, 9e4, 1.7))
    assert v == pytest.approx(horizon, abs=1e-3)


def test_start_scene_leaves_a_file_with_objects_alone():
    cube = kit.box("Cup", (1, 1, 1), material=kit.material("Oak", "#ffffff"))
    first = bpy.context.scene
    second = kit.start_scene("Picture", 10, 10)
    assert bpy.context.scene == second != first
    assert not second.objects
    assert second.world != first.world
    assert first.render.resolution_x == WIDTH

    oak = kit.material("Oak", "#000000")
    other = kit.box("Cup", (2, 2, 2), material="Oak")
    assert other != cube
    assert close(cube.dimensions, (1, 1, 1))
    assert kit.material("Oak", "#101010") == oak == other.active_material != cube.active_material
    assert kit.box("Cup", (3, 3, 3)) == other
    assert kit.put_on_ground("Cup") == other


def test_start_scene_clears_away_the_cube_that_blender_starts_with():
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    kit.start_scene("Picture", 10, 10)
    assert [scene.name for scene in bpy.data.scenes] == ["Picture"]
    assert [len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.cameras)] == [0, 0, 0]


@pytest.mark.parametrize("touch", [{"location": (1, 0, 0)}, {"name": "Mine"}])
def test_start_scene_keeps_a_cube_that_someone_touched(touch):
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    for attribute, value in touch.items():
        setattr(bpy.data.objects["Cube"], attribute, value)
    kit.start_scene("Picture", 10, 10)
    assert len(bpy.data.scenes) == 2
    assert len(bpy.data.objects) == 3


def test_an_unlit_scene_is_black_and_the_world_lights_it(tmp_path):
    kit.level_camera()
    assert render(tmp_path / "black.png").getextrema() == ((0, 0),) * 3
    kit.world("#c08040")
    assert render(tmp_path / "world.png").getpixel((5, 5)) == (0xC0, 0x80, 0x40)


# ------------------------------------------------------------------------------------------------
# The camera and places

cameras = st.fixed_dictionaries(
    {
        "location": st.tuples(*[st.floats(-20, 20)] * 3),
        "rotation": st.tuples(*[st.floats(-180, 180)] * 3),
        "lens": st.floats(12, 200),
        "shift": st.tuples(*[st.floats(-0.5, 0.5)] * 2),
        "ortho_scale": st.none() | st.floats(0.5, 20),
    }
)
fractions = st.floats(-0.2, 1.2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(cameras, st.integers(16, 4000), st.integers(16, 4000), fractions, fractions, st.floats(0.5, 50))
def test_pixels_and_places_agree_with_blenders_own_projection(camera, width, height, u, v, depth):
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = width, height
    obj = kit.set_camera(**camera)
    place = kit.at_depth(u, v, depth)
    assert kit.project(place) == pytest.approx((u, v, depth), abs=2e-3, rel=1e-3)
    bpy.context.view_layer.update()  # which only the kit does without
    x, y, z = world_to_camera_view(bpy.context.scene, obj, place)
    assert (x, 1 - y, z) == pytest.approx((u, v, depth), abs=2e-3, rel=1e-3)
    left, right = kit.at_depth(0, 0.5, depth), kit.at_depth(1, 0.5, depth)
    assert kit.width_at(depth) == pytest.approx((left - right).length, rel=1e-3)
    top, bottom = kit.at_depth(0.5, 0, depth), kit.at_depth(0.5, 1, depth)
    assert kit.height_at(depth) == pytest.approx((top - bottom).length, rel=1e-3)


@pytest.mark.parametrize(("width", "height"), [(96, 64), (64, 96)])
@pytest.mark.parametrize("ortho_scale", [None, 3.0])
def test_a_thing_put_at_a_pixel_is_rendered_there(tmp_path, width, height, ortho_scale):
    kit.start_scene("Picture", width, height)
    kit.set_camera((1, -4, 2), (0, 1, 0.5), lens=35, shift=(0.1, -0.2), ortho_scale=ortho_scale)
    kit.sphere("Dot", 0.06, kit.at_depth(0.3, 0.7, 4) - Vector((0, 0, 0.06)))
    kit.assign("Dot", kit.material("Glow", "#ffffff", emission=1))
    box = render(tmp_path / "dot.png").convert("L").point(lambda level: 255 * (level > 100)).getbbox()
    middle = ((box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height)
    assert middle == pytest.approx((0.3, 0.7), abs=1.0 / 64)


def test_a_camera_that_hangs_on_something_is_followed():
    camera = kit.level_camera(height=1)
    camera.parent = kit.group("Dolly")
    camera.parent.location.x = 3
    assert kit.at_depth(0.5, 0.5, 6).x == pytest.approx(3, abs=1e-5)


def test_a_level_camera_has_its_horizon_where_asked_and_upright_verticals():
    kit.level_camera(height=1.2, horizon=0.3, lens=35, location=(1, -5))
    assert kit.project((1, 9000, 1.2))[:2] == pytest.approx((0.5, 0.3), abs=1e-4)
    assert kit.project((3, 2, 0))[0] == pytest.approx(kit.project((3, 2, 4))[0])


def test_looking_at_a_point_puts_it_in_the_middle_with_z_up():
    kit.set_camera((3, -4, 5), (1, 1, 1))
    assert kit.project((1, 1, 1))[:2] == pytest.approx((0.5, 0.5), abs=1e-5)
    assert kit.project((1, 1, 2))[1] < 0.5


def test_the_camera_stays_one_object_when_it_is_set_again():
    first = kit.level_camera()
    first.constraints.new("LIMIT_LOCATION")
    assert kit.set_camera((0, 0, 5), rotation=(0, 0, 0), ortho_scale=2) == first == bpy.context.scene.camera
    assert not first.constraints
    assert kit.set_camera((0, 0, 5), rotation=(0, 0, 0)).data.type == "PERSP"
    assert len(bpy.data.cameras) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.floats(0, 1), st.floats(0.45, 1), st.floats(-1, 1))
def test_pixels_below_the_horizon_meet_the_plane(u, v, z):
    kit.level_camera(height=1.5, horizon=0.4)
    place = kit.on_plane(u, v, z)
    assert place.z == pytest.approx(z, abs=1e-4)
    assert kit.project(place)[:2] == pytest.approx((u, v), abs=1e-3)


def test_a_pixel_above_the_horizon_is_refused_with_the_horizons_row():
    kit.level_camera(height=1.5, horizon=0.4)
    with pytest.raises(ValueError, match=r"v=0\.400"):
        kit.on_plane(0.5, 0.2)
    kit.set_camera((0, 0, 5), rotation=(0, 0, 0))
    with pytest.raises(ValueError, match=r"never meets the plane z=6"):
        kit.on_plane(0.5, 0.5, 6)


@pytest.mark.parametrize("ortho_scale", [None, 3.0])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(st.floats(-0.5, 0.5), st.floats(0, 2), st.floats(0.05, 1.5))
def test_a_thing_as_high_as_said_ends_at_that_row(ortho_scale, x, y, height):
    kit.set_camera((1, -4, 2), (0, 1, 0.5), lens=35, shift=(0.1, -0.2), ortho_scale=ortho_scale)
    row = kit.project((x, y, 0.2 + height))[1]
    assert kit.height_to_row(row, (x, y, 0.2)) == pytest.approx(height, abs=1e-3)


def test_a_row_below_the_foot_is_refused_with_the_foots_row():
    kit.level_camera(height=1.5, horizon=0.4)
    foot = kit.on_plane(0.5, 0.8)
    with pytest.raises(ValueError, match=r"its foot is at row v=0\.800"):
        kit.height_to_row(0.9, foot)


def test_a_lathe_of_few_sides_shows_facets_and_of_many_is_smooth():
    for sides, smooth in ((8, False), (48, True)):
        obj = kit.lathe("Post", [(0.1, 0), (0.1, 1)], segments=sides)
        assert len(obj.data.vertices) == 2 * sides
        sharp = obj.data.attributes.get("sharp_edge")
        assert (sharp is None or not any(each.value for each in sharp.data)) == smooth
    with pytest.raises(ValueError, match="segments"):
        kit.lathe("Post", [(0.1, 0), (0.1, 1)], segments=2)


def test_on_object_finds_the_nearest_face_of_what_the_modifiers_made():
    kit.level_camera(height=0.5, location=(0, -6))
    kit.box("Crate", (1, 1, 1))
    assert close(kit.on_object(0.5, 0.5, "Crate"), (0, -0.5, 0.5))
    array = bpy.data.objects["Crate"].modifiers.new("Array", "ARRAY")
    array.relative_offset_displace = (0, -1, 0)
    assert close(kit.on_object(0.5, 0.5, "Crate"), (0, -1.5, 0.5))
    kit.group("Stack", ["Crate"])
    assert close(kit.on_object(0.5, 0.5, "Stack"), (0, -1.5, 0.5))


def test_missing_an_object_says_where_it_is():
    kit.level_camera(height=0.5)
    kit.box("Crate", (1, 1, 1))
    with pytest.raises(ValueError, match=r"'Crate', which lies within u 0\.\d+ to 0\.\d+"):
        kit.on_object(0.01, 0.01, "Crate")


def test_things_are_put_down_on_the_ground_by_their_lowest_vertex():
    kit.cone("Hat", 0.5, 1, location=(1, 2, 5), rotation=(0, 110, 20))
    kit.put_on_ground("Hat", 0.25)
    low, _ = bounds(bpy.data.objects["Hat"])
    assert low.z == pytest.approx(0.25, abs=1e-5)
    assert tuple(bpy.data.objects["Hat"].location.xy) == (1, 2)


def test_a_group_is_put_down_as_one():
    kit.box("Seat", (1, 1, 0.1), (0, 0, 3))
    kit.box("Leg", (0.1, 0.1, 1), (0, 0, 2))
    group = kit.group("Stool", ["Seat", "Leg"])
    assert close(group.location, (0, 0, 2))
    kit.put_on_ground("Stool")
    assert bounds(bpy.data.objects["Leg"])[0].z == pytest.approx(0, abs=1e-6)
    assert bounds(bpy.data.objects["Seat"])[0].z == pytest.approx(1, abs=1e-6)


def test_put_on_finds_the_top_under_the_object():
    kit.box("Step", (2, 1, 0.5), (0, 0, 0))
    kit.box("High", (1, 1, 1), (0.5, 0, 0.5))
    kit.group("Stairs", ["Step", "High"])
    kit.sphere("Ball", 0.1, (-0.5, 0.2, 7))
    kit.put_on("Ball", "Stairs")
    assert close(bpy.data.objects["Ball"].location, (-0.5, 0.2, 0.5))
    kit.put_on("Ball", "Stairs", at=(0.5, 0))
    assert close(bpy.data.objects["Ball"].location, (0.5, 0, 1.5))


def test_put_on_works_within_a_turned_and_scaled_parent():
    kit.box("Table", (2, 2, 1))
    ball = kit.sphere("Ball", 0.1, (0.3, 0.1, 3))
    parent = kit.group("All", [ball], location=(5, 5, 5))
    parent.rotation_euler = (0.5, 0.2, 1)
    parent.scale = (2, 2, 2)
    kit.put_on("Ball", "Table", at=(0.4, -0.3))
    low, _high = bounds(ball)
    assert low.z == pytest.approx(1, abs=1e-4)
    assert tuple(ball.matrix_world.translation.xy) == pytest.approx((0.4, -0.3), abs=1e-4)


def test_put_on_falls_back_to_the_highest_point_where_the_support_is_open():
    kit.lathe("Ring", [(0.8, 0), (1, 0), (1, 0.2), (0.8, 0.2), (0.8, 0)])
    kit.box("Lid", (0.1, 0.1, 0.1), (0, 0, 2))
    kit.put_on("Lid", "Ring")
    assert bpy.data.objects["Lid"].location.z == pytest.approx(0.2)


# ------------------------------------------------------------------------------------------------
# Shapes

CORNER = [(0, 0), (0.6, 0), (0.6, 0.2), (0.2, 0.2), (0.2, 0.8), (0, 0.8)]
SOLIDS = {
    "box": (lambda name, **given: kit.box(name, (1, 2, 3), **given), (1, 2, 3)),
    "rounded box": (lambda name, **given: kit.rounded_box(name, (1, 2, 3), radius=0.3, **given), (1, 2, 3)),
    "cylinder": (lambda name, **given: kit.cylinder(name, 0.5, 2, **given), (1, 1, 2)),
    "cone": (lambda name, **given: kit.cone(name, 0.5, 2, **given), (1, 1, 2)),
    "stump": (lambda name, **given: kit.cone(name, 0.5, 2, 0.75, **given), (1.5, 1.5, 2)),
    "ball": (lambda name, **given: kit.sphere(name, 0.5, **given), (1, 1, 1)),
    "egg": (lambda name, **given: kit.sphere(name, Vector((1, 2, 3)), **given), (1, 2, 3)),
    "bowl": (
        lambda name, **given: kit.lathe(name, [(0, 0.1), (0.4, 0.5), (0.5, 0.5), (0.1, 0), (0, 0)], **given),
        (1, 1, 0.5),
    ),
    "tyre": (
        lambda name, **given: kit.lathe(name, [(0.4, 0), (0.5, 0), (0.5, 0.3), (0.4, 0)], **given),
        (1, 1, 0.3),
    ),
    "corner": (lambda name, **given: kit.extrude(name, CORNER, 0.4, **given), (0.6, 0.4, 0.8)),
    "corner the other way": (
        lambda name, **given: kit.extrude(name, [*CORNER[::-1], CORNER[-1]], 0.4, bevel=0.03, **given),
        (0.6, 0.4, 0.8),
    ),
    "slab": (lambda name, **given: kit.slab(name, CORNER, 0.05, **given), (0.6, 0.8, 0.05)),
    "rounded slab the other way": (
        lambda name, **given: kit.slab(name, [*CORNER[::-1], CORNER[-1]], 0.2, bevel=0.02, **given),
        (0.6, 0.8, 0.2),
    ),
    "hexagonal nut": (
        lambda name, **given: kit.lathe(name, [(0, 0), (0.5, 0), (0.5, 0.2), (0, 0.2)], segments=6, **given),
        (1, 0.866, 0.2),
    ),
    "bar": (lambda name, **given: kit.tube(name, [(0, 0, 0), (0, 0, 2)], 0.25, **given), (0.5, 0.5, 2)),
    "pipe": (
        lambda name, **given: kit.tube(name, [(0, 0, 0), (0, 0, 1), [1, 0, 1], (1, 0, 1), (1, 1, 1)], 0.1, **given),
        (1.2, 1.1, 1.1),
    ),
    "frame": (
        lambda name, **given: kit.tube(name, [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1), (0, 0, 0)], 0.1, **given),
        (1.2, 0.2, 1.2),
    ),
    "thick sheet": (
        lambda name, **given: kit.sheet(name, [[(x, y, 0) for x in (0, 0.5, 1)] for y in (0, 1, 2)], 0.1, **given),
        (1, 2, 0.1),
    ),
    "curved sheet": (
        lambda name, **given: kit.sheet(
            name, [[(x, y, 0.2 * math.cos(3 * x)) for x in (0, 0.2, 0.5, 1)] for y in (0, 1)], 0.05, **given
        ),
        None,
    ),
    "pyramid": (
        lambda name, **given: kit.mesh(
            name,
            [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0.5, 0.5, 2)],
            [(0, 1, 2, 3), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4)],
            **given,
        ),
        (1, 1, 2),
    ),
    "bent hoop": (
        lambda name, **given: kit.tube(name, [(0, 0, 0), (1, 0, 0), (1, 1, 1), (0, 1, 0), (0, 0, 0)], 0.05, **given),
        None,
    ),
}


@pytest.mark.parametrize("shape", SOLIDS)
def test_solids_are_closed_face_outwards_and_have_the_size_asked_for(shape):
    make, size = SOLIDS[shape]
    obj = make("Thing")
    solid = bmesh.new()
    solid.from_mesh(obj.data)
    assert all(edge.is_manifold for edge in solid.edges)
    assert all(vertex.link_faces for vertex in solid.verts)
    assert min(face.calc_area() for face in solid.faces) > 1e-6
    assert solid.calc_volume(signed=True) > 0
    solid.free()
    if size is not None:
        low, high = bounds(obj)
        assert close(high - low, size, 2e-2)


@pytest.mark.parametrize("shape", ["box", "rounded box", "cylinder", "cone", "stump", "ball", "egg", "bowl", "tyre"])
def test_solids_stand_on_their_location(shape):
    low, high = bounds(SOLIDS[shape][0]("Thing", location=[1, 2, 3]))
    assert close(((low.x + high.x) / 2, (low.y + high.y) / 2, low.z), (1, 2, 3), 1e-3)


@pytest.mark.parametrize("shape", SOLIDS)
def test_making_a_shape_again_keeps_the_object_and_all_that_hangs_on_it(shape):
    first = kit.box("Thing", (1, 1, 1), (1, 2, 3), (0, 0, 45), kit.material("Red", "#ff0000"))
    parent = kit.group("Parent", [first], (5, 0, 0))
    child = kit.box("Child", (1, 1, 1), parent="Thing")
    first.scale = (2, 2, 2)
    first.modifiers.new("Theirs", "SOLIDIFY")
    again = SOLIDS[shape][0]("Thing")
    bpy.context.view_layer.update()
    assert again == first
    assert (again.parent, child.parent) == (parent, first)
    assert close(again.matrix_world.translation, (1, 2, 3))
    assert close(again.scale, (1, 1, 1))
    assert [material.name for material in again.data.materials] == ["Red"]
    assert again.data.name == "Thing"
    assert "Theirs" in again.modifiers
    assert len(bpy.data.meshes) == 2


def test_a_sheet_without_thickness_is_a_surface_through_its_points():
    leaf = kit.sheet("Leaf", [[(0, 0, 0), (0, 0, 0), (0, 0, 0)], [(0, 1, 0), (0.2, 1, 0.1), (0.4, 1, 0)]])
    assert len(leaf.data.polygons) == 2
    assert [tuple(vertex.co) for vertex in leaf.data.vertices][4] == pytest.approx((0.2, 1, 0.1))


REFUSED = {
    "each row": lambda: kit.sheet("Leaf", [[(0, 0, 0), (1, 0, 0)], [(0, 1, 0)]]),
    "rows of equal length": lambda: kit.sheet("Leaf", [[(0, 0, 0), (1, 0, 0)]]),
    "lengths [2, 3]": lambda: kit.sheet("Leaf", [[(0, 0, 0), (1, 0, 0)], [(0, 1, 0), (1, 1, 0), (2, 1, 0)]]),
    "0 to 2, not [0, 1, 3]": lambda: kit.mesh("Roof", [(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 3)]),
    "different points": lambda: kit.mesh("Roof", [(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 1)]),
    "at least one face": lambda: kit.mesh("Roof", [(0, 0, 0), (1, 0, 0), (0, 1, 0)], []),
    "axis must be": lambda: kit.wood("Oak", "#c09050", "#704020", axis="Z"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_no_shape_or_grain_is_refused_in_words(said):
    with pytest.raises(ValueError, match=re.escape(said)):
        REFUSED[said]()
    assert not bpy.data.objects


def test_a_mesh_that_another_object_uses_is_not_freed():
    first = kit.box("Thing", (1, 1, 1))
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Twin", first.data))
    kit.sphere("Thing", 1)
    assert len(bpy.data.objects["Twin"].data.vertices) == 8


def test_rounding_is_a_modifier_that_goes_with_the_shape():
    rounded = kit.rounded_box("Thing", (1, 1, 0.01), radius=5)
    assert rounded.modifiers[0].width < 0.005
    evaluated = rounded.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert len(evaluated.data.vertices) > 8
    kit.rounded_box("Thing", (1, 1, 1))
    assert len(rounded.modifiers) == 1
    kit.box("Thing", (1, 1, 1))
    assert not rounded.modifiers


def test_flat_caps_stay_flat_and_round_sides_are_smooth():
    mesh = kit.cylinder("Can", 1, 1).data
    for polygon in mesh.polygons:
        normals = [mesh.corner_normals[loop].vector for loop in polygon.loop_indices]
        if len(polygon.vertices) > 4:
            assert all(close(normal, polygon.normal) for normal in normals)
        else:
            assert any(not close(normal, polygon.normal, 1e-2) for normal in normals)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(st.floats(0.2, 2), min_size=3, max_size=40), st.booleans(), st.floats(0.1, 3))
def test_any_star_shaped_outline_becomes_a_solid_of_the_right_volume(radii, turned, depth):
    steps = [math.tau * i / len(radii) for i in range(len(radii))]
    outline = [(r * math.cos(step), r * math.sin(step)) for r, step in zip(radii, steps, strict=True)]
    area = sum(a * b for a, b in zip(radii, radii[1:] + radii[:1], strict=True)) / 2 * math.sin(math.tau / len(radii))
    obj = kit.extrude("Star", outline[::-1] if turned else outline, depth)
    solid = bmesh.new()
    solid.from_mesh(obj.data)
    assert solid.calc_volume(signed=True) == pytest.approx(area * depth, rel=1e-3)
    solid.free()
    obj.data.calc_loop_triangles()
    front = [t.area for t in obj.data.loop_triangles if len(obj.data.polygons[t.polygon_index].vertices) == len(radii)]
    if len(radii) != 4:
        assert sum(front) == pytest.approx(2 * area, rel=1e-3)
    low, high = bounds(obj)
    assert (low.y, high.y) == pytest.approx((0, depth), rel=1e-5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[st.floats(-5, 5)] * 3), min_size=2, max_size=12))
def test_a_tube_keeps_its_radius_between_joints(points):
    steps = [Vector(b) - Vector(a) for a, b in itertools.pairwise(points)]
    assume(all(step.length > 0.1 for step in steps))
    assume(math.dist(points[0], points[-1]) > 1e-3)
    assume(all(a.angle(b) < math.radians(140) for a, b in itertools.pairwise(steps)))
    mesh = kit.tube("Wire", points, 0.05).data
    for polygon in mesh.polygons:
        if len(polygon.vertices) == 4:
            corners = [mesh.vertices[index].co for index in polygon.vertices]
            along = min(steps, key=lambda step: step.normalized().cross((corners[2] - corners[1]).normalized()).length)
            assert abs(polygon.normal.dot(along.normalized())) < 0.05
    assert len(mesh.vertices) == len(points) * len(mesh.polygons[-1].vertices)


def test_locations_are_world_positions_whatever_the_parent():
    parent = kit.group("Tray", location=(3, 0, 1))
    parent.rotation_euler = (0, 0, 1)
    parent.scale = (2, 2, 2)
    kit.box("Cup", (1, 1, 1), location=(1, 2, 3), rotation=(0, 0, 30), parent="Tray")
    bpy.context.view_layer.update()
    cup = bpy.data.objects["Cup"]
    assert close(cup.matrix_world.translation, (1, 2, 3))
    assert close(bounds(cup)[1] - bounds(cup)[0], (*[math.cos(math.pi / 6) + 0.5] * 2, 1))
    parent.location.x += 1
    kit.box("Cup", (1, 1, 1), location=(0, 0, 0))
    bpy.context.view_layer.update()
    assert close(cup.matrix_world.translation, (0, 0, 0))


def test_moving_a_group_moves_what_is_in_it_and_regrouping_does_not():
    kit.box("Cup", (1, 1, 1), (1, 1, 0))
    kit.group("Set", ["Cup"], (0, 0, 0))
    kit.group("Set", ["Cup"], (2, 0, 0))
    kit.group("Set", ["Cup"])
    bpy.context.view_layer.update()
    assert close(bpy.data.objects["Cup"].matrix_world.translation, (3, 1, 0))


# ------------------------------------------------------------------------------------------------
# Materials and lights


def test_a_colour_written_as_in_the_picture_is_rendered_so(tmp_path):
    kit.level_camera(height=0)
    kit.plane("Card", (9, 9), (0, 1, 0), (90, 0, 0), kit.material("Paper", "#c08040", emission=1))
    assert render(tmp_path / "card.png").getpixel((48, 32)) == (0xC0, 0x80, 0x40)


def test_making_a_material_again_replaces_its_nodes_and_keeps_its_users():
    oak = kit.wood("Oak", "#c09050", "#704020")
    kit.box("Board", (1, 1, 1), material="Oak")
    kit.fabric("Oak", "#c09050")
    assert kit.material("Oak", (0.1, 0.2, 0.3, 1), roughness=0.2, metallic=1, transmission=0.5) == oak
    assert [node.bl_idname for node in oak.node_tree.nodes] == [
        "ShaderNodeBsdfPrincipled",
        "ShaderNodeOutputMaterial",
    ]
    inputs = oak.node_tree.nodes[0].inputs
    assert tuple(inputs["Base Color"].default_value) == pytest.approx((0.1, 0.2, 0.3, 1))
    assert inputs["Metallic"].default_value == 1
    assert tuple(oak.diffuse_color) == pytest.approx((0.1, 0.2, 0.3, 1))
    assert bpy.data.objects["Board"].active_material == oak


@pytest.mark.parametrize("make", [kit.wood, kit.fabric, kit.noise])
def test_patterns_vary_between_their_two_colours(make, tmp_path):
    kit.level_camera(height=0)
    kit.world("#ffffff")
    kit.plane("Card", (9, 9), (0, 1, 0), (90, 0, 0), make("Pattern", "#e08060", "#402010", scale=8))
    (low, high), *_ = render(tmp_path / "pattern.png").getextrema()
    assert 0x35 < low < 0x90
    assert 0xB0 < high < 0xF0


def test_assigning_replaces_all_materials_of_a_thing_or_of_a_group():
    red, blue = kit.material("Red", "#ff0000"), kit.material("Blue", "#0000ff")
    cup = kit.box("Cup", (1, 1, 1), material=red)
    cup.data.materials.append(blue)
    cup.data.polygons[0].material_index = 1
    kit.group("Set", [cup, kit.box("Plate", (1, 1, 1))])
    kit.assign("Set", "Blue")
    for obj in (cup, bpy.data.objects["Plate"]):
        assert list(obj.data.materials) == [blue]
        assert {polygon.material_index for polygon in obj.data.polygons} == {0}


@pytest.mark.parametrize(
    ("azimuth", "elevation", "shines"),
    [(0, 0, (0, -1, 0)), (90, 0, (-1, 0, 0)), (180, 0, (0, 1, 0)), (270, 0, (1, 0, 0)), (45, 90, (0, 0, -1))],
)
def test_the_sun_shines_from_its_azimuth_and_elevation(azimuth, elevation, shines):
    sun = kit.sun("Sun", elevation, azimuth)
    bpy.context.view_layer.update()
    assert close(sun.matrix_world.to_3x3() @ Vector((0, 0, -1)), shines)


def direction(light):
    bpy.context.view_layer.update()
    return light.matrix_world.to_3x3().col[2]  # towards where it shines from


@pytest.mark.parametrize(("turn", "lift"), [(90, 0), (-60, 20), (0, -25), (180, 50)])
def test_a_sun_is_swung_to_another_azimuth_and_elevation(turn, lift):
    light = kit.sun("Sun", elevation=30, azimuth=200)
    kit.swing_light(light, turn, lift, (1, 2, 3))
    wanted = kit.sun("Wanted", elevation=30 + lift, azimuth=200 - turn)  # azimuths go round the other way
    assert close(direction(light), direction(wanted))


def test_a_lamp_is_swung_around_a_point_and_still_shines_on_it():
    pivot, parent = Vector((1, 0, 1)), kit.group("Fixture", [])
    parent.location = (5, 5, 5)
    light = kit.area_light("Lamp", (1, -4, 1), pivot)
    light.parent = parent
    bpy.context.view_layer.update()
    light.matrix_world = Matrix.Translation((1, -4, 1)) @ light.rotation_euler.to_matrix().to_4x4()
    kit.swing_light("Lamp", 90, 30, pivot)
    bpy.context.view_layer.update()
    there = light.matrix_world.translation
    assert close(there, pivot + 4 * Vector((math.cos(math.radians(30)), 0, 0.5)))
    assert close(direction(light), (there - pivot).normalized())


def test_a_light_is_lifted_at_most_to_straight_above():
    light = kit.area_light("Lamp", (2, 0, 0), (0, 0, 0))
    kit.swing_light(light, 0, 150, (0, 0, 0))
    bpy.context.view_layer.update()
    assert close(light.matrix_world.translation, (0, 0, 2))
    kit.swing_light(light, 30, -180, (0, 0, 0))
    bpy.context.view_layer.update()
    assert close(light.matrix_world.translation, (0, 0, -2))


def test_a_light_can_be_turned_into_another_kind():
    lamp = kit.area_light("Lamp", (0, 0, 2), (0, 0, 0), (1, 0.5), 30)
    assert (lamp.data.type, lamp.data.shape, lamp.data.size_y) == ("AREA", "RECTANGLE", 0.5)
    assert kit.spot_light("Lamp", (0, 0, 2), (0, 0, 0), angle=60) == lamp
    assert lamp.data.spot_size == pytest.approx(math.radians(60))
    assert kit.point_light("Lamp", (0, 0, 2), radius=0.3).data.shadow_soft_size == pytest.approx(0.3)
    assert len(bpy.data.lights) == 1


def test_the_world_stays_one_and_exposure_is_in_stops():
    first = bpy.context.scene.world
    assert kit.world((0.2, 0.2, 0.2), 2) == first
    kit.exposure(-1.5)
    assert bpy.context.scene.view_settings.exposure == -1.5


# ------------------------------------------------------------------------------------------------
# Wrong values


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kit.box("A", (1, 0, 1)), "more than 0"),
        (lambda: kit.box("A", (1, -1, 1)), "not -1"),
        (lambda: kit.box("A", (1, 1)), "3 numbers"),
        (lambda: kit.box("A", 1), "3 numbers"),
        (lambda: kit.box("A", (1, 1, 1), (0, 0, math.nan)), "location"),
        (lambda: kit.box("A", (1, 1, 1), material="Nope"), "not 'Nope'"),
        (lambda: kit.box("A", (1, 1, 1), parent="Nope"), "objects in the scene: Cup, Far, Lamp"),
        (lambda: kit.box("", (1, 1, 1)), "a name must be"),
        (lambda: kit.box("Lamp", (1, 1, 1)), "already the name of a light object"),
        (lambda: kit.sun("Cup", 1, 1), "already the name of a mesh object"),
        (lambda: kit.sphere("A", "big"), "must be"),
        (lambda: kit.cylinder("A", "1", 1), "must be a number"),
        (lambda: kit.lathe("A", [(1, 0)]), "at least 2 different points"),
        (lambda: kit.lathe("A", [(0, 0), (0, 1)]), "some r above 0"),
        (lambda: kit.lathe("A", [(-1, 0), (1, 1)]), "r from 0"),
        (lambda: kit.lathe("A", None), "at least 2"),
        (lambda: kit.extrude("A", [(0, 0), (1, 1), (2, 2)], 1), "go round an area"),
        (lambda: kit.extrude("A", [(0, 0), (1, 0), (1, 1)], 0), "depth"),
        (lambda: kit.extrude("A", [(0, 0, 0), (1, 0, 0), (1, 1, 0)], 1), "2 numbers"),
        (lambda: kit.tube("A", [(0, 0, 0), (0, 0, 0)], 1), "2 different points"),
        (lambda: kit.tube("A", [(0, 0, 0), (0, 0, 1), (0, 0, 0.5)], 0.1), "number 1"),
        (lambda: kit.group("Cup", []), "already the name of a mesh"),
        (lambda: kit.group("G", "Cup"), "list of objects"),
        (lambda: kit.group("G", ["Cup"], (0, 0)), "location"),
        (lambda: kit.extrude("Cup", [(0, 0), (1, 0), (0, 1)], 1, parent="Cup"), "cannot be the parent"),
        (lambda: kit.material("A", "red"), "#rrggbb"),
        (lambda: kit.material("A", (255, 0, 0)), "linear floats 0..1"),
        (lambda: kit.material("A", 0.5), "#rrggbb"),
        (lambda: kit.material("A", "#ffffff", roughness=2), "roughness must be a number from 0 to 1"),
        (lambda: kit.assign("Lamp", "Red"), "nothing that could take a material"),
        (lambda: kit.point_light("A", (0, 0, 0), power=-1), "power"),
        (lambda: kit.area_light("A", (0, 0, 0), (0, 0, 0)), "another place"),
        (lambda: kit.swing_light("Cup", 10, 0, (0, 0, 0)), "'Cup' is no light"),
        (lambda: kit.swing_light("Lamp", "left", 0, (0, 0, 0)), "turn"),
        (lambda: kit.exposure(99), "stops"),
        (lambda: kit.at_depth(0.5, 0.5, 1), "no camera yet"),
        (lambda: kit.set_camera((0, 0, 0), (1, 1, 1), rotation=(0, 0, 0)), "not both"),
        (lambda: kit.set_camera((0, 0, 0), (0, 0, 0)), "look_at"),
        (lambda: kit.level_camera() and kit.at_depth(256, 100, 3), "not pixels"),
        (lambda: kit.level_camera() and kit.at_depth(0.5, 0.5, -3), "depth"),
        (lambda: kit.level_camera() and kit.project((0, -20, 0)), "behind the camera"),
        (lambda: kit.put_on("Cup", "Cup"), "itself"),
        (lambda: kit.put_on("Far", "Cup"), "is beside 'Cup'"),
        (lambda: kit.start_scene("A", 0, 100), "width and height"),
    ],
)
def test_wrong_values_are_refused_in_words_before_anything_changes(call, words):
    kit.point_light("Lamp", (0, 0, 3))
    kit.box("Cup", (1, 1, 1), material=kit.material("Red", "#ff0000"))
    kit.box("Far", (1, 1, 1), (9, 9, 0))
    before = [len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.lights), len(bpy.data.materials)]
    with pytest.raises(ValueError, match=words):
        call()
    assert len(bpy.data.objects["Cup"].data.vertices) == 8
    after = [len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.lights), len(bpy.data.materials)]
    assert after[1:] == before[1:]
    assert after[0] - before[0] == (bpy.context.scene.camera is not None)


# ------------------------------------------------------------------------------------------------
# What the export relies on


def test_the_kit_is_made_of_functions_and_constants_with_names_of_their_own():
    names, imports = [], {}
    for file in sorted(Path(kit.__file__).parent.glob("[a-z]*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                names.append(node.name)
            elif isinstance(node, ast.Assign):
                names += [ast.unparse(target) for target in node.targets]
            elif isinstance(node, ast.Import | ast.ImportFrom):
                relative = isinstance(node, ast.ImportFrom) and node.level == 1
                assert all(alias.asname is None for alias in node.names)
                for alias in [] if relative else node.names:
                    assert imports.setdefault(alias.name, getattr(node, "module", None)) == getattr(
                        node, "module", None
                    )
            else:
                assert isinstance(node, ast.Expr)
                assert isinstance(node.value, ast.Constant)
    assert len(names) == len(set(names))
    assert {name for name in names if name[0] != "_" and name.islower()} == set(kit.__all__)
    assert not set(names) & set(imports)
