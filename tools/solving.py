"""Measure how much solving for lights, world and base colours brings.

    .venv/bin/python tools/solving.py REFERENCE_FOLDER [--seeds 20] [--only NAME…] [--strips FOLDER]

The folder holds `known` (NAME.blend with its NAME.png; each is disturbed at random and has to come
back) and `programs` with `pictures` (NAME.py with its NAME.jpg; each is run in an empty scene and has
to come closer). Gains are in dB PSNR of real renders at 256 px, of the same kind that a run compares.
"""

from __future__ import annotations

import argparse
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
    losses = 0
    with tempfile.TemporaryDirectory() as scratch, Studio() as studio:
        for kind, cases in (("known", _known), ("programs", _programs)):
            gains, seconds = [], []
            for name, reference, prepare in cases(options, studio, Path(scratch)):
                gain, took = _measure(studio, name, reference, prepare, Path(scratch), options.strips)
                gains.append(gain)
                seconds.append(took)
            if gains:
                losses += sum(gain < 0 for gain in gains)
                print(
                    f"{kind}: {len(gains)} cases, mean gain {np.mean(gains):+.2f} dB, least {min(gains):+.2f} dB, "
                    f"mean {np.mean(seconds):.1f} s, longest {max(seconds):.1f} s"
                )
    return 1 if losses else 0


def _known(options, studio, scratch):
    """Each known scene, disturbed with each seed."""
    for blend in sorted((options.folder / "known").glob("*.blend")):
        if options.only and blend.stem not in options.only:
            continue
        reference = picture.load_reference(blend.with_suffix(".png"))
        for seed in range(options.seeds):
            checkpoint = scratch / f"{blend.stem}_{seed}.blend"
            studio.open(blend)
            _run(studio, DISTURB.format(seed=seed))
            studio.save(checkpoint)
            yield f"{blend.stem}_{seed}", reference, lambda path=checkpoint: studio.open(path)


def _programs(options, studio, scratch):
    """Each program, run in an empty scene."""
    for program in sorted((options.folder / "programs").glob("*.py")):
        if options.only and program.stem not in options.only:
            continue
        (path,) = (options.folder / "pictures").glob(f"{program.stem}.*")
        reference = picture.load_reference(path)
        studio.new(program.stem, *reference.size)
        _run(studio, program.read_text(encoding="utf-8"))
        checkpoint = scratch / f"{program.stem}.blend"
        studio.save(checkpoint)
        yield program.stem, reference, lambda path=checkpoint: studio.open(path)


def _measure(studio, name, reference, prepare, scratch, strips):
    """Tune one scene, and measure it by renders of its own before and after; gives the gain and the seconds."""
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
    return gain, took


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
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--strips", type=Path, help="put reference, before and after of each case there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
