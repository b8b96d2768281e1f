"""Whole runs with a model over HTTP: keys stay where they belong, nobody else is spoken to, failed runs go on."""

import logging
import re
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest

from seig_addon.engine.reconstruction import Reconstruction
from seig_addon.errors import ModelError
from seig_addon.models.access import Access
from seig_addon.models.registry import open_model
from seig_addon.models.remote.providers import PROVIDERS
from seig_addon.models.remote.retries import Patience
from seig_addon.studio.client import Studio
from tests.scripted import GRAPH, SCAFFOLD, approve, program

KEY = "sk-planted-0123456789abcdef"
NAMES = {
    "openai": "openai/gpt-6.1-sol",
    "anthropic": "anthropic/claude-opus-5-5",
    "gemini": "gemini/gemini-4-argon",
    "vllm": "vllm/some-model",
}
FAILING = [
    *("wrong key", "no credit", "no permission", "unknown model", "too long", "too large", "forbidden content"),
    *("refusal", "redirect", "huge", "busy", "server error", "page", "error in stream", "stall", "drop", "hang up"),
    *("unended", "malformed", "empty choices", "only thoughts"),
]
STAGES = ["initialization", "materials"]


def answer(received):
    """What a good model says; it also repeats the key, as a server that logs badly might."""
    task = re.search(r"# Stage: (\w+) · Task: ([\w ]+)", received.text)
    assert task
    answers = {
        ("initialization", "scene graph"): GRAPH,
        ("initialization", "program"): program(SCAFFOLD),
        ("materials", "program"): program('from seig_kit import material\nmaterial("Red", "#b03a2c")'),
        ("materials", "review"): approve(),
    }
    return f"With {received.key}:\n\n{answers[task[1], task[2].strip()]}"


def open_for_test(name, provider, folder, heard=lambda text: None):
    access = Access(agreed=frozenset(PROVIDERS), addresses={name: provider.address(name)}, read_seconds=20.0, at_once=1)
    model = open_model(NAMES[name], folder, print, heard, access)
    model._patience = Patience(2, 0.02, 0.05)
    return model


def reconstruct(run, model, studio):
    Reconstruction(run, model, studio, lambda event: None, threading.Event()).reconstruct()


def of_process(pid):
    """What anybody on this machine may see of a process, where the system shows it."""
    return [path.read_bytes() for path in (Path(f"/proc/{pid}/environ"), Path(f"/proc/{pid}/cmdline")) if path.exists()]


def uncompressed(blend, folder):
    copy = folder / f"plain_{blend.stem}.blend"
    code = (
        f"import bpy; bpy.ops.wm.open_mainfile(filepath={str(blend)!r});"
        f"bpy.ops.wm.save_as_mainfile(filepath={str(copy)!r}, compress=False)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return copy.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini"])
def test_a_planted_key_is_nowhere_after_a_run_that_failed_in_every_way_and_was_resumed(
    provider, new_run, tmp_path, monkeypatch, caplog, capfd, name
):
    monkeypatch.setenv(PROVIDERS[name].variables[0], KEY)
    caplog.set_level(logging.DEBUG)
    run = new_run("failing", stages=STAGES)
    provider.say(answer)
    told, shown = [], []
    with Studio(log=tmp_path / "studio.log") as studio:
        model = open_for_test(name, provider, run.path, told.append)
        for number, failing in enumerate(FAILING):
            provider.misbehave(*["ok"] * (number == 0), *[failing] * 9)
            model._access.__dict__["read_seconds"] = 0.5 if failing == "stall" else 20.0
            with pytest.raises(ModelError) as caught:
                reconstruct(run, model, studio)
            told.append("".join(traceback.format_exception(caught.value)))
            assert "Resume goes on" in str(caught.value), failing
        assert run.record.graph is not None  # what was there before is kept
        provider.misbehave()
        reconstruct(run, model, studio)
        for pid in (studio._process.pid, *(process.pid for process in model._processes._idle)):
            shown += of_process(pid)
        homes = [Path(process._home.name) for process in (studio._process, *model._processes._idle)]
        shown += [path.read_bytes() for home in homes for path in home.rglob("*") if path.is_file()]
        model.close()
    assert provider.other.requests == []
    assert all(received.key == KEY for received in provider.requests)
    assert not any(KEY.encode() in received.raw for received in provider.requests)

    assert [run.record.stage(stage).state for stage in run.standing()] == ["approved", "approved"]
    written = [path for path in run.path.rglob("*") if path.is_file()]
    assert {"report.html", "scene.blend", "transcript.jsonl", "run.json"} <= {path.name for path in written}
    shown += [path.read_bytes() for path in (*written, tmp_path / "studio.log")]
    shown.append(uncompressed(run.path / "scene.blend", tmp_path))
    captured = capfd.readouterr()
    shown += [text.encode() for text in (*told, caplog.text, captured.out, captured.err, repr(model._access))]
    assert b"[key]" in (run.path / "transcript.jsonl").read_bytes()  # the server did repeat it
    assert not any(KEY.encode() in each for each in shown)


