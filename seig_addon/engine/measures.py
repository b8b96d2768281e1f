"""Numbers that eyes can't read off a picture, for the questions: places, colours, outlines and light compared.

What is seen in the render is compared with the boxes that a model marked by eye in the reference; so
these are hints for the model, not scores. Lists name every object: what is off with its numbers, worst
first, and what is in order by name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..studio.scene import SceneDescription
from . import colors, outlines
from .factors import DARK, FEW, ColorGap, cells, common_light, inside, is_compared, light_grid, measured_on
from .scene_graph import Box2D, SceneGraph
from .scores import Pixels
from .visible import NOTHING, Mask, Visible

OFF = 0.01  # of the picture: offsets below can't be seen at the size that is compared
_OFF_COLOR = 3.0  # CIELAB: the same for colours
_OFF_OUTLINE = 0.3  # of an outline that lies on no edge of the reference: the rest is chance and shadow
_CAMERA = (0.01, 0.02)  # shift and scale of all boxes together that are worth a word
_PATCHES = 12  # cells a side in which the worst patches are looked for
_WORST = 6  # patches that are named
_BASE = (0.003, 0.9)  # linear: what a base color may reasonably be
_SIDES = ("left", "top", "right", "bottom")


def seen_colors(graph: SceneGraph, reference: Pixels) -> list[str]:
    """Say which colour (sRGB) the reference shows in the middle of each leaf's box."""
    lines = []
    for leaf in graph.leaves:
        seen = _middle(reference, leaf.box) if leaf.box is not None else None
        if seen is not None:
            lines.append(f"{leaf.name}: shows {colors.hex_color(seen)} in the middle of its box")
    return lines


def unseen(graph: SceneGraph, scene: SceneDescription, seen: Visible) -> list[str]:
    """Name the leaves that are in view but hidden behind others, and what stands before them."""
    lines = []
    for leaf in graph.leaves:
        there = next((each for each in scene.objects if each.name == leaf.name), None)
        if there is None or not there.visible or there.box is None or seen.mask(leaf.name).any():
            continue
        before = _shown(seen, inside(there.box, seen.index.shape))
        what = f": before it stands {', '.join(before[:3])}" if before else ""
        lines.append(f"{leaf.name} can't be seen in the render{what}")
    return lines


def camera(graph: SceneGraph, seen: Visible) -> list[str]:
    """Say by how much all boxes together are off, which is the camera's or the whole arrangement's doing."""
    pairs = [(leaf.box, box) for leaf in graph.leaves if is_compared(leaf) and (box := seen.box(leaf.name))]
    if len(pairs) < 4:
        return []
    marked, now = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    words = []
    for axis, name, (less, more) in ((0, "across", ("left", "right")), (1, "down", ("up", "down"))):
        wanted, got = marked[:, axis::2].ravel(), now[:, axis::2].ravel()
        scale = _slope(wanted, got)
        shift = float(np.median(got - scale * (wanted - 0.5))) - 0.5
        if abs(shift) >= _CAMERA[0]:
            words.append(f"{abs(shift):.3f} too far {more if shift > 0 else less}")
        if abs(scale - 1) >= _CAMERA[1]:
            words.append(f"{abs(scale - 1):.0%} too {'large' if scale > 1 else 'small'} {name}")
    return [f"all boxes together: {', '.join(words)} (camera, or the whole arrangement)"] if words else []


def box_offsets(graph: SceneGraph, seen: Visible) -> list[str]:
    """Compare each object's marked box with that of what is seen of it, worst first."""
    off = sorted(offsets(graph, seen).items(), key=lambda item: (-max(map(abs, item[1])), item[0]))
    marked = {leaf.name: leaf.box for leaf in graph.leaves}
    lines, right = [], []
    for name, sides in off:
        words = [f"{side} {by:+.3f}" for side, by in zip(_SIDES, sides, strict=True) if abs(by) >= OFF]
        if words:
            lines.append(f"{name}: marked {_box(marked[name])}, seen {_box(seen.box(name))}, off by {', '.join(words)}")
        else:
            right.append(name)
    return [*lines, *_in_order(f"in place within {OFF:g}", right)]


def offsets(graph: SceneGraph, seen: Visible) -> dict[str, Box2D]:
    """Seen minus marked box of each object that can be seen."""
    found = {}
    for leaf in graph.leaves:
        now = seen.box(leaf.name)
        if is_compared(leaf) and leaf.box is not None and now is not None:
            a, b, c, d = (round(float(n - m), 4) for n, m in zip(now, leaf.box, strict=True))
            found[leaf.name] = (a, b, c, d)
    return found


def stray_outlines(graph: SceneGraph, reference: Pixels, seen: Visible) -> list[str]:
    """Name the objects whose outlines in the render lie on no edges of the reference, worst first."""
    shares = sorted(outlines.stray(graph, reference, seen).items(), key=lambda item: (-item[1], item[0]))
    off = [f"{name} {share:.0%}" for name, share in shares if share >= _OFF_OUTLINE]
    right = [name for name, share in shares if share < _OFF_OUTLINE]
    lines = [f"share of the outline that lies on no edge of the reference: {', '.join(off)}"] if off else []
    return [*lines, *_in_order("outlines that fit", right)]


