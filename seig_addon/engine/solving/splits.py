"""Which objects that share a material should wear a colour of their own.

A colour that stays off may be the thing's own, or that of what lies behind a thing that is misplaced.
Only the first is worth a copy of the material: then one colour mends most of what is off there, and the
reference has the thing's outline where the render has it. On a misplaced thing, a tint would hide it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...studio.pixels import LightPasses
from ..scores import Pixels

_OF_ITS_OWN = 0.005  # share of the picture that an object takes for which a shared material may be split
_MENDED = 0.6  # share of the squared error on the thing that its own colour takes away; half a thing's width off: 0.5
_ALIKE = 0.6  # cosine between the steps that both pictures make over the outline; chance is 0
_STEP = 0.03  # of white: a smaller step can't be told from shading
_REACH = 2  # pixels on either side of an outline that are compared, so that it may be off a little
_FEW = 12  # pixels of an outline: fewer say nothing


@dataclass(frozen=True)
class Split:
    """An object that should wear a copy, called `name`, of a material that it shares with others."""

    object: str
    material: str
    name: str

    def seen(self, passes: LightPasses) -> NDArray[np.bool_]:
        """The pixels that show the material on the object."""
        names = [paint.name if paint else "" for paint in passes.facts.paints]
        worn = passes.materials == names.index(self.material) + 1
        seen: NDArray[np.bool_] = worn & (passes.objects == passes.object_names.index(self.object))
        return seen


def candidates(passes: LightPasses) -> list[Split]:
    """List the objects, but for the largest, that take enough of the picture in a material that they share."""
    taken = {paint.name for paint in passes.facts.paints if paint}
    found = []
    for number, paint in enumerate(passes.facts.paints, start=1):
        if paint is None or len(paint.wearers) < 2:
            continue
        seen = passes.objects[passes.materials == number]
        shares = {name: float((seen == passes.object_names.index(name)).sum()) for name in paint.wearers}
        for wearer in sorted(shares, key=shares.__getitem__, reverse=True)[1:]:
            name = f"{paint.name} {wearer}"
            if shares[wearer] / passes.objects.size >= _OF_ITS_OWN and name not in taken and len(name.encode()) < 60:
                found.append(Split(wearer, paint.name, name))
    return found


def is_its_own(mask: NDArray[np.bool_], shared: Pixels, own: Pixels, reference: Pixels) -> bool:
    """Whether a thing (its pixels) has a colour of its own in the reference, by what it shows with `shared` and `own`.

    All three pictures are sRGB of the mask's height and width.
    """
    before, after = (float(((shown - reference)[mask] ** 2).sum()) for shown in (shared, own))
    if after > (1 - _MENDED) * before:
        return False
    wanted, got = _steps(mask, reference), _steps(mask, own)
    if len(wanted) < _FEW or np.sqrt((wanted**2).sum(axis=1).mean()) < _STEP:
        return False
    return float((wanted * got).sum()) > _ALIKE * float(np.linalg.norm(wanted) * np.linalg.norm(got))


def _steps(mask: NDArray[np.bool_], shown: Pixels) -> Pixels:
    """By how much the mean colour changes over the mask's outline, for each pixel at its inside: (pixels, 3)."""
    inside, outside = (_near(side.astype(np.float64)[..., None]) for side in (mask, ~mask))
    rim = mask & (outside[..., 0] > 0)
    within, beyond = (_near(np.where(side[..., None], shown, 0.0)) for side in (mask, ~mask))
    steps: Pixels = within[rim] / inside[rim] - beyond[rim] / outside[rim]
    return steps


def _near(values: Pixels) -> Pixels:
    """Sum over the square of pixels around each; beyond the picture there is nothing."""
    side = 2 * _REACH + 1
    padded = np.pad(values, ((_REACH + 1, _REACH), (_REACH + 1, _REACH), (0, 0)))
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    near: Pixels = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return near.round(9)  # so that nothing is nothing
