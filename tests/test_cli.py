"""The command line, as a person would type it: real processes, real files, exit codes and sentences."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seig_addon.engine.replies import read_json
from seig_addon.engine.run_folder import read_record
from seig_addon.engine.scene_graph import SceneGraph
from seig_addon.models import Reply
from seig_addon.models.remote.providers import PROVIDERS
from tests.scripted import GRAPH, SCAFFOLD, program

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--rounds", "initialization=1,geometry=1,materials=1,composition=1,lighting=1"]


def seig(*arguments, cwd, timeout=120, environment=()):
    return subprocess.run(
        [sys.executable, "-m", "seig_addon", *map(str, arguments)],
        cwd=cwd,
        env=_environment() | dict(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def _environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def image(tmp_path, picture):
    path = tmp_path / "a red box.png"
    picture.save(path)
    return path


def test_help_lists_every_command_and_each_has_its_own(tmp_path):
    said = seig("--help", cwd=tmp_path).stdout
    for command in ("reconstruct", "step", "redo", "resume", "replay", "report", "models", "doctor"):
        assert command in said
        assert seig(command, "--help", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reconstruct", "nowhere.png"], "no picture at"),
        (["reconstruct", "IMAGE", "--model", "gpt-0"], "no model 'gpt-0'"),
        (["reconstruct", "IMAGE", "--stages", "initialization,modelling"], "Unknown stage 'modelling'"),
        (["reconstruct", "IMAGE", "--stages", "geometry"], "begins with initialization"),
        (["reconstruct", "IMAGE", "--rounds", "geometry"], "--rounds takes STAGE=NUMBER"),
        (["reconstruct", "IMAGE", "--rounds", "geometry=0"], "1 to 50 rounds"),
        (["reconstruct", "IMAGE", "--rounds", "geometry=-3"], "--rounds takes"),
        (["reconstruct", "IMAGE", "--output", "."], "is not empty"),
        (["resume", "nowhere"], "not a run folder"),
        (["redo", "nowhere", "--stage", "geometry"], "not a run folder"),
        (["redo", "nowhere", "--stage", "modelling"], "no stage 'modelling'"),
        (["replay", "nowhere"], "not a run folder"),
        (["report", "nowhere"], "not a run folder"),
        (["reconstruct", "IMAGE", "--blender", "no-such-blender"], "no-such-blender"),
    ],
)
def test_bad_input_gets_one_sentence_and_a_failing_exit_code(tmp_path, image, arguments, words):
    before = sorted(tmp_path.rglob("*"))
    said = seig(*[str(image) if a == "IMAGE" else a for a in arguments], cwd=tmp_path)
    assert said.returncode == 1
    assert words in said.stderr
    assert "Traceback" not in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_picture_becomes_a_folder_with_scene_program_and_report(tmp_path, image):
    said = seig("reconstruct", image, *SMALL, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    folder = tmp_path / "runs" / "a red box"
    for name in ("report.html", "scene.blend", "program.py"):
        assert str(folder / name) in said.stdout
        assert (folder / name).stat().st_size > 0
    assert "initialization" in said.stdout

    redone = seig("redo", folder, "--stage", "lighting", "--note", "darker", cwd=tmp_path)
    assert redone.returncode == 0, redone.stderr
    assert read_record(folder).stages[4].redo == 1

    replayed = seig("report", folder, cwd=tmp_path)
    assert replayed.stdout.strip() == str(folder / "report.html")


@pytest.mark.slow
def test_programs_that_are_only_run_again_need_neither_key_nor_consent(run, tmp_path):
    from tests.live_runs import PROGRAMS

    run.record.settings.model = "anthropic/claude"
    run.record.graph = read_json(Reply(GRAPH), SceneGraph)
    for stage, text in PROGRAMS.items():
        (run.round_folder(stage, 1) / "program.py").write_text(text, encoding="utf-8")
    run.record.stages[4].state = "stale"
    run.save()
    run.close()
    keyless = dict.fromkeys(PROVIDERS["anthropic"].variables, "")
    said = seig("resume", run.path, cwd=tmp_path, environment=keyless)
    assert said.returncode == 0, said.stderr
    assert read_record(run.path).stages[4].state == "budget spent", "it stands, though nobody approved it"
    said = seig("redo", run.path, "--stage", "lighting", cwd=tmp_path, environment=keyless)
    assert said.returncode == 1
    assert "ANTHROPIC_API_KEY" in said.stderr
    assert read_record(run.path).stages[4].redo == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process the hard way")
def test_ctrl_c_stops_within_moments_and_resume_goes_on(tmp_path, image):
    command = [sys.executable, "-m", "seig_addon", "reconstruct", str(image), "--output", "run", *SMALL]
    with subprocess.Popen(command, cwd=tmp_path, env=_environment(), stderr=subprocess.PIPE, text=True) as process:
        _wait_for(lambda: (tmp_path / "run" / "transcript.jsonl").exists())
        process.send_signal(signal.SIGINT)
        since = time.monotonic()
        assert process.wait(10) == 130
        assert time.monotonic() - since < 3
        assert "python -m seig_addon resume " in process.stderr.read()
    assert seig("resume", "run", cwd=tmp_path).returncode == 0
    assert all(stage.state != "pending" for stage in read_record(tmp_path / "run").stages)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("after", ["run.json", "stages/1_initialization/rollout_1/program.py", "stages/3_materials"])
def test_a_killed_run_resumes_and_loses_at_most_the_round_under_way(tmp_path, image, after):
    command = [sys.executable, "-m", "seig_addon", "reconstruct", str(image), "--output", "run", *SMALL]
    with subprocess.Popen(command, cwd=tmp_path, env=_environment(), stdout=subprocess.DEVNULL) as process:
        _wait_for(lambda: (tmp_path / "run" / after).exists())
        process.kill()
    before = json.loads((tmp_path / "run" / "run.json").read_text())
    resumed = seig("resume", "run", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    record = read_record(tmp_path / "run")
    for old, new in zip(before["stages"], record.stages, strict=True):
        assert new.model_dump(mode="json")["rounds"][: len(old["rounds"])] == old["rounds"]
    assert (tmp_path / "run" / "report.html").exists()


def _wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.mark.slow
def test_doctor_finds_everything_well(tmp_path):
    said = seig("doctor", cwd=tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "All is well." in said.stdout
    assert re.search(r"tick +median +[\d.]+ ms, 99 % within +[\d.]+ ms, longest +[\d.]+ ms of [1-9]", said.stdout)


def test_models_are_listed_and_offline_is_called_what_it_is(tmp_path):
    said = seig("models", cwd=tmp_path).stdout
    assert "a block-out without AI" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "anthropic/m", "--agree", "nobody"], "no provider 'nobody' to agree to"),
        (["--model", "anthropic/m"], "needs a key"),
        (["--model", "azure/m"], "needs the address"),
        (["--model", "offline", "--verifier", "openai/m"], "needs a key"),
        (["--model", "compatible/m"], "Agree with: --agree compatible"),
    ],
)
def test_what_a_remote_model_lacks_is_said_before_anything_is_made(tmp_path, image, arguments, words):
    elsewhere = {"COMPATIBLE_API_BASE": "https://models.example.org/v1"}
    keyless = {name: "" for each in PROVIDERS.values() for name in each.variables} | elsewhere
    said = seig("reconstruct", image, *arguments, cwd=tmp_path, environment=keyless)
    assert said.returncode == 1
    assert words in said.stderr
    assert "Traceback" not in said.stderr
    assert not (tmp_path / "runs").exists()


def test_models_say_whether_the_key_is_there_and_never_show_it(tmp_path):
    said = seig("models", cwd=tmp_path, environment={"ANTHROPIC_API_KEY": "sk-planted", "OPENAI_API_KEY": ""}).stdout
    assert "Anthropic: key from ANTHROPIC_API_KEY" in said
    assert "OpenAI: no key (OPENAI_API_KEY is not set)" in said
    assert "http://localhost:11434" in said
    assert "sk-planted" not in said


def test_in_a_terminal_agreement_is_asked_for(tmp_path, image):
    pty = pytest.importorskip("pty")  # no Windows
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "seig_addon", "reconstruct", str(image), "--model", "compatible/m"]
    environment = _environment() | {"COMPATIBLE_API_BASE": "https://models.example.org/v1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True
    ) as process:
        os.write(screen, b"n\n")
        assert process.wait(60) == 1
        assert "nothing was started" in process.stderr.read()
    assert "go to OpenAI-compatible server (models.example.org)" in os.read(screen, 10_000).decode()
    os.close(screen)
    os.close(terminal)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_server_on_this_machine_is_asked_up_to_the_limit_and_beyond_a_higher_one(tmp_path, image, provider):
    provider.say(GRAPH, program(SCAFFOLD))
    here = {"COMPATIBLE_API_BASE": provider.address("openai")}
    one = ["--stages", "initialization", "--rounds", "initialization=1", "--output", "run"]
    said = seig("reconstruct", image, "--model", "compatible/m", "--limit", 1, *one, cwd=tmp_path, environment=here)
    assert said.returncode == 0, said.stderr
    record = read_record(tmp_path / "run")
    assert (record.settings.model, record.settings.limit) == ("compatible/m", 1.0)
    assert record.usage.output_tokens > 0
    assert record.cost is None
    assert seig("resume", "run", "--limit", 2, cwd=tmp_path, environment=here).returncode == 0
    assert read_record(tmp_path / "run").settings.limit == 2.0
    assert seig("resume", "run", "--limit", 0, cwd=tmp_path, environment=here).returncode == 0
    assert read_record(tmp_path / "run").settings.limit is None