def object_colors(gaps: Sequence[ColorGap]) -> list[str]:
    """Compare each leaf's mean colour over its visible pixels, apart from the light they share, worst first."""
    light = common_light(list(gaps))
    lines, right = [], []
    for gap in sorted(gaps, key=lambda gap: (-gap.difference(light), gap.name)):
        apart = gap.difference(light)
        if apart < _OFF_COLOR:
            right.append(gap.name)
            continue
        wanted, got = (colors.hex_color(colors.srgb(np.array(each))) for each in (gap.wanted, gap.got))
        lines.append(f"{gap.name}: reference {wanted}, render {got}, ΔE {apart:.0f}, {_factor(gap.ratio() / light)}")
    head = f"all colours together: {_factor(light)} (light; divided out below)"
    return [head, *lines, *_in_order(f"colours that fit within ΔE {_OFF_COLOR:g}", right)]


def base_colors(
    graph: SceneGraph,
    scene: SceneDescription,
    seen: Visible,
    gaps: Sequence[ColorGap],
    render: Pixels,
    reference: Pixels,
) -> list[str]:
    """Suggest base colors: each material's own times what its visible pixels lack, apart from the light.

    The median over pixels, because some show another object in the reference.
    """
    apart = common_light(list(gaps))
    ratios = (colors.linear(reference) + DARK) / (colors.linear(render) + DARK) / apart
    sure = np.zeros(seen.index.shape, bool)
    for leaf in graph.leaves:
        sure |= measured_on(leaf, seen)
    own = {each.name: each.base_color for each in scene.materials}
    lines = []
    for number, name in enumerate(seen.material_names):
        base, mask = own.get(name), sure & (seen.materials == number)
        if base is None or mask.sum() < FEW:
            continue
        ratio = np.median(ratios[mask], axis=0)
        wanted = colors.hex_color(colors.srgb(np.clip(colors.linear(colors.from_hex(base)) * ratio, *_BASE)))
        if float(colors.difference(colors.from_hex(base), colors.from_hex(wanted))) >= _OFF_COLOR:
            lines.append(f"material {name}: base color {base}, suggested {wanted}")
    return lines


def worst_patches(seen: Visible, render: Pixels, reference: Pixels) -> list[str]:
    """Name the patches with most of the squared error, with what the render shows there."""
    error = ((render - reference) ** 2).mean(axis=2)
    height, width = error.shape
    sums, rows, columns = cells(error, _PATCHES)
    whole = max(float(sums.sum()), 1e-9)
    words = []
    for place in np.argsort(-sums, axis=None, kind="stable")[:_WORST]:
        y, x = np.unravel_index(place, sums.shape)
        cell = np.zeros(error.shape, bool)
        cell[rows[y] : rows[y + 1], columns[x] : columns[x + 1]] = True
        shown = _shown(seen, cell)
        box = columns[x] / width, rows[y] / height, columns[x + 1] / width, rows[y + 1] / height
        words.append(f"{_box(box)} ({sums[y, x] / whole:.0%}; {', '.join(shown[:2]) or 'background'})")
    return [f"worst patches, with their share of the squared error: {'; '.join(words)}"]


def light_factor(render: Pixels, reference: Pixels) -> str:
    """Say by how much all light together is off."""
    factor = float(colors.linear(reference).mean() / max(colors.linear(render).mean(), 1e-6))
    return f"all light together would have to change by a factor of {factor:.2f}"


def light(gaps: Sequence[ColorGap], render: Pixels, reference: Pixels) -> list[str]:
    """Compare light: as one factor and its tint, clipped areas, and brightness on a coarse grid."""
    white = [float((picture > 0.99).all(axis=2).mean()) for picture in (reference, render)]
    black = [float((picture < 0.01).all(axis=2).mean()) for picture in (reference, render)]
    rows = [" ".join(f"{round(255 * cell):+4d}" for cell in row) for row in light_grid(render, reference)]
    return [
        light_factor(render, reference),
        f"its tint, over all objects: {_factor(common_light(list(gaps)))}",
        f"pure white: {white[0]:.1%} of the reference, {white[1]:.1%} of the render; "
        f"pure black: {black[0]:.1%} and {black[1]:.1%}",
        "brightness of the render minus the reference, 0 to 255, on a grid from the top left:\n  " + "\n  ".join(rows),
    ]


def _shown(seen: Visible, part: Mask) -> list[str]:
    """The leaves that are seen in a part of the picture, most first."""
    places, counts = np.unique(seen.index[part], return_counts=True)
    order = sorted(zip(-counts, places, strict=True))
    return [seen.names[place] for _, place in order if place != NOTHING]


def _in_order(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}"] if names else []


def _factor(ratio: colors.Floats) -> str:
    return "linear factor r g b " + " ".join(f"{part:.2f}" for part in ratio)


def _box(box: Box2D | None) -> str:
    return " ".join(f"{side:.3f}" for side in box) if box else "nothing"


def _slope(x: colors.Floats, y: colors.Floats) -> float:
    """The line through points that half of them may be wrong about: the median of all pairs' slopes."""
    first, second = np.triu_indices(len(x), 1)
    run = x[second] - x[first]
    far = np.abs(run) > 0.1
    return float(np.median((y[second] - y[first])[far] / run[far])) if far.any() else 1.0


def _middle(picture: Pixels, box: Box2D) -> Pixels | None:
    """Mean colour of the box's middle half, where its outline and what stands around it matter least."""
    height, width, _ = picture.shape
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in box)
    quarter_x, quarter_y = (right - left) / 4, (bottom - top) / 4
    x0, x1 = int((left + quarter_x) * width), int(np.ceil((right - quarter_x) * width))
    y0, y1 = int((top + quarter_y) * height), int(np.ceil((bottom - quarter_y) * height))
    if x1 <= x0 or y1 <= y0:
        return None
    mean: Pixels = picture[y0:y1, x0:x1].mean(axis=(0, 1))
    return mean