RECORDER = """
import os, sys
def _note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.path.join({folder!r}, f"{{os.getpid()}}.txt"), "a") as file:
            file.write(f"{{event}} {{arguments[1:3] if event == 'socket.connect' else arguments[:2]}}\\n")
sys.addaudithook(_note)
open(os.path.join({folder!r}, f"{{os.getpid()}}.txt"), "a").close()
"""


@pytest.fixture
def connections(tmp_path, monkeypatch):
    """A folder in which every process that starts now notes its connections, by a module that Python loads itself."""
    folder, site = tmp_path / "connections", tmp_path / "site"
    folder.mkdir()
    site.mkdir()
    (site / "sitecustomize.py").write_text(RECORDER.format(folder=str(folder)), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site))
    return folder


def audit_here(seen):
    """Note this process' own connections too, by thread; a hook can't be taken away, so it can be switched off."""
    switch = {"on": True}

    def note(event, arguments):
        if switch["on"] and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            seen.append(f"{event} {arguments[1:3]}")

    sys.addaudithook(note)
    return switch


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vllm", "anthropic"])
def test_a_run_speaks_to_its_server_and_to_nobody_else(provider, new_run, connections, monkeypatch, name):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    run = new_run("quiet", stages=STAGES)
    provider.say(answer)
    provider.misbehave("unended", "ok", "busy")  # the first leaves litellm to count the tokens itself
    here: list[str] = []
    switch = audit_here(here)
    with Studio() as studio:
        model = open_for_test(name, provider, run.path)
        reconstruct(run, model, studio)
        pids = {studio._process.pid, *(process.pid for process in model._processes._idle)}
        model.close()
    switch["on"] = False
    noted = {int(path.stem): path.read_text() for path in connections.iterdir()}
    assert pids <= noted.keys()  # the hook was there, in each process
    assert here == []
    spoken = [line for text in noted.values() for line in text.splitlines()]
    assert len(provider.requests) >= 4
    assert spoken
    assert all(f"'127.0.0.1', {provider.port}" in line for line in spoken), set(spoken)


@pytest.mark.slow
def test_a_run_that_failed_for_lack_of_credit_goes_on_where_it_was(provider, new_run, monkeypatch, studio):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    run = new_run("poor", stages=STAGES)
    provider.say(answer)
    provider.misbehave("ok", "ok", "no credit")
    model = open_for_test("anthropic", provider, run.path)
    with pytest.raises(ModelError, match="no credit left"):
        reconstruct(run, model, studio)
    asked = len(provider.requests)
    assert run.record.stages[0].state == "approved"
    reconstruct(run, model, studio)
    model.close()
    assert run.record.stages[2].state == "approved"
    assert len(provider.requests) == asked + 2  # the materials' program and its review; nothing twice
    assert run.record.usage.output_tokens == 30 * (len(provider.requests) - 1)
    assert (run.path / "report.html").is_file()
