"""Things: what each region is as a solid, what it stands on, and what to call it.

All in the picture; nothing here knows of metres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import outlines
from .parts import BACKDROP, GROUND, pieces
from .raster import Floats, Mask, connected, core, fill_holes, to_lab
from .surfaces import Surfaces

Box2D = tuple[float, float, float, float]

ON_GROUND, ON_BACKDROP = -1, -2  # what a thing may stand on or hang on beside another thing's number

_TOUCHES = 0.08  # share of its border along which a thing must touch another to hang on it
_LEAST_HOLE = 20  # px at 256: smaller holes are filled

_COLORS = {  # sRGB of the middle of what each word covers
    "Black": (20, 20, 20), "Dark grey": (75, 75, 75), "Grey": (128, 128, 128), "Light grey": (190, 190, 190),
    "White": (245, 245, 245), "Red": (200, 35, 35), "Dark red": (110, 25, 25), "Orange": (235, 130, 45),
    "Brown": (125, 75, 45), "Dark brown": (65, 42, 30), "Tan": (195, 160, 120), "Beige": (235, 215, 180),
    "Yellow": (240, 210, 70), "Olive": (115, 115, 50), "Lime": (170, 200, 70), "Green": (85, 160, 75),
    "Dark green": (40, 75, 40), "Teal": (60, 130, 125), "Sky blue": (140, 185, 230), "Blue": (50, 95, 190),
    "Navy": (35, 45, 90), "Purple": (120, 70, 160), "Pink": (230, 150, 170), "Slate": (95, 110, 125),
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """A region as a solid-to-be.

    `mask` has its holes filled, `visible` is what is seen of it. `box` is in fractions of the picture.
    `shape`: box, ball, turned, outline, or flat (a slab that lies, others stand on it). `support` is
    another thing's number, ON_GROUND or ON_BACKDROP. `detail`: it lies on the face of its support.
    """

    number: int
    name: str
    visible: Mask
    mask: Mask
    box: Box2D
    color: Floats
    shape: str
    support: int
    detail: bool


def find_things(surfaces: Surfaces, picture: Floats) -> list[Thing]:
    """Describe every thing of the picture, largest first."""
    masks = {number: _solid_mask(number, surfaces) for number in surfaces.things}
    supports = _supports(surfaces)
    details = {number: _is_detail(number, supports[number], surfaces) for number in masks}
    shapes = {number: _shape(number, masks, supports, details) for number in masks}
    colors = {number: color_of(picture, surfaces.mask(number)) for number in masks}
    boxes = {number: box_of(mask) for number, mask in masks.items()}
    order = sorted(masks, key=lambda number: (-int(masks[number].sum()), number))
    names = _names([(colors[n], shapes[n], boxes[n]) for n in order])
    return [
        Thing(n, name, surfaces.mask(n), masks[n], boxes[n], colors[n], shapes[n], supports[n], details[n])
        for n, name in zip(order, names, strict=True)
    ]


def color_of(picture: Floats, mask: Mask) -> Floats:
    """Median sRGB colour of a picture inside a mask, away from its border."""
    median: Floats = np.median(picture[core(mask)], axis=0)
    return median


def box_of(mask: Mask) -> Box2D:
    """Bounding box of a mask as fractions of the picture."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    edges = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    left, top, right, bottom = (round(float(edge), 4) for edge in edges)
    return left, top, right, bottom


def _supports(surfaces: Surfaces) -> dict[int, int]:
    """Find what each thing stands or hangs on, so that all ends at the ground or the backdrop."""
    supports = {number: _support(number, surfaces, frozenset()) for number in surfaces.things}
    for number in surfaces.things:
        chain = [number]
        while supports[chain[-1]] >= 0 and supports[chain[-1]] not in chain:
            chain.append(supports[chain[-1]])
        if supports[chain[-1]] >= 0:
            # They carry each other: what reaches lowest looks for another support than these.
            ring = chain[chain.index(supports[chain[-1]]) :]
            lowest = max(ring, key=lambda each: (box_of(surfaces.mask(each))[3], each))
            upstream = [each for each in surfaces.things if _leads_to(each, lowest, supports)]
            supports[lowest] = _support(lowest, surfaces, frozenset(upstream))
    return supports


