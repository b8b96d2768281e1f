"""Pictures as a provider takes them well: no larger than it makes use of, and light enough to be taken at all.

The same picture always becomes the same bytes, or a provider's cache would never know it again.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Literal

from PIL import Image

from .. import Picture
from .providers import Provider

_LIGHT = 200_000  # bytes that are not worth saving
_MUCH_SMALLER = 0.5  # the share of a PNG's bytes that JPEG has to come down to: what is flat stays exact
_QUALITY = 90
_SHRINK = 0.75  # in each step towards the cap


def prepared(picture: Picture, provider: Provider) -> Picture:
    """Return the picture scaled to what the provider makes use of and within its cap on bytes.

    What is small already stays as it is, byte by byte.
    """
    with Image.open(io.BytesIO(picture.data)) as opened:
        light = provider.most_bytes if picture.media_type == "image/jpeg" else min(_LIGHT, provider.most_bytes)
        if max(opened.size) <= provider.longest and len(picture.data) <= light:
            return picture
        image = opened.convert("RGB")
    longest = min(provider.longest, max(image.size))
    data, media_type = _encoded(_within(image, longest))
    while len(data) > provider.most_bytes and longest > 1:
        longest = int(longest * _SHRINK)
        data, media_type = _encoded(_within(image, longest))
    return replace(picture, data=data, media_type=media_type)


def _within(image: Image.Image, longest: int) -> Image.Image:
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image) -> tuple[bytes, Literal["image/png", "image/jpeg"]]:
    """Encode as PNG where that is light or hardly heavier than JPEG, as for flat and drawn pictures."""
    exact = _bytes(image, "PNG")
    if len(exact) <= _LIGHT:
        return exact, "image/png"
    lossy = _bytes(image, "JPEG", quality=_QUALITY)
    return (lossy, "image/jpeg") if len(lossy) < len(exact) * _MUCH_SMALLER else (exact, "image/png")


def _bytes(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
