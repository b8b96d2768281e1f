"""Asking servers for their models, against a small real server that answers as each of them does."""

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from seig_addon.errors import ModelError
from seig_addon.models.access import Access
from seig_addon.models.remote.providers import PROVIDERS
from seig_addon.models.remote.servers import LocalModel, list_models

OPENAI = {"object": "list", "data": [{"id": "qwen3-vl", "object": "model"}]}


class Server(ThreadingHTTPServer):
    """Answers each path with what `answers` has for it: JSON, bytes, or a function of the question."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = {}, []
        self.root = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        question = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        answer = self.server.answers.get(self.path, 404)
        answer = answer(question) if callable(answer) else answer
        if isinstance(answer, int):
            self.send_response(answer)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # the client may have had enough
            self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def listed(name, address, **options):
    return list_models(PROVIDERS[name], Access(addresses={name: address}, **options))


def test_ollama_says_which_models_see(server):
    abilities = {"llava": ["completion", "vision"], "llama3": ["completion"]}
    names = ["llama3", "old", "llava"]
    server.answers["/api/tags"] = {"models": [{"name": name, "size": 1} for name in names]}
    server.answers["/api/show"] = lambda question: (
        {"capabilities": abilities[question["model"]]} if question["model"] in abilities else {}
    )
    found = listed("ollama", server.root)
    assert found == [LocalModel("llava", True), LocalModel("old", None), LocalModel("llama3", False)]


def test_lm_studio_says_it_by_type_and_an_older_one_not_at_all(server):
    server.answers["/v1/models"] = OPENAI
    assert listed("lm_studio", server.root) == [LocalModel("qwen3-vl", None)]
    types = {"qwen3-vl": "vlm", "gemma": "llm", "nomic": "embeddings"}
    server.answers["/api/v0/models"] = {"data": [{"id": name, "type": kind} for name, kind in types.items()]}
    assert listed("lm_studio", server.root + "/v1/") == [LocalModel("qwen3-vl", True), LocalModel("gemma", False)]


@pytest.mark.parametrize(
    ("props", "sees"),
    [(404, None), ({"modalities": {"vision": True}}, True), ({"modalities": {"vision": False}}, False)],
)
def test_llama_cpp_says_it_in_its_properties(server, props, sees):
    server.answers.update({"/v1/models": OPENAI, "/props": props})
    assert listed("llamacpp", server.root) == [LocalModel("qwen3-vl", sees)]


@pytest.mark.parametrize("name", ["vllm", "compatible"])
def test_others_list_models_without_saying_whether_they_see(server, name):
    server.answers["/v1/models"] = OPENAI
    assert listed(name, server.root + "/v1", keys={name: "k-1"}) == [LocalModel("qwen3-vl", None)]
    assert server.asked == [("/v1/models", "Bearer k-1")]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (404, "check the address"),
        (500, "check the address"),
        (302, "check the address"),  # not followed
        (401, "wants another key"),
        (b"<html>a router's login page</html>", "check the address"),
        (b"[1, 2]", "check the address"),
        (b" " * 5_000_000, "check the address"),
    ],
)
def test_what_is_no_list_of_models_is_said(server, answer, words):
    server.answers["/api/tags"] = answer
    with pytest.raises(ModelError, match=words):
        listed("ollama", server.root)
    assert [path for path, _ in server.asked] == ["/api/tags"]


@pytest.mark.parametrize("models", [None, 3, "x", [1], [{}], [{"name": 7}], {"a": 1}])
def test_a_list_of_something_else_is_an_empty_one(server, models):
    server.answers["/api/tags"] = {"models": models}
    assert listed("ollama", server.root) == []


def test_where_no_server_runs_it_says_how_to_start_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://localhost:{free.getsockname()[1]}"
    with pytest.raises(ModelError, match=rf"Nothing answers at {address}: start Ollama \(ollama serve\)"):
        listed("ollama", address)


def test_no_proxy_is_used_for_this_machine(server, monkeypatch):
    server.answers["/api/tags"] = {"models": []}
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert listed("ollama", server.root, proxy="http://127.0.0.1:1") == []


def test_a_server_elsewhere_is_asked_only_online_and_once_agreed(monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)  # any attempt would be a TypeError
    with pytest.raises(ModelError, match=r"Ollama \(gpu-box:11434\) can't be asked while Blender is offline: Press"):
        listed("ollama", "http://gpu-box:11434", online=False, why_offline="Press the button.")
    with pytest.raises(ModelError, match="not agreed yet"):
        listed("ollama", "http://gpu-box:11434")


def test_an_address_is_needed_where_there_is_no_usual_one(monkeypatch):
    monkeypatch.delenv("COMPATIBLE_API_BASE", raising=False)
    with pytest.raises(ModelError, match="needs an address"):
        listed("compatible", "", agreed=frozenset({"compatible"}))
