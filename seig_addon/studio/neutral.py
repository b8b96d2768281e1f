"""Renders the scene in white even light: from its camera, or from another side, whole or some objects alone.

Base colours and patterns show apart from the scene's own light, and shapes from where its camera does not
look. Leaves everything as it found it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector

from . import plain
from .extent import extents, hidden, joined, with_children
from .render import NoCamera, at_size, can_denoise, temporarily

_SHOULDER = (math.radians(-35.0), math.radians(-30.0), 0.0)
_WORLD, _SUN = 0.6, 1.7  # what faces the camera gets its base color; what turns away is a little darker
_ROOM = 1.06  # of what is shown, for a margin
_ELEVATION = 25.0  # degrees: three-quarter views look down a little
_TURNS = {"left": -60.0, "right": 60.0, "back": 180.0, "above": 0.0}  # degrees about z, from the scene's camera
_SIDES = {"front": (0.0, -1.0, 0.0), "side": (1.0, 0.0, 0.0), "top": (0.0, 0.0, 1.0)}  # straight, without perspective


def neutral(scene: bpy.types.Scene, path: Path, size: int, samples: int, view: str, objects: Sequence[str]) -> float:
    """Write an RGBA PNG whose longer side is `size` px; returns how many metres it spans, if that can be said.

    `view`: "camera", or square: "front", "side" (from the right) and "top" straight, "left", "right", "back"
    and "above" three-quarter, "near" as the scene's camera looks at them. `objects` alone are shown, with
    their children; all if there are none. Views other than the camera's frame them, and need some; those
    with perspective span 0 metres. Raises NoCamera.
    """
    if scene.camera is None:
        raise NoCamera("the scene has no camera")
    shown = {obj.name for obj in with_children(scene, objects)}
    with ExitStack() as settings:

        def use(owner: Any, **values: Any) -> None:
            settings.enter_context(temporarily(owner, values))

        span = 0.0
        unseen = hidden(scene)
        around = joined(extent for name, extent in extents(scene).items() if name in shown and name not in unseen)
        for obj in scene.objects:
            if obj.type == "LIGHT" or (objects and obj.name not in shown):
                use(obj, hide_render=True)
        use(scene, world=_white_world(settings))
        if view != "camera" and len(around.points):
            camera, span = _camera(settings, scene, view, around.points)
            use(scene, camera=camera)
            use(scene.render, resolution_x=size, resolution_y=size, pixel_aspect_x=1.0, pixel_aspect_y=1.0)
        _headlight(settings, scene)
        at_size(settings, scene, size)
        use(scene.render, engine="CYCLES", film_transparent=True)
        use(scene.render.image_settings, file_format="PNG", color_mode="RGBA", color_depth="8")
        use(scene.view_settings, **plain.VIEW)
        steady = {"device": "CPU", "samples": samples, "seed": 0, "use_animated_seed": False, "time_limit": 0.0}
        use(scene.cycles, **steady, use_denoising=can_denoise())
        bpy.ops.render.render()
        bpy.data.images["Render Result"].save_render(str(path), scene=scene)
    return span


def _white_world(settings: ExitStack) -> bpy.types.World:
    world = bpy.data.worlds.new("seig white")
    settings.callback(bpy.data.worlds.remove, world)
    if world.node_tree is None:
        world.use_nodes = True
    nodes = world.node_tree.nodes
    nodes.clear()
    background, output = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeOutputWorld")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = _WORLD
    world.node_tree.links.new(background.outputs[0], output.inputs["Surface"])
    return world


def _headlight(settings: ExitStack, scene: bpy.types.Scene) -> None:
    """Add light from where the camera looks, without shadows: rooms that the world does not reach are lit too."""
    data = bpy.data.lights.new("seig headlight", "SUN")
    settings.callback(bpy.data.lights.remove, data)  # and with it its object
    data.energy, data.use_shadow = _SUN, False
    sun = bpy.data.objects.new("seig headlight", data)
    scene.collection.objects.link(sun)
    sun.rotation_mode = "QUATERNION"
    # Over the camera's shoulder: straight from it, what faces it would gleam.
    sun.rotation_quaternion = scene.camera.matrix_world.to_quaternion() @ Euler(_SHOULDER).to_quaternion()


def _camera(
    settings: ExitStack, scene: bpy.types.Scene, view: str, points: np.ndarray
) -> tuple[bpy.types.Object, float]:
    """Make a camera that sees all points from a side; also how many metres its picture spans, 0 if that depends."""
    data = bpy.data.cameras.new("seig view")
    settings.callback(bpy.data.cameras.remove, data)
    camera = bpy.data.objects.new("seig view", data)
    scene.collection.objects.link(camera)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    straight = view in _SIDES
    way = Vector(_SIDES[view]) if straight else _three_quarter(scene, view) if view in _TURNS else _back(scene, middle)
    # Straight down there is no up to keep to: what is farther from the viewer is farther up.
    turn = Quaternion() if view == "top" else (-way).to_track_quat("-Z", "Y")
    seen = (points - middle) @ np.array(turn.to_matrix())
    reach = max(float(np.linalg.norm(seen, axis=1).max()), 1e-3)
    span = max(float(np.ptp(seen[:, :2], axis=0).max()), 1e-3) * _ROOM
    distance = 2 * reach if straight else _ROOM * reach / math.sin(data.angle / 2)
    if straight:
        data.type, data.ortho_scale = "ORTHO", span
    # What stands between the camera and the objects is cut away.
    data.clip_start, data.clip_end = distance - 1.01 * reach, distance + 1000 * reach
    camera.rotation_mode = "QUATERNION"
    camera.rotation_quaternion = turn
    camera.location = Vector(middle) + distance * way
    scene.view_layers[0].update()
    return camera, span if straight else 0.0


def _three_quarter(scene: bpy.types.Scene, view: str) -> Vector:
    """The direction from the objects to a camera: that of the scene's, turned about z, a little from above."""
    ahead = scene.camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    away = math.atan2(-ahead.y, -ahead.x) if math.hypot(ahead.x, ahead.y) > 1e-3 else -math.pi / 2
    angle = away + math.radians(_TURNS[view])
    up = math.radians(65.0 if view == "above" else _ELEVATION)
    return Vector((math.cos(angle) * math.cos(up), math.sin(angle) * math.cos(up), math.sin(up)))


def _back(scene: bpy.types.Scene, middle: np.ndarray) -> Vector:
    """The direction from a place back to the scene's camera."""
    looks = scene.camera.matrix_world
    if scene.camera.data.type == "ORTHO":
        return looks.to_quaternion() @ Vector((0, 0, 1))
    return (looks.translation - Vector(middle)).normalized() or Vector((0, -1, 0))
