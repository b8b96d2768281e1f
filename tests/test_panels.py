"""What panels rely on: text that fits, files read beside drawing, thumbnails, and lists in order."""

import os
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

bpy = pytest.importorskip("bpy")

import blf  # noqa: E402

from seig_addon.addon import background, previews  # noqa: E402
from seig_addon.addon.panels import lists, text  # noqa: E402
from seig_addon.engine.scene_graph import SceneGraph  # noqa: E402

SIZE = 11.0


def loaded(loader, *files, seconds=5.0):
    """Ask as drawing does, and pump as the timer does, until nothing is being read."""
    loader.get(*files)
    end = time.monotonic() + seconds
    while loader.pump() is not None:
        assert time.monotonic() < end
        time.sleep(0.005)
    return loader.get(*files)


@given(st.text(alphabet="ab cdefg/.\n", max_size=200), st.integers(40, 300))
def test_wrapped_lines_fit_and_lose_nothing(words, room):
    lines = text._lines(words, float(room), SIZE)
    blf.size(0, SIZE)
    assert all(blf.dimensions(0, line)[0] <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())


def test_short_text_is_one_line():
    assert text._lines("Choose a picture", 300.0, SIZE) == ("Choose a picture",)


@pytest.fixture
def loader():
    made = background.Loader(lambda files: files[0].read_text("utf-8"))
    yield made
    made.clear()


def test_drawing_never_waits_for_a_file(tmp_path, loader):
    file = tmp_path / "run.json"
    file.write_text("one", "utf-8")
    assert loader.get(file) is None
    assert loaded(loader, file) == "one"


def test_a_file_that_changed_is_read_again(tmp_path, loader, monkeypatch):
    monkeypatch.setattr(background, "_RECHECK", -1.0)
    file = tmp_path / "run.json"
    file.write_text("one", "utf-8")
    assert loaded(loader, file) == "one"
    file.write_text("two", "utf-8")
    os.utime(file, ns=(1, 1))
    assert loaded(loader, file) == "two"
    file.unlink()
    assert loaded(loader, file) is None


def test_a_file_that_stayed_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(background, "_RECHECK", -1.0)
    reads = []
    loader = background.Loader(lambda files: reads.append(files) or len(reads))
    file = tmp_path / "run.json"
    file.write_text("one", "utf-8")
    assert [loaded(loader, file) for _ in range(3)] == [1, 1, 1]
    loader.clear()


def test_what_is_no_picture_has_no_thumbnail(tmp_path):
    file = tmp_path / "notes.png"
    file.write_text("no picture", "utf-8")
    previews.register()
    try:
        assert loaded(previews._loader, file) is None
        assert previews.icon(file) == 0
        assert previews.size(tmp_path / "missing.png") is None
    finally:
        previews.unregister()


@pytest.mark.parametrize(("orientation", "size"), [(1, (96, 64)), (6, (64, 96))])
def test_a_thumbnail_is_upright_and_knows_the_size_of_the_picture(tmp_path, picture, orientation, size):
    file = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(file, exif=exif)
    previews.register()
    try:
        assert previews.size(file) is None
        loaded(previews._loader, file)
        assert previews.size(file) == size
        assert tuple(previews._icons[str(file)].image_size) == size
    finally:
        previews.unregister()


def test_the_scene_graph_is_listed_each_below_its_parent():
    leaf = {"build": "box", "box": [0, 0, 1, 1]}
    graph = SceneGraph(
        nodes=[
            {"name": "Cup", "parent": "Table", **leaf},
            {"name": "Room", "kind": "group"},
            {"name": "Floor", "parent": "Room", **leaf},
            {"name": "Table", "kind": "group", "parent": "Room"},
        ]
    )
    assert [(row[0], row[1]) for row in lists._tree(graph)] == [("Room", 0), ("Floor", 1), ("Table", 1), ("Cup", 2)]
    assert lists._tree(None) == []


def test_drawn_frames_need_a_view_through_the_scenes_camera():
    from seig_addon.addon.camera_frame import camera_frame

    context = SimpleNamespace(space_data=None, scene=bpy.context.scene, region=None)
    assert camera_frame(context) is None
