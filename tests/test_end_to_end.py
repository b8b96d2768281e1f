"""The promises that only hold if all parts work together."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from seig_addon.engine.picture import open_render
from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.studio.client import Studio
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, approve, program

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"
GEOMETRY = """
import math
import random
import bpy
from seig_kit import lathe, wood, assign, noise


def box(name):  # a helper of the program's own, named like one of the kit's
    return bpy.data.objects[name]


text = '''two
  lines'''
lathe("Cube", [(0, 0), (0.5, 0), (0.55, 0.4), (0.45, 1.0), (0, 1.0)])
for index in range(3):
    angle = index * math.tau / 3 + random.random()  # unseeded on purpose
    place = (0.6 * math.cos(angle), 0.6 * math.sin(angle), 0)
    knob = lathe(f"Knob {index}", [(0, 0), (0.1, 0.05), (0, 0.1)], location=place)
    assign(knob, noise("Stone", "#a0a0a0", "#505050"))
bevel = box("Cube").modifiers.new("Soft", "BEVEL")
bevel.width = 0.02 * len(text.splitlines())
"""
MATERIALS = """
import seig_kit as kit
kit.assign("Cube", kit.wood("Oak", "#b07040", "#703c20"))
"""


@pytest.mark.slow
def test_the_exported_program_rebuilds_the_same_scene_in_an_empty_blender(new_run, studio, tmp_path):
    run = new_run(stages=["initialization", "geometry", "materials"])
    replies = [GRAPH, program(SCAFFOLD), program(GEOMETRY), approve(), program(MATERIALS), approve()]
    Reconstruction(run, ScriptedModel(replies), studio, lambda event: None, threading.Event()).reconstruct()
    if run.record.stages[1].best is None or run.record.stages[2].best is None:
        pytest.fail(f"a stage was dropped: {[stage.rounds for stage in run.record.stages]}")

    rebuilt = tmp_path / "rebuilt.blend"
    code = (
        "import bpy, runpy\n"
        "bpy.ops.wm.read_factory_settings(use_empty=True)\n"
        f"runpy.run_path({str(run.path / 'program.py')!r})\n"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(rebuilt)!r})\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    pictures, scenes = [], []
    for blend in (run.path / "scene.blend", rebuilt):
        studio.open(blend)
        scenes.append(studio.describe())
        studio.render(tmp_path / "look.png", size=96, samples=4)
        pictures.append(np.asarray(open_render(tmp_path / "look.png")))
    assert scenes[0].text == scenes[1].text
    assert np.array_equal(*pictures)


@pytest.mark.slow
@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference programs lie beside the checkout, not in it")
@pytest.mark.parametrize("name", ["cafe", "desk_radio", "iso_bedroom", "toaster"])
def test_real_programs_by_a_vlm_pass_the_guard_and_run(studio: Studio, tmp_path, name):
    studio.new(name, 512, 512)
    result = studio.run((REFERENCE / "programs" / f"{name}.py").read_text())
    assert result.failure is None, result.failure
    assert sum(change.kind == "object added" for change in result.changes) > 10
    assert not [change for change in result.changes if change.kind == "render settings"]
    studio.render(tmp_path / "a.png", size=96, samples=1)
    assert np.asarray(open_render(tmp_path / "a.png")).std() > 10
