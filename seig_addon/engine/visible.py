"""Which leaf of the scene graph each pixel of a render shows: what boxes, colours and outlines are measured by.

Boxes of what can be seen are what a model marks in the picture; boxes of whole objects, hidden parts
and all, can't be compared with them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..studio.pixels import Ids
from .scene_graph import Box2D, SceneGraph

NOTHING = -1  # in `index`: no leaf, so background or an object that the scene graph doesn't know

_THIN = 0.2  # of a leaf's pixels: what is three wide has a third of them inside

Mask = NDArray[np.bool_]
Index = NDArray[np.int32]


@dataclass(frozen=True)
class Visible:
    """The leaves' `names`, and for each pixel (height, width) the `index` of the leaf it shows.

    The same for materials, of which "" is none.
    """

    names: tuple[str, ...]
    index: Index
    material_names: tuple[str, ...]
    materials: Index

    def mask(self, name: str) -> Mask:
        """The pixels that show a leaf; none if it can't be seen or isn't there."""
        found: Mask = self.index == (self.names.index(name) if name in self.names else NOTHING - 1)
        return found

    def core(self, name: str) -> Mask:
        """The pixels of a leaf without its rim, where others mix in; the whole if it has nothing else."""
        inner = self._inner(name)
        return inner if inner.any() else self.mask(name)

    def is_thin(self, name: str) -> bool:
        """Whether a leaf is little but rim, so that its mean colour is half its neighbours'."""
        return bool(self._inner(name).sum() < _THIN * self.mask(name).sum())

    def _inner(self, name: str) -> Mask:
        mask = self.mask(name)
        inner = mask.copy()
        inner[1:] &= mask[:-1]
        inner[:-1] &= mask[1:]
        inner[:, 1:] &= mask[:, :-1]
        inner[:, :-1] &= mask[:, 1:]
        return inner

    def box(self, name: str) -> Box2D | None:
        """The box around what can be seen of a leaf, or None where that is nothing."""
        mask = self.mask(name)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return None
        height, width = mask.shape
        return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height

    def share(self, name: str) -> float:
        """The share of the picture that a leaf takes, 0 to 1."""
        return float(self.mask(name).mean())

    def borders(self) -> Mask:
        """The pixels on either side of where one leaf ends and another one begins."""
        found = np.zeros(self.index.shape, bool)
        across = self.index[:, 1:] != self.index[:, :-1]
        down = self.index[1:] != self.index[:-1]
        found[:, 1:] |= across
        found[:, :-1] |= across
        found[1:] |= down
        found[:-1] |= down
        return found


def visible(graph: SceneGraph, parents: Mapping[str, str | None], ids: Ids) -> Visible:
    """Sort pixels by leaf: an object belongs to that of its name, or to the nearest of its `parents` that is one."""
    leaves = tuple(leaf.name for leaf in graph.leaves)
    table = np.full(len(ids.object_names), NOTHING, np.int32)
    for number, name in enumerate(ids.object_names):
        owner = owner_of(name, leaves, parents)
        if owner is not None:
            table[number] = leaves.index(owner)
    return Visible(leaves, table[ids.objects], tuple(ids.material_names), ids.materials)


def owner_of(name: str | None, leaves: Collection[str], parents: Mapping[str, str | None]) -> str | None:
    """The leaf that an object belongs to: itself, or the nearest of its parents that is one; None if none is."""
    while name is not None and name not in leaves:
        name = parents.get(name)
    return name
