"""How well speech is found: SpeechDetector on Silero's windows against labelled recordings.

Each recording is laid over noise at -72 dBFS, at several places of the window grid.
Times are audio time, in ms as 10th / 50th / 90th percentile: what the 10 ms grid of
the shared VAD adds (5 ms in the middle) is not in them.

    onset seen   the onset's window ends, after the labelled onset
    onset at     where the onset is said to be, relative to the label
    offset seen  the offset's window ends, after the labelled end
    offset at    where the offset is said to be, relative to the label
    missed       recordings in which no speech is found
    inside       offsets within speech, outside the labelled pauses

The utterances that are named one by one are cut at their edges, so that onset and end
are known to 10 ms. The other labels come from energy and leave out soft consonants:
mind their spread, not their median. Recordings that are cut off at the label's edge
are left out of the times.

Run: python bench/vad.py [--speech FOLDER] [--onset P] [--offset P] [--windows N]
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.audio.files import read_recording
from parley.speech.detector import WINDOW, DetectorSettings, SpeechDetector, SpeechOnset, Window
from parley.speech.silero import CONTEXT, SileroVad, fresh_state
from parley.speech.vad import windows_of

EXACT = ("arctic_a0024", "sb_spk1_snt3", "sb_spk1_snt4", "pesq_speech")
SAMPLE_RATE = 16_000
LABELLED = ("answer", "pause", "backchannel")
SOUNDS = ("noise", "transient", "human_nonspeech")
LEAD, TAIL = 16 * WINDOW, 24 * WINDOW
PHASES = range(0, WINDOW, 171)
EXACT_PHASES = range(0, WINDOW, 16)
EARLY = SAMPLE_RATE // 20
NEAR = SAMPLE_RATE // 10

Audio = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and where its speech is, in samples; none for a sound that is not speech."""

    group: str
    audio: Audio
    speech: tuple[int, int] | None
    pauses: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Tally:
    """What was measured in a group of clips; times in samples."""

    clips: int = 0
    missed: int = 0
    inside: int = 0
    fired: int = 0
    onsets: int = 0
    samples: int = 0
    onset_seen: list[int] = field(default_factory=list)
    onset_at: list[int] = field(default_factory=list)
    offset_seen: list[int] = field(default_factory=list)
    offset_at: list[int] = field(default_factory=list)


def read(folder: Path, item: dict[str, Any]) -> Audio:
    pcm = read_recording(folder / item["file"], channel=0).pcm
    return np.frombuffer(pcm, "<i2") * np.float32(1 / 32768)


