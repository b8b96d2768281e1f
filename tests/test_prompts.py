"""Prompts: every template renders with what it is given, and an artist's own folder comes first."""

import re
from dataclasses import replace

import pytest

from seig_addon.engine import prompts
from seig_addon.engine.kit_reference import kit_reference
from seig_addon.engine.questions import Questions
from seig_addon.engine.records import Method, Scores, StageRecord
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.engine.stages import COMPOSITION, GEOMETRY, INITIALIZATION, LIGHTING, MATERIALS
from seig_addon.errors import SeigError
from seig_addon.studio.client import Limits
from tests.test_views import look_at

STAGES = [GEOMETRY, MATERIALS, COMPOSITION, LIGHTING]


@pytest.fixture
def asked(new_run):
    """Questions of a run whose scene graph has nine objects, and a look at its scene."""

    def make(**chosen):
        run = new_run(**chosen)
        _, graph, look = look_at(96, 64, 9, longest=96)
        run.record.graph, run.record.blender = SceneGraph.model_validate(graph.model_dump()), "5.0.1"
        return run, Questions(run, Limits()), look

    return make


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_sheet_that_is_shown_is_explained_and_the_other_way_round(asked, stage):
    _, questions, look = asked()
    for question in (questions.program(stage, 1, look, "", [], []), questions.review(stage, 1, look)):
        explained = re.findall(r"^\* ([A-Z][a-z ]+):", question.text.split("## Pictures")[1].split("## Scene")[0], re.M)
        shown = [each.caption for each in question.pictures]
        assert shown[:2] == ["Reference", "Current render"]
        assert set(shown[2:]) <= set(explained)


@pytest.mark.parametrize("stage", [GEOMETRY, MATERIALS], ids=lambda stage: stage.name)
def test_renders_in_white_light_are_shown_and_explained(asked, stage):
    _, questions, look = asked()
    lit = replace(look, renders={"front, 1 m": look.render, "from above, 1 m": look.render})
    question = questions.program(stage, 1, lit, "", [], [])
    assert "White light" in [each.caption for each in question.pictures]
    assert "* White light: " in question.text


@pytest.mark.parametrize("solving", [True, False])
def test_a_model_hears_that_light_is_solved_for_only_where_it_is(asked, solving):
    _, questions, _ = asked(method=Method(solving=solving))
    text = questions.program(INITIALIZATION, 1, None, "", [], []).text
    assert ("solved for after your program" in text) == solving


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_object_is_named_in_what_is_measured_and_in_the_graph(asked, stage):
    run, questions, look = asked()
    text = questions.program(stage, 1, look, "", [], []).text
    for leaf in run.record.graph.leaves:
        assert leaf.name in text
    measured = text.split("## Measured")[1].split("\n## ")[0]
    if stage is not LIGHTING:
        assert all(leaf.name in measured for leaf in run.record.graph.leaves if leaf.kind == "object")


def test_the_rounds_so_far_stand_in_the_question_with_their_scores(asked):
    run, questions, look = asked()
    run.record.stages[1] = StageRecord(name="geometry", start=Scores(psnr=12.5, ssim=0.5, overall=0.4))
    text = questions.program(GEOMETRY, 1, look, "", [], ["round 1 was dropped"]).text
    section = text.split("## Rounds so far")[1]
    assert "as the stage found it: PSNR 12.50 dB, SSIM 0.500, overall 0.400" in section
    assert "- round 1 was dropped" in section


@pytest.mark.parametrize("stage", [MATERIALS, COMPOSITION, LIGHTING], ids=lambda stage: stage.name)
def test_later_stages_are_not_told_how_to_build(asked, stage):
    _, questions, look = asked()
    assert '"build"' in questions.program(GEOMETRY, 1, look, "", [], []).text
    assert '"build"' not in questions.program(stage, 1, look, "", [], []).text


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_verifier_is_not_told_how_or_how_large_to_build(asked, stage):
    _, questions, look = asked()
    graph = questions.review(stage, 1, look).text.split("```json")[1]
    assert '"box"' in graph
    assert '"build"' not in graph
    assert '"size"' not in graph


def test_a_template_of_the_artists_own_comes_first_and_changes_the_version(asked, tmp_path):
    own = tmp_path / "own"
    (own / "generator").mkdir(parents=True)
    (own / "generator" / "lighting.md").write_text("Make it night, whatever the reference shows.")
    _, questions, look = asked(prompts=str(own))
    assert "Make it night" in questions.program(LIGHTING, 1, look, "", [], []).text
    assert "Make it night" not in questions.program(MATERIALS, 1, look, "", [], []).text
    assert prompts.version(str(own)) != prompts.version()


def test_a_mistake_in_an_artists_template_is_said_in_a_sentence(asked, tmp_path):
    (tmp_path / "review.md").write_text("{{ nonsense }}")
    _, questions, look = asked(prompts=str(tmp_path))
    with pytest.raises(SeigError, match=r"review\.md.*nonsense"):
        questions.review(LIGHTING, 1, look)


@pytest.mark.parametrize(("blender", "said"), [("4.5.15", "use_nodes = True"), ("5.2.0 LTS", "deprecated")])
def test_facts_are_those_of_the_blender_that_runs(blender, said):
    assert said in prompts.render("system.md", blender=blender, kit="x", seconds="20", vertices=1)


def test_the_kits_reference_tells_of_what_it_can_do():
    for name in ("slab(", "height_to_row(", "segments"):
        assert name in kit_reference()
