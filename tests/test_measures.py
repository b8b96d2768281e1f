"""The numbers in the questions say what is there: where a box is off, which colour, where it is too dark."""

import numpy as np
import pytest
from PIL import Image

from seig_addon.engine import colors, measures
from seig_addon.engine.base_colors import base_colors
from seig_addon.engine.factors import color_gaps, light_grid
from seig_addon.engine.look import Look
from seig_addon.engine.measured import measured
from seig_addon.engine.scene_graph import Node, SceneGraph
from seig_addon.engine.scores import measure
from seig_addon.engine.stages import MATERIALS
from seig_addon.engine.visible import Visible, visible
from seig_addon.studio.pixels import Ids
from seig_addon.studio.scene import MaterialInfo, ObjectInfo, SceneDescription

GRAPH = SceneGraph(
    nodes=[
        Node(name="Ground", kind="surface", build="plane", box=(0, 0.5, 1, 1)),
        Node(name="Cup", build="lathe", box=(0.2, 0.2, 0.4, 0.6)),
        Node(name="Book", build="box", box=(0.6, 0.5, 0.9, 0.7)),
    ]
)
NAMES = tuple(leaf.name for leaf in GRAPH.leaves)
PAINT = {"Ground": "Stone", "Cup": "Glaze", "Book": "Cloth"}


def seen(**boxes):
    """What is seen of leaves in a picture of 100 × 100, later ones before earlier ones."""
    index = np.full((100, 100), -1, np.int32)
    for name, (left, top, right, bottom) in boxes.items():
        index[round(100 * top) : round(100 * bottom), round(100 * left) : round(100 * right)] = NAMES.index(name)
    return Visible(NAMES, index, ("", *PAINT.values()), index + 1)


IN_PLACE = seen(Ground=(0, 0.5, 1, 1), Cup=(0.2, 0.2, 0.4, 0.6), Book=(0.6, 0.5, 0.9, 0.7))


def scene(**boxes):
    objects = [
        ObjectInfo(
            name=name,
            type="MESH",
            parent=None,
            location=(0, 0, 0),
            dimensions=(1, 1, 1),
            box=box,
            visible=box is not None,
            hidden=False,
            materials=[PAINT[name]],
            vertices=8,
            modifiers=[],
        )
        for name, box in boxes.items()
    ]
    materials = [MaterialInfo(name=PAINT[name], base_color="#808080", users=[name]) for name in boxes]
    return SceneDescription(
        objects=objects, materials=materials, lights=[], camera=None, world=None, text="", blender_version="5.0.0"
    )


def grey(value=0.5):
    return np.full((100, 100, 3), value)


def test_pixels_belong_to_the_nearest_leaf_above_their_object():
    ids = Ids(
        objects=np.array([[0, 1, 2, 3]], np.int32),
        materials=np.zeros((1, 4), np.int32),
        object_names=["", "Cup", "handle", "Stray"],
        material_names=[""],
    )
    parents = {"Cup": None, "handle": "grip", "grip": "Cup", "Stray": None}
    assert visible(GRAPH, parents, ids).index.tolist() == [[-1, 1, 1, -1]]


def test_boxes_are_those_of_what_can_be_seen_and_the_worst_come_first():
    now = seen(Ground=(0, 0.1, 1, 1), Cup=(0.22, 0.2, 0.4, 0.6), Book=(0.6, 0.5, 0.95, 0.65))
    assert measures.box_offsets(GRAPH, now) == [
        "Book: marked 0.600 0.500 0.900 0.700, seen 0.600 0.500 0.950 0.650, off by right +0.050, bottom -0.050",
        "Cup: marked 0.200 0.200 0.400 0.600, seen 0.220 0.200 0.400 0.600, off by left +0.020",
    ]
    covered = seen(Cup=(0.2, 0.2, 0.4, 0.6), Book=(0.2, 0.5, 0.9, 0.7))
    assert measures.offsets(GRAPH, covered)["Cup"] == pytest.approx((0, 0, 0, -0.1))


def test_boxes_in_their_place_are_told_by_name_and_missing_ones_not_at_all():
    assert measures.box_offsets(GRAPH, seen(Cup=(0.2, 0.2, 0.4, 0.6))) == ["in place within 0.01: Cup"]


