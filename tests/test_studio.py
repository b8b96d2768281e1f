"""The studio with a real Blender: what programs do to it, and what is left of it afterwards."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seig_addon import process
from seig_addon.engine.stages import GEOMETRY, LIGHTING
from seig_addon.errors import Cancelled, StudioError
from seig_addon.studio.client import NoCamera, RenderFailed, Studio

SCENE = """
from seig_kit import box, level_camera, material, sun, world
level_camera()
box("Box", (1, 1, 1), material=material("Red", "#c03020"))
world("#8090a0", 1.0)
sun("Sun", 40, 30, 3.0)
"""
CRASH = """
import bpy
mesh = bpy.data.meshes.new("Mesh")
mesh.vertices.add(4_000_000)  # so large that its memory is given back to the system at once
vertex = mesh.vertices[3_000_000]
mesh.clear_geometry()
vertex.co = (1, 2, 3)
"""
ROOT = Path(__file__).parents[1]


@pytest.fixture
def empty(studio):
    """A studio with an empty scene, and limits that make failing quick."""
    before = vars(studio.limits).copy()
    vars(studio.limits).update(seconds=1.0, memory_mib=768, vertices=100_000, output_kib=16)
    studio.new("Test", 320, 240)
    yield studio
    vars(studio.limits).update(before)


@pytest.fixture
def checkpoint(empty, tmp_path):
    """A saved and opened scene of one box."""
    assert empty.run(SCENE).failure is None
    path = tmp_path / "box.blend"
    empty.save(path)
    empty.open(path)
    return path


def names(studio):
    return [each.name for each in studio.describe().objects]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        "Z" not in subprocess.run(["ps", "-ww", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    )


def gone_within(pid, seconds):
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


# A program that works


def test_a_program_runs_and_its_changes_and_output_come_back(empty):
    result = empty.run(SCENE + "print('built')")
    assert result.failure is None
    assert result.output == "built\n"
    assert {change.kind for change in result.changes} >= {"object added", "camera", "light added", "material added"}
    assert names(empty) == ["Box"]


def test_changes_count_from_the_last_open(checkpoint, studio):
    assert studio.changes() == []
    studio.run("import bpy\nbpy.data.objects['Box'].location.x = 2")
    result = studio.run("import bpy\nbpy.data.objects['Box'].location.z = 1")
    assert [(change.kind, change.name) for change in result.changes] == [("object transform", "Box")]
    studio.open(checkpoint)
    assert studio.changes() == []


def test_a_shape_built_again_in_another_material_breaks_no_rule_of_geometry(checkpoint, studio):
    again = "from seig_kit import box, material\nbox('Box', (1, 1, 2), material=material('Blue', '#2030c0'))"
    changes = studio.run(again).changes
    assert "material removed" in {change.kind for change in changes}, "nobody wears the red one any more"
    assert GEOMETRY.breaches(changes, {"Box"}) == []
    assert LIGHTING.breaches(changes, {"Box"}) != []


def test_a_program_leaves_no_variables_behind_and_unseeded_random_numbers_repeat(empty):
    program = "import random\nimport numpy as np\nprint(random.random(), np.random.rand())\nleft_over = 1"
    assert empty.run(program).output == empty.run(program).output
    assert "NameError" in empty.run("print(left_over)").failure.message


def test_a_program_that_ends_in_edit_mode_leaves_object_mode(empty):
    program = SCENE + (
        "import bpy\nbpy.context.view_layer.objects.active = bpy.data.objects['Box']\n"
        "bpy.ops.object.mode_set(mode='EDIT')"
    )
    assert empty.run(program).failure is None
    assert empty.run("import bpy\nprint(bpy.context.mode)").output == "OBJECT\n"


# Errors, worded for the model


def test_an_error_names_its_line_and_shows_it_among_its_neighbours(empty):
    failure = empty.run("a = 1\nb = 2\nc = a / 0\nd = 3\ne = 4\nf = 5", "geometry").failure
    assert (failure.kind, failure.line) == ("error", 3)
    assert failure.message.startswith("ZeroDivisionError: division by zero, in line 3:\n")
    assert "> " + "  3 | c = a / 0" in failure.message
    assert "e = 4" in failure.message
    assert "f = 5" not in failure.message


def test_the_kits_own_errors_point_at_the_programs_line(empty):
    failure = empty.run("from seig_kit import box\n\nbox('Box', (1, -1, 1))").failure
    assert failure.line == 3
    assert "seig_kit.box" in failure.message


def test_a_refusal_of_the_guard_is_no_error_of_the_program_and_nothing_runs(empty):
    failure = empty.run(SCENE + "import os").failure
    assert (failure.kind, failure.line) == ("refused", 7)
    assert names(empty) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("shader.inputs['Specular'].default_value = 0.5", "'Specular IOR Level'"),
        ("shader.inputs['Colour'].default_value = (1, 0, 0, 1)", "shader.inputs has 'Base Color'"),
        ("bpy.data.objects['Cup'].location.x = 1", "bpy.data.objects has 'Lamp'"),
        ("mesh.use_auto_smooth = True", "removed in 4.1"),
        ("tree.nodes.new('ShaderNodeTexMusgrave')", "ShaderNodeTexNoise"),
        ("lamp.select = True", "select_set"),
    ],
)
def test_old_names_are_answered_with_the_right_ones(empty, statement, words):
    setup = (
        "import bpy\nmesh = bpy.data.meshes.new('Mesh')\n"
        "lamp = bpy.data.objects.new('Lamp', None)\n"
        "tree = bpy.data.materials.new('Material')\ntree.use_nodes = True\ntree = tree.node_tree\n"
        "shader = next(node for node in tree.nodes if node.type == 'BSDF_PRINCIPLED')\n"
    )
    failure = empty.run(setup + statement).failure
    assert failure.kind == "error"
    assert words in failure.message


@pytest.mark.parametrize(
    "program",
    [
        "class Hostile(Exception):\n    def __str__(self):\n        raise ValueError\nraise Hostile",
        "class Hostile(Exception):\n    def __str__(self):\n        return 5\nraise Hostile",
        "def deeper():\n    deeper()\ndeeper()",
        "nest = []\nfor _ in range(100_000):\n    nest = [nest]\nprint(nest)",
        "raise ValueError('x' * 1_000_000)",
        "class Hostile:\n    keys = property(lambda self: 1 / 0)\n    def __getitem__(self, key):\n"
        "        raise KeyError(key)\nhostile = Hostile()\nhostile['y']",
        "text = '\x0c\u2028'\n1 / 0",
    ],
    ids=["unreadable", "not a text", "recursion", "nested", "long", "keys", "line breaks"],
)
def test_a_hostile_error_comes_back_as_a_short_message(empty, program):
    failure = empty.run(program).failure
    assert failure.kind == "error"
    assert len(failure.message) < 5000
    assert empty.run("pass").failure is None


def test_programs_can_not_end_the_process(empty):
    before = empty._process.pid
    for program in ("raise SystemExit", "exit()", "import sys\nsys.exit()", "raise KeyboardInterrupt"):
        assert empty.run(program).failure.kind == "refused"
    assert empty._process.pid == before


# Limits


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    pass",
        "while True:\n    try:\n        pass\n    except Exception:\n        pass",
        "[0 for a in range(10**9) if a < 0]",
        "import bpy\nwhile True:\n    bpy.context.view_layer.update()",
        "class Hostile(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise Hostile",
    ],
    ids=["plain", "catching", "comprehension", "blender", "message"],
)
def test_an_endless_loop_is_interrupted_and_the_process_stays(empty, loop):
    before = empty._process.pid
    failure = empty.run("x = 1\n" + loop, "geometry").failure
    assert failure.kind == "time"
    assert failure.line >= 2
    assert "1 s" in failure.message
    assert empty._process.pid == before
    assert names(empty) == []


def test_one_endless_call_into_c_ends_the_process_and_the_line_is_known(checkpoint, studio):
    since = time.monotonic()
    failure = studio.run("x = 1\ny = sum(range(10**12))", "geometry").failure
    assert time.monotonic() - since < studio.limits.seconds + 5
    assert (failure.kind, failure.line) == ("time", 2)
    assert names(studio) == ["Box"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux refuses memory beforehand")
@pytest.mark.parametrize(
    "statement",
    [
        "x = bytearray(10**11)",
        "import numpy; x = numpy.ones(10**11)",
        "x = [1]\nwhile True: x += x",
        "import bpy; bpy.data.meshes.new('Mesh').vertices.add(2 * 10**9)",
    ],
    ids=["bytes", "numpy", "list", "mesh"],
)
def test_a_program_that_eats_memory_is_stopped(checkpoint, studio, statement):
    studio.limits.seconds, studio.limits.memory_mib = 20.0, 256  # filling memory is slow on a busy machine
    failure = studio.run(statement).failure
    assert failure.kind == "memory"
    assert "256 MiB" in failure.message
    assert names(studio) == ["Box"]


def test_a_flood_of_output_is_stopped_and_capped(empty):
    result = empty.run("while True:\n    print('x' * 1000)")
    assert result.failure.kind == "output"
    assert len(result.output) == 16 * 1024


def test_too_many_vertices_are_refused_without_making_them(empty):
    since = time.monotonic()
    program = SCENE + "import bpy\nbpy.data.objects['Box'].modifiers.new('Smooth', 'SUBSURF').render_levels = 11"
    failure = empty.run(program).failure
    assert failure.kind == "vertices"
    assert "'Box'" in failure.message
    assert time.monotonic() - since < 1
    assert empty.run("import bpy\nmesh = bpy.data.meshes.new('M')\nmesh.vertices.add(200_000)\n"
                     "bpy.context.scene.collection.objects.link(bpy.data.objects.new('Dust', mesh))"
                     ).failure.kind == "vertices"  # fmt: skip


def test_blenders_own_chatter_does_not_reach_the_channel(empty):
    program = """
