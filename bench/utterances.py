"""Recorded utterances cut into pieces and put together again, with known pauses.

Levels and cuts are those of the common work: -22 dBFS, ends at the first and last 10 ms
within 30 dB of the loudest. Pauses are filled with the recording's own room tone. Audio
is int16 at 16 kHz, times are seconds.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.audio.files import read_recording

RATE = 16_000
FRAME = RATE // 100
FADE = RATE // 200
LEVEL_DBFS = -22.0
RANGE_DB = 30.0
FLOOR_MARGIN_DB = 8.0
LEAST_RANGE_DB = 15.0
GAP_S = 0.15
"""Quiet of so long is a pause: the recogniser closes a segment."""

TIGHT_S = 0.1
"""What a pause that is not the one under test is shortened to."""

LEAST_SPAN_S = 0.06
"""Louder sound that is shorter is a click."""

ROOM_S = 0.2
ROOM_RANGE_DB = 40.0
"""What is not so far below the loudest may be speech, and is no room tone."""

BED_DBFS = -72.0
SNAP_S = 0.06
"""The quietest point so near to a word boundary is the boundary."""

LEAST_SIDE_S = 0.5
"""Speech before and after a pause that is put in."""

BEFORE_S = 4.0
AFTER_S = 3.0
"""Of a long recording so much is used, to a word's boundary, around a pause."""

