"""Files and folders become calls: each once, and what cannot be read is said."""

import shutil
from pathlib import Path

import pytest
from voices_sim import RATE, Loudness, Scribe, quiet, tone

from parley.audio.files import write_wav
from parley.core import CALLER, Conversation, trace
from parley.core import events as ev
from parley.core.lastwords import completeness
from parley.core.settings import Settings
from parley.errors import AudioError, ParleyError, TraceError
from parley.sim import engines
from parley.sim.collecting import STAND_IN, Listening, Source, collect, sources
from parley.speech.pauses import Judgement

SAID = quiet(0.5) + tone(0.8) + quiet(0.6) + tone(0.8) + quiet(3.0)
ANSWER = quiet(3.0) + tone(1.0) + quiet(1.7)


@pytest.fixture(autouse=True)
def _engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "voice_model", Loudness)
    monkeypatch.setattr(engines, "recognizer", lambda name: Scribe())
    monkeypatch.setattr(engines, "turn_model", lambda: None)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "call" / "recording.wav"
    path.parent.mkdir()
    write_wav(path, [SAID, ANSWER], RATE)
    return path


def write_trace(path: Path) -> Path:
    conversation = Conversation(Settings())
    facts: list[tuple[float, ev.Event]] = [
        (0.0, ev.Connected(CALLER)),
        (0.6, ev.SpeechStarted(CALLER, 0.5)),
        (1.4, ev.SpeechStopped(CALLER, 1.3)),
        (1.5, ev.Transcript(CALLER, 0, "hello", True)),
        (4.0, ev.Tick()),
    ]
    lines = [trace.line(now, event, conversation.handle(event, now)) for now, event in facts]
    path.write_text(trace.header(Settings(), "c", "2026-01-01") + "".join(lines))
    return path


def test_a_folder_holds_calls_and_each_counts_once(recording: Path, tmp_path: Path) -> None:
    beside = write_trace(recording.with_name("trace.jsonl"))
    alone = write_trace(tmp_path / "other.jsonl")
    shutil.copy(recording, tmp_path / "plain.wav")
    named = tmp_path / "plain.wav"
    found = list(sources([tmp_path, recording, beside]))
    assert set(found) == {Source(recording, beside), Source(None, alone), Source(named, None)}
    assert len(found) == 3


def test_a_trace_of_the_same_name_belongs_to_a_recording(recording: Path, tmp_path: Path) -> None:
    plain, beside = tmp_path / "plain.wav", tmp_path / "plain.jsonl"
    shutil.copy(recording, plain)
    write_trace(beside)
    assert list(sources([plain, beside])) == [Source(plain, beside)]


@pytest.mark.parametrize("name", ["nothing.wav", "notes.txt"])
def test_what_holds_no_call_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("no call")
    (error,) = sources([tmp_path / name])
    assert isinstance(error, ParleyError)
    assert name in str(error)


def test_a_stereo_recording_has_the_agent_on_the_right(recording: Path) -> None:
    found = collect(Source(recording, None), Listening())
    (passage,) = found.passages
    assert found.happened is None
    assert len(passage.pauses) == 1
    assert [words.text for words in passage.hearing.words if words.final] == ["hello", "hello"]
    assert passage.judge is None


def test_a_recording_with_one_channel_is_the_callers(tmp_path: Path) -> None:
    path = tmp_path / "mono.wav"
    write_wav(path, [SAID], RATE)
    (passage,) = collect(Source(path, None), Listening()).passages
    assert len(passage.hearing.edges) == 4


def test_words_that_nobody_knows_stand_in(recording: Path) -> None:
    found = collect(Source(recording, None), Listening(words=None))
    texts = [words.text for words in found.passages[0].hearing.words]
    assert texts == [STAND_IN, STAND_IN]
    assert completeness(" ".join(texts), "en") == completeness(STAND_IN, "en") == 0.0


def test_the_sound_is_judged_where_the_model_is(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "turn_model", lambda: lambda pcm: Judgement(0.25, 1.0))
    (heard,) = collect(Source(recording, None), Listening()).passages
    assert heard.judge is not None
    assert heard.judge(1.0, 2.0) == Judgement(0.25, 1.0)
    traced = write_trace(recording.with_name("trace.jsonl"))
    (passage,) = collect(Source(recording, traced), Listening()).passages
    assert passage.judge is not None
    assert passage.judge(1.0, 2.0) == Judgement(0.25, 1.0)  # its recording: the trace has none
    assert collect(Source(recording, None), Listening(sound=False)).passages[0].judge is None


def test_a_trace_is_believed_before_the_sound(recording: Path) -> None:
    traced = write_trace(recording.with_name("trace.jsonl"))
    found = collect(Source(recording, traced), Listening(sound=False))
    assert found.happened is not None
    assert found.happened.turns == 1
    assert len(found.passages[0].hearing.edges) == 2


def test_a_trace_that_cannot_be_read_gives_way_to_the_recording(recording: Path) -> None:
    broken = recording.with_name("trace.jsonl")
    broken.write_text("no trace\n")
    found = collect(Source(recording, broken), Listening())
    assert "no trace of this version" in found.note
    assert len(found.passages[0].hearing.edges) == 4
    with pytest.raises(TraceError):
        collect(Source(None, broken), Listening())


def test_a_file_without_sound_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"")
    with pytest.raises(AudioError):
        collect(Source(path, None), Listening())


def test_a_trace_without_its_recording_has_no_judge_of_its_own(tmp_path: Path) -> None:
    traced = write_trace(tmp_path / "trace.jsonl")
    (passage,) = collect(Source(None, traced), Listening()).passages
    assert passage.judge is not None
    assert passage.judge(1.0, 2.0) is None
