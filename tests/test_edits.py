"""Hand edits are noticed, carried over where a program could express them, and never lost without a word."""

import shutil

import bpy
import pytest

from seig_addon.addon import edits, live
from seig_addon.addon.ownership import added_by_hand, our_materials, our_objects
from seig_addon.engine.stages import COMPOSITION, GEOMETRY, INITIALIZATION, LIGHTING, MATERIALS
from seig_addon.errors import RunFolderError


def kinds(changes):
    return {(change.kind, change.name) for change in changes}


def material(scene, name):
    return our_materials(scene, our_objects(scene).values())[name]


def shader(scene, name):
    return material(scene, name).node_tree.nodes["Principled BSDF"].inputs


def lift(obj):
    """Remodel: move all of its vertices up."""
    for vertex in obj.data.vertices:
        vertex.co.z += 1
    obj.data.update()


def top(obj):
    return max(vertex.co.z for vertex in obj.data.vertices)


def test_a_scene_that_nobody_touched_has_no_edits(run, scene):
    assert edits.hand_edits(scene) == []
    for stage in (INITIALIZATION, GEOMETRY, MATERIALS, COMPOSITION, LIGHTING):
        live.apply(scene, run, stage)
        assert edits.hand_edits(scene) == []


def test_each_kind_of_edit_is_listed_in_words(run, scene):
    live.apply(scene, run, GEOMETRY)
    ours = our_objects(scene)
    ours["Cube"].location.x = 2
    shader(scene, "Red")["Roughness"].default_value = 0.9
    ours["Sun"].data.energy = 9
    ours["Camera"].data.lens = 80
    lift(ours["Mug"])
    ours["Ground"].name = "Floor"
    bpy.data.objects.remove(ours["Hat"])
    scene.collection.objects.link(bpy.data.objects.new("Own", None))
    found = edits.hand_edits(scene)
    assert kinds(found) == {
        ("object transform", "Cube"),
        ("material", "Red"),
        ("light", "Sun"),
        ("camera", "Camera"),
        ("mesh", "Mug"),
        ("object structure", "Ground"),
        ("object removed", "Hat"),
        ("object added", "Own"),
    }
    words = [edits.in_words(edit) for edit in found]
    assert "Cube: moved (location: (0, 0, 0) → (2, 0, 0))" in words
    assert "Ground: changed (name: Ground → Floor)" in words
    assert "Hat: deleted (mesh)" in words


def test_edits_that_a_program_can_express_stay_on_top_of_new_results(run, scene):
    live.apply(scene, run, INITIALIZATION)
    ours = our_objects(scene)
    ours["Cube"].location = (1, 2, 3)
    ours["Cube"].hide_render = True
    ours["Hat"].scale = (2, 2, 2)
    ours["Hat"].name = "Top hat"
    ours["Sun"].data.energy = 9
    ours["Sun"].data.color = (1, 0.5, 0.25)
    ours["Camera"].data.lens = 80
    shader(scene, "Red")["Base Color"].default_value = (0.1, 0.2, 0.3, 1)
    material(scene, "Grey").name = "Stone"
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.1, 0.1, 1)
    bpy.data.objects.remove(ours["Extra"])
    for stage in (GEOMETRY, MATERIALS, COMPOSITION, LIGHTING):
        applied = live.apply(scene, run, stage)
        assert (applied.lost, applied.drift) == ([], [])
    now = our_objects(scene)
    assert tuple(now["Cube"].location) == (1, 2, 3)
    assert now["Cube"].hide_render
    assert tuple(now["Hat"].scale) == (2, 2, 2)
    assert now["Hat"].name == "Top hat"
    assert [modifier.type for modifier in now["Hat"].modifiers] == ["BEVEL"]
    assert now["Sun"].data.energy == 9
    assert tuple(now["Sun"].data.color) == (1, 0.5, 0.25)
    assert now["Camera"].data.lens == 80
    red = shader(scene, "Red")
    assert tuple(red["Base Color"].default_value) == pytest.approx((0.1, 0.2, 0.3, 1))
    assert red["Roughness"].default_value == pytest.approx(0.2)  # what the stage changed beside it
    assert material(scene, "Grey").name == "Stone"
    background = scene.world.node_tree.nodes["Background"].inputs
    assert tuple(background["Color"].default_value) == pytest.approx((0.5, 0.1, 0.1, 1))
    assert background["Strength"].default_value == 2.0
    assert "Extra" not in now


def test_another_material_given_by_hand_stays(run, scene):
    live.apply(scene, run, INITIALIZATION)
    copy = material(scene, "Red").copy()
    our_objects(scene)["Cube"].material_slots[0].material = copy
    assert kinds(edits.hand_edits(scene)) == {("material assignment", "Cube")}
    for stage in (GEOMETRY, MATERIALS):
        assert live.apply(scene, run, stage).drift == []
        assert our_objects(scene)["Cube"].material_slots[0].material == copy
    assert our_objects(scene)["Hat"].material_slots[0].material == material(scene, "Red")


def test_a_deleted_object_stays_deleted_unless_edits_are_to_go(run, scene):
    live.apply(scene, run, GEOMETRY)
    bpy.data.objects.remove(our_objects(scene)["Hat"])
    live.apply(scene, run, MATERIALS)
    live.restore(scene, run, GEOMETRY)
    assert "Hat" not in our_objects(scene)
    live.restore(scene, run, GEOMETRY, keep_edits=False)
    assert "Hat" in our_objects(scene)