def _leads_to(number: int, goal: int, supports: dict[int, int]) -> bool:
    """Tell whether a thing stands, by way of others, on another one."""
    passed: set[int] = set()
    while number >= 0 and number != goal and number not in passed:
        passed.add(number)
        number = supports[number]
    return number == goal


def _support(number: int, surfaces: Surfaces, excluded: frozenset[int]) -> int:
    """Find what lies below a thing, `excluded` apart: most of what its lowest pixels border on."""
    mask, labels = surfaces.mask(number), surfaces.labels
    height = len(labels)
    columns = np.flatnonzero(mask.any(axis=0))
    lowest = height - 1 - mask[::-1].argmax(axis=0)[columns]
    below = np.where(lowest + 1 < height, labels[np.minimum(lowest + 1, height - 1), columns], GROUND)
    tall = lowest.max() - int(mask.any(axis=1).argmax()) + 1
    weights = np.exp((lowest - lowest.max()) / (0.15 * tall + 1.0))
    shares = Counter[int]()
    for label, weight in zip(below.tolist(), weights.tolist(), strict=True):
        if label not in excluded:
            shares[label] += weight / weights.sum()
    beside = labels[_ring(mask)]
    beside = beside[~np.isin(beside, list(excluded))]
    sides = Counter(beside[beside > GROUND].tolist())
    lower = {
        label: n / len(beside)
        for label, n in sides.items()
        if np.flatnonzero((labels == label).any(axis=1))[-1] > lowest.max() + 0.02 * height
    }
    # What touches a thing that reaches further down hangs on it, ground below it or not.
    among = float((beside > GROUND).mean()) if len(beside) else 0.0
    if shares[GROUND] >= 0.4 and sum(lower.values()) < _TOUCHES and among < 0.5:
        return ON_GROUND
    things = [(part, -label) for label, part in shares.items() if label > GROUND]
    if things and max(things)[0] > 0.03:
        return int(-max(things)[1])
    holders = lower if sum(lower.values()) >= _TOUCHES else {}
    if not holders and sides and max(sides.values()) > 0.25 * len(beside):
        holders = {label: n / len(beside) for label, n in sides.items()}
    if holders:
        return int(min(holders, key=lambda label: (-holders[label], label)))
    return ON_GROUND if shares[GROUND] > shares[BACKDROP] else ON_BACKDROP


def _solid_mask(number: int, surfaces: Surfaces) -> Mask:
    """A thing's mask with its holes filled, but for those through which a surface is seen.

    Those are slit open where the rim is thinnest: an outline goes round once.
    """
    mask = surfaces.mask(number)
    holes = fill_holes(mask) & ~mask
    through = holes & (surfaces.labels <= GROUND)
    solid = mask | holes
    for hole in pieces(holes) if holes.any() else []:
        if (hole & through).sum() > 0.5 * hole.sum() and hole.sum() >= _LEAST_HOLE:
            solid &= ~(hole | _slit(solid, hole))
    return max(pieces(solid), key=lambda piece: int(piece.sum()))


def _slit(solid: Mask, hole: Mask) -> Mask:
    """The shortest straight cut, one pixel wide, from a hole out of a mask."""
    rows, columns = np.nonzero(hole)
    cuts = []
    for pick in (np.argmin(rows), np.argmax(rows), np.argmin(columns), np.argmax(columns)):
        row, column = int(rows[pick]), int(columns[pick])
        for place in (np.s_[:row, column], np.s_[row + 1 :, column], np.s_[row, :column], np.s_[row, column + 1 :]):
            cut = np.zeros_like(solid)
            cut[place] = True
            cuts.append(cut & solid & ~hole)
    return min(cuts, key=lambda cut: int(cut.sum()))


