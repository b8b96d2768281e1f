"""What differs between two states of a scene, in kinds that stage permissions know and words for people.

Pure: takes what state.scene_state gave, now or in another process. Never imports bpy, nor anything but the
standard library, as it also runs inside Blender.
"""

from __future__ import annotations

from typing import Any

Values = dict[str, Any]

_SEPARATOR = " / "
_DETAILS = 6
# Single precision, as Blender keeps it: what a matrix loses on its way there and back is no change.
_TOLERANCE = 1e-6
_TAGS = ("linear", "srgb", "degrees")
# Where the shape's topology differs, maps per corner and per face can't be the same.
_TOPOLOGY = ("faces", "edges")


def compare(before: Values, after: Values) -> list[Values]:
    """List what changed between two states, as dicts with kind, name and details (see scene.Change).

    A new object, light or material counts as added only, not for each of its parts. A material that went
    because nothing is left that used it isn't listed.
    """
    changes: list[Values] = []
    changes += _objects(before["objects"], after["objects"])
    changes += _materials(before, after)
    changes += _members(before["lights"], after["lights"], "light")
    changes += _cameras(before, after)
    world = after["world"]["name"] or before["world"]["name"] or "World"
    changes += _change("world", world, _details(before["world"], after["world"]))
    exposure = {"exposure": before["exposure"]}, {"exposure": after["exposure"]}
    changes += _change("exposure", "Exposure", _details(*exposure))
    changes += _change("view settings", "View", _details(before["view"], after["view"]))
    changes += _change("render settings", "Render", _details(before["render"], after["render"]))
    return changes


def _change(kind: str, name: str, details: list[str]) -> list[Values]:
    return [{"kind": kind, "name": name, "details": _capped(details)}] if details else []


def _capped(details: list[str]) -> list[str]:
    if len(details) <= _DETAILS:
        return details
    return [*details[:_DETAILS], f"and {len(details) - _DETAILS} more"]


def _objects(before: Values, after: Values) -> list[Values]:
    changes: list[Values] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old and (not new or old["type"] != new["type"]):
            changes.append({"kind": "object removed", "name": name, "details": [old["type"].lower()]})
        if new and (not old or old["type"] != new["type"]):
            changes.append({"kind": "object added", "name": name, "details": [new["type"].lower()]})
        elif old and new and old != new:
            changes += _object(name, old, new)
    return changes


def _object(name: str, old: Values, new: Values) -> list[Values]:
    old_uv, new_uv = old["uv"], new["uv"]
    old_use, new_use = old["assignment"], new["assignment"]
    if any(old["mesh"].get(key) != new["mesh"].get(key) for key in _TOPOLOGY):
        old_uv, new_uv = _without_hashes(old_uv), _without_hashes(new_uv)
        old_use = {**old_use, "faces": None}
        new_use = {**new_use, "faces": None}
    return [
        *_change("object transform", name, _details(old["transform"], new["transform"])),
        *_change("object structure", name, _details(old["structure"], new["structure"])),
        *_change("mesh", name, _details(old["mesh"], new["mesh"])),
        *_change("uv", name, _details(old_uv, new_uv)),
        *_change("material assignment", name, _details(old_use, new_use)),
    ]


def _without_hashes(values: Values) -> Values:
    return {key: None if isinstance(value, dict) else value for key, value in values.items()}


def _materials(before: Values, after: Values) -> list[Values]:
    old, new = before["materials"], after["materials"]
    changes: list[Values] = []
    known = old.keys() | set(before["unused materials"])
    there = new.keys() | set(after["unused materials"])
    for name in sorted(there - known):
        changes.append({"kind": "material added", "name": name, "details": []})
    for name in sorted(old.keys() - new.keys()):
        users = {user for user, values in before["objects"].items() if name in values["assignment"]["slots"]}
        if not users or users & after["objects"].keys():
            changes.append({"kind": "material removed", "name": name, "details": []})
    for name in sorted(old.keys() & new.keys()):
        changes += _change("material", name, _details(old[name], new[name]))
    return changes


def _members(before: Values, after: Values, kind: str) -> list[Values]:
    changes: list[Values] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            changes.append({"kind": f"{kind} removed", "name": name, "details": []})
        elif name not in before:
            changes.append({"kind": f"{kind} added", "name": name, "details": []})
        else:
            changes += _change(kind, name, _details(before[name], after[name]))
    return changes


