"""`parley models` fetches, lists and shows licences."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.cli import models as command
from parley.errors import ConfigurationError
from parley.models import CATALOGUE, Model, notice_path
from parley.models import Progress as OnProgress

SILERO, MOONSHINE = CATALOGUE["silero-vad"], CATALOGUE["moonshine"]


@pytest.fixture(autouse=True)
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were pulled, in order; pulling writes a small file without any network."""
    pulled: list[str] = []

    def pull(model: Model, on_progress: OnProgress) -> Path:
        pulled.append(model.name)
        on_progress(model.wheel_bytes, model.wheel_bytes)
        model.folder.mkdir(parents=True, exist_ok=True)
        for path in model.paths:
            path.write_bytes(b"weights")
        notice_path(model).write_text("Do as you like.", encoding="utf-8")
        return model.path

    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    monkeypatch.setattr(command, "pull_model", pull)
    return pulled


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_pull_fetches_what_is_named(stored: list[str]) -> None:
    run("pull", "silero-vad")
    assert stored == ["silero-vad"]


def test_an_unknown_name_fetches_nothing(stored: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="nonsense"):
        run("pull", "silero-vad", "nonsense")
    assert stored == []


def test_pull_without_names_fetches_all(stored: list[str]) -> None:
    assert str(SILERO.path) in run("pull")
    assert stored == list(CATALOGUE)


def unreachable(model: Model, on_progress: OnProgress) -> Path:
    raise ConfigurationError(f"no package index offers {model.package}")


def test_calls_go_on_without_an_optional_model(monkeypatch: pytest.MonkeyPatch) -> None:
    pull = command.pull_model

    def some(model: Model, on_progress: OnProgress) -> Path:
        return (unreachable if model.optional else pull)(model, on_progress)

    monkeypatch.setattr(command, "pull_model", some)
    result = CliRunner().invoke(command.app, ["pull"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Going on without smart-turn: no package index offers pipecat-ai" in result.stderr
    assert "Going on without moonshine: no package index offers moonshine-voice" in result.stderr
    assert str(SILERO.path) in result.stdout
    with pytest.raises(ConfigurationError, match="pipecat-ai"):
        run("pull", "smart-turn")


def test_a_model_that_is_needed_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "pull_model", unreachable)
    with pytest.raises(ConfigurationError, match="silero-vad"):
        run("pull")


def test_list_says_what_is_here() -> None:
    assert "silero-vad 6.2.3 (MIT): not on this machine" in run("list")
    run("pull")
    assert f"silero-vad 6.2.3 (MIT): {SILERO.path}" in run("list")


def test_half_a_model_is_not_here() -> None:
    run("pull", "moonshine")
    assert f"moonshine 0.1.0 (MIT): {MOONSHINE.folder}" in run("list")
    assert "moonshine 0.1.0 (MIT)\n" in run("notices")
    MOONSHINE.paths[-1].unlink()
    assert "moonshine 0.1.0 (MIT): not on this machine" in run("list")
    assert run("notices") == ""


def test_notices_are_shown_for_what_is_here() -> None:
    assert run("notices") == ""
    run("pull")
    assert run("notices").count("Do as you like.") == len(CATALOGUE)
