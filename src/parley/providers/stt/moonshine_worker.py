"""The inside of a Moonshine process: writes down what is said in some calls.

The model hears whole recordings. So what was said since the last long pause is heard again as
it grows, and what is new in its text is told. Digital silence (what a voice gate gives in the
place of everything but speech) is never worth a look.
"""

from __future__ import annotations

import gc
import json
import math
import time
from collections.abc import Callable, Iterable
from copy import copy
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from parley.models import model_path
from parley.providers.stt.lulls import Lull
from parley.providers.stt.moonshine_grammar import Expected
from parley.providers.stt.moonshine_model import (
    PAUSES,
    RATE,
    STOPS,
    Array,
    MoonshineModel,
    Writing,
)
from parley.providers.stt.moonshine_search import Search, Text
from parley.providers.stt.requests import Steps, at_once, work

if TYPE_CHECKING:
    from parley.providers.engine_process import Channel

FIRST_S, PARTIAL_S = 0.12, 0.25
"""How much new speech is worth a look: before there are words, and then."""

SHARE, LULLS_SHARE = 0.25, 0.5
"""The part of a core that looks may take while somebody speaks, and where there are many lulls."""

LULL_S = 0.06
"""After so much of a lull a look is due, too: the final text is there when it is asked for."""

EDGE_S, TAIL_S = 0.3, 0.36
"""Silence before what the model hears, and after it: without it, it misses or repeats short words,
and believes less in a full stop."""

PAUSE_S = 1.0
"""So much of a longer silence is left within what is heard."""

APART_S = 1.0
"""What is said after such a silence is heard by itself."""

LONGEST_S = 12.0
"""After so much speech, what is final is not heard again with what follows."""

LIMIT_S = 20.0
"""So much speech without a final result is cut, at the softest place of its last `SEEK_S`."""

SEEK_S = 3.0
STEP_S = 0.02

SURE, FEW_S, LEAST_CONFIDENCE = 0.5, 1.0, 0.3
"""How certain words must be before the final text is asked for: while so little was said, and
later. Of half a word, or a cough, the model makes another word, and is less certain."""

DOUBTED = 0.2
"""How certain the words of a final text must be: a short answer is better heard with doubt than
lost. What is less certain than `LEAST_CONFIDENCE` is not taken for something else, though, and
what the decoder said again and again must be as certain as `SURE`."""

HALLUCINATED = {"you": 1.0, "thank you": 0.7, "thanks for watching": 0.7, "bye": 0.7}
"""What a model that learned from subtitles hears in noise, and how certain such words must be."""

MARKS = f"{STOPS}{PAUSES} "

LIKELY = 0.8
"""So probable must a full stop be to be written: what was said may go on."""

WEIGHT, BALANCE, LEAST, MOST = 0.45, 1.7, -1.0, 4.0
"""What a full stop's log-odds, within bounds, are evidence for. On 101 ends and 358 pauses of
recorded people (`bench/turns.py`), beside the last words and the sound."""

WEIGHTS = Path(__file__).with_name("moonshine.npy")

MOST_LEARNED = 3.0
"""What the end of a voice sounds like (`bench/cadences.py`) says no more, in log-odds."""

PHRASE_S, PHRASE_WORDS = 0.55, 2
"""Of less sound since the last final text, or fewer words, it says nothing: a word by itself is no
phrase that goes on."""

NOTHING = Writing((), (), 0.0)

HANGOVER_S = 0.6
"""After so much silence nobody is taken to be speaking."""

GRAMMARS_KEPT = 10
"""What is expected will be again, in this call and in others."""


class Said(NamedTuple):
    """A text, and how probable it is, 0 to 1, that it ends there; None where there is none."""

    text: str
    over: float | None = None


