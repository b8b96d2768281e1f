"""Which regions are the ground and the backdrop, where they meet, and which regions are things.

The backdrop reaches the picture's upper edges, the ground its lower ones. Patches of light and
shadow on them are theirs, not things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...engine import colors
from .parts import BACKDROP, FIRST_THING, GROUND, split
from .raster import Floats, Labels, Mask, neighbours, shrink, to_lab
from .regions import Adjacency, RegionMap

_MOST_THINGS = 40  # solids of a block-out: few enough to be picked and edited by hand
_EARLY = 80  # regions left when surfaces are looked for: large gradients are joined, things aren't yet
_SOFT = 4.5  # L*a*b* step: a border this soft is light falling off, not the edge of a thing
_SAME_TINT = 0.035  # distance of chromaticities r, g within which light and shadow leave a surface
_SAME_COLOR = 9.0  # L*a*b*: so close to a surface, a region is that surface seen between things
_GLIMPSE = 0.015  # of the picture: the most that is seen of a surface between things
_ROUGH = 1.5  # L*a*b* step between pixels, more than the surface's own: that's a pattern, so a thing
_LARGE = 0.01  # of the picture: regions that may be parts of one large gradient
_FADING, _FADED = 2.0, 30.0  # L*a*b* step at the border and distance overall, within one gradient
_THIN = 0.12  # share left of a region when its outermost pixels are taken: less is a line 2 px wide
_TINY = 0.0008  # of the picture: smaller things go to a neighbour; they'd be slivers


@dataclass(frozen=True)
class Surfaces:
    """The picture in backdrop, ground and things.

    `meeting` is the row where ground and backdrop meet, as a fraction; None where they are one
    seamless surface.
    """

    labels: Labels
    meeting: float | None

    def mask(self, number: int) -> Mask:
        """Pixels of backdrop, ground or a thing."""
        found: Mask = self.labels == number
        return found

    @property
    def things(self) -> list[int]:
        """Numbers of the things."""
        return [int(number) for number in np.unique(self.labels) if number >= FIRST_THING]


def find_surfaces(regions: RegionMap, picture: Floats) -> Surfaces:
    """Merge `regions` down to surfaces and things; picture is the sRGB picture they were cut from."""
    regions.merge_down(_EARLY, 0.0)
    _join_gradients(regions)
    backdrop = _backdrop(regions)
    ground = _ground(regions, backdrop)
    surfaces = {ground, backdrop}
    for surface in sorted(surfaces):
        _absorb(regions, surface, surfaces, picture)
    fixed = frozenset(surfaces)
    _sweep_up(regions, fixed)
    regions.merge_down(_MOST_THINGS + len(fixed), 0.0, fixed)
    found = regions.labels()
    labels = np.empty_like(found)
    things = [region for region in sorted(regions.area) if region not in fixed]
    for number, region in enumerate(things, FIRST_THING):
        labels[found == region] = number
    labels[found == backdrop] = BACKDROP
    labels[found == ground] = GROUND
    labels = _smooth(labels)
    return Surfaces(split(labels), None if backdrop == ground else _meeting(labels))


def _smooth(labels: Labels) -> Labels:
    """Let each pixel take the label that most of its 3×3 neighbours have, itself counting thrice."""
    votes = [
        neighbours((labels == number).astype(np.float64)).sum(axis=0) + 2.0 * (labels == number)
        for number in range(int(labels.max()) + 1)
    ]
    smoothed: Labels = np.argmax(votes, axis=0)
    return smoothed


def _join_gradients(regions: RegionMap) -> None:
    """Join large neighbours where one fades into the other: a wall under uneven light."""
    least = _LARGE * sum(regions.area.values())
    changed = True
    while changed:
        changed = False
        for a in sorted(regions.area):
            for b in sorted(regions.borders.get(a, ())):
                if a > b or b not in regions.borders.get(a, ()) or min(regions.area[a], regions.area[b]) < least:
                    continue
                if regions.borders[a][b].sharpness < _FADING and regions.distance(a, b) < _FADED:
                    regions.merge(a, b)
                    changed = True


def _backdrop(regions: RegionMap) -> int:
    """Choose the region that holds most of the picture's upper edges."""
    labels = regions.labels()
    middle = max(1, labels.shape[0] // 2)
    upper = np.concatenate([labels[0], labels[:middle, 0], labels[:middle, -1]])
    lower = np.concatenate([labels[-1], labels[middle:, 0], labels[middle:, -1]])

    def worth(region: int) -> float:
        above, below = int((upper == region).sum()), int((lower == region).sum())
        # Times the area: a wall with a strip of sky above it is still the backdrop.
        return above * regions.area[region] * above / (above + below)

    return int(max(sorted(set(upper.tolist())), key=worth))


def _ground(regions: RegionMap, backdrop: int) -> int:
    """Choose the region of the picture's lower edges that most things stand on.

    Below a worktop there may be a cupboard's front: it holds the lower edge, but nothing stands on it.
    """
    labels = regions.labels()
    middle = labels.shape[0] // 2
    edge = np.concatenate([labels[-1], labels[middle:, 0], labels[middle:, -1]])
    region, length = np.unique(edge, return_counts=True)
    candidates = set(region.tolist())
    if backdrop not in labels[-1]:
        candidates.discard(backdrop)
    above, below = labels[:-1], labels[1:]
    meets = (above != below) & ~np.isin(above, [*candidates, backdrop])
    worth = []
    for each, n in zip(region.tolist(), length.tolist(), strict=True):
        if each not in candidates:
            worth.append(0.0)
            continue
        standing = int((meets & (below == each)).any(axis=0).sum())
        worth.append((0.1 * len(labels[0]) + standing) * n**0.25 * regions.area[each] ** 0.25)
    return int(region[int(np.argmax(worth))])


def _absorb(regions: RegionMap, surface: int, surfaces: set[int], picture: Floats) -> None:
    """Add the patches of light and shadow to a surface, for as long as there are any."""
    changed = True
    while changed:
        changed = False
        labels = regions.labels()
        edges = _edge_lengths(labels)
        lightness = to_lab(picture)[..., 0]
        tints, textures, rows = _tints(labels, picture), _textures(labels, picture), _mean_rows(labels)
        others = [rows[each] for each in surfaces if each != surface]
        for other in sorted(regions.area):
            if other in surfaces or textures[other] > textures[surface] + _ROUGH:
                continue
            if any((rows[other] - row) * (rows[surface] - row) < 0 for row in others):
                continue  # it lies beyond the other surface
            border = regions.borders[surface].get(other, Adjacency())
            around = sum(each.length for each in regions.borders[other].values()) + edges.get(other, 0)
            apart = regions.distance(surface, other)
            tint = float(np.linalg.norm(tints[surface] - tints[other]))
            share, edge = border.length / around, edges.get(other, 0) / around
            soft = share > 0.2 and border.sharpness < _SOFT and apart < 30.0
            lit = share + edge > 0.4 and edge > 0.12 and tint < 1.5 * _SAME_TINT and apart < 40.0
            dark, bright = np.quantile(lightness[labels == surface], (0.03, 0.97))
            within = dark - _SAME_COLOR < regions.mean(other)[0] < bright + _SAME_COLOR
            small = share + edge < 0.5 and regions.area[other] < _GLIMPSE * labels.size
            seen_through = small and within and tint < 0.7 * _SAME_TINT
            darker = regions.mean(other)[0] < regions.mean(surface)[0]
            even = textures[other] < textures[surface] + 0.3 * _ROUGH
            shadow = share > 0.5 and darker and even and tint < 1.5 * _SAME_TINT and apart < 50.0
            if soft or lit or seen_through or shadow:
                regions.merge(surface, other)
                changed = True


def _sweep_up(regions: RegionMap, fixed: frozenset[int]) -> None:
    """Give each tiny or hair-thin region to its likest neighbour."""
    labels = regions.labels()
    total = labels.size
    for small in sorted(regions.area, key=lambda each: (regions.area[each], each)):
        area, near = regions.area[small], regions.borders.get(small)
        if small in fixed or not near:
            continue
        inner = float(shrink(labels == small).sum())
        if area < _TINY * total or (inner < _THIN * area and area < 0.02 * total):
            likest = min(near, key=lambda other: (regions.distance(small, other) / near[other].length ** 0.5, other))
            regions.merge(likest, small)


def _edge_lengths(labels: Labels) -> dict[int, int]:
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    region, length = np.unique(edge, return_counts=True)
    return dict(zip(region.tolist(), length.tolist(), strict=True))


def _tints(labels: Labels, picture: Floats) -> dict[int, Floats]:
    """Chromaticity of each region: linear r and g as shares of the sum."""
    linear = colors.linear(picture).reshape(-1, 3)
    numbers, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(index.reshape(-1), linear[:, c]) / counts for c in range(3)], axis=1)
    shares = means[:, :2] / np.maximum(means.sum(axis=1, keepdims=True), 1e-3)
    return {int(number): share for number, share in zip(numbers, shares, strict=True)}


