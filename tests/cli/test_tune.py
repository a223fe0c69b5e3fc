"""`parley tune`: the table, the picture, the proposal, and when it makes none."""

import math
import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from parley.cli.curve_picture import svg
from parley.cli.tune import share, tune
from parley.core import trace
from parley.core.events import Tick
from parley.core.settings import Settings
from parley.errors import ConfigurationError, MissingModelError
from parley.providers.stt import embedded
from parley.providers.stt.moonshine_worker import Said
from parley.sim import engines, tuning
from parley.sim.tuning import Point

app = typer.Typer()
app.command()(tune)

RATE = 16_000


class Loudness:
    """A voice detector that calls speech what is loud."""

    def __call__(self, audio: Any, state: Any) -> tuple[Any, Any]:
        loud = np.sqrt((audio[:, 64:] ** 2).mean(axis=1)) > 0.02
        return loud.astype(np.float32) * np.float32(0.9), state


class Scribe:
    """A recogniser that understands "back" whenever it has heard something.

    The word says nothing about the end of a sentence.
    """

    word = "back"

    heard = False

    def open(self) -> None:
        self.heard = False

    def hear(self, pcm: bytes) -> Said | None:
        if self.heard or not any(pcm):
            return None
        self.heard = True
        return Said(self.word)

    def finish(self) -> Said:
        heard, self.heard = self.heard, False
        return Said(self.word if heard else "")


@pytest.fixture(autouse=True)
def _engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(engines, "voice_model", Loudness)
    monkeypatch.setattr(engines, "recognizer", lambda name: Scribe())
    monkeypatch.setattr(engines, "turn_model", lambda: None)
    monkeypatch.setattr(embedded, "embedded_name", lambda: "pocketsphinx")
    monkeypatch.setattr(tuning, "PATIENCES_S", (0.2,))


