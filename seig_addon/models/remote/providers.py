"""The providers of models, and what each needs: its names, key, address, and a few models that see pictures.

A model's full name is PROVIDER/MODEL. The curated models are suggestions; any other name works too.
Nothing here connects to anything.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from ...errors import ModelError
from ..access import Access, on_this_machine


@dataclass(frozen=True)
class Provider:
    """One provider. `prefix` is litellm's name for it; of `variables`, the first that is set has the key.

    `address` is its base URL as litellm wants it, empty where litellm knows it and no other makes sense.
    `models` are newest first; `where` is who gets the pictures, for the question whether that is agreed to.
    `longest` is how many pixels of a picture's longer side it makes use of, `most_bytes` what one may weigh.
    `picture_tokens` is the least that a picture counts. `marks_cache`: what may be cached has to be marked
    in the question, as Anthropic wants it. `start` says how to start a server of one's own.
    """

    id: str
    name: str
    prefix: str
    variables: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    where: str = ""
    address: str = ""
    address_variable: str = ""
    needs_address: bool = False
    needs_key: bool = True
    local: bool = False
    longest: int = 1568
    most_bytes: int = 3_500_000
    picture_tokens: int = 300
    marks_cache: bool = False
    start: str = ""


_ALL = (
    Provider(
        "anthropic",
        "Anthropic",
        "anthropic",
        ("ANTHROPIC_API_KEY",),
        ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-1"),
        "api.anthropic.com",
        marks_cache=True,
    ),
    Provider(
        "openai",
        "OpenAI",
        "openai",
        ("OPENAI_API_KEY",),
        ("gpt-6.1-sol", "gpt-6-astra", "gpt-6-luna"),
        "api.openai.com",
        longest=2048,
    ),
    Provider(
        "gemini",
        "Google Gemini",
        "gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        ("gemini-4-argon", "gemini-3.8-flash", "gemini-3.5-flash-lite"),
        "generativelanguage.googleapis.com",
        longest=2048,
        picture_tokens=1120,
    ),
    Provider(
        "mistral",
        "Mistral",
        "mistral",
        ("MISTRAL_API_KEY",),
        ("mistral-large-4", "mistral-medium-3-5", "mistral-small-latest"),
        "api.mistral.ai",
        longest=1540,
    ),
    Provider(
        "openrouter",
        "OpenRouter",
        "openrouter",
        ("OPENROUTER_API_KEY",),
        (
            "anthropic/claude-opus-5.5",
            "anthropic/claude-sonnet-5.5",
            "openai/gpt-6.1-sol",
            "google/gemini-3.8-flash",
            "qwen/qwen3.8-flash",
        ),
        "openrouter.ai",
        marks_cache=True,
    ),
    Provider(
        "azure",
        "Azure OpenAI",
        "azure",
        ("AZURE_API_KEY",),
        ("gpt-6.1-sol", "gpt-6-astra", "gpt-6-luna"),
        address_variable="AZURE_API_BASE",
        needs_address=True,
        longest=2048,
    ),
    Provider(
        "bedrock",
        "Amazon Bedrock",
        "bedrock",
        ("AWS_BEARER_TOKEN_BEDROCK",),
        ("global.anthropic.claude-opus-5-5", "global.anthropic.claude-sonnet-5-5", "global.amazon.nova-2-lite-v1:0"),
        address="https://bedrock-runtime.us-east-1.amazonaws.com",
        address_variable="AWS_BEDROCK_RUNTIME_ENDPOINT",
        marks_cache=True,
    ),
    Provider(
        "xai",
        "xAI",
        "xai",
        ("XAI_API_KEY",),
        ("grok-4.7", "grok-4.3"),
        "api.x.ai",
        longest=2048,
        picture_tokens=1792,
    ),
    Provider(
        "dashscope",
        "Qwen (Alibaba DashScope)",
        "dashscope",
        ("DASHSCOPE_API_KEY",),
        ("qwen3.8-max", "qwen3.8-flash", "qwen3-vl-235b-a22b-instruct"),
        address="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        address_variable="DASHSCOPE_API_BASE",  # the one in China: https://dashscope.aliyuncs.com
        longest=2048,
    ),
    Provider(
        "compatible",
        "OpenAI-compatible server",
        "openai",
        ("COMPATIBLE_API_KEY",),
        address_variable="COMPATIBLE_API_BASE",
        needs_address=True,
        needs_key=False,
        start="start the server",
    ),
    Provider(
        "ollama",
        "Ollama",
        "ollama_chat",
        ("OLLAMA_API_KEY",),
        address="http://localhost:11434",
        address_variable="OLLAMA_API_BASE",
        needs_key=False,
        local=True,
        start="start Ollama (ollama serve)",
    ),
    Provider(
        "lm_studio",
        "LM Studio",
        "lm_studio",
        ("LM_STUDIO_API_KEY",),
        address="http://localhost:1234/v1",
        address_variable="LM_STUDIO_API_BASE",
        needs_key=False,
        local=True,
        start="start LM Studio's server (Developer ▸ Start server, or lms server start)",
    ),
    Provider(
        "llamacpp",
        "llama.cpp server",
        "openai",
        ("LLAMA_API_KEY",),
        address="http://localhost:8080/v1",
        address_variable="LLAMACPP_API_BASE",
        needs_key=False,
        local=True,
        start="start llama-server with a vision model and its --mmproj",
    ),
    Provider(
        "vllm",
        "vLLM",
        "hosted_vllm",
        ("HOSTED_VLLM_API_KEY",),
        address="http://localhost:8000/v1",
        address_variable="HOSTED_VLLM_API_BASE",
        needs_key=False,
        local=True,
        start="start vLLM (vllm serve MODEL)",
    ),
)
PROVIDERS = {provider.id: provider for provider in _ALL}

_REGION = re.compile(r"//bedrock-runtime[\w-]*\.([a-z0-9-]+)\.amazonaws\.com")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s#@]*)?(\?[^\s#@]*)?")  # no user and password: they would be shown


def split(name: str) -> tuple[Provider, str]:
    """Return the provider and the model's name there, of PROVIDER/MODEL; raises ModelError if it isn't one."""
    identity, _, model = name.partition("/")
    if identity not in PROVIDERS:
        raise ModelError(f"There is no provider {identity!r}; there are {', '.join(PROVIDERS)}.")
    if not model:
        raise ModelError(f"Name a model of {PROVIDERS[identity].name} too, as in {identity}/{_example(identity)}.")
    return PROVIDERS[identity], model


def is_known(name: str) -> bool:
    """Whether a name is one of a provider's models."""
    identity, _, model = name.partition("/")
    return identity in PROVIDERS and bool(model)


