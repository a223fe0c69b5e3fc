"""How well the end-of-turn model tells the end of a turn from a pause within it.

Each moment is judged once, so much silence after the last voiced sample, on the turn so
far: over at the turn's end, not over in a pause. Where a recording has no silence left,
its own room tone stands in. Meetings are left out: others speak in the silence.

    calls, conversations   pauses and ends of telephone and table talk, labelled by energy
    read aloud             the same, of learners of English who read sentences
    hesitant               pauses found by energy in recordings with disfluencies
    mid-phrase             silence put between two words of a phrase; ends of the same
    answers                one word each, and over; set against the natural pauses
    natural                the first four together

Clean is the recording; telephone is 8 kHz in mu-law. Nothing was fitted to these recordings.

Run: python bench/endofturn.py [--silence S] [--after-another] [--out FILE]
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

import utterances
from common import find_corpus
from cutoffs import HESITANT, INSERTED, NATURAL
from parley.audio import g711
from parley.audio.resampling import resample
from parley.speech.endofturn import LEAD_S, EndOfTurnModel
from utterances import RATE, Audio, Take

LINES = ("clean", "telephone")
OF_THEIR_OWN = (*NATURAL, "hesitant")
GROUPS = (*OF_THEIR_OWN, "mid-phrase", "answers")
THRESHOLDS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
PLACES = 4
"""Mid-phrase pauses of one recording."""

BETWEEN_S = 1.5
"""Quiet between a turn and the one before it."""

DRAWS = 2000
"""Of the bootstrap; its 95 % interval counts moments as independent."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moment:
    """What was heard until then, and whether the turn was over."""

    name: str
    group: str
    over: bool
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Judgement:
    name: str
    group: str
    over: bool
    line: str
    probability: float
    cpu_s: float


def moments(folder: Path, silence_s: float) -> Iterator[Moment]:
    """All that is judged."""
    for item in utterances.manifest(folder):
        labels, stem = item["labels"] or {}, Path(item["file"]).stem
        english = item["transcript"] and item["lang"] == "en"
        if item["category"] == "pause" and labels.get("internal_pauses"):
            group = next(g for g, prefix in NATURAL.items() if stem.startswith(prefix))
            yield from in_place(utterances.take(folder, item, group), silence_s)
        elif item["category"] == "answer":
            yield answered(folder, item, labels["onset"], labels["utterance_end"], silence_s)
        elif item["category"] in HESITANT and english:
            yield from in_place(utterances.take(folder, item, "hesitant"), silence_s)
        if item["category"] in INSERTED and english:
            yield from put_in(utterances.take(folder, item, "mid-phrase"), silence_s)


def in_place(source: Take, silence_s: float) -> Iterator[Moment]:
    """The pauses that the recording has, and its end."""
    silence = round(silence_s * RATE)
    begin = max(0, source.spans[0][0] - round(LEAD_S * RATE))
    starts = [start for start, _ in source.spans[1:]] + [None]
    for (_, end), start in zip(source.spans, starts, strict=True):
        if start is None or start - end >= silence:
            heard = source.audio[begin : end + silence]
            missing = np.resize(source.room, max(0, end + silence - len(source.audio)))
            pcm = np.concatenate((heard, missing)).astype("<i2").tobytes()
            yield Moment(source.name, source.group, start is None, pcm)


def put_in(source: Take, silence_s: float) -> Iterator[Moment]:
    places = utterances.boundaries(source)
    count = min(PLACES, len(places))
    room = np.resize(source.room, round(silence_s * RATE)).astype("<i2").tobytes()
    for place in (places[round((k + 0.5) * len(places) / count - 0.5)] for k in range(count)):
        trial = utterances.with_pause(source, place, silence_s, LEAD_S)
        paused = trial.pcm[: 2 * round(trial.pause[1] * RATE)]
        yield Moment(source.name, source.group, False, paused)
    if count:
        yield Moment(source.name, source.group, True, trial.pcm + room)


def answered(
    folder: Path, item: dict[str, object], onset: float, end: float, silence_s: float
) -> Moment:
    audio: Audio = utterances.load(folder, item)
    span = round(onset * RATE), min(len(audio), round(end * RATE))
    source = Take(
        Path(str(item["file"])).stem, "answers", audio, (span,), (), utterances.room_tone(audio)
    )
    return next(in_place(source, silence_s))


