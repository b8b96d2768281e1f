"""Any picture that a person may hand over is opened upright in sRGB, or refused in one sentence."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seig_addon.engine.picture import KEPT_SIDE, load_reference
from seig_addon.errors import PictureError


def _halves(size=(60, 40), mode="RGB"):
    """Left half red, right half blue."""
    picture = Image.new("RGB", size, (200, 30, 30))
    picture.paste((30, 30, 200), (size[0] // 2, 0, *size))
    return picture.convert(mode)


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.jpg", "RGB", {}),
        ("a.jpg", "CMYK", {}),
        ("a.jpg", "L", {}),
        ("a.png", "RGB", {}),
        ("a.png", "RGBA", {}),
        ("a.png", "P", {}),
        ("a.png", "1", {}),
        ("a.png", "LA", {}),
        ("a.webp", "RGB", {"lossless": True}),
        ("a.webp", "RGBA", {}),
    ],
)
def test_every_common_mode_becomes_rgb(tmp_path, name, mode, options):
    _halves(mode=mode).save(tmp_path / name, **options)
    picture = load_reference(tmp_path / name)
    assert (picture.mode, picture.size) == ("RGB", (60, 40))
    if mode not in ("L", "1", "LA"):
        left, right = picture.getpixel((10, 20)), picture.getpixel((50, 20))
        assert left[0] > left[2] + 60
        assert right[2] > right[0] + 60


def test_a_picture_rotated_by_exif_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate 90° clockwise to see it upright
    _halves().save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture = load_reference(tmp_path / "a.jpg")
    assert picture.size == (40, 60)
    assert picture.getpixel((20, 10))[0] > 150
    assert picture.getpixel((20, 50))[2] > 150


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    values = np.linspace(0, 65535, 64).astype(np.uint16)[None, :].repeat(32, axis=0)
    Image.fromarray(values).save(tmp_path / "a.png")
    picture = np.asarray(load_reference(tmp_path / "a.png"))
    assert picture[0, 0, 0] == 0
    assert picture[0, 32, 0] == pytest.approx(129, abs=3)
    assert picture[0, 63, 0] == 255


def test_transparent_parts_lie_on_white(tmp_path):
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    picture.paste((10, 200, 10, 255), (8, 8, 24, 24))
    picture.save(tmp_path / "a.png")
    loaded = load_reference(tmp_path / "a.png")
    assert loaded.getpixel((1, 1)) == (255, 255, 255)
    assert loaded.getpixel((16, 16)) == (10, 200, 10)


def test_a_huge_picture_is_scaled_down(tmp_path):
    Image.new("RGB", (9000, 6000), (90, 120, 40)).save(tmp_path / "a.jpg")
    picture = load_reference(tmp_path / "a.jpg")
    assert max(picture.size) == KEPT_SIDE
    assert picture.width / picture.height == pytest.approx(1.5, rel=0.01)


def _bytes(picture, kind="PNG"):
    buffer = io.BytesIO()
    picture.save(buffer, format=kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a JPEG, PNG or WebP"),
        (b"Hello, this is text.", "not a JPEG, PNG or WebP"),
        (b"GIF89a" + b"\0" * 40, "not a JPEG, PNG or WebP"),
        (_bytes(Image.effect_noise((300, 300), 90).convert("RGB"))[:9000], "damaged or cut off"),
        (_bytes(Image.effect_noise((300, 300), 90).convert("RGB"), "JPEG")[:6000], "damaged or cut off"),
        (_bytes(Image.new("RGB", (1, 1))), "too small"),
        (_bytes(Image.new("1", (30000, 40))), "too large"),
        (_bytes(Image.new("1", (19000, 19000))), "too large"),
        (_bytes(Image.new("RGB", (1000, 20))), "too narrow"),
    ],
)
def test_what_is_no_usable_picture_is_refused_in_one_sentence(tmp_path, data, words):
    path = tmp_path / "a picture.png"
    path.write_bytes(data)
    with pytest.raises(PictureError, match=words) as caught:
        load_reference(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"no picture at .*nowhere\.png"):
        load_reference(tmp_path / "nowhere.png")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 2000), st.sampled_from(["PNG", "JPEG", "WEBP"]))
def test_damaged_files_are_opened_or_refused_and_never_crash(tmp_path_factory, junk, position, kind):
    data = bytearray(_bytes(_halves(), kind))
    position %= len(data)
    data[position : position + len(junk)] = junk
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(bytes(data))
    try:
        assert load_reference(path).mode == "RGB"
    except PictureError as refusal:
        assert str(refusal)
