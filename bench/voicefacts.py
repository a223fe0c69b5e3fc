"""How well a voice is measured: speech/pitch, prosody and speakers against what is known.

    pitch     vowels made of harmonics, 75 to 340 Hz, gliding by two semitones; clean, with noise
              10 dB below, by telephone. Gross errors are more than a semitone off.
    level     the same recordings made 6 dB louder and 12 dB softer: what the measure says of it
    rate      syllables a second against the transcripts', as letters tell them (groups of
              vowels); with words a second for comparison
    filled    drawn-out sounds in read speech, where there are none, and in spontaneous speech
              whose "uh" and "um" are labelled
    spread    how far the same speaker's recordings of one source lie apart: what is usual
    speakers  equal error rate of pairs of pieces with so much active voice; "other recording"
              leaves out pairs from one file. Held out: the probabilities of the speakers to which
              they were not fitted, as the cost Cllr (0 is perfect, 1 knows nothing). The measure
              itself was chosen on all of them: the error rates are not held out
    cost      CPU of one second of speech

Bursts are those of the voice detector, as in a call. Nobody listened to the recordings for
this; no recording is labelled with an emotion, so that the tag is not measured.

Run: python bench/voicefacts.py [--out FILE.json]
"""

import argparse
import json
import re
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common import find_corpus
from parley.audio import g711
from parley.audio.resampling import resample
from parley.speech.detector import SpeechDetector, SpeechOnset
from parley.speech.pitch import HOP_S, frames_of
from parley.speech.prosody import Burst, burst, prosody
from parley.speech.silero import SileroVad
from parley.speech.speakers import EVEN, SLOPE, distance
from parley.speech.speakers import voice as voice_of
from utterances import manifest
from vad import judge, read

RATE = 16_000
PAD = RATE // 2
LEAST_BURST = RATE // 20
PITCHES = (75, 100, 150, 220, 300, 340)
VOWELS = ((700, 1200, 2500), (300, 2300, 3000), (350, 900, 2300))
GAINS_DB = (6.0, -12.0)
TOLD = ("transcribed", "accented", "commands", "pause", "spontaneous")
READ = ("transcribed", "accented")
VOICES = (*TOLD, "speakers", "answer")
FILLERS = ("uh", "um", "er", "erm", "uhm")
PIECES = 4
"""Of one speaker at most so many pieces count."""

ACTIVE_S = (0.5, 1.0, 1.5, 2.0)

