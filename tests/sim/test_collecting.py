"""Files and folders become calls: each once, and what cannot be read is said."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from voices_sim import RATE, Loudness, Scribe, quiet, tone

from parley.audio.files import read_recording, write_wav
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


@pytest.mark.parametrize(
    ("sound", "traced"),
    [
        ("recording.mp3", "trace.jsonl"),
        ("Recording.FLAC", "trace.jsonl"),
        ("CALL.WAV", "CALL.jsonl"),
        ("call.webm", "Call.JSONL"),
    ],
)
def test_formats_and_capital_letters_make_no_difference(
    tmp_path: Path, sound: str, traced: str
) -> None:
    (tmp_path / sound).touch()
    (tmp_path / traced).touch()
    call = Source(tmp_path / sound, tmp_path / traced)
    assert list(sources([tmp_path])) == [call]
    assert list(sources([tmp_path / traced, tmp_path / sound])) == [call]


def test_a_trace_counts_once_whatever_is_named(tmp_path: Path) -> None:
    for name in ("a.mp3", "a.wav", "a.jsonl", "b.mp3", "b.wav"):
        (tmp_path / name).touch()
    call = Source(tmp_path / "a.wav", tmp_path / "a.jsonl")
    again = tmp_path / ".." / tmp_path.name / "a.mp3"
    assert list(sources([tmp_path / "a.mp3", tmp_path / "a.wav", again])) == [call]
    alone = [Source(tmp_path / name, None) for name in ("b.mp3", "b.wav")]
    assert list(sources([tmp_path])) == [call, *alone]
    assert list(sources([tmp_path / "b.wav"])) == alone[1:]


def test_traces_whose_names_differ_in_capital_letters_have_their_own_recordings(
    tmp_path: Path,
) -> None:
    names = ("A", "a")
    for name in names:
        (tmp_path / f"{name}.wav").touch()
        (tmp_path / f"{name}.jsonl").touch()
    calls = {Source(tmp_path / f"{n}.wav", tmp_path / f"{n}.jsonl") for n in names}
    if len(list(tmp_path.iterdir())) == 4:
        assert set(sources([tmp_path])) == calls


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        ("w64", "pcm_s16le"),
        ("aiff", "pcm_s16be"),
        ("au", "pcm_s16be"),
        ("caf", "pcm_s16le"),
        ("aac", "aac"),
        ("mka", "pcm_s16le"),
        ("mov", "aac"),
    ],
)
def test_what_can_be_read_is_found(tmp_path: Path, ending: str, codec: str) -> None:
    path = tmp_path / f"call.{ending}"
    with av.open(path, "w") as file:
        stream = file.add_stream(codec, rate=RATE)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, RATE), "<i2"), layout="mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    assert read_recording(path).duration_s > 0.5
    assert list(sources([tmp_path])) == [Source(path, None)]


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
    assert "trace.jsonl: not a trace, or a damaged one: line 1" in found.note
    assert len(found.passages[0].hearing.edges) == 4
    with pytest.raises(TraceError):
        collect(Source(None, broken), Listening())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"now":1.4', '"now":NaN'),
        ('"now":1.4', '"now":null'),
        ('"at":1.3', '"at":null'),
        ('"at":1.3', '"at":"soon"'),
        ('"at":1.3', '"at":[]'),
        ('"leg":"caller"', '"leg":[]'),
        ('"text":"hello"', '"text":7'),
    ],
)
def test_a_damaged_value_makes_a_trace_unreadable(tmp_path: Path, old: str, new: str) -> None:
    path = write_trace(tmp_path / "trace.jsonl")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TraceError, match=r"trace\.jsonl: not a trace, or a damaged one: "):
        collect(Source(None, path), Listening())


def test_a_last_line_that_is_torn_in_a_character_is_left_out(tmp_path: Path) -> None:
    path = write_trace(tmp_path / "trace.jsonl")
    whole = collect(Source(None, path), Listening()).happened
    path.write_bytes(path.read_bytes() + '{"text":"é'.encode()[:-1])
    assert collect(Source(None, path), Listening()).happened == whole


def test_what_is_missing_from_a_recording_is_said(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-64_000])
    assert "is cut short" in collect(Source(recording, None), Listening()).note
    broken = recording.with_name("trace.jsonl")
    broken.write_text("no trace\n")
    note = collect(Source(recording, broken), Listening()).note
    assert "analysed instead; " in note
    assert "is cut short" in note


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
