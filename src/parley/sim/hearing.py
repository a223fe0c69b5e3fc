"""What Parley hears in a recording: edges of the voice, words, judgements of pauses.

The engines are the real ones; each runs once, as fast as it can, and says when its result
would have been known in a call. A call gets frames of 20 ms; the voice detector answers at
the next point of its grid of 10 ms. How a conversation takes what is found is a matter of
`parley.sim.replaying`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from parley.audio.formats import INBOUND
from parley.speech.detector import WINDOW, SpeechDetector, SpeechOnset
from parley.speech.endofturn import HEARD_S, LEAD_S
from parley.speech.endofturn_shared import TurnModel
from parley.speech.gate import VoiceGate
from parley.speech.pauses import Judgement
from parley.speech.silero import CONTEXT
from parley.speech.vad import Memory, VoiceModel, windows_of

FRAME_S = 0.02
"""How audio comes in a call."""

FRAME_BYTES = INBOUND.bytes_for(FRAME_S)


@dataclass(frozen=True, slots=True)
class Edge:
    """The voice began or stopped at `at_s`, which was known at `known_s`."""

    known_s: float
    at_s: float
    began: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What the recogniser said at `known_s`, by itself or asked for the final text at `asked_s`.

    `over`: how probable it held the end of the turn to be, where it judges turns.
    """

    known_s: float
    text: str
    final: bool = False
    asked_s: float | None = None
    over: float | None = None


