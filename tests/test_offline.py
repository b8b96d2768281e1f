"""The offline model answers every question of the loop, about any picture, in the reply formats."""

import io
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from seig_addon.engine.replies import read_json, read_program
from seig_addon.engine.review import Review
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.errors import Cancelled, ModelError
from seig_addon.models import Message, Picture, Usage
from seig_addon.models.offline import OfflineModel
from seig_addon.models.offline.blockout import Blockout
from seig_addon.models.offline.outlines import MOST_POINTS, simplify, trace
from seig_addon.models.offline.raster import fill_holes
from seig_addon.studio import guard

STAGES = ("initialization", "geometry", "materials", "composition", "lighting")


def encoded(image):
    data = io.BytesIO()
    image.save(data, format="PNG")
    return data.getvalue()


def question(title, reference, text="", render=None):
    parts = ["Reference:", Picture("Reference", encoded(reference))]
    if render is not None:
        parts += ["Current render:", Picture("Current render", encoded(render))]
    return (Message("system", ("Be brief.",)), Message("user", (*parts, f"# {title}\n\n{text}")))


def ask_program(stage, reference, text="", render=None, number=1, model=None):
    kind = "Rollout" if stage == "initialization" else "Round"
    reply = (model or OfflineModel()).ask(
        question(f"Stage: {stage} · Task: program · {kind}: {number}", reference, text, render)
    )
    return read_program(reply, "")


def ask_graph(reference, model=None):
    reply = (model or OfflineModel()).ask(question("Stage: initialization · Task: scene graph", reference))
    return read_json(reply, SceneGraph)


@pytest.fixture(scope="module")
def room():
    """A red box and a blue ball on a brown floor before a light wall."""
    image = Image.new("RGB", (256, 256), (225, 220, 205))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 150, 256, 256), fill=(150, 110, 80))
    draw.rectangle((40, 90, 100, 190), fill=(190, 40, 40))
    draw.ellipse((150, 140, 220, 210), fill=(40, 80, 190))
    return image


def named(graph, word):
    return next(node for node in graph.leaves if word in node.name.lower())


def test_the_scene_graph_names_ground_backdrop_and_each_thing_with_its_box(room):
    graph = ask_graph(room)
    assert [node.name for node in graph.leaves if node.kind == "surface"] == ["Ground", "Backdrop"]
    assert len(graph.leaves) == 4
    assert named(graph, "red").box == pytest.approx((40 / 256, 90 / 256, 101 / 256, 191 / 256), abs=0.01)
    assert named(graph, "blue").box == pytest.approx((150 / 256, 140 / 256, 221 / 256, 211 / 256), abs=0.01)
    assert named(graph, "red").build.startswith("box")
    assert named(graph, "blue").build.startswith("ellipsoid")
    assert "block-out without AI" in graph.style


def test_ground_and_backdrop_meet_where_they_do_in_the_picture(room):
    graph = ask_graph(room)
    assert named(graph, "ground").box[1] == pytest.approx(150 / 256, abs=0.01)
    assert graph.camera.horizon < 150 / 256


def test_a_soft_gradient_on_a_wall_makes_no_things():
    ramp = np.linspace(120, 230, 256)[None, :, None].repeat(256, axis=0).repeat(3, axis=2)
    ramp[180:] = (90, 60, 40)
    assert len(ask_graph(Image.fromarray(np.uint8(ramp))).leaves) == 2


def test_the_same_question_gets_the_same_answer_from_a_new_model(room):
    title = "Stage: initialization · Task: program · Rollout: 3"
    assert OfflineModel().ask(question(title, room)).text == OfflineModel().ask(question(title, room)).text


def test_rollouts_differ(room):
    programs = {ask_program("initialization", room, number=number) for number in (1, 3, 4)}
    assert len(programs) == 3


def test_it_costs_nothing_and_says_what_it_is(room):
    reply = OfflineModel().ask(question("Stage: initialization · Task: program · Rollout: 1", room))
    assert reply.usage == Usage()
    assert reply.cost is None
    assert "block-out without AI" in reply.text


@pytest.mark.parametrize("stage", STAGES)
def test_each_stages_program_passes_the_guard(stage, room):
    guard.check(ask_program(stage, room, render=room))


def test_every_leaf_is_built_by_the_scaffold_under_its_own_name(room):
    program = ask_program("initialization", room)
    for leaf in ask_graph(room).leaves:
        assert f'("{leaf.name}", (' in program


def test_base_colors_follow_the_measured_ratio(room):
    """A render that shows a thing too dark makes its base color brighter, and leaves the others."""
    darker = room.copy()
    ImageDraw.Draw(darker).rectangle((40, 90, 100, 190), fill=(120, 20, 20))
    red, blue = (named(ask_graph(room), word).name for word in ("red", "blue"))
    scene = f"## Scene\n\n```text\nMaterials:\n- {red}: #801010 on {red}\n- {blue}: #2040a0 on {blue}\n```\n"
    program = ask_program("materials", room, scene, darker)
    colors = dict(re.findall(r'material\("([^"]+)", "(#\w+)"', program))
    assert int(colors[red][1:3], 16) > 0x80 + 40
    assert colors[blue] == "#2040a0"


def test_the_verifier_approves_what_measures_the_same_and_lists_what_does_not(room):
    changed = room.copy()
    ImageDraw.Draw(changed).rectangle((40, 90, 100, 190), fill=(40, 140, 40))
    title = "Stage: materials · Task: review · Round: 1"
    assert read_json(OfflineModel().ask(question(title, room, render=room)), Review).approved
    review = read_json(OfflineModel().ask(question(title, room, render=changed)), Review)
    assert not review.approved
    assert review.checklist[0].startswith(named(ask_graph(room), "red").name)