def cut(audio: Audio) -> Audio:
    """From the first to the last 10 ms within 30 dB of the loudest, at -22 dBFS."""
    frame = SAMPLE_RATE // 100
    frames = audio[: len(audio) // frame * frame].reshape(-1, frame)
    loud = np.flatnonzero((power := (frames**2).mean(1)) > power.max() * 1e-3)
    audio = audio[loud[0] * frame : (loud[-1] + 1) * frame]
    audio = audio * 10 ** (-22 / 20) / np.sqrt((audio**2).mean())
    fade = np.linspace(0, 1, frame // 2, dtype=np.float32)
    audio[: len(fade)] *= fade
    audio[-len(fade) :] *= fade[::-1]
    return audio.astype(np.float32)


def clips(folder: Path) -> Iterator[Clip]:
    for item in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["items"]:
        group, labels = item["category"], item["labels"] or {}
        if Path(item["file"]).stem in EXACT:
            audio = cut(read(folder, item))
            yield Clip(Path(item["file"]).stem, audio, (0, len(audio)))
        elif group in SOUNDS:
            yield Clip(group, read(folder, item), None)
        elif group in LABELLED and "onset" in labels:
            times = [labels["onset"], labels["utterance_end"]]
            begin, end = (round(time * SAMPLE_RATE) for time in times)
            pauses = [
                (int(a * SAMPLE_RATE), int(b * SAMPLE_RATE)) for a, b in labels["internal_pauses"]
            ]
            yield Clip(group, read(folder, item), (begin, end), tuple(pauses))


def judge(model: SileroVad, audio: Audio) -> Iterator[Window]:
    state, ends = fresh_state(), range(WINDOW, len(audio) + 1, WINDOW)
    audio = np.concatenate((np.zeros(CONTEXT, np.float32), audio))
    for end in ends:
        window = audio[np.newaxis, end - WINDOW : end + CONTEXT]
        probabilities, state = model(window, state)
        yield windows_of(probabilities, window[:, CONTEXT:], [end])[0]


def listen(
    model: SileroVad, settings: DetectorSettings, clip: Clip, phase: int, noise: Audio
) -> list[tuple[bool, int, int]]:
    """The edges: whether onset, where it is, where it was seen; from the clip's beginning."""
    begin = LEAD + phase
    audio = noise[: begin + len(clip.audio) + TAIL].copy()
    audio[begin : begin + len(clip.audio)] += clip.audio
    detector, edges = SpeechDetector(settings), []
    for window in judge(model, audio):
        if edge := detector.feed(window):
            onset = isinstance(edge, SpeechOnset)
            edges.append((onset, edge.at - begin, window.end_sample - begin))
    return edges


def count(tally: Tally, clip: Clip, edges: list[tuple[bool, int, int]]) -> None:
    tally.clips += 1
    tally.samples += len(clip.audio)
    onsets = [(at, seen) for onset, at, seen in edges if onset]
    offsets = [(at, seen) for onset, at, seen in edges if not onset]
    tally.onsets += len(onsets)
    tally.fired += bool(onsets)
    if clip.speech is None:
        return
    begin, end = clip.speech
    whole = clip.group in EXACT
    tally.missed += not onsets
    starts = [(at, seen) for at, seen in onsets if seen > begin - EARLY]
    if starts and (whole or begin > EARLY):
        tally.onset_at.append(starts[0][0] - begin)
        tally.onset_seen.append(starts[0][1] - begin)
    if offsets and (whole or end < len(clip.audio) - EARLY):
        tally.offset_at.append(offsets[-1][0] - end)
        tally.offset_seen.append(offsets[-1][1] - end)
    tally.inside += sum(
        begin < seen < end and not any(a - NEAR <= at <= b + NEAR for a, b in clip.pauses)
        for at, seen in offsets
    )


def spread(samples: list[int]) -> str:
    low, middle, high = np.percentile(samples, [10, 50, 90]) / (SAMPLE_RATE / 1000)
    return f"{low:5.0f} /{middle:4.0f} /{high:4.0f}"


def report(tallies: dict[str, Tally]) -> None:
    print("| | n | onset seen | onset at | offset seen | offset at | missed | inside |")
    print("|---|---|---|---|---|---|---|---|")
    for group in (*EXACT, *LABELLED):
        t = tallies[group]
        times = (t.onset_seen, t.onset_at, t.offset_seen, t.offset_at)
        cells = " | ".join(spread(samples) for samples in times)
        print(f"| {group} | {t.clips} | {cells} | {t.missed} | {t.inside} |")
    print("\n| | n | minutes | fired | onsets | per minute |\n|---|---|---|---|---|---|")
    for group in SOUNDS:
        t = tallies[group]
        minutes = t.samples / SAMPLE_RATE / 60
        rate = t.onsets / minutes
        print(f"| {group} | {t.clips} | {minutes:.1f} | {t.fired} | {t.onsets} | {rate:.1f} |")


def arguments() -> argparse.Namespace:
    default = DetectorSettings()
    speech = os.environ.get("PARLEY_SPEECH", Path(__file__).parents[2] / "shared" / "speech")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--speech", type=Path, default=Path(speech), help="the recordings")
    parser.add_argument("--onset", type=float, default=default.onset_probability)
    parser.add_argument("--offset", type=float, default=default.offset_probability)
    parser.add_argument("--windows", type=int, default=default.offset_windows)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if not (given.speech / "manifest.json").exists():
        sys.exit(f"No recordings in {given.speech}: name their folder with --speech.")
    settings = DetectorSettings(given.onset, given.offset, given.windows)
    model, tallies = SileroVad(), {name: Tally() for name in (*EXACT, *LABELLED, *SOUNDS)}
    noise = np.random.default_rng(7).normal(0, 8 / 32768, 180 * SAMPLE_RATE).astype(np.float32)
    for clip in clips(given.speech):
        for phase in EXACT_PHASES if clip.group in EXACT else PHASES:
            edges = listen(model, settings, clip, phase, noise)
            count(tallies[clip.group], clip, edges)
    report(tallies)


if __name__ == "__main__":
    main()
