"""Asking a model over HTTP, with a real litellm in its process and a real server that misbehaves."""

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seig_addon.engine.review import Review
from seig_addon.errors import Cancelled, ModelError
from seig_addon.models import Message, Picture
from seig_addon.models.access import Access
from seig_addon.models.remote.client import RemoteModel
from seig_addon.models.remote.failures import RemoteFailure
from seig_addon.models.remote.prices import price_of
from seig_addon.models.remote.processes import Processes, network
from seig_addon.models.remote.providers import PROVIDERS
from seig_addon.models.remote.retries import Patience
from tests.provider_server import CACHED, INPUT, OUTPUT

KEY = "sk-planted-0123456789abcdef"
MODELS = {"openai": "gpt-6.1-sol", "anthropic": "claude-opus-5-5", "gemini": "gemini-4-argon"}
TRIES = 3
ROOT = Path(__file__).parents[1]
SAID = "A reply that is long enough to come in several pieces, with ümlauts."


def picture(caption, size=(64, 48), colour="red"):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return Picture(caption, file.getvalue())


QUESTION = (
    Message("system", ("You rebuild pictures.",)),
    Message(
        "user",
        ("Reference:", picture("Reference"), "Current render:", picture("Current render", (32, 24), "blue"), "Go."),
    ),
)


@pytest.fixture(scope="session")
def warm():
    """Processes that are started once for all tests of this file."""
    processes = Processes(Access())
    yield processes
    processes.close()


@pytest.fixture
def model_of(provider, warm):
    """Make models that ask the test's server, impatiently; `heard` is what they said in passing."""

    def make(name, model=None, keys=None, **access):
        given = {"read_seconds": 20.0, "keys": {name: KEY} if keys is None else keys, **access}
        made = RemoteModel(
            PROVIDERS[name],
            model or MODELS.get(name, "some-model"),
            Access(addresses={name: provider.address("openai" if name not in MODELS else name)}, **given),
            heard.append,
            Patience(TRIES, 0.05, 0.2),
        )
        made._processes = warm
        made.heard = heard
        return made

    heard: list[str] = []
    return make


every_format = pytest.mark.parametrize("name", list(MODELS))


@every_format
def test_a_reply_comes_with_its_tokens_and_price(provider, model_of, name):
    provider.say(SAID)
    reply = model_of(name).ask(QUESTION)
    assert reply.text == SAID
    assert (reply.usage.input_tokens, reply.usage.cached_tokens, reply.usage.output_tokens) == (INPUT, CACHED, OUTPUT)
    assert reply.finish_reason == "stop"
    price = price_of(f"{name}/{MODELS[name]}")
    expected = (INPUT - CACHED) * price.input + CACHED * price.cached + OUTPUT * price.output
    assert reply.cost == pytest.approx(expected, rel=0.01)


@every_format
def test_what_is_sent_is_the_question_in_order_and_the_key_in_a_header_alone(provider, model_of, name):
    model_of(name).ask(QUESTION)
    (received,) = provider.requests
    assert [caption for caption, _ in received.pictures] == ["Reference:", "Current render:"]
    assert [received.size_of(index) for index in (0, 1)] == [(64, 48), (32, 24)]
    assert "You rebuild pictures." in received.system
    assert received.text.endswith("Go.")
    assert received.key == KEY
    assert KEY.encode() not in received.raw
    assert KEY not in received.path
    assert received.most_tokens == 16_000


@every_format
def test_large_pictures_are_sent_no_larger_than_the_provider_makes_use_of(provider, model_of, name):
    model_of(name).ask((Message("user", (picture("Reference", (2600, 1300)), "Go.")),))
    (received,) = provider.requests
    assert max(received.size_of(0)) == PROVIDERS[name].longest
    assert len(received.pictures[0][1]) <= PROVIDERS[name].most_bytes


def test_the_same_beginning_is_sent_as_the_same_bytes(provider, model_of):
    for text in ("Go.", "Go on."):
        model_of("openai").ask((*QUESTION[:1], Message("user", (*QUESTION[1].parts[:4], text))))
    first, second = (received.raw for received in provider.requests)
    start = first.index(b'"messages"')
    end = first.index(b"Go.")
    assert first[start:end].count(b'"image_url"') == 4  # two pictures
    assert second.startswith(first[:end])


