"""What the end of a turn is measured on: pauses, ends and short answers of recorded people.

    inserted   .3 to 1.5 s of room tone between two words in the middle of a phrase
    natural    pauses that recordings have, up to 2 s
    end        whole recordings, the pauses in them made short: the end is a true one
    answer     a single word, cut at its ends

A caller says it after half a second, and is then silent.
"""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import cutoffs
import utterances
from scripted import work
from utterances import RATE, Audio, Take, Trial

STORE = Path(tempfile.gettempdir()) / "parley-turns"
"""Where what was found is kept, by default."""

KINDS = ("inserted", "natural", "end", "answer")
TAIL_S = 4.0
"""Silence after what is said: longer than any rule waits."""

GOES_ON_S = 2.0
"""Who goes on later has left the floor to the other."""

CATEGORIES = {
    "transcribed": "read",
    "accented": "read",
    "speakers": "read",
    "commands": "read",
    "telephony": "read",
    "spontaneous": "spontaneous",
    "disfluency": "disfluent",
    "backchannel_filler": "disfluent",
    "answer": "short answers",
}
PAUSED = {"calls": "dialogue", "conversations": "dialogue", "read aloud": "read"}
"""Of the recordings with labelled pauses, by where they come from."""


@dataclass(frozen=True, slots=True)
class TurnTrial:
    """`pcm` is all that is heard, with the silence after it; times are seconds of it.

    In `pause` nobody speaks; for an end it is empty. `finals` are the words, and when each
    text's last word ends.
    """

    name: str
    kind: str
    category: str
    pcm: bytes
    pause: tuple[float, float]
    end: float
    finals: tuple[tuple[float, str], ...]


def trials(folder: Path, per_recording: int = 8) -> list[TurnTrial]:
    """All of them, in an order that spreads recordings evenly over any first part."""
    found = [*_pauses(folder, per_recording), *_ends(folder), *_answers(folder)]
    return [t for kind in KINDS for t in _spread([t for t in found if t.kind == kind])]


def stored(store: Path, folder: Path, per_recording: int = 8) -> list[TurnTrial]:
    """The same, from the store where they were put together before by this code."""
    sources = (Path(__file__), Path(cutoffs.__file__), Path(utterances.__file__))
    whole = b"".join(path.read_bytes() for path in (*sources, folder / "manifest.json"))
    name = hashlib.sha1(whole + bytes([per_recording])).hexdigest()[:12]  # noqa: S324
    path = store / f"trials-{name}.pickle"
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(trials(folder, per_recording)))
        part.replace(path)
    found: list[TurnTrial] = pickle.loads(path.read_bytes())  # noqa: S301 - written above
    return found


def _spread(found: list[TurnTrial]) -> list[TurnTrial]:
    order = np.random.default_rng(7).permutation(len(found))
    return [found[n] for n in order]


def _pauses(folder: Path, per_recording: int) -> Iterator[TurnTrial]:
    category = _categories(folder)
    for kind, trial in paused(folder, per_recording):
        yield _whole(trial, kind, category[trial.name])


def paused(folder: Path, per_recording: int) -> Iterator[tuple[str, Trial]]:
    """Pauses within turns, each with its kind."""
    for trial in cutoffs.inserted(folder, per_recording):
        yield "inserted", trial
    for trial in cutoffs.natural(folder):
        if trial.pause[1] - trial.pause[0] <= GOES_ON_S:
            yield "natural", trial


def _categories(folder: Path) -> dict[str, str]:
    found = {}
    for item in utterances.manifest(folder):
        found[Path(item["file"]).stem] = CATEGORIES.get(item["category"]) or _paused(item)
    return found


def _paused(item: dict[str, Any]) -> str:
    stem = Path(item["file"]).stem
    groups = [group for group, prefix in cutoffs.NATURAL.items() if stem.startswith(prefix)]
    return PAUSED[groups[0]] if groups else "other"


def _ends(folder: Path) -> Iterator[TurnTrial]:
    category = _categories(folder)
    for item in ended(folder):
        trial = utterances.whole(utterances.take(folder, item, "end"), work.LEAD)
        yield _whole(trial, "end", category[trial.name])


def ended(folder: Path) -> Iterator[dict[str, Any]]:
    """Recordings that end with the end of a turn, of more than a word."""
    for item in utterances.manifest(folder):
        spoken = item["transcript"] and item["lang"] == "en" and item["category"] in CATEGORIES
        paused = item["category"] == "pause" and (item.get("labels") or {}).get("internal_pauses")
        if (spoken or paused) and item["category"] != "answer":
            yield item


def _answers(folder: Path) -> Iterator[TurnTrial]:
    for item in utterances.manifest(folder):
        if item["category"] == "answer":
            trial = utterances.whole(_answered(folder, item), work.LEAD)
            yield _whole(trial, "answer", "short answers")


def _answered(folder: Path, item: dict[str, Any]) -> Take:
    audio: Audio = utterances.load(folder, item)
    labels = item["labels"]
    begin, end = (round(labels[key] * RATE) for key in ("onset", "utterance_end"))
    span = begin, min(len(audio), end)
    words = ((begin / RATE, end / RATE, item["transcript"]),)
    name = f"{Path(item['file']).stem} {item['transcript']}"
    return Take(name, "answer", audio, (span,), words, utterances.room_tone(audio))


def _whole(trial: Trial, kind: str, category: str) -> TurnTrial:
    silence = np.resize(trial.room, round(TAIL_S * RATE)).astype("<i2").tobytes()
    pcm = trial.pcm + silence
    return TurnTrial(trial.name, kind, category, pcm, trial.pause, trial.end, trial.finals)
