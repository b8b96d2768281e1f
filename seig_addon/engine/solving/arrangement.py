"""What a layout solve may move, and how: read from the scene graph and from where things stand now.

Things that are parts of one another move as one body; each body slides on what it rests on, as far as that
goes, and what hangs on a thing goes along with it: what touches now still does so afterwards. Where the scene
graph doesn't say what rests on what, the places do. Never imports bpy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...studio.scene import CameraPlace, Place, Places
from ..scene_graph import Node, SceneGraph
from ..visible import owner_of
from .bodies import FREE, Array, Body, Camera, Mark
from .footing import UP, held, rim, wall_normal

_TOUCH = 0.03  # of a thing's size: a gap that is none


@dataclass(frozen=True)
class Rest:
    """The object that a body rests on, and the unit direction (3,) from that to the body where they meet."""

    support: str
    up: Array


class _Stand(NamedTuple):
    body: Body
    rest: Rest | None


@dataclass(frozen=True)
class Arrangement:
    """A layout problem. `members` are the objects that each body moves, `rests` says what each rests on."""

    camera: Camera
    bodies: list[Body]
    marks: list[Mark]
    members: list[list[Place]]
    rests: list[Rest | None]


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

    def carries(self, foot: Array) -> bool:
        """Whether it reaches under a foot, as seen from above."""
        return bool(((self.low <= foot) & (foot <= self.high))[:2].all())

    def holds(self, point: Array) -> bool:
        return bool(((self.low - self.gap <= point) & (point <= self.high + self.gap)).all())


def arrange(graph: SceneGraph, places: Places) -> Arrangement | None:
    """State the problem; None where there is no camera to fit, or nothing that is marked."""
    if places.camera is None:
        return None
    camera = camera_of(places.camera)
    things = _things(graph, places)
    movable = [thing for thing in things if thing.leaf.kind == "object" and thing.place.movable]
    families = _ordered(_hung(_bridged(_families(graph, movable)), things))
    stands = [_stand(index, family, families, things, camera) for index, family in enumerate(families)]
    marks = [
        Mark(thing.leaf.name, index, thing.points, thing.leaf.box)
        for index, family in enumerate(families)
        for thing in family
        if thing.leaf.box is not None
    ]
    members = [[place for thing in family for place in (thing.place, *thing.helpers)] for family in families]
    bodies, rests = [stand.body for stand in stands], [stand.rest for stand in stands]
    return Arrangement(camera, bodies, marks, members, rests) if marks else None


def camera_of(place: CameraPlace) -> Camera:
    """The scene's camera as the solver takes it."""
    return Camera(np.array(place.location), np.array(place.rotation), place.frame, place.lens is not None)


def _things(graph: SceneGraph, places: Places) -> list[_Thing]:
    """Give each leaf that is in the scene its objects: itself, its descendants, and what stands loose inside it."""
    by_name = {place.name: place for place in places.objects}
    leaves = {leaf.name: leaf for leaf in graph.leaves if leaf.name in by_name}

    above = {place.name: place.parent for place in places.objects}
    owned: dict[str, list[Place]] = {name: [] for name in leaves}
    loose = []
    parents = {place.parent for place in places.objects}
    for place in places.objects:
        name = owner_of(place.name, leaves, above)
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
            within = ((whole.low < part.middle) & (part.middle < whole.high)).all()
            return bool(within and wall_normal(whole.points) is None)  # a turned wall's box holds what hangs on it
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


def _bridged(families: list[list[_Thing]]) -> list[list[_Thing]]:
    """Join what lies across several things with all of these: were they to part, it would fall."""
    for first, *_ in sorted(families, key=lambda family: min(float(thing.low[2]) for thing in family)):
        family = next(each for each in families if first in each)
        foot = _foot(family)
        low, high = foot.min(axis=0), foot.max(axis=0)
        middle = (low + high) / 2
        piers = []
        for other in families:
            under = [thing for thing in other if other is not family and _is_level_with(thing, family, low)]
            under = [thing for thing in under if ((thing.low < high) & (low < thing.high))[:2].all()]
            if any(thing.carries(middle) for thing in under):
                break  # one of them carries it alone
            piers += [other] if under else []
        else:
            if len(piers) > 1:
                families = [other for other in families if other is not family and other not in piers]
                families.append([thing for other in (*piers, family) for thing in other])
    return families


def _hung(families: list[list[_Thing]], things: list[_Thing]) -> list[list[_Thing]]:
    """Join what hangs on the side of a thing with that: a knob with its cabinet."""
    for first, *_ in list(families):
        family = next(each for each in families if first in each)
        holder = _hangs_on(family, things)
        other = next((each for each in families if holder in each), None)
        if other is not None:
            families = [each for each in families if each is not family and each is not other]
            families.append([*other, *family])
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


