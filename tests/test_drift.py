"""What the viewport shows otherwise than the studio is noticed; what the artist did is not called drift."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seig_addon.addon import live
from seig_addon.addon.apart import apart
from seig_addon.addon.drift import Shown, differing, noticed, sentence
from seig_addon.addon.ownership import our_objects
from seig_addon.engine.stages import INITIALIZATION, LIGHTING

HAT = (0.45, 0.2, 0.6, 0.4)  # in the picture below


def scene_picture(hat=True, shift=0):
    """A grey picture with a red box and a hat on it, 96 × 64."""
    values = np.full((64, 96, 3), 0.5)
    values[26:50, 40 + shift : 60 + shift] = (0.7, 0.2, 0.2)
    if hat:
        values[14:26, 44 + shift : 56 + shift] = (0.2, 0.2, 0.7)
    return values


def as_image(values):
    return Image.fromarray(np.uint8(values * 255 + 0.5))


def test_the_same_picture_does_not_differ_nor_do_its_smoothed_edges():
    assert not differing(scene_picture(), as_image(scene_picture())).any()
    smoothed = (scene_picture() + np.roll(scene_picture(), 1, axis=1)) / 2
    assert not differing(smoothed, as_image(scene_picture())).any()
    assert not differing(scene_picture(shift=1), as_image(scene_picture())).any()


def test_a_missing_object_is_said_by_name():
    off = differing(scene_picture(hat=False), as_image(scene_picture()))
    text = sentence(off, {"Hat": HAT, "Cube": (0.4, 0.4, 0.63, 0.8), "Ground": (0, 0, 1, 1)})
    assert text == "The viewport shows 2.3% of the picture otherwise than the studio rendered it, at Hat."


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_box_leaves_out_what_is_in_it_and_nothing_else(x0, y0, x1, y1):
    left, right, top, bottom = *sorted((x0, x1)), *sorted((y0, y1))
    off = differing(np.zeros((64, 96, 3)), Image.new("RGB", (96, 64), "white"), [(left, top, right, bottom)])
    assert not off[int(top * 64) : int(np.ceil(bottom * 64)), int(left * 96) : int(np.ceil(right * 96))].any()
    around = (int(bottom * 64) - int(top * 64) + 6) * (int(right * 96) - int(left * 96) + 6)
    assert (~off).sum() <= around


def test_the_studio_draws_what_the_viewport_is_held_against(run, studio, tmp_path):
    checkpoint = run.last_checkpoint([LIGHTING])
    picture = tmp_path / "viewport.png"
    studio.open(checkpoint)
    studio.render(picture, "plain", size=96)
    assert noticed(studio, checkpoint, Shown(picture)) == ""
    hide = "import bpy\nbpy.data.objects['Cube'].location.z -= 3"
    assert studio.run(hide).failure is None
    studio.render(picture, "plain", size=96)
    assert "Cube" in noticed(studio, checkpoint, Shown(picture))
    box = next(each.box for each in studio.describe().objects if each.name == "Cube")
    assert noticed(studio, checkpoint, Shown(picture, frozenset({"Cube"}), (tuple(box),))) == ""
    assert noticed(studio, checkpoint, Shown(picture, boxes=None)) == ""


def test_a_plain_picture_has_nothing_of_the_exposure(run, studio, tmp_path):
    studio.open(run.last_checkpoint([LIGHTING]))
    studio.render(tmp_path / "as_it_is.png", "plain", size=96)
    assert studio.run("import bpy\nbpy.context.scene.view_settings.exposure = -3").failure is None
    studio.render(tmp_path / "dark.png", "plain", size=96)
    as_it_is, dark = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("as_it_is", "dark"))
    assert np.array_equal(as_it_is, dark)
    assert "view_settings" not in str(studio.changes())


@pytest.mark.parametrize(
    ("edit", "names", "boxes"),
    [
        (lambda ours: None, set(), 0),
        (lambda ours: setattr(ours["Hat"].location, "x", 0.2), {"Hat"}, 1),
        (lambda ours: setattr(ours["Camera"].data, "lens", 30), {"Camera"}, None),
        (lambda ours: setattr(ours["Sun"].data, "energy", 9), set(), 0),
    ],
    ids=["nothing", "moved", "camera", "light"],
)
def test_hand_edits_are_left_out_where_they_show(run, scene, edit, names, boxes):
    live.apply(scene, run, INITIALIZATION)
    edit(our_objects(scene))
    named, found = apart(scene, live.drift(scene))
    assert names <= named
    assert (found if found is None else len(found)) == boxes
