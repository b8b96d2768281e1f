"""Trying out a model: what a person is told, and what the provider gets."""

import io
import re

import pytest
from PIL import Image

from seig_addon.errors import ModelError
from seig_addon.models.access import Access
from seig_addon.models.remote import connection
from tests.provider_server import provider, provider_server  # noqa: F401, fixtures


def access_to(server, name, **options):
    agreed = frozenset({name})
    return Access(agreed=agreed, keys={name: "sk-planted"}, addresses={name: server.address(name)}, **options)


def test_the_reply_its_time_its_tokens_and_its_price_are_told(provider):  # noqa: F811
    provider.say("Red.\n")
    told = connection.test_connection("openai/gpt-6.1-sol", access_to(provider, "openai"))
    assert re.fullmatch(
        r"OpenAI answered in \d+\.\d s, the start of litellm included: “Red\.”\. 150 tokens, \$0\.00046\.", told
    )
    (request,) = provider.requests
    assert (request.size_of(0), len(request.pictures)) == ((64, 64), 1)
    red, green, blue = Image.open(io.BytesIO(request.pictures[0][1])).getpixel((32, 32))
    assert red > 200 > 50 > max(green, blue)


def test_a_model_that_does_not_see_is_found_out_and_one_without_a_price_has_none(provider):  # noqa: F811
    provider.say("I am reduced to text, so I can't tell. " * 9)
    told = connection.test_connection("lm_studio/some-llm", access_to(provider, "lm_studio"))
    assert told.startswith("LM Studio answered in ")
    assert "…”. 150 tokens. The picture was a red square, so some-llm seems not to see" in told


def test_a_refusal_is_raised_as_its_sentence_and_the_key_is_in_no_word_of_it(provider):  # noqa: F811
    provider.misbehave("wrong key")
    with pytest.raises(ModelError, match="refused the key") as said:
        connection.test_connection("anthropic/claude-opus-5-5", access_to(provider, "anthropic"))
    assert "sk-planted" not in str(said.value)


def test_nothing_is_sent_before_it_may_be(provider):  # noqa: F811
    with pytest.raises(ModelError, match="not agreed"):
        connection.test_connection("mistral/mistral-large-4", Access(keys={"mistral": "sk-planted"}))
    assert provider.requests == []
