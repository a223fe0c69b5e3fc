"""Words of a text and where they are, whole or while the text still arrives.

A word is what stands between white space, with its punctuation and markup. Where a
script puts no spaces between words, each ideograph or kana is a word of its own.
Characters that nobody speaks (a dash between spaces, an emoji, a bullet) belong to
a neighbouring word: what trails a word on its line to that word, all else to the
next one, and at the end of the text to the last one.
"""

import unicodedata
from dataclasses import dataclass

LONGEST_WORD = 256
"""Characters after which a word without white space is broken: it bounds all look-ahead."""

_NEWLINES = "\n\r\v\f\x85\u2028\u2029"
_WIDE_MARKS = "。！？，、；：｡､．—"
_TRAILING_MARKS = ".,;:!?…-–؟،؛।॥۔"
_IDEOGRAPHS = (
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)

_SPACE, _NEWLINE, _LETTER, _IDEOGRAPH, _OPENER, _WIDE, _TRAILING, _OTHER = range(8)


def is_speakable(text: str) -> bool:
    """Whether `text` has a letter or a digit: anything for a voice to say."""
    return any(map(str.isalnum, text))


@dataclass(frozen=True, slots=True)
class WordSpan:
    """The characters [start, end) of one word."""

    start: int
    end: int


def words(text: str) -> tuple[WordSpan, ...]:
    """Find the words of a whole text, in order; none where nothing is speakable."""
    scanner = WordScanner()
    found = (*scanner.push(text), *scanner.finish())
    return tuple(WordSpan(word.start, word.end) for word in found)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it was scanned.

    [start, end) is its place in the text, with everything that belongs to it. `core`
    reaches from its first to its last letter or digit, `tail` holds what follows that.
    `newline`: the line ends after it. `ideograph`: it is a single ideograph or kana.
    """

    start: int
    end: int
    core: str
    tail: str
    newline: bool
    ideograph: bool


class WordScanner:
    """Finds words in a text that arrives in pieces, however it was cut into pieces.

    A word is settled, and can no longer change, when the first letter or digit of
    the next one has arrived. Costs O(1) per character.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._base = 0
        self._at = 0
        self._begin(-1, -1, ideograph=False)
        self._run = -1  # where the present run of characters without white space starts
        self._run_kind = _OTHER  # of its first character
        self._inside = False  # whether that run belongs to the unsettled word
        self._lead = -1  # where unspeakable characters that go to the next word start
        self._lead_end = -1

    def push(self, text: str) -> list[Word]:
        """Read on; return the words that are settled now."""
        buffer, self._buffer = self._buffer, ""
        buffer += text  # the only reference, so that CPython appends in place
        self._buffer = buffer
        settled: list[Word] = []
        for at, char in enumerate(text, self._at):
            kind = _KINDS[char]
            if kind <= _NEWLINE:
                self._read_space(at, kind)
            elif kind <= _IDEOGRAPH:
                self._read_letter(at, kind, settled)
            else:
                self._read_mark(at, kind)
        self._at += len(text)
        return settled

    def unsettled(self) -> Word | None:
        """Return the last word as it stands, which may still change."""
        if self._start < 0:
            return None
        return self._word(self._at if self._trails(self._at) else self._end)

    def cut(self) -> None:
        """Forget the unsettled word; whatever comes now is not part of it."""
        if self._inside or self._trails(self._at):
            self._run = -1
            self._inside = False
        self._begin(-1, -1, ideograph=False)

    def finish(self) -> list[Word]:
        """End the text; return the last word if there is one."""
        self._read_space(self._at, _SPACE)
        if self._start < 0:
            return []
        return [self._word(self._end if self._lead < 0 else self._lead_end)]

    def slice(self, start: int, end: int) -> str:
        """Return the characters [start, end) of the text; see `forget`."""
        return self._buffer[start - self._base : end - self._base]

    def forget(self, end: int) -> None:
        """Release the text before `end`; no word that is still of interest starts there."""
        self._buffer = self._buffer[end - self._base :]
        self._base = end

    def _begin(self, start: int, core: int, *, ideograph: bool) -> None:
        """Make [start, …) the unsettled word, with its core at `core`; -1 is none."""
        self._start = start
        self._core = core
        self._core_end = self._end = core + 1
        self._newline = False
        self._ideograph = ideograph
        self._closed = ideograph

    def _word(self, end: int) -> Word:
        core = self.slice(self._core, self._core_end)
        tail = self.slice(self._core_end, end)
        return Word(self._start, end, core, tail, self._newline, self._ideograph)

    def _trails(self, end: int) -> bool:
        """Whether the run of unspeakable characters up to `end` belongs to the word before."""
        return (
            self._run >= 0
            and self._start >= 0
            and self._lead < 0
            and not self._newline
            and self._run_kind in (_WIDE, _TRAILING)
            and end - self._core <= LONGEST_WORD
        )

    def _read_space(self, at: int, kind: int) -> None:
        if self._run >= 0 and not self._inside:
            if self._trails(at):
                self._end = at
            else:
                self._lead = self._run if self._lead < 0 else self._lead
                self._lead_end = at
        self._run = -1
        self._inside = False
        self._newline = self._newline or kind == _NEWLINE

    def _read_letter(self, at: int, kind: int, settled: list[Word]) -> None:
        joins = self._inside and not self._closed and kind == _LETTER
        if joins and at - self._core < LONGEST_WORD:
            self._core_end = self._end = at + 1
            return
        start = self._run if self._run >= 0 and not self._inside else at
        if self._start >= 0:
            settled.append(self._word(self._end))
        self._begin(self._lead if self._lead >= 0 else start, at, ideograph=kind == _IDEOGRAPH)
        self._run = at
        self._inside = True
        self._lead = -1

    def _read_mark(self, at: int, kind: int) -> None:
        if not self._inside:
            if self._run < 0:
                self._run = at
                self._run_kind = kind
        elif (self._closed and kind == _OPENER) or at - self._core >= LONGEST_WORD:
            self._run = at
            self._run_kind = _OTHER
            self._inside = False
        else:
            self._end = at + 1
            self._closed |= kind == _WIDE and not self.slice(at - 1, at).isdigit()


def _kind(char: str) -> int:
    if char in _NEWLINES:
        return _NEWLINE
    if char.isspace():
        return _SPACE
    if char.isalnum():
        code = ord(char)
        return _IDEOGRAPH if any(a <= code <= b for a, b in _IDEOGRAPHS) else _LETTER
    if char in _WIDE_MARKS:
        return _WIDE
    category = unicodedata.category(char)
    if category in ("Ps", "Pi") or char in "¿¡":
        return _OPENER
    return _TRAILING if category in ("Pe", "Pf") or char in _TRAILING_MARKS else _OTHER


class _Kinds(dict[str, int]):
    def __missing__(self, char: str) -> int:
        kind = self[char] = _kind(char)
        return kind


_KINDS = _Kinds()