def test_anthropics_models_are_told_what_stays_the_same(provider, model_of):
    model_of("anthropic").ask(QUESTION)
    model_of("openai").ask(QUESTION)
    marked, unmarked = provider.requests
    assert [part.get("cache_control") for part in marked.parts] == [None, {"type": "ephemeral"}, None, None, None]
    assert marked.body["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert b"cache_control" not in unmarked.raw


@every_format
def test_a_schema_is_sent_where_there_is_a_mode_for_it(provider, model_of, name):
    provider.say('{"approved": true, "checklist": []}')
    assert model_of(name).ask(QUESTION, Review).text == '{"approved": true, "checklist": []}'
    assert b"checklist" in provider.requests[0].raw


def test_a_model_that_is_not_known_to_have_a_schema_mode_is_not_sent_one_and_has_no_price(provider, model_of):
    reply = model_of("vllm").ask(QUESTION, Review)
    assert b"checklist" not in provider.requests[0].raw
    assert reply.cost is None
    assert reply.usage.input_tokens == INPUT


@every_format
def test_a_schema_that_the_provider_does_not_take_is_left_out(provider, model_of, name):
    provider.misbehave("bad schema")
    model = model_of(name)
    assert model.ask(QUESTION, Review).text == "Hello."
    model.ask(QUESTION, Review)
    assert [b"checklist" in received.raw for received in provider.requests] == [True, False, False]


def test_json_that_does_not_fit_the_schema_goes_back_as_it_is_for_the_engine_to_judge(provider, model_of):
    provider.say('{"approved": "perhaps"}')
    assert model_of("openai").ask(QUESTION, Review).text == '{"approved": "perhaps"}'
    assert len(provider.requests) == 1


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_a_server_that_does_not_stream_is_asked_without(provider, model_of, name):
    provider.say(SAID)
    provider.misbehave("whole")
    reply = model_of(name).ask(QUESTION)
    assert reply.text == SAID
    assert reply.usage.output_tokens == OUTPUT
    assert [received.body.get("stream", False) for received in provider.requests] == [True, False]


def test_tokens_are_heard_as_they_arrive(provider, model_of):
    provider.say("word " * 400)
    provider.pause = 0.1
    model = model_of("anthropic")
    model.ask(QUESTION)
    counts = [int(text.split()[0].replace(",", "")) for text in model.heard]
    assert len(counts) >= 3
    assert counts == sorted(counts)
    assert model.heard[-1].endswith("tokens so far")


# What can go wrong: the kind, how often it is tried, and words of the sentence

NAMES = {"openai": "OpenAI", "anthropic": "Anthropic", "gemini": "Google Gemini"}
WRONG = {
    "wrong key": ("bad key", 1, "check {variable} or paste another"),
    "no credit": ("no credit", 1, "no credit left"),
    "no permission": ("no permission", 1, "does not let this key use {model}"),
    "unknown model": ("unknown model", 1, "no model {model} (404)"),
    "too long": ("too long", 1, "a larger context"),
    "too large": ("too large", 1, "pictures are too large"),
    "forbidden content": ("refused", 1, "refused to answer"),
    "refusal": ("refused", 1, "refused to answer"),
    "redirect": ("redirected", 1, "from 127.0.0.1 to localhost"),
    "huge": ("too much", 1, "without end"),
    "huge and whole": ("too much", 1, "without end"),
    "busy": ("busy", TRIES, "(429), tried 3 times: wait"),
    "server error": ("server", TRIES, "trouble of its own (5"),
    "page": ("server", TRIES, "(502) (“Bad gateway”)"),
    "error in stream": ("server", TRIES, "Overloaded"),
    "stall": ("timeout", TRIES, "said nothing for too long"),
    "stall in the middle": ("timeout", TRIES, "said nothing for too long"),
    "drop": ("dropped", TRIES, "broke before the reply was whole"),
    "hang up": ("dropped", TRIES, "broke before the reply was whole"),
    "unended": ("dropped", TRIES, "broke before the reply was whole"),
    "malformed": ("garbled", TRIES, "no reply that can be read"),
    "empty choices": ("garbled", TRIES, "no reply that can be read"),
    "silence": ("garbled", TRIES, "no reply that can be read"),
}


@every_format
@pytest.mark.parametrize("wrong", WRONG)
def test_each_failure_has_its_sentence_and_its_tries(provider, model_of, name, wrong):
    kind, tries, words = WRONG[wrong]
    provider.say(SAID)
    provider.misbehave(*[wrong] * 9)
    with pytest.raises(RemoteFailure) as caught:
        model_of(name, read_seconds=0.5 if "stall" in wrong else 20.0).ask(QUESTION)
    sentence = str(caught.value)
    assert caught.value.kind == kind
    assert words.format(variable=PROVIDERS[name].variables[0], model=MODELS[name]) in sentence
    assert MODELS[name] in sentence or NAMES[name] in sentence
    assert "the run is kept" in sentence
    assert "\n" not in sentence
    assert KEY not in sentence
    assert len(provider.requests) == tries
    assert provider.other.requests == []


@every_format
@pytest.mark.parametrize("passing", [wrong for wrong, (_, tries, _) in WRONG.items() if tries > 1 and wrong != "stall"])
def test_what_passes_is_asked_again_and_answered(provider, model_of, name, passing):
    provider.say(SAID)
    provider.misbehave(passing)
    model = model_of(name, read_seconds=1.0 if "stall" in passing else 20.0)
    assert model.ask(QUESTION).text == SAID
    assert len(provider.requests) == 2
    assert any(text.startswith(NAMES[name]) and "trying again in 0 s" in text for text in model.heard)


@every_format
def test_the_providers_wish_to_wait_is_kept(provider, model_of, name):
    provider.misbehave("busy for 1 s")
    model = model_of(name)
    model._patience = Patience(TRIES, 0.05, 5.0)
    since = time.monotonic()
    model.ask(QUESTION)
    assert time.monotonic() - since >= 0.9
    assert any(re.fullmatch(f"{NAMES[name]} is busy, trying again in [12] s", text) for text in model.heard)


def test_a_server_that_is_not_there_is_told_at_once_and_waited_for_if_it_was_there_before(provider, model_of):
    model = model_of("openai")
    nowhere = Access(keys={"openai": KEY}, addresses={"openai": "http://127.0.0.1:9/v1"})
    there, model._access = model._access, nowhere
    with pytest.raises(RemoteFailure, match=r"^OpenAI can't be reached \(.*refused.*\): check the network"):
        model.ask(QUESTION)
    assert model.heard == []
    model._access = there
    model.ask(QUESTION)
    model._access = nowhere
    with pytest.raises(RemoteFailure, match="can't be reached"):
        model.ask(QUESTION)
    assert sum("trying again" in text for text in model.heard) == TRIES - 1


# Replies that are cut off


@every_format
def test_a_reply_that_is_cut_off_is_continued_and_all_of_it_is_counted(provider, model_of, name):
    provider.say("```python\nfrom seig_kit import box\nbox('Cup', (1,", "```python\n 1, 1))\n```\n")
    provider.misbehave("cut off", "ok")
    reply = model_of(name).ask(QUESTION)
    assert reply.text == "```python\nfrom seig_kit import box\nbox('Cup', (1, 1, 1))\n```\n"
    assert reply.finish_reason == "stop"
    assert reply.usage.output_tokens == 2 * OUTPUT
    assert reply.usage.input_tokens == 2 * INPUT
    assert reply.cost == pytest.approx(2 * model_of(name).ask(QUESTION).cost)
    assert "box('Cup', (1," in provider.requests[1].text
    assert "Go on exactly where it ended" in provider.requests[1].text


def test_a_reply_without_end_is_continued_three_times_and_then_given_back_as_cut_off(provider, model_of):
    provider.say("one, ", "two, ", "three, ", "four, ")
    provider.misbehave(*["cut off"] * 9)
    reply = model_of("anthropic").ask(QUESTION)
    assert (reply.text, reply.finish_reason) == ("one, two, three, four, ", "length")
    assert len(provider.requests) == 4


def test_what_was_paid_is_not_lost_when_the_rest_can_not_be_had(provider, model_of):
    provider.say(SAID)
    provider.misbehave("cut off", "no credit")
    reply = model_of("anthropic").ask(QUESTION)
    assert (reply.text, reply.finish_reason) == (SAID, "length")
    assert reply.usage.output_tokens == OUTPUT


def test_a_reply_is_not_continued_beyond_what_it_may_cost(provider, model_of):
    provider.say("one, ", "two, ", "three, ")
    provider.misbehave(*["cut off"] * 9)
    model = model_of("anthropic")
    most = model.most(QUESTION)
    reply = model.ask(QUESTION, at_most=most)
    assert (reply.text, reply.finish_reason) == ("one, ", "length")
    reply = model.ask(QUESTION, at_most=2 * most + 1.5 * reply.cost)
    assert reply.text.count(", ") == 2
    assert reply.cost <= 2 * most


def test_thoughts_without_a_reply_are_not_asked_for_again_beyond_what_they_may_cost_and_are_counted(provider, model_of):
    provider.misbehave("only thoughts", "only thoughts")
    model = model_of("anthropic")
    with pytest.raises(RemoteFailure, match="spent all its tokens on thinking") as failed:
        model.ask(QUESTION, at_most=model.most(QUESTION))
    assert len(provider.requests) == 1
    assert failed.value.took.usage.output_tokens > 0
    assert failed.value.took.cost > 0


@every_format
def test_a_reply_that_was_all_thoughts_is_asked_for_once_more_with_twice_the_tokens(provider, model_of, name):
    provider.say(SAID)
    provider.misbehave("only thoughts")
    assert model_of(name).ask(QUESTION).text == SAID
    assert [received.most_tokens for received in provider.requests] == [16_000, 32_000]
    provider.misbehave("only thoughts", "only thoughts")
    with pytest.raises(RemoteFailure, match="spent all its tokens on thinking"):
        model_of(name).ask(QUESTION)


# Stopping, and processes


def alive(pid):
    return "Z" not in (
        subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout or "Z"
    )


@pytest.mark.slow
@pytest.mark.parametrize("while_", ["starting", "waiting for the first token", "reading", "waiting to try again"])
def test_stopping_takes_effect_within_a_second_and_ends_the_process(provider, model_of, while_):
    provider.say(SAID)
    model = model_of("anthropic", read_seconds=60.0)
    model._processes = Processes(model._access)
    model._patience = Patience(first=60.0)
    if while_ != "starting":
        model.ask(QUESTION)
        (process,) = model._processes._idle
    treatment = {"reading": "stall in the middle", "waiting to try again": "busy"}.get(while_, "stall")
    provider.misbehave(treatment)
    cancel, stopped = threading.Event(), []

    def stop():
        stopped.append(time.monotonic())
        cancel.set()

    threading.Timer(0.6, stop).start()
    with pytest.raises(Cancelled):
        model.ask(QUESTION, cancel=cancel)
    assert time.monotonic() - stopped[0] < 1.0
    if while_ in ("waiting for the first token", "reading"):
        assert not alive(process.pid)
    model.close()
    assert model._processes._idle == []


def test_a_question_that_is_stopped_before_it_is_asked_sends_nothing(provider, model_of):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        model_of("openai").ask(QUESTION, cancel=cancel)
    assert provider.requests == []


@pytest.mark.slow
def test_questions_are_asked_in_parallel_each_by_a_process_of_its_own(provider, model_of):
    model = model_of("openai", at_once=3, read_seconds=60.0)
    model._processes = Processes(model._access)
    provider.say(lambda received: received.text.split()[-1])
    together = threading.Barrier(3)
    replies = {}

    def ask(number):
        together.wait()
        replies[number] = model.ask((Message("user", (f"number {number}",)),)).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {0: "0", 1: "1", 2: "2"}
    pids = [process.pid for process in model._processes._idle]
    assert len(set(pids)) == 3
    model.close()
    assert not any(alive(pid) for pid in pids)


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(provider, model_of):
    model = model_of("openai")
    model._processes = Processes(model._access)
    model.ask(QUESTION)
    os.kill(model._processes._idle[0].pid, signal.SIGTERM)
    assert model.ask(QUESTION).text == "Hello."
    model.close()


def test_a_python_that_is_none_is_told(monkeypatch, model_of):
    model = model_of("openai")
    model._processes = Processes(model._access)
    monkeypatch.setattr(sys, "executable", "/opt/blender/blender")
    with pytest.raises(ModelError, match="brings no Python program of its own"):
        model.ask(QUESTION)


def test_a_ca_file_that_is_not_there_is_told_before_anything_is_sent(provider, model_of):
    model = model_of("openai")
    model._processes = Processes(Access(ca_file="/nowhere/ca.pem"))
    with pytest.raises(ModelError, match=r"no CA file /nowhere/ca\.pem"):
        model.ask(QUESTION)
    assert provider.requests == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog does not keep a caller waiting")
def test_a_server_that_does_not_take_the_call_is_not_waited_for_as_long_as_for_a_reply(model_of):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            model = model_of("openai", connect_seconds=0.5, read_seconds=60.0)
            model._access.addresses["openai"] = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
            since = time.monotonic()
            with pytest.raises(RemoteFailure, match="OpenAI can't be reached"):
                model.ask(QUESTION)
            assert time.monotonic() - since < 45.0  # with the start of the process


def test_the_systems_proxy_is_used_unless_another_is_chosen_and_never_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://system:1")
    assert network(Access())["HTTPS_PROXY"] == "http://system:1"
    chosen = network(Access(proxy="http://proxy:8080"))
    assert chosen["HTTPS_PROXY"] == chosen["HTTP_PROXY"] == "http://proxy:8080"
    assert "127.0.0.1" in chosen["NO_PROXY"]


def own(model, **access):
    """Give a model processes of its own, as what they were started with counts."""
    model._access = replace(model._access, **access)
    model._processes = Processes(model._access)
    return model


@pytest.mark.slow
def test_a_chosen_proxy_gets_the_question_and_its_password_is_not_repeated(provider, model_of):
    through = f"http://me:secret-word@127.0.0.1:{provider.port}"
    model = own(model_of("compatible"), proxy=through, addresses={"compatible": "http://models.example/v1"})
    provider.say("It was secret-word.")
    assert model.ask(QUESTION).text == "It was [key]."
    model.close()
    (received,) = provider.requests
    assert received.path == "http://models.example/v1/chat/completions"
    assert received.headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="nothing here can make a certificate")
