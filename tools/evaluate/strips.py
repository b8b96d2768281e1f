"""Strips of pictures: the reference, then each variant's render with its measure; a line for each model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from seig_addon.engine.picture import open_render

from .pixels import flat
from .rows import Row, order

_HEIGHT, _GAP, _CAPTION = 288, 10, 44  # px
_PAPER, _INK, _SOFT = "#ffffff", "#23211f", "#77726c"


def strips(rows: Sequence[Row], folder: Path) -> dict[str, Path]:
    """Write a strip for each picture; returns them by the picture's name."""
    folder.mkdir(exist_ok=True)
    made = {}
    for picture in order(row.picture for row in rows):
        own = [row for row in rows if row.picture == picture]
        sheet = _strip(own)
        if sheet is not None:
            made[picture] = folder / f"{picture}.png"
            sheet.save(made[picture])
    return made


def _strip(rows: Sequence[Row]) -> Image.Image | None:
    """All results of one picture; None where there is none."""
    with_reference = next((row for row in rows if row.reference and not row.failed), None)
    if with_reference is None or with_reference.reference is None:
        return None
    reference = open_render(with_reference.reference)
    width = round(reference.width * _HEIGHT / reference.height)
    models = order(row.model for row in rows)
    longest = max(sum(row.model == model for row in rows) for model in models)
    cell, line = width + _GAP, _HEIGHT + _CAPTION + _GAP
    sheet = Image.new("RGB", (_GAP + (1 + longest) * cell, _GAP + len(models) * line), _PAPER)
    for number, model in enumerate(models):
        y = _GAP + number * line
        _show(sheet, (_GAP, y), (width, _HEIGHT), reference, "reference", f"a flat colour: {flat(reference):.1f} dB")
        for place, row in enumerate((row for row in rows if row.model == model), 1):
            picture = open_render(row.render) if row.render and not row.failed else None
            under = "failed" if row.failed else f"{row.shown('psnr')} dB · {row.tokens} tokens"
            title = row.variant if len(models) == 1 else f"{row.variant} · {model}"
            _show(sheet, (_GAP + place * cell, y), (width, _HEIGHT), picture, title, under)
    return sheet


def _show(
    sheet: Image.Image, at: tuple[int, int], size: tuple[int, int], picture: Image.Image | None, title: str, under: str
) -> None:
    draw = ImageDraw.Draw(sheet)
    if picture is not None:
        sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), at)
    else:
        draw.rectangle((*at, at[0] + size[0], at[1] + size[1]), fill="#e3dfd9")
    x, y = at[0], at[1] + size[1] + 4
    draw.text((x, y), _cut(title, size[0], 15), fill=_INK, font=ImageFont.load_default(15))
    draw.text((x, y + 19), _cut(under, size[0], 13), fill=_SOFT, font=ImageFont.load_default(13))


def _cut(text: str, width: int, size: int) -> str:
    """A text that fits a width, its end left out if it must be."""
    font = ImageFont.load_default(size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