Sound = npt.NDArray[np.float64]
Row = dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording and the bursts of voice in it; times from `PAD` before its beginning."""

    item: dict[str, Any]
    pcm: npt.NDArray[np.int16]
    spans: tuple[tuple[int, int], ...]
    bursts: tuple[Burst, ...]

    @property
    def speaker(self) -> str:
        return self.item["speaker"] or self.item["file"]

    @property
    def speech_s(self) -> float:
        return sum(b - a for a, b in self.spans) / RATE


def listen(folder: Path) -> list[Heard]:
    model, draw = SileroVad(), np.random.default_rng(7)
    found = []
    for item in manifest(folder):
        if item["human"] and item["category"] in VOICES:
            audio = np.pad(read(folder, item), PAD)
            audio += draw.normal(0, 2.5e-4, len(audio)).astype(np.float32)
            spans = tuple(edges(model, audio))
            pcm = (audio * 32767).clip(-32768, 32767).astype("<i2")
            if spans:
                found.append(Heard(item, pcm, spans, measured(pcm, spans)))
    return found


def edges(model: SileroVad, audio: npt.NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    detector, onset = SpeechDetector(), None
    for window in judge(model, audio):
        edge = detector.feed(window)
        if isinstance(edge, SpeechOnset):
            onset = edge.at
        elif edge is not None and onset is not None and edge.at - onset > LEAST_BURST:
            yield onset, edge.at


def measured(pcm: npt.NDArray[np.int16], spans: tuple[tuple[int, int], ...]) -> tuple[Burst, ...]:
    return tuple(burst(pcm[a:b].tobytes(), a / RATE, b / RATE) for a, b in spans)


# Pitch


def vowel(hertz: float, formants: tuple[int, ...], noise_db: float | None) -> tuple[bytes, Sound]:
    """Two seconds, and its pitch at each sample."""
    t = np.arange(2 * RATE) / RATE
    pitch = hertz * 2 ** (2 / 12 * np.sin(2 * np.pi * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(t))
    for n in range(1, int(3600 / hertz)):
        strength = sum(1 / (1 + ((n * hertz - f) / 100) ** 2) for f in formants)
        sound += strength / n**0.5 * np.cos(n * phase)
    sound *= 0.1 / np.sqrt(np.square(sound).mean())
    if noise_db is not None:
        level = 0.1 * 10 ** (noise_db / 20)
        sound += np.random.default_rng(7).normal(0, level, len(sound))
    return (sound * 32767).clip(-32768, 32767).astype("<i2").tobytes(), pitch


def telephone(pcm: bytes) -> bytes:
    narrow = resample(pcm, RATE, 8000)
    return resample(g711.decode(g711.encode(narrow, "mulaw"), "mulaw"), 8000, RATE)


def pitch_rows() -> Iterator[Row]:
    for line, noise_db in (("clean", None), ("noise", -10.0), ("telephone", None)):
        wrong, unvoiced = [], []
        for hertz in PITCHES:
            for formants in VOWELS:
                pcm, truth = vowel(hertz, formants, noise_db)
                found = frames_of(telephone(pcm) if line == "telephone" else pcm).pitch
                known = truth[320 :: round(HOP_S * RATE)][: len(found)]
                found = found[: len(known)]
                unvoiced.append(np.isnan(found).mean())
                wrong.append(12 * np.log2(found / known)[~np.isnan(found)])
        errors = np.abs(np.concatenate(wrong))
        yield {
            "line": line,
            "frames": len(errors),
            "median error, semitones": round(float(np.median(errors)), 3),
            "gross": round(float((errors > 1).mean()), 4),
            "octave": round(float((np.abs(errors - 12) < 1).mean()), 4),
            "unvoiced": round(float(np.mean(unvoiced)), 4),
        }


# Level and rate


def level_rows(heard: list[Heard]) -> Iterator[Row]:
    for gain in GAINS_DB:
        errors = []
        for it in heard:
            before = prosody(it.bursts).level
            scaled = (it.pcm * 10 ** (gain / 20)).clip(-32768, 32767).astype("<i2")
            after = prosody(measured(scaled, it.spans)).level
            clipped = (np.abs(scaled.astype(int)) >= 32767).any()
            if before is not None and after is not None and not clipped:
                errors.append(abs(after - before - gain))
        high = float(np.percentile(errors, 95))
        yield {"gain, dB": gain, "n": len(errors), "error, 95th, dB": round(high, 2)}


def letters(text: str) -> int:
    """Syllables of English words as written: groups of vowels, less silent endings."""
    count = 0
    for word in re.findall(r"[a-z']+", text.lower()):
        groups = len(re.findall(r"[aeiouy]+", word))
        if groups > 1 and word.endswith("e") and not word.endswith("le"):
            groups -= 1
        if groups > 1 and re.search(r"[^td]ed$", word):
            groups -= 1
        count += max(1, groups)
    return count


def rate_row(heard: list[Heard]) -> Row:
    told = [
        (letters(it.item["transcript"]), len(it.item["transcript"].split()), it)
        for it in heard
        if it.item["category"] in TOLD and it.item["transcript"] and it.item["lang"] == "en"
    ]
    known = [(s, w, it, rate) for s, w, it in told if (rate := prosody(it.bursts).rate)]
    rates = np.array([rate for *_, rate in known])
    syllables = np.array([s / it.speech_s for s, _, it, _ in known])
    words = np.array([w / it.speech_s for _, w, it, _ in known])
    return {
        "recordings": len(known),
        "correlation with syllables/s": round(float(np.corrcoef(rates, syllables)[0, 1]), 2),
        "with words/s": round(float(np.corrcoef(rates, words)[0, 1]), 2),
        "counted of what is written": round(float((rates / syllables).mean()), 2),
        "error after that bias, median": round(
            float(np.median(np.abs(rates / syllables / (rates / syllables).mean() - 1))), 2
        ),
    }


def filled_row(heard: list[Heard]) -> Row:
    minutes = sum(it.speech_s for it in heard if it.item["category"] in READ) / 60
    false_s = sum(b.steady_s for it in heard if it.item["category"] in READ for b in it.bursts)
    held, fillers = 0, 0
    for it in heard:
        for begin, end, word in (it.item["labels"] or {}).get("words") or ():
            if word.lower() in FILLERS:
                a, b = (round(t * RATE) + PAD for t in (begin, end))
                fillers += 1
                held += burst(it.pcm[a:b].tobytes(), 0.0, end - begin).steady_s > 0
    return {"false, s/min of reading": round(false_s / minutes, 2), "fillers": fillers,
            "found": held}  # fmt: skip


def spread_row(heard: list[Heard]) -> Row:
    groups = defaultdict(list)
    for it in heard:
        if it.item["category"] != "answer":
            groups[it.item["speaker"], it.item["source_repo"]].append(prosody(it.bursts))
    apart: dict[str, list[float]] = {"level, dB": [], "pitch, semitones": [], "rate, ratio": []}
    for (speaker, _), turns in groups.items():
        if not speaker or len(turns) < 2:
            continue
        for name, values in (
            ("level, dB", [t.level for t in turns]),
            ("pitch, semitones", [12 * np.log2(t.pitch) for t in turns if t.pitch]),
            ("rate, ratio", [np.log2(t.rate) for t in turns if t.rate]),
        ):
            known = np.array([v for v in values if v is not None])
            apart[name] += list(np.abs(known - np.median(known))) if len(known) > 1 else []
    found: Row = {"turns": len(apart["level, dB"])}
    for name, distances in apart.items():
        high = float(np.percentile(distances, 90))
        found[f"{name}, 90th"] = round(2**high if "ratio" in name else high, 2)
    return found


# Speakers


def pieces(heard: list[Heard], active_s: float) -> list[tuple[str, str, Any]]:
    size, found = round(active_s / HOP_S), []
    cut: Counter[str] = Counter()
    for it in sorted(heard, key=lambda it: zlib.crc32(it.item["file"].encode())):
        if ">" in it.speaker:
            continue  # two at a time
        voice = voice_of(it.bursts)
        for start in range(0, len(voice) - size + 1, size):
            if cut[it.speaker] < PIECES:
                cut[it.speaker] += 1
                found.append((it.speaker, it.item["file"], voice[start : start + size]))
    return found


def equal_error(same: Sound, other: Sound) -> float:
    places = np.sort(np.concatenate((same, other)))
    missed = np.array([(same > p).mean() for p in places])
    taken = np.array([(other <= p).mean() for p in places])
    best = np.abs(missed - taken).argmin()
    return float(missed[best] + taken[best]) / 2


def fitted(same: Sound, other: Sound) -> tuple[float, float]:
    """A logistic curve over the logarithm, both equally heavy: its slope, and where it is even."""
    x = np.log(np.concatenate((same, other)))
    y = np.concatenate((np.ones(len(same)), np.zeros(len(other))))
    heavy = np.concatenate(
        (np.full(len(same), 0.5 / len(same)), np.full(len(other), 0.5 / len(other)))
    )
    design, curve = np.stack((x, np.ones_like(x)), 1), np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ curve))
        slope = design.T @ (heavy * (y - p)) - 1e-3 * curve
        bend = (design * (heavy * p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        curve += np.linalg.solve(bend, slope)
    return -float(curve[0]), float(np.exp(-curve[1] / curve[0]))


def cllr(same: Sound, other: Sound, slope: float, even: float) -> float:
    """Brümmer and du Preez 2006, "Application-independent evaluation of speaker detection"."""
    same, other = (np.clip(1 / (1 + (d / even) ** slope), 1e-6, 1 - 1e-6) for d in (same, other))
    return -float(np.log2(same).mean() + np.log2(1 - other).mean()) / 2


def speaker_rows(heard: list[Heard]) -> Iterator[Row]:
    for active_s in ACTIVE_S:
        found = pieces(heard, active_s)
        half = {speaker: zlib.adler32(speaker.encode()) % 2 for speaker, *_ in found}
        pairs = [
            (a[0] == b[0], a[1] == b[1], (half[a[0]], half[b[0]]), distance(a[2], b[2]))
            for a, b in combinations(found, 2)
        ]
        same = np.array([d for s, _, _, d in pairs if s])
        across = np.array([d for s, file, _, d in pairs if s and not file])
        other = np.array([d for s, *_, d in pairs if not s])
        halves = [
            tuple(np.array([d for s, _, at, d in pairs if s is is_same and at == (h, h)])
                  for is_same in (True, False))
            for h in (0, 1)
        ]  # fmt: skip
        usable = all(len(t) >= 5 for t, _ in halves)
        held_out = [equal_error(*halves[h]) for h in (0, 1)] if usable else []
        curves = [fitted(*half) for half in halves] if usable else []
        costs = [cllr(*halves[1 - h], *curve) for h, curve in enumerate(curves)]
        yield {
            "active s": active_s,
            "speakers": len(half),
            "same": len(same),
            "different": len(other),
            "EER": round(equal_error(same, other), 3),
            "other recording": len(across),
            "EER there": round(equal_error(across, other), 3),
            "EER of each half": " / ".join(f"{e:.3f}" for e in held_out) or "too few",
            "fitted slope, even": " / ".join(f"{a:.1f}, {b:.2f}" for a, b in curves) or "too few",
            "Cllr held out": " / ".join(f"{c:.2f}" for c in costs) or "too few",
            "Cllr as shipped": round(cllr(same, other, SLOPE, EVEN), 2),
        }


# Cost


def cost_row(heard: list[Heard]) -> Row:
    costs = []
    for it in heard:
        for a, b in it.spans:
            if b - a >= RATE:
                pcm = it.pcm[a:b].tobytes()
                began = time.thread_time()
                prosody([burst(pcm, a / RATE, b / RATE)])
                costs.append(1000 * (time.thread_time() - began) / ((b - a) / RATE))
    middle, high = np.percentile(costs, [50, 95])
    return {"bursts": len(costs), "ms/s, median": round(float(middle), 2),
            "ms/s, 95th": round(float(high), 2)}  # fmt: skip


def table(title: str, rows: list[Row]) -> None:
    print(f"\n**{title}**\n\n| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for row in rows:
        print(f"| {' | '.join(str(value) for value in row.values())} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="where all numbers go, as JSON")
    given = parser.parse_args()
    heard = listen(find_corpus())
    tables = {
        "pitch": list(pitch_rows()),
        "level": list(level_rows(heard)),
        "rate": [rate_row(heard)],
        "filled": [filled_row(heard)],
        "spread": [spread_row(heard)],
        "speakers": list(speaker_rows(heard)),
        "cost": [cost_row(heard)],
    }
    for title, rows in tables.items():
        table(title, rows)
    if given.out:
        given.out.write_text(json.dumps(tables, indent=1) + "\n")


if __name__ == "__main__":
    main()
