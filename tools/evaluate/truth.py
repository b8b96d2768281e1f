"""A result against the scene that the picture was rendered from: objects, camera and base colours.

The truth is NAME.json (camera: location, rotation_euler, lens_mm, sensor_mm, and optionally shift; objects: each
its 2D box as fractions of the picture) with NAME.blend beside it, from which base colours come. The two
worlds need not agree in scale or heading, so cameras are compared by what the picture shows of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from seig_addon.engine import colors
from seig_addon.engine.coverage import overlap
from seig_addon.engine.scene_graph import Box2D, SceneGraph
from seig_addon.engine.solving.bodies import turned
from seig_addon.engine.visible import owner_of
from seig_addon.studio.pixels import LightPasses
from seig_addon.studio.scene import CameraPlace, SceneDescription

FOUND = 0.5  # intersection over union from which a true object counts as found
_FEW = 12  # pixels: fewer say nothing about a colour


class TrueCamera(BaseModel):
    """The camera that took the picture. `shift` is in the units of Blender's."""

    rotation_euler: tuple[float, float, float]
    lens_mm: float
    sensor_mm: float
    shift: tuple[float, float] = (0.0, 0.0)


class TrueObject(BaseModel):
    """An object that is in the picture."""

    box: Box2D


class Truth(BaseModel):
    """What is known of the scene; other fields of the file are not needed."""

    camera: TrueCamera
    objects: dict[str, TrueObject]


Colors = dict[str, NDArray[np.float64]]


class View(NamedTuple):
    """A camera as the picture shows it.

    `elevation`: degrees by which the ray through the picture's middle looks up; `horizon`: the row, a fraction
    of the picture, in which the horizon crosses its middle (None: orthographic); `field`: vertical degrees.
    """

    elevation: float
    horizon: float | None
    field: float


def read(path: Path) -> Truth:
    """Read NAME.json."""
    return Truth.model_validate_json(path.read_text(encoding="utf-8"))


def boxes_of(graph: SceneGraph, scene: SceneDescription) -> dict[str, Box2D]:
    """The projected box of each leaf that is in view: around the object of its name and all below that."""
    owners = owners_of([leaf.name for leaf in graph.leaves], {each.name: each.parent for each in scene.objects})
    found: dict[str, Box2D] = {}
    for each in scene.objects:
        owner = owners.get(each.name)
        if owner is None or each.box is None or each.hidden:
            continue
        left, top, right, bottom = found.get(owner, each.box)
        a, b, c, d = each.box
        found[owner] = (min(left, a), min(top, b), max(right, c), max(bottom, d))
    return found


def owners_of(names: list[str], parents: Mapping[str, str | None]) -> dict[str, str]:
    """For each object the nearest of `names` among itself and its parents; objects without one are left out."""
    owners = {name: owner_of(name, names, parents) for name in parents}
    return {name: owner for name, owner in owners.items() if owner is not None}


def matched(wanted: Mapping[str, Box2D], got: Mapping[str, Box2D]) -> dict[str, tuple[str, float]]:
    """Pair true objects with those that overlap them by at least FOUND, one to one, the best overlap first."""
    pairs = sorted(
        ((overlap(box, other), name, found) for name, box in wanted.items() for found, other in got.items()),
        key=lambda pair: (-pair[0], pair[1:]),
    )
    result: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for amount, name, found in pairs:
        if amount >= FOUND and name not in result and found not in taken:
            result[name] = found, amount
            taken.add(found)
    return result


def view(camera: CameraPlace) -> View:
    """A camera of the studio as its picture shows it."""
    return _view(camera.rotation, camera.frame, perspective=camera.lens is not None)


def true_view(camera: TrueCamera, aspect: float) -> View:
    """The true camera the same way; `aspect` is the picture's width over its height."""
    longest = camera.sensor_mm / camera.lens_mm
    width, height = (longest, longest / aspect) if aspect >= 1 else (longest * aspect, longest)
    x, y = camera.shift[0] * longest, camera.shift[1] * longest
    return _view(camera.rotation_euler, (x - width / 2, x + width / 2, y - height / 2, y + height / 2), True)


def _view(rotation: tuple[float, float, float], frame: tuple[float, float, float, float], perspective: bool) -> View:
    left, right, bottom, top = frame
    middle = (left + right) / 2
    up = turned(rotation)[2]  # how far a direction in the camera's space goes up in the world
    if not perspective:
        return View(_degrees(np.arcsin(-up[2])), None, 0.0)
    centre = np.array([middle, (bottom + top) / 2, -1.0])
    highest, lowest = (np.array([middle, row, -1.0]) for row in (top, bottom))
    between = highest @ lowest / np.linalg.norm(highest) / np.linalg.norm(lowest)
    # Where the ray (middle, y, -1) is level: its height in the world, linear in y, is 0.
    level = (up[2] - up[0] * middle) / up[1] if abs(up[1]) > 1e-6 else np.inf
    horizon = float((top - level) / (top - bottom))
    return View(_degrees(np.arcsin(up @ centre / np.linalg.norm(centre))), horizon, _degrees(np.arccos(between)))


def _degrees(radians: float) -> float:
    return float(np.degrees(radians))


def camera_errors(got: View, wanted: View) -> dict[str, float | str]:
    """How far a camera is off: degrees, share of the picture's height, degrees."""
    level = got.horizon is not None and wanted.horizon is not None and np.isfinite(got.horizon - wanted.horizon)
    return {
        "view_angle": abs(got.elevation - wanted.elevation),
        "horizon": abs(got.horizon - wanted.horizon) if level else "no horizon",
        "field_of_view": abs(got.field - wanted.field),
    }


def base_colors(passes: LightPasses, owners: Mapping[str, str]) -> Colors:
    """Each owner's mean base colour (sRGB) over the pixels that show it; too small ones are left out."""
    found = {}
    for owner in set(owners.values()):
        numbers = [number for number, name in enumerate(passes.object_names) if owners.get(name) == owner]
        mask = np.isin(passes.objects, numbers)
        if mask.sum() >= _FEW:
            found[owner] = colors.srgb(passes.albedo[mask].astype(np.float64).mean(axis=0))
    return found


def color_error(
    pairs: Mapping[str, tuple[str, float]],
    wanted: Colors,
    got: Colors,
) -> float | str:
    """Mean distance in CIELAB of the base colours of matched objects."""
    gaps = [
        float(colors.difference(wanted[name], got[found]))
        for name, (found, _) in pairs.items()
        if name in wanted and found in got
    ]
    return float(np.mean(gaps)) if gaps else "no object found"
