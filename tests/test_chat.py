"""The manual model's question as it is put to a chat, and what is taken for the reply."""

import threading
from contextlib import suppress

import pytest

pytest.importorskip("bpy")

from seig_addon.addon import chat
from seig_addon.errors import Cancelled, SeigError
from seig_addon.models import Message, Picture
from seig_addon.models.manual import ManualModel

QUESTION = (
    Message("system", ("You write Blender programs.",)),
    Message(
        "user",
        (
            "Reference:",
            Picture("Reference", b"\x89PNG"),
            "Current render:",
            Picture("Current render", b"\xff\xd8", "image/jpeg"),
            "# Stage: materials · Task: program · Round: 1\n\n## Program so far\n```python\nx = '![a](b)'\n```",
        ),
    ),
)


@pytest.fixture
def asked(tmp_path):
    """A run whose manual model waits for a reply; the reply comes into the list."""
    told, replies, cancel = threading.Event(), [], threading.Event()
    model = ManualModel(tmp_path / "questions", lambda text: told.set())

    def ask():
        with suppress(Cancelled):
            replies.append(model.ask(QUESTION, cancel=cancel).text)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert told.wait(5)
    yield tmp_path, replies, thread
    cancel.set()
    thread.join(5)


def test_the_question_calls_its_pictures_by_name_and_in_order(asked):
    folder = chat.waiting(asked[0])
    text = chat.for_chat(folder)
    assert text.startswith("2 pictures are attached, in this order: 1_reference.png, 2_current_render.jpeg.")
    assert text.index("[picture: 1_reference.png]") < text.index("[picture: 2_current_render.jpeg]")
    assert "You write Blender programs." in text
    assert "x = '![a](b)'" in text, "what looks like a picture inside of a program is left alone"
    assert all((folder / name).is_file() for name in ("1_reference.png", "2_current_render.jpeg"))


def test_a_pasted_reply_is_taken(asked):
    run, replies, thread = asked
    chat.answer(chat.waiting(run), "```python\nx = 1\n```")
    thread.join(10)
    assert replies == ["```python\nx = 1\n```"]
    with pytest.raises(SeigError, match="is gone"):
        chat.waiting(run)


def test_an_empty_clipboard_and_the_question_itself_are_no_reply(asked):
    folder = chat.waiting(asked[0])
    question = chat.for_chat(folder)
    for text, words in (("", "empty"), (" \n", "empty"), (question, "still has the question")):
        with pytest.raises(SeigError, match=words):
            chat.answer(folder, text)
    with pytest.raises(SeigError, match="still has the question"):
        chat.answer(folder, question.replace("\n", "\r\n"))  # as some clipboards give it back
    assert not (folder / "reply.md").exists()


def test_without_a_question_there_is_nothing_to_copy(tmp_path):
    with pytest.raises(SeigError, match="is gone"):
        chat.waiting(tmp_path)
