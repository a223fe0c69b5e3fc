"""How the end of a voice sounds, learned: whether a turn ends so, or a pause within it begins.

A logistic regression on what a model makes of it, halfway through itself: the model of turns
(`parley.speech.cadence`), and Moonshine (`parley.providers.stt.moonshine_worker`). It is
learned from recorded people: ends of recordings, pauses of their own, and pauses put in between
two words of a phrase, each on a clean line, over a telephone and with two of the other lines of
`turn_lines`. Both ends and pauses are heard once with what the recording has after them, once
with its room tone: what comes after the voice must tell nothing.

What is measured with these recordings (`turns.py`) is measured with weights that were learned
from the other sources of recordings only: `held_out`.

    python bench/cadences.py           learns, and says how well sources are told that were left out
    python bench/cadences.py --write   writes the weights of all sources, too
    ... --ear moonshine                the recogniser's
"""

import argparse
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
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
from parley.models import model_path
from parley.providers.stt import lulls, moonshine, moonshine_model, moonshine_worker
from parley.providers.stt.moonshine_model import MoonshineModel
from parley.sim import engines, hearing
from parley.speech import cadence, detector, endofturn, endofturn_features, gate, silero
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
    """What a model makes of all moments: `endings` `[n, w]`, of `sources`, `kinds`, `clean`."""

    endings: Floats
    sources: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]
    clean: npt.NDArray[np.bool_]


class ModelOfTurns:
    """Hears a voice that stopped at a time."""

    def __init__(self) -> None:
        self._model = EndOfTurnModel()

    def __call__(self, pcm: bytes, _: Sequence[hearing.Edge], stopped_s: float) -> Floats:
        until = INBOUND.bytes_for(stopped_s + SILENCE_S)
        return self._model(pcm[max(0, until - INBOUND.bytes_for(HEARD_S)) : until]).ending


class Moonshine(MoonshineModel):
    """The same, as a call's recogniser does, but that it looks in pauses only."""

    def __init__(self) -> None:
        super().__init__(*moonshine_worker.files(model_path("moonshine")))
        self._found: Floats | None = None
        self._recognizer = moonshine_worker.Recognizer(self)
        self.open = self._recognizer.open

    def hear(self, pcm: bytes) -> None:
        self._recognizer.hear(pcm, more=True)

    def finish(self) -> moonshine_worker.Said:
        self._found = None  # what was heard of an earlier pause is not this one's
        return self._recognizer.finish()

    def ending(self, ends: int) -> Floats:
        self._found = super().ending(ends)
        return self._found

    def __call__(
        self, pcm: bytes, voice: Sequence[hearing.Edge], stopped_s: float
    ) -> Floats | None:
        self._found = None
        after_s = moonshine.FINALIZE_AFTER_S
        known_s = stopped_s + after_s
        until = [edge for edge in voice if edge.at_s < stopped_s]
        until.append(hearing.Edge(began=False, at_s=stopped_s, known_s=known_s))
        hearing.recognize(self, pcm[: INBOUND.bytes_for(known_s)], until, after_s)
        return self._found


@dataclass(frozen=True, slots=True)
class Ear:
    """Who hears, the code that it takes, and where what was learned of it is kept."""

    model: Callable[[], Callable[[bytes, Sequence[hearing.Edge], float], Floats | None]]
    modules: tuple[ModuleType, ...]
    weights: Path


EARS = {
    "cadence": Ear(ModelOfTurns, (cadence, endofturn, endofturn_features), cadence.WEIGHTS),
    "moonshine": Ear(
        Moonshine,
        (gate, hearing, lulls, moonshine, moonshine_model, moonshine_worker),
        moonshine_worker.WEIGHTS,
    ),
}


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


def heard(name: str, folder: Path, store: Path) -> Heard:
    """What an ear makes of them on all lines; from the store where it is known."""
    ear = EARS[name]
    modules = (*ear.modules, detector, silero, turn_lines, turn_trials, utterances)
    code = [Path(str(module.__file__)).read_bytes() for module in modules]
    code += [Path(__file__).read_bytes(), (folder / "manifest.json").read_bytes()]
    path = store / f"{name}-{hashlib.sha1(b''.join(code)).hexdigest()[:12]}.npz"  # noqa: S324
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, **_found(ear, folder))
        part.replace(path)
    with np.load(path) as known:
        return Heard(**{name: known[name] for name in Heard.__slots__})


def _found(ear: Ear, folder: Path) -> dict[str, Any]:
    model, lines = ear.model(), turn_lines.lines(folder)
    rows: list[tuple[Floats, str, str, bool]] = []
    for some in _batches(list(moments(folder))):
        pieces = [(moment, name) for moment in some for name in _lines(moment, list(lines))]
        audio = [_on(lines[name], moment) for moment, name in pieces]
        voices = hearing.edges(engines.voice_model(), audio)
        for (moment, name), pcm, voice in zip(pieces, audio, voices, strict=True):
            ending = model(pcm, voice, _stopped_s(moment, voice))
            if ending is not None:
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
    """Weights of an ending and of 1, `[w + 1]`, from all sources but one."""
    known = found.sources != but
    kinds, over = found.kinds[known], found.kinds[known] == "end"
    counts = {kind: (kinds == kind).sum() for kind in KINDS}
    weights = np.array([SHARE[kind] / counts[kind] for kind in kinds]) * len(kinds)
    return fitted(found.endings[known], over, weights, RIDGE)


def held_out(name: str, folder: Path, store: Path) -> dict[str, Floats]:
    """For each source of recordings the weights that were learned from all others; for "" all."""
    found = heard(name, folder, store)
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
    parser.add_argument("--ear", choices=EARS, default="cadence")
    parser.add_argument("--write", action="store_true", help="write the weights of all sources")
    parser.add_argument("--store", type=Path, default=STORE, help="where findings are kept")
    given = parser.parse_args()
    found = heard(given.ear, find_corpus(), given.store)
    said = _told(found)
    for name, line in (("clean", found.clean), ("other lines", ~found.clean)):
        ends = said[line & (found.kinds == "end")]
        for kind in ("inserted", "natural"):
            pauses = said[line & (found.kinds == kind)]
            told = area(ends, pauses)
            print(f"{name}: {len(ends)} ends, {len(pauses)} {kind}: area {told:.2f}")
    if given.write:
        np.save(EARS[given.ear].weights, learned(found))


if __name__ == "__main__":
    main()
