"""Disturb scenes of known truth, solve for their layout from noisy boxes, and print how close it comes.

    .venv/bin/python tools/layout.py FOLDER [--seeds 20] [--only SCENE]

FOLDER holds pairs of NAME.blend and NAME.json (camera, and each object's box). Each seed disturbs the camera
(±10 % distance, ±5° in turn and tilt, ±20 % lens), and the objects (±0.3 m on what they stand on, ±15 % size);
boxes get 1 % noise, and one in ten (at least one) is put somewhere else in another size. All goes through real
programs in the studio, and boxes are measured there. Overlap (intersection over union) is of the objects whose
box was not made wrong: with the true boxes, with the marked ones, and of these two, which is what noise alone takes.

Then registration, with --registered seeds of its own: objects are a few pixels off (up to 2 % of the picture, and
±4 % in size), and moved to where NAME.png shows them; a render that scores worse for it is dropped.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seig_addon.engine import picture
from seig_addon.engine.coverage import overlap
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.scores import measure
from seig_addon.engine.solving.arrangement import Arrangement, arrange
from seig_addon.engine.solving.bodies import FREE, Body, Move
from seig_addon.engine.solving.layout import Layout, solve
from seig_addon.engine.solving.layout_text import layout_text
from seig_addon.engine.solving.placing import registering
from seig_addon.engine.visible import Visible, visible
from seig_addon.studio.client import Studio

SURFACES = ("Floor", "Ground", "Wall")


def main() -> int:
    """Measure every scene; the exit code is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--registered", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    good = True
    with Studio() as studio:
        for path in sorted(options.folder.glob(f"{options.only}*.blend")):
            rows = np.array([_try(studio, path, seed) for seed in range(options.seeds)])
            good &= not len(rows) or _report(path.stem, rows)
            gains = np.array([_register(studio, path, seed) for seed in range(options.registered)])
            good &= not len(gains) or _report_gains(gains)
    return 0 if good else 1


def _try(studio: Studio, path: Path, seed: int) -> list[float]:
    """Disturb and solve once; overlaps, camera errors (before, after), and seconds."""
    dice = np.random.default_rng(seed)
    truth = json.loads(path.with_suffix(".json").read_text())
    names = [name for name in truth["objects"] if not name.startswith(SURFACES)]
    true_boxes = {name: truth["objects"][name]["box"] for name in names}
    marked, wrong = _marked(dice, true_boxes)
    right = [name for name in names if name not in wrong]
    noise = float(np.mean([overlap(marked[name], tuple(true_boxes[name])) for name in right]))
    graph = _graph(truth, marked)
    studio.open(path)
    places = studio.places()
    arrangement = arrange(graph, places)
    assert arrangement is not None
    disturbed = _disturbed(dice, arrangement)
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.blend"
        _run(studio, layout_text(places, arrangement, disturbed))
        studio.save(start)
        before = _overlap(studio, true_boxes, right)
        studio.open(start)
        since = time.monotonic()
        places = studio.places()
        arrangement = arrange(graph, places)
        assert arrangement is not None
        solved = solve(arrangement.camera, arrangement.bodies, arrangement.marks)
        text = layout_text(places, arrangement, solved) if solved else ""
        seconds = time.monotonic() - since
        camera_before = _camera_error(studio, truth["camera"])
        if solved is not None:
            _run(studio, text)
        after = _overlap(studio, true_boxes, right)
        fitted = _overlap(studio, marked, right)
        camera_after = _camera_error(studio, truth["camera"])
    missed = len(wrong - set(solved.wrong)) if solved else len(wrong)
    slandered = len(set(solved.wrong) - wrong) if solved else 0
    return [before, after, *camera_before, *camera_after, seconds, missed, slandered, fitted, noise]


