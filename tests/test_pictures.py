"""Pictures for providers: small enough, light enough, and the same bytes each time."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seig_addon.models import Picture
from seig_addon.models.remote.pictures import prepared
from seig_addon.models.remote.providers import PROVIDERS

SIDES = st.integers(1, 400)


def encoded(pixels, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return Picture("Reference", file.getvalue(), f"image/{kind.lower()}")


def noise(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def photo(width, height):
    """Soft shapes with a little grain, as a photograph has."""
    rows, columns = np.mgrid[:height, :width]
    soft = np.stack([np.sin(columns / 90), np.cos(rows / 70), np.sin((rows + columns) / 110)], axis=2) * 100 + 128
    return np.clip(soft + np.random.default_rng(1).normal(0, 3, soft.shape), 0, 255).astype(np.uint8)


def opened(picture):
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    return image


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIDES, SIDES, st.integers(16, 300), st.integers(4_000, 60_000), st.sampled_from(["PNG", "JPEG"]))
def test_a_picture_fits_the_provider_whatever_its_size_and_content(width, height, longest, most_bytes, kind):
    provider = replace(PROVIDERS["anthropic"], longest=longest, most_bytes=most_bytes)
    before = encoded(noise(width, height), kind)
    after = prepared(before, provider)
    image = opened(after)
    assert len(after.data) <= most_bytes
    assert max(image.size) <= longest
    assert image.format == after.media_type.removeprefix("image/").upper()
    assert after.caption == before.caption
    scale = max(image.size) / max(width, height)
    assert np.allclose(image.size, (width * scale, height * scale), atol=1)  # not distorted
    assert prepared(before, provider) == after
    assert prepared(after, provider) == after  # what fits is left alone


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_a_small_picture_stays_as_it_is(provider):
    for picture in (encoded(noise(200, 150)), encoded(noise(64, 64), "JPEG")):
        assert prepared(picture, provider) is picture


def test_what_is_flat_stays_exact_and_what_is_a_photograph_becomes_a_jpeg():
    provider = PROVIDERS["anthropic"]
    flat = np.zeros((1400, 1400, 3), np.uint8)
    flat[200:700, 300:900] = (200, 40, 30)
    kept = prepared(encoded(flat), replace(provider, longest=1000))
    assert kept.media_type == "image/png"
    assert len(set(map(tuple, np.asarray(opened(kept))[::50, ::50].reshape(-1, 3)))) <= 4
    before = encoded(photo(1400, 1400))
    after = prepared(before, provider)
    assert after.media_type == "image/jpeg"
    assert len(after.data) < len(before.data) / 2
    difference = np.asarray(opened(after), float) - np.asarray(opened(before), float)
    assert np.abs(difference).mean() < 3  # levels of 255


def test_a_picture_with_transparency_or_grey_levels_is_taken_too():
    provider = replace(PROVIDERS["openai"], longest=100)
    for mode in ("RGBA", "L", "P"):
        file = io.BytesIO()
        Image.fromarray(noise(300, 200)).convert(mode).save(file, "PNG")
        assert opened(prepared(Picture("Reference", file.getvalue()), provider)).size == (100, 67)
