"""`parley call`: recordings call an assistant, with the engines that need nothing else."""

import asyncio
import io
import json
import sys
import threading
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from parley.audio.files import write_wav
from parley.audio.formats import OUTBOUND
from parley.cli.call import LiveTranscript
from parley.cli.main import run
from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.core.events import CALLER
from parley.core.settings import Settings
from parley.errors import MissingModelError
from parley.models import model_path
from parley.providers import registry
from parley.runtime.voice import Voice

try:
    model_path("silero-vad")
except MissingModelError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two things that a caller says, in a voice that is not the agent's."""
    folder = tmp_path_factory.mktemp("recordings")
    texts = {"hello.wav": "Hello my name is Anna.", "thanks.wav": "Thank you and goodbye."}

    async def speak() -> list[Path]:
        engine = registry.create("tts", "espeak")
        try:
            for name, text in texts.items():
                pcm = b"".join([s.pcm async for s in Voice(engine, voice="en-us").speak(text)])
                write_wav(folder / name, [pcm], OUTBOUND.sample_rate)
        finally:
            await engine.aclose()
        return [folder / name for name in texts]

    return asyncio.run(speak())


@pytest.fixture
def assistant(tmp_path: Path) -> Path:
    """A description of an assistant that says three things.

    The model of the end of turns knows people: a synthetic caller is judged by words alone.
    """
    path = tmp_path / "assistant.yaml"
    path.write_text(
        "firstMessage: Good day.\nmodel:\n  replies: [It is noon., Farewell.]\n"
        "startSpeakingPlan:\n  smartEndpointingPlan: {provider: off}\n"
    )
    return path


@dataclass(frozen=True)
class Result:
    """How a command went."""

    code: int
    out: str
    err: str


@pytest.fixture
def parley(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Result]:
    """Runs the command as the shell does, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def command(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["parley", *map(str, arguments)])
        code: Any = 0
        try:
            run()
        except SystemExit as error:
            code = error.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Result(code or 0, out, err)

    return command


def test_recordings_are_played_and_the_call_is_kept(
    parley: Callable[..., Result], recordings: list[Path], assistant: Path, tmp_path: Path
) -> None:
    result = parley("call", *recordings, "--assistant", assistant, "--fast", "--out", "kept")
    assert result.code == 0, result.err
    spoken = [line.split(maxsplit=2) for line in result.out.splitlines()]
    told = [line[1:] for line in spoken if len(line) == 3 and line[1] in ("agent", "caller")]
    assert told[0] == ["agent", "Good day."]
    assert [text for who, text in told if who == "agent"] == [
        "Good day.",
        "It is noon.",
        "Farewell.",
    ]
    assert sum(who == "caller" for who, _ in told) == 2
    assert result.out.index("▶ hello.wav") < result.out.index("It is noon.")
    assert result.out.index("It is noon.") < result.out.index("▶ thanks.wav")
    (folder,) = (tmp_path / "kept").iterdir()
    assert "ended: caller-hung-up after" in result.out
    assert str(Path("kept") / folder.name) in result.out.replace("\n", "")
    assert sorted(p.name for p in folder.iterdir()) == [
        "call.json",
        "recording.wav",
        "trace.jsonl",
        "waterfall.json",
    ]
    summary = json.loads((folder / "call.json").read_text())
    assert summary["simulated"] is True
    assert json.loads((folder / "waterfall.json").read_text())["simulated"] is True
    assert "simulated" in result.out
    with wave.open(str(folder / "recording.wav")) as wav:
        assert wav.getnframes() / wav.getframerate() == pytest.approx(
            summary["duration_s"], abs=0.5
        )


def test_a_synthetic_caller_says_texts(
    parley: Callable[..., Result], assistant: Path, tmp_path: Path
) -> None:
    result = parley("call", "--say", "Hello there.", "--assistant", assistant, "--fast")
    assert result.code == 0, result.err
    assert "▶ “Hello there.”" in result.out
    assert "It is noon." in result.out
    (folder,) = (tmp_path / "calls").iterdir()
    said = json.loads((folder / "call.json").read_text())["transcript"]
    assert [line["who"] for line in said] == ["agent", "caller", "agent"]


def test_an_assistants_oddities_are_noted(
    parley: Callable[..., Result], recordings: list[Path], assistant: Path
) -> None:
    assistant.write_text(assistant.read_text() + "frstMessage: Hi\n")
    result = parley("call", recordings[1], "--assistant", assistant, "--fast")
    assert result.code == 0, result.err
    assert "note: frstMessage: unknown" in result.out


def test_a_recording_that_is_cut_short_is_noted(
    parley: Callable[..., Result],
    recordings: list[Path],
    assistant: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    short = tmp_path / "short.wav"
    short.write_bytes(recordings[0].read_bytes()[:60_000])
    assert parley("call", short, "--assistant", assistant, "--fast").code == 0
    assert "short.wav is cut short" in caplog.text


def test_calls_that_were_cut_off_are_closed_first(
    parley: Callable[..., Result], recordings: list[Path], assistant: Path, tmp_path: Path
) -> None:
    dead = tmp_path / "calls" / "a-dead-call"
    dead.mkdir(parents=True)
    (dead / "trace.jsonl").write_text(trace.header(Settings(), "a-dead-call", "2026-01-01"))
    (dead / "caller.16k.pcm").write_bytes(bytes(3200))
    odd = tmp_path / "calls" / "an-odd-one"
    odd.mkdir()
    (odd / "trace.jsonl").write_text("nonsense\n")
    result = parley("call", recordings[1], "--assistant", assistant, "--fast")
    assert result.code == 0, result.err
    said = " ".join(result.out.split())
    assert "call a-dead-call was cut off and is closed now: process-died" in said
    assert "an-odd-one cannot be closed: line 1: not JSON" in said


# What the user got wrong


def test_a_recording_that_is_missing(parley: Callable[..., Result]) -> None:
    result = parley("call", "nowhere.wav", "--fast")
    assert result.code == 2
    assert "parley: cannot read nowhere.wav: No such file or directory." in result.err


def test_a_recording_that_is_none(
    parley: Callable[..., Result], assistant: Path, tmp_path: Path
) -> None:
    result = parley("call", assistant, "--fast")
    assert result.code == 2
    assert "assistant.yaml is no audio file" in result.err
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("firstMessage: Hi\nvoice:\n  speed: fast\n", "line 3: "),
        ("firstMessage: [unclosed\n", "this is not YAML"),
        ("voice:\n  provider: nobody\n", "no text-to-speech provider 'nobody'"),
        ("transcriber:\n  provider: pocketsphinx\n  colour: red\n", "no setting 'colour'"),
    ],
)
def test_an_assistant_that_is_wrong(
    parley: Callable[..., Result], recordings: list[Path], tmp_path: Path, content: str, says: str
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(content)
    result = parley("call", recordings[0], "--assistant", wrong, "--fast")
    assert result.code == 2
    assert says in result.err
    assert not (tmp_path / "calls").exists()


def test_nobody_who_says_anything(parley: Callable[..., Result]) -> None:
    result = parley("call")
    assert result.code == 2
    assert "name a recording, or give the caller a text with --say" in result.err


def test_a_folder_that_cannot_be_made(
    parley: Callable[..., Result], recordings: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "calls").write_text("a file")
    result = parley("call", recordings[1], "--fast")
    assert result.code == 2
    assert "cannot be made" in result.err
    assert "--out" in result.err


# The live transcript


def shown(*steps: tuple[float, ev.Event, list[act.Action]], terminal: bool = False) -> list[str]:
    """The lines that are printed for these steps; on a terminal with what erases them."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, color_system=None, width=60)
    with LiveTranscript(console) as view:
        view.recording("hello.wav")
        for now, event, actions in steps:
            view.step(now, event, actions)
    return out.getvalue().splitlines()


