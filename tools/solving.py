"""Measure how much solving for lights, world and base colours brings.

    .venv/bin/python tools/solving.py REFERENCE_FOLDER RESULTS.csv [--seeds 20] [--only NAME…] [--strips FOLDER]

The folder holds `known` (NAME.blend with its NAME.png; each is disturbed at random and has to come
back) and `programs` with `pictures` (NAME.py with its NAME.jpg; each is run in an empty scene and has
to come closer). Gains are in dB PSNR of real renders at 256 px, of the same kind that a run compares.
Each case is a line of the results, written when it is done; run again, the tool goes on from there.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from seig_addon.engine import picture
from seig_addon.engine.scores import psnr
from seig_addon.engine.solving.tuning import tune
from seig_addon.studio.client import Studio

_COLUMNS = ("kind", "name", "before", "after", "gain", "seconds")

# What happens to a known scene: lights ×0.4–2.5 and recoloured, base colours ±0.2, another world.
DISTURB = """
import bpy, random
from seig_kit import tint
dice = random.Random({seed})
def power():
    return 2.5 ** dice.uniform(-1, 1)
for obj in sorted(bpy.context.scene.objects, key=lambda obj: obj.name):
    if obj.type == "LIGHT":
        obj.data.energy *= power()
        obj.data.color = [min(1.0, max(0.05, part * dice.uniform(0.6, 1.4))) for part in obj.data.color]
for name in sorted(bpy.data.materials.keys()):
    made = bpy.data.materials[name]
    socket = made.node_tree.nodes["Principled BSDF"].inputs["Base Color"]
    if socket.is_linked:
        tint(name, [1 + dice.uniform(-0.2, 0.2) for _ in range(3)])
    else:
        color = [min(0.95, max(0.02, part + dice.uniform(-0.2, 0.2))) for part in socket.default_value[:3]]
        socket.default_value = (*color, 1.0)
world = bpy.context.scene.world.node_tree.nodes["Background"]
world.inputs["Color"].default_value = (*[dice.uniform(0.3, 1.0) for _ in range(3)], 1.0)
world.inputs["Strength"].default_value *= power()
"""


def main() -> int:
    """Measure; the exit code is 1 if any scene came out worse."""
    options = _options()
    done = _done(options.results)
    with tempfile.TemporaryDirectory() as scratch, Studio() as studio:
        for kind, cases in (("known", _known), ("programs", _programs)):
            for name, reference, start in cases(options, studio, Path(scratch)):
                if (kind, name) not in done:
                    prepare = start()
                    measured = _measure(studio, name, reference, prepare, Path(scratch), options.strips)
                    done[kind, name] = dict(zip(_COLUMNS, (kind, name, *measured), strict=True))
                    _add(options.results, done[kind, name])
    losses = 0
    for kind in ("known", "programs"):
        gains, seconds = (
            [float(row[column]) for row in done.values() if row["kind"] == kind] for column in ("gain", "seconds")
        )
        if gains:
            losses += sum(gain < 0 for gain in gains)
            print(
                f"{kind}: {len(gains)} cases, mean gain {np.mean(gains):+.2f} dB, least {min(gains):+.2f} dB, "
                f"mean {np.mean(seconds):.1f} s, longest {max(seconds):.1f} s"
            )
    return 1 if losses else 0


def _done(results):
    """What was measured before, by kind and name."""
    if not results.exists():
        return {}
    with results.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["name"]): row for row in csv.DictReader(file)}


def _add(results, row):
    """Write down one case; the head comes first."""
    is_new = not results.exists()
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def _known(options, studio, scratch):
    """Each known scene, disturbed with each seed."""
    for blend in sorted((options.folder / "known").glob("*.blend")):
        if options.only and blend.stem not in options.only:
            continue
        reference = picture.load_reference(blend.with_suffix(".png"))
        for seed in range(options.seeds):

            def start(blend=blend, seed=seed):
                studio.open(blend)
                _run(studio, DISTURB.format(seed=seed))
                return _kept(studio, scratch)

            yield f"{blend.stem}_{seed}", reference, start


def _programs(options, studio, scratch):
    """Each program, run in an empty scene."""
    for program in sorted((options.folder / "programs").glob("*.py")):
        if options.only and program.stem not in options.only:
            continue
        (path,) = (options.folder / "pictures").glob(f"{program.stem}.*")
        reference = picture.load_reference(path)

        def start(program=program, size=reference.size):
            studio.new(program.stem, *size)
            _run(studio, program.read_text(encoding="utf-8"))
            return _kept(studio, scratch)

        yield program.stem, reference, start


def _kept(studio, scratch):
    """Save the scene as it is; returns what opens it again."""
    checkpoint = scratch / "start.blend"
    studio.save(checkpoint)
    return lambda: studio.open(checkpoint)


def _measure(studio, name, reference, prepare, scratch, strips):
    """Tune one scene; gives the PSNR of renders of its own before and after, the gain, and the seconds."""
    prepare()
    before = _render(studio, scratch / "before.png")
    since = time.monotonic()
    tuning = tune(studio, prepare, reference, scratch)
    took = time.monotonic() - since
    prepare()
    _run(studio, tuning.program or "pass")
    after = _render(studio, scratch / "after.png")
    wanted = picture.pixels(reference, before.size)
    measured = [psnr(picture.pixels(render), wanted) for render in (before, after)]
    gain = measured[1] - measured[0]
    print(
        f"{name:20} {measured[0]:6.2f} → {measured[1]:6.2f} dB  {gain:+6.2f}  {took:5.1f} s  "
        f"(while solving {tuning.before:.2f} → {tuning.after:.2f})",
        flush=True,
    )
    if strips:
        _strip(strips / f"{name}.png", [reference.resize(before.size), before, after])
        (strips / f"{name}.py").write_text(tuning.program, encoding="utf-8")
    return *(round(each, 3) for each in measured), round(gain, 3), round(took, 1)


def _render(studio, path):
    studio.render(path, size=256, samples=64)
    return picture.open_render(path)


def _run(studio, program):
    result = studio.run(program)
    if result.failure is not None:
        raise SystemExit(result.failure.message)


def _strip(path, pictures):
    """Lay reference, before and after side by side."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width * len(pictures), height))
    for index, each in enumerate(pictures):
        sheet.paste(each, (index * width, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("results", type=Path, help="a CSV, to which each case is added")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--strips", type=Path, help="put reference, before and after of each case there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