def test_what_stands_behind_others_is_told_with_what_hides_it():
    there = scene(Cup=(0.2, 0.2, 0.4, 0.6), Book=(0.1, 0.1, 0.9, 0.7))
    hidden = seen(Book=(0.1, 0.1, 0.9, 0.7))
    assert measures.unseen(GRAPH, there, hidden) == ["Cup can't be seen in the render: before it stands Book"]
    assert measures.unseen(GRAPH, scene(Cup=None), hidden) == []


def test_a_shift_of_all_boxes_is_told_as_the_cameras_even_if_one_box_is_wrong():
    boxes = [(x / 10, y / 10, x / 10 + 0.06, y / 10 + 0.06) for x in (1, 4, 7) for y in (2, 6)]
    graph = SceneGraph(nodes=[Node(name=f"N{n}", build="box", box=box) for n, box in enumerate(boxes)])
    index = np.full((200, 200), -1, np.int32)
    for number, box in enumerate(boxes):
        left, top, right, bottom = (
            round(200 * (side + shift)) for side, shift in zip(box, (0.03, 0, 0.03, 0), strict=True)
        )
        index[top:bottom, left:right] = number
    now = Visible(tuple(f"N{n}" for n in range(6)), index, ("",), np.zeros_like(index))
    said = ["all boxes together: 0.030 ± 0.000 too far right (camera, or the whole arrangement)"]
    assert measures.camera(graph, now) == said
    index[index == 0] = -1
    index[100:150, 150:] = 0
    assert "0.030 ± 0.000 too far right" in measures.camera(graph, now)[0]
    assert measures.camera(GRAPH, IN_PLACE) == []


def boxed(places, move):
    """A graph of boxes around some places, and what is seen of them after `move` took each place elsewhere."""
    nodes, index = [], np.full((400, 400), -1, np.int32)
    for number, (u, v) in enumerate(places):
        nodes.append(Node(name=f"N{number}", build="box", box=(u - 0.04, v - 0.04, u + 0.04, v + 0.04)))
        x, y = (round(400 * side) for side in move(number, u, v))
        index[y - 16 : y + 16, x - 16 : x + 16] = number
    return SceneGraph(nodes=nodes), Visible(tuple(node.name for node in nodes), index, ("",), np.zeros_like(index))


PLACES = [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.2, 0.6), (0.5, 0.6), (0.8, 0.6), (0.5, 0.85)]


def test_a_scale_of_all_boxes_is_told_and_not_mistaken_for_a_shift():
    graph, now = boxed(PLACES, lambda _, u, v: (0.5 + 1.1 * (u - 0.5), v))
    (line,) = measures.camera(graph, now)
    assert line == "all boxes together: 10% ± 0% too large across (camera, or the whole arrangement)"


def test_objects_that_disagree_say_nothing_about_the_camera():
    ways = [0.05, -0.04, 0.03, -0.05, 0.04, 0.0, 0.02]
    assert measures.camera(*boxed(PLACES, lambda number, u, v: (u + ways[number], v))) == []
    assert measures.camera(*boxed(PLACES, lambda number, u, v: (u, v - 0.1 * (number == 6)))) == []


def test_what_is_thin_is_said_to_be_half_its_neighbours():
    reference = grey()
    reference[20:60, 20:40] = 0.8
    assert "thin:" not in " ".join(measures.object_colors(color_gaps(GRAPH, IN_PLACE, grey(), reference), ()))
    wire = seen(Ground=(0, 0.5, 1, 1), Cup=(0.2, 0.2, 0.22, 0.6), Book=(0.6, 0.5, 0.9, 0.7))
    lines = measures.object_colors(color_gaps(GRAPH, wire, grey(), reference), ())
    assert [line.split(":")[0] for line in lines if "thin: its neighbours mix in" in line] == ["Cup"]


def test_where_a_mean_is_that_of_two_colours_the_one_of_most_pixels_is_told():
    reference = grey()
    reference[20:60, 20:34], reference[20:60, 34:40] = 0.1, 0.6
    lines = measures.object_colors(color_gaps(GRAPH, IN_PLACE, grey(), reference), ())
    assert [line.split(":")[0] for line in lines if line.endswith("(mixed: most of its pixels are #191919)")] == ["Cup"]


