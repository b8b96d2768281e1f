"""A solved layout as program text: the camera's values, and objects' places and sizes by name. Never imports bpy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...studio.scene import CameraPlace, Place, Places
from .arrangement import Arrangement
from .bodies import Array, Camera, Move
from .layout import Layout

_TITLE = "# Solved from the boxes marked in the picture, after what stands above"
SETTLED = "Settled on what they rest on: small gaps closed, small overlaps resolved."
REGISTERED = "Moved to where the picture shows their edges."
_LEAST = 1e-5  # metres, and share of a size: less is not worth a line
_STILL = Move(1.0, np.zeros(3))


def layout_text(places: Places, arrangement: Arrangement, layout: Layout) -> str:
    """Write the program that brings a scene from its places to the layout."""
    assert places.camera is not None, "there was a camera to fit"
    lines = [f"{_TITLE} (overlap with them {layout.before:.2f}, now {layout.after:.2f}).", "import bpy", ""]
    if places.camera.movable:
        lines += [*_camera_lines(places.camera, layout.camera), ""]
    return "\n".join([*lines, *_object_lines(places, arrangement, layout.moves)]).rstrip() + "\n"


def moves_text(what: str, places: Places, arrangement: Arrangement, moves: Sequence[Move]) -> str:
    """Write the program of these moves, under a comment that says what they are for; "" if nothing moves."""
    lines = _object_lines(places, arrangement, moves)
    return "\n".join([f"# {what}", "import bpy", "", *lines]) + "\n" if lines else ""


def _camera_lines(before: CameraPlace, camera: Camera) -> list[str]:
    lines = [
        "camera = bpy.context.scene.camera",
        f"camera.location = {_numbers(camera.location)}",
        'camera.rotation_mode = "XYZ"',
        f"camera.rotation_euler = {_numbers(camera.rotation, 5)}",
    ]
    if before.lens is not None:
        lines.append(f"camera.data.lens = {before.lens * camera.zoom:.3f}")
    elif before.ortho_scale is not None:
        lines.append(f"camera.data.ortho_scale = {before.ortho_scale / camera.zoom:.4f}")
    if camera.rise:
        lines.append(f"camera.data.shift_y = {before.shift_y + camera.rise * before.shifts_high:.5f}")
    return lines


def _object_lines(places: Places, arrangement: Arrangement, by_body: Sequence[Move]) -> list[str]:
    moves = {place.name: move for members, move in zip(arrangement.members, by_body, strict=True) for place in members}
    parents = {place.name: place.parent for place in places.objects}
    rows = []
    for members in arrangement.members:
        for place in members:
            above = parents[place.name]
            while above is not None and above not in moves:
                above = parents.get(above)
            location, scale = _placed(place, moves[place.name], moves[above] if above else _STILL)
            if not (np.allclose(location, place.location, 0, _LEAST) and np.allclose(scale, place.scale, 0, _LEAST)):
                rows.append(f"    {place.name!r}: ({_numbers(location)}, {_numbers(scale)}),")
    if not rows:
        return []
    return [
        "places = {  # location, scale",
        *rows,
        "}",
        "for name, (location, scale) in places.items():",
        "    thing = bpy.context.scene.objects.get(name)",
        "    if thing is not None:  # an earlier stage that is redone may do without it",
        "        thing.location, thing.scale = location, scale",
    ]


def _placed(place: Place, move: Move, carried: Move) -> tuple[Array, Array]:
    """Location and scale of an object that is moved, in a parent's space that was moved itself."""
    space = np.array(place.space)
    origin = np.array(place.origin)
    world = move(space[:3, :3] @ origin + space[:3, 3])
    inside = (world - carried.offset) / carried.scale  # as if the parent had stayed
    moved = np.linalg.solve(space[:3, :3], inside - space[:3, 3])
    return np.array(place.location) + moved - origin, np.array(place.scale) * (move.scale / carried.scale)


def _numbers(values: Iterable[float], digits: int = 5) -> str:
    return f"({', '.join(str(round(float(value), digits) + 0.0) for value in values)})"
