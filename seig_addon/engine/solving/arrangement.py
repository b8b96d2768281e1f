"""What a layout solve may move, and how: read from the scene graph and from where things stand now.

Things that are parts of one another move as one body; each body slides on what it rests on. Where the
scene graph doesn't say what that is, the places do. Never imports bpy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ...studio.scene import CameraPlace, Place, Places
from ..scene_graph import Node, SceneGraph
from .bodies import FREE, Array, Body, Camera, Mark

_TOUCH = 0.03  # of a thing's size: a gap that is none
_WALL = 0.2  # thinner than this share of its height and width, a support is a wall


@dataclass(frozen=True)
class Arrangement:
    """A layout problem. `members` are the objects that each body moves."""

    camera: Camera
    bodies: list[Body]
    marks: list[Mark]
    members: list[list[Place]]


@dataclass
class _Thing:
    """A leaf of the scene graph with all objects that belong to it."""

    leaf: Node
    place: Place
    points: Array
    helpers: list[Place]

    def __post_init__(self) -> None:
        self.low, self.high = self.points.min(axis=0), self.points.max(axis=0)

    @property
    def gap(self) -> float:
        return _TOUCH * float((self.high - self.low).max())

    @property
    def middle(self) -> Array:
        middle: Array = (self.low + self.high) / 2
        return middle

    def touches(self, other: _Thing) -> bool:
        gap = min(self.gap, other.gap)
        return bool(((self.low - gap <= other.high) & (other.low - gap <= self.high)).all())

    def holds(self, point: Array) -> bool:
        return bool(((self.low - self.gap <= point) & (point <= self.high + self.gap)).all())


def arrange(graph: SceneGraph, places: Places) -> Arrangement | None:
    """State the problem; None where there is no camera to fit, or nothing that is marked."""
    if places.camera is None:
        return None
    camera = camera_of(places.camera)
    things = _things(graph, places)
    movable = [thing for thing in things if thing.leaf.kind == "object" and thing.place.movable]
    families = _ordered(_families(graph, movable))
    bodies: list[Body] = []
    for index, family in enumerate(families):
        bodies.append(_body(index, family, families, things, camera))
    marks = [
        Mark(thing.leaf.name, index, thing.points, thing.leaf.box)
        for index, family in enumerate(families)
        for thing in family
        if thing.leaf.box is not None
    ]
    members = [[place for thing in family for place in (thing.place, *thing.helpers)] for family in families]
    return Arrangement(camera, bodies, marks, members) if marks else None


def camera_of(place: CameraPlace) -> Camera:
    """The scene's camera as the solver takes it."""
    return Camera(np.array(place.location), np.array(place.rotation), place.frame, place.lens is not None)


def _things(graph: SceneGraph, places: Places) -> list[_Thing]:
    """Give each leaf that is in the scene its objects: itself, its descendants, and what stands loose inside it."""
    by_name = {place.name: place for place in places.objects}
    leaves = {leaf.name: leaf for leaf in graph.leaves if leaf.name in by_name}

    def owner(place: Place | None) -> str | None:
        while place is not None and place.name not in leaves:
            place = by_name.get(place.parent) if place.parent else None
        return place.name if place else None

    owned: dict[str, list[Place]] = {name: [] for name in leaves}
    loose = []
    parents = {place.parent for place in places.objects}
    for place in places.objects:
        name = owner(place)
        if name is not None:
            owned[name].append(place)
        elif place.points and place.movable and place.name not in parents:
            loose.append(place)
    things = [
        _Thing(leaves[name], by_name[name], np.array([point for each in own for point in each.points]), [])
        for name, own in owned.items()
        if any(each.points for each in own)
    ]
    for place in loose:
        middle = np.mean(place.points, axis=0)
        around = [thing for thing in things if thing.leaf.kind == "object" and thing.holds(middle)]
        if around:
            min(around, key=lambda thing: float(np.prod(thing.high - thing.low))).helpers.append(place)
    return things