def test_colours_of_what_stands_out_of_its_marked_box_are_said_to_be_compared_with_something_else():
    reference = grey()
    reference[20:60, 20:40] = reference[50:70, 60:90] = 0.8
    away = seen(Ground=(0, 0.5, 1, 1), Cup=(0.28, 0.2, 0.48, 0.6), Book=(0.6, 0.5, 0.9, 0.7))
    look = Look(Image.new("RGB", (100, 100), "grey"), away, scene(), measure(grey(), reference), [])
    picture = Image.fromarray(np.uint8(reference * 255))
    told = [line for line in measured(MATERIALS, GRAPH, look, picture) if "ΔE" in line]
    assert [line.split(":")[0] for line in told if "out of place" in line] == ["Cup"]
    assert any(line.startswith("Book:") for line in told)


def test_a_colour_is_compared_over_visible_pixels_apart_from_the_common_light():
    reference, render = grey(), grey(0.4)
    render[20:60, 20:40] = (0.2, 0.4, 0.4)
    lines = measures.object_colors(color_gaps(GRAPH, IN_PLACE, render, reference), ())
    assert lines[0] == "all colours together: linear factor r g b 1.60 1.60 1.60 (light; divided out below)"
    assert lines[1].startswith("Cup: reference #808080, render #336666, ΔE ")
    red, green, blue = (float(part) for part in lines[1].split(" b ")[1].split())
    assert red == pytest.approx((0.2140 + 0.002) / (0.0331 + 0.002) / 1.60, abs=0.03)
    assert green == blue == 1.0
    assert lines[2:] == ["colours that fit within ΔE 3: Book, Ground"]


def test_pixels_outside_the_marked_box_say_nothing_about_a_colour():
    reference, render = grey(), grey()
    reference[:, :20] = (1, 0, 0)
    wide = seen(Cup=(0.1, 0.2, 0.4, 0.6))
    (gap,) = color_gaps(GRAPH, wide, render, reference)
    assert gap.difference() < 1


def test_base_colors_are_suggested_from_the_ratio_that_is_left():
    reference, render = grey(), grey()
    render[20:60, 20:40] = 0.25
    gaps = color_gaps(GRAPH, IN_PLACE, render, reference)
    (line,) = base_colors(
        GRAPH, scene(Ground=(0, 0.5, 1, 1), Cup=(0.2, 0.2, 0.4, 0.6)), IN_PLACE, gaps, render, reference
    )
    assert line.startswith("material Glaze: base color #808080, suggested #")
    suggested = int(line[-2:], 16) / 255
    assert suggested > 0.85


def suggested(render, reference, materials, worn=IN_PLACE):
    """The lines for a scene of these materials, some kind of grey each; Book and Ground stay as they are."""
    described = scene(Ground=(0, 0.5, 1, 1), Cup=(0.2, 0.2, 0.4, 0.6), Book=(0.6, 0.5, 0.9, 0.7)).model_copy(
        update={"materials": materials}
    )
    return base_colors(GRAPH, described, worn, color_gaps(GRAPH, worn, render, reference), render, reference)


def glaze(kind, base="#808080"):
    return [MaterialInfo(name="Glaze", base_color=base, users=["Cup"], kind=kind)]


def darker_cup():
    render = grey()
    render[20:60, 20:40] = 0.25
    return render


@pytest.mark.parametrize("kind", ["glows", "clear", "mixed"])
def test_no_base_color_is_suggested_where_it_does_not_make_the_look(kind):
    (line,) = suggested(darker_cup(), grey(), glaze(kind))
    assert line.startswith("no base color can be told from the pixels of: Glaze (")


def test_a_metal_gets_a_suggestion_only_where_it_mirrors_one_thing():
    (flat,) = suggested(darker_cup(), grey(), glaze("metal"))
    assert "suggested #" in flat
    mirroring = darker_cup()
    mirroring[20:60:2, 20:40] = 0.6
    (line,) = suggested(mirroring, grey(), glaze("metal"))
    assert line == "no base color can be told from the pixels of: Glaze (metal, shows what it mirrors)"


def test_colours_that_nodes_make_get_a_factor():
    (line,) = suggested(darker_cup(), grey(), glaze("pattern", None))
    assert line.startswith("material Glaze: nodes make its colours; multiply them by r g b ")
    assert float(line.split()[-1]) == pytest.approx((0.2140 + 0.002) / (0.0509 + 0.002), rel=0.02)


def test_things_that_share_a_material_but_not_its_colour_need_two():
    worn = seen(Ground=(0, 0.5, 1, 1), Cup=(0.2, 0.2, 0.4, 0.6), Book=(0.6, 0.5, 0.9, 0.7))
    worn.materials[worn.materials == 3] = 2  # the book wears the cup's
    reference = grey()
    reference[20:60, 20:40] = (0.7, 0.3, 0.3)
    (line,) = suggested(grey(), reference, glaze("plain"), worn)
    assert line.startswith("material Glaze: what wears it differs, so two materials, a gleam, or misplaced: Cup #")
    assert line.endswith(", Book #808080")


