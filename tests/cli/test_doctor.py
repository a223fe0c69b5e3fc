"""`parley doctor` finds what is here and what is not, and says how to get it."""

import asyncio
import json
import shutil
import socket
import sys
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from parley.cli import checkup
from parley.cli.checkup import Finding, State, examine
from parley.cli.doctor import NOT_READY, READY
from parley.cli.main import app
from parley.errors import ConfigurationError, ProviderUnavailable
from parley.models import CATALOGUE
from parley.providers.stt import embedded
from parley.providers.tts import flite
from parley.runtime import brain
from parley.speech import silero

NEEDED = ["Python", "packages", "model silero-vad", "voice espeak", "recogniser", "voice detector"]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_MODEL", "none")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def examined(**options: Any) -> dict[str, Finding]:
    findings = asyncio.run(examine(**{"calls": Path("calls"), "port": free_port()} | options))
    assert len({finding.what for finding in findings}) == len(findings)
    return {finding.what: finding for finding in findings}


def only(monkeypatch: pytest.MonkeyPatch, *kept: str) -> None:
    """Leave out the checks that take long."""
    for name in {"_espeak", "_recogniser", "_detector"} - set(kept):
        monkeypatch.setattr(checkup, name, lambda name=name: [Finding(name, "ok", "")])


def test_this_machine_can_run_the_demo() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json", "--port", str(free_port())])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ready"]) == (READY, True), report
    found = {finding["what"]: finding for finding in report["findings"]}
    assert {what: found[what]["state"] for what in NEEDED} == dict.fromkeys(NEEDED, "ok")
    assert "understood" in found["recogniser"]["detail"]
    assert not Path("calls").exists()


def test_a_table_shows_what_is_missing_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    monkeypatch.setenv("PARLEY_HOME", "nowhere")
    result = CliRunner().invoke(app, ["doctor", "--port", str(free_port())])
    assert result.exit_code == NOT_READY
    lines = result.stdout.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("model silero-vad"))
    assert "missing" in lines[place]
    assert lines[place + 1].strip() == "parley models pull silero-vad"
    assert lines[-1] == "The demo cannot run yet."


def test_what_is_optional_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    monkeypatch.setattr(flite, "available", lambda: ())
    found = examined()["voice flite"]
    assert (found.state, found.remedy) == ("optional", flite.REMEDY)
    result = CliRunner().invoke(app, ["doctor", "--port", str(free_port())])
    assert result.exit_code == READY
    assert result.stdout.endswith("The demo can run: parley serve\n")


def test_half_an_optional_model_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch)
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    model = CATALOGUE["moonshine"]
    model.folder.mkdir(parents=True)
    for path in model.paths:
        found = examined()["model moonshine"]
        assert (found.state, found.remedy) == ("optional", "parley models pull moonshine")
        assert found.detail == "0.1.0 was not fetched (56 MB)"
        path.write_bytes(b"weights")
    found = examined()["model moonshine"]
    assert (found.state, found.detail) == ("ok", f"0.1.0, {model.folder}")


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)

    def version(package: str) -> str:
        if package in ("numpy", "openai"):
            raise PackageNotFoundError(package)
        return "1"

    monkeypatch.setattr(checkup, "version", version)
    found = examined()
    assert "packages" not in found
    assert found["numpy"].state == "missing"
    assert found["numpy"].remedy == f"{sys.executable} -m pip install numpy"
    assert (found["openai"].state, found["openai"].remedy[-16:]) == ("optional", "'parley[openai]'")


def test_an_older_python(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    monkeypatch.setattr(checkup, "PYTHON", (4, 0))
    assert examined()["Python"].remedy == "Install Python 4.0 or newer."


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = examined(port=port)[f"port {port}"]
    assert (found.state, found.remedy) == ("missing", f"parley serve --port {port + 1}")


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "state"), [(3e9, "ok"), (1e9, "optional"), (5e7, "missing"), (0, "missing")]
)
def test_the_space_for_calls(free: int, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, free))
    found = examined(calls=Path("deep/below"))["calls"]
    assert found.state == state
    assert ("rm -r deep/below/OLD_CALL" in found.remedy) == (state != "ok")


def test_a_place_where_no_calls_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    Path("file").write_text("")
    assert examined(calls=Path("file/calls"))["calls"].state == "missing"


def test_a_page_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    monkeypatch.setattr(checkup, "find_spec", lambda _: None)
    found = examined()["page"]
    assert (found.state, found.remedy[-16:]) == ("missing", "reinstall parley")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("moonshine", "models pull moonshine"), ("pocketsphinx", "--force-reinstall pocketsphinx")],
)
def test_a_recogniser_that_hears_something_else(
    name: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, "_recogniser")
    monkeypatch.setattr(checkup, "SENTENCE", "Colourless green ideas sleep furiously")
    monkeypatch.setattr(embedded, "embedded_name", lambda: name)
    found = examined()["recogniser"]
    assert found.state == "missing"
    assert "did not understand" in found.detail
    assert found.remedy.endswith(remedy)


def test_a_detector_that_notices_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        def __call__(self, audio: Any, state: Any) -> tuple[Any, Any]:
            return audio[:, :1] * 0, state

    only(monkeypatch, "_detector")
    monkeypatch.setattr(silero, "SileroVad", Deaf)
    found = examined()["voice detector"]
    assert (found.state, found.detail) == ("missing", "silero: it does not notice the voice")


@pytest.mark.parametrize(
    ("error", "detail", "remedy"),
    [
        (ProviderUnavailable("espeak", "its process died"), "espeak: its process died", None),
        (ConfigurationError("it is set wrong", remedy="Set it right."), None, "Set it right."),
        (ImportError("no", name="numpy"), "numpy cannot be imported", "install numpy"),
        (ImportError("no"), "a package cannot be imported", None),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero", None),
    ],
)
def test_a_check_that_breaks_is_a_finding(
    error: Exception, detail: str | None, remedy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[Finding]:
        raise error

    only(monkeypatch)
    monkeypatch.setattr(checkup, "_espeak", broken)
    found = examined()
    assert found["voice espeak"].state == "missing"
    assert found["voice espeak"].detail == (detail or "it is set wrong")
    assert (remedy or "espeakng-loader" * (not detail)) in found["voice espeak"].remedy
    assert found["page"].state == "ok"


def test_a_check_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hanging() -> list[Finding]:
        await asyncio.Event().wait()
        return []

    only(monkeypatch)
    monkeypatch.setattr(checkup, "LIMIT_S", 0.05)
    monkeypatch.setattr(checkup, "_espeak", hanging)
    assert examined()["voice espeak"].detail == "no answer within 0 s"


def test_the_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)

    async def offered(_: Any) -> brain.Brain:
        return brain.Brain("llama3.2 (Ollama)", brain.Model(provider="openai", model="llama3.2"))

    async def works(_: brain.Brain) -> None:
        pass

    async def fails(_: brain.Brain) -> None:
        raise ProviderUnavailable("openai", "no connection", remedy="Is it running?")

    assert examined()["language model"].state == "optional"
    monkeypatch.setattr(brain, "offered", offered)
    monkeypatch.setattr(brain, "works", works)
    found = examined()["language model"]
    assert (found.state, found.detail) == ("ok", "llama3.2 (Ollama)")
    monkeypatch.setattr(brain, "works", fails)
    found = examined()["language model"]
    assert (found.state, found.detail) == ("optional", "openai: no connection")
    assert found.remedy == "Is it running?"
