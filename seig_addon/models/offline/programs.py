"""Programs as text: the scaffold, and what each later stage changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .placement import Layout, Solid
from .raster import Floats, to_hex, to_linear, to_srgb

HEADER = "# {what}: a block-out without AI, by classical image analysis."
BRIGHTEST = 0.9  # linear: no real surface reflects more
_FRONT_LIGHT, _TOP_LIGHT = 0.87, 1.0  # what the scaffold's light gives upright and level faces, about


def scaffold(layout: Layout, ground: Floats, backdrop: Floats, groups: Mapping[str, Sequence[str]]) -> str:
    """Write the program of initialization: camera, surfaces, every thing as a plain solid, light."""
    view, wall = layout.view, layout.wall + layout.view.y
    wide = round(2.2 * layout.wall / view.across + 2.0, 1)
    near = round(view.y - 1.0, 2)
    deep = round(wall - near + 0.05, 2)
    tall = round(max(view.z(-0.2, layout.wall), 1.0) + 0.5, 2)
    lines = [
        HEADER.format(what="Scaffold"),
        "from seig_kit import box, extrude, group, level_camera, material, plane, sphere, sun, world",
        "",
        f"level_camera(height={view.height:.3f}, horizon={view.horizon:.4f}, lens={view.lens:.0f}, "
        f"location=(0.0, {view.y:.2f}))",
        "",
        "# Surfaces: the ground ends where the backdrop stands on it.",
        f'plane("Ground", ({wide}, {deep}), (0.0, {near + deep / 2:.3f}, 0.0),',
        f'      material=material("Ground", "{first_color(ground, _TOP_LIGHT)}", roughness=0.9))',
        f'plane("Backdrop", ({wide}, {tall}), (0.0, {wall:.3f}, {tall / 2:.3f}), (90, 0, 0),',
        f'      material=material("Backdrop", "{first_color(backdrop, _FRONT_LIGHT)}", roughness=0.9))',
        "",
        "# Things: base colors are the regions' medians, taken back by about the light they stand in.",
    ]
    for solid in layout.solids:
        name = solid.thing.name
        color = first_color(solid.thing.color, _TOP_LIGHT if solid.kind == "flat" else _FRONT_LIGHT)
        lines.append(f'paint = material("{name}", "{color}", roughness=0.7)')
        lines.append(_plain(solid))
    if groups:
        lines += ["", "# Things that touch belong together."]
        lines += [f'group("{name}", {_listed(members)})' for name, members in groups.items()]
    lines += [
        "",
        "# Light: a soft sun from the front left, and an even world that fills its shadows.",
        'sun("Sun", elevation=50, azimuth=215, strength=1.8, softness=25)',
        'world("#ffffff", 0.7)',
    ]
    return "\n".join(lines) + "\n"


def refined_shapes(layout: Layout) -> str:
    """Write the program of geometry: each thing in its outline, turned, or with rounded edges."""
    lines = [HEADER.format(what="Shapes"), "from seig_kit import extrude, lathe, rounded_box", ""]
    for solid in layout.solids:
        lines += _refined(solid)
    return "\n".join(lines) + "\n"


def painted(colors: Mapping[str, Floats], roughness: Mapping[str, float]) -> str:
    """Write the program of materials; colors are linear base colors by material."""
    lines = [HEADER.format(what="Base colors, measured"), "from seig_kit import material", ""]
    lines += [
        f'material("{name}", "{to_hex(to_srgb(color))}", roughness={roughness.get(name, 0.7):.1f})'
        for name, color in colors.items()
    ]
    return "\n".join(lines) + "\n"


def first_color(seen: Floats, light: float) -> str:
    """Guess a base color from the sRGB colour that is seen under an amount of light."""
    return to_hex(to_srgb((to_linear(seen) / light).clip(0.01, BRIGHTEST)))


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
