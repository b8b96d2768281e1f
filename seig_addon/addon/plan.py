"""Decides how a stage's new result and the artist's hand edits come together, part by part.

Three states are held against each other, all in the names that programs use: the one that the last stage left
here (`base`), the checkpoint to be brought in (`new`), and the live scene (`mine`). What only one side changed
is taken from that side; where both did, a hand edit that can be set on its own (a transform, a light's power)
stays on top of the new result, and one that can't (a mesh) is lost, and said so. Pure: never imports bpy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from ..studio.compare import compare, same

Values = dict[str, Any]

_SEPARATOR = " / "
_TAGS = ("linear", "srgb", "degrees")
_NOT_SETTABLE = {"type", "parent", "collections"}

Way = Literal["add", "leave deleted", "update", "replace", "remove"]


@dataclass
class ObjectPlan:
    """What happens to one object. `settings` are set from the checkpoint's object (update), or from the
    artist's (replace); `mesh` and `slots` say whether shape and material slots come from the checkpoint."""

    way: Way
    settings: list[str] = field(default_factory=list)
    mesh: bool = True
    slots: bool = True
    place: bool = False  # in the checkpoint's collections, not in those it replaces


@dataclass
class Plan:
    """How the scene gets from what it is to the new result; `lost` are the hand edits that this discards."""

    objects: dict[str, ObjectPlan]
    materials: dict[str, list[str] | None]
    """Materials to take from the checkpoint, with the values to carry over; None keeps the live one."""
    world: list[str] | None
    camera: bool
    view: list[str]
    render: list[str]
    lost: list[Values]


def plan(base: Values, new: Values, mine: Values, pinned: Collection[str], keep: bool) -> Plan:
    """Decide. `pinned` objects are left out; without `keep` all other hand edits are discarded."""
    lost: set[tuple[str, str]] = set()
    materials = {
        name: _block("material", name, base["materials"].get(name), values, mine["materials"].get(name), keep, lost)
        for name, values in new["materials"].items()
    }
    remade = {name for name, carried in materials.items() if carried is not None}
    objects = {
        name: _object(name, base, new, mine, keep, remade, lost)
        for name in sorted(_names(new) | _names(mine))
        if name not in pinned
    }
    world = _block("world", "World", base["world"], new["world"], mine["world"], keep, lost)
    camera = new["camera"] != mine["camera"] and not (keep and mine["camera"] != base["camera"])
    views = [{**state["view"], "exposure": state["exposure"]} for state in (base, new, mine)]
    renders = [state["render"] for state in (base, new, mine)]
    edits = compare(base, mine)
    return Plan(
        objects,
        materials,
        world,
        camera and (mine["camera"] not in pinned or not keep),
        _taken(*views, keep),
        _taken(*renders, keep),
        [edit for edit in edits if edit["name"] not in pinned and (not keep or (edit["kind"], edit["name"]) in lost)],
    )


def _names(state: Values) -> set[str]:
    return {*state["objects"], *state["lights"], *state["cameras"]}


def _entry(state: Values, name: str) -> Values | None:
    """An object as `type`, `settings`, `mesh` and `slots`; lights and cameras have settings alone."""
    if name in state["objects"]:
        entry = state["objects"][name]
        use = entry["assignment"]
        return {
            "type": entry["type"],
            "settings": {
                **entry["transform"],
                **entry["structure"],
                "color": use["color"],
                "pass_index": use["pass index"],
            },
            "mesh": {**entry["mesh"], **entry["uv"], "material of faces": use["faces"]},
            "slots": use["slots"],
        }
    for kind in ("lights", "cameras"):
        if name in state[kind]:
            return {"type": kind, "settings": state[kind][name], "mesh": {}, "slots": []}
    return None


def _object(
    name: str, base: Values, new: Values, mine: Values, keep: bool, remade: set[str], lost: set[tuple[str, str]]
) -> ObjectPlan:
    old, theirs, live = (_entry(state, name) for state in (base, new, mine))
    if live is None:
        return ObjectPlan("leave deleted" if keep and old is not None else "add")
    old = old or live
    if theirs is None:
        lost.update((change["kind"], name) for change in compare(base, mine) if change["name"] == name)
        return ObjectPlan("remove")
    edited = {key for key in _differing(old["settings"], live["settings"]) if keep}
    reference = old if keep else live
    foreign = {key for key in _differing(reference["settings"], theirs["settings"]) if not _settable(key, theirs, live)}
    # What is neither a setting nor a slot, such as a modifier, may point to a material that is made anew.
    foreign |= {key for key, value in live["settings"].items() if isinstance(value, str) and value in remade}
    shape_edited = bool(_differing(old["mesh"], live["mesh"]))
    keep_shape = keep and shape_edited and not _differing(old["mesh"], theirs["mesh"])
    if shape_edited and not keep_shape:
        lost |= {("mesh", name), ("uv", name)}
    keep_slots = keep and old["slots"] != live["slots"] and len(live["slots"]) == len(theirs["slots"])
    if old["slots"] != live["slots"] and not keep_slots:
        lost.add(("material assignment", name))
    if foreign or theirs["type"] != live["type"]:
        if any(not _settable(key, old, live) for key in edited):
            lost |= {(kind, name) for kind in ("object transform", "object structure", "light", "camera")}
        settings = [key for key in sorted(edited) if _settable(key, theirs, live)]
        return ObjectPlan("replace", settings, not keep_shape, not keep_slots, "collections" in foreign)
    settings = [
        key
        for key in _differing(live["settings"], theirs["settings"])
        if key not in edited and _settable(key, theirs, live)
    ]
    mesh = not keep_shape and bool(_differing(live["mesh"], theirs["mesh"]))
    # A shape that is the same but for its slots is taken whole: that brings the slots with it.
    mesh = mesh or (not keep_shape and not keep_slots and len(live["slots"]) != len(theirs["slots"]))
    return ObjectPlan("update", settings, mesh, not keep_slots)


def _block(
    kind: str,
    name: str,
    old: Values | None,
    theirs: Values,
    live: Values | None,
    keep: bool,
    lost: set[tuple[str, str]],
) -> list[str] | None:
    """Decide for a material or world: None keeps the live one, a list takes the new one and carries these."""
    if live is None:
        return []
    old = old or live
    if not _differing(live, theirs) or (keep and not _differing(old, theirs)):
        return None
    edited = _differing(old, live)
    carried = [key for key in edited if keep and key in theirs and _is_value(theirs[key]) and _is_value(live.get(key))]
    if len(carried) < len(edited):
        lost.add((kind, name))
    return carried


def _taken(old: Values, theirs: Values, live: Values, keep: bool) -> list[str]:
    """Settings to set from the new result: what differs and isn't the artist's own choice."""
    edited = set(_differing(old, live)) if keep else set()
    return [key for key in _differing(live, theirs) if key not in edited]


def _differing(one: Values, other: Values) -> list[str]:
    keys = [*one, *(key for key in other if key not in one)]
    return [key for key in keys if key not in one or key not in other or not same(one[key], other[key])]


def _settable(key: str, theirs: Values, live: Values) -> bool:
    """Whether a setting can be copied from one object to the other on its own."""
    ends = (theirs["settings"], live["settings"])
    plain = _SEPARATOR not in key and key not in _NOT_SETTABLE
    return plain and all(key in end and _is_value(end[key]) for end in ends)


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        tagged = bool(value) and value[0] in _TAGS
        return all(isinstance(each, bool | int | float) for each in (value[1:] if tagged else value))
    return isinstance(value, bool | int | float | str)
