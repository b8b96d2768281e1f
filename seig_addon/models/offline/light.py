"""Light from shading: where one soft lamp explains best how the ground and the backdrop are lit.

Both are taken for even surfaces of one base color each, so what varies on them is light.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from ...engine import colors
from .parts import BACKDROP, GROUND
from .placement import Layout, Solid
from .raster import Floats
from .surfaces import Surfaces
from .view import View

LEVEL = 1.3  # light on the best lit surface, where 1 shows a base color as it is: room for what is shaded
_SAMPLES = 700  # places looked at
_WORTH = 0.85  # a lamp must leave at most this share of the unevenness, or an even light is as good
_EVEN = 0.012  # unevenness (sRGB, root mean square) below which there is nothing to explain
_UP, _TO_VIEWER = np.array([0.0, 0.0, 1.0]), np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True)
class Light:
    """A lamp and an even world. Light is in units where 1 shows a base color as it is.

    `place` and `target` in world metres, None for no lamp near by: then a weak sun from the front left
    gives form. `lamp` is its light at the target on a face turned towards it.
    """

    world: float
    lamp: float = 0.0
    place: tuple[float, float, float] | None = None
    target: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def power(self) -> float:
        """The lamp's power in watts, as Blender has it."""
        assert self.place is not None
        return self.lamp * math.pi**2 * math.dist(self.place, self.target) ** 2

    def in_words(self) -> str:
        """Say where the light comes from."""
        if self.place is None:
            return "even light all around, with a soft sun from the front left"
        x, y, z = self.place
        side = "left" if x < 0 else "right"
        return f"a soft lamp to the {side}, {z:g} m high, {-y:.1f} m before the things; an even world fills the shadows"

    def on(self, place: tuple[float, float, float], facing_up: bool) -> float:
        """Light on a level or upright face at a place, shadows left out."""
        if self.place is None:
            return self.world + self.lamp * (0.77 if facing_up else 0.53)
        normal = _UP if facing_up else _TO_VIEWER
        shape = _falloff(np.array([place]), normal[None], np.array(self.place), np.array(self.target))
        return self.world + self.lamp * float(shape[0])


PLAIN = Light(0.85, 0.6)
"""What is taken where the shading tells nothing: an even world and a soft sun."""


def find_light(surfaces: Surfaces, picture: Floats, layout: Layout) -> Light:
    """Choose the lamp's place and its share against the world by least squares over both surfaces."""
    places, normals, seen, surface = _samples(surfaces, picture, layout)
    if not len(seen):
        return PLAIN
    flat = np.sqrt(np.mean((seen - _best(seen, np.ones(len(seen)), surface)) ** 2))
    if flat < _EVEN:
        return Light(1.1, 0.12) if seen.mean() > 0.9 else Light(0.8, 0.4)
    target = (0.0, 0.0, 0.4)
    least, found = math.inf, None
    for place in _candidates(layout.view, layout.wall):
        shape = _falloff(places, normals, np.array(place), np.array(target))
        for share in (0.5, 1.0, 2.0):
            lit = 1.0 + share * shape
            left = float(np.sqrt(np.mean((seen - _best(seen, np.sqrt(lit), surface)) ** 2)))
            if left < least:
                least, found = left, (place, share, float(np.quantile(lit, 0.95)))
    if found is None or least > _WORTH * flat:
        return PLAIN
    place, share, most = found
    world = LEVEL / most
    return Light(world, world * share, place, target)


def on_solid(light: Light, solid: Solid) -> float:
    """Light on the face of a solid that is seen most."""
    x, y, z = solid.location
    return light.on((x, y - solid.size[1] / 2.0, z + solid.size[2] / 2.0), solid.kind == "flat")


def _samples(surfaces: Surfaces, picture: Floats, layout: Layout) -> tuple[Floats, Floats, Floats, Floats]:
    """World places, normals, root of luminance and surface number of pixels spread over the surfaces."""
    height, width = surfaces.labels.shape
    row, column = np.nonzero(surfaces.labels <= GROUND)
    pick = np.linspace(0, len(row) - 1, min(len(row), _SAMPLES)).astype(int)
    row, column = row[pick], column[pick]
    u, v = (column + 0.5) / width, (row + 0.5) / height
    view = layout.view
    with np.errstate(divide="ignore"):
        depth = np.where(v > view.horizon, view.height * view.upward / (v - view.horizon), np.inf)
    level = depth < layout.wall
    depth = np.minimum(depth, layout.wall)
    places = np.stack(
        [
            (u - 0.5) * depth / view.across,
            depth + view.y,
            view.height - (v - view.horizon) * depth / view.upward,
        ],
        axis=1,
    )
    normals = np.where(level[:, None], _UP, _TO_VIEWER)
    luminance = colors.linear(picture[row, column]) @ np.array([0.2126, 0.7152, 0.0722])
    return places, normals, np.sqrt(luminance), level.astype(np.float64)


def _best(seen: Floats, lit: Floats, surface: Floats) -> Floats:
    """What each place would show if each surface had the base color that fits best."""
    fitted = np.zeros_like(seen)
    for number in (float(BACKDROP), float(GROUND)):
        own = surface == number
        total = float((lit[own] ** 2).sum())
        if total > 0.0:
            fitted[own] = lit[own] * float((seen[own] * lit[own]).sum()) / total
    return np.minimum(fitted, 1.0)


def _falloff(places: Floats, normals: Floats, lamp: Floats, target: Floats) -> Floats:
    """Light from a small flat lamp, relative to what a face turned to it gets at its target."""
    towards = lamp - places
    distance = np.linalg.norm(towards, axis=1)
    axis = target - lamp
    reach = float(np.linalg.norm(axis))
    received = np.maximum((towards * normals).sum(axis=1) / distance, 0.0)
    sent = np.maximum(-(towards @ axis) / (distance * reach), 0.0)
    falloff: Floats = received * sent * (reach / np.maximum(distance, 0.3)) ** 2
    return falloff


def _candidates(view: View, wall: float) -> list[tuple[float, float, float]]:
    """Places for a lamp around the scene, out of the picture."""
    back = wall + view.y
    found = []
    for x, y, z in itertools.product(
        (-3.5, -2.0, -0.8, 0.8, 2.0, 3.5), (view.y, view.y / 2, back / 2), (0.8, 2.0, 3.5)
    ):
        depth = y - view.y
        if depth > 0.1:
            u = 0.5 + x * view.across / depth
            v = view.horizon + (view.height - z) * view.upward / depth
            if -0.15 < u < 1.15 and -0.15 < v < 1.15:
                continue
        found.append((x, y, z))
    return found