def _register(studio: Studio, path: Path, seed: int) -> list[float]:
    """Disturb and register once; overlap with the true boxes and PSNR, before and after, whether kept, and seconds."""
    dice = np.random.default_rng(seed)
    truth = json.loads(path.with_suffix(".json").read_text())
    names = [name for name in truth["objects"] if not name.startswith(SURFACES)]
    boxes = {name: truth["objects"][name]["box"] for name in names}
    graph = _graph(truth, boxes)
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.blend"
        studio.open(path)
        places = studio.places()
        arrangement = arrange(graph, places)
        assert arrangement is not None
        _run(studio, layout_text(places, arrangement, _nudged(dice, arrangement)))
        studio.save(start)
        before = _overlap(studio, boxes, names)
        studio.open(start)
        shown, seen = _look(studio, graph, Path(folder))
        wanted = picture.pixels(Image.open(path.with_suffix(".png")).convert("RGB"), shown.shape[1::-1])
        scored = measure(shown, wanted)
        since = time.monotonic()
        text = registering(studio, graph, seen, shown, wanted)
        seconds = time.monotonic() - since
        _run(studio, text)
        after = _overlap(studio, boxes, names)
        result = measure(_look(studio, graph, Path(folder))[0], wanted)
    if result.overall < scored.overall:
        return [before, before, scored.psnr, scored.psnr, 0, seconds]
    return [before, after, scored.psnr, result.psnr, 1, seconds]


def _look(studio: Studio, graph: SceneGraph, folder: Path) -> tuple[np.ndarray, Visible]:
    studio.render(folder / "render.png", size=384, samples=16)
    parents = {each.name: each.parent for each in studio.describe().objects}
    seen = visible(graph, parents, studio.ids(folder / "ids.npz", 384))
    return picture.pixels(picture.open_render(folder / "render.png")), seen


def _nudged(dice: np.random.Generator, arrangement: Arrangement) -> Layout:
    """The same layout with each body a few pixels off."""
    moves: list[Move] = []
    for body in arrangement.bodies:
        scale = dice.uniform(0.96, 1.04)
        carried = body.anchor if body.support == FREE else moves[body.support](body.anchor)
        depth = float(arrangement.camera.depth(body.anchor))
        left, right, *_ = arrangement.camera.frame
        offset = dice.uniform(-0.02, 0.02, 2) * (right - left) * depth
        moves.append(Move(scale, carried + _on_support(body, moves, scale, offset) @ body.slides - scale * body.anchor))
    return Layout(arrangement.camera, moves, [], 0.0, 0.0)


def _on_support(body: Body, moves: list[Move], scale: float, offset: np.ndarray) -> np.ndarray:
    """As much of an offset as keeps a body on its support."""
    if body.rim is None:
        return offset
    room = np.maximum(body.rim.room(1.0 if body.support == FREE else moves[body.support].scale, scale), 0.0)
    over = body.rim.normals @ offset
    return offset * min(1.0, *(room[over > 0] / over[over > 0]))


def _graph(truth: dict, marked: dict) -> SceneGraph:
    return SceneGraph(
        nodes=[
            Node(
                name=name,
                kind="object" if name in marked else "surface",
                build="as it is",
                box=marked.get(name, each["box"]),
            )
            for name, each in truth["objects"].items()
        ]
    )


def _marked(dice: np.random.Generator, boxes: dict[str, list[float]]) -> tuple[dict[str, tuple], set[str]]:
    """Boxes as a model would mark them: 1 % noise, cut at the picture's edges, one in ten wrong."""
    marked = {}
    for name, box in boxes.items():
        noisy = np.where(np.isin(box, (0, 1)), box, box + dice.normal(0, 0.01, 4)).clip(0, 1)
        marked[name] = tuple(noisy.tolist())
    wrong = set(dice.choice(sorted(boxes), max(1, round(len(boxes) / 10)), replace=False).tolist())
    for name in sorted(wrong):
        while overlap(marked[name], tuple(boxes[name])) > 0.2:
            width, height = dice.uniform(0.05, 0.4, 2)
            left, top = dice.uniform(0, 1 - width), dice.uniform(0, 1 - height)
            marked[name] = (left, top, left + width, top + height)
    return marked, wrong


