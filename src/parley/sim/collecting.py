"""An operator's calls on disk: recordings, and the traces beside them.

    CALL/recording.wav, CALL/trace.jsonl     as `parley call` and `parley serve` leave them
    NAME.wav, NAME.jsonl                     any recording, with or without its trace

Of a recording there may be other formats than WAV; capital letters make no difference.
A recording with two channels has the caller on the left and the agent on the right. What a
trace tells is taken from it; the rest is found in the sound. Nothing leaves the machine.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from parley.audio.files import read_recording
from parley.audio.recorder import RECORDING
from parley.core.trace import Trace
from parley.errors import AudioError, ConfigurationError, ParleyError, TraceError
from parley.providers.stt.embedded import EmbeddedName
from parley.sim import engines
from parley.sim import hearing as sim
from parley.sim.hearing import Edge, Hearing, Words
from parley.sim.passages import (
    Happened,
    Passage,
    Span,
    agent_in,
    happened_in,
    heard_in,
    judged_in,
    passages,
)
from parley.sim.replaying import Judge
from parley.speech.pauses import Judgement
from parley.telemetry.tracefiles import TRACE_FILE, read_trace

SOUNDS = (
    *(".wav", ".w64", ".flac", ".aiff", ".aif", ".aifc", ".caf", ".au", ".snd"),
    *(".mp3", ".mp2", ".mpa", ".m2a", ".ogg", ".oga", ".opus", ".aac", ".amr", ".3ga"),
    *(".m4a", ".m4b", ".mp4", ".mov", ".3gp", ".3g2", ".mka", ".mkv", ".webm"),
)
"""How names end of what `parley.audio.files` reads; of two recordings of a call the first is
taken."""

_OF_A_CALL = Path(RECORDING).stem

STAND_IN = "back"
"""For words that nobody knows: they say nothing about the end of a turn."""

STAND_IN_S = 0.1
"""How late they come."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How a recording without a trace is understood.

    `words`: by this recogniser, which knows English; None: there are stand-ins.
    """

    words: EmbeddedName | None = "pocketsphinx"
    sound: bool = True
    """Whether the end-of-turn model judges, where it is on the machine."""


@dataclass(frozen=True, slots=True)
class Source:
    """A call's files; one of them may be missing."""

    sound: Path | None
    trace: Path | None

    @property
    def name(self) -> str:
        """What people call it."""
        return str(self.sound or self.trace)


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found in a call. `happened`: where a trace tells; `note`: what is wrong with it."""

    source: Source
    passages: tuple[Passage, ...]
    happened: Happened | None = None
    note: str = ""


def sources(paths: Iterable[Path]) -> Iterator[Source | ParleyError]:
    """The calls in files and folders, each once; an error for what is none."""
    folders: dict[Path, Calls] = {}
    seen: set[Path] = set()
    for path in paths:
        found = [source for file in _files(path) for source in _of(file, folders)]
        if not found:
            yield ConfigurationError(
                f"{path}: no recording and no trace is there",
                remedy="Name recordings, traces, or folders that hold some.",
            )
        for source in found:
            place = (source.trace or source.sound or path).resolve()
            if place not in seen:
                seen.add(place)
                yield source


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.is_file())
    return [path] if path.exists() else []


Calls = dict[str, list[Source]]
"""What is in a folder, by the names of the files."""


def _of(file: Path, folders: dict[Path, Calls]) -> list[Source]:
    """The call that a file belongs to; `folders` holds what is in those that were looked at."""
    if not _is_sound(file) and not _is_trace(file):
        return []
    if file.parent not in folders:
        folders[file.parent] = _calls(_beside(file))
    calls = folders[file.parent].get(_name(file), [])
    return [call for call in calls if file in (call.sound, call.trace)] or calls


def _beside(file: Path) -> list[Path]:
    try:
        return sorted(file.parent.iterdir())
    except OSError:  # its folder may be closed to us
        return [file]


def _calls(files: Iterable[Path]) -> Calls:
    named: dict[str, list[Path]] = {}
    for file in files:
        if (_is_sound(file) or _is_trace(file)) and file.is_file():
            named.setdefault(_name(file), []).append(file)
    return {name: list(_paired(together)) for name, together in named.items()}


def _paired(files: Sequence[Path]) -> Iterator[Source]:
    """Each trace with a recording; recordings by themselves where there is no trace."""
    sounds = sorted(filter(_is_sound, files), key=lambda f: SOUNDS.index(f.suffix.lower()))
    traces = list(filter(_is_trace, files))
    for trace in traces:
        same = [sound for sound in sounds if sound.stem == trace.stem]
        yield Source(next(iter(same or sounds), None), trace)
    if not traces:
        yield from (Source(sound, None) for sound in sounds)


def _name(file: Path) -> str:
    """What the files of a call have in common."""
    return _OF_A_CALL if file.name.lower() == TRACE_FILE else file.stem.lower()


def _is_sound(file: Path) -> bool:
    return file.suffix.lower() in SOUNDS


def _is_trace(file: Path) -> bool:
    return file.suffix.lower() == ".jsonl"


def collect(source: Source, listening: Listening) -> Collected:
    """What the caller said in a call. Raises AudioError or TraceError where nothing can be read,
    MissingModelError where a model was not fetched that a recording takes.

    A trace that cannot be read is passed over where there is a recording.
    """
    trace, note = None, ""
    if source.trace is not None:
        try:
            trace = _trace(source.trace)
        except TraceError as error:
            if source.sound is None:
                raise
            note = f"{error}; its recording is analysed instead"
    if trace is not None:
        return _traced(source, trace, listening)
    if source.sound is None:
        raise AudioError(f"{source.name} holds no audio")
    found = _heard(source, source.sound, listening)
    return replace(found, note="; ".join(filter(None, (note, found.note))))


def _trace(path: Path) -> Trace:
    try:
        return read_trace(path)
    except TraceError as error:
        raise TraceError(f"{path}: {error.what}", remedy=error.remedy) from error


def _traced(source: Source, trace: Trace, listening: Listening) -> Collected:
    hearing = heard_in(trace)
    judge = _first(judged_in(trace), _by_sound(source.sound, listening))
    found = tuple(passages(hearing, agent_in(trace), judge if listening.sound else None))
    return Collected(source, found, happened_in(trace))


def _first(recorded: Judge, found: Judge | None) -> Judge:
    def judge(since_s: float, asked_s: float) -> Judgement | None:
        known = recorded(since_s, asked_s)
        return found(since_s, asked_s) if known is None and found is not None else known

    return judge


def _by_sound(path: Path | None, listening: Listening) -> Judge | None:
    """What the model says of the recording; it is read when it is first asked about."""
    model = engines.turn_model() if listening.sound else None
    if path is None or model is None:
        return None
    asked, read = Hearing(0.0, ()), list[bytes]()

    def judge(since_s: float, asked_s: float) -> Judgement | None:
        if not read:
            try:
                read.append(_channels(path)[0])
            except AudioError:
                read.append(b"")
        return sim.judge(asked, model, read[0], since_s, asked_s) if read[0] else None

    return judge


def _heard(source: Source, path: Path, listening: Listening) -> Collected:
    """A recording without a trace."""
    caller, agent, note = _channels(path)
    tracks = [caller, agent] if agent else [caller]
    edges, *others = sim.edges(engines.voice_model(), tracks)
    if listening.words:
        words = engines.recognize(listening.words, caller, edges)
    else:
        words = tuple(_stand_ins(edges))
    hearing = Hearing(len(caller) / 32_000, edges, words)
    model = engines.turn_model() if listening.sound else None
    judge: Judge | None = None
    if model is not None:
        judge = lambda since, asked: sim.judge(hearing, model, caller, since, asked)  # noqa: E731
    spans = [span for other in others for span in _spans(other)]
    return Collected(source, tuple(passages(hearing, spans, judge)), note=note)


def _channels(path: Path) -> tuple[bytes, bytes, str]:
    """The caller's sound, the agent's, which may be none, and what is missing from them."""
    whole = read_recording(path)
    note = "; ".join(whole.warnings)
    if whole.source.channels < 2:
        return whole.pcm, b"", note
    return read_recording(path, 0).pcm, read_recording(path, 1).pcm, note


def _stand_ins(edges: Iterable[Edge]) -> Iterator[Words]:
    for edge in edges:
        if not edge.began:
            yield Words(edge.known_s + STAND_IN_S, STAND_IN, final=True)


def _spans(edges: Iterable[Edge]) -> list[Span]:
    times = [edge.at_s for edge in edges]
    return list(zip(times[::2], [*times[1::2], float("inf")], strict=False))