class Recognizer:
    """Writes down calls, one after the other; nothing of one reaches the next.

    `weights` are of `MoonshineModel.ending` and of 1, `[289]`: whether a turn ends so. Without
    them those that come with Parley.
    """

    def __init__(
        self,
        model: MoonshineModel,
        clock: Callable[[], float] = time.thread_time,
        weights: Array | None = None,
    ) -> None:
        self._model = model
        self._clock = clock
        self._weights = _shipped() if weights is None else weights
        self._grammars: dict[str, Expected] = {}
        self.open()

    def another(self) -> Recognizer:
        """One for calls at the same time, with the same model and grammars."""
        model = copy(self._model)  # which remembers its last text
        other = Recognizer(model, self._clock, self._weights)
        other._grammars = self._grammars
        return other

    def open(self, grammar: str = "") -> None:
        """Begin with a call. Raises ValueError, with the reason, when its grammar is unusable.

        Nothing that is not of that grammar is understood.
        """
        at_once(self.opening(grammar))

    def opening(self, grammar: str) -> Steps[None]:
        """The same, in steps."""
        self._strict: Expected | None = None
        if grammar:
            self._strict = yield from self._read(grammar)
            if self._strict.unknown:
                raise ValueError(f"it cannot write words of it: {_some(self._strict.unknown)}")
        self._expected = self._next = self._strict
        self._settled = ""
        self._told = Said("")
        self._written = NOTHING
        self._ending = 0.0
        self._lull = Lull()
        self._begin()

    def expect(self, grammar: str) -> None:
        """From the next utterance on, listen for the sentences of a grammar, or for anything.

        The call's own grammar is kept to strictly. Of another, what is said nearly so is
        understood as a sentence of it, and words that cannot be written are passed over.
        Raises ValueError, with the reason, when it cannot be used.
        """
        at_once(self.expecting(grammar))

    def expecting(self, grammar: str) -> Steps[None]:
        """The same, in steps."""
        self._next = (yield from self._read(grammar)) if grammar else None
        self._change()

    def hear(self, pcm: bytes, *, more: bool = False) -> Said | None:
        """Take the next audio; what was said since the last final result, if that is news.

        Who is behind, so that there is `more` already, looks once and not again and again.
        """
        return at_once(self.hearing(pcm, more=more))

    def hearing(self, pcm: bytes, *, more: bool) -> Steps[Said | None]:
        """The same, in steps."""
        self._take(np.frombuffer(pcm, "<i2").astype(np.float32) / 32768)
        is_long = self._length_s() > LIMIT_S
        if not self._is_due or (more and not is_long):
            return None
        if is_long:
            yield from self._cut()
        self._look()
        said = yield from self._said()
        if said.text == self._told.text:
            return None
        self._told = said
        return said

    def finish(self) -> Said:
        """What was said since the last time."""
        return at_once(self.finishing())

    def finishing(self) -> Steps[Said]:
        """The same, in steps."""
        if self._is_unheard:
            self._look()
        said = yield from self._said(final=True)
        self._given += self._without_mark(self._written.tokens)
        self._given_samples = self._samples
        self._settled, self._told, self._written = "", Said(""), NOTHING
        self._new_s, self._due_s, self._is_loud = 0.0, FIRST_S, False
        if self._length_s() > LONGEST_S:
            self._begin()
        self._change()
        return said

    @property
    def _is_unheard(self) -> bool:
        """Whether the last look may have missed words: after one in a pause, a little more of it
        holds none.
        """
        is_pause = self._was_lull and not self._is_loud and self._new_s < FIRST_S
        return bool(self._new_s) and not is_pause

    @property
    def _is_due(self) -> bool:
        """Whether a look is: there is enough that is new, or its end has come."""
        if not self._is_loud or not self._lull.samples:
            return self._new_s >= self._due_s
        is_worth = self._samples - self._given_samples >= FIRST_S * RATE
        is_over = self._lull.samples >= LULL_S * RATE
        return is_over and is_worth and self._new_s >= self._took_s / LULLS_SHARE

    def _read(self, grammar: str) -> Steps[Expected]:
        expected = self._grammars.get(grammar)
        if expected is None:
            expected = yield from Expected.read(grammar, self._model.vocabulary.tokens)
        self._grammars.pop(grammar, None)
        self._grammars[grammar] = expected
        if len(self._grammars) > GRAMMARS_KEPT:
            del self._grammars[next(iter(self._grammars))]
        return expected

    def _change(self) -> None:
        """Go over to what is expected, unless somebody is speaking."""
        is_speaking = self._new_s or self._written.tokens
        if not is_speaking or self._quiet > HANGOVER_S * RATE:
            self._expected = self._next

    def _begin(self) -> None:
        """Hear what follows by itself."""
        self._pieces: list[Array] = []
        self._samples = 0
        self._quiet = 0
        self._given: tuple[int, ...] = ()
        self._given_samples = 0
        self._written = NOTHING
        self._new_s = self._took_s = 0.0
        self._due_s = FIRST_S
        self._is_loud = self._was_lull = False

    def _take(self, piece: Array) -> None:
        self._lull.feed(piece)
        if not piece.any():
            self._quiet += len(piece)
            return
        self._change()
        if self._quiet > APART_S * RATE and not self._is_unsaid():
            self._begin()
        if self._pieces:
            self._keep(np.zeros(min(self._quiet, round(PAUSE_S * RATE)), np.float32))
        self._quiet = 0
        self._keep(piece)
        self._new_s += len(piece) / RATE
        self._is_loud = self._is_loud or self._lull.samples < len(piece)

    def _is_unsaid(self) -> bool:
        """Whether anything awaits the final text, and not only the rest of a sound."""
        return self._new_s >= FIRST_S or self._believed(final=True)

    def _keep(self, piece: Array) -> None:
        self._pieces.append(piece)
        self._samples += len(piece)

    def _length_s(self) -> float:
        return self._samples / RATE

    def _look(self) -> None:
        """Have the model write down what there is."""
        begun = self._clock()
        self._write()
        if self._given and not self._believed():
            self._apart()
            self._write()
        self._new_s = 0.0
        self._is_loud = False
        self._was_lull = self._lull.samples >= LULL_S * RATE
        self._ending = self._sounds_over()
        self._took_s = self._clock() - begun
        least_s = PARTIAL_S if self._believed() else FIRST_S
        self._due_s = max(least_s, self._took_s / SHARE)

    def _write(self) -> None:
        self._pieces = [np.concatenate(self._pieces)]
        edge, tail = (np.zeros(round(s * RATE), np.float32) for s in (EDGE_S, TAIL_S))
        heard = np.concatenate((edge, self._pieces[0], tail))
        self._written = self._model.write(heard, self._given, self._written.tokens)

    def _sounds_over(self) -> float:
        """Whether the voice has come to its end, in log-odds; 0 where there is nothing to tell."""
        kept = self._samples - max(0, self._lull.samples - self._quiet)
        words = self._model.vocabulary.text(self._written.tokens).split()
        is_phrase = len(words) >= PHRASE_WORDS and kept - self._given_samples >= PHRASE_S * RATE
        if not self._was_lull or not is_phrase:
            return 0.0
        ending = self._model.ending(round(EDGE_S * RATE) + kept)
        said = float(ending @ self._weights[:-1] + self._weights[-1])
        return min(max(said, -MOST_LEARNED), MOST_LEARNED)

    def _apart(self) -> None:
        """Hear what is new by itself: as a continuation it makes no sense."""
        new = self._pieces[0][self._given_samples :]
        self._begin()
        self._keep(new)

    def _cut(self) -> Steps[None]:
        """Settle the text of what is too long to be heard again and again."""
        whole = np.concatenate(self._pieces)
        step = round(STEP_S * RATE)
        last = whole[-round(SEEK_S * RATE) :]
        steps = last[: len(last) // step * step].reshape(-1, step)
        place = len(whole) - len(last) + step * int(np.square(steps).sum(axis=1).argmin())
        self._pieces = [whole[:place]]
        self._look()
        self._settled = (yield from self._said()).text
        self._begin()
        self._keep(whole[place:])

    def _said(self, *, final: bool = False) -> Steps[Said]:
        strict = self._expected is not None and self._expected is self._strict
        text = "" if strict or not self._believed(final=final) else self._text()
        if self._written.tokens and (strict or (final and text and not self._settled)):
            text = yield from self._as_expected(text)
        if not text:
            return Said(self._settled)
        whole = f"{self._settled} {text}".strip()
        return Said(whole, _over(self._written.stop, self._ending))

    def _text(self) -> str:
        text = self._model.vocabulary.text(self._written.tokens).lstrip(MARKS)
        return text.rstrip(MARKS) if self._written.stop < LIKELY else text

    def _believed(self, *, final: bool = False) -> bool:
        """Whether there are words, and no noise that was taken for some."""
        text = self._model.vocabulary.text(self._written.tokens).lower().strip(MARKS)
        few = self._samples - self._given_samples < FEW_S * RATE
        least = DOUBTED if final else SURE if few else LEAST_CONFIDENCE
        if self._written.end == -math.inf:
            least = SURE
        least = HALLUCINATED.get(text, least)
        return bool(text) and self._written.confidence >= least

    def _as_expected(self, text: str) -> Steps[str]:
        """The text, or what was expected in the place of it."""
        strict = self._expected is self._strict
        if self._expected is None or not (strict or self._written.confidence >= LEAST_CONFIDENCE):
            return text
        search, branches = Search(self._model.vocabulary), self._model.branches()
        found: Text | None
        if strict:
            found = yield from search.strictly(self._expected, branches)
        else:
            found = yield from search.instead(self._expected, branches, self._written)
        if found is None:
            return text
        self._written = found.writing
        return " ".join(found.words)

    def _without_mark(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        """What is final may go on, after a pause, in the same sentence."""
        if tokens and tokens[-1] in self._model.vocabulary.marks:
            return tokens[:-1]
        return tokens


class Ears:
    """A call's recogniser, asked by a process."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        self.open = recognizer.opening
        self.expect = recognizer.expecting

    def heard(self, pcm: bytes, *, more: bool) -> Steps[bytes]:
        said = yield from self._recognizer.hearing(pcm, more=more)
        return b"" if said is None else json.dumps(said).encode()

    def final(self) -> Steps[bytes]:
        return json.dumps((yield from self._recognizer.finishing())).encode()


def _over(stop: float, ending: float) -> float:
    """What the mark at the end is worth, which is more often there than not, and its sound."""
    bounded = min(max(stop, 0.001), 0.999)
    odds = min(max(math.log(bounded / (1.0 - bounded)), LEAST), MOST)
    return 1.0 / (1.0 + math.exp(-WEIGHT * (odds - BALANCE) - ending))


@cache
def _shipped() -> Array:
    return np.asarray(np.load(WEIGHTS), np.float32)


def _some(words: Iterable[str]) -> str:
    return " ".join(word[:40] for word in islice(words, 5))


def files(folder: Path) -> tuple[Path, Path, bytes]:
    """What `MoonshineModel` is made of, in the model's folder."""
    encoder, decoder = (
        folder / f"{name}.ort" for name in ("encoder_model", "decoder_model_merged")
    )
    return encoder, decoder, (folder / "tokenizer.bin").read_bytes()


def recognizer(folder: Path, clock: Callable[[], float] = time.thread_time) -> Recognizer:
    """With the model of a folder; `clock` tells what looks cost."""
    return Recognizer(MoonshineModel(*files(folder)), clock)


def serve(channel: Channel, clock: Callable[[], float] = time.thread_time) -> None:
    """Load the model, then work for calls."""
    gc.disable()  # nothing here refers to itself in a circle; to look for that takes up to 1 s
    loaded = recognizer(model_path("moonshine"), clock)
    work(channel, lambda: Ears(loaded.another()))
