"""Lights by name, the world and the exposure.

Colours as for materials; power in watts; locations and targets in world metres.
"""

import math
from collections.abc import Sequence

import bpy
from mathutils import Vector

from .materials import _linear
from .placement import _aim
from .scene import _find, _light_world, _link, _number, _numbers, _size


def sun(
    name: str,
    elevation: float,
    azimuth: float,
    strength: float = 3.0,
    color: str | Sequence[float] = "#ffffff",
    softness: float = 1.0,
) -> bpy.types.Object:
    """Sunlight from elevation degrees above the horizon and from azimuth degrees.

    Azimuth 0 = from the back (+Y), 90 = from the right (+X), 180 = from behind the viewer,
    270 = from the left. strength in W/m²; softness = the sun's diameter in degrees.
    """
    up = math.radians(_number(elevation, f"{name}: elevation (degrees)", -90.0, 90.0))
    around = math.radians(_number(azimuth, f"{name}: azimuth (degrees)", -360.0, 360.0))
    softness = math.radians(_number(softness, f"{name}: softness (degrees)", 0.0, 180.0))
    flat = math.cos(up)
    towards = Vector((flat * math.sin(around), flat * math.cos(around), math.sin(up)))
    strength = _number(strength, f"{name}: strength", 0.0)
    light = _light(name, "SUN", 10.0 * towards, (0.0, 0.0, 0.0), strength, color)
    light.data.angle = softness
    return light


def area_light(
    name: str,
    location: Sequence[float],
    target: Sequence[float],
    size: float | Sequence[float] = 1.0,
    power: float = 100.0,
    color: str | Sequence[float] = "#ffffff",
) -> bpy.types.Object:
    """Square of side size, or rectangle (x, y), shining towards target."""
    try:
        sides = tuple(size)
    except TypeError:
        sides = (size, size)
    x, y = (_size(side, f"{name}: size") for side in _numbers(sides, 2, f"{name}: size"))
    light = _light(name, "AREA", location, target, _number(power, f"{name}: power", 0.0), color)
    light.data.shape = "SQUARE" if x == y else "RECTANGLE"
    light.data.size, light.data.size_y = x, y
    return light


def point_light(
    name: str,
    location: Sequence[float],
    power: float = 50.0,
    color: str | Sequence[float] = "#ffffff",
    radius: float = 0.05,
) -> bpy.types.Object:
    """Bulb of this radius (metres), its middle at location."""
    radius = _number(radius, f"{name}: radius", 0.0)
    light = _light(name, "POINT", location, None, _number(power, f"{name}: power", 0.0), color)
    light.data.shadow_soft_size = radius
    return light


def spot_light(
    name: str,
    location: Sequence[float],
    target: Sequence[float],
    power: float = 100.0,
    color: str | Sequence[float] = "#ffffff",
    angle: float = 45.0,
    radius: float = 0.05,
) -> bpy.types.Object:
    """Cone of light towards target, angle degrees wide (1..180)."""
    angle = math.radians(_number(angle, f"{name}: angle (degrees)", 1.0, 180.0))
    radius = _number(radius, f"{name}: radius", 0.0)
    light = _light(name, "SPOT", location, target, _number(power, f"{name}: power", 0.0), color)
    light.data.spot_size = angle
    light.data.shadow_soft_size = radius
    return light


def world(color: str | Sequence[float], strength: float = 1.0) -> bpy.types.World:
    """Even light from all around, also seen as the background."""
    strength = _number(strength, "world: strength", 0.0)
    return _light_world(bpy.context.scene, _linear(color), strength)


def exposure(ev: float) -> None:
    """Brighten (+) or darken (-) the whole picture by ev stops, -10..10; 0 is neutral."""
    bpy.context.scene.view_settings.exposure = _number(ev, "exposure (stops)", -10.0, 10.0)


def _light(
    name: str,
    kind: str,
    location: Sequence[float],
    target: Sequence[float] | None,
    energy: float,
    color: str | Sequence[float],
) -> bpy.types.Object:
    """Make a light of this kind, or turn the one of this name into it, after checking all values."""
    location = Vector(_numbers(location, 3, f"{name}: location"))
    rotation = (0.0, 0.0, 0.0) if target is None else _aim(location, target, f"{name}: target")
    color = _linear(color)
    obj = _find(name, "LIGHT") or _link(name, bpy.data.lights.new(name, kind))
    obj.data.type = kind
    obj.data.energy, obj.data.color = energy, color
    obj.rotation_mode = "XYZ"
    obj.location, obj.rotation_euler = location, rotation
    return obj