def test_a_remodelled_mesh_lives_through_stages_that_leave_meshes_alone(run, scene):
    live.apply(scene, run, GEOMETRY)
    before = top(our_objects(scene)["Cube"])
    lift(our_objects(scene)["Cube"])
    for stage in (MATERIALS, COMPOSITION, LIGHTING):
        assert live.apply(scene, run, stage).lost == []
    cube = our_objects(scene)["Cube"]
    assert top(cube) == pytest.approx(before + 1)
    assert cube.location.x == 0.5
    assert cube.material_slots[0].material == material(scene, "Red")


def test_what_would_be_lost_is_said_before_and_after(run, scene):
    live.apply(scene, run, GEOMETRY)
    lift(our_objects(scene)["Cube"])
    our_objects(scene)["Hat"].location.x = 4
    assert kinds(edits.lost_by_redo(scene, GEOMETRY)) == {("mesh", "Cube")}
    assert edits.lost_by_redo(scene, MATERIALS) == []
    assert edits.lost_by_restore(scene, run, GEOMETRY) == []
    expected = {("mesh", "Cube")}
    assert kinds(edits.lost_by_restore(scene, run, INITIALIZATION)) == expected
    assert kinds(edits.lost_by_restore(scene, run, GEOMETRY, keep=False)) == expected | {("object transform", "Hat")}
    assert kinds(live.restore(scene, run, INITIALIZATION).lost) == expected
    assert our_objects(scene)["Hat"].location.x == 4


def test_a_pinned_object_stays_exactly_as_it_is(run, scene):
    live.apply(scene, run, INITIALIZATION)
    cube, extra = our_objects(scene)["Cube"], our_objects(scene)["Extra"]
    lift(cube)
    cube.location.x = 7
    cube.seig.pin = extra.seig.pin = True
    shader(scene, "Red")["Base Color"].default_value = (0.1, 0.2, 0.3, 1)
    blue = pytest.approx((0.1, 0.2, 0.3, 1))
    red, height = cube.material_slots[0].material, top(cube)
    uid = cube.session_uid
    for stage in (GEOMETRY, MATERIALS, COMPOSITION, LIGHTING, INITIALIZATION, LIGHTING):
        assert live.restore(scene, run, stage, keep_edits=False).drift == []
        cube = our_objects(scene)["Cube"]
        assert (cube.session_uid, cube.location.x, top(cube)) == (uid, 7, height)
        assert cube.material_slots[0].material == red
        assert tuple(red.node_tree.nodes["Principled BSDF"].inputs[0].default_value) == blue
        assert "Extra" in our_objects(scene)
    assert our_objects(scene)["Hat"].material_slots[0].material != red


def test_what_the_artist_added_is_never_removed_or_changed(run, scene):
    live.apply(scene, run, INITIALIZATION)
    cube = our_objects(scene)["Cube"]
    layer = scene.view_layers[0]
    copies = {}
    for name in ("own data", "linked"):
        copy = cube.copy()  # as Shift-D and Alt-D do: with all of its properties
        if name == "own data":
            copy.data = cube.data.copy()
        scene.collection.objects.link(copy)
        copy.location.x = 5
        copies[name] = copy
    own = bpy.data.objects.new("Mug", None)  # a name that a stage is going to use
    scene.collection.objects.link(own)
    layer.update()
    vertices = len(cube.data.vertices)
    for stage in (GEOMETRY, MATERIALS, LIGHTING):
        assert live.apply(scene, run, stage).drift == []
    live.restore(scene, run, None)
    assert set(scene.objects) == {*copies.values(), own}
    for copy in copies.values():
        assert len(copy.data.vertices) == vertices
        assert copy.location.x == 5
        assert copy.material_slots[0].material.name.startswith("Red")
    live.apply(scene, run, GEOMETRY)
    assert set(added_by_hand(scene)) == {*copies.values(), own}
    assert "Mug" in our_objects(scene)


def test_undo_takes_back_the_edits_that_a_restore_discarded(run, scene):
    live.apply(scene, run, GEOMETRY)
    our_objects(scene)["Cube"].location.x = 2
    bpy.ops.ed.undo_push(message="Move")
    live.restore(scene, run, GEOMETRY, keep_edits=False)
    assert edits.hand_edits(scene) == []
    bpy.ops.ed.undo()
    scene = bpy.data.scenes["box"]
    assert kinds(edits.hand_edits(scene)) == {("object transform", "Cube")}


def test_edits_are_known_after_saving_and_reopening(run, scene, tmp_path):
    live.apply(scene, run, GEOMETRY)
    our_objects(scene)["Cube"].location.x = 2
    our_objects(scene)["Hat"].name = "Top hat"
    expected = kinds(edits.hand_edits(scene))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "artist.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "artist.blend"))
    assert kinds(edits.hand_edits(bpy.data.scenes["box"])) == expected


def test_a_run_folder_that_went_away_is_said_and_nothing_changes(run, scene):
    live.apply(scene, run, GEOMETRY)
    our_objects(scene)["Cube"].location.x = 2
    shutil.rmtree(run.path)
    for ask in (
        lambda: edits.hand_edits(scene),
        lambda: edits.lost_by_restore(scene, run, INITIALIZATION),
        lambda: live.restore(scene, run, INITIALIZATION),
    ):
        with pytest.raises(RunFolderError, match=r"is missing.*left as it is"):
            ask()
    assert our_objects(scene)["Cube"].location.x == 2
    assert scene.seig.stage == GEOMETRY.number


def test_a_stage_without_result_says_so(run, scene):
    run.record.stage(INITIALIZATION).best = None
    with pytest.raises(RunFolderError, match="no result yet"):
        live.apply(scene, run, INITIALIZATION)