def _disturbed(dice: np.random.Generator, arrangement: Arrangement) -> Layout:
    """Another layout of the same scene."""
    moves: list[Move] = []
    for body in arrangement.bodies:
        scale = dice.uniform(0.85, 1.15)
        carried = body.anchor if body.support == FREE else moves[body.support](body.anchor)
        offset = _on_support(body, moves, scale, dice.uniform(-0.3, 0.3, 2))
        moves.append(Move(scale, carried + offset @ body.slides - scale * body.anchor))
    middle = np.mean([body.anchor for body in arrangement.bodies], axis=0)
    camera = arrangement.camera
    turn, tilt = np.radians(dice.uniform(-5, 5, 2))
    disturbed = replace(
        camera,
        location=middle + (camera.location - middle) * dice.uniform(0.9, 1.1),
        rotation=camera.rotation + np.array([tilt, 0.0, turn]),
        zoom=dice.uniform(0.8, 1.2),
    )
    return Layout(disturbed, moves, [], 0.0, 0.0)


def _run(studio: Studio, text: str) -> None:
    result = studio.run(text)
    assert result.failure is None, result.failure


def _overlap(studio: Studio, boxes: dict, names: list[str]) -> float:
    now = {each.name: each.box or (0.0, 0.0, 0.0, 0.0) for each in studio.describe().objects}
    return float(np.mean([overlap(now[name], tuple(boxes[name])) for name in names]))


def _camera_error(studio: Studio, truth: dict) -> tuple[float, float, float]:
    """Off by metres, degrees, and share of the lens."""
    camera = studio.places().camera
    assert camera is not None
    assert camera.lens is not None
    away = float(np.linalg.norm(np.subtract(camera.location, truth["location"])))
    turned = float(np.degrees(np.linalg.norm(np.subtract(camera.rotation, truth["rotation_euler"]))))
    return away, turned, abs(camera.lens / truth["lens_mm"] - 1)


def _report(name: str, rows: np.ndarray) -> bool:
    before, after, seconds, fitted, noise = rows[:, 0], rows[:, 1], rows[:, 8], rows[:, 11], rows[:, 12]
    print(f"{name}: overlap with the true boxes {before.mean():.3f} (worst {before.min():.3f}) -> {_spread(after)}")
    print(f"  never worse: {bool((after >= before).all())}; marked boxes overlap the true ones by {_spread(noise)}")
    print(f"  overlap with the marked boxes {_spread(fitted)}")
    print(
        f"  camera off by {rows[:, 2].mean():.2f} m, {rows[:, 3].mean():.1f}°, lens {rows[:, 4].mean():.0%} -> "
        f"{rows[:, 5].mean():.2f} m, {rows[:, 6].mean():.1f}°, lens {rows[:, 7].mean():.0%} "
        f"(worst {rows[:, 5].max():.2f} m, {rows[:, 6].max():.1f}°, {rows[:, 7].max():.0%})"
    )
    print(
        f"  {seconds.mean():.2f} s (most {seconds.max():.2f} s); wrong boxes not found {rows[:, 9].mean():.2f}, "
        f"right ones given up {rows[:, 10].mean():.2f} a scene",
        flush=True,
    )
    return bool(fitted.mean() >= 0.85 and after.mean() >= noise.mean() and seconds.max() <= 3)


def _report_gains(rows: np.ndarray) -> bool:
    before, after, decibels, then, kept, seconds = rows.T
    print(
        f"  registered: overlap with the true boxes {before.mean():.3f} -> {after.mean():.3f}, "
        f"PSNR {decibels.mean():.2f} -> {then.mean():.2f} dB (worst gain {(then - decibels).min():.2f}); "
        f"kept {kept.mean():.0%}; never farther off: {bool((after >= before).all())}; {seconds.max():.2f} s at most",
        flush=True,
    )
    return bool((then >= decibels - 0.05).all())


def _spread(values: np.ndarray) -> str:
    low, tenth, median, ninth, high = np.quantile(values, (0, 0.1, 0.5, 0.9, 1))
    return f"{values.mean():.3f} (worst {low:.3f}, tenths {tenth:.3f} {median:.3f} {ninth:.3f}, best {high:.3f})"


if __name__ == "__main__":
    sys.exit(main())