def test_a_server_is_trusted_if_the_chosen_ca_file_vouches_for_it(provider, model_of, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-out", certificate, "-keyout", key], check=True, capture_output=True)
    provider.encrypted(certificate, key)
    try:
        addresses = {"compatible": f"https://localhost:{provider.port}/v1"}
        stranger = own(model_of("compatible"), addresses=addresses)
        with pytest.raises(RemoteFailure, match=r"can't be reached \(.*CERTIFICATE_VERIFY_FAILED.*the CA file"):
            stranger.ask(QUESTION)
        stranger.close()
        assert provider.requests == []
        friend = own(model_of("compatible"), addresses=addresses, ca_file=str(certificate))
        assert friend.ask(QUESTION).text == "Hello."
        friend.close()
    finally:
        provider.plain()


@pytest.mark.slow
def test_no_process_is_left_when_the_one_that_asks_is_killed(provider, tmp_path):
    provider.misbehave("stall")
    script = tmp_path / "asks.py"
    script.write_text(
        f"""
import sys, threading
sys.path.insert(0, {str(ROOT)!r})
from seig_addon.models import Message
from seig_addon.models.access import Access
from seig_addon.models.remote.client import RemoteModel
from seig_addon.models.remote.providers import PROVIDERS
access = Access(addresses={{"vllm": {provider.address("vllm")!r}}})
model = RemoteModel(PROVIDERS["vllm"], "some-model", access, print)
take = model._processes._take
def told(*arguments):
    process = take(*arguments)
    print(process.pid, flush=True)
    return process
model._processes._take = told
model.ask([Message("user", ("Go.",))])
""",
        encoding="utf-8",
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(next(line for line in parent.stdout if line.strip().isdigit()))
    while not provider.requests:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 5.0
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


# Estimates


def test_the_most_that_a_question_can_cost_is_above_what_it_does(provider, model_of):
    model = model_of("anthropic")
    assert model.most(QUESTION) > model.ask(QUESTION).cost
    assert model_of("vllm").most(QUESTION) is None
