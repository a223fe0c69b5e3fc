"""How the end of a voice sounds, learned: the weights of `parley.speech.cadence`.

A logistic regression on what the model of turns makes, halfway through itself, of the last
tenth of a second: whether it is the end of a turn, or a pause within one. It is learned from
recorded people: ends of recordings, pauses of their own, and pauses put in between two words
of a phrase, each on a clean line, over a telephone and with two of the other lines of
`turn_lines`. Both ends and pauses are heard once with what the recording has after them, once
with its room tone: what comes after the voice must tell nothing.

What is measured with these recordings (`turns.py`) is measured with weights that were learned
from the other sources of recordings only: `held_out`.

    python bench/cadences.py           learns, and says how well sources are told that were left out
    python bench/cadences.py --write   writes the weights of all sources, too
"""

import argparse
import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import turn_lines
import turn_trials
import utterances
from common import find_corpus
from endofturn import area
from learning import Floats, fitted
from parley.audio.formats import INBOUND
from parley.sim import engines, hearing
from parley.speech import cadence, detector, endofturn, endofturn_features, silero
from parley.speech.endofturn import HEARD_S, SILENCE_S, EndOfTurnModel
from scripted import work
from turn_trials import STORE
from utterances import RATE, Audio, Trial

PLACES = 24
"""Pauses put in, of each recording."""

TAIL_S = 0.6
OTHERS = 2
"""Lines that a moment is heard on besides the clean one and the telephone."""

EARLY_S, LATE_S = 0.2, 0.35
"""So much before and after it the voice detector may hear the end."""

KINDS = ("end", "inserted", "natural")
SHARE = {"end": 0.5, "inserted": 0.25, "natural": 0.25}
RIDGE = 300.0
"""Of the regression, on standardised values; 30 to 1000 tell as much."""

