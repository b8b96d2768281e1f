"""Programs as text: the scaffold, and what each later stage changes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...engine import colors
from .light import Light, on_solid
from .placement import Layout, Solid
from .raster import Floats, to_hex

HEADER = "# {what}: a block-out without AI, by classical image analysis."
_MATT, _SATIN = 0.9, 0.7  # roughness of surfaces and of things: no gloss is measured
BRIGHTEST = 0.9  # linear: no real surface reflects more


def scaffold(
    layout: Layout, light: Light, ground: Floats, backdrop: Floats, groups: Mapping[str, Sequence[str]]
) -> str:
    """Write the program of initialization: camera, surfaces, every thing as a plain solid, light."""
    view, wall = layout.view, layout.wall + layout.view.y
    wide = round(2.2 * layout.wall / view.across + 2.0, 1)
    near = round(view.y - 1.0, 2)
    deep = round(wall - near + 0.05, 2)
    tall = round(max(view.z(-0.2, layout.wall), 1.0) + 0.5, 2)
    ground_color = first_color(ground, light.on((0.0, 0.0, 0.0), True))
    backdrop_color = first_color(backdrop, light.on((0.0, wall, 0.5), False))
    lines = [
        HEADER.format(what="Scaffold"),
        "from seig_kit import area_light, box, group, level_camera, material, plane, sphere, sun, world",
        "",
        f"level_camera(height={view.height:.3f}, horizon={view.horizon:.4f}, lens={view.lens:.0f}, "
        f"location=(0.0, {view.y:.3f}))",
        "",
        "# Surfaces: the ground ends where the backdrop stands on it.",
        f'paint = material("Ground", "{ground_color}", roughness={_MATT})',
        f'plane("Ground", ({wide}, {deep}), (0.0, {near + deep / 2:.3f}, 0.0), material=paint)',
        f'paint = material("Backdrop", "{backdrop_color}", roughness={_MATT})',
        f'plane("Backdrop", ({wide}, {tall}), (0.0, {wall:.3f}, {tall / 2:.3f}), (90, 0, 0), material=paint)',
        "",
        "# Things: base colors are the regions' medians, less the light that they stand in.",
    ]
    for solid in layout.solids:
        name = solid.thing.name
        color = first_color(solid.thing.color, on_solid(light, solid))
        lines.append(f'paint = material("{name}", "{color}", roughness={_SATIN})')
        lines.append(_plain(solid))
    if groups:
        lines += ["", "# Things that touch belong together."]
        lines += [f'group("{name}", {_listed(members)})' for name, members in groups.items()]
    lines += ["", "# Light: from the shading of the surfaces.", *lit(light)]
    return "\n".join(lines) + "\n"


def refined_shapes(solids: Sequence[Solid]) -> str:
    """Write the program of geometry: each thing in its outline, turned, or with rounded edges."""
    lines = [HEADER.format(what="Shapes"), "from seig_kit import extrude, lathe, rounded_box", ""]
    for solid in solids:
        lines += _refined(solid)
    if not solids:
        lines.append("# There are only surfaces.")
    return "\n".join(lines) + "\n"


def painted(bases: Mapping[str, Floats]) -> str:
    """Write the program of materials; bases are linear base colors by material."""
    lines = [HEADER.format(what="Base colors, measured"), "from seig_kit import material", ""]
    for name, color in bases.items():
        roughness = _MATT if name in ("Ground", "Backdrop") else _SATIN
        lines.append(f'material("{name}", "{to_hex(colors.srgb(color))}", roughness={roughness})')
    return "\n".join(lines) + "\n"


def moved(moves: Mapping[str, tuple[float, float]]) -> str:
    """Write the program of composition; moves in metres across and up, by object."""
    if not moves:
        return nothing_to_do("every box is in its place")
    lines = [
        HEADER.format(what="Places, measured"),
        "import bpy",
        "",
        "",
        "def move(name, x, z):",
        "    location = bpy.context.scene.objects[name].location",
        "    location.x += x",
        "    location.z += z",
        "",
        "",
    ]
    lines += [f'move("{name}", {x:.3f}, {z:.3f})' for name, (x, z) in moves.items()]
    return "\n".join(lines) + "\n"


def relit(world: float, key: float) -> str:
    """Write the program of lighting: strengths of the world and the lamp."""
    lines = [
        HEADER.format(what="Light, measured"),
        "import bpy",
        "from seig_kit import world",
        "",
        f'world("#ffffff", {world:.3f})',
        f'bpy.context.scene.objects["Key"].data.energy = {key:.3f}',
    ]
    return "\n".join(lines) + "\n"


def nothing_to_do(why: str) -> str:
    """Write a program that changes nothing and says so."""
    return f'{HEADER.format(what="Nothing to change")}\nprint("Nothing to change: {why}.")\n'


def lit(light: Light) -> list[str]:
    """Lines that set the lamp and the world."""
    world = f'world("#ffffff", {light.world:.3f})'
    if light.place is None:
        # A sun's light on a face turned to it is strength / pi.
        strength = light.lamp * math.pi
        return [f'sun("Key", elevation=50, azimuth=215, strength={strength:.3f}, softness=30)', world]
    place, target = _tuple(light.place), _tuple(light.target)
    return [f'area_light("Key", {place}, {target}, size=1.5, power={light.power:.1f})', world]


def first_color(seen: Floats, light: float) -> str:
    """Guess a base color from the sRGB colour that is seen under an amount of light."""
    return to_hex(colors.srgb((colors.linear(seen) / light).clip(0.01, BRIGHTEST)))


def _plain(solid: Solid) -> str:
    name, place = solid.thing.name, _tuple(solid.location)
    if solid.kind == "ball":
        return f'sphere("{name}", {_tuple(solid.size)}, {place}, material=paint)'
    return f'box("{name}", {_tuple(solid.size)}, {place}, material=paint)'


def _refined(solid: Solid) -> list[str]:
    name, (x, y, z) = solid.thing.name, solid.location
    points = ", ".join(f"({a:g}, {b:g})" for a, b in solid.points)
    thin = min(solid.size)
    if solid.kind == "turned":
        return [f'lathe("{name}", [{points}])']
    if solid.kind == "outline":
        front = (x, y - solid.size[1] / 2.0, z)
        return [f'extrude("{name}", [{points}], {solid.size[1]:.3f}, {_tuple(front)})']
    if solid.kind == "flat":
        # Outlined from above: laid on its back, so that it grows down from its top.
        top = (x, y, z + solid.size[2])
        return [f'extrude("{name}", [{points}], {solid.size[2]:.3f}, {_tuple(top)}, (-90, 0, 0))']
    if solid.kind == "box" and thin > 0.03:
        return [f'rounded_box("{name}", {_tuple(solid.size)}, radius={0.06 * thin:.3f})']
    return []


def _tuple(values: Sequence[float]) -> str:
    return f"({', '.join(f'{value:.3f}' for value in values)})"


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
