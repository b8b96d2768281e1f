"""Measures a run folder without changing it: a row for its result, and for a free loop one for its best round."""

from __future__ import annotations

from pathlib import Path

from seig_addon.engine.picture import open_render
from seig_addon.engine.records import RunRecord
from seig_addon.engine.run_folder import read_record, round_folder
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.engine.solving.passes import light_passes
from seig_addon.engine.stages import INITIALIZATION
from seig_addon.errors import SeigError
from seig_addon.studio.client import Studio

from . import truth
from .pixels import pixel_metrics
from .plan import Cell
from .rows import Row
from .tokens import output_tokens, points

_COLOR_SIZE, _COLOR_SAMPLES = 256, 1  # base colours have no noise to speak of


def measure(cell: Cell, studio: Studio) -> list[Row]:
    """Measure the cell's run; raises SeigError if it has no scene yet."""
    record = read_record(cell.run)
    scene = cell.run / "scene.blend"
    if not scene.is_file():
        raise SeigError(f"{cell.run} has no scene.blend yet; resume that run first.")
    tokens = output_tokens(cell.run, record)
    known = {
        "reference": cell.run / "reference.png",
        "output_tokens": tokens.total,
        "estimated": tokens.estimated,
        "questions": record.asks,
        "cost": record.cost,
        "seconds": record.seconds,
        "note": "" if record.final else "unfinished",
    }
    render = cell.run / "render.png"
    if record.final is None or max(open_render(render).size) != record.render_size(cell.settings.final_size):
        render = _rendered(cell, record, studio, scene, "render.png")
    values = _values(cell, record, studio, scene, render)
    rows = [cell.row(render=render, values=values, points=points(record, tokens), **known)]
    best = _best_round(record)
    if best is not None:
        scene = round_folder(cell.run, INITIALIZATION, best) / "checkpoint.blend"
        render = _rendered(cell, record, studio, scene, "best.png")
        values = _values(cell, record, studio, scene, render)
        note = f"round {best}, chosen by its score afterwards"
        rows.append(cell.row(render=render, values=values, **{**known, "note": note}))
        rows[-1].variant += ", best"
    return rows


def _best_round(record: RunRecord) -> int | None:
    """The free loop's best round by its overall score: what a loop that keeps the best would have given."""
    rounds = [(each.scores.overall, each.number) for each in record.stage(INITIALIZATION).rounds if each.scores]
    return max(rounds)[1] if record.settings.method.free and rounds else None


def _rendered(cell: Cell, record: RunRecord, studio: Studio, scene: Path, name: str) -> Path:
    path = cell.folder / name
    studio.open(scene)
    size = record.render_size(cell.settings.final_size)
    studio.render(path, size=size, samples=cell.settings.final_samples)
    return path


def _values(cell: Cell, record: RunRecord, studio: Studio, scene: Path, render: Path) -> dict[str, float | str]:
    reference = open_render(cell.run / "reference.png")
    values = pixel_metrics(open_render(render), reference)
    if cell.truth is not None and record.graph is not None:
        aspect = reference.width / reference.height
        values |= against_truth(cell.truth, record.graph, aspect, studio, scene, cell.folder)
    return values


def against_truth(
    path: Path, graph: SceneGraph, aspect: float, studio: Studio, scene: Path, folder: Path
) -> dict[str, float | str]:
    """Measure a scene against the truth in NAME.json and NAME.blend; `aspect` is the picture's width over its height.

    `folder` takes a file in passing.
    """
    known = truth.read(path)
    studio.open(scene)
    described, camera = studio.describe(), studio.places().camera
    wanted = {name: each.box for name, each in known.objects.items()}
    pairs = truth.matched(wanted, truth.boxes_of(graph, described))
    values: dict[str, float | str] = {
        "recall": len(pairs) / len(wanted),
        "box_iou": sum(amount for _, amount in pairs.values()) / len(pairs) if pairs else "no object found",
    }
    if camera is not None:
        values |= truth.camera_errors(truth.view(camera), truth.true_view(known.camera, aspect))
    original = path.with_suffix(".blend")
    if original.is_file():
        leaves = [leaf.name for leaf in graph.leaves]
        got = _base_colors(studio, scene, leaves, folder)
        values["base_color"] = truth.color_error(pairs, _base_colors(studio, original, list(wanted), folder), got)
    return values


def _base_colors(studio: Studio, scene: Path, names: list[str], folder: Path) -> truth.Colors:
    studio.open(scene)
    passes = light_passes(studio, folder, _COLOR_SIZE, _COLOR_SAMPLES)
    parents = {each.name: each.parent for each in studio.describe().objects}
    return truth.base_colors(passes, truth.owners_of(names, parents))
