"""Reference and render beside each other, and enlarged crops of both."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from ..renders import CloseUp, Renders
from .canvas import beside, column, framed, panel, row, scaled, to_pixels, with_title


def whole(reference: Image.Image, render: Image.Image) -> Image.Image:
    """Both whole pictures with a light grid, the reference on the left."""
    return beside([framed(panel(each), title) for each, title in ((reference, "reference"), (render, "render"))])


def gridded(reference: Image.Image, longest: int) -> Image.Image:
    """The reference alone with its grid, to mark places in it."""
    return framed(scaled(reference, longest), "reference, with places")


def crops(reference: Image.Image, close_ups: Sequence[CloseUp], side: int) -> Image.Image:
    """Show windows of the reference above what was rendered of them, `side` px long."""
    panels = []
    for each in close_ups:
        cut = reference.crop(to_pixels(each.window, reference.size))
        shown = [
            framed(scaled(picture, side), f"{each.title}: {which}", each.window, grid=False)
            for which, picture in (("reference", cut), ("render", each.render))
        ]
        panels.append(column(shown))
    return row(panels)


def titled(renders: Renders) -> Image.Image:
    """Lay renders beside each other, each under its title."""
    return row([with_title(picture, title) for title, picture in renders.items()])
