"""What stage programs may call, imported by them as `seig_kit`.

Plain functions over bpy's data, in Blender's units: world positions in metres with z up, sizes in
metres, angles in degrees. Each works on the current scene, gets or creates by name, and raises a
ValueError that says what was given and what is expected. The export carries the functions that a
program uses as source text, so they are top-level functions and constants with names of their own.
"""

from .freeform import mesh, sheet
from .lights import area_light, exposure, point_light, spot_light, sun, world
from .materials import assign, fabric, material, noise, wood
from .placement import (
    at_depth,
    height_at,
    height_to_row,
    level_camera,
    on_object,
    on_plane,
    project,
    put_on,
    put_on_ground,
    set_camera,
    tilted_camera,
    width_at,
)
from .scene import start_scene, start_stage
from .shapes import box, cone, cylinder, extrude, group, lathe, plane, rounded_box, slab, sphere, tube
from .tuning import own_material, set_base_color, set_glow, set_light, swing_light, tint, tint_world

__all__ = [
    "area_light",
    "assign",
    "at_depth",
    "box",
    "cone",
    "cylinder",
    "exposure",
    "extrude",
    "fabric",
    "group",
    "height_at",
    "height_to_row",
    "lathe",
    "level_camera",
    "material",
    "mesh",
    "noise",
    "on_object",
    "on_plane",
    "own_material",
    "plane",
    "point_light",
    "project",
    "put_on",
    "put_on_ground",
    "rounded_box",
    "set_base_color",
    "set_camera",
    "set_glow",
    "set_light",
    "sheet",
    "slab",
    "sphere",
    "spot_light",
    "start_scene",
    "start_stage",
    "sun",
    "swing_light",
    "tilted_camera",
    "tint",
    "tint_world",
    "tube",
    "width_at",
    "wood",
    "world",
]
