"""Arrays that the studio hands out beside its pictures: who is seen in each pixel, and whose light it is.

Plain data, read from the files that passes.py writes. Never imports bpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Color = tuple[float, float, float]


@dataclass(frozen=True)
class Ids:
    """Which object and which material each pixel of the camera's view shows.

    `objects` and `materials` are (height, width) arrays of indices into `object_names` and
    `material_names`; index 0 is "", where there is nothing, or no material. An instance counts as the
    object that it is an instance of.
    """

    objects: NDArray[np.int32]
    materials: NDArray[np.int32]
    object_names: list[str]
    material_names: list[str]

    @classmethod
    def read(cls, path: Path) -> Ids:
        """Read what passes.ids wrote."""
        with np.load(path) as held:
            names = held["object_names"].tolist(), held["material_names"].tolist()
            return cls(held["objects"], held["materials"], *names)

    def object_mask(self, name: str) -> NDArray[np.bool_]:
        """Where an object is seen: (height, width); nowhere if the scene has none of that name."""
        return self.objects == self.object_names.index(name) if name in self.object_names else self.objects < 0

    def material_mask(self, name: str) -> NDArray[np.bool_]:
        """Where a material is seen: (height, width); nowhere if the scene has none of that name."""
        return self.materials == self.material_names.index(name) if name in self.material_names else self.materials < 0


class Emitter(BaseModel):
    """Something whose light can be tuned: a light, the world, or a glowing material.

    `name` is what a program calls it by: a light's object, a world, a material. `strength` is as
    Blender has it; `color` (linear) is None where nodes make it, and `tint` what that is multiplied by.
    """

    kind: Literal["light", "world", "glow"]
    name: str
    strength: float
    color: Color | None
    tint: Color = (1.0, 1.0, 1.0)


class Paint(BaseModel):
    """A material whose base colour (linear) can be set, or, where it is None as nodes make it, multiplied.

    `tint` is what it is multiplied by already, and `brightest` the most that nodes make of each channel,
    tint included, or None where that can't be told; `wearers` are the scene's objects that wear it.
    """

    name: str
    color: Color | None
    tint: Color = (1.0, 1.0, 1.0)
    brightest: Color | None = None
    wearers: list[str] = []


class View(BaseModel):
    """How linear light becomes the colour that is seen: exposure in stops, sRGB, then gamma."""

    exposure: float
    gamma: float


class Facts(BaseModel):
    """What can be tuned: of the light, and of the base colours (by material index - 1; None is left alone)."""

    emitters: list[Emitter]
    paints: list[Paint | None]
    view: View | None  # None: not plain sRGB, so colours can't be told from light


@dataclass(frozen=True)
class LightPasses:
    """What each pixel of the camera's view is made of, in linear light: float32, (height, width, 3) each.

    `combined` is the picture itself, denoised where Blender can. `lights` has one picture for each of
    the facts' emitters, of its light alone, and a last one of all other light; they are noisy, and add
    up to the picture. `objects` and `materials` (height, width) say what is seen, as in Ids; `painted` how
    much of the light took on the material's base colour, 0 to 1; `albedo` that colour.
    """

    combined: NDArray[np.float32]
    lights: NDArray[np.float32]
    objects: NDArray[np.int32]
    object_names: list[str]
    materials: NDArray[np.int32]
    painted: NDArray[np.float32]
    albedo: NDArray[np.float32]
    facts: Facts

    @classmethod
    def read(cls, path: Path) -> LightPasses:
        """Read what passes.light_passes wrote."""
        with np.load(path) as held:
            arrays = {name: held[name] for name in held.files}
        arrays["object_names"] = arrays["object_names"].tolist()
        return cls(**{**arrays, "facts": Facts.model_validate_json(str(arrays["facts"]))})