def test_of_many_things_that_share_a_material_those_that_differ_most_are_named():
    graph, now = boxed(PLACES, lambda _, u, v: (u, v))
    now = Visible(now.names, now.index, ("", "Steel"), (now.index >= 0).astype(np.int32))
    reference, render = np.full((400, 400, 3), 0.5), np.full((400, 400, 3), 0.5)
    for number in range(len(PLACES)):
        reference[now.index == number] = 0.3 + 0.07 * number
    steel = [MaterialInfo(name="Steel", base_color="#808080", users=list(now.names), kind="plain")]
    described = SceneDescription(
        objects=[], materials=steel, lights=[], camera=None, world=None, text="", blender_version="5.0.0"
    )
    (line,) = base_colors(graph, described, now, color_gaps(graph, now, render, reference), render, reference)
    assert line.startswith(
        "material Steel: what wears it differs most, of 7, so two materials, a gleam, or misplaced: N0 #"
    )
    assert line.count("#") == 3


def test_pixels_that_disagree_suggest_nothing():
    reference = grey()
    reference[20:38, 20:40] = 1.0
    (line,) = suggested(grey(0.25), reference, glaze("plain"))
    assert "Glaze (its pixels disagree" in line


def test_a_suggestion_says_what_the_object_s_factor_says():
    render = darker_cup()
    render[20:24, 20:40] = 0.3
    (line,) = suggested(render, grey(), glaze("plain", "#404040"))
    (gap,) = [gap for gap in color_gaps(GRAPH, IN_PLACE, render, grey()) if gap.name == "Cup"]
    told = colors.linear(colors.from_hex(line.split()[-1])) / colors.linear(colors.from_hex("#404040"))
    assert told == pytest.approx(gap.ratio(), rel=0.03)


def test_the_worst_patch_is_named_with_what_is_seen_there():
    reference, render = grey(), grey()
    render[25:33, 25:33] = 0.9
    (line,) = measures.worst_patches(IN_PLACE, render, reference)
    first = line.split(": ")[1].split("; ")[0:2]
    assert first[0].startswith("0.250 0.250 0.330 0.330 (100%")
    assert first[1].startswith("Cup")


def test_light_says_where_and_by_how_much_all_of_it_is_off():
    reference = np.full((64, 48, 3), 0.5)
    render = reference.copy()
    render[:, :6] = 0.75
    factor, _tint, clipped, grid = measures.light([], render, reference, light_grid(render, reference))
    assert float(factor.split()[-1]) < 1
    assert clipped.startswith("pure white: 0.0% of the reference, 0.0% of the render")
    rows = [[int(cell) for cell in row.split()] for row in grid.splitlines()[1:]]
    assert len(rows) == 8
    assert all(row == [64, 0, 0, 0, 0, 0, 0, 0] for row in rows)


def test_pictures_smaller_than_the_grids_are_measured_too():
    tiny = np.full((5, 3, 3), 0.2)
    index = np.full((5, 3), -1, np.int32)
    nothing = Visible(NAMES, index, ("",), np.zeros_like(index))
    assert measures.light([], tiny, tiny, light_grid(tiny, tiny))[0].endswith("1.00")
    assert measures.worst_patches(nothing, tiny, tiny)
    assert measures.object_colors(color_gaps(GRAPH, nothing, tiny, tiny), ()) == [
        "all colours together: linear factor r g b 1.00 1.00 1.00 (light; divided out below)"
    ]


def test_the_object_whose_shape_differs_is_named_before_the_one_whose_brightness_does():
    reference, render = grey(), grey()
    stripes = np.tile([0.2, 0.8], 5)
    for picture, factor in ((reference, 1.0), (render, 0.6)):
        picture[20:60, 20:40] = factor * np.tile(stripes, 2)[None, :, None]
    reference[50:70, 60:90] = np.repeat(stripes, 2)[:, None, None]
    (line,) = measures.likeness(GRAPH, IN_PLACE, render, reference)
    told = dict(each.split() for each in line.split("same: ")[1].split(", "))
    assert list(told) == ["Book", "Cup"]
    assert float(told["Book"]) < 0.3
    assert float(told["Cup"]) > 0.8