BATCH = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """A voice that has stopped after `end_s`: at the end of a turn, or in a pause."""

    source: str
    name: str
    kind: str
    pcm: bytes
    end_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model makes of all moments: `endings` `[n, 384]`, of `sources`, `kinds`, `clean`."""

    endings: Floats
    sources: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]
    clean: npt.NDArray[np.bool_]


def sources(folder: Path) -> dict[str, str]:
    """Where each recording comes from, by the name that its trials have."""
    return {Path(i["file"]).stem: i["source_repo"] for i in utterances.manifest(folder)}


def moments(folder: Path) -> Iterator[Moment]:
    """All of them, on a clean line."""
    of = sources(folder)
    for item in turn_trials.ended(folder):
        take = utterances.take(folder, item, "end")
        after = take.audio[take.spans[-1][1] :]
        yield from _both(of, "end", utterances.whole(take, work.LEAD), after)
    for kind, found in turn_trials.paused(folder, PLACES):
        own = np.frombuffer(found.pcm, "<i2")[slice(*(round(at * RATE) for at in found.pause))]
        yield from _both(of, kind, found, own if kind == "natural" else None)


def _both(of: dict[str, str], kind: str, trial: Trial, after: Audio | None) -> Iterator[Moment]:
    """With what comes after the voice, and with room tone."""
    before = np.frombuffer(trial.pcm, "<i2")[: round(trial.pause[0] * RATE)]
    room = np.resize(trial.room, round(TAIL_S * RATE))
    for own in (after, room[:0]) if after is not None else (room[:0],):
        tail = np.concatenate((own, room))[: len(room)]
        pcm = np.concatenate((before, tail)).astype("<i2").tobytes()
        yield Moment(of[trial.name], trial.name, kind, pcm, trial.pause[0])


def heard(folder: Path, store: Path) -> Heard:
    """What the model makes of them on all lines; from the store where it is known."""
    modules = (cadence, detector, endofturn, endofturn_features, silero, turn_lines, turn_trials)
    code = [Path(str(module.__file__)).read_bytes() for module in (*modules, utterances)]
    code += [Path(__file__).read_bytes(), (folder / "manifest.json").read_bytes()]
    path = store / f"endings-{hashlib.sha1(b''.join(code)).hexdigest()[:12]}.npz"  # noqa: S324
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, **_found(folder))
        part.replace(path)
    with np.load(path) as known:
        return Heard(**{name: known[name] for name in Heard.__slots__})


def _found(folder: Path) -> dict[str, Any]:
    model, lines = EndOfTurnModel(), turn_lines.lines(folder)
    rows: list[tuple[Floats, str, str, bool]] = []
    for some in _batches(list(moments(folder))):
        pieces = [(moment, name) for moment in some for name in _lines(moment, list(lines))]
        audio = [_on(lines[name], moment) for moment, name in pieces]
        voices = hearing.edges(engines.voice_model(), audio)
        for (moment, name), pcm, voice in zip(pieces, audio, voices, strict=True):
            until = INBOUND.bytes_for(_stopped_s(moment, voice) + SILENCE_S)
            ending = model(pcm[max(0, until - INBOUND.bytes_for(HEARD_S)) : until]).ending
            rows.append((ending, moment.source, moment.kind, name == "clean"))
        print(f"{len(rows)} heard", flush=True)
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return dict(zip(Heard.__slots__, columns, strict=True))


def _batches(found: list[Moment]) -> Iterator[list[Moment]]:
    for begin in range(0, len(found), BATCH):
        yield found[begin : begin + BATCH]


def _lines(moment: Moment, names: list[str]) -> list[str]:
    dice = np.random.default_rng(zlib.crc32(moment.pcm))
    others = [name for name in names if name not in ("clean", "telephone", "echo")]
    return ["clean", "telephone", *dice.choice(others, OTHERS, replace=False)]


def _on(line: turn_lines.Line, moment: Moment) -> bytes:
    span = (moment.end_s, moment.end_s)
    trial = turn_trials.TurnTrial(moment.name, moment.kind, "", moment.pcm, span, moment.end_s, ())
    return turn_lines.heard(trial, line)


def _stopped_s(moment: Moment, voice: tuple[hearing.Edge, ...]) -> float:
    """The nearest end of the voice: a stop within the last word may be one, too."""
    ends = (e.at_s for e in voice if not e.began and -EARLY_S <= e.at_s - moment.end_s <= LATE_S)
    return min(ends, key=lambda at: abs(at - moment.end_s), default=moment.end_s)


# Learning


def learned(found: Heard, but: str = "") -> Floats:
    """Weights of an ending and of 1, `[385]`, from all sources but one."""
    known = found.sources != but
    kinds, over = found.kinds[known], found.kinds[known] == "end"
    counts = {kind: (kinds == kind).sum() for kind in KINDS}
    weights = np.array([SHARE[kind] / counts[kind] for kind in kinds]) * len(kinds)
    return fitted(found.endings[known], over, weights, RIDGE)


def held_out(folder: Path, store: Path) -> dict[str, Floats]:
    """For each source of recordings the weights that were learned from all others; for "" all."""
    found = heard(folder, store)
    return {str(source): learned(found, source) for source in ("", *np.unique(found.sources))}


def _told(found: Heard) -> Floats:
    """What is said of each moment with weights that were learned without its source."""
    said = np.zeros(len(found.kinds), np.float32)
    for source in np.unique(found.sources):
        of, weights = found.sources == source, learned(found, source)
        said[of] = found.endings[of] @ weights[:-1] + weights[-1]
    return said


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the weights of all sources")
    parser.add_argument("--store", type=Path, default=STORE, help="where findings are kept")
    given = parser.parse_args()
    found = heard(find_corpus(), given.store)
    said = _told(found)
    for name, line in (("clean", found.clean), ("other lines", ~found.clean)):
        ends = said[line & (found.kinds == "end")]
        for kind in ("inserted", "natural"):
            pauses = said[line & (found.kinds == kind)]
            told = area(ends, pauses)
            print(f"{name}: {len(ends)} ends, {len(pauses)} {kind}: area {told:.2f}")
    if given.write:
        np.save(cadence.WEIGHTS, learned(found))


if __name__ == "__main__":
    main()