def _cameras(before: Values, after: Values) -> list[Values]:
    changes = []
    if before["camera"] != after["camera"]:
        text = f"active camera: {_text(before['camera'])} → {_text(after['camera'])}"
        changes.append({"kind": "camera", "name": after["camera"] or before["camera"], "details": [text]})
    for change in _members(before["cameras"], after["cameras"], "camera"):
        details = change["details"] or [change["kind"].removeprefix("camera ")]
        changes.append({**change, "kind": "camera", "details": details})
    return changes


def _details(before: Values, after: Values) -> list[str]:
    """Say for each value that differs how; what came or went as a whole takes one line."""
    if before == after:
        return []
    details: dict[str, None] = {}  # a dict keeps the order, and each line once
    parts_before, parts_after = _parts(before), _parts(after)
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in after:
            details[f"{_whole(key, parts_after)}: removed"] = None
        elif key not in before:
            details[f"{_whole(key, parts_before)}: added"] = None
        elif not same(before[key], after[key]):
            details[_difference(key, before[key], after[key])] = None
    return list(details)


def _prefixes(key: str) -> list[str]:
    parts = key.split(_SEPARATOR)
    return [_SEPARATOR.join(parts[: count + 1]) for count in range(len(parts))]


def _parts(values: Values) -> set[str]:
    return {prefix for key in values for prefix in _prefixes(key)}


def _whole(key: str, elsewhere: set[str]) -> str:
    """Give the largest thing around a path that isn't elsewhere."""
    return next(prefix for prefix in _prefixes(key) if prefix not in elsewhere or prefix == key)


def same(old: Any, new: Any) -> bool:
    """Tell whether two values are equal, numbers up to single precision of the largest among them."""
    if old is new or old == new:
        return True
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new) or not old:
            return False
        pairs = list(zip(old, new, strict=True))
        plain = [(a, b) for a, b in pairs if _is_number(a) and _is_number(b)]
        rest = [a == b for a, b in pairs if not (_is_number(a) and _is_number(b))]
        return all(rest) and _close(plain)
    return _is_number(old) and _is_number(new) and _close([(old, new)])


def _is_number(value: Any) -> bool:
    return isinstance(value, float)


def _close(pairs: list[tuple[float, float]]) -> bool:
    largest = max((max(abs(a), abs(b)) for a, b in pairs), default=0.0)
    return all(abs(a - b) <= _TOLERANCE * max(1.0, largest) for a, b in pairs)


def _difference(key: str, old: Any, new: Any) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        for what in ("count", "name"):
            if old.get(what) != new.get(what):
                return f"{key}: {old.get(what)} → {new.get(what)}"
        return f"{key}: changed"
    if key.split(_SEPARATOR)[-1] == "links" and isinstance(old, list) and isinstance(new, list):
        gone = [f"no {link}" for link in old if link not in new]
        return f"{key}: " + ", ".join(gone + [link for link in new if link not in old])
    short = _text(old), _text(new)
    if short[0] == short[1]:
        short = _text(old, 9), _text(new, 9)
    return f"{key}: {short[0]} → {short[1]}"


def _text(value: Any, digits: int = 4) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value + 0.0:.{digits}g}"
    if isinstance(value, dict):
        return str(value.get("name") or f"{value.get('count')} items")
    if isinstance(value, list):
        if value and value[0] in _TAGS:
            if value[0] == "degrees":
                return _list(value[1:], digits) + "°"
            if digits == 4 and all(_is_number(part) and 0 <= part <= 1 for part in value[1:4]):
                return hex_color(value[1:4], linear=value[0] == "linear")
            return _list(value[1:], digits)
        return _list(value, digits)
    return str(value)


def _list(values: list[Any], digits: int) -> str:
    texts = [_text(value, digits) for value in values]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def hex_color(rgb: list[float], *, linear: bool = True) -> str:
    """Write a colour as sRGB "#rrggbb"; components beyond 0..1 are cut."""

    def encode(component: float) -> int:
        cut = min(max(component, 0.0), 1.0)
        if linear:
            cut = 12.92 * cut if cut <= 0.0031308 else 1.055 * cut ** (1 / 2.4) - 0.055
        return round(cut * 255)

    return "#" + "".join(f"{encode(component):02x}" for component in rgb[:3])
