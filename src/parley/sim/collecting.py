"""An operator's calls on disk: recordings, and the traces beside them.

    CALL/recording.wav, CALL/trace.jsonl     as `parley call` and `parley serve` leave them
    NAME.wav, NAME.jsonl                     any recording, with or without its trace

A recording with two channels has the caller on the left and the agent on the right. What a
trace tells is taken from it; the rest is found in the sound. Nothing leaves the machine.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from parley.audio.files import read_recording
from parley.audio.recorder import RECORDING
from parley.core.trace import Trace, UnreadableTrace, parse
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

TRACE = "trace.jsonl"
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a")

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
    seen: set[Source] = set()
    for path in paths:
        found = list(_in(path))
        if not found:
            yield ConfigurationError(
                f"{path}: no recording and no trace is there",
                remedy="Name recordings, traces, or folders that hold some.",
            )
        for source in found:
            if source not in seen:
                seen.add(source)
                yield source


def _in(path: Path) -> Iterator[Source]:
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        yield from dict.fromkeys(s for file in files for s in _of(file))
    elif path.exists():
        yield from _of(path)


def _of(file: Path) -> Iterator[Source]:
    if file.suffix.lower() in SOUNDS:
        beside = file.with_name(TRACE) if file.name == RECORDING else file.with_suffix(".jsonl")
        yield Source(file, beside if beside.exists() else None)
    elif file.suffix == ".jsonl":
        stem = file.with_name(RECORDING) if file.name == TRACE else file
        sounds = (stem.with_suffix(suffix) for suffix in SOUNDS)
        yield Source(next((sound for sound in sounds if sound.exists()), None), file)


def collect(source: Source, listening: Listening) -> Collected:
    """What the caller said in a call. Raises AudioError or TraceError where nothing can be read.

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
    return replace(_heard(source, source.sound, listening), note=note)


def _trace(path: Path) -> Trace:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TraceError(f"{path} cannot be read: {error.strerror}") from error
    except (UnreadableTrace, UnicodeDecodeError, TypeError) as error:
        raise TraceError(f"{path} is no trace of this version: {error}") from error


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
    caller, agent = _channels(path)
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
    return Collected(source, tuple(passages(hearing, spans, judge)))


def _channels(path: Path) -> tuple[bytes, bytes]:
    """The caller's sound and the agent's, which may be none."""
    whole = read_recording(path)
    if whole.source.channels < 2:
        return whole.pcm, b""
    return read_recording(path, 0).pcm, read_recording(path, 1).pcm


def _stand_ins(edges: Iterable[Edge]) -> Iterator[Words]:
    for edge in edges:
        if not edge.began:
            yield Words(edge.known_s + STAND_IN_S, STAND_IN, final=True)


def _spans(edges: Iterable[Edge]) -> list[Span]:
    times = [edge.at_s for edge in edges]
    return list(zip(times[::2], [*times[1::2], float("inf")], strict=False))