def _families(graph: SceneGraph, things: list[_Thing]) -> list[list[_Thing]]:
    """Join the things that are parts of one another.

    They touch and are in one group of the scene graph, or one is the other's part and doesn't just stand
    on it, or stands deep inside of it, as coffee does in its cup.
    """
    kinds = {node.name: node.kind for node in graph.nodes}
    shares = Counter(node.parent for node in graph.leaves)
    # A group that holds a surface, or most of the things, is the scene or a place in it, not a thing.
    places = {node.parent for node in graph.leaves if node.kind == "surface"}
    places |= {name for name, share in shares.items() if share > max(2, len(graph.leaves) / 2)}

    def are_one(a: _Thing, b: _Thing) -> bool:
        siblings = a.leaf.parent == b.leaf.parent is not None and a.leaf.parent not in places
        if siblings and kinds.get(a.leaf.parent or "") == "group":
            return a.touches(b)
        part, whole = (a, b) if b.leaf.name in (a.leaf.parent, a.leaf.rests_on) else (b, a)
        if part.leaf.rests_on == whole.leaf.name:
            return bool(((whole.low < part.middle) & (part.middle < whole.high)).all())
        return part.leaf.parent == whole.leaf.name and part.touches(whole)

    families = [[thing] for thing in things]
    for index, thing in enumerate(things):
        for other in things[:index]:
            mine = next(family for family in families if thing in family)
            theirs = next(family for family in families if other in family)
            if mine is not theirs and are_one(thing, other):
                theirs += mine
                families.remove(mine)
    return families


def _ordered(families: list[list[_Thing]]) -> list[list[_Thing]]:
    """Put supports before what they carry; where things rest on each other in a circle, as they come."""
    order: list[list[_Thing]] = []
    waiting = list(families)
    while waiting:
        names = {thing.leaf.name for family in waiting for thing in family}

        def is_ready(family: list[_Thing], names: set[str] = names) -> bool:
            own = {thing.leaf.name for thing in family}
            return not any(thing.leaf.rests_on in names - own for thing in family)

        ready = [family for family in waiting if is_ready(family)] or waiting
        # What stands lower comes first, so that also supports that nobody named come before their loads.
        chosen = min(ready, key=lambda family: min(float(thing.low[2]) for thing in family))
        order.append(chosen)
        waiting.remove(chosen)
    return order


def _body(index: int, family: list[_Thing], families: list[list[_Thing]], things: list[_Thing], camera: Camera) -> Body:
    """Say where a family is held, and where it may go."""
    low = np.min([thing.low for thing in family], axis=0)
    high = np.max([thing.high for thing in family], axis=0)
    name = min(family, key=lambda thing: float(thing.low[2])).leaf.name
    foot = np.array([*(low + high)[:2] / 2, low[2]])
    level = np.eye(3)[:2]
    support = _support(family, foot, things)
    if support is None and abs(foot[2]) > _TOUCH * float((high - low).max()):
        return Body(name, (low + high) / 2, camera.axes()[:, :2].T)  # it hangs: it moves along the picture plane
    if support is None:
        return Body(name, foot, level)
    size = support.high - support.low
    thin = int(size[:2].argmin())
    if size[thin] < _WALL * min(size[1 - thin], size[2]) and foot[2] < support.high[2] - _TOUCH * size[2]:
        contact = (low + high) / 2
        contact[thin] = support.middle[thin]
        return Body(name, contact, np.eye(3)[[1 - thin, 2]])
    carrier = next((at for at in range(index) if support in families[at]), FREE)
    if carrier == FREE:
        return Body(name, foot, level)
    left, right = support.low[:2] - foot[:2], support.high[:2] - foot[:2]
    return Body(name, foot, level, carrier, (left[0], left[1]), (right[0], right[1]))


def _support(family: list[_Thing], foot: Array, things: list[_Thing]) -> _Thing | None:
    """What a family rests on: as the scene graph says, else the highest thing whose top is right under it."""
    names = {thing.leaf.name for thing in family}
    others = {thing.leaf.name: thing for thing in things if thing.leaf.name not in names}
    for thing in sorted(family, key=lambda thing: float(thing.low[2])):
        if thing.leaf.rests_on in others:
            return others[thing.leaf.rests_on]
    gap = max(thing.gap for thing in family)
    under = [thing for thing in others.values() if abs(thing.high[2] - foot[2]) <= gap + thing.gap]
    under = [thing for thing in under if ((thing.low <= foot) & (foot <= thing.high))[:2].all()]
    return max(under, key=lambda thing: float(thing.high[2]), default=None)