def after_another(heard: list[Moment]) -> Iterator[Moment]:
    """Each turn so far, with the end of another turn before it."""
    others = [moment.pcm for moment in heard if moment.over and moment.group == "mid-phrase"]
    size, level = round(BETWEEN_S * RATE), 32768 * 10 ** (utterances.BED_DBFS / 20)
    quiet = np.random.default_rng(7).normal(0, level, size).astype("<i2").tobytes()
    for number, moment in enumerate(heard):
        yield replace(moment, pcm=others[number % len(others)] + quiet + moment.pcm)


def by_telephone(pcm: bytes) -> bytes:
    narrow = resample(pcm, RATE, 8000)
    return resample(g711.decode(g711.encode(narrow, "mulaw"), "mulaw"), 8000, RATE)


def judge(model: EndOfTurnModel, moment: Moment) -> Iterator[Judgement]:
    for line in LINES:
        pcm = by_telephone(moment.pcm) if line == "telephone" else moment.pcm
        began = time.thread_time()
        probability = model(pcm).probability
        cpu_s = time.thread_time() - began
        yield Judgement(moment.name, moment.group, moment.over, line, probability, cpu_s)


# Tables


def area(ends: Values, pauses: Values) -> float:
    """The chance that an end is judged likelier to be one than a pause is; ties count half."""
    above = (ends[:, np.newaxis] > pauses).mean() + (ends[:, np.newaxis] == pauses).mean() / 2
    return float(above)


def spread(ends: Values, pauses: Values) -> str:
    """The area, and the interval that its bootstrap gives."""
    if not len(pauses):
        return "no pauses"
    draw = np.random.default_rng(7)
    areas = [
        area(draw.choice(ends, len(ends)), draw.choice(pauses, len(pauses))) for _ in range(DRAWS)
    ]
    low, high = np.percentile(areas, [2.5, 97.5])
    return f"{area(ends, pauses):.2f} ({low:.2f} to {high:.2f})"


def values(found: list[Judgement], groups: tuple[str, ...], over: bool, line: str) -> Values:
    chosen = [j for j in found if j.group in groups and j.over is over and j.line == line]
    return np.array([j.probability for j in chosen])


def report(found: list[Judgement]) -> None:
    print("\n| area | ends | pauses |", " | ".join(LINES), "|\n|---|---|---|---|---|")
    rows = {group: (group,) for group in GROUPS} | {"natural": OF_THEIR_OWN}
    for name, groups in rows.items():
        against = OF_THEIR_OWN if name == "answers" else groups
        ends, pauses = (
            {line: values(found, which, over, line) for line in LINES}
            for which, over in ((groups, True), (against, False))
        )
        cells = [spread(ends[line], pauses[line]) for line in LINES]
        print(f"| {name} | {len(ends['clean'])} | {len(pauses['clean'])} |", " | ".join(cells), "|")
    for line in LINES:
        print(f"\n{line}: % judged to be over, at a threshold of")
        print(
            "| |", " | ".join(f"{t:g}" for t in THRESHOLDS), "|\n|---|" + "---|" * len(THRESHOLDS)
        )
        for group in GROUPS:
            for over, what in ((True, "ends"), (False, "pauses")):
                if len(judged := values(found, (group,), over, line)):
                    cells = [f"{100 * (judged >= t).mean():.0f}" for t in THRESHOLDS]
                    print(f"| {group}, {what} |", " | ".join(cells), "|")
    middle, high = np.percentile([j.cpu_s for j in found], [50, 95]) * 1000
    print(f"\nCPU of a judgement, of {len(found)}: median {middle:.0f} ms, 95th {high:.0f} ms")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--silence", type=float, default=0.2, help="seconds after the last voice")
    parser.add_argument(
        "--after-another", action="store_true", help="an earlier turn is within the 8 s"
    )
    parser.add_argument("--out", type=Path, help="where every judgement goes, as JSON")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    model = EndOfTurnModel()
    heard = list(moments(find_corpus(), given.silence))
    if given.after_another:
        heard = list(after_another(heard))
    found = [judgement for moment in heard for judgement in judge(model, moment)]
    if given.out:
        given.out.write_text(json.dumps([asdict(judgement) for judgement in found]))
    report(found)


if __name__ == "__main__":
    main()
