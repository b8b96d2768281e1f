"""The pictures of a question: their sizes, that labels stay inside, and that the same look gives the same bytes."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from seig_addon.engine.factors import light_grid, measure_factors
from seig_addon.engine.look import Look
from seig_addon.engine.picture import encode, pixels
from seig_addon.engine.renders import CloseUp
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.scores import measure
from seig_addon.engine.stages import COMPOSITION, GEOMETRY, LIGHTING, MATERIALS
from seig_addon.engine.views import canvas, names, plan, views, windows
from seig_addon.engine.views.luminance import sheet
from seig_addon.engine.views.windows import enlargeable, window_of
from seig_addon.engine.visible import Visible
from seig_addon.studio.scene import CameraInfo, ObjectInfo, SceneDescription

STAGES = (GEOMETRY, MATERIALS, COMPOSITION, LIGHTING)
MOST_TOKENS = 3000  # for all pictures of a question, at 750 pixels a token


def info(name, box, bounds):
    return ObjectInfo(
        name=name,
        type="MESH",
        parent=None,
        location=(0, 0, 0),
        dimensions=(1, 1, 1),
        box=box,
        visible=True,
        hidden=False,
        materials=["Paint"],
        vertices=8,
        modifiers=[],
        bounds=bounds,
        corners=list(itertools.product(*zip(*bounds, strict=True))),
    )


def look_at(width, height, count, longest=384):
    """A reference and a look with `count` squares in a grid, each shifted a little in the render."""
    side = int(np.ceil(np.sqrt(count)))
    reference = Image.new("RGB", (width, height), (120, 130, 140))
    scale = longest / max(width, height)
    size = (round(width * scale), round(height * scale))
    render = Image.new("RGB", size, (100, 110, 120))
    index = np.zeros((size[1], size[0]), np.int32)
    nodes = [Node(name="Ground", kind="surface", build="plane", box=(0, 0, 1, 1))]
    objects = [info("Ground", (0, 0, 1, 1), ((-9, -9, 0), (9, 9, 0)))]
    places = itertools.islice(itertools.product(range(side), repeat=2), count)
    for number, (row, column) in enumerate(places, 1):
        box = tuple((part + where) / side for where, part in zip((column, row) * 2, (0.2, 0.2, 0.8, 0.8), strict=True))
        moved = tuple(part + 0.15 / side for part in box)
        name = f"A thing with quite a long name, number {number}"
        nodes.append(Node(name=name, build="box", box=box))
        objects.append(info(name, box, ((column, row, 0), (column + 0.6, row + 0.6, 1))))
        ImageDraw.Draw(reference).rectangle(canvas.to_pixels(box, reference.size), fill=(200, 90, 7 * number % 255))
        left, top, right, bottom = canvas.to_pixels(moved, size)
        ImageDraw.Draw(render).rectangle((left, top, right - 1, bottom - 1), fill=(150, 90, 9 * number % 255))
        index[top:bottom, left:right] = number
    graph = SceneGraph(nodes=nodes)
    seen = Visible(tuple(node.name for node in nodes), index, ("", "Paint"), np.ones_like(index))
    camera = CameraInfo(
        name="Camera", location=(0, -9, 4), rotation=(70, 0, 0), lens=50, ortho_scale=None, shift=(0, 0)
    )
    scene = SceneDescription(
        objects=objects, materials=[], lights=[], camera=camera, world=None, text="A scene", blender_version="5.0"
    )
    shown, wanted = pixels(render), pixels(reference, render.size)
    factors = measure_factors(graph, seen, shown, wanted)
    scores = measure(shown, wanted).model_copy(update={"factors": factors})
    return reference, graph, Look(render, seen, scene, scores, [])


def with_close_ups(stage, graph, look, reference):
    """The look with what is off most cut out of its render."""
    worst = windows.worst(stage, graph, look, reference)
    cut = [look.render.crop(canvas.to_pixels(window, look.render.size)) for _, window in worst]
    return replace(look, close_ups=[CloseUp(*each, shown) for each, shown in zip(worst, cut, strict=True)])


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
@pytest.mark.parametrize("size", [(512, 512), (1536, 640), (400, 1200)], ids=str)
@pytest.mark.parametrize("count", [1, 5, 60])
def test_the_pictures_of_a_question_are_few_and_of_a_size_that_is_shown_as_it_is(stage, size, count):
    reference, graph, look = look_at(*size, count)
    shown = views(stage, graph, with_close_ups(stage, graph, look, reference), reference)
    assert next(caption for caption, _ in shown) == "Side by side"
    assert len(shown) <= 3
    assert all(max(picture.size) <= 1200 for _, picture in shown)
    assert sum(picture.width * picture.height for _, picture in shown) / 750 < MOST_TOKENS


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_same_look_gives_the_same_bytes(stage):
    once, again = look_at(512, 400, 9), look_at(512, 400, 9)
    first, second = (
        views(stage, graph, with_close_ups(stage, graph, look, reference), reference)
        for reference, graph, look in (once, again)
    )
    assert [(caption, encode(picture)) for caption, picture in first] == [
        (caption, encode(picture)) for caption, picture in second
    ]


def is_paper(strip):
    return bool((np.asarray(strip) == 255).all())


@settings(deadline=None, max_examples=25)
@given(
    st.dictionaries(
        st.text("abcWM_ .0", min_size=1, max_size=40), st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=70
    ),
    st.integers(60, 500),
)
def test_names_beside_a_picture_stay_inside_and_apart(places, height):
    picture = Image.new("RGB", (300, height), (90, 90, 90))
    shown = names.with_names(picture, "things", places)
    assert shown.width <= 300 + 2 * 120
    # A name that was cut off would leave ink on the sheet's first or last columns.
    assert is_paper(shown.crop((0, 0, 1, shown.height)))
    assert is_paper(shown.crop((shown.width - 1, 0, shown.width, shown.height)))


@pytest.mark.parametrize("rows", [[], [5.0], [0.0, 0.0, 0.0], [90.0, 95.0, 99.0], [10.0, 50.0, 51.0]])
def test_rows_of_names_are_moved_apart_and_stay_in_order(rows):
    spread = names._spread(rows, 100)
    assert all(below - above >= names.LINE - 1e-9 for above, below in itertools.pairwise(spread))
    assert all(names.LINE / 2 - 1e-9 <= row <= 100 - names.LINE / 2 + 1e-9 for row in spread)


@settings(deadline=None, max_examples=30)
@given(
    st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)),
    st.tuples(st.floats(0.02, 1), st.floats(0.02, 1)),
    st.floats(0.2, 5),
)
def test_a_crop_holds_its_object_and_stays_inside_the_picture(corner, size, aspect):
    left, top = corner
    right, bottom = min(left + size[0], 1.0), min(top + size[1], 1.0)
    window = window_of((left, top, right, bottom), aspect)
    assert -1e-9 <= window[0] <= left + 1e-9
    assert right - 1e-9 <= window[2] <= 1 + 1e-9
    assert -1e-9 <= window[1] <= top + 1e-9
    assert bottom - 1e-9 <= window[3] <= 1 + 1e-9


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 0.9), st.floats(0.05, 1), st.integers(200, 900))
def test_ticks_are_where_they_say_and_their_labels_have_room(low, span, length):
    ticks = canvas._ticks(low, low + span, length)
    assert len(ticks) >= 1
    for place, label in ticks:
        assert place == pytest.approx(
            min((float(label) - low) / span * length, length - 1), abs=0.6 + 0.0006 / span * length
        )
    assert all(b - a >= 25 for (a, _), (b, _) in itertools.pairwise(ticks))


def test_the_worst_objects_are_enlarged_first_and_never_twice():
    reference, graph, look = look_at(512, 512, 9)
    name = graph.leaves[5].name
    left, top, right, bottom = canvas.to_pixels(graph.leaves[5].box, look.render.size)
    ImageDraw.Draw(look.render).rectangle((left, top, right, bottom), fill=(0, 0, 255))
    worst = windows.worst(GEOMETRY, graph, look, reference)
    assert worst[0][0].startswith(name)
    assert len({each for each, _ in worst}) == len(worst) <= 4


def test_a_group_is_enlarged_whole_and_what_is_not_there_is_left_out():
    reference, graph, look = look_at(512, 512, 16)
    cat, head, tail = Node(name="Кот", kind="group"), graph.leaves[6], graph.leaves[7]
    members = [node.model_copy(update={"parent": "Кот"}) if node in (head, tail) else node for node in graph.nodes]
    grouped = graph.model_copy(update={"nodes": [cat, *members]})
    (both, alone) = windows.around(["Кот", head.name, "Dog"], grouped, look, reference)
    assert both[0].startswith(head.name)  # the font has no Cyrillic
    assert both[1][0] <= head.box[0]
    assert both[1][2] >= tail.box[2]
    assert alone[1][2] < tail.box[2]


def test_the_light_sheet_says_where_the_render_is_too_bright():
    reference = Image.new("RGB", (256, 256), (100, 100, 100))
    render = reference.copy()
    render.paste((160, 160, 160), (0, 0, 32, 32))
    grid = light_grid(pixels(render), pixels(reference))
    grid[7, 0] = np.nan
    difference = sheet(reference, render, grid).crop((630, 20, 900, 280))
    red, _, blue = (np.asarray(difference)[:30, 10:40, channel].mean() for channel in range(3))
    assert red > blue + 50
    _, green, blue = (np.asarray(difference)[150:, 150:, channel].max() for channel in range(3))
    assert green == blue == 255
    assert len(np.unique(np.asarray(difference)[-20:, 15:20])) == 1, "what is unknown is plain grey, with no number"


def test_there_is_no_plan_of_nothing():
    graph = SceneGraph(nodes=[Node(name="Cup", build="lathe", box=(0, 0, 1, 1))])
    scene = SceneDescription(
        objects=[], materials=[], lights=[], camera=None, world=None, text="", blender_version="5.0"
    )
    assert plan.plan(graph, scene) is None


def test_a_turned_box_is_drawn_turned():
    turned = info("Book", (0, 0, 1, 1), ((-1, -1, 0), (1, 1, 0.5)))
    turned.corners = [(x, y, z) for x, y in ((-1, 0), (0, 1), (1, 0), (0, -1)) for z in (0, 0.5)]
    frame = plan._Frame((-1, -1), 2)
    assert len(plan._outline(turned, (0, 1), frame)) == 4
    assert set(plan._outline(turned, (0, 1), frame)) == {frame.place(x, y) for x, y, z in turned.corners}
    assert set(plan._outline(turned, (1, 2), frame)) == {frame.place(y, z) for y in (-1, 1) for z in (0, 0.5)}


def test_names_that_the_font_lacks_stand_as_their_number():
    assert names.readable("tea cup", ["a", "tea cup"]) == "tea cup"
    assert names.readable("tasse à thé", ["tasse à thé"]) == "leaf 1"
    assert names.readable("茶碗", ["a", "茶碗"]) == "leaf 2"


def test_long_names_keep_both_ends():
    short = canvas.shortened("chair_left_back_leg", 80)
    assert canvas.text_width(short) <= 80
    assert short.startswith("cha")
    assert short.endswith("leg")


def test_of_what_is_too_large_to_be_enlarged_the_worst_part_is_shown():
    error = np.zeros((384, 384))
    error[300:340, 40:80] = 1.0
    left, top, right, bottom = enlargeable((0.0, 0.0, 1.0, 1.0), error)
    assert left <= 40 / 384
    assert right >= 80 / 384
    assert top <= 300 / 384
    assert bottom >= 340 / 384
    assert right - left < 0.4
    assert enlargeable((0.1, 0.1, 0.3, 0.3), error) == (0.1, 0.1, 0.3, 0.3)
