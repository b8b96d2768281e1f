"""A scene described in data and in text, as models get to see it (the shapes are in scene.SceneDescription).

Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from .compare import hex_color
from .extent import Extent, View, extents, hidden
from .looks import base_color, in_words, world_light
from .tunable import kind

# A prompt's share for the scene: some 2,500 tokens. What doesn't fit is told shorter, never left out: a
# model takes what it can't find in the list for missing.
_OBJECT_TEXT = 7000
_MATERIAL_TEXT = 2500

_NUMBER = re.compile(r"(.*?)[._ -]*\d+")

Values = dict[str, Any]


def describe(scene: bpy.types.Scene) -> Values:
    """Describe a scene: a JSON-able dict that validates as scene.SceneDescription."""
    shapes = extents(scene)
    view = View(scene) if scene.camera and scene.camera.type == "CAMERA" else None
    unseen = hidden(scene)
    solids = [obj for obj in scene.objects if obj.type not in ("LIGHT", "CAMERA")]
    objects = [_object(obj, shapes[obj.name], view, obj.name in unseen) for obj in solids]
    description: Values = {
        "objects": objects,
        "materials": _materials(solids),
        "lights": [_light(obj, obj.name in unseen) for obj in scene.objects if obj.type == "LIGHT"],
        "camera": _camera(scene.camera) if view else None,
        "world": world_light(scene.world) if scene.world else None,
        "blender_version": bpy.app.version_string,
    }
    description["text"] = _text(scene, description)
    return description


def _object(obj: bpy.types.Object, extent: Extent, view: View | None, is_hidden: bool) -> Values:
    box = view.box(extent) if view and len(extent.points) else None
    dimensions = list(obj.dimensions)
    if obj.type == "EMPTY" and len(extent.points):
        dimensions = (extent.high - extent.low).tolist()
    return {
        "name": obj.name,
        "type": obj.type,
        "parent": obj.parent.name if obj.parent else None,
        "location": list(obj.matrix_world.translation),
        "rotation": _rotation(obj),
        "dimensions": dimensions,
        "box": list(box) if box else None,
        "visible": box is not None and not is_hidden,
        "hidden": is_hidden,
        "materials": list(dict.fromkeys(slot.material.name for slot in obj.material_slots if slot.material)),
        "vertices": 0 if obj.type == "EMPTY" else extent.vertices,
        "modifiers": [modifier.name for modifier in obj.modifiers],
        "bounds": [extent.low.tolist(), extent.high.tolist()] if len(extent.points) else None,
        "corners": _corners(obj, extent) if len(extent.points) else [],
    }


def _corners(obj: bpy.types.Object, extent: Extent) -> list[list[float]]:
    """Give the eight corners, in the world, of the box around an extent that is turned as the object is."""
    turn = np.array(obj.matrix_world.to_quaternion().to_matrix())  # its columns are the object's axes
    along = extent.points @ turn
    sides = zip(along.min(axis=0), along.max(axis=0), strict=True)
    return [(turn @ corner).tolist() for corner in itertools.product(*sides)]


def _materials(objects: Sequence[bpy.types.Object]) -> list[Values]:
    users: dict[str, list[str]] = {}
    for obj in objects:
        for name in dict.fromkeys(slot.material.name for slot in obj.material_slots if slot.material):
            users.setdefault(name, []).append(obj.name)
    return [
        {
            "name": name,
            "base_color": base_color(bpy.data.materials[name]),
            "users": users[name],
            "kind": kind(bpy.data.materials[name]),
            "look": in_words(bpy.data.materials[name]),
        }
        for name in sorted(users)
    ]


def _light(obj: bpy.types.Object, is_hidden: bool) -> Values:
    return {
        "name": obj.name,
        "type": obj.data.type,
        "power": obj.data.energy,
        "color": hex_color(list(obj.data.color)),
        "hidden": is_hidden,
        "falls": _falls(obj),
    }


def _falls(obj: bpy.types.Object) -> str:
    """Say where a light falls from and how it spreads, as the kit's functions for lights take it."""
    light, place = obj.data, f"at {_vector(obj.matrix_world.translation)}"
    toward = obj.matrix_world.to_quaternion() @ Vector((0.0, 0.0, -1.0))
    if light.type == "SUN":
        elevation, azimuth = math.asin(max(-1.0, min(-toward.z, 1.0))), math.atan2(-toward.x, -toward.y)
        angles = (math.degrees(elevation), math.degrees(azimuth) % 360.0, math.degrees(light.angle))
        return "elevation {:.0f}°, azimuth {:.0f}°, softness {:.1f}°".format(*angles)
    if light.type == "AREA":
        sides = [light.size, light.size_y] if light.shape in ("RECTANGLE", "ELLIPSE") else [light.size]
        spread = f"size {' × '.join(_number(side) for side in sides)}"
    else:
        spread = f"radius {_number(light.shadow_soft_size)}"
    if light.type == "POINT":
        return f"{place}, {spread}"
    cone = f", {math.degrees(light.spot_size):.0f}° wide" if light.type == "SPOT" else ""
    return f"{place}, facing {_vector(toward)}, {spread}{cone}"


def _camera(obj: bpy.types.Object) -> Values:
    ortho = obj.data.type == "ORTHO"
    return {
        "name": obj.name,
        "location": list(obj.matrix_world.translation),
        "rotation": _rotation(obj),
        "lens": None if ortho else obj.data.lens,
        "ortho_scale": obj.data.ortho_scale if ortho else None,
        "shift": [obj.data.shift_x, obj.data.shift_y],
    }