@dataclass(slots=True)
class Hearing:
    """What is found in one recording. `judged`: what the model was asked about, and said."""

    seconds: float
    edges: tuple[Edge, ...]
    words: tuple[Words, ...] = ()
    judged: dict[str, Judgement] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For a file; `from_json` reads it."""
        edges = [[e.known_s, e.at_s, e.began] for e in self.edges]
        words = [[w.known_s, w.text, w.final, w.asked_s, w.over] for w in self.words]
        return {"seconds": self.seconds, "edges": edges, "words": words, "judged": self.judged}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Hearing":
        return cls(
            content["seconds"],
            tuple(Edge(*edge) for edge in content["edges"]),
            tuple(Words(*words) for words in content["words"]),
            {key: Judgement(*each) for key, each in content["judged"].items()},
        )


# Voice


def edges(
    model: VoiceModel, recordings: Sequence[bytes], *, answers: bool = False
) -> list[tuple[Edge, ...]]:
    """Where the voice begins and stops in each recording (`INBOUND`), judged side by side.

    `answers`: the speakers were asked something, so that faint voices count.
    """
    order = sorted(range(len(recordings)), key=lambda n: -len(recordings[n]))
    audio = [_padded(recordings[n]) for n in order]
    memories = [Memory() for _ in order]
    detectors = [SpeechDetector(listens_for_faint=answers) for _ in order]
    found: list[list[Edge]] = [[] for _ in recordings]
    for number in range((len(audio[0]) - CONTEXT) // WINDOW if audio else 0):
        begin, end = number * WINDOW, (number + 1) * WINDOW
        going = sum(len(a) >= end + CONTEXT for a in audio)
        heard = np.stack([a[begin : end + CONTEXT] for a in audio[:going]])
        before = np.concatenate([memory.state for memory in memories[:going]], axis=1)
        probabilities, state = model(heard, before)
        for index, memory in enumerate(memories[:going]):
            memory.take(state[:, index : index + 1], float(probabilities[index]))
        windows = windows_of(probabilities, heard[:, CONTEXT:], [end] * going)
        for place, detector, window in zip(order, detectors, windows, strict=False):
            if edge := detector.feed(window):
                at_s = edge.at / INBOUND.sample_rate
                found[place].append(Edge(_known_s(end), at_s, isinstance(edge, SpeechOnset)))
    return [tuple(each) for each in found]


def _padded(pcm: bytes) -> Any:
    samples = np.frombuffer(pcm, "<i2") * np.float32(1 / 32768)
    return np.concatenate((np.zeros(CONTEXT, np.float32), samples))


def _known_s(samples: int) -> float:
    """When a window is judged that ends with so many samples of the call: where there are few
    calls, as soon as it is there.
    """
    frame = FRAME_BYTES // 2
    return -(-samples // frame) * FRAME_S


# The sound of a turn


def judge(
    hearing: Hearing, model: TurnModel, pcm: bytes, since_s: float, asked_s: float
) -> Judgement:
    """What the sound says of a turn that is heard from `since_s` until `asked_s`.

    Asked once; later the answer is what was said then.
    """
    key = f"{since_s:.3f} {asked_s:.3f}"
    if key not in hearing.judged:
        end = FRAME_BYTES * int(asked_s / FRAME_S + 1e-6)
        length = INBOUND.bytes_for(min(HEARD_S, max(0.0, asked_s - since_s + LEAD_S)))
        hearing.judged[key] = model(pcm[max(0, end - length) : end])
    return hearing.judged[key]


# Words


class Text(Protocol):
    """What was said, and how probable it is that the turn ends there, where that is judged."""

    @property
    def text(self) -> str: ...
    @property
    def over(self) -> float | None: ...


class Recognizer(Protocol):
    """What happens in the process of an embedded recogniser (`parley.sim.engines`)."""

    def open(self) -> None: ...
    def hear(self, pcm: bytes) -> Text | None: ...
    def finish(self) -> Text: ...


def recognize(
    recognizer: Recognizer,
    pcm: bytes,
    voice: Sequence[Edge],
    finalize_after_s: float,
    clock: Callable[[], float] = time.thread_time,
) -> tuple[Words, ...]:
    """What a recogniser makes of a recording, and when.

    It hears what a call's would: speech as the voice detector gates it. In each pause it is
    asked for the final text after so much silence. Its work is done one request after the
    other, and takes the time by `clock` that it takes now.
    """
    recognizer.open()
    free_s, found = 0.0, []
    for at_s, piece in _requests(pcm, voice, finalize_after_s):
        begun = clock()
        said = recognizer.finish() if piece is None else recognizer.hear(piece)
        free_s = max(free_s, at_s) + clock() - begun
        if said is not None:
            asked_s = at_s if piece is None else None
            found.append(Words(free_s, said.text, piece is None, asked_s, said.over))
    return tuple(found)


def _requests(
    pcm: bytes, voice: Sequence[Edge], finalize_after_s: float
) -> Iterator[tuple[float, bytes | None]]:
    """Audio to hear, or None where the final text is asked for, each with its time."""
    gate = VoiceGate()
    facts = sorted([*_frames(pcm), *_changes(voice, finalize_after_s)], key=lambda fact: fact[0])
    for at_s, fact in facts:
        if fact is None:
            yield at_s, None
        elif isinstance(fact, Edge) and not fact.began:
            gate.close()
        elif heard := gate.open() if isinstance(fact, Edge) else gate.feed(fact):
            yield at_s, heard


def _frames(pcm: bytes) -> Iterator[tuple[float, bytes | Edge | None]]:
    for begin in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        yield (begin // FRAME_BYTES + 1) * FRAME_S, pcm[begin : begin + FRAME_BYTES]


def _changes(
    voice: Sequence[Edge], finalize_after_s: float
) -> Iterator[tuple[float, bytes | Edge | None]]:
    resumed = [*(edge.known_s for edge in voice[1:]), float("inf")]
    for edge, until in zip(voice, resumed, strict=False):
        yield edge.known_s, edge
        due = max(edge.known_s, edge.at_s + finalize_after_s)
        if not edge.began and due < until:
            yield due, None


def scripted(finals: Iterable[tuple[float, str]], delay_s: float) -> tuple[Words, ...]:
    """Final texts that come by themselves so long after their last word."""
    return tuple(Words(at_s + delay_s, text, final=True) for at_s, text in finals)