def key_of(provider: Provider, access: Access) -> str:
    """Return the key: typed in or stored, else from the environment, else empty."""
    given = (access.keys.get(provider.id, ""), *(os.environ.get(variable, "") for variable in provider.variables))
    return next((key.strip() for key in given if key.strip()), "")


def address_of(provider: Provider, access: Access) -> str:
    """Return the base URL: given, else from the environment, else the default, else empty.

    One without a path gets the default's, such as /v1. Raises ModelError for what is no URL, or has a password.
    """
    given = (access.addresses.get(provider.id, ""), os.environ.get(provider.address_variable, ""), provider.address)
    address = next((address.strip().rstrip("/") for address in given if address.strip()), "")
    if address and not _ADDRESS.fullmatch(address):
        raise ModelError(
            f"The address of {provider.name} must be a URL like https://host/v1, without a password in it."
        )
    return address if urlsplit(address).path else address + urlsplit(provider.address).path


def check_allowed(provider: Provider, access: Access) -> None:
    """Raise ModelError, saying what to do, unless this provider's server may be talked to.

    A server on this machine always may.
    """
    if on_this_machine(address_of(provider, access)):
        return
    where = where_of(provider, access)
    whom = f"{provider.name} ({where})" if where else provider.name
    if not access.online:
        why = access.why_offline or "allow online access in Preferences ▸ System ▸ Network."
        raise ModelError(f"{whom} can't be asked while Blender is offline: {why}")
    if provider.id not in access.agreed:
        raise ModelError(
            f"You have not agreed yet that pictures are sent to {whom}: do so in SEIG's preferences, "
            f"or in a terminal with --agree {provider.id}."
        )


def is_remote(name: str, access: Access) -> bool:
    """Whether asking this model sends pictures out of this machine."""
    if not is_known(name):
        return False
    provider, _ = split(name)
    return not on_this_machine(address_of(provider, access))


def where_of(provider: Provider, access: Access) -> str:
    """Return the host that gets the questions, for a person to agree to; empty where no address is known yet."""
    return urlsplit(address_of(provider, access)).netloc or provider.where


def litellm_options(provider: Provider, model: str, access: Access) -> dict[str, str]:
    """Return what litellm's completion() is to be told of model, address and key: the only place that knows.

    Holds the key: never to be shown or written.
    """
    options = {"model": f"{provider.prefix}/{model}"}
    if key := key_of(provider, access):
        options["api_key"] = key
    elif not provider.needs_key:
        options["api_key"] = "none"  # else litellm looks for one that was meant for OpenAI
    if address := address_of(provider, access):
        options["api_base"] = address
    if provider.id == "azure":
        options.update(_azure(address))
    if provider.id == "bedrock" and (region := _REGION.search(address)):
        options["aws_region_name"] = region[1]
    return options


def _azure(address: str) -> dict[str, str]:
    """Split an address as Azure's portal shows it, with a path and the API's version, as litellm wants it."""
    parts = urlsplit(address)
    options = {"api_base": f"{parts.scheme}://{parts.netloc}"}
    if version := parse_qs(parts.query).get("api-version"):
        options["api_version"] = version[0]
    elif parts.path.startswith("/openai/v1"):
        options["api_version"] = "v1"
    return options


def _example(identity: str) -> str:
    return (PROVIDERS[identity].models or ("MODEL",))[0]
