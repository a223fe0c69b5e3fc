"""What Parley's engines find in each trial, found once and kept outside the repository.

The store's entries are named by the audio and by the code that finds something in it, so
that nothing old is taken for new.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import cadences
from common import find_corpus
from parley.audio.formats import INBOUND
from parley.models import model_path
from parley.providers.stt import (
    lulls,
    moonshine,
    moonshine_model,
    moonshine_worker,
    pocketsphinx,
    pocketsphinx_worker,
)
from parley.providers.stt.embedded import ENGINES, EmbeddedName
from parley.providers.stt.moonshine_model import MoonshineModel
from parley.sim import engines
from parley.sim import hearing as sim
from parley.sim.hearing import Hearing
from parley.speech import (
    cadence,
    detector,
    endofturn,
    endofturn_features,
    gate,
    nearness,
    pitch,
    silero,
)
from parley.speech.cadence import Cadence
from parley.speech.endofturn import EndOfTurnModel
from parley.speech.pauses import Judgement, PauseModel
from scripted import work
from turn_lines import Line, heard
from turn_trials import TurnTrial

RECOGNIZERS: dict[str, tuple[ModuleType, ...]] = {
    "moonshine": (cadences, lulls, moonshine, moonshine_model, moonshine_worker),
    "pocketsphinx": (pocketsphinx, pocketsphinx_worker),
}
"""The code that each one's words come from."""

TEXTS = ("oracle", *RECOGNIZERS)
BATCH = 100
ANALYSIS = "5"
"""Changes whenever `parley.sim.hearing` finds something else in the same audio."""


@dataclass(slots=True)
class Heard:
    """A trial on a line. `hearing` is without words; `recognized` has those of recognisers."""

    trial: TurnTrial
    line: str
    pcm: bytes
    hearing: Hearing
    recognized: dict[str, tuple[sim.Words, ...]]
    path: Path
    known: int = 0

    def judge(self, since_s: float, asked_s: float) -> Judgement:
        """By its sound, or as it was judged before."""
        model = _turn_model(self.trial.name.split()[0], self.path.parent)
        return sim.judge(self.hearing, model, self.pcm, since_s, asked_s)

    def with_text(self, text: str) -> Hearing | None:
        """What is heard, with the words of the manifest or those that were recognised."""
        if text == "oracle":
            return replace(self.hearing, words=sim.scripted(self.trial.finals, work.STT_DELAY))
        words = self.recognized.get(text)
        return None if words is None else replace(self.hearing, words=words)

    def recognize(self, name: EmbeddedName) -> None:
        """Find the words, unless they are known."""
        if name not in self.recognized:
            recognizer = _recognizer(name, self.trial.name.split()[0], self.path.parent)
            after_s = ENGINES[name].capabilities.finalize_after_s
            self.recognized[name] = sim.recognize(recognizer, self.pcm, self.hearing.edges, after_s)

    def keep(self) -> None:
        """Write down what was found since it was read."""
        content: dict[str, Any] = self.hearing.to_json()
        for name, words in self.recognized.items():
            content[_key(name)] = replace(self.hearing, words=words).to_json()["words"]
        size = len(self.hearing.judged) + len(self.recognized)
        if size != self.known:
            part = self.path.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(content))
            part.replace(self.path)
            self.known = size


def prepare(
    store: Path,
    trials: Sequence[TurnTrial],
    name: str,
    line: Line,
    recognized: Mapping[EmbeddedName, int],
) -> Iterator[Heard]:
    """Every trial on a line, the first `recognized` of each kind with each recogniser's words.

    Those that are in the store have them in any case.
    """
    store.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    for begin in range(0, len(trials), BATCH):
        some = trials[begin : begin + BATCH]
        for each in _heard(store, some, name, line):
            counts[each.trial.kind] = counts.get(each.trial.kind, 0) + 1
            for by, most in recognized.items():
                if counts[each.trial.kind] <= most:
                    each.recognize(by)
            each.keep()
            yield each


def _heard(store: Path, trials: Iterable[TurnTrial], name: str, line: Line) -> list[Heard]:
    pieces = [(trial, heard(trial, line)) for trial in trials]
    paths = [store / f"{hashlib.sha1(pcm).hexdigest()[:20]}-{_code()}.json" for _, pcm in pieces]  # noqa: S324
    new = [n for n, path in enumerate(paths) if not path.exists()]
    for answers in (True, False):  # who answers was asked something
        some = [n for n in new if (pieces[n][0].kind == "answer") == answers]
        found = sim.edges(engines.voice_model(), [pieces[n][1] for n in some], answers=answers)
        for n, edges in zip(some, found, strict=True):
            seconds = len(pieces[n][1]) / INBOUND.bytes_for(1.0)
            paths[n].write_text(json.dumps(Hearing(seconds, edges).to_json()))
    return [_read(t, name, pcm, path) for (t, pcm), path in zip(pieces, paths, strict=True)]


def _read(trial: TurnTrial, name: str, pcm: bytes, path: Path) -> Heard:
    content = json.loads(path.read_text())
    hearing = Hearing.from_json(content)
    recognized = {
        by: tuple(sim.Words(*each) for each in content[_key(by)])
        for by in RECOGNIZERS
        if _key(by) in content
    }
    known = len(hearing.judged) + len(recognized)
    return Heard(trial, name, pcm, hearing, recognized, path, known)


@cache
def _turn_model(recording: str, store: Path) -> PauseModel:
    """With what was learned of the voice's end from other sources of recordings."""
    return PauseModel(_sound(), Cadence(_held_out("cadence", recording, store)))


@cache
def _sound() -> EndOfTurnModel:
    return EndOfTurnModel()


@cache
def _recognizer(name: EmbeddedName, recording: str, store: Path) -> sim.Recognizer:
    """The same, where it hears the end of a voice."""
    if name != "moonshine":
        return engines.recognizer(name)
    return moonshine_worker.Recognizer(_moonshine(), weights=_held_out(name, recording, store))


@cache
def _moonshine() -> MoonshineModel:
    return MoonshineModel(*moonshine_worker.files(model_path("moonshine")))


def _held_out(ear: str, recording: str, store: Path) -> Any:
    weights, source = _learned(ear, store), cadences.sources(find_corpus())[recording]
    return weights.get(source, weights[""])


@cache
def _learned(ear: str, store: Path) -> dict[str, Any]:
    return cadences.held_out(ear, find_corpus(), store)


@cache
def _code() -> str:
    """Of everything that finds something in the audio but words."""
    found = (cadence, detector, nearness, endofturn, endofturn_features, gate, pitch, silero)
    return _hash(cadences, *found)


@cache
def _key(recognizer: str) -> str:
    """Of its words, with what finds them."""
    return f"{recognizer} {_hash(*RECOGNIZERS[recognizer])}"


def _hash(*modules: ModuleType) -> str:
    code = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    return hashlib.sha1(code + ANALYSIS.encode()).hexdigest()[:8]  # noqa: S324