def _rotation(obj: bpy.types.Object) -> list[float]:
    return [math.degrees(angle) for angle in obj.matrix_world.to_euler()]


def _text(scene: bpy.types.Scene, description: Values) -> str:
    render, view = scene.render, scene.view_settings
    lines = [
        f"Picture: {render.resolution_x}×{render.resolution_y}, view transform {view.view_transform}, "
        f"exposure {_number(view.exposure)}, Blender {bpy.app.version_string}"
    ]
    camera = description["camera"]
    if camera:
        size = f"ortho scale {_number(camera['ortho_scale'])}" if camera["lens"] is None else ""
        lens = size or f"lens {_number(camera['lens'])} mm"
        lines.append(
            f"Camera {camera['name']}: at {_vector(camera['location'])}, rotation {_vector(camera['rotation'], 1)}°, "
            f"{lens}, shift {_vector(camera['shift'])}"
        )
    else:
        lines.append("Camera: none")
    world = description["world"]
    lines.append(
        f"World: {world['color'] or 'textured'}, strength {_number(world['strength'])}" if world else "World: none"
    )
    lines.append("Lights:" if description["lights"] else "Lights: none")
    lines += [_light_line(light) for light in description["lights"]]
    lines.append("Objects (location and size in metres; box = left top right bottom in the picture):")
    lines += _object_lines(description["objects"])
    lines.append("Materials:" if description["materials"] else "Materials: none")
    materials = [f"- {info['name']}: {info['look']}, on {_names(info['users'])}" for info in description["materials"]]
    names = [info["name"] for info in description["materials"]]
    lines += _fitted(materials, names, _MATERIAL_TEXT, [len(info["users"]) for info in description["materials"]])
    return "\n".join(lines)


def _object_lines(objects: Sequence[Values]) -> list[str]:
    """A line an object; where that is too long, a line for all numbered parts of a kind, and names for the smallest."""
    whole = [_object_line(info) for info in objects]
    if sum(len(line) + 1 for line in whole) <= _OBJECT_TEXT:
        return whole
    kinds: dict[tuple[str, str | None], list[Values]] = {}
    for info in objects:
        numbered = _NUMBER.fullmatch(info["name"]) if info["parent"] else None
        kinds.setdefault((numbered.group(1) if numbered else info["name"], info["parent"]), []).append(info)
    groups = list(kinds.values())
    lines = [_object_line(group[0]) if len(group) == 1 else _group_line(group) for group in groups]
    names = [", ".join(info["name"] for info in group) for group in groups]
    return _fitted(lines, names, _OBJECT_TEXT, [max(_area(info) for info in group) for group in groups])


def _group_line(group: Sequence[Values]) -> str:
    boxes = [info["box"] for info in group if info["box"]]
    parts = [f"- {group[0]['name']} to {group[-1]['name']}: {len(group)} parts"]
    if boxes:
        around = [side(box[i] for box in boxes) for i, side in enumerate((min, min, max, max))]
        parts.append(f"together in box {' '.join(_number(edge) for edge in around)}")
    materials = list(dict.fromkeys(name for info in group for name in info["materials"]))
    parts += [f"material {_names(materials)}"] if materials else []
    return ", ".join([*parts, f"parent {group[0]['parent']}"])


def _light_line(info: Values) -> str:
    unit = "W/m²" if info["type"] == "SUN" else "W"
    off = ", hidden in renders" if info["hidden"] else ""
    return (
        f"- {info['name']}: {info['type'].lower()}, {_number(info['power'])} {unit}, {info['color']}, "
        f"{info['falls']}{off}"
    )


def _object_line(info: Values) -> str:
    parts = [f"- {info['name']}: {info['type'].lower()}", f"at {_vector(info['location'])}"]
    turned = _vector(info["rotation"], 1)
    if turned != "(0, 0, 0)":
        parts.append(f"rotation {turned}°")
    if any(info["dimensions"]):
        parts.append(f"size {' × '.join(_number(size) for size in info['dimensions'])}")
        parts.append(f"box {' '.join(_number(edge) for edge in info['box'])}" if info["box"] else "out of view")
    if info["materials"]:
        parts.append(f"material {_names(info['materials'])}")
    if info["parent"]:
        parts.append(f"parent {info['parent']}")
    if info["hidden"]:
        parts.append("hidden in renders")
    return ", ".join(parts)


def _area(info: Values) -> float:
    left, top, right, bottom = info["box"] or (0.0, 0.0, 0.0, 0.0)
    return (right - left) * (bottom - top)


def _fitted(lines: list[str], names: Sequence[str], limit: int, weights: Sequence[float]) -> list[str]:
    """Keep the heaviest lines that fit into `limit` characters, in their order, and name the others."""
    order = sorted(range(len(lines)), key=lambda i: -weights[i])
    kept: set[int] = set()
    length = 0
    for index in order:
        length += len(lines[index]) + 1
        if length > limit:
            break
        kept.add(index)
    others = [names[index] for index in range(len(lines)) if index not in kept]
    return [lines[index] for index in sorted(kept)] + ([f"- and, smaller: {', '.join(others)}"] if others else [])


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def _number(value: float, digits: int = 3) -> str:
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if math.isfinite(value) else str(value)
    return "0" if text == "-0" else text


def _vector(values: Sequence[float], digits: int = 3) -> str:
    return f"({', '.join(_number(value, digits) for value in values)})"
