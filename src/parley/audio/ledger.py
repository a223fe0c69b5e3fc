"""Which characters of a span were heard once so many of its samples were.

Two texts take part: the source is what the history holds, the spoken text is what was
sent to the voice. Words are timed by the voice where it says when it speaks them;
elsewhere the words between two known points share the time in proportion to their
characters.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

Range = tuple[int, int]
Alignment = Sequence[tuple[Range, Range]]
"""Pairs of (spoken range, source range), half-open, in characters, in order."""

ASSUMED_CHARS_PER_S = 15
"""How fast a voice is taken to speak while nothing better is known.

English is read at about 150 words a minute, with six characters to a word.
"""

ASSUMED_CJK_CHARS_PER_S = 5
"""The same for Han characters and kana, each of which is a syllable or more."""

SILENCE = 100
"""Samples of PCM16 up to this magnitude (-50 dBFS) are silence."""

_BLOCK = 4096
"""Samples searched at a time: speech seldom begins or ends with much silence."""

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_CJK_CHARACTER = re.compile(rf"[{_CJK}]")
_WORD = re.compile(rf"[^\w\s]*[{_CJK}][^\w\s]*|[^\s{_CJK}]+")


@dataclass(frozen=True, slots=True)
class WordTime:
    """A word's place in the spoken text (characters) and in the audio (samples), half-open.

    Both count from the beginning of the span.
    """

    char_start: int
    char_end: int
    sample_start: int
    sample_end: int


def split_words(text: str) -> list[Range]:
    """The words of a text, punctuation included; each Han character and kana is a word."""
    return [match.span() for match in _WORD.finditer(text)]


def assumed_duration(text: str) -> float:
    """Seconds that it takes to say `text`, for all we know."""
    cjk = len(_CJK_CHARACTER.findall(text))
    return (len(text) - cjk) / ASSUMED_CHARS_PER_S + cjk / ASSUMED_CJK_CHARS_PER_S


def voiced_range(pcm: bytes | bytearray) -> Range | None:
    """From the first to after the last sample of PCM16 that is not silent, if any is."""
    samples = np.frombuffer(pcm, "<i2", len(pcm) // 2)
    first = _first_voiced(samples)
    return None if first is None else (first, samples.size - (_first_voiced(samples[::-1]) or 0))


def _first_voiced(samples: NDArray[np.int16]) -> int | None:
    for start in range(0, samples.size, _BLOCK):
        block = samples[start : start + _BLOCK]
        voiced = (block > SILENCE) | (block < -SILENCE)
        index = int(voiced.argmax())
        if voiced[index]:
            return start + index
    return None


class SpanLedger:
    """The account of one span of a reply.

    `spoken` is the text sent to the voice, the source itself unless a stage rewrote it;
    `alignment` then says which parts belong together. Rewritten text without an alignment
    counts as heard all at once. `sample_rate` is in hertz.
    """

    def __init__(
        self,
        source: str,
        spoken: str | None = None,
        alignment: Alignment | None = None,
        *,
        sample_rate: int = 24_000,
    ) -> None:
        self.source = source
        self.spoken = source if spoken is None else spoken
        if alignment is None and self.spoken != source:
            alignment = [((0, len(self.spoken)), (0, len(source)))]
        self._alignment = alignment
        self._words = split_words(self.spoken)
        self._sample_rate = sample_rate
        self._times: list[WordTime] = []
        self._voice_start = 0
        self._voice_end: int | None = None
        self._total: int | None = None
        self._tokens: list[WordTime] = []
        self._ends: list[int] | None = None
        self._claimed = 0

    def add_words(self, words: Sequence[WordTime]) -> None:
        """Take over the voice's own times; those that cannot be true are left out."""
        self._times += words
        self._ends = None

    def voice_from(self, sample: int) -> None:
        """The voice is not heard before this sample."""
        self._voice_start = sample
        self._ends = None

    def end(self, total: int, voiced: Range) -> None:
        """All audio exists: `total` samples, of which the range `voiced` is not silent."""
        self._total = total
        self._voice_start, self._voice_end = voiced
        self._ends = None

    def heard(self, samples: int) -> int:
        """Characters of the source that were heard with the first `samples` samples.

        Only words that were heard to their end count, with the punctuation after them.
        The answer never becomes smaller. A span without audio was not heard.
        """
        self._claimed = max(self._claimed, self._chars(samples))
        return self._claimed

    def word_start(self, samples: int) -> int:
        """The sample at which the word that plays at `samples` begins.

        `samples` itself between two words.
        """
        ends = self._word_ends()
        word = bisect_right(ends, samples)
        if word == len(ends):
            return samples
        start = self._words[word][0]
        token = bisect_right(self._tokens, start, key=_char_end)
        begins = floor(self._time(start, token))
        return min(max(begins, ends[word - 1] if word else 0), samples)

    def word_end(self, samples: int) -> int:
        """The sample at which the word that plays at `samples` ends.

        `samples` itself between two words.
        """
        if self.word_start(samples) == samples:
            return samples
        ends = self._word_ends()
        return ends[bisect_right(ends, samples)]

    def _chars(self, samples: int) -> int:
        if self._total is not None and samples >= self._total:
            return len(self.source) if self._total else 0
        words = bisect_right(self._word_ends(), samples)
        return self._to_source(self._words[words - 1][1]) if words else 0

    def _word_ends(self) -> list[int]:
        """Per word, the sample by which it was heard completely; never decreasing."""
        if self._ends is None:
            self._tokens = _believable(self.spoken, self._times, self._total)
            ends = (
                ceil(self._time(end, bisect_left(self._tokens, end, key=_char_end)))
                for _, end in self._words
            )
            self._ends = list(accumulate(ends, max))
        return self._ends

    def _time(self, char: int, token: int) -> float:
        """The sample at which the voice passes `char`; `token` is the timed word at or after it."""
        before = self._tokens[token - 1] if token else None
        left, since = (before.char_end, before.sample_end) if before else (0, self._voice_start)
        if token < len(self._tokens):
            after = self._tokens[token]
            right, until = after.char_start, after.sample_start
            if char >= right:
                left, since = right, until
                right, until = after.char_end, after.sample_end
        elif self._voice_end is None:
            return since + self._sample_rate * assumed_duration(self.spoken[left:char])
        else:
            right, until = self._words[-1][1], max(since, self._voice_end)
        return since + (until - since) * (char - left) / (right - left)

    def _to_source(self, spoken: int) -> int:
        """Characters of the source that are told once `spoken` characters are."""
        if self._alignment is None:
            return spoken
        told, limit = 0, len(self.source)
        for (start, end), (source_start, source_end) in self._alignment:
            if end > spoken:
                same = self.spoken[start:end] == self.source[source_start:source_end]
                told = source_start + spoken - start if same and start < spoken else told
                limit = min(source_start, limit)
                break
            told = source_end
        return min(_past_punctuation(self.source, max(told, 0), limit), len(self.source))


