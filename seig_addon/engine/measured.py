"""What is told in numbers at each stage: its own factor in full, and in a line what belongs to other stages."""

from __future__ import annotations

from PIL import Image

from . import measures, picture
from .base_colors import base_colors
from .factors import box_agreement, color_gaps, light_grid, same_leaf
from .look import Look
from .scene_graph import SceneGraph
from .siblings import together
from .stages import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS, Stage

_MISPLACED = 0.7  # intersection over union of marked and seen box: below, colours are compared with something else


def measured(stage: Stage, graph: SceneGraph, look: Look, reference: Image.Image) -> list[str]:
    """Lines for the section "Measured" of a question about this look: scores, faults, and the stage's measures."""
    render = picture.pixels(look.render)
    wanted = picture.pixels(reference, look.render.size)
    seen, scores = look.seen, look.scores
    lines = [f"PSNR {scores.psnr:.2f} dB, SSIM {scores.ssim:.3f}"]
    if scores.factors is not None:
        each = scores.factors.model_dump(exclude_none=True)
        lines.append("scores, 0 to 1: " + ", ".join(f"{name} {value:.2f}" for name, value in each.items()))
    lines += look.faults
    lines += measures.unseen(graph, look.scene, seen) if stage in (GEOMETRY, COMPOSITION) else []
    graph, seen = together(graph, seen)
    gaps = color_gaps(graph, seen, render, wanted)
    # The camera and the overall light come first: what they are off by is no single object's fault.
    if stage is GEOMETRY:
        lines += [*measures.camera(graph, seen), measures.light_factor(render, wanted)]
        lines += measures.stray_outlines(graph, wanted, seen)
        lines += measures.box_offsets(graph, seen)
        lines += measures.likeness(graph, seen, render, wanted)
        lines += measures.worst_patches(seen, render, wanted)
    elif stage is MATERIALS:
        misplaced = {name for name, overlap in box_agreement(graph, seen).items() if overlap < _MISPLACED}
        lines += measures.object_colors(gaps, misplaced)
        lines += base_colors(graph, look.scene, seen, gaps, render, wanted)
        lines += measures.likeness(graph, seen, render, wanted)
    elif stage is COMPOSITION:
        lines += [*measures.camera(graph, seen), *measures.box_offsets(graph, seen)]
    elif stage is LIGHTING:
        lines += measures.light(gaps, render, wanted, light_grid(render, wanted, same_leaf(graph, seen)))
        lines += [f"each light's share of the render's light: {', '.join(look.renders)}"] if look.renders else []
    return lines
