"""Regions: a picture cut into connected parts of about one colour.

First pixels are joined along weak edges, so that soft gradients stay whole (Felzenszwalb and
Huttenlocher 2004); then neighbours are merged, always the pair whose merging loses least (Ward),
where a soft border counts for less than a sharp one.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from .raster import Floats, Labels, median3, to_lab

_SCALE = 20.0  # how readily pixels join, in L*a*b* distance × pixels; larger: larger first regions
_LEAST = 8  # px at 256: smaller first regions join their likest neighbour
_SHARP = 12.0  # L*a*b* step from pixel to pixel across a border that counts as an edge of a thing


@dataclass
class Adjacency:
    """Where two regions touch: length in pixel sides, and the summed colour step across."""

    length: float = 0.0
    step: float = 0.0

    @property
    def sharpness(self) -> float:
        """Mean colour step across the border."""
        return self.step / self.length if self.length else 0.0


class RegionMap:
    """Labelled regions with areas, mean colours and borders, that can be merged."""

    def __init__(self, labels: Labels, lab: Floats) -> None:
        """Measure the regions of `labels` (numbered 0, 1, …) in an L*a*b* picture of the same size."""
        self._labels = labels
        count = int(labels.max()) + 1
        flat = labels.reshape(-1)
        area = np.bincount(flat, minlength=count)
        sums = np.stack([np.bincount(flat, lab[..., c].reshape(-1), count) for c in range(3)], axis=1)
        self.area = {each: float(area[each]) for each in range(count)}
        self._sum = {each: tuple(row) for each, row in enumerate(sums.tolist())}  # plain floats: faster one by one
        self._into = list(range(count))
        self.borders: dict[int, dict[int, Adjacency]] = {each: {} for each in range(count)}
        for ours, theirs, steps in _sides(labels, lab):
            across = ours != theirs
            low, high = np.minimum(ours, theirs)[across], np.maximum(ours, theirs)[across]
            pairs, index = np.unique(low * count + high, return_inverse=True)
            lengths = np.bincount(index)
            summed = np.bincount(index, steps[across])
            for pair, length, step in zip(pairs.tolist(), lengths.tolist(), summed.tolist(), strict=True):
                border = self._border(pair // count, pair % count)
                border.length += length
                border.step += step

    def _border(self, a: int, b: int) -> Adjacency:
        border = self.borders[a].get(b) or Adjacency()
        self.borders[a][b] = self.borders[b][a] = border
        return border

    def mean(self, region: int) -> tuple[float, float, float]:
        """Mean L*a*b* colour of a region."""
        lightness, a, b = self._sum[region]
        area = self.area[region]
        return lightness / area, a / area, b / area

    def distance(self, a: int, b: int) -> float:
        """Colour distance of two regions."""
        return math.dist(self.mean(a), self.mean(b))

    def cost(self, a: int, b: int) -> float:
        """What merging two regions loses: squared error, less where their border is soft."""
        sharp = min(1.0, self.borders[a][b].sharpness / _SHARP)
        weight = self.area[a] * self.area[b] / (self.area[a] + self.area[b])
        return weight * self.distance(a, b) ** 2 * max(0.02, sharp**2)

    def merge(self, kept: int, gone: int) -> None:
        """Make `gone` a part of `kept`."""
        self._into[gone] = kept
        self.area[kept] += self.area.pop(gone)
        self._sum[kept] = tuple(map(sum, zip(self._sum[kept], self._sum.pop(gone), strict=True)))
        for other, border in self.borders.pop(gone).items():
            del self.borders[other][gone]
            if other != kept:
                joined = self._border(kept, other)
                joined.length += border.length
                joined.step += border.step

    def labels(self) -> Labels:
        """The regions as they are now; numbers are those of the regions that were kept."""
        into = np.array(self._into)
        while not np.array_equal(into, into[into]):
            into = into[into]
        current: Labels = into[self._labels]
        return current

    def merge_down(self, count: int, least_cost: float, fixed: frozenset[int] = frozenset()) -> None:
        """Merge the cheapest pairs until `count` regions are left and none costs less than `least_cost`.

        Regions in `fixed` take no part.
        """
        version = dict.fromkeys(self.area, 0)
        queue = [
            (self.cost(a, b), a, b, 0, 0)
            for a in self.area
            for b in self.borders[a]
            if a < b and a not in fixed and b not in fixed
        ]
        heapq.heapify(queue)
        while queue:
            cost, a, b, version_a, version_b = heapq.heappop(queue)
            if version.get(a) != version_a or version.get(b) != version_b:
                continue  # one of them changed since this was put in
            if len(self.area) <= count and cost >= least_cost:
                break
            self.merge(a, b)
            version[a] += 1
            del version[b]
            for other in self.borders[a]:
                if other not in fixed:
                    low, high = min(a, other), max(a, other)
                    heapq.heappush(queue, (self.cost(a, other), low, high, version[low], version[high]))


def segment(picture: Floats) -> RegionMap:
    """Cut an sRGB picture into its first regions: connected, at least a few pixels each."""
    lab = to_lab(median3(picture))
    regions = RegionMap(_joined(lab), lab)
    for small in sorted(regions.area, key=lambda each: regions.area[each]):
        if regions.area[small] < _LEAST and regions.borders[small]:
            likest = min(regions.borders[small], key=lambda other: (regions.distance(small, other), other))
            regions.merge(likest, small)
    return regions


def _sides(labels: Labels, lab: Floats) -> list[tuple[Labels, Labels, Floats]]:
    """All pairs of pixels side by side: label, label, colour step."""
    pairs = []
    for ours, theirs in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        steps = np.linalg.norm(lab[ours] - lab[theirs], axis=-1)
        pairs.append((labels[ours].reshape(-1), labels[theirs].reshape(-1), steps.reshape(-1)))
    return pairs


def _joined(lab: Floats) -> Labels:
    """Join pixels along weak edges: two parts join where the edge between is no stronger than inside them."""
    height, width = lab.shape[:2]
    index = np.arange(height * width).reshape(height, width)
    edges = _sides(index, lab)
    ours, theirs, steps = (np.concatenate(each) for each in zip(*edges, strict=True))
    order = np.argsort(steps, kind="stable")
    parent = list(range(height * width))
    size = [1] * (height * width)
    limit = [_SCALE] * (height * width)

    def root(pixel: int) -> int:
        while parent[pixel] != pixel:
            parent[pixel] = parent[parent[pixel]]
            pixel = parent[pixel]
        return pixel

    for a, b, step in zip(ours[order].tolist(), theirs[order].tolist(), steps[order].tolist(), strict=True):
        a, b = root(a), root(b)
        if a != b and step <= limit[a] and step <= limit[b]:
            parent[b] = a
            size[a] += size[b]
            limit[a] = step + _SCALE / size[a]
    roots = np.array([root(pixel) for pixel in range(height * width)])
    labels: Labels = np.unique(roots, return_inverse=True)[1].reshape(height, width)
    return labels