def test_the_lighting_verifier_sees_a_render_that_is_too_dark(room):
    dark = room.point(lambda value: value * 0.8)
    title = "Stage: lighting · Task: review · Round: 1"
    review = read_json(OfflineModel().ask(question(title, room, render=dark)), Review)
    assert "too dark" in review.checklist[0]


def test_a_thing_out_of_place_is_listed_and_moved_back(room):
    name = named(ask_graph(room), "red").name
    scene = (
        "## Scene\n\n```text\nObjects:\n"
        f"- {name}: mesh, at (0, 0, 0), size 1 × 1 × 1, box 0.256 0.352 0.495 0.746, material {name}\n```\n"
    )
    title = "Stage: composition · Task: review · Round: 1"
    review = read_json(OfflineModel().ask(question(title, room, scene, room)), Review)
    assert review.checklist[0].startswith(f"{name}: move it by -0.1")
    moved = re.search(rf'move\("{name}", (-?[\d.]+), ', ask_program("composition", room, scene, room))
    assert float(moved.group(1)) < -0.1


def test_cancel_and_questions_of_another_kind_are_errors(room):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        OfflineModel().ask(question("Stage: initialization · Task: scene graph", room), cancel=stop)
    with pytest.raises(ModelError, match="offline"):
        OfflineModel().ask((Message("user", ("# Hello",)),))


@settings(max_examples=20, deadline=None)
@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(("flat", "noise", "grey noise", "blocks", "stripes")),
)
def test_any_picture_gets_a_graph_of_at_most_64_objects_and_programs_that_the_guard_accepts(width, height, seed, kind):
    check_all(Image.fromarray(random_pixels(np.random.default_rng(seed), width, height, kind)))


@pytest.mark.parametrize(
    ("size", "kind"), [((4000, 50), "blocks"), ((3, 900), "stripes"), ((256, 256), "noise"), ((16, 16), "flat")]
)
def test_extreme_pictures_are_answered_too(size, kind):
    check_all(Image.fromarray(random_pixels(np.random.default_rng(1), *size, kind)))


def random_pixels(rng, width, height, kind):
    if kind == "flat":
        return np.full((height, width, 3), rng.integers(0, 256), dtype=np.uint8)
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "grey noise":
        return rng.integers(0, 256, (height, width, 1), dtype=np.uint8).repeat(3, axis=2)
    if kind == "stripes":
        return rng.integers(0, 256, (1, width, 3), dtype=np.uint8).repeat(height, axis=0)
    coarse = rng.integers(0, 256, ((height + 5) // 6, (width + 5) // 6, 3), dtype=np.uint8)
    return coarse.repeat(6, axis=0).repeat(6, axis=1)[:height, :width]


def check_all(image):
    model = OfflineModel()
    graph = ask_graph(image, model)
    assert len(graph.leaves) >= 1
    assert len(graph.nodes) <= 64
    for stage in STAGES:
        guard.check(ask_program(stage, image, render=image, model=model))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**32 - 1))
def test_an_outline_goes_once_around_a_blob_with_few_points(width, height, seed):
    """The shoelace area of the traced outline is the number of pixels inside of it."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), dtype=bool)
    for column in range(width):  # columns that overlap make one connected blob
        mask[int(rng.integers(0, (height + 1) // 2)) : int(rng.integers(height // 2 + 1, height + 1)), column] = True
    outline = trace(fill_holes(mask))
    x, y = outline.T
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0
    assert area == mask.sum()
    assert 3 <= len(simplify(outline)) <= MOST_POINTS


def test_things_that_carry_each_other_end_at_the_ground(room):
    """Every chain of supports ends, however random the picture."""
    rng = np.random.default_rng(4)
    image = Image.fromarray(random_pixels(rng, 128, 128, "blocks"))
    supports = {thing.number: thing.support for thing in Blockout.of(encoded(image)).things}
    for number in supports:
        steps = 0
        while number >= 0:
            number, steps = supports[number], steps + 1
            assert steps <= len(supports)


RUN_ALL = """
import sys
from PIL import Image
import bpy
sys.path.insert(0, sys.argv[1])
import seig_addon.kit
sys.modules["seig_kit"] = seig_addon.kit
from tests.test_offline import STAGES, OfflineModel, ask_graph, ask_program, random_pixels
import numpy
for path in sys.argv[2:]:
    image = Image.open(path).convert("RGB")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    seig_addon.kit.start_scene("Test", *image.size)
    model = OfflineModel()
    for stage in STAGES:
        exec(compile(ask_program(stage, image, render=image, model=model), stage, "exec"), {})
    missing = [leaf.name for leaf in ask_graph(image, model).leaves if leaf.name not in bpy.data.objects]
    assert not missing, missing
    assert len([obj for obj in bpy.data.objects if obj.type in {"MESH", "EMPTY"}]) <= 64
    print("built", len(bpy.data.objects))
"""


@pytest.mark.blender
def test_the_programs_of_all_stages_run_in_blender(room, tmp_path, pytestconfig):
    pytest.importorskip("bpy")
    rng = np.random.default_rng(7)
    pictures = [room] + [
        Image.fromarray(random_pixels(rng, *size, kind))
        for size, kind in (((90, 60), "noise"), ((120, 96), "blocks"), ((16, 16), "flat"), ((300, 40), "stripes"))
    ]
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(str(tmp_path / f"{number}.png"))
        picture.save(paths[-1])
    root = str(pytestconfig.rootpath)
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL, root, *paths], capture_output=True, text=True, timeout=120, cwd=root
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("built") == len(paths)