def _mean_rows(labels: Labels) -> dict[int, float]:
    regions, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    rows = np.repeat(np.arange(labels.shape[0]), labels.shape[1])
    return dict(zip(regions.tolist(), (np.bincount(index.reshape(-1), rows) / counts).tolist(), strict=True))


def _textures(labels: Labels, picture: Floats) -> dict[int, float]:
    """Mean L*a*b* step between neighbouring pixels inside each region."""
    lab = to_lab(picture)
    count = int(labels.max()) + 1
    total, pairs = np.zeros(count), np.zeros(count)
    for ours, theirs in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        inside = labels[ours] == labels[theirs]
        region = labels[ours][inside]
        total += np.bincount(region, np.linalg.norm(lab[ours] - lab[theirs], axis=-1)[inside], count)
        pairs += np.bincount(region, minlength=count)
    return {int(each): float(total[each] / max(pairs[each], 1.0)) for each in np.unique(labels)}


def _meeting(labels: Labels) -> float:
    """Find the row at which to part backdrop from ground so that the fewest pixels are on the wrong side."""
    backdrop = (labels == BACKDROP).sum(axis=1)
    ground = (labels == GROUND).sum(axis=1)
    wrong = np.concatenate([[0], ground.cumsum()]) + np.concatenate([backdrop[::-1].cumsum()[::-1], [0]])
    return float(np.argmin(wrong)) / len(labels)
