"""Moonshine tiny (Jeffries et al. 2024, arXiv:2410.15608): English speech to text on the CPU.

An encoder makes a state of each 24 ms of sound, a decoder writes the text, one token after the
other. What was written before is checked in one step, so that a longer recording of the same
speech costs little more than its new words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.inference import session

RATE = 16_000

BEGIN, END = 1, 2
"""The tokens that begin and end a text."""

TOKENS_PER_S = 6.5
"""Nobody speaks more; the model's authors cut its text there, too."""

LEAST_TOKENS = 4

LAYERS, HEADS, HEAD_SIZE = 6, 8, 36

STATE = 384
"""Samples of one of the encoder's states."""

ENDING = 8
"""States that are heard for how a voice ends, 0.19 s."""

REPEATS = 5
"""A word or two said so often in succession are a fault of the decoder: they count once."""

PERIOD = 4
"""How many tokens such a fault repeats, at most."""

STOPS = ".?!"
PAUSES = ",;:-…"

NO_PIECE = 1 << 30
"""Above all numbers of tokens."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Writing:
    """Tokens, without BEGIN and END, and the natural logarithm of each one's probability.

    `stop` is how probable a full stop, question mark or exclamation mark is after the last word,
    0 to 1. `end` is the logarithm of the probability that nothing follows; minus infinity where
    the decoder was stopped because it said the same again and again.
    """

    tokens: tuple[int, ...]
    scores: tuple[float, ...]
    stop: float
    end: float = 0.0

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, 0 to 1."""
        return float(np.exp(np.mean(self.scores))) if self.scores else 0.0