def _ring(mask: Mask) -> Mask:
    """The pixels right outside of a mask."""
    grown = np.pad(mask, 1)
    around = grown.copy()
    around[1:] |= grown[:-1]
    around[:-1] |= grown[1:]
    around[:, 1:] |= grown[:, :-1]
    around[:, :-1] |= grown[:, 1:]
    ring: Mask = (around & ~grown)[1:-1, 1:-1]
    return ring


def _is_detail(number: int, support: int, surfaces: Surfaces) -> bool:
    """A detail is all but surrounded by the thing it belongs to."""
    beside = surfaces.labels[_ring(surfaces.mask(number))]
    return support >= 0 and float((beside == support).mean()) > 0.7


def _shape(number: int, masks: dict[int, Mask], supports: dict[int, int], details: dict[int, bool]) -> str:
    mask = masks[number]
    left, top, right, bottom = box_of(mask)
    wide, tall = (right - left) * mask.shape[1], (bottom - top) * mask.shape[0]
    if wide >= 1.6 * tall and _carries(number, masks, supports):
        return "flat"
    if details[number] and supports[number] in masks and wide >= 1.6 * tall:
        carrier = supports[number]
        if _shape(carrier, masks, supports, dict.fromkeys(masks, False)) == "flat":
            return "flat"
    if outlines.fill_of_box(mask) > 0.87:
        return "box"
    if outlines.likeness_to_ellipse(mask) > 0.88 and 0.4 < wide / tall < 2.5:
        return "ball"
    if outlines.symmetry(mask) > 0.86 and 0.35 * wide < tall and max(wide, tall) > 8:
        return "turned"
    return "outline"


def _carries(number: int, masks: dict[int, Mask], supports: dict[int, int]) -> bool:
    """Tell whether something stands within a region, so that we look down on its top."""
    _, top, _, bottom = box_of(masks[number])
    for other, support in supports.items():
        if support == number:
            _, _, _, foot = box_of(masks[other])
            if top + 0.2 * (bottom - top) < foot < bottom - 0.1 * (bottom - top):
                return True
    return False


def color_name(color: Floats) -> str:
    """Find the word for an sRGB colour."""
    lab = to_lab(color)
    words = list(_COLORS)
    known = to_lab(np.array([_COLORS[word] for word in words]) / 255.0)
    # Hue tells things apart more than lightness does.
    return words[int(np.argmin(np.linalg.norm((known - lab) * (0.7, 1.0, 1.0), axis=1)))]


def _word(shape: str, box: Box2D) -> str:
    wide, tall = box[2] - box[0], box[3] - box[1]
    if shape == "flat":
        return "slab"
    if shape == "ball":
        return "ball"
    if tall > 2.5 * wide:
        return "post"
    if wide > 3.0 * tall:
        return "bar"
    return {"box": "block", "turned": "vessel", "outline": "shape"}[shape]


def _names(described: list[tuple[Floats, str, Box2D]]) -> list[str]:
    """Give each thing a name by colour and shape; by place too, then by number, where several share it."""
    plain = [f"{color_name(color)} {_word(shape, box)}" for color, shape, box in described]
    placed = []
    for name, (_, _, box) in zip(plain, described, strict=True):
        middle = (box[0] + box[2]) / 2.0
        place = "Left" if middle < 0.36 else "Right" if middle > 0.64 else "Middle"
        placed.append(name if plain.count(name) == 1 else f"{place} {name[0].lower()}{name[1:]}")
    seen = Counter[str]()
    names = []
    for name in placed:
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def parts_that_touch(things: Sequence[Thing], shape: tuple[int, ...]) -> dict[int, int]:
    """Number the clusters of things that touch each other: thing's number to cluster."""
    together = np.zeros(shape, dtype=np.int64)
    for thing in things:
        together[thing.mask] = 1
    clusters = connected(together)
    return {thing.number: int(clusters[thing.visible][0]) for thing in things}