import bpy
mesh = bpy.data.meshes.new("Mesh")
mesh.from_pydata([(0, 0, 0)] * 3, [], [(0, 1, 2)])
for _ in range(300):
    mesh.polygons[0].vertices = (7, 8, 9)
    mesh.validate(verbose=True)
    mesh.clear_geometry()
    mesh.from_pydata([(0, 0, 0)] * 3, [], [(0, 1, 2)])
print('{"value": 1}')
"""
    result = empty.run(program)
    assert result.output == '{"value": 1}\n'
    assert len(empty._process.log) > 1000  # it did chatter, in C
    assert names(empty) == []


# Crashes


def test_a_crash_of_blender_costs_the_try_alone(checkpoint, studio):
    failure = studio.run(CRASH, "geometry").failure
    assert (failure.kind, failure.line) == ("crash", 7)
    assert "vertex.co = (1, 2, 3)" in failure.message
    assert "removed" in failure.message
    assert names(studio) == ["Box"]
    assert studio.run("import bpy\nbpy.data.objects['Box'].name = 'Cup'").failure is None


def test_after_a_failure_the_scene_is_the_checkpoints_again(checkpoint, studio):
    assert studio.run("import bpy\nbpy.data.objects.remove(bpy.data.objects['Box'])\n1 / 0").failure.kind == "error"
    assert names(studio) == ["Box"]
    assert studio.changes() == []


def test_a_killed_process_is_replaced(checkpoint, studio):
    os.kill(studio._process.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    with pytest.raises(StudioError, match="stopped"):
        studio.describe()
    assert names(studio) == ["Box"]


# Checkpoints


def test_paths_may_have_spaces_braces_and_any_letters(empty, tmp_path):
    folder = tmp_path / "Bücher {frame} #1 本"
    assert empty.run(SCENE).failure is None
    empty.save(folder / "scène 1.blend")
    empty.open(folder / "scène 1.blend")
    empty.render(folder / "bild ü.png", size=32, samples=1)
    assert names(empty) == ["Box"]
    assert sorted(path.name for path in folder.iterdir()) == ["bild ü.png", "scène 1.blend"]


def test_a_checkpoint_that_is_missing_or_broken_is_refused_in_words(checkpoint, studio, tmp_path):
    with pytest.raises(StudioError, match="no checkpoint"):
        studio.open(tmp_path / "none.blend")
    (tmp_path / "broken.blend").write_bytes(b"no blend file")
    with pytest.raises(StudioError, match="could not open"):
        studio.open(tmp_path / "broken.blend")
    assert names(studio) == ["Box"]


def test_a_save_that_fails_keeps_what_was_there(checkpoint, studio, tmp_path):
    before = checkpoint.read_bytes()
    with pytest.raises(StudioError, match="could not be written"):
        studio.save(checkpoint / "inside a file.blend")
    assert checkpoint.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["box.blend"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of file sizes")
def test_a_file_that_does_not_fit_on_the_disk_is_not_taken_for_whole(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "box.blend").write_bytes(b"before")
    with Studio() as studio:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, hard))
        try:
            assert studio.blender_version  # starts the process, which keeps the limit
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        studio.new("Test", 320, 240)
        assert studio.run(SCENE).failure is None
        with pytest.raises(StudioError, match="could not"):
            studio.save(tmp_path / "box.blend")
        with pytest.raises(StudioError, match="could not"):
            studio.render(tmp_path / "render.png", size=512, samples=1)
    assert [path.name for path in tmp_path.iterdir()] == ["box.blend"]
    assert (tmp_path / "box.blend").read_bytes() == b"before"


def test_a_verb_without_a_scene_says_what_is_missing():
    with Studio() as studio, pytest.raises(StudioError, match="new or open"):
        studio.describe()


# Pictures


def test_the_same_scene_gives_the_same_pixels_and_keeps_its_settings(checkpoint, studio, tmp_path):
    settings = """
