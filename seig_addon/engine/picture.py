"""Pictures: opening whatever a person hands over, and composing what a model gets to see.

Everything past `load_reference` is upright 8-bit sRGB without alpha.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ..errors import PictureError
from ..models import Picture
from .scores import Pixels

MAX_SIDE = 20_000  # px; beyond it a file is a mistake or an attack, and decoding takes gigabytes
MAX_PIXELS = 150_000_000
MIN_SIDE = 16  # px; less shows nothing that could be rebuilt
MAX_ASPECT = 8
KEPT_SIDE = 1536  # px; more detail than a render of the rebuilt scene is ever compared with
_GUTTER = 8  # px between two pictures side by side


def load_reference(path: Path) -> Image.Image:
    """Open a JPEG, PNG or WebP as an upright 8-bit sRGB picture, its longest side at most 1536 px.

    Alpha is laid on white. Raises PictureError when the file is missing, not a picture, damaged,
    or of a size that can't be used.
    """
    if not path.is_file():
        raise PictureError(f"There is no picture at {path}; nothing was started. Check the path.")
    try:
        with warnings.catch_warnings():
            # Sizes are checked right below, against limits of our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as opened:
                _check_size(path, *opened.size)
                opened.draft("RGB", (KEPT_SIDE, KEPT_SIDE))  # JPEG: decode a huge file at a fraction
                picture = _to_srgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError as error:
        raise PictureError(f"{path} is not a JPEG, PNG or WebP picture; nothing was started.") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path} is too large to open; scale it below {MAX_SIDE} px a side.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow's ways to say "damaged"
        raise PictureError(f"{path} can't be read, it is damaged or cut off ({error}); nothing was started.") from error
    picture.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    if min(picture.size) < 1 or max(picture.size) > MAX_ASPECT * min(picture.size):
        raise PictureError(f"{path} is too narrow: one side is over {MAX_ASPECT} times the other. Crop it.")
    return picture


def _check_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise PictureError(f"{path} is too small ({width} × {height} px): use at least {MIN_SIDE} px a side.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise PictureError(
            f"{path} is too large ({width} × {height} px): scale it to at most {MAX_SIDE} px a side "
            f"and {MAX_PIXELS // 1_000_000} megapixels."
        )


def _to_srgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        # 16-bit grey: Pillow's own conversion clips instead of scaling.
        values = np.asarray(picture, dtype=np.float64)
        return Image.fromarray(np.uint8(np.clip(values / 257.0, 0, 255))).convert("RGB")
    profile = picture.info.get("icc_profile")
    if picture.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        return _convert_profile(picture, profile)
    return picture.convert("RGB")


def _convert_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    picture = picture.convert("RGB") if picture.mode == "RGBA" else picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture.convert("RGB")  # a broken profile is no reason to refuse the picture itself
    return converted if converted is not None else picture.convert("RGB")


def fit(picture: Image.Image, longest: int) -> Image.Image:
    """Scale a picture down so that its longest side is at most `longest` px."""
    small = picture.copy()
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return small


def pixels(picture: Image.Image, size: tuple[int, int] | None = None) -> Pixels:
    """Return a picture as floats (height, width, 3), 0 to 1, scaled to size (width, height) if given."""
    if size is not None and picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(picture.convert("RGB"), dtype=np.float64) / 255.0


def open_render(path: Path) -> Image.Image:
    """Open a render of ours as RGB, fully read, so that the file may go away."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def side_by_side(left: Image.Image, right: Image.Image, height: int = 384) -> Image.Image:
    """Lay two pictures beside each other at the same size, the reference on the left."""
    size = (max(1, round(left.width * height / left.height)), height)
    sheet = Image.new("RGB", (2 * size[0] + _GUTTER, height), "white")
    sheet.paste(left.resize(size, Image.Resampling.LANCZOS), (0, 0))
    sheet.paste(right.resize(size, Image.Resampling.LANCZOS), (size[0] + _GUTTER, 0))
    return sheet


def difference(render: Image.Image, reference: Image.Image) -> Image.Image:
    """Show the signed difference around mid grey: brighter where the render is too bright."""
    gap = pixels(render) - pixels(reference, render.size)
    return Image.fromarray(np.uint8(np.clip(gap * 0.5 + 0.5, 0, 1) * 255 + 0.5))


def encode(picture: Image.Image) -> bytes:
    """Encode as PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def shown(caption: str, picture: Image.Image) -> Picture:
    """Make a picture part of a question."""
    return Picture(caption, encode(picture))
