"""Which model the environment offers, asked of real little servers on this machine."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from parley.errors import ConfigurationError, MissingExtraError, ProviderUnavailable
from parley.providers import registry
from parley.providers.llm.openai import OpenAiModel
from parley.runtime import brain
from parley.runtime.brain import DEFAULT_MODEL, Brain, offered, works

KEY = "sk-very-secret"


class Server:
    """Answers GET requests from a table of paths; keeps what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None]] = []
        self.url = ""

    @contextmanager
    def running(self) -> Iterator["Server"]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers.get("Authorization")))
                answer = server.answers.get(self.path.rpartition("/")[2])
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(404 if answer is None else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
            thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            self.url = f"http://127.0.0.1:{http.server_port}"
            try:
                yield self
            finally:
                http.shutdown()
                thread.join()


def closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def offer(*, ollama: str = "", **environment: str) -> Brain | None:
    return asyncio.run(offered(environment, ollama=ollama or closed_port()))


def refusal(*, ollama: str = "", **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        offer(ollama=ollama, **environment)
    return str(caught.value)


def model(name: str, *capabilities: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "model": name, "details": {"family": "llama"}}
    return entry | ({"capabilities": list(capabilities)} if capabilities else {})


def with_ollama(*models: dict[str, Any], **environment: str) -> Brain | None:
    with Server(tags={"models": list(models)}).running() as ollama:
        found = offer(ollama=ollama.url, **environment)
        assert ollama.asked == [("/api/tags", None)]
        assert found is None or found.model.base_url == f"{ollama.url}/v1"
        return found


# OpenAI, or a server like it


def test_nothing_is_offered() -> None:
    assert offer() is None


def test_a_key_offers_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    found = offer(OPENAI_API_KEY=KEY)
    assert found is not None
    assert found.name == f"{DEFAULT_MODEL} (OpenAI)"
    assert KEY not in repr(found)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    made = registry.create("llm", found.model.provider, found.model.settings())
    assert isinstance(made, OpenAiModel)
    assert (made.model, made.base_url) == (DEFAULT_MODEL, "https://api.openai.com/v1")
    assert (made._key, made._extra_body) == (KEY, {"reasoning_effort": "none"})


@pytest.mark.parametrize(
    ("name", "thinks"),
    [
        ("gpt-5.4-mini", True),
        ("gpt-6.1-terra", True),
        ("gpt-4.1-mini", False),
        ("gpt-5-mini", False),
        ("gpt-5.2-pro", False),
        ("ft:gpt-4.1:mine", False),
    ],
)
def test_only_who_can_be_told_to_answer_at_once_is_told(name: str, thinks: bool) -> None:
    found = offer(OPENAI_API_KEY=KEY, PARLEY_MODEL=name)
    assert found is not None
    assert found.model.model == name
    assert ("extra_body" in found.model.settings()) == thinks


def test_a_server_like_openai_is_asked_for_its_models() -> None:
    models = {"data": [{"id": "nomic-embed"}, {"id": "qwen3"}, {"id": "other"}]}
    with Server(models=models).running() as server:
        found = offer(OPENAI_BASE_URL=f"{server.url}/v1/", OPENAI_API_KEY=KEY)
    assert server.asked == [("/v1/models", f"Bearer {KEY}")]
    assert found is not None
    assert found.name == "qwen3 (127.0.0.1)"
    assert found.model.settings() == {
        "model": "qwen3",
        "base_url": f"{server.url}/v1",
        "api_key_env": "OPENAI_API_KEY",
    }


def test_a_server_without_a_key_gets_none() -> None:
    with Server(models={"data": [{"id": "qwen3"}]}).running() as server:
        found = offer(OPENAI_BASE_URL=f"{server.url}/v1")
    assert server.asked == [("/v1/models", None)]
    assert found is not None
    assert found.model.settings() == {"model": "qwen3", "base_url": f"{server.url}/v1"}


def test_a_named_model_needs_no_question() -> None:
    found = offer(OPENAI_BASE_URL="http://model.example/v1", PARLEY_MODEL="qwen3")
    assert found is not None
    assert found.name == "qwen3 (model.example)"


@pytest.mark.parametrize(
    "answer", [None, b"<html>", {"data": []}, {"data": 3}, [], {"data": [3]}, b"[" * 100_000]
)
def test_a_server_that_names_no_model_is_said(answer: Any) -> None:
    with Server(models=answer).running() as server:
        says = refusal(OPENAI_BASE_URL=f"{server.url}/v1", OPENAI_API_KEY=KEY)
    assert "does not say which models it has" in says
    assert KEY not in says


def test_a_server_that_is_not_there_is_said() -> None:
    assert "PARLEY_MODEL" in refusal(OPENAI_BASE_URL=f"{closed_port()}/v1")


def test_what_is_no_url_is_said() -> None:
    assert "http(s)://HOST" in refusal(OPENAI_BASE_URL="model.example")


def test_a_redirect_is_not_followed() -> None:
    """The key must not go where the user did not send it."""
    with Server(models={"data": [{"id": "x"}]}).running() as elsewhere:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}/v1/models\r\n\r\n".encode()
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve() -> None:
                with listener.accept()[0] as connection:
                    connection.recv(4096)
                    connection.sendall(answer)

            thread = threading.Thread(target=serve)
            thread.start()
            port = listener.getsockname()[1]
            refusal(OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1", OPENAI_API_KEY=KEY)
            thread.join()
    assert elsewhere.asked == []


# Ollama


def test_ollama_offers_the_first_that_uses_tools() -> None:
    found = with_ollama(
        model("nomic-embed-text:latest", "embedding"),
        model("gemma:2b", "completion"),
        model("llama3.2:latest", "completion", "tools"),
        model("other", "completion", "tools"),
    )
    assert found is not None
    assert found.name == "llama3.2:latest (Ollama)"
    assert "extra_body" not in found.model.settings()


def test_an_older_ollama_does_not_say_what_its_models_can() -> None:
    found = with_ollama(model("nomic-embed-text"), model("llama3.2"))
    assert found is not None
    assert found.model.model == "llama3.2"


def test_one_that_is_known_to_use_tools_goes_before_one_that_may() -> None:
    found = with_ollama(model("mystery"), model("llama3.2", "completion", "tools"))
    assert found is not None
    assert found.model.model == "llama3.2"


def test_one_that_would_think_first_is_told_not_to() -> None:
    found = with_ollama(model("qwen3", "completion", "tools", "thinking"))
    assert found is not None
    assert found.model.settings()["extra_body"] == {"reasoning_effort": "none"}


def test_ollama_without_a_fitting_model_offers_none() -> None:
    assert with_ollama() is None
    assert with_ollama(model("gemma:2b", "completion")) is None


@pytest.mark.parametrize("wanted", ["gemma", "gemma:latest"])
def test_the_one_that_is_wanted_is_taken(wanted: str) -> None:
    found = with_ollama(
        model("llama3.2", "tools"), model("gemma:latest", "completion"), PARLEY_MODEL=wanted
    )
    assert found is not None
    assert found.model.model == "gemma:latest"


def test_one_that_ollama_lacks_is_said() -> None:
    with Server(tags={"models": [model("llama3.2:latest")]}).running() as ollama:
        says = refusal(ollama=ollama.url, PARLEY_MODEL="mistral")
    assert "Fetch it with: ollama pull mistral. It has: llama3.2:latest" in says


def test_one_that_nothing_runs_is_said() -> None:
    assert "there is nothing that runs it" in refusal(PARLEY_MODEL="mistral")


@pytest.mark.parametrize("answer", [None, b"", b"nonsense", [], {"models": None}])
def test_what_is_not_an_ollama_offers_nothing(answer: Any) -> None:
    with Server(tags=answer).running() as other:
        assert offer(ollama=other.url) is None


def test_a_server_that_stays_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        begun = time.monotonic()
        assert offer(ollama=f"http://127.0.0.1:{listener.getsockname()[1]}") is None
        assert 0.4 < time.monotonic() - begun < 2.0


def test_a_key_goes_before_ollama() -> None:
    with Server(tags={"models": [model("llama3.2", "tools")]}).running() as ollama:
        found = offer(ollama=ollama.url, OPENAI_API_KEY=KEY)
        assert found is not None
        assert found.name.endswith("(OpenAI)")
        assert ollama.asked == []


# Whether it works


def test_a_model_that_answers_works() -> None:
    with Server(tags={"models": [model("llama3.2", "tools")]}, models={"data": []}).running() as it:
        found = offer(ollama=it.url)
        assert found is not None
        asyncio.run(works(found))
        assert it.asked[-1][0] == "/v1/models"


def test_one_that_does_not_answer_does_not() -> None:
    found = offer(OPENAI_BASE_URL=f"{closed_port()}/v1", PARLEY_MODEL="qwen3")
    assert found is not None
    with pytest.raises(ProviderUnavailable):
        asyncio.run(works(found))


# Neither


@pytest.mark.parametrize("none", ["none", " NONE "])
def test_no_model_can_be_asked_for(none: str) -> None:
    with Server(tags={"models": [model("llama3.2", "tools")]}).running() as ollama:
        assert offer(ollama=ollama.url, OPENAI_API_KEY=KEY, PARLEY_MODEL=none) is None
        assert ollama.asked == []


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brain, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"parley\[openai\]"):
        offer(OPENAI_API_KEY=KEY)