def _stand(
    index: int, family: list[_Thing], families: list[list[_Thing]], things: list[_Thing], camera: Camera
) -> _Stand:
    """Say where a family is held, by what, and where it may go."""
    points = np.concatenate([thing.points for thing in family])
    low, high = points.min(axis=0), points.max(axis=0)
    name = min(family, key=lambda thing: float(thing.low[2])).leaf.name
    foot = _foot(family)
    middle = (foot.min(axis=0) + foot.max(axis=0)) / 2
    anchor = np.array([*middle[:2], low[2]])
    support = _support(family, anchor, things)
    level = np.eye(3)[:2]
    if support is None and abs(low[2]) <= _TOUCH * float((high - low).max()):
        return _Stand(Body(name, anchor, level), None)
    rest = Rest(support.place.name, UP) if support else None
    while support is not None and _is_sheet(support, family):
        below = _support([support], support.middle * [1, 1, 0] + support.low * [0, 0, 1], things)
        if below is None or below in family or below.high[2] >= support.high[2]:
            break
        support = below
    holder = support or _holder(family, things)
    if holder is None:  # it hangs: it moves along the picture plane
        return _Stand(Body(name, (low + high) / 2, camera.axes()[:, :2].T), None)
    carrier = next((at for at in range(index) if holder in families[at]), FREE)
    normal = wall_normal(holder.points)
    if normal is not None and low[2] < holder.high[2] - _TOUCH * (holder.high - holder.low)[2]:
        normal = normal if normal @ ((low + high) / 2 - holder.middle) >= 0 else -normal
        anchor = (low + high) / 2
        anchor += normal * ((holder.points @ normal).max() - anchor @ normal)
        slides = np.array([np.cross(UP, normal), UP])
        stays = rim(anchor, slides, points, holder.points) if holder.leaf.kind == "object" else None
        return _Stand(Body(name, anchor, slides, carrier, stays), Rest(holder.place.name, normal))
    if support is None or not support.carries(anchor):  # it hangs on its side: it goes along
        touching = (np.maximum(low, holder.low) + np.minimum(high, holder.high)) / 2
        return _Stand(Body(name, touching, level, carrier, held()), None)
    margin = min(support.gap, (support.high - support.low)[2] / 4) + max(thing.gap for thing in family)
    top = support.points[np.abs(support.points[:, 2] - anchor[2]) <= margin]
    # On a top that is narrow, curved or not level there is no telling where it could slide to.
    stays = rim(anchor, level, foot, top) or (held() if support.leaf.kind == "object" else None)
    return _Stand(Body(name, anchor, level, carrier, stays), rest)


def _foot(family: list[_Thing]) -> Array:
    """The points that a family stands on: its lowest ones."""
    points = np.concatenate([thing.points for thing in family])
    size = points.max(axis=0) - points.min(axis=0)
    foot: Array = points[points[:, 2] <= points[:, 2].min() + _TOUCH * float(size.max())]
    return foot


def _support(family: list[_Thing], foot: Array, things: list[_Thing]) -> _Thing | None:
    """What a family rests on: as the scene graph says, else the highest thing whose top is right under it."""
    names = {thing.leaf.name for thing in family}
    others = {thing.leaf.name: thing for thing in things if thing.leaf.name not in names}
    for thing in sorted(family, key=lambda thing: float(thing.low[2])):
        if thing.leaf.rests_on in others:
            return others[thing.leaf.rests_on]
    under = [thing for thing in others.values() if _is_level_with(thing, family, foot)]
    under = [thing for thing in under if thing.carries(foot)]
    return max(under, key=lambda thing: float(thing.high[2]), default=None)


def _holder(family: list[_Thing], things: list[_Thing]) -> _Thing | None:
    """What a family hangs on: the largest of the things that it touches."""
    others = [thing for thing in things if thing not in family and any(thing.touches(own) for own in family)]
    return max(others, key=lambda thing: float((thing.high - thing.low).max()), default=None)


def _hangs_on(family: list[_Thing], things: list[_Thing]) -> _Thing | None:
    """What a family hangs on by its side, which is no wall: the largest of the things that it touches."""
    points = np.concatenate([thing.points for thing in family])
    low, high = points.min(axis=0), points.max(axis=0)
    foot = _foot(family)
    middle = (foot.min(axis=0) + foot.max(axis=0)) / 2
    support = _support(family, np.array([*middle[:2], low[2]]), things)
    is_down = abs(low[2]) <= _TOUCH * float((high - low).max())
    if is_down or (support is not None and support.carries(middle)):
        return None
    holder = support or _holder(family, things)
    return holder if holder is not None and wall_normal(holder.points) is None else None


def _is_sheet(support: _Thing, family: list[_Thing]) -> bool:
    """Whether a support is so thin (a rug, a tablecloth) that stepping off it is no fall for a family."""
    return bool((support.high - support.low)[2] <= 2 * max(thing.gap for thing in family))


def _is_level_with(support: _Thing, family: list[_Thing], foot: Array) -> bool:
    """Whether a thing's top is as high as a family's foot."""
    return abs(float(support.high[2] - foot[2])) <= 2 * max(thing.gap for thing in family)