TICK = ev.Tick()


def test_what_both_sides_say_is_shown() -> None:
    lines = shown(
        (1.5, TICK, [act.ReplyEnded(1, "done", "Good day.")]),
        (2.0, ev.Transcript(CALLER, 0, "what ti", final=False), []),
        (3.25, TICK, [act.TurnCommitted(CALLER, 1, "what time is it", (0,), 3.0)]),
        (4.0, TICK, [act.ReplyEnded(2, "cancelled", "It is")]),
        (4.0, TICK, [act.ReplyEnded(3, "cancelled", "")]),
        (5.0, TICK, [act.FloorYielded(CALLER, "words")]),
        (6.0, TICK, [act.FloorKept(CALLER, "acknowledgement")]),
        (7.0, TICK, [act.SegmentDropped(CALLER, 3, "no words")]),
        (8.0, TICK, [act.EndCall("caller-hung-up")]),
    )
    assert lines == [
        "        ▶ hello.wav",
        "   1.50   agent  Good day.",
        "   3.25  caller  what time is it",
        "   4.00   agent  It is ✂",
        "   5.00   agent  stops: words",
        "   6.00   agent  goes on: acknowledgement",
        "   7.00  caller  dropped: no words",
        "   8.00    call  ends: caller-hung-up",
    ]


def test_a_terminal_shows_words_while_they_are_said() -> None:
    lines = shown(
        (1.0, ev.Transcript(CALLER, 0, "what", final=False), []),
        (1.2, ev.Transcript(CALLER, 0, "", final=False), []),
        (1.5, ev.Transcript(CALLER, 0, "what time", final=False), []),
        (2.0, ev.Transcript(CALLER, 0, "what time is it", final=True), []),
        (2.0, TICK, [act.TurnCommitted(CALLER, 1, "what time is it", (0,), 3.0)]),
        terminal=True,
    )
    erase = "\x1b[1G\x1b[2K"
    assert len(lines) == 2
    assert lines[1].split(erase) == [
        "   1.00  caller  what …",
        "   1.50  caller  what time …",
        "   2.00  caller  what time is it",
    ]


def test_a_long_line_that_will_be_replaced_shows_its_end() -> None:
    words = " ".join(str(n) for n in range(50))
    lines = shown((1.0, ev.Transcript(CALLER, 0, words, final=False), []), terminal=True)
    assert lines[1].startswith("…")
    assert lines[1].rstrip().endswith("48 49 …")
    assert len(lines[1].rstrip()) <= 59


def test_words_are_shown_as_they_are() -> None:
    """Brackets are no markup."""
    lines = shown((1.0, TICK, [act.TurnCommitted(CALLER, 1, "[bold]x[/bold] :smile:", (0,), 3.0)]))
    assert lines[1].endswith("[bold]x[/bold] :smile:")


def test_a_slow_terminal_does_not_hold_up_the_call() -> None:
    gate = threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            gate.wait()
            return super().write(text)

    out = Slow()
    with LiveTranscript(Console(file=out, color_system=None)) as view:
        for n in range(100):
            view.step(float(n), TICK, [act.ReplyEnded(n, "done", "Well.")])
        assert out.getvalue() == ""
        gate.set()
    assert len(out.getvalue().splitlines()) == 100
