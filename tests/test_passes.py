"""Which object, material and light each pixel is owed to, in a real studio."""

import numpy as np
import pytest
from PIL import Image

from seig_addon.studio.client import NoCamera
from seig_addon.studio.exr import read_exr

ROOM = """
import bpy
from seig_kit import box, level_camera, material, plane, sun, world
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 1, 1), location=(0, 0, 0), material=material("Red", "#c04030"))
box("Bare", (0.6, 0.6, 0.6), location=(1.2, 0, 0))
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
"""


@pytest.fixture
def room(studio):
    studio.new("Room", 96, 64)
    result = studio.run(ROOM)
    assert result.failure is None, result.failure.message
    return studio


def test_each_pixel_names_its_object_and_its_material(room, tmp_path):
    ids = room.ids(tmp_path / "ids.npz", 96)
    assert ids.objects.shape == ids.materials.shape == (64, 96)
    cube = next(each for each in room.describe().objects if each.name == "Cube")
    left, top, right, bottom = cube.box
    rows, columns = np.nonzero(ids.object_mask("Cube"))
    assert columns.min() / 96 == pytest.approx(left, abs=0.02)
    assert (columns.max() + 1) / 96 == pytest.approx(right, abs=0.02)
    assert rows.min() / 64 == pytest.approx(top, abs=0.03)
    assert (rows.max() + 1) / 64 == pytest.approx(bottom, abs=0.03)
    assert np.array_equal(ids.material_mask("Red"), ids.object_mask("Cube"))
    assert np.array_equal(ids.material_mask("Grey"), ids.object_mask("Ground"))
    assert (ids.materials[ids.object_mask("Bare")] == 0).all()
    assert ids.object_mask("Bare").any()
    assert (ids.objects[0] == 0).all(), "the sky is nobody's"
    assert not ids.object_mask("Nobody").any()
    assert not ids.material_mask("None such").any()


def test_looking_for_ids_changes_nothing(room, tmp_path):
    room.save(tmp_path / "before.blend")
    room.open(tmp_path / "before.blend")
    room.render(tmp_path / "before.png", size=48, samples=1)
    room.ids(tmp_path / "ids.npz", 48)
    room.render(tmp_path / "after.png", size=48, samples=1)
    assert room.changes() == []
    before, after = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("before", "after"))
    assert np.array_equal(before, after)
    assert {path.name for path in tmp_path.iterdir()} == {"before.blend", "before.png", "after.png", "ids.npz"}


def test_ids_need_a_camera(studio, tmp_path):
    studio.new("Empty", 32, 32)
    with pytest.raises(NoCamera):
        studio.ids(tmp_path / "ids.npz", 32)
    assert not (tmp_path / "ids.npz").exists()


def test_light_passes_add_up_to_the_picture(room, tmp_path):
    passes = room.light_passes(tmp_path / "passes.npz", 96, 16)
    assert passes.lights.shape == (3, 64, 96, 3)  # world, sun, and all other light
    assert passes.lights.sum(axis=0).mean() == pytest.approx(passes.combined.mean(), rel=0.02)
    assert passes.lights[-1].max() == 0
    assert [(each.kind, each.name) for each in passes.facts.emitters] == [("world", "World"), ("light", "Sun")]
    assert {paint.name for paint in passes.facts.paints if paint} == {"Grey", "Red"}
    red = passes.materials == room.ids(tmp_path / "ids.npz", 96).material_names.index("Red")
    assert passes.albedo[red].mean(axis=0) == pytest.approx([0.527, 0.051, 0.03], abs=0.06)  # its outline is shared
    assert 0.5 < passes.painted[red].mean() <= 1


def test_looking_for_light_changes_nothing(room, tmp_path):
    room.save(tmp_path / "before.blend")
    room.open(tmp_path / "before.blend")
    room.light_passes(tmp_path / "passes.npz", 48, 1)
    assert room.changes() == []
    assert {path.name for path in tmp_path.iterdir()} == {"before.blend", "passes.npz"}


def test_only_uncompressed_files_in_one_part_are_read(tmp_path):
    (tmp_path / "no.exr").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(ValueError, match="no OpenEXR"):
        read_exr(tmp_path / "no.exr")
