"""`import parley`: the ten lines of the README, and what it costs to import."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import parley
from parley.audio.files import write_wav
from parley.audio.formats import OUTBOUND
from parley.errors import MissingModelError
from parley.models import model_path
from parley.providers import registry
from parley.runtime.running import run
from parley.runtime.voice import Voice

README = Path(__file__).resolve().parent.parent / "README.md"
HEAVY = ("asyncio", "av", "httpx", "numpy", "onnxruntime", "openai", "pydantic", "rich", "typer")
IMPORT_S = 0.15


# What it costs


def test_importing_costs_next_to_nothing() -> None:
    """The best of three, for a machine that is busy."""
    script = (
        "import sys, time; before = set(sys.modules); began = time.perf_counter(); import parley;"
        "print(time.perf_counter() - began); print(*(set(sys.modules) - before))"
    )
    runs = [subprocess.check_output([sys.executable, "-c", script], text=True) for _ in range(3)]
    took, modules = zip(*(text.splitlines() for text in runs), strict=True)
    assert not set(HEAVY) & set(modules[0].split())
    assert min(map(float, took)) < IMPORT_S


def test_all_that_is_offered_is_there() -> None:
    for name in parley.__all__:
        assert getattr(parley, name) is not None
    assert set(parley.__all__) <= set(dir(parley))
    assert isinstance(parley.__version__, str)


def test_what_is_not_offered_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'parley' has no attribute 'colour'"):
        parley.colour  # noqa: B018


# Ten lines


class Model(ThreadingHTTPServer):
    """An OpenAI-compatible server: it calls a tool, and then tells its result."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.asked: list[dict[str, Any]] = []


class Answers(BaseHTTPRequestHandler):
    """One connection to it."""

    protocol_version = "HTTP/1.1"
    server: Model

    def do_GET(self) -> None:
        self._send("application/json", b'{"data": []}')

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(request)
        last = request["messages"][-1]
        if last["role"] == "user":
            call = {"name": "opening_hours", "arguments": '{"day": "Monday"}'}
            calls = [{"index": 0, "id": "call-1", "type": "function", "function": call}]
            deltas: list[dict[str, Any]] = [{"tool_calls": calls}]
        else:
            words = f"On Monday we are {last['content']}.".split(" ")
            deltas = [{"content": f"{word} "} for word in words]
        events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        stream = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events)
        self._send("text/event-stream", stream + b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Nothing needs to be logged."""

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def model() -> Iterator[Model]:
    with Model() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def example() -> str:
    """The Python code of the README."""
    return README.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]


async def say(text: str, path: Path) -> None:
    engine = registry.create("tts", "espeak")
    try:
        pcm = b"".join([s.pcm async for s in Voice(engine, voice="en-us").speak(text)])
    finally:
        await engine.aclose()
    write_wav(path, [pcm], OUTBOUND.sample_rate)


def test_the_ten_lines_of_the_readme(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a model of our own, and in virtual time."""
    pytest.importorskip("openai")
    try:
        model_path("silero-vad")
    except MissingModelError as error:
        pytest.skip(str(error))
    code = example().replace("http://localhost:11434/v1", model.url)
    assert model.url in code
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parley, "run", partial(run, fast=True), raising=False)
    asyncio.run(say("When do you open on Monday?", tmp_path / "caller.wav"))

    exec(code, {"__name__": "__main__"})  # noqa: S102

    (folder,) = (tmp_path / "calls").iterdir()
    summary = json.loads((folder / "call.json").read_text(encoding="utf-8"))
    assert summary["reason"] == "caller-hung-up"
    said = [line for line in summary["transcript"] if line["who"] == "agent"]
    assert said[0]["text"] == "Hello, this is the clinic. How can I help?"
    assert [tool["result"] for line in said for tool in line["tools"]] == ["open from nine to five"]
    assert said[-1]["text"] == "On Monday we are open from nine to five."
    first, second = model.asked
    assert first["model"] == "llama3.2"
    (offered,) = first["tools"]
    assert offered["function"]["name"] == "opening_hours"
    assert offered["function"]["parameters"]["required"] == ["day"]
    assert second["messages"][-1]["content"] == "open from nine to five"
