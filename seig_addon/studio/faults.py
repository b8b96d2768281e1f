"""Faults of a scene that need no model to be seen, as sentences that tell a model what to do.

Rather silent than wrong: a false alarm costs a round. Only reads. Runs inside Blender with nothing but numpy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

import bpy
import numpy as np

from .contact import floating, loose, things_of
from .extent import Extent, View, extents, hidden
from .intersect import intersecting
from .looks import emits, gives_light
from .pieces import loose_pieces

_SOLID = {"MESH", "CURVE", "SURFACE", "FONT", "META"}
_DEFAULT_NAME = re.compile(
    r"(Cube|Sphere|Icosphere|Cylinder|Cone|Plane|Torus|Circle|Grid|Suzanne|Mesh|Object|Empty|Text|Mball|Curve"
    r"|BezierCurve|BezierCircle|NurbsPath|NurbsCurve|NurbsCircle|Surface|Sphere)(\.\d{3})?"
)
_FINE = 200_000  # vertices: more than any one object of a picture shows
_NUMBERED = re.compile(r"\.\d{3,}$")


def faults(scene: bpy.types.Scene, expected: Sequence[str] = ()) -> list[str]:
    """List what is wrong with a scene; `expected` are the object names that the scene graph asks for."""
    shapes = extents(scene)
    unseen = hidden(scene)
    found = [*_missing(scene, expected, shapes), *_broken(scene)]
    shown = {
        obj.name: shapes[obj.name]
        for obj in scene.objects
        if (obj.type in _SOLID or obj.instance_collection) and obj.name not in unseen and len(shapes[obj.name].points)
    }
    view = View(scene) if scene.camera and scene.camera.type == "CAMERA" else None
    if view is None:
        found.append("The scene has no active camera: create one and set it with scene.camera = the camera object.")
    else:
        found += _out_of_view(view, shown)
    if not _lit(scene, unseen):
        found.append(
            "Nothing gives light: there is no light, the world is black and no material is emissive. Add a light."
        )
    found += _hidden(scene, unseen, expected)
    found += _default_names(scene, expected)
    things = things_of(scene, shown)
    found += [*_too_fine(shown), *floating(things, view), *loose(things, shown), *loose_pieces(things, shown)]
    return found + intersecting(things, expected)


def _missing(scene: bpy.types.Scene, expected: Iterable[str], shapes: dict[str, Extent]) -> list[str]:
    names = [obj.name for obj in scene.objects]
    found = []
    for name in expected:
        if name not in names:
            near = _near_names(name, [other for other in names if other not in expected])
            hint = f" {_quoted(near)} exists: rename it to {name!r}, if it is that." if near else ""
            found.append(f"The object {name!r} is missing: build it under exactly this name.{hint}")
        elif scene.objects[name].type == "EMPTY" and not len(shapes[name].points):
            found.append(f"{name!r} is an empty without any parts: build its shape, or parent its parts to it.")
    return found


def _near_names(name: str, names: Sequence[str]) -> list[str]:
    plain = {other: _NUMBERED.sub("", other).lower().replace("_", "").replace(" ", "") for other in names}
    wanted = name.lower().replace("_", "").replace(" ", "")
    exact = [other for other, text in plain.items() if text == wanted]
    if exact:
        return exact[:1]
    close = difflib.get_close_matches(wanted, list(plain.values()), n=1, cutoff=0.8)
    return [other for other, text in plain.items() if text in close][:1]


def _quoted(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(repr(name) for name in names[:8]) + more


def _broken(scene: bpy.types.Scene) -> list[str]:
    found = []
    for obj in scene.objects:
        if not np.isfinite(np.array(obj.matrix_world)).all() or not np.isfinite(np.array(obj.matrix_basis)).all():
            found.append(f"The transform of {obj.name!r} holds NaN or infinity: check the arithmetic behind it.")
        elif obj.type == "MESH":
            found += _broken_mesh(obj)
        elif obj.type in _SOLID and max(obj.dimensions) < 1e-6:
            found.append(f"{obj.name!r} has no size: give it a shape, or delete it.")
    return found


def _broken_mesh(obj: bpy.types.Object) -> list[str]:
    # Modifiers may build a shape from nothing, so only a bare mesh is judged by its own vertices.
    count = len(obj.data.vertices)
    if not count:
        return [] if obj.modifiers else [f"The mesh of {obj.name!r} is empty: build it, or delete the object."]
    points = np.empty(count * 3, np.float32)
    obj.data.attributes["position"].data.foreach_get("vector", points)
    if not np.isfinite(points).all():
        return [f"The mesh of {obj.name!r} holds NaN or infinite coordinates: check the arithmetic behind it."]
    if max(obj.dimensions) < 1e-6:
        return [f"{obj.name!r} has no size (check its scale and its vertices): nothing of it can be seen."]
    return []


def _out_of_view(view: View, shown: dict[str, Extent]) -> list[str]:
    found = []
    for name, extent in shown.items():
        if view.box(extent):
            continue
        whole = view.whole_box(extent)
        if whole is None:
            where = "behind the camera"
        else:
            left, top, right, bottom = whole
            sides = {"left of": right <= 0, "above": bottom <= 0, "right of": left >= 1, "below": top >= 1}
            where = f"out of view, {' and '.join(side for side, out in sides.items() if out)} the picture"
        found.append(f"{name!r} is {where}: move it, or delete it if it neither is in the picture nor shades it.")
    return found


def _hidden(scene: bpy.types.Scene, unseen: set[str], expected: Sequence[str]) -> list[str]:
    # Cutters of Boolean modifiers are hidden on purpose.
    tools = {
        value.name
        for obj in scene.objects
        for modifier in obj.modifiers
        if isinstance(value := getattr(modifier, "object", None), bpy.types.Object)
    }
    names = [
        obj.name
        for obj in scene.objects
        if obj.name in unseen and (obj.name in expected or (obj.type in _SOLID and obj.name not in tools))
    ]
    return [f"Hidden from renders: {_quoted(names)}. Show what the picture shows, delete the rest."] if names else []


def _default_names(scene: bpy.types.Scene, expected: Sequence[str]) -> list[str]:
    names = [
        obj.name
        for obj in scene.objects
        if obj.type in _SOLID | {"EMPTY"} and obj.name not in expected and _DEFAULT_NAME.fullmatch(obj.name)
    ]
    return [f"Default names: {_quoted(names)}. Name each object after what it is."] if names else []


def _too_fine(shown: dict[str, Extent]) -> list[str]:
    return [
        f"{name!r} has {extent.vertices:,} vertices: {_FINE:,} are plenty for one object; use fewer segments or levels."
        for name, extent in shown.items()
        if extent.vertices > _FINE
    ]


def _lit(scene: bpy.types.Scene, unseen: set[str]) -> bool:
    for obj in scene.objects:
        if obj.name in unseen:
            continue
        if obj.type == "LIGHT" and obj.data.energy > 0 and max(obj.data.color) > 0:
            return True
        if any(slot.material and emits(slot.material) for slot in obj.material_slots):
            return True
    return gives_light(scene.world)