import bpy
scene = bpy.context.scene
render, cycles, solid = scene.render, scene.cycles, scene.display.shading
print(render.engine, render.resolution_x, render.resolution_y, render.resolution_percentage, render.use_compositing)
print(render.image_settings.file_format, render.image_settings.color_mode, render.use_border, solid.color_type)
print(cycles.samples, cycles.seed, cycles.device, cycles.use_denoising, cycles.time_limit, cycles.max_bounces)
"""
    before = studio.run(settings).output
    digests = []
    for name in ("one.png", "two.png"):
        studio.render(tmp_path / name, size=64, samples=4)
        digests.append(hashlib.sha256(Image.open(tmp_path / name).tobytes()).hexdigest())
        studio.render(tmp_path / "solid.png", "solid", size=64)
    assert digests[0] == digests[1]
    assert studio.changes() == []
    assert studio.run(settings).output == before


def test_a_window_shows_that_part_of_the_picture_alone(checkpoint, studio, tmp_path):
    before = studio.describe()
    studio.render(tmp_path / "whole.png", size=160, samples=4)
    studio.render(tmp_path / "part.png", size=160, samples=4, window=(0.25, 0.6, 0.75, 0.8))
    with Image.open(tmp_path / "whole.png") as whole, Image.open(tmp_path / "part.png") as part:
        assert part.size == (80, 24)
        cut = np.asarray(whole.crop((40, 72, 120, 96)), float)
        assert np.abs(np.asarray(part, float) - cut).mean() < 3, "but for noise, as if cut out"
        below = np.asarray(whole.crop((40, 84, 120, 108)), float)
        assert np.abs(np.asarray(part, float) - below).mean() > 3
    assert studio.changes() == []
    assert studio.describe() == before


def test_a_picture_has_the_scenes_shape_and_its_colours(checkpoint, studio, tmp_path):
    studio.render(tmp_path / "render.png", size=80, samples=4)
    with Image.open(tmp_path / "render.png") as image:
        assert (image.size, image.mode, image.format) == ((80, 60), "RGB", "PNG")
        assert image.getpixel((2, 2)) == pytest.approx((0x80, 0x90, 0xA0), abs=2)
        red, green, _ = image.getpixel((40, 50))
        assert red > 2 * green


def test_a_scene_without_a_camera_can_not_be_rendered(empty, tmp_path):
    with pytest.raises(NoCamera):
        empty.render(tmp_path / "render.png")
    assert list(tmp_path.iterdir()) == []


def test_a_render_that_takes_too_long_is_told_and_leaves_no_file(checkpoint, studio, tmp_path):
    studio.limits.render_seconds = 1.0
    with pytest.raises(RenderFailed, match="longer than 1 s"):
        studio.render(tmp_path / "render.png", size=2048, samples=4096)
    assert [path.name for path in tmp_path.iterdir()] == ["box.blend"]
    assert names(studio) == ["Box"]


# Stopping


@pytest.mark.parametrize("busy", ["program", "one call", "render"])
def test_cancelling_takes_effect_within_a_second(checkpoint, studio, studio_cancel, tmp_path, busy):
    studio.limits.seconds = 60.0
    threading.Timer(0.6, studio_cancel.set).start()
    since = time.monotonic()
    verbs = {
        "program": lambda: studio.run("while True:\n    pass"),
        "one call": lambda: studio.run("sum(range(10**12))"),
        "render": lambda: studio.render(tmp_path / "render.png", size=2048, samples=4096),
    }
    with pytest.raises(Cancelled):
        verbs[busy]()
    assert time.monotonic() - since < 1.6
    with pytest.raises(Cancelled):
        studio.describe()
    studio_cancel.clear()
    assert names(studio) == ["Box"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
@pytest.mark.parametrize("busy", ["idle", "program", "render"])
def test_no_process_is_left_when_the_parent_is_killed(checkpoint, tmp_path, busy):
    script = tmp_path / "parent.py"
    script.write_text(
        f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from seig_addon.studio.client import Limits, Studio
studio = Studio(limits=Limits(seconds=60))
studio.open(Path({str(checkpoint)!r}))
print(studio._process.pid, flush=True)
if {busy!r} == "program":
    studio.run("while True: pass")
elif {busy!r} == "render":
    studio.render(Path({str(tmp_path / "x.png")!r}), size=4096, samples=4096)
threading.Event().wait()
"""
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    time.sleep(0.5)
    assert alive(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone_within(pid, 3.0)


def test_closing_leaves_no_process_and_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(process.tempfile, "tempdir", None)
    studio = Studio()
    studio.new("Test", 32, 32)
    pid = studio._process.pid
    assert len(list(tmp_path.iterdir())) == 1
    studio.close()
    assert not alive(pid)
    assert list(tmp_path.iterdir()) == []


# Surroundings


def test_no_key_gets_into_the_process(monkeypatch):
    monkeypatch.setenv("FOO_API_KEY", key := f"secret-{random.random()}")
    inside = process.environment("home")
    assert key not in inside.values()
    assert inside["HOME"] == inside["BLENDER_USER_RESOURCES"] == "home"
    if sys.platform == "linux":
        with Studio() as studio:
            studio.new("Test", 32, 32)
            assert key not in Path(f"/proc/{studio._process.pid}/environ").read_text()


def test_the_process_needs_no_package_that_blender_lacks(tmp_path, monkeypatch):
    for name in ("pydantic", "PIL", "jinja2"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('Blender does not bring this along')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Studio() as studio:
        studio.new("Test", 32, 32)
        assert "no such" in studio.run("raise ValueError('no such')").failure.message
        assert studio.run(SCENE).changes
        assert names(studio) == ["Box"]
        assert "'Cup'" in studio.check(["Box", "Cup"])[0]


def test_a_blender_that_is_none_is_refused_in_words(tmp_path):
    with pytest.raises(StudioError, match="could not be started"):
        Studio(tmp_path / "no blender").new("Test", 32, 32)
    with pytest.raises(StudioError, match="can't be started"):
        Studio(Path(sys.executable)).new("Test", 32, 32)


def test_the_log_is_kept_in_a_file(tmp_path):
    with Studio(log=tmp_path / "studio.log") as studio:
        studio.new("Test", 32, 32)
        studio.run(CRASH, "geometry")
    assert "<geometry>" in (tmp_path / "studio.log").read_text()
