"""`parley serve`: what is served, who answers, and a real server that begins and ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from parley.assistants.model import Assistant, Model
from parley.cli import main
from parley.errors import ConfigurationError, ProviderAuthError
from parley.runtime import brain as brains
from parley.runtime.brain import Brain
from parley.server import serving
from parley.server.served import Served

ENGINES = "transcriber: {provider: scripted, steps: []}\nvoice: {provider: scripted}\n"
FLOW = "flow: {start: end, nodes: {end: {say: Bye., end: true}}}\n"
BRAIN = Brain(
    "llama3.2 (Ollama)", Model(provider="openai", model="llama3.2", base_url="http://o/v1")
)

TOOLS = '''\
from datetime import datetime

def book(day: str) -> str:
    """Book a table."""
    return day

def clock():
    return datetime(2026, 11, 30, 8)

def SHOWN_CALENDAR():
    return {"today": "2026-11-30"}
'''


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """With what the server was started; it is not."""
    given: dict[str, Any] = {}

    def serve(served: list[Served], **options: Any) -> None:
        given.update(options, served=served)
        options["on_ready"]("http://localhost:1234")

    monkeypatch.setattr(serving, "serve", serve)
    return given


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which model the environment offers, and how it fails."""

    def set_offer(
        brain: Brain | None, *, missing: Exception | None = None, broken: Exception | None = None
    ) -> None:
        async def offered(_: Any) -> Brain | None:
            if missing:
                raise missing
            return brain

        async def works(_: Brain) -> None:
            if broken:
                raise broken

        monkeypatch.setattr(brains, "offered", offered)
        monkeypatch.setattr(brains, "works", works)

    set_offer(None)
    monkeypatch.delenv("PARLEY_MODEL", raising=False)
    return set_offer


