"""Reading replies: what a model sends is a program, edits, or JSON, or it is told why not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seig_addon.engine.replies import BadReply, read_json, read_marks, read_program
from seig_addon.engine.review import Review
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.models import Reply
from tests.scripted import GRAPH, edit

PROGRAM = "a = 1\nb = 2\nc = 3\n"


def test_the_one_code_block_is_the_program():
    reply = Reply("I think so.\n```python\na = 1\n\nb = 2\n```\nDone.")
    assert read_program(reply, "") == "a = 1\n\nb = 2\n"


def test_a_json_block_beside_the_program_is_not_a_second_candidate():
    assert read_program(Reply("```json\n{}\n```\n```python\na = 1\n```"), "") == "a = 1\n"


def test_edits_are_applied_in_order_to_the_program_so_far():
    reply = Reply("Two edits:\n" + edit("a = 1", "a = 10") + "and\n" + edit("a = 10\nb = 2", "b = 20"))
    assert read_program(reply, PROGRAM) == "b = 20\nc = 3\n"


def test_an_edit_may_delete_lines():
    assert read_program(Reply("<<<<<<< SEARCH\nb = 2\n=======\n>>>>>>> REPLACE"), PROGRAM) == "a = 1\nc = 3\n"


def test_edits_inside_a_code_fence_count_as_edits():
    assert read_program(Reply("```python\n" + edit("b = 2", "b = 5") + "```"), PROGRAM) == "a = 1\nb = 5\nc = 3\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I can't see it.", "no program"),
        ("", "no program"),
        ("```python\na = 1\n```\nor\n```python\na = 2\n```", "2 code blocks"),
        ("```python\na = 1\n", "no program"),
        (edit("z = 9", "z = 1"), "is not in the program"),
        (edit("b = 2", "b = 3").replace("b = 2", "same()"), "stands 2 times"),
        (edit("", "x = 1"), "SEARCH text is empty"),
        ("<<<<<<< SEARCH\na = 1\n=======\na = 2\n", "incomplete"),
        (edit("a = 1", "a = 2") + "<<<<<<< SEARCH\nb = 2\n", "incomplete"),
    ],
)
def test_a_reply_that_is_no_program_is_refused_with_the_reason(text, words):
    with pytest.raises(BadReply, match=words):
        read_program(Reply(text), PROGRAM + "same()\nsame()\n")


def test_a_reply_cut_off_by_length_is_refused_even_if_a_block_is_whole():
    with pytest.raises(BadReply, match="cut off"):
        read_program(Reply("```python\na = 1\n```", finish_reason="length"), "")


def test_edits_without_a_program_ask_for_a_whole_one():
    with pytest.raises(BadReply, match="whole program"):
        read_program(Reply(edit("a", "b")), "")


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_is_read_or_refused_and_never_crashes(text, so_far):
    for read in (lambda: read_program(Reply(text), so_far), lambda: read_json(Reply(text), Review)):
        try:
            read()
        except BadReply as refusal:
            assert str(refusal)


_lines = st.lists(st.text("ab =()#'é", min_size=1, max_size=8), min_size=1, max_size=12)


@given(_lines, st.data())
def test_an_edit_of_a_line_changes_that_line_only(lines, data):
    lines = [f"{number}: {line}" for number, line in enumerate(lines, 100)]
    index = data.draw(st.integers(0, len(lines) - 1))
    program = "".join(f"{line}\n" for line in lines)
    expected = [*lines[:index], "new", *lines[index + 1 :]]
    assert read_program(Reply(edit(lines[index], "new")), program).splitlines() == expected


def test_json_is_read_with_or_without_a_fence():
    assert read_json(Reply(GRAPH), SceneGraph).leaves[1].name == "Cube"
    assert read_json(Reply('So: {"approved": true, "checklist": []} is it.'), Review).approved


def test_json_as_a_schema_mode_gives_it_is_read():
    review = {"approved": False, "checklist": ["Sign: write ```{}```"], "comment": "```json\n{}\n```"}
    for indent in (None, 2):
        assert read_json(Reply(json.dumps(review, indent=indent) + "\n"), Review).model_dump() == review
    node = {"name": "Cup", "parent": None, "build": "lathe", "size": None, "box": [0, 0, 1, 1], "rests_on": None}
    assert read_json(Reply(json.dumps({"nodes": [node]})), SceneGraph).leaves[0].name == "Cup"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing", "no JSON"),
        ("```json\n{]\n```", "does not fit"),
        ('{"approved": true, "checklist": ["more"]}', "approved must be false"),
        ('{"approved": false, "checklist": []}', "must say what to change"),
        ('{"approved": true, "surprise": 1}', "surprise"),
        ("```json\n{}\n```\n```json\n{}\n```", "2 JSON blocks"),
    ],
)
def test_json_that_does_not_fit_is_refused_with_the_reason(text, words):
    with pytest.raises(BadReply, match=words):
        read_json(Reply(text), Review)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([], "no leaf"),
        ([{"name": "A", "build": "box", "box": [0, 0, 1, 1]}] * 2, "more often"),
        ([{"name": "A", "box": [0, 0, 1, 1]}], "needs `build`"),
        ([{"name": "A", "build": "box"}], "needs `build` and `box`"),
        ([{"name": "A", "build": "box", "box": [0.6, 0, 0.4, 1]}], "left < right"),
        ([{"name": "A", "build": "box", "box": [0, 0, 1, 1], "parent": "B"}], "not in the list"),
        (
            [
                {"name": "A", "kind": "group", "parent": "B"},
                {"name": "B", "kind": "group", "parent": "A"},
                {"name": "C", "build": "box", "box": [0, 0, 1, 1]},
            ],
            "its own parent",
        ),
    ],
)
def test_a_scene_graph_that_is_no_tree_of_buildable_leaves_is_refused(nodes, words):
    with pytest.raises(BadReply, match=words):
        read_json(Reply(json.dumps({"nodes": nodes})), SceneGraph)


BOTH = SceneGraph.model_validate_json(GRAPH.removeprefix("```json").removesuffix("```"))


def test_a_reply_may_correct_marks_beside_its_program():
    text = "```json\n" + json.dumps({"boxes": {"Cube": [0.1, 0.2, 0.3, 0.4]}, "horizon": 0.2}) + "\n```\n"
    marks, graph = read_marks(Reply(text + edit("a = 1", "a = 2")), BOTH)
    assert graph.leaves[1].box == (0.1, 0.2, 0.3, 0.4)
    assert graph.camera.horizon == 0.2
    assert graph.camera.lens_mm == BOTH.camera.lens_mm
    assert (marks.lens_mm, marks.light) == (None, None)
    relit, graph_relit = read_marks(Reply('```json\n{"light": "from behind"}\n```'), BOTH)
    assert graph_relit.light == relit.light == "from behind"
    assert read_marks(Reply(edit("a = 1", "a = 2")), BOTH) == (None, BOTH)


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"boxes": {"Elephant": [0, 0, 1, 1]}}, "no leaf named Elephant"),
        ({"boxes": {"Cube": [0.5, 0, 0.2, 1]}}, "left < right"),
        ({"boxes": {"Cube": [0, 0, 9, 1]}}, "less than or equal to 1.5"),
        ({"camera": {"tilt": 3}}, "not permitted"),
        ({"lens_mm": -5}, "greater than 0"),
    ],
)
def test_corrections_of_what_is_not_marked_or_no_box_are_refused(marks, words):
    with pytest.raises(BadReply, match=words):
        read_marks(Reply("```json\n" + json.dumps(marks) + "\n```"), BOTH)
