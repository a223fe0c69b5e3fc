"""Whether one person speaks or many at once, learned: the weights of `parley.speech.crowd`.

A logistic regression on what the voice detector remembers, averaged over a voice's windows. One
person is every recorded interruption, utterance, word and listener's response; many are three to
eight of those who utter something, mixed. Both are heard at many levels, close by, over a
telephone, in rooms, over noise; one person also in a crowd that is softer.

What is measured with these recordings (`interruptions.py`) is measured with weights that were
learned from the other half of the speakers and sources: `held_out`.

    python bench/crowds.py           learns, and says how well those are told that were left out
    python bench/crowds.py --write   writes the weights of all, too
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import sounds
import utterances
from common import find_corpus
from endofturn import area
from learning import Floats, fitted
from parley.models import model_path
from parley.sim import acoustics
from parley.sim.room import RoomSettings, impulse_response
from parley.speech import crowd
from parley.speech.detector import WINDOW, DetectorSettings
from parley.speech.nearness import LIKELY
from parley.speech.silero import CONTEXT, MODEL, SileroVad, fresh_state
from sounds import RATE, Audio

ONE = ("interruption", "utterance", "command", "listener's word", "backchannel, no words")
LINES = ("clean", "clean", "telephone", "noise", "room", "crowd", "room noise", "telephone noise")
MANY_LINES = ("clean", "clean", "telephone", "noise", "room", "room noise")
TALKERS = (3, 4, 5, 6, 8)
MIXES = 240
"""Of each number of talkers, of each half of the speakers."""

SPREAD_DB = 2.0
"""How far the talkers of a crowd differ in level: the standard deviation."""

LEVELS_DBFS, HISS_DBFS = (-45.0, -20.0), (-85.0, -65.0)
NOISE_SNR_DB, CROWD_SNR_DB = (0.0, 18.0), (4.0, 18.0)
T60_S = (0.2, 0.6)
BEFORE_S, HEARD_S = (0.2, 4.0), (0.5, 2.0)
"""Silence or noise before a sound: what the detector remembers of a sudden beginning depends on
where it lies within a window. Every other time many are judged only when so much was heard."""

MIXED_S = 3.5
LENGTHS = (4, 7, 10, 16, 24, 31)
"""Windows of 32 ms that are averaged."""

RIDGE = 100.0
BATCH = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """A sound that is judged from `start` on, in samples."""

    group: str
    half: str
    single: bool
    audio: Audio
    start: int


@dataclass(frozen=True, slots=True)
class Heard:
    """Averages of what the detector remembers, `[n, 128]`, over so many windows (`lengths`)."""

    states: Floats
    groups: npt.NDArray[np.str_]
    halves: npt.NDArray[np.str_]
    lengths: npt.NDArray[np.int_]
    singles: npt.NDArray[np.bool_]


class Stage:
    """Where the sounds are heard. Everything is the same in every run."""

    def __init__(self, folder: Path) -> None:
        items = utterances.manifest(folder)
        self._dice = np.random.default_rng(3)
        self._beds = [sounds.read(folder, i) for i in items if i["category"] == "noise"]
        self._rooms = [sounds.read(folder, i) for i in items if i["category"] == "rir"]
        talks = [i for i in items if i["category"] in sounds.UTTERED and i["lang"] == "en"]
        self._voices = {
            half: [sounds.voice_of(folder, i) for i in talks if sounds.half_of(i) == half]
            for half in "ab"
        }

    def one(self, uttered: sounds.Uttered) -> Iterator[Piece]:
        """One person, on all lines."""
        audio = uttered.audio[round(max(0.0, uttered.onset - 0.05) * RATE) :]
        for line in LINES:
            before = self._samples(BEFORE_S)
            sound = self._on(audio, line, uttered.half, before)
            yield Piece(_group(uttered), uttered.half, True, sound, before)

    def many(self, half: str, talkers: int) -> Iterator[Piece]:
        """Mixed voices, which begin at once or have been heard before."""
        for number in range(MIXES):
            line = MANY_LINES[number % len(MANY_LINES)]
            before = self._samples(BEFORE_S)
            mixed = self._mixed(half, round(MIXED_S * RATE), talkers)
            sound = self._on(mixed, line, half, before)
            start = before + self._samples(HEARD_S) * (number % 2)
            yield Piece(f"{talkers} voices", half, False, sound, start)

    def _mixed(self, half: str, samples: int, talkers: int) -> Audio:
        voices, rows = self._voices[half], []
        for _ in range(talkers):
            chosen = [voices[n] for n in self._dice.choice(len(voices), 6, replace=False)]
            row = np.roll(np.concatenate(chosen), self._dice.integers(10**6))
            gain = 10 ** (self._dice.normal(0.0, SPREAD_DB) / 20)
            rows.append(np.resize(row, samples) * gain)
        return acoustics.at_level(np.sum(rows, axis=0) / talkers, -26.0)

    def _on(self, audio: Audio, line: str, half: str, before: int) -> Audio:
        if "room" in line:
            audio = acoustics.reverberate(audio, self._room())[: len(audio)]
        audio = acoustics.at_level(audio, float(self._dice.uniform(*LEVELS_DBFS)))
        audio = np.concatenate((np.zeros(before, np.int16), audio))
        if "noise" in line:
            bed = self._beds[self._dice.integers(len(self._beds))]
            audio = self._over(audio, bed, NOISE_SNR_DB)
        if "crowd" in line:
            talkers = int(self._dice.integers(3, 9))
            audio = self._over(audio, self._mixed(half, len(audio), talkers), CROWD_SNR_DB)
        hiss = acoustics.FULL_SCALE * 10 ** (self._dice.uniform(*HISS_DBFS) / 20)
        audio = acoustics.to_samples(audio + self._dice.normal(0, hiss, len(audio)))
        return acoustics.telephone(audio) if "telephone" in line else audio

    def _samples(self, seconds: tuple[float, float]) -> int:
        return round(float(self._dice.uniform(*seconds)) * RATE)

    def _over(self, audio: Audio, bed: Audio, snr_db: tuple[float, float]) -> Audio:
        snr, seed = float(self._dice.uniform(*snr_db)), int(self._dice.integers(10**6))
        return acoustics.add_noise(audio, bed, snr, seed=seed)

    def _room(self) -> Any:
        if self._dice.random() < 0.4:
            return self._rooms[self._dice.integers(len(self._rooms))]
        t60_s, seed = float(self._dice.uniform(*T60_S)), int(self._dice.integers(10**6))
        return impulse_response(RoomSettings(delay_s=0.005, t60_s=t60_s, loss_db=0.0, seed=seed))


def pieces(folder: Path) -> Iterator[Piece]:
    stage = Stage(folder)
    for uttered in sounds.all_of(folder):
        if _group(uttered) in ONE:
            yield from stage.one(uttered)
    for half in "ab":
        for talkers in TALKERS:
            yield from stage.many(half, talkers)


def heard(folder: Path) -> Heard:
    """What the detector remembers of all of them."""
    model = SileroVad(model_path(MODEL))
    rows: list[tuple[Floats, str, str, int, bool]] = []
    every = list(pieces(folder))
    for begin in range(0, len(every), BATCH):
        some = every[begin : begin + BATCH]
        for piece, (states, probable) in zip(some, _judged(model, some), strict=True):
            voice = _voice(piece, probable)
            for length in LENGTHS:
                if voice.start + length <= voice.stop:
                    mean = states[voice.start : voice.start + length].mean(axis=0)
                    rows.append((mean, piece.group, piece.half, length, piece.single))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Heard(**dict(zip(Heard.__slots__, columns, strict=True)))


def _judged(model: SileroVad, some: Sequence[Piece]) -> Iterator[tuple[Floats, Floats]]:
    longest = max(len(piece.audio) for piece in some)
    audio = np.zeros((len(some), CONTEXT + -(-longest // WINDOW) * WINDOW), np.float32)
    for row, piece in zip(audio, some, strict=True):
        row[CONTEXT : CONTEXT + len(piece.audio)] = piece.audio / np.float32(32768)
    state = np.repeat(fresh_state(), len(some), axis=1)
    states, probable = [], []
    for begin in range(0, audio.shape[1] - CONTEXT, WINDOW):
        probabilities, state = model(audio[:, begin : begin + CONTEXT + WINDOW], state)
        states.append(state[0])
        probable.append(probabilities)
    yield from zip(np.stack(states, axis=1), np.stack(probable, axis=1), strict=True)


def _voice(piece: Piece, probable: Floats) -> slice:
    """The first voice from the piece's start on, in windows."""
    last = len(piece.audio) // WINDOW
    likely = np.flatnonzero(probable[piece.start // WINDOW : last] >= LIKELY)
    if not len(likely):
        return slice(0, 0)
    begin = piece.start // WINDOW + int(likely[0])
    low = probable[begin:last] < DetectorSettings().offset_probability
    ends = np.flatnonzero(low[:-1] & low[1:])
    return slice(begin, begin + int(ends[0]) + 1 if len(ends) else last)


def _group(uttered: sounds.Uttered) -> str:
    """Of backchannels those among another's words count as one voice, too."""
    return uttered.group.replace(sounds.OVERLAID, "backchannel")


def learned(found: Heard, but: str = "") -> Floats:
    """Weights of a state and of 1, `[129]`, from both halves, or from one."""
    known = found.halves != but
    groups, singles = found.groups[known], found.singles[known]
    weights = np.zeros(len(groups))
    for group in np.unique(groups):
        of = groups == group
        alike = len(np.unique(groups[singles == singles[of][0]]))
        weights[of] = len(groups) / (2 * alike * of.sum())
    return fitted(found.states[known], singles, weights, RIDGE)


def held_out(folder: Path) -> dict[str, Floats]:
    """For each half of the speakers the weights that were learned from the other half."""
    found = heard(folder)
    return {half: learned(found, half) for half in "ab"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the weights of all")
    given = parser.parse_args()
    found = heard(find_corpus())
    said = np.zeros(len(found.groups))
    for half in "ab":
        of, weights = found.halves == half, learned(found, half)
        said[of] = found.states[of] @ weights[:-1] + weights[-1]
    for length in LENGTHS:
        now = found.lengths == length
        ones = said[now & found.singles]
        told = [f"{length * WINDOW / RATE:.2f} s, {len(ones)} of one:"]
        for group in np.unique(found.groups[~found.singles]):
            many = said[now & (found.groups == group)]
            told.append(f"{group} area {area(ones, many):.3f}, below -2 {np.mean(many < -2):.2f};")
        print(*told, f"one below -2 {np.mean(ones < -2):.3f}, -3 {np.mean(ones < -3):.3f}")
    if given.write:
        np.save(crowd.WEIGHTS, learned(found))


if __name__ == "__main__":
    main()