def serve(text: str, *options: str) -> str:
    Path("desk.yaml").write_text(f"first_message: Hi\n{ENGINES}{text}")
    arguments = ["serve", "desk.yaml", *options]
    result = CliRunner().invoke(main.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def answering(started: dict[str, Any]) -> tuple[str, str]:
    (served,) = started["served"]
    return served.brain_kind, served.brain_name


# Who answers


def test_without_a_model_the_flow_answers(started: dict[str, Any], offer: Any) -> None:
    said = serve(FLOW)
    assert answering(started) == ("flow", "1 nodes")
    assert "no language model is offered: run Ollama, or set OPENAI_API_KEY" in said


def test_a_model_that_is_offered_answers_who_knows_what_to_tell_it(
    started: dict[str, Any], offer: Any
) -> None:
    offer(BRAIN)
    serve(f"{FLOW}model: {{system_prompt: Be kind., temperature: 0.3}}\n")
    assert answering(started) == ("model", "llama3.2 (Ollama)")
    serve(FLOW)
    assert answering(started)[0] == "flow"


def test_a_model_that_is_asked_for_answers_in_any_case(started: dict[str, Any], offer: Any) -> None:
    offer(BRAIN)
    serve(FLOW, "--brain", "model")
    assert answering(started) == ("model", "llama3.2 (Ollama)")


def test_a_flow_that_is_asked_for_answers_in_any_case(started: dict[str, Any], offer: Any) -> None:
    offer(BRAIN)
    said = serve(f"{FLOW}model: {{system_prompt: Be kind.}}\n", "--brain", "flow")
    assert answering(started)[0] == "flow"
    assert "note" not in said


def test_an_assistant_keeps_a_model_of_its_own(started: dict[str, Any], offer: Any) -> None:
    offer(BRAIN)
    serve("model: {provider: openai, model: mine, url: 'http://x/v1', system_prompt: Be kind.}\n")
    assert answering(started) == ("model", "mine")
    serve("model: {provider: openai, model: mine, url: 'http://x/v1'}\n", "--brain", "model")
    assert answering(started) == ("model", "mine")


def test_scripted_replies_answer_where_nothing_else_does(
    started: dict[str, Any], offer: Any
) -> None:
    serve("model: {replies: [One., Two.]}\n")
    assert answering(started) == ("scripted", "2 replies")


def test_what_cannot_be_had_is_said(started: dict[str, Any], offer: Any) -> None:
    with pytest.raises(ConfigurationError, match="no language model is offered"):
        serve(FLOW, "--brain", "model")
    with pytest.raises(ConfigurationError, match="desk has no flow"):
        serve("", "--brain", "flow")


def test_a_model_that_does_not_work_is_none(started: dict[str, Any], offer: Any) -> None:
    offer(BRAIN, broken=ProviderAuthError("openai", "the key is wrong"))
    said = serve(f"{FLOW}model: {{system_prompt: Be kind.}}\n")
    assert answering(started)[0] == "flow"
    assert "the language model is not used: openai: the key is wrong" in said
    with pytest.raises(ProviderAuthError):
        serve(FLOW, "--brain", "model")
    offer(None, missing=ConfigurationError("Ollama has no such model"))
    assert "Ollama has no such model" in serve(FLOW)
    with pytest.raises(ConfigurationError, match="no such model"):
        serve(FLOW, "--brain", "model")


def test_who_wants_no_model_is_not_told_of_any(
    started: dict[str, Any], offer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODEL", "none")
    assert "note" not in serve(FLOW)


def test_a_model_takes_over_what_the_assistant_told_its_own() -> None:
    own = Assistant(
        first_message="Hi",
        model=Model(system_prompt="Be kind.", temperature=0.3),
    )
    offered = Brain("x", Model(provider="openai", model="x", extra_body={"reasoning_effort": "no"}))
    model = brains.with_brain(own, offered).model
    assert [m.content for m in model.prompt()] == ["Be kind."]
    assert (model.temperature, model.model) == (0.3, "x")
    assert model.settings() == {"model": "x", "extra_body": {"reasoning_effort": "no"}}


# What is served


def test_the_options_reach_the_server(started: dict[str, Any], offer: Any) -> None:
    said = serve(FLOW, "--host", "::1", "--port", "0", "--calls", "kept", "--name", "desk.example")
    assert (started["host"], started["port"]) == ("::1", 0)
    assert (started["calls"], started["hosts"]) == (Path("kept"), ["desk.example"])
    assert f"kept in {Path('kept').absolute()}" in said
    assert "recogniser  scripted (en)" in said
    assert "Call it at http://localhost:1234" in said


def test_tools_may_have_a_calendar_to_show(started: dict[str, Any], offer: Any) -> None:
    Path("tools.py").write_text(TOOLS)
    serve(f"{FLOW}tools: [tools.py:book]\nname: Front desk\n")
    (served,) = started["served"]
    assert served.name == "Front desk"
    assert served.calendar() == {"today": "2026-11-30"}


def test_a_flow_lives_on_the_day_of_the_calendar(
    started: dict[str, Any], offer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.runtime import building

    days: list[date] = []
    build = building.build_agent

    def noted(assistant: Assistant, *, today: Callable[[], date]) -> Any:
        days.append(today())
        return build(assistant, today=today)

    monkeypatch.setattr(building, "build_agent", noted)
    Path("tools.py").write_text(TOOLS)
    serve(f"{FLOW}tools: [tools.py:book]\n")
    assert days == [date(2026, 11, 30)]


def test_what_may_be_meant_otherwise_is_noted(started: dict[str, Any], offer: Any) -> None:
    assert "note: desk.yaml: first_masage: unknown" in serve(f"{FLOW}first_masage: Hi\n")


def test_a_call_that_was_cut_off_is_closed(started: dict[str, Any], offer: Any) -> None:
    folder = Path("calls/20261128T000000-dead")
    folder.mkdir(parents=True)
    (folder / "trace.jsonl").write_text("")
    assert "note: " in serve(FLOW)


# In earnest


def parley(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from parley.cli.main import run; run()", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def get(url: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_begins_and_ends(number: signal.Signals, tmp_path: Path) -> None:
    process = parley(
        *("serve", "--port", "0"),
        PARLEY_DEMO_DB=str(tmp_path / "clinic.db"),
        PARLEY_DEMO_NOW="2026-11-30T08:00",
        PARLEY_MODEL="none",
    )
    with process:
        try:
            assert process.stdout is not None
            said = ""
            while not (found := re.search(r"Call it at (http://localhost:\d+)", said)):
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                said += line
            assert "Front desk\n  brain       flow: " in said
            assert get(f"{found[1]}/health")["status"] == "ok"
            shown = get(f"{found[1]}/demo/calendar")
            assert (shown["today"], len(shown["days"])) == ("2026-11-30", 7)
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
            assert (process.returncode, errors) == (0, "")
        finally:
            process.kill()


def test_a_port_that_is_taken_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("desk.yaml").write_text(ENGINES)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["serve", "desk.yaml", "--port", str(port), "--brain", "auto"]
        monkeypatch.setenv("PARLEY_MODEL", "none")
        monkeypatch.setattr(sys, "argv", ["parley", *options])
        with pytest.raises(SystemExit) as ended:
            main.run()
    assert ended.value.code == 2
    assert f"port {port} is taken" in capsys.readouterr().err
