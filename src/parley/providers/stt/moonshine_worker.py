"""The inside of a Moonshine process: writes down one call's speech at a time.

The model hears whole recordings. So what was said since the last long pause is heard again as
it grows, and what is new in its text is told. Digital silence (what a voice gate gives in the
place of everything but speech) is never worth a look.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parley.models import model_path
from parley.providers.stt.moonshine_model import (
    RATE,
    Array,
    MoonshineModel,
    Vocabulary,
    Writing,
)
from parley.providers.stt.requests import AUDIO, FINALIZE

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

PARTIAL_S = 0.25
"""How much new speech is worth a look."""

SHARE = 0.25
"""The part of a core that looks may take while somebody speaks."""

EDGE_S = 0.3
"""Silence around what the model hears: without it, it misses or repeats short words."""

PAUSE_S = 1.0
"""So much of a longer silence is left within what is heard."""

APART_S = 2.0
"""What is said after such a silence is heard by itself."""

LONGEST_S = 12.0
"""After so much speech, what is final is not heard again with what follows."""

LIMIT_S = 20.0
"""So much speech without a final result is cut, at the softest place of its last `SEEK_S`."""

SEEK_S = 3.0
STEP_S = 0.02

LEAST_CONFIDENCE = 0.3
"""Words that are less certain are noise. On recorded people 2 % of the single words are, and a
third of coughs, laughter and other sounds that became words at all."""

HALLUCINATED = frozenset({"you", "thank you", "thanks for watching", "bye"})
"""What a model that learned from subtitles hears in noise."""

SURE = 0.7
"""How certain such words must be."""


class Said(NamedTuple):
    """A text, and how probable it is, 0 to 1, that it ends there; None where there is none."""

    text: str
    over: float | None = None


class Recognizer:
    """Writes down calls, one after the other; nothing of one reaches the next."""

    def __init__(
        self, model: MoonshineModel, clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._model = model
        self._clock = clock
        self.open()

    def open(self) -> None:
        """Begin with a call."""
        self._settled = ""
        self._told = Said("")
        self._written = NOTHING
        self._new_s = 0.0
        self._begin()

    def hear(self, pcm: bytes) -> Said | None:
        """Take the next audio; what was said since the last final result, if that is news."""
        self._take(np.frombuffer(pcm, "<i2").astype(np.float32) / 32768)
        if self._new_s < self._due_s:
            return None
        if self._length_s() > LIMIT_S:
            self._cut()
        self._look()
        said = self._said()
        if said.text == self._told.text:
            return None
        self._told = said
        return said

    def finish(self) -> Said:
        """What was said since the last time."""
        if self._new_s:
            self._look()
        said = self._said()
        self._given += self._without_mark(self._written.tokens)
        self._settled, self._told, self._written = "", Said(""), NOTHING
        if self._length_s() > LONGEST_S:
            self._begin()
        return said

    def _begin(self) -> None:
        """Hear what follows by itself."""
        self._pieces: list[Array] = []
        self._samples = 0
        self._quiet = 0
        self._given: tuple[int, ...] = ()
        self._written = NOTHING
        self._new_s = 0.0
        self._due_s = PARTIAL_S

    def _take(self, piece: Array) -> None:
        if not piece.any():
            self._quiet += len(piece)
            return
        if self._quiet > APART_S * RATE and not self._written.tokens:
            self._begin()
        if self._pieces:
            self._keep(np.zeros(min(self._quiet, round(PAUSE_S * RATE)), np.float32))
        self._quiet = 0
        self._keep(piece)
        self._new_s += len(piece) / RATE

    def _keep(self, piece: Array) -> None:
        self._pieces.append(piece)
        self._samples += len(piece)

    def _length_s(self) -> float:
        return self._samples / RATE

    def _look(self) -> None:
        """Have the model write down what there is."""
        begun = self._clock()
        self._pieces = [np.concatenate(self._pieces)]
        edge = np.zeros(round(EDGE_S * RATE), np.float32)
        heard = np.concatenate((edge, self._pieces[0], edge))
        self._written = self._model.write(heard, self._given, self._written.tokens)
        self._new_s = 0.0
        self._due_s = max(PARTIAL_S, (self._clock() - begun) / SHARE)

    def _cut(self) -> None:
        """Settle the text of what is too long to be heard again and again."""
        whole = np.concatenate(self._pieces)
        step = round(STEP_S * RATE)
        last = whole[-round(SEEK_S * RATE) :]
        steps = last[: len(last) // step * step].reshape(-1, step)
        place = len(whole) - len(last) + step * int(np.square(steps).sum(axis=1).argmin())
        self._pieces = [whole[:place]]
        self._look()
        self._settled = self._said().text
        self._begin()
        self._keep(whole[place:])

    def _said(self) -> Said:
        words = self._model.vocabulary
        text = words.text(self._written.tokens) if _is_believed(self._written, words) else ""
        if not any(c.isalnum() for c in text):
            return Said(self._settled)
        whole = f"{self._settled} {text}".strip()
        return Said(whole, _over(self._written.stop))

    def _without_mark(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        """What is final may go on, after a pause, in the same sentence."""
        if tokens and tokens[-1] in self._model.vocabulary.marks:
            return tokens[:-1]
        return tokens


NOTHING = Writing((), (), 0.0)


def _is_believed(written: Writing, vocabulary: Vocabulary) -> bool:
    if written.confidence < LEAST_CONFIDENCE:
        return False
    plain = vocabulary.text(written.tokens).lower().strip(" .?!,")
    return plain not in HALLUCINATED or written.confidence >= SURE


WEIGHT = 0.45
BALANCE = 1.7


def _over(stop: float) -> float:
    """What the mark at the end is worth: it is more often there than not."""
    bounded = min(max(stop, 0.01), 0.99)
    odds = WEIGHT * (math.log(bounded / (1.0 - bounded)) - BALANCE)
    return 1.0 / (1.0 + math.exp(-odds))


def recognizer(folder: Path) -> Recognizer:
    """Load the model from the folder with its three files."""
    files = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
    return Recognizer(MoonshineModel(*((folder / name).read_bytes() for name in files)))


def serve(channel: Channel) -> None:
    """Load the model, then work for one call after the other."""
    loaded = recognizer(model_path("moonshine"))
    channel.answer()
    while True:
        kind, payload = channel.receive()
        if kind == AUDIO:
            said = loaded.hear(payload)
            channel.answer(b"" if said is None else json.dumps(said).encode())
        elif kind == FINALIZE:
            channel.answer(json.dumps(loaded.finish()).encode())
        else:
            loaded.open()
            channel.answer()