Audio = npt.NDArray[np.int16]
Span = tuple[int, int]
Word = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Take:
    """A recording ready for cutting: its speech in spans of samples, its words, its room."""

    name: str
    group: str
    audio: Audio
    spans: tuple[Span, ...]
    words: tuple[Word, ...]
    room: Audio

    def text(self, begin: int, end: int) -> str:
        """The words whose middle lies between two samples; stand-ins where none are known."""
        if not self.words:
            return " ".join(["same"] * max(1, round((end - begin) / RATE * 2.5)))
        return " ".join(w for a, b, w in self.words if begin <= (a + b) / 2 * RATE < end)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a caller says, with one pause in it.

    `pause` is where no speech is, and `end` where speech is over, in seconds of `pcm`;
    `finals` are the recogniser's texts and when each one's last word ends.
    """

    name: str
    group: str
    pcm: bytes
    room: Audio
    pause: tuple[float, float]
    end: float
    finals: tuple[tuple[float, str], ...]


# Recordings


def manifest(folder: Path) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["items"]
    return items


def load(folder: Path, item: dict[str, Any]) -> Audio:
    """A recording at the level of the common work."""
    audio = np.frombuffer(read_recording(folder / item["file"]).pcm, "<i2").astype(np.float64)
    loud = _decibels(audio)
    voiced = np.repeat(loud > loud.max() - RANGE_DB, FRAME)
    rms = np.sqrt((audio[: len(voiced)][voiced] ** 2).mean())
    scaled = np.clip(audio * (32768 * 10 ** (LEVEL_DBFS / 20) / rms), -32768, 32767)
    return np.asarray(scaled, np.int16)


def take(folder: Path, item: dict[str, Any], group: str) -> Take:
    """Find the speech in a recording, and the words where the transcript is known."""
    audio = load(folder, item)
    labels = item.get("labels") or {}
    spans = _labelled(audio, labels) or voiced_spans(audio)
    labelled = labels.get("words") or ()
    words = tuple((a, b, re.sub(r"\(\d+\)$", "", w)) for a, b, w in labelled if w[0] not in "<[")
    if not words and item["transcript"] and item["lang"] == "en":
        words = tuple(align(audio, item["transcript"]))
    return Take(Path(item["file"]).stem, group, audio, spans, words, room_tone(audio))


def _labelled(audio: Audio, labels: dict[str, Any]) -> tuple[Span, ...]:
    pauses = labels.get("internal_pauses")
    if not pauses:
        return ()
    edges = [labels["onset"], *(t for pause in pauses for t in pause), labels["utterance_end"]]
    samples = [min(len(audio), round(t * RATE)) for t in edges]
    return tuple(zip(samples[::2], samples[1::2], strict=True))


def voiced_spans(audio: Audio) -> tuple[Span, ...]:
    """Where speech is: loud frames, joined over gaps shorter than `GAP_S`."""
    level = _decibels(audio)
    floor = float(np.percentile(level, 5)) + FLOOR_MARGIN_DB
    threshold = min(max(level.max() - RANGE_DB, floor), level.max() - LEAST_RANGE_DB)
    loud = np.flatnonzero(level > threshold)
    breaks = np.flatnonzero(np.diff(loud) > GAP_S * 100)
    starts = [loud[0], *loud[breaks + 1]]
    ends = [*loud[breaks], loud[-1]]
    spans = [(int(a) * FRAME, int(b + 1) * FRAME) for a, b in zip(starts, ends, strict=True)]
    return tuple((a, b) for a, b in spans if b - a >= LEAST_SPAN_S * RATE)


def room_tone(audio: Audio) -> Audio:
    """The quietest stretch, forth and back; faint noise where speech never rests."""
    size = round(ROOM_S * RATE)
    power = np.cumsum(np.concatenate(([0.0], audio.astype(np.float64) ** 2)))
    energy = (power[size:] - power[:-size])[::FRAME]
    at = int(energy.argmin()) * FRAME
    level = 10 * np.log10(energy.min() / size / 32768**2 + 1e-12)
    if level > _decibels(audio).max() - ROOM_RANGE_DB:
        noise = np.random.default_rng(7).normal(0, 32768 * 10 ** (BED_DBFS / 20), 2 * size)
        return noise.astype(np.int16)
    quiet = audio[at : at + size]
    return np.concatenate((quiet, quiet[::-1]))


def _decibels(audio: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    frames = audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    decibels: npt.NDArray[np.float64] = 10 * np.log10((frames**2).mean(axis=1) / 32768**2 + 1e-12)
    return decibels


# Words


@lru_cache(maxsize=1)
def _aligner() -> Any:
    from pocketsphinx import Decoder

    return Decoder(loglevel="FATAL", bestpath=False)


def align(audio: Audio, transcript: str) -> list[Word]:
    """Forced alignment; nothing where a word is not in the dictionary or it fails."""
    decoder, spoken = _aligner(), transcript.split()
    plain = [re.sub(r"[^a-z']", "", word.lower()) for word in spoken]
    if not all(word and decoder.lookup_word(word) for word in plain):
        return []
    decoder.set_align_text(" ".join(plain))
    decoder.start_utt()
    decoder.process_raw(audio.tobytes(), full_utt=True)
    decoder.end_utt()
    segments = [s for s in decoder.seg() or () if not s.word.startswith(("<", "["))]
    if len(segments) != len(plain):
        return []
    return [
        (s.start_frame / 100, (s.end_frame + 1) / 100, word)
        for s, word in zip(segments, spoken, strict=True)
    ]


def boundaries(source: Take) -> list[int]:
    """Samples between two words in the middle of a phrase, far enough from both ends."""
    found = []
    first, last = source.spans[0][0], source.spans[-1][1]
    for (_, end, word), (start, _, _) in pairwise(source.words):
        at = _quietest(source.audio, (end + start) / 2)
        inside = any(a < at < b for a, b in source.spans)
        sides = min(at - first, last - at) >= LEAST_SIDE_S * RATE
        if inside and sides and not word.endswith((".", ",", ";", ":", "?", "!")):
            found.append(at)
    return found


def _quietest(audio: Audio, at_s: float) -> int:
    low = max(0, round((at_s - SNAP_S) * RATE))
    part = audio[low : round((at_s + SNAP_S) * RATE)].astype(np.float64) ** 2
    smooth = np.convolve(part, np.ones(FRAME), "same")
    return low + int(smooth.argmin())


# Trials


class _Tape:
    """Pieces in a row."""

    def __init__(self, source: Take) -> None:
        self._source = source
        self._pieces: list[Audio] = []
        self.samples = 0

    def speech(self, spans: Sequence[Span]) -> None:
        """Stretches of the recording, with only short gaps between them."""
        for number, (begin, end) in enumerate(spans):
            if number:
                self.room(TIGHT_S)
            self.add(_faded(self._source.audio[begin:end]))

    def room(self, seconds: float) -> None:
        self.add(np.resize(self._source.room, round(seconds * RATE)))

    def add(self, piece: Audio) -> None:
        self._pieces.append(piece)
        self.samples += len(piece)

    def pcm(self) -> bytes:
        return np.concatenate(self._pieces).astype("<i2").tobytes()


def _faded(piece: Audio) -> Audio:
    faded = piece.astype(np.float64)
    ramp = np.linspace(0, 1, min(FADE, len(piece)))
    faded[: len(ramp)] *= ramp
    faded[len(faded) - len(ramp) :] *= ramp[::-1]
    return faded.astype(np.int16)


def with_pause(source: Take, at: int, seconds: float, lead_s: float) -> Trial:
    """The utterance with a pause put in at sample `at`, all other pauses made short."""
    first = _crop(source, at - BEFORE_S * RATE, range(at))
    last = _crop(source, at + AFTER_S * RATE, range(at, len(source.audio)))
    before = [(max(a, first), min(b, at)) for a, b in source.spans if a < at and b > first]
    after = [(max(a, at), min(b, last)) for a, b in source.spans if a < last and b > at]
    gap = np.resize(source.room, round(seconds * RATE))
    return _trial(source, before, gap, after, lead_s)


def _crop(source: Take, at: float, within: range) -> int:
    """The word boundary nearest to a sample, or the edge that it lies beyond."""
    if at <= 0 or at >= len(source.audio):
        return max(0, min(len(source.audio), round(at)))
    edges = [_quietest(source.audio, begin) for begin, _, _ in source.words]
    return min((e for e in edges if e in within), key=lambda e: abs(e - at))


def natural(source: Take, lead_s: float, most: int = 4) -> Iterator[Trial]:
    """One trial for each pause of the recording, between what is around it.

    At most `most` stretches of speech come before it, the pauses between them made short.
    """
    for number in range(1, len(source.spans)):
        before = source.spans[max(0, number - most) : number]
        after = source.spans[number : number + 1]
        gap = source.audio[before[-1][1] : after[0][0]]
        if len(gap) >= GAP_S * RATE:
            yield _trial(source, before, gap, after, lead_s)


def whole(source: Take, lead_s: float, most: int = 4) -> Trial:
    """The last stretches of a recording to its end, the pauses between them made short."""
    tape = _Tape(source)
    tape.room(lead_s)
    spans = source.spans[-most:]
    finals = []
    for number, span in enumerate(spans):
        if number:
            tape.room(TIGHT_S)
        tape.speech([span])
        finals.append((tape.samples / RATE, source.text(*span)))
    end = tape.samples / RATE
    said = tuple((at, text) for at, text in finals if text)
    return Trial(source.name, source.group, tape.pcm(), source.room, (end, end), end, said)


def _trial(
    source: Take, before: Sequence[Span], gap: Audio, after: Sequence[Span], lead_s: float
) -> Trial:
    tape = _Tape(source)
    tape.room(lead_s)
    tape.speech(before)
    begin = tape.samples / RATE
    tape.add(gap)
    resumed = tape.samples / RATE
    tape.speech(after)
    end = tape.samples / RATE
    said = source.text(before[0][0], before[-1][1]), source.text(after[0][0], after[-1][1])
    finals = tuple((t, text) for t, text in zip((begin, end), said, strict=True) if text)
    return Trial(source.name, source.group, tape.pcm(), source.room, (begin, resumed), end, finals)