def record(path: Path, pauses: Iterable[float]) -> Path:
    """A caller who speaks, and pauses so long each time, and falls silent."""
    times = np.arange(round(0.5 * RATE)) / RATE
    voice = (8000 * np.sin(2 * np.pi * 300 * times)).astype("<i2").tobytes()
    pcm = bytes(RATE) + voice
    for pause in pauses:
        pcm += bytes(2 * round(pause * RATE)) + voice
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm + bytes(6 * RATE))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pauses between 0.3 and 1.3 s, four in each recording."""
    path = tmp_path_factory.mktemp("calls")
    for n in range(10):
        record(path / f"{n}.wav", [0.3 + (4 * n + k) / 40 for k in range(4)])
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_the_curve_is_shown_and_the_present_wait_is_marked(folder: Path) -> None:
    result = run(folder)
    assert result.exit_code == 0
    assert (
        "10 calls, 0 with a trace: callers finished 10 times and paused 40 times" in result.output
    )
    assert "1.15 (now)" in result.output
    assert "startSpeakingPlan" not in result.output


def test_what_cuts_off_rarely_enough_is_proposed_with_what_it_rests_on(
    folder: Path, tmp_path: Path
) -> None:
    result = run(folder, "--cut-off", "20%", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "from 40 pauses and 10 ends" in result.output
    assert "startSpeakingPlan:\n  unsureSeconds: 1.15\n  patienceSeconds: 1" in result.output
    assert "Chosen by one half of the calls and tried on the other: cut off 15.0%" in result.output
    picture = ElementTree.parse(tmp_path / "out" / "curve.svg").getroot()  # noqa: S314 - our own
    texts = [node.text for node in picture.iter() if node.tag.endswith("text")]
    assert "unsureSeconds, on 40 pauses" in texts
    assert {"1.15", "patienceSeconds 1", "patienceSeconds 0.2"} <= set(texts)


def test_what_is_fast_enough_is_proposed(folder: Path) -> None:
    assert "unsureSeconds: 0.7" in run(folder, "--latency", 0.75).output


def test_both_wishes_are_met_or_it_is_said_that_they_are_not(folder: Path) -> None:
    assert "unsureSeconds: 1.15" in run(folder, "--cut-off", "20%", "--latency", 1.3).output
    result = run(folder, "--cut-off", "20%", "--latency", 0.3)
    assert result.exit_code == 1
    assert "Nothing that was tried gives that" in result.output


def test_too_few_pauses_are_no_ground_for_a_proposal(tmp_path: Path) -> None:
    record(tmp_path / "one.wav", [0.5, 0.7])
    result = run(tmp_path, "--cut-off", "5%")
    assert result.exit_code == 1
    assert "there are 2 pauses, and fewer than 30 say too little" in result.output
    assert run(tmp_path).exit_code == 0


@pytest.mark.parametrize(
    ("plan", "decides"),
    [
        ("transcriptionEndpointingPlan: {onNumberSeconds: 1}", "EndpointingPlan decides"),
        ("smartEndpointingPlan:\n    waitFunction: 200 + 1000 * x", "waitFunction decides"),
        (
            "customEndpointingRules:\n  - {type: customer, regex: '.', timeoutSeconds: 0.7}",
            "customEndpointingRules decide",
        ),
        ("waitSeconds: 5", "all values that were tried lead to the same."),
    ],
)
def test_nothing_is_proposed_where_another_setting_decides(
    folder: Path, tmp_path: Path, plan: str, decides: str
) -> None:
    assistant = tmp_path / "assistant.yaml"
    assistant.write_text(f"startSpeakingPlan:\n  {plan}\n")
    result = run(folder, "--cut-off", "90%", "--assistant", assistant)
    assert result.exit_code == 1
    assert decides in result.output
    assert "unsureSeconds:" not in result.output


def test_a_patience_that_gains_nothing_is_not_proposed(folder: Path, tmp_path: Path) -> None:
    assistant = tmp_path / "assistant.yaml"
    assistant.write_text("startSpeakingPlan:\n  patienceSeconds: 0.6\n")
    result = run(folder, "--cut-off", "20%", "--assistant", assistant)
    assert "patienceSeconds 0.6" in result.output
    assert "unsureSeconds: 1.15\n  patienceSeconds: 0.6" in result.output


def test_a_choice_that_no_other_call_confirms_says_so(tmp_path: Path) -> None:
    record(tmp_path / "one.wav", [0.3 + n / 40 for n in range(32)])
    result = run(tmp_path, "--cut-off", "20%")
    assert "from 32 pauses and 1 ends" in result.output
    assert "Half of the calls alone would not have led to a proposal" in result.output


def test_a_bad_file_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    record(tmp_path / "good.wav", [0.5])
    (tmp_path / "bad.wav").write_text("no sound")
    (tmp_path / "bad.jsonl").write_text("no trace\n")
    result = run(tmp_path, tmp_path / "missing.wav")
    assert result.exit_code == 0
    assert "bad.wav" in result.output
    assert "missing.wav: no recording and no trace is there" in result.output
    assert "1 calls" in result.output


def test_a_damaged_trace_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    record(tmp_path / "good.wav", [0.5])
    lines = [trace.header(Settings(), "c", "2026-01-01"), trace.line(math.nan, Tick(), ())]
    (tmp_path / "bad.jsonl").write_text("".join(lines))
    result = run(tmp_path)
    assert result.exit_code == 0
    assert "bad.jsonl: not a trace, or a damaged one: line 2" in result.output
    assert "1 calls" in result.output


def test_a_model_that_was_not_fetched_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise MissingModelError("silero-vad")

    monkeypatch.setattr(engines, "voice_model", missing)
    for name in ("one.wav", "two.wav"):
        record(tmp_path / name, [0.5])
    with pytest.raises(MissingModelError, match="parley models pull"):
        run(tmp_path)


def test_nothing_that_can_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="none of the recordings can be read"):
        run(tmp_path)


def test_the_assistant_is_where_the_curve_begins(folder: Path, tmp_path: Path) -> None:
    assistant = tmp_path / "assistant.yaml"
    assistant.write_text("startSpeakingPlan:\n  unsureSeconds: 0.9\n")
    assert "0.9 (now)" in run(folder, "--assistant", assistant).output


def test_what_would_count_as_the_assistants_shortest_wait_is_not_tried(
    folder: Path, tmp_path: Path
) -> None:
    assistant = tmp_path / "assistant.yaml"
    assistant.write_text("startSpeakingPlan:\n  waitSeconds: 0.6\n")
    lines = run(folder, "--assistant", assistant).output.splitlines()
    shown = [line.split()[0] for line in lines if line.strip()]
    assert "0.7" in shown
    assert "0.5" not in shown


def test_words_of_other_languages_are_known_from_traces_only(tmp_path: Path) -> None:
    record(tmp_path / "one.wav", [0.5])
    assistant = tmp_path / "assistant.yaml"
    assistant.write_text("transcriber:\n  provider: scripted\n  language: de\n")
    assert "embedded recogniser is English" in run(tmp_path, "--assistant", assistant).output


@pytest.mark.parametrize(("least", "pauses"), [(0, 2000), (1, 400)])
def test_the_axes_of_a_picture_of_small_rates_have_other_labels_at_each_place(
    least: int, pauses: int
) -> None:
    points = [Point(0.5, least, pauses, (0.5,), 0), Point(1.0, 0, pauses, (1.0,), 0)]
    picture = ElementTree.fromstring(svg(points, [], 0.5, None, "title"))  # noqa: S314 - our own
    labels = [n.text for n in picture.iter() if n.get("text-anchor") == "end"]
    assert len(labels) > 2
    assert len(set(labels)) == len(labels)


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    recording = record(tmp_path / "one.wav", [0.5])
    with pytest.raises(ConfigurationError, match="cannot be written"):
        run(recording, "--out", recording)


@pytest.mark.parametrize(("text", "value"), [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05)])
def test_a_share_is_written_as_people_do(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["five", "-1%", "120%", "5"])
def test_anything_else_is_no_share(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        share(text)
