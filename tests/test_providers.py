"""The catalogue of providers, what may be used of them, and what they cost."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seig_addon.errors import ModelError
from seig_addon.models import Message, Picture, registry
from seig_addon.models.access import Access, on_this_machine
from seig_addon.models.registry import open_model
from seig_addon.models.remote import prices
from seig_addon.models.remote.prices import entry_of, picture_tokens, price_of, tokens_of
from seig_addon.models.remote.providers import (
    PROVIDERS,
    address_of,
    is_remote,
    key_of,
    litellm_options,
    split,
    where_of,
)

ROOT = Path(__file__).parent.parent
CURATED = [f"{provider.id}/{model}" for provider in PROVIDERS.values() for model in provider.models]
READY = Access(
    agreed=frozenset(PROVIDERS), keys=dict.fromkeys(PROVIDERS, "k"), addresses={"azure": "https://a.example"}
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for provider in PROVIDERS.values():
        for variable in (*provider.variables, provider.address_variable or "NONE_HERE"):
            monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("name", CURATED)
def test_each_suggested_model_sees_pictures_is_served_and_has_a_price(name):
    entry = entry_of(name)
    assert entry["supports_vision"]
    assert entry["mode"] == "chat"
    assert entry.get("deprecation_date", "9999") > "2026-12-01"
    price = price_of(name)
    assert 0 < price.cached <= price.input <= price.written < price.output < 1e-4


def test_models_without_a_known_price_have_none():
    for name in ("ollama/llava", "lm_studio/x", "compatible/gpt-6.1-sol", "openai/not-yet-known", "openrouter/a/b"):
        assert price_of(name) is None
    assert price_of("offline") is None


def test_a_price_by_length_is_the_dearest_tier():
    (tiers,) = [entry_of("dashscope/qwen3-vl-plus")["tiered_pricing"]]
    assert price_of("dashscope/qwen3-vl-plus").output == max(tier["output_cost_per_token"] for tier in tiers)


def test_an_entry_is_found_without_parsing_the_whole_list():
    whole = json.loads(prices._text())
    assert [name for name in [*whole][::15] if prices._entry(name) != whole[name]] == []


def test_the_price_list_is_read_without_importing_litellm():
    asked = "from seig_addon.models.remote.prices import price_of; print(price_of('xai/grok-4.7') is not None)"
    code = f"import sys; {asked}; print('litellm' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "False"]


def test_without_litellm_there_are_no_prices_but_nothing_fails(monkeypatch):
    monkeypatch.setattr(prices, "find_spec", lambda name: None)
    prices._text.cache_clear()
    prices._entry.cache_clear()
    try:
        assert price_of("anthropic/claude-opus-5-5") is None
    finally:
        prices._text.cache_clear()
        prices._entry.cache_clear()


def test_tokens_are_estimated_for_text_and_pictures():
    file = io.BytesIO()
    Image.new("RGB", (560, 280)).save(file, "PNG")
    picture = Picture("Reference", file.getvalue())
    text = "A cup stands on a wooden table. " * 30
    assert len(text.split()) < tokens_of([Message("user", (text,))]) < len(text)
    assert tokens_of([Message("user", (picture,))]) == 20 * 10 + 16
    assert tokens_of([Message("user", (picture,))], PROVIDERS["xai"]) == 1792 + 16
    assert tokens_of([Message("user", (text, picture))] * 2) == 2 * tokens_of([Message("user", (text, picture))])


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_pictures_never_count_more_than_at_the_size_that_is_sent(width, height):
    for provider in PROVIDERS.values():
        largest = (provider.longest // 28 + 1) ** 2
        assert (
            provider.picture_tokens <= picture_tokens(width, height, provider) <= max(provider.picture_tokens, largest)
        )


def test_names_split_at_the_first_slash_so_that_any_model_can_be_named():
    assert split("openrouter/meta/llama-9:free") == (PROVIDERS["openrouter"], "meta/llama-9:free")
    assert split("ollama/qwen3-vl:8b")[1] == "qwen3-vl:8b"
    for name, words in [
        ("gpt/x", "no provider 'gpt'"),
        ("openai", "as in openai/gpt"),
        ("ollama/", "as in ollama/MODEL"),
    ]:
        with pytest.raises(ModelError, match=words):
            split(name)


def test_a_key_comes_from_what_was_given_else_from_the_first_variable_that_is_set(monkeypatch):
    gemini = PROVIDERS["gemini"]
    assert key_of(gemini, Access()) == ""
    monkeypatch.setenv("GOOGLE_API_KEY", "second")
    assert key_of(gemini, Access()) == "second"
    monkeypatch.setenv("GEMINI_API_KEY", " first\n")  # as pasted
    assert key_of(gemini, Access()) == "first"
    assert key_of(gemini, Access(keys={"gemini": "given"})) == "given"
    assert key_of(gemini, Access(keys={"gemini": " "})) == "first"


def test_nothing_shows_a_key():
    access = Access(keys={"openai": "sk-planted"}, proxy="http://user:sk-planted@proxy")
    assert "sk-planted" not in f"{access!r} {access}"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("", "http://localhost:1234/v1"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/v1"),
        ("https://gpu.example/api/v1/", "https://gpu.example/api/v1"),
    ],
)
def test_an_address_without_a_path_gets_the_usual_one(given, address):
    assert address_of(PROVIDERS["lm_studio"], Access(addresses={"lm_studio": given})) == address


@pytest.mark.parametrize("address", ["localhost:1234", "ftp://x", "https://", "https://me:pass@host/v1", "https://a b"])
def test_what_is_no_address_is_said_without_repeating_it(address):
    with pytest.raises(ModelError, match="must be a URL") as said:
        address_of(PROVIDERS["compatible"], Access(addresses={"compatible": address}))
    assert "pass@" not in str(said.value)


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://localhost:11434", True),
        ("http://127.1.2.3/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.5:11434", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://api.openai.com", False),
        ("", False),
    ],
)
def test_only_loopback_is_this_machine(address, here):
    assert on_this_machine(address) is here
    assert is_remote("compatible/x", Access(addresses={"compatible": address})) is not here


def test_models_without_a_provider_are_never_remote():
    assert not any(is_remote(name, Access()) for name in ("offline", "manual", "replay:runs/a", "ollama/llava"))
    assert is_remote("anthropic/claude-opus-5-5", Access())


def test_who_gets_the_pictures_is_named():
    assert where_of(PROVIDERS["mistral"], Access()) == "api.mistral.ai"
    assert where_of(PROVIDERS["dashscope"], Access()) == "dashscope-intl.aliyuncs.com"
    assert where_of(PROVIDERS["azure"], READY) == "a.example"


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://a.example/", {}),
        (
            "https://a.example/openai/deployments/g/chat/completions?api-version=2025-01-01-preview",
            {"api_version": "2025-01-01-preview"},
        ),
        ("https://a.example/openai/v1/", {"api_version": "v1"}),
    ],
)
def test_azure_takes_the_address_as_its_portal_shows_it(address, options):
    found = litellm_options(PROVIDERS["azure"], "g", Access(keys={"azure": "k"}, addresses={"azure": address}))
    assert found == {"model": "azure/g", "api_key": "k", "api_base": "https://a.example", **options}


def test_bedrocks_region_is_that_of_its_address():
    address = "https://bedrock-runtime.eu-central-1.amazonaws.com"
    access = Access(keys={"bedrock": "k"}, addresses={"bedrock": address})
    assert litellm_options(PROVIDERS["bedrock"], "m", access)["aws_region_name"] == "eu-central-1"
    assert litellm_options(PROVIDERS["bedrock"], "m", Access())["aws_region_name"] == "us-east-1"


def test_servers_of_ones_own_get_no_key_that_is_meant_for_openai(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    for name in ("compatible", "llamacpp", "lm_studio", "vllm", "ollama"):
        assert litellm_options(PROVIDERS[name], "m", READY)["api_key"] == "k"
        assert litellm_options(PROVIDERS[name], "m", Access())["api_key"] == "none"


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("gpt-0", {}, "no model 'gpt-0'"),
        ("nobody/x", {}, "no provider 'nobody'"),
        ("openai/gpt-6.1-sol", {"online": False, "why_offline": "Do this."}, r"OpenAI \(api.openai.com\) .*: Do this."),
        ("openai/gpt-6.1-sol", {"agreed": frozenset({"xai"})}, "not agreed .* --agree openai"),
        ("azure/gpt", {"addresses": {}}, "AZURE_API_BASE"),
        ("compatible/x", {"addresses": {}}, "COMPATIBLE_API_BASE"),
        ("openai/gpt-6.1-sol", {"keys": {}}, "OPENAI_API_KEY"),
        ("bedrock/x", {"keys": {}}, "AWS_BEARER_TOKEN_BEDROCK"),
    ],
)
def test_what_keeps_a_model_from_being_asked_is_said_with_what_to_do(name, changed, words):
    access = Access(**{"agreed": READY.agreed, "keys": READY.keys, "addresses": READY.addresses, **changed})
    with pytest.raises(ModelError, match=words):
        open_model(name, Path(), print, access=access)


def test_the_first_of_several_obstacles_is_said(monkeypatch):
    nothing = Access(online=False)
    for words, access in [
        ("while Blender is offline", nothing),
        ("not agreed", Access()),
        ("AZURE_API_BASE", Access(agreed=READY.agreed)),
        ("AZURE_API_KEY", Access(agreed=READY.agreed, addresses=READY.addresses)),
    ]:
        with pytest.raises(ModelError, match=words):
            open_model("azure/gpt", Path(), print, access=access)
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="slim build"):
        open_model("azure/gpt", Path(), print, access=nothing)


def test_the_readme_names_each_provider_with_what_it_needs():
    readme = (ROOT / "README.md").read_text("utf-8")
    for provider in PROVIDERS.values():
        assert f"`{provider.id}/" in readme
        needed = provider.variables[: int(provider.needs_key)] + (provider.address_variable,) * provider.needs_address
        assert all(f"`{variable}`" in readme for variable in needed)