class Vocabulary:
    """The pieces of text that tokens stand for."""

    def __init__(self, data: bytes) -> None:
        """Read the publisher's file: each piece after its length, of one byte or of two."""
        self._pieces: list[bytes] = []
        place = 0
        while place < len(data):
            length = data[place]
            place += 1
            if length > 127:
                length += 128 * (data[place] - 1)
                place += 1
            self._pieces.append(data[place : place + length])
            place += length
        self.stops = self._of(STOPS)
        self.marks = self.stops | self._of(PAUSES) | self._of("...")
        self._numbers = {piece: number for number, piece in enumerate(self._pieces)}

    def text(self, tokens: Sequence[int]) -> str:
        """What they say; what is no Latin script is no speech, but noise or music."""
        joined = b"".join(self._pieces[token] for token in tokens)
        whole = joined.replace("▁".encode(), b" ").decode(errors="ignore")
        return " ".join("".join(c for c in whole if _is_written(c)).split())

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, as the model writes it: of two neighbours that make a piece,
        the most usual ones are joined first (byte pair encoding, arXiv:1508.07909).

        Raises ValueError for a character that it does not know.
        """
        pieces = [character.encode() for character in text.replace(" ", "▁")]
        while True:
            joined = [self._numbers.get(a + b, NO_PIECE) for a, b in pairwise(pieces)]
            if min(joined, default=NO_PIECE) == NO_PIECE:
                break
            at = joined.index(min(joined))
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
        unknown = b"".join(piece for piece in pieces if piece not in self._numbers)
        if unknown:
            raise ValueError(f"it cannot write {unknown.decode()!r}")
        return tuple(self._numbers[piece] for piece in pieces)

    def _of(self, characters: str) -> frozenset[int]:
        wanted = {characters, *characters}
        pieces = enumerate(self._pieces)
        return frozenset(n for n, p in pieces if p.decode(errors="ignore") in wanted)


def _is_written(character: str) -> bool:
    return character < "\u0250" or character in "\u2018\u2019\u201c\u201d\u2013\u2014\u2026"


class MoonshineModel:
    """Both halves of the model, and the last text of a call. Not for two threads at once."""

    def __init__(self, encoder: Path | bytes, decoder: Path | bytes, vocabulary: bytes) -> None:
        self.vocabulary = Vocabulary(vocabulary)
        self._halves = _Halves(encoder, decoder)

    def write(
        self, samples: Array, given: Sequence[int] = (), guess: Sequence[int] = ()
    ) -> Writing:
        """What is said in `samples` (16 kHz mono, float32, -1 to 1; at least 0.1 s of them).

        The text begins with `given`, whatever is heard; the rest is returned. `guess` is what
        it may go on with: it saves time, and makes next to no difference to the text.
        """
        limit = LEAST_TOKENS + max(0, int(len(samples) / RATE * TOKENS_PER_S) - len(given))
        self._last = _Pass(self._halves, self.vocabulary, samples, tuple(given))
        return self._last.write(tuple(guess), limit)

    def branches(self) -> Branches:
        """What else could have been written in the place of the last text."""
        return self._last.branches()

    def ending(self, ends: int) -> Array:
        """What the encoder makes of the last recording's sound from sample `ends` on, `[288]`.

        Where a voice ends there, that is how it came to its end.
        """
        return self._last.states(ends)


class _Halves:
    """The encoder and the decoder. What uses them does not refer to who keeps it: in a circle of
    references a call's memory would not be free when it ends (`moonshine_worker.serve`).
    """

    def __init__(self, encoder: Path | bytes, decoder: Path | bytes) -> None:
        self._encoder = session(encoder)
        self._decoder = session(decoder)
        self._outputs = [output.name for output in self._decoder.get_outputs()][1:]

    def encode(self, samples: Array) -> Array:
        """The states, one for each 24 ms."""
        heard = samples[None].astype(np.float32)
        mask = np.ones(heard.shape, np.int64)
        states: Array = self._encoder.run(None, {"input_values": heard, "attention_mask": mask})[0]
        return states

    def decode(
        self, mask: Array, states: Array, tokens: Array, memory: Mapping[str, Array], *, begun: bool
    ) -> tuple[Array, dict[str, Array]]:
        """Logits for each token of each row, and the decoder's memory after them.

        All rows may share one row of what was heard.
        """
        feed = {
            "encoder_attention_mask": mask,
            "encoder_hidden_states": states,
            "input_ids": tokens,
            "use_cache_branch": np.array([begun]),
            **memory,
        }
        logits, *after = self._decoder.run(None, feed)
        names = (name.replace("present", "past_key_values") for name in self._outputs)
        return logits, {
            name: memory[name] if begun and not _grows(name) else values
            for name, values in zip(names, after, strict=True)
        }


class _Pass:
    """One recording being written down."""

    def __init__(
        self, halves: _Halves, vocabulary: Vocabulary, samples: Array, given: tuple[int, ...]
    ) -> None:
        self._halves = halves
        self._vocabulary = vocabulary
        self._given = given
        self._mask = np.ones((1, len(samples)), np.int64)
        self._states = halves.encode(samples)
        empty = np.zeros((1, HEADS, 0, HEAD_SIZE), np.float32)
        self._memory = {
            f"past_key_values.{layer}.{half}.{part}": empty
            for layer in range(LAYERS)
            for half in ("decoder", "encoder")
            for part in ("key", "value")
        }
        self._begun = False

    def write(self, guess: tuple[int, ...], limit: int) -> Writing:
        marks, stops = self._vocabulary.marks, self._vocabulary.stops
        logits = self._step((BEGIN, *self._given, *guess))[len(self._given) :]
        self._first = _log_softmax(logits[0])
        tokens, scores, stop = list[int](), list[float](), 0.0
        while True:
            chances = _log_softmax(logits[0])
            token = int(chances.argmax())
            if not tokens or tokens[-1] not in marks:
                stop = float(np.exp(chances[list(stops)]).sum())
            if repeated := _repeated(tokens):
                once = len(tokens) - (0 if self._is_number(tokens[-repeated:]) else repeated)
                return Writing(tuple(tokens[:once]), tuple(scores[:once]), stop, -math.inf)
            if token == END or len(tokens) >= limit:
                return Writing(tuple(tokens), tuple(scores), stop, float(chances[END]))
            tokens.append(token)
            scores.append(float(chances[token]))
            if len(tokens) <= len(guess) and guess[len(tokens) - 1] == token:
                logits = logits[1:]
            else:
                if len(tokens) <= len(guess):
                    self._forget(len(guess) - len(tokens) + 1)
                    guess = ()
                logits = self._step((token,))

    def _is_number(self, tokens: Sequence[int]) -> bool:
        """Whether people may say this again and again: 0-0-0-0-0."""
        return any(c.isdigit() for c in self._vocabulary.text(tokens))

    def states(self, begin: int) -> Array:
        states = self._states[0]
        first = min(begin // STATE, len(states) - 1)
        mean: Array = states[first : first + ENDING].mean(axis=0)
        return mean

    def branches(self) -> Branches:
        """What else could be written."""
        length = 1 + len(self._given)
        memory = {n: m[:, :, :length] if _grows(n) else m for n, m in self._memory.items()}
        return Branches(self._halves, self._mask, self._states, self._first, memory)

    def _step(self, tokens: Sequence[int]) -> Array:
        fed = np.array([tokens], np.int64)
        logits, self._memory = self._halves.decode(
            self._mask, self._states, fed, self._memory, begun=self._begun
        )
        self._begun = True
        rows: Array = logits[0]
        return rows

    def _forget(self, tokens: int) -> None:
        """The last tokens were guessed wrongly."""
        for name, values in self._memory.items():
            if _grows(name):
                self._memory[name] = values[:, :, :-tokens]


class Branches:
    """Texts that begin alike and go on differently, all heard in one recording."""

    def __init__(
        self,
        halves: _Halves,
        mask: Array,
        states: Array,
        first: Array,
        memory: dict[str, Array],
    ) -> None:
        self._halves = halves
        self._mask = mask
        self._states = states
        self._first = first
        self._memory = memory

    def begin(self) -> Array:
        """How probable each token is at the beginning: logarithms, in one row."""
        return self._first[None]

    def go_on(self, rows: Sequence[int], tokens: Sequence[int]) -> Array:
        """The same after a token each, which follow texts of the last call, by their rows there.

        All texts go on at once: four take hardly longer than one.
        """
        chosen = {n: m[list(rows)] if _grows(n) else m for n, m in self._memory.items()}
        fed = np.array(tokens, np.int64)[:, None]
        logits, self._memory = self._halves.decode(
            self._mask, self._states, fed, chosen, begun=True
        )
        return _log_softmax(logits[:, -1])


def _grows(name: str) -> bool:
    """Whether a part of the decoder's memory is of its text, not of what is heard."""
    return ".decoder." in name


def _log_softmax(logits: Array) -> Array:
    above: Array = logits - logits.max(axis=-1, keepdims=True)
    chances: Array = above - np.log(np.exp(above).sum(axis=-1, keepdims=True))
    return chances


def _repeated(tokens: Sequence[int]) -> int:
    """How many of the last tokens only say again what stands before them; 0 but for a fault."""
    for period in range(1, PERIOD + 1):
        length = period * REPEATS
        last = tokens[-length:]
        if len(last) == length and last[period:] == last[:-period]:
            return length - period
    return 0
