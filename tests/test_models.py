"""The manual and the replay model, and how models are opened."""

import threading
import time

import pytest

from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.errors import Cancelled, ModelError, RunFolderError
from seig_addon.models import Message, Picture
from seig_addon.models.manual import ManualModel
from seig_addon.models.registry import open_model
from seig_addon.models.replay import ReplayModel
from tests.scripted import GRAPH, SCAFFOLD, ScriptedModel, approve, program

QUESTION = (
    Message("system", ("You rebuild pictures.",)),
    Message(
        "user", ("Reference:", Picture("Reference", b"\x89PNG"), "# Stage: geometry · Task: program · Round: 2\n\nGo.")
    ),
)


def _answer_when_asked(folder, text):
    def answer():
        while not (asked := [each for each in folder.glob("*/question.md") if not _is_answered(each)]):
            time.sleep(0.02)
        (asked[0].parent / "reply.md").write_text(text[:3], encoding="utf-8")  # as a slow editor would
        time.sleep(0.4)
        (asked[0].parent / "reply.md").write_text(text, encoding="utf-8")

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


def _is_answered(question):
    return (question.parent / "taken.md").exists()


def test_a_manual_question_is_a_folder_with_text_and_pictures_and_its_reply_a_file(tmp_path):
    said = []
    person = _answer_when_asked(tmp_path, "a whole réply")
    reply = ManualModel(tmp_path, said.append).ask(QUESTION)
    person.join()
    assert reply.text == "a whole réply"
    folder = tmp_path / "001_stage_geometry_task_program_round_2"
    assert (folder / "1_reference.png").read_bytes() == b"\x89PNG"
    text = (folder / "question.md").read_text(encoding="utf-8")
    assert "You rebuild pictures." in text
    assert "![Reference](1_reference.png)" in text
    assert str(folder / "reply.md") in said[0]


def test_waiting_for_a_person_ends_within_a_second_of_cancel_and_the_question_is_used_again(tmp_path):
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    since = time.monotonic()
    with pytest.raises(Cancelled):
        ManualModel(tmp_path, print).ask(QUESTION, cancel=cancel)
    assert time.monotonic() - since < 1.2
    (question,) = tmp_path.iterdir()
    (question / "reply.md").write_text("later", encoding="utf-8")  # the person was not done when the run stopped
    assert ManualModel(tmp_path, print).ask(QUESTION).text == "later"
    assert list(tmp_path.iterdir()) == [question]


def test_a_question_of_the_same_title_as_an_answered_one_waits_for_a_reply_of_its_own(tmp_path):
    for text in ("first", "second"):
        person = _answer_when_asked(tmp_path, text)
        assert ManualModel(tmp_path, print).ask(QUESTION).text == text
        person.join()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def recorded(new_run, studio):
    run = new_run("recorded", stages=["initialization", "materials"])
    paint = program('from seig_kit import material\nmaterial("Red", "#b03a2c")')
    model = ScriptedModel([GRAPH, program(SCAFFOLD), paint, approve()])
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()
    return run


def _replay(run, model, studio):
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()


def test_a_replayed_run_writes_the_same_programs_and_scores(recorded, new_run, studio):
    again = new_run("again", stages=["initialization", "materials"])
    _replay(again, ReplayModel(recorded.path), studio)
    assert (again.path / "program.py").read_text() == (recorded.path / "program.py").read_text()
    assert again.record.final == recorded.record.final
    assert again.record.usage == recorded.record.usage


def test_a_replay_that_takes_another_path_says_where_it_parts(recorded, new_run, studio):
    again = new_run("again", stages=["initialization", "geometry"])
    with pytest.raises(ModelError, match=r"parts from the record .* question 3: it asks for 'Stage: geometry"):
        _replay(again, ReplayModel(recorded.path), studio)


def test_a_replay_on_another_picture_says_so(recorded, tmp_path, picture, studio):
    from seig_addon.engine.run_folder import RunFolder

    other = RunFolder.create(tmp_path / "other", "other", picture.rotate(180), recorded.record.settings)
    with pytest.raises(ModelError, match="question 1: the reference is another picture"):
        _replay(other, ReplayModel(recorded.path), studio)
    other.close()


def test_a_replay_past_the_end_of_the_record_says_so(recorded, new_run, studio):
    again = new_run("again", stages=["initialization", "materials", "lighting"])
    with pytest.raises(ModelError, match="ends before this question: Stage: lighting"):
        _replay(again, ReplayModel(recorded.path), studio)


def test_a_folder_without_a_transcript_cannot_be_replayed(tmp_path):
    with pytest.raises(RunFolderError, match="nothing to replay"):
        ReplayModel(tmp_path)


@pytest.mark.parametrize("name", ["offline", "manual"])
def test_known_models_open_by_name(tmp_path, name):
    assert open_model(name, tmp_path, print).name == name
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_names_the_known_ones(tmp_path):
    with pytest.raises(ModelError, match=r"no model 'gpt-0'; known are offline, manual, replay:RUN"):
        open_model("gpt-0", tmp_path, print)
