"""The run folder: nothing half-written, nothing lost, every refusal in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seig_addon.engine import transcript
from seig_addon.engine.files import append_line, write_atomic
from seig_addon.engine.records import FORMAT, Settings
from seig_addon.engine.run_folder import RunFolder, read_record
from seig_addon.errors import RunFolderError
from seig_addon.models import Message, Picture, Reply

ROOT = Path(__file__).resolve().parents[1]


def test_a_run_is_written_at_once_and_read_back_the_same(new_run):
    run = new_run()
    assert read_record(run.path) == run.record
    assert run.reference().size == (96, 64)


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path, picture):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(RunFolderError, match="is not empty"):
        RunFolder.create(tmp_path, "a", picture, Settings())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_folders_place_is_refused(tmp_path, picture):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunFolderError, match="is a file"):
        RunFolder.create(tmp_path / "run", "a", picture, Settings())


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may write anywhere")
def test_a_folder_that_is_not_writable_is_refused(tmp_path, picture):
    tmp_path.chmod(0o500)
    with pytest.raises(RunFolderError, match="not writable"):
        RunFolder.create(tmp_path / "run", "a", picture, Settings())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_said_with_what_to_do():
    with pytest.raises(RunFolderError, match="the disk is full; all that was written before is kept"):
        append_line(Path("/dev/full"), "x")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "a.txt"
    write_atomic(path, "old")
    blocker = tmp_path / "b"
    blocker.mkdir()
    (blocker / "x").write_text("")
    with pytest.raises(RunFolderError):
        write_atomic(blocker, "new")  # a folder with content can't be replaced by a file
    assert path.read_text() == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.txt", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ('{"format": 1}', "damaged"),
        (json.dumps({"format": FORMAT + 1, "future": True}), "newer SEIG"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_and_left_alone(new_run, text, words):
    run = new_run()
    run.close()
    (run.path / "run.json").write_text(text)
    with pytest.raises(RunFolderError, match=words):
        RunFolder.open(run.path)
    assert (run.path / "run.json").read_text() == text


def test_a_folder_without_a_run_is_said_to_be_none(tmp_path):
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunFolder.open(tmp_path / "nowhere")


def test_two_processes_never_work_on_one_run(new_run):
    run = new_run()
    assert "in use by another SEIG" in _open_elsewhere(run.path).stderr
    run.close()
    assert _open_elsewhere(run.path).returncode == 0


def _open_elsewhere(path):
    code = (
        "from pathlib import Path\n"
        "from seig_addon.engine.run_folder import RunFolder\n"
        f"RunFolder.open(Path({str(path)!r}))"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def _exchange(run, text, reply="yes"):
    picture = Picture("Reference", b"\x89PNG pixels")
    transcript.record(
        run.path, [Message("user", ("# Stage: x · Task: y", text, picture))], None, Reply(reply), "scripted"
    )


def test_the_transcript_names_pictures_by_hash_and_keeps_each_once(new_run):
    run = new_run()
    _exchange(run, "one")
    _exchange(run, "two\nlines")
    first, second = transcript.read(run.path)
    assert (first.text, second.messages[0]["parts"][1]["text"]) == ("yes", "two\nlines")
    assert first.messages[0]["parts"][2]["image"] == second.messages[0]["parts"][2]["image"]
    assert len(list((run.path / "images").iterdir())) == 1


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_last_line_that_a_kill_cut_off_is_left_out_and_written_over(new_run, kept):
    run = new_run()
    _exchange(run, "one")
    whole = (run.path / "transcript.jsonl").read_bytes()
    (run.path / "transcript.jsonl").write_bytes(whole + whole[:kept])
    run.close()
    assert len(transcript.read(run.path)) == 1
    again = RunFolder.open(run.path)
    _exchange(again, "two")
    again.close()
    assert len(transcript.read(run.path)) == 2
