"""Keys, agreements and the choice of models: what is kept, what is never written, and what is said."""

import json
import os
import subprocess
import sys
import time

import pytest

bpy = pytest.importorskip("bpy")

from seig_addon import addon  # noqa: E402
from seig_addon.addon import consent, estimates, inquiry, keys, preferences, providers, readiness, session  # noqa: E402
from seig_addon.addon.preferences import PACKAGE  # noqa: E402
from seig_addon.errors import SeigError  # noqa: E402
from seig_addon.models import registry  # noqa: E402
from seig_addon.models.remote.providers import PROVIDERS  # noqa: E402
from seig_addon.models.remote.servers import LocalModel  # noqa: E402

KEY = "sk-planted-0123456789abcdef"


@pytest.fixture(scope="module", autouse=True)
def registered():
    addon.register()
    yield
    addon.unregister()


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """The default preferences, online, without any key in the environment."""
    for provider in PROVIDERS.values():
        for variable in (*provider.variables, provider.address_variable):
            monkeypatch.delenv(variable or "NONE", raising=False)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.addons.new().module = PACKAGE
    bpy.context.preferences.system.use_online_access = True
    keys.unregister()
    mine = preferences.get(bpy.context)
    mine.run_folder = str(tmp_path / "runs")
    yield mine
    session.current().stop_and_wait()
    inquiry.unregister()


@pytest.fixture
def photo(chosen, tmp_path, picture):
    """A chosen picture."""
    picture.save(tmp_path / "box.png")
    bpy.context.window_manager.seig.picture = str(tmp_path / "box.png")
    return tmp_path / "box.png"


def reason(name, **given):
    operator = getattr(bpy.ops.seig, name)
    if operator.poll():
        return ""
    with pytest.raises(RuntimeError) as caught:
        operator(**given)
    return str(caught.value).split(".poll() ", 1)[1]


# Models


def test_a_model_is_named_by_its_provider_and_has_a_first_suggestion(chosen):
    chosen.provider = "anthropic"
    first = PROVIDERS["anthropic"].models[0]
    assert preferences.model_id(bpy.context) == f"anthropic/{first}"
    chosen.anthropic.model = "claude-of-tomorrow"
    assert preferences.settings(bpy.context, "").model == "anthropic/claude-of-tomorrow"
    assert preferences.model_label("anthropic/claude-of-tomorrow") == ("Anthropic", "claude-of-tomorrow")


def test_each_provider_keeps_its_own_model(chosen):
    chosen.provider = "openai"
    chosen.openai.model = "one"
    chosen.provider = "mistral"
    chosen.mistral.model = "two"
    chosen.provider = "openai"
    assert preferences.model_id(bpy.context) == "openai/one"


def test_what_is_saved_of_a_menu_stays_right_when_providers_are_added(chosen):
    numbers = {each.identifier: each.value for each in chosen.bl_rna.properties["provider"].enum_items}
    assert [numbers[name] for name in ("offline", "manual", "NAMED", "anthropic", "openai")] == [1, 2, 3, 4, 5]


def test_the_verifier_may_be_another_model(chosen):
    chosen.provider, chosen.verifier = "anthropic", "openai"
    assert preferences.settings(bpy.context, "").verifier == f"openai/{PROVIDERS['openai'].models[0]}"
    chosen.verifier = "SAME"
    assert preferences.settings(bpy.context, "").verifier == ""
    chosen.verifier, chosen.verifier_model = "anthropic", chosen.anthropic.model
    assert preferences.settings(bpy.context, "").verifier == "", "the same model is opened once"


def test_no_limit_is_none(chosen):
    assert preferences.settings(bpy.context, "").limit is None
    chosen.limit = 2.5
    assert preferences.settings(bpy.context, "").limit == 2.5


def test_what_a_server_has_is_suggested_instead_of_the_curated_models(chosen):
    ollama = PROVIDERS["ollama"]
    providers.found["ollama"] = [LocalModel("qwen3-vl", True), LocalModel("other", None)]
    assert [name for name, _ in providers.suggestions(ollama)] == ["qwen3-vl", "other"]
    bpy.ops.seig.use_model(provider="ollama", use="model", model="other")
    assert chosen.ollama.model == "other"


# Keys


def test_a_pasted_key_is_trimmed_and_may_be_long():
    assert keys.pasted(f"\n  {KEY * 20} \n") == KEY * 20


