"""Runs of all stages for the add-on's tests, with checkpoints that a studio really made, and an artist's scene."""

import bpy

from seig_addon.engine.records import Round, Settings
from seig_addon.engine.run_folder import RunFolder
from seig_addon.engine.stages import COMPOSITION, FINE_TUNING, GEOMETRY, INITIALIZATION, LIGHTING, MATERIALS

# Programs that were careless in the artist's own session would ruin it: they take all data for theirs.
PROGRAMS = {
    INITIALIZATION: """
import bpy
from seig_kit import box, group, level_camera, material, plane, sun, world
for obj in list(bpy.data.objects):
    bpy.data.objects.remove(obj)
level_camera(height=1.5, horizon=0.3, lens=50, location=(0, -5))
red = material("Red", "#c04030")
plane("Ground", (20, 20), material=material("Grey", "#808080"))
box("Cube", (1, 1, 1), location=(0, 0, 0), material=red)
box("Hat", (0.3, 0.3, 0.3), location=(0, 0, 1), material=red)
box("Extra", (0.1, 0.1, 0.1), location=(2, 0, 0), material=red)
sun("Sun", elevation=50, azimuth=200, strength=2.0)
world("#ffffff", 0.5)
""",
    GEOMETRY: """
import bpy
from seig_kit import cylinder
for obj in bpy.data.objects:
    obj.hide_viewport = False
cylinder("Cube", 0.5, 1.0)
bevel = bpy.data.objects["Hat"].modifiers.new("Bevel", "BEVEL")
bevel.width = 0.02
bpy.data.objects.remove(bpy.data.objects["Extra"])
cylinder("Mug", 0.1, 0.2, location=(1, 0, 0))
""",
    MATERIALS: """
import bpy
from seig_kit import material
for each in bpy.data.materials:
    each.diffuse_color = (0, 0, 1, 1)
material("Red", "#2040c0", roughness=0.2)
""",
    COMPOSITION: """
import bpy
bpy.data.objects["Cube"].location.x = 0.5
bpy.data.objects["Camera"].data.lens = 60
""",
    LIGHTING: """
import bpy
bpy.data.worlds["World"].node_tree.nodes["Background"].inputs["Strength"].default_value = 2.0
bpy.data.objects["Sun"].data.energy = 5.0
bpy.context.scene.view_settings.exposure = 0.5
""",
    FINE_TUNING: """
import seig_kit as kit
kit.world((1, 0.9, 0.8), 1.9)
kit.set_light("Sun", 5.0, "#fff0e0")
kit.own_material("Hat", "Red", "Red Hat")
kit.set_base_color("Red Hat", (0.02, 0.1, 0.4))
""",
}


def make_run(folder, picture, studio, programs=PROGRAMS):
    """Make a run folder that has a checkpoint for each program."""
    run = RunFolder.create(folder, "box", picture, Settings())
    studio.new("box", picture.width, picture.height)
    for stage, program in programs.items():
        add_round(run, studio, stage, program)
        studio.open(run.checkpoint(stage, 1))
    return run


def add_round(run, studio, stage, program):
    """Run a program on what the studio has open, and make it the stage's best round."""
    result = studio.run(program)
    assert result.failure is None, result.failure
    record = run.record.stage(stage)
    number = len(record.rounds) + 1
    path = run.checkpoint(stage, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    studio.save(path)
    record.rounds.append(Round(number=number, ran=True))
    record.best, record.state = number, "approved"
    return number


def artists_scene():
    """An artist's file: the names are those that the programs use, and everything has a value of its own."""
    scene = bpy.context.scene
    red = bpy.data.materials.new("Red")
    red.diffuse_color = (0.9, 0.1, 0.1, 1)
    cube = bpy.data.objects["Cube"]
    cube.data.materials.clear()
    cube.data.materials.append(red)
    cube.location = (3, 2, 1)
    bpy.data.objects["Camera"].data.lens = 35
    spare = bpy.data.materials.new("Grey")
    spare.use_fake_user = True
    assert scene.world.name == "World"
    return scene
