"""Cuts a reply that still streams into chunks: one request each to a text-to-speech engine.

The chunks are a function of the text alone, however it was split into tokens: sentences,
sooner where a sentence is too long, and for the first chunk of a reply sooner still, at
a clause, so that speech starts early. A boundary that is very probable is reported the
moment its last character arrives, as *provisional*, since waiting for the next token
would delay the voice; it is taken back where the text goes on otherwise ("example.com").
"""

from dataclasses import dataclass
from typing import Literal

from parley.text.boundaries import MARKS, Boundary, boundary
from parley.text.cutting import ChunkSettings, Cutter
from parley.text.orthography import orthography
from parley.text.words import Word, WordScanner, is_speakable


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text to be spoken in one go: the characters [start, end) of the whole reply.

    Only white space lies between the ranges of a reply's chunks.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunked:
    """What has become of a chunk.

    - `final`: it is one, for good.
    - `provisional`: it very probably is one. At most one chunk is provisional at a time,
      and it is confirmed or retracted before any other is reported.
    - `confirmed`: it was provisional and is final. It may have grown at its end by
      characters that are not spoken (a closing quote, an emoji): speech that is already
      under way stands.
    - `retracted`: it is none; its text comes again in another chunk.
    """

    status: Literal["final", "provisional", "confirmed", "retracted"]
    chunk: Chunk


class Chunker:
    """Cuts one reply. Push its text as it comes, then finish."""

    def __init__(self, language: str = "en", settings: ChunkSettings | None = None) -> None:
        """Cut text in `language`, a BCP 47 tag."""
        self._spelling = orthography(language)
        self._cutter = Cutter(settings or ChunkSettings(), self._spelling)
        self._scanner = WordScanner()
        self._first = True
        self._closed = 0  # where the last final chunk ended
        self._before = Boundary.SENTENCE  # what lay there
        self._words: list[Word] = []  # settled since then
        self._boundaries: list[Boundary] = []  # after each of them; the last lacks its own
        self._provisional: Chunk | None = None

    def push(self, text: str) -> list[Chunked]:
        """Read on; return what has become clear."""
        out = [item for word in self._scanner.push(text) for item in self._admit(word)]
        self._scanner.forget(self._closed)
        return [*out, *self._review()]

    def commit(self) -> list[Chunked]:
        """Make the provisional chunk final, if there is one: it is heard, or time is up.

        Whatever comes then starts a new chunk; where that is nothing speakable (a quote,
        an emoji), it is in no chunk.
        """
        guess = self._guess()
        if guess is None:
            return []
        count, chunk = guess
        if count > len(self._words):
            self._scanner.cut()
        return [*self._close(count, chunk), *self._review()]

    def finish(self) -> list[Chunked]:
        """End the text; return the rest. Nothing may be pushed after it."""
        last = self._scanner.finish()
        out = [item for word in last for item in self._admit(word)]
        self._boundaries += [Boundary.SENTENCE] * len(last)
        return [*out, *self._release()]

    def _admit(self, word: Word) -> list[Chunked]:
        """Take a word that cannot change any more: it decides the boundary before it."""
        if self._words:
            self._boundaries.append(self._boundary(word))
        self._words.append(word)
        return self._release()

    def _release(self) -> list[Chunked]:
        """Close every chunk that the settled words decide."""
        out: list[Chunked] = []
        while count := self._cutter.cut(self._words, self._boundaries, first=self._first):
            out += self._close(count, self._chunk(self._words, count))
        return out

    def _review(self) -> list[Chunked]:
        """Bring the provisional chunk up to date with what has been read."""
        known, guess = self._provisional, self._guess()
        chunk = guess[1] if guess else None
        if known is not None and chunk is not None and _grown(known, chunk):
            return []
        self._provisional = chunk
        out = [Chunked("retracted", known)] if known is not None else []
        return [*out, Chunked("provisional", chunk)] if chunk is not None else out

    def _guess(self) -> tuple[int, Chunk] | None:
        """Return the next chunk, and its number of words, if nothing unlikely comes."""
        last = self._scanner.unsettled()
        if last is None:
            return None
        words, boundaries = [*self._words, last], self._boundaries
        between = self._before
        if self._words:
            between = self._boundary(last)
            boundaries = [*boundaries, between]
        after = boundary(last, None, between, self._spelling)
        if after >= Boundary.CLAUSE:
            boundaries = [*boundaries, after]
        count = self._cutter.cut(words, boundaries, first=self._first, hopeful=True)
        return (count, self._chunk(words, count)) if count else None

    def _boundary(self, following: Word) -> Boundary:
        """Say what lies between the last settled word and `following`."""
        before = self._boundaries[-1] if self._boundaries else self._before
        return boundary(self._words[-1], following, before, self._spelling)

    def _chunk(self, words: list[Word], count: int) -> Chunk:
        start, end = words[0].start, words[count - 1].end
        return Chunk(self._scanner.slice(start, end), start, end)

    def _close(self, count: int, chunk: Chunk) -> list[Chunked]:
        """Make the first `count` words final as `chunk`."""
        settled = count <= len(self._boundaries)
        self._before = self._boundaries[count - 1] if settled else Boundary.SENTENCE
        del self._words[:count], self._boundaries[:count]
        self._closed = chunk.end
        self._first = False
        known, self._provisional = self._provisional, None
        if known is None:
            return [Chunked("final", chunk)]
        if _grown(known, chunk):
            return [Chunked("confirmed", chunk)]
        return [Chunked("retracted", known), Chunked("final", chunk)]


def _grown(known: Chunk, chunk: Chunk) -> bool:
    """Whether both are spoken alike: `chunk` may go on with characters that nobody speaks."""
    rest = chunk.text[len(known.text) :]
    return known.end <= chunk.end and not is_speakable(rest) and MARKS.isdisjoint(rest)
