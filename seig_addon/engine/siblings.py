"""Siblings that fragment each other, measured as one: slats before a plate, marks on a dial, keys on a board.

Each alone has many thin pieces, whose edges and mean colours say nothing at the size that is compared: a
shift of one pixel swaps half of them, though both are right. What the two show together can be measured.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from .scene_graph import Box2D, Node, SceneGraph
from .visible import Index, Visible

_FEW = 40  # pixels: a border shorter than this says nothing about a shape


def together(graph: SceneGraph, seen: Visible) -> tuple[SceneGraph, Visible]:
    """Join the leaves of one group that fragment each other; they go on as one, named "A + B".

    A whole shape before another has a shorter outline than both together. Only where the border between
    two is longer than the outline around both do they lie in each other's gaps.
    """
    borders = _borders(seen)
    whole = borders.sum(axis=1)
    leader = {leaf.name: leaf.name for leaf in graph.leaves}
    for a, b in itertools.combinations([leaf for leaf in graph.leaves if leaf.kind == "object"], 2):
        if not _are_family(a, b):
            continue
        i, j = seen.names.index(a.name), seen.names.index(b.name)
        between = borders[i, j]
        if between >= _FEW and between > whole[i] + whole[j] - 2 * between:
            kept, joined = leader[a.name], leader[b.name]
            leader = {name: kept if of == joined else of for name, of in leader.items()}
    families: dict[str, list[Node]] = {}
    for leaf in graph.leaves:
        families.setdefault(leader[leaf.name], []).append(leaf)
    if len(families) == len(leader):
        return graph, seen
    groups = [node for node in graph.nodes if node.kind == "group"]
    # Not validated: what rests on a joined leaf still names it as it was.
    merged = graph.model_copy(update={"nodes": [*groups, *(_one(members) for members in families.values())]})
    number = {leaf.name: place for place, members in enumerate(families.values()) for leaf in members}
    table = np.array([*(number[name] for name in seen.names), -1], np.int32)  # the last one is for NOTHING
    index: Index = table[seen.index]
    return merged, Visible(tuple(leaf.name for leaf in merged.leaves), index, seen.material_names, seen.materials)


def _borders(seen: Visible) -> NDArray[np.int_]:
    """How many pairs of neighbouring pixels belong to one leaf and to another; the last one is none, and the rim."""
    size = len(seen.names) + 1
    index = np.pad(seen.index, 1, constant_values=-1) % size
    counts = np.zeros((size, size), int)
    for one, other in ((index[:, 1:], index[:, :-1]), (index[1:], index[:-1])):
        np.add.at(counts, (one, other), 1)
    counts += counts.T
    np.fill_diagonal(counts, 0)
    return counts


def _are_family(a: Node, b: Node) -> bool:
    return (a.parent is not None and a.parent == b.parent) or a.parent == b.name or b.parent == a.name


def _one(members: list[Node]) -> Node:
    """A leaf that stands for several, within the box around theirs, as far as they have one."""
    if len(members) == 1:
        return members[0]
    box: Box2D | None = None
    marked = [leaf.box for leaf in members if leaf.box is not None]
    if marked:
        left, top, right, bottom = zip(*marked, strict=True)
        box = min(left), min(top), max(right), max(bottom)
    return members[0].model_copy(update={"name": " + ".join(leaf.name for leaf in members), "box": box})
