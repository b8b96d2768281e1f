"""Numbers that eyes can't read off a picture, for the questions: places, colours, outlines and light compared.

What is seen in the render is compared with the boxes that a model marked by eye in the reference; so
these are hints for the model, not scores. Lists name every object: what is off with its numbers, worst
first, and what is in order by name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..studio.scene import SceneDescription
from . import colors, outlines
from .factors import ColorGap, cells, common_light, inside, is_compared
from .scene_graph import Box2D, SceneGraph
from .scores import WINDOW, Pixels, structure
from .visible import NOTHING, Mask, Visible

OFF = 0.01  # of the picture: offsets below can't be seen at the size that is compared
_OFF_COLOR = 3.0  # CIELAB: the same for colours
_OFF_OUTLINE = 0.3  # of an outline that lies on no edge of the reference: the rest is chance and shadow
_CAMERA = (0.01, 0.02)  # shift and scale of all boxes together that are worth a word
_FAR = 0.1  # of the picture: things nearer to each other than this say nothing about a scale
_PATCHES = 12  # cells a side in which the worst patches are looked for
_WORST = 6  # patches that are named
_LEAST_ALIKE = 8  # objects that are named
_SIDES = ("left", "top", "right", "bottom")


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
    """Say by how much all boxes together are off, which is the camera's or the whole arrangement's doing.

    Each object has one vote, its middle, and most must agree: a median counts only if half of the votes
    lie within half of it. Else it is single objects that are off.
    """
    pairs = [(leaf.box, box) for leaf in graph.leaves if is_compared(leaf) and (box := seen.box(leaf.name))]
    if len(pairs) < 4:
        return []
    marked, now = (np.array(boxes) for boxes in zip(*pairs, strict=True))
    words = []
    for axis, name, (less, more) in ((0, "across", ("left", "right")), (1, "down", ("up", "down"))):
        wanted, got = marked[:, axis::2].mean(axis=1), now[:, axis::2].mean(axis=1)
        scale, spread = _agreed(_slopes(wanted, got) - 1, _CAMERA[1])
        if scale:
            words.append(f"{abs(scale):.0%} ± {spread:.0%} too {'large' if scale > 0 else 'small'} {name}")
        shift, spread = _agreed(got - 0.5 - (1 + scale) * (wanted - 0.5), _CAMERA[0])
        if shift:
            words.append(f"{abs(shift):.3f} ± {spread:.3f} too far {more if shift > 0 else less}")
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
    """Name the objects whose outlines in the render lie on no edges of the reference, worst first.

    The others are not named: where there are many edges, any outline lies on one.
    """
    shares = sorted(outlines.stray(graph, reference, seen).items(), key=lambda item: (-item[1], item[0]))
    off = [f"{name} {share:.0%}" for name, share in shares if share >= _OFF_OUTLINE]
    return [f"share of the outline that lies on no edge of the reference: {', '.join(off)}"] if off else []


def likeness(graph: SceneGraph, seen: Visible, render: Pixels, reference: Pixels) -> list[str]:
    """Name the objects whose places look least alike but for brightness, around what is marked and what is seen."""
    if min(render.shape[:2]) < WINDOW:
        return []
    alike = np.pad(structure(render, reference), WINDOW // 2, mode="edge")
    found = {}
    for leaf in graph.leaves:
        if is_compared(leaf) and leaf.box is not None:
            place = inside(leaf.box, alike.shape) | seen.mask(leaf.name)
            if place.sum() >= 2 * WINDOW**2:  # of less, it is about what stands around
                found[leaf.name] = float(alike[place].mean())
    least = sorted(found, key=lambda name: (found[name], name))[:_LEAST_ALIKE]
    words = ", ".join(f"{name} {found[name]:.2f}" for name in least)
    return [f"places that look least alike, shapes and patterns, 1 is the same: {words}"] if least else []


def object_colors(gaps: Sequence[ColorGap], misplaced: Collection[str]) -> list[str]:
    """Compare each leaf's mean colour over its visible pixels, apart from the light they share, worst first.

    Of those `misplaced` the reference shows something else there, which is said.
    """
    light = common_light(list(gaps))
    lines, right = [], []
    for gap in sorted(gaps, key=lambda gap: (-gap.difference(light), gap.name)):
        apart = gap.difference(light)
        if apart < _OFF_COLOR:
            right.append(gap.name)
            continue
        wanted, got = (colors.hex_color(colors.srgb(np.array(each))) for each in (gap.wanted, gap.got))
        line = f"{gap.name}: reference {wanted}, render {got}, ΔE {apart:.0f}, {_factor(gap.ratio() / light)}"
        line += " (thin: its neighbours mix in)" if gap.thin else ""
        if gap.middle is not None:
            line += f" (mixed: most of its pixels are {colors.hex_color(colors.srgb(np.array(gap.middle)))})"
        lines.append(f"{line} (out of place: it is compared with what lies there)" if gap.name in misplaced else line)
    head = f"all colours together: {_factor(light)} (light; divided out below)"
    return [head, *lines, *_in_order(f"colours that fit within ΔE {_OFF_COLOR:g}", right)]


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


def light(gaps: Sequence[ColorGap], render: Pixels, reference: Pixels, grid: colors.Floats) -> list[str]:
    """Compare light: as one factor and its tint, clipped areas, and brightness on a coarse grid, nan where unknown."""
    white = [float((picture > 0.99).all(axis=2).mean()) for picture in (reference, render)]
    black = [float((picture < 0.01).all(axis=2).mean()) for picture in (reference, render)]
    rows = [" ".join("   ·" if np.isnan(cell) else f"{round(255 * cell):+4d}" for cell in row) for row in grid]
    return [
        light_factor(render, reference),
        f"its tint, over all objects: {_factor(common_light(list(gaps)))}",
        f"pure white: {white[0]:.1%} of the reference, {white[1]:.1%} of the render; "
        f"pure black: {black[0]:.1%} and {black[1]:.1%}",
        "brightness of the render minus the reference, 0 to 255, on a grid from the top left, where both show the "
        "same thing:\n  " + "\n  ".join(rows),
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


def _agreed(votes: colors.Floats, least: float) -> tuple[float, float]:
    """The median of votes and how far from it half of them lie; both 0 if it is small, or they disagree."""
    middle = float(np.median(votes)) if len(votes) else 0.0
    spread = float(np.median(np.abs(votes - middle))) if len(votes) else 0.0
    return (middle, spread) if abs(middle) >= least and spread <= abs(middle) / 2 else (0.0, 0.0)


def _slopes(x: colors.Floats, y: colors.Floats) -> colors.Floats:
    """How much faster y grows than x, as each point sees it: the median of its slopes to those far enough from it."""
    found = []
    for place, start in enumerate(x):
        far = np.abs(x - start) > _FAR
        if far.any():
            found.append(np.median((y[far] - y[place]) / (x[far] - start)))
    return np.array(found)