@pytest.mark.parametrize("text", ["", " \n", "two words", "a\nb", "x" * 3000])
def test_what_is_no_key_is_not_pasted(text):
    with pytest.raises(SeigError, match="clipboard"):
        keys.pasted(text)


def test_the_environments_key_is_used_and_named_but_not_shown(chosen, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    assert keys.source(PROVIDERS["anthropic"], chosen.anthropic) == "from ANTHROPIC_API_KEY"
    assert chosen.anthropic.key == ""
    chosen.provider = "anthropic"
    assert reason("reconstruct") == "Choose a picture first."


def test_a_key_of_the_session_goes_before_a_stored_one_and_the_environment(chosen, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    chosen.openai.key = KEY
    assert preferences.access(bpy.context).keys["openai"] == KEY
    assert keys.source(PROVIDERS["openai"], chosen.openai) == "for this session"
    assert chosen.openai.stored_key == ""
    chosen.openai.stored = True
    assert chosen.openai.stored_key == KEY
    assert keys.typed(PROVIDERS["openai"]) == ""
    chosen.openai.key = KEY + "2"
    assert chosen.openai.stored_key == KEY + "2", "it stays stored"
    chosen.openai.stored = False
    assert (chosen.openai.stored_key, chosen.openai.key) == ("", KEY + "2"), "it stays for the session"
    bpy.ops.seig.forget_key(provider="openai")
    assert chosen.openai.key == ""


def test_access_never_shows_a_key(chosen):
    chosen.anthropic.key = KEY
    assert KEY not in repr(preferences.access(bpy.context))


SAVES = """
import sys
from pathlib import Path
import bpy
from seig_addon import addon
from seig_addon.addon import preferences
from seig_addon.addon.preferences import PACKAGE
folder, key, stored = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
addon.register()
bpy.context.preferences.addons.new().module = PACKAGE
chosen = preferences.get(bpy.context)
chosen.provider = "anthropic"
chosen.anthropic.key = key
if stored != "never":
    chosen.anthropic.stored = True
if stored == "forgotten":
    bpy.ops.wm.save_userpref()
    bpy.ops.seig.forget_key(provider="anthropic")
bpy.context.preferences.filepaths.use_file_compression = False
bpy.ops.wm.save_as_mainfile(filepath=str(folder / "file.blend"))
bpy.ops.wm.save_userpref()
print("SAVED", bpy.context.scene.name, [scene.seig.bl_rna.identifier for scene in bpy.data.scenes])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("stored", "where"), [("never", []), ("yes", ["userpref.blend"]), ("forgotten", [])])
def test_a_key_is_in_no_file_unless_it_is_stored(tmp_path, stored, where):
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path), "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", SAVES, str(tmp_path), KEY, stored]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "SAVED" in done.stdout, done.stderr
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"file.blend", "userpref.blend"} <= {file.name for file in files}
    assert [file.name for file in files if KEY.encode() in file.read_bytes()] == where
    assert KEY not in done.stdout + done.stderr


# What is missing


@pytest.mark.parametrize(
    ("provider", "words"),
    [("anthropic", "needs a key"), ("azure", "needs the address"), ("ollama", "Name a model of Ollama")],
)
def test_what_is_missing_is_on_the_grey_button_and_in_the_panel(photo, chosen, provider, words):
    chosen.provider = provider
    assert words in reason("reconstruct")
    assert words in reason("step")
    assert words in readiness.problem(bpy.context, readiness.of_preferences(bpy.context))


def test_the_switch_that_keeps_blender_offline_is_named(photo, chosen):
    chosen.provider, chosen.anthropic.key = "anthropic", KEY
    assert reason("reconstruct") == ""
    bpy.context.preferences.system.use_online_access = False
    assert "allow online access in Blender's Preferences, under System" in reason("reconstruct")
    chosen.provider, chosen.ollama.model = "ollama", "any"
    assert reason("reconstruct") == "", "a server on this machine needs no network"
    chosen.ollama.address = "http://192.0.2.7:11434"
    assert "offline" in reason("reconstruct"), "one on another machine does"


def test_the_slim_build_says_what_is_missing(photo, chosen, monkeypatch):
    chosen.provider, chosen.anthropic.key = "anthropic", KEY
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    assert "slim build" in reason("reconstruct")
    chosen.provider = "offline"
    assert reason("reconstruct") == ""


# Consent


def test_nothing_is_begun_before_somebody_agreed(photo, chosen, tmp_path):
    chosen.provider, chosen.anthropic.key = "anthropic", KEY
    scenes = len(bpy.data.scenes)
    with pytest.raises(RuntimeError, match="not agreed"):
        bpy.ops.seig.reconstruct()
    assert len(bpy.data.scenes) == scenes
    assert not (tmp_path / "runs").exists()
    assert not session.current().busy
    assert "litellm" not in sys.modules


def test_agreeing_is_remembered_by_provider_and_day_and_can_be_revoked(chosen):
    assert preferences.access(bpy.context).agreed == frozenset()
    bpy.ops.seig.agree(providers="anthropic,openai")
    kept = consent.recorded(chosen)
    assert kept["anthropic"].where == "api.anthropic.com"
    assert kept["openai"].when == time.strftime("%Y-%m-%d")
    assert preferences.access(bpy.context).agreed == {"anthropic", "openai"}
    bpy.ops.seig.revoke(provider="anthropic")
    assert preferences.access(bpy.context).agreed == {"openai"}
    assert bpy.context.preferences.is_dirty


def test_another_address_needs_another_agreement(chosen):
    chosen.compatible.address = "https://models.example.org/v1"
    bpy.ops.seig.agree(providers="compatible")
    assert preferences.access(bpy.context).agreed == {"compatible"}
    chosen.compatible.address = "https://elsewhere.example.org/v1"
    assert preferences.access(bpy.context).agreed == frozenset()


@pytest.mark.parametrize("kept", ["{", "[]", '{"anthropic": 3}', '{"nobody": {"where": "x", "when": "y"}}'])
def test_agreements_that_cannot_be_read_are_none(chosen, kept):
    chosen.consent = kept
    assert consent.recorded(chosen) == {}


def test_after_agreeing_what_was_wanted_goes_on(photo, chosen, monkeypatch):
    started = []
    monkeypatch.setattr(session.Session, "start", lambda self, run, *_, **__: (started.append(run.path), run.close()))
    chosen.provider, chosen.anthropic.key = "anthropic", KEY
    bpy.ops.seig.agree(providers="anthropic", then="reconstruct", given=json.dumps({}))
    assert len(started) == 1
    assert consent.recorded(chosen).keys() == {"anthropic"}


# Asking a server


def answered(seconds=60.0):
    end = time.monotonic() + seconds
    while inquiry.current() is not None:
        assert time.monotonic() < end
        inquiry.pump()
        time.sleep(0.02)


def test_an_inquiry_never_holds_up_the_window_and_is_stopped_at_once(chosen):
    asked = inquiry.Inquiry("openai", "asking", lambda cancel: cancel.wait(20), lambda answer: "done")
    inquiry.start(asked)
    assert reason("test_connection", model="openai/x").startswith("Something is being asked")
    began = time.monotonic()
    bpy.ops.seig.stop_asking()
    assert inquiry.current() is None
    assert time.monotonic() - began < 0.5
    assert asked.text == "Stopped."
    assert reason("stop_asking") == "Nothing is being asked."


def test_a_server_that_is_not_there_is_said(chosen):
    chosen.ollama.address = "http://127.0.0.1:9"
    bpy.ops.seig.list_models(provider="ollama")
    answered()
    assert inquiry.last["ollama"].failed
    assert "Nothing answers at http://127.0.0.1:9" in inquiry.last["ollama"].text


def test_asking_a_provider_over_the_network_needs_consent_too(chosen):
    chosen.anthropic.key = KEY
    bpy.ops.seig.test_connection(model="anthropic/any")
    answered()
    assert "not agreed" in inquiry.last["anthropic"].text


# The estimate


def test_the_estimate_is_worked_out_beside_drawing(chosen):
    estimates.unregister()  # forgets those of other tests
    assert estimates.words(preferences.settings(bpy.context, "")) == "", "the offline model costs nothing"
    chosen.provider = "anthropic"
    settings = preferences.settings(bpy.context, "")
    until = time.monotonic() + 20
    while not estimates.words(settings):
        assert time.monotonic() < until
        estimates._look()
        time.sleep(0.02)
    assert "questions" in estimates.words(settings)
    assert "tokens" in estimates.words(settings)