_char_end = attrgetter("char_end")


def _believable(text: str, words: Sequence[WordTime], total: int | None) -> list[WordTime]:
    """The words that agree with the text, the audio and each other, in order.

    Each gets the punctuation after it. Where two overlap, the text of the former is cut, and
    the time of the latter: no word is taken as heard before the voice says so.
    """
    possible = [fitted for word in words if (fitted := _within(text, word, total))]
    chain = _longest_chain(sorted(possible, key=attrgetter("char_start")))
    limits = [*(word.char_start for word in chain[1:]), len(text)]
    believable: list[WordTime] = []
    sample = 0
    for word, limit in zip(chain, limits, strict=False):
        char_end = _past_punctuation(text, min(word.char_end, limit), limit)
        if word.char_start < char_end:
            begins, sample = max(sample, word.sample_start), max(sample, word.sample_end)
            believable.append(WordTime(word.char_start, char_end, begins, sample))
    return believable


def _within(text: str, word: WordTime, total: int | None) -> WordTime | None:
    """The word without the spaces around it; None when it is outside the text or the audio."""
    if word.char_start < 0 or word.sample_start < 0:
        return None
    covered = text[word.char_start : word.char_end]
    start = word.char_start + len(covered) - len(covered.lstrip())
    end = word.char_start + len(covered.rstrip())
    last = word.sample_end if total is None else min(word.sample_end, total)
    if start >= end or word.sample_start > last:
        return None
    return WordTime(start, end, word.sample_start, last)


def _longest_chain(words: list[WordTime]) -> list[WordTime]:
    """The longest selection whose midpoints do not run backwards (patience sorting)."""
    midpoints: list[int] = []
    lasts: list[int] = []
    previous: list[int] = []
    for index, word in enumerate(words):
        midpoint = word.sample_start + word.sample_end
        length = bisect_right(midpoints, midpoint)
        previous.append(lasts[length - 1] if length else -1)
        midpoints[length : length + 1] = [midpoint]
        lasts[length : length + 1] = [index]
    index = lasts[-1] if lasts else -1
    chain = []
    while index >= 0:
        chain.append(words[index])
        index = previous[index]
    return chain[::-1]


def _past_punctuation(text: str, start: int, limit: int) -> int:
    """The end of the punctuation at `start`."""
    while start < limit and not text[start].isalnum() and not text[start].isspace():
        start += 1
    return start
