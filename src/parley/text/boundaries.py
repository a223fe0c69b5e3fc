"""Where sentences and clauses end, seen from one word and the word that follows it."""

import re
from enum import IntEnum

from parley.text.orthography import Orthography
from parley.text.words import Word


class Boundary(IntEnum):
    """What lies between a word and the next one, in the order of strength."""

    JOINED = 0
    """The two belong together: Dr. Smith."""
    WORD = 1
    CLAUSE = 2
    """A pause: a comma, a colon, a dash, an ellipsis."""
    SENTENCE = 3
    """The end of a sentence or of a line."""


_SENTENCE_MARKS = frozenset("!?！？。｡؟।॥۔")
_FULL_STOPS = frozenset(".．")
_CLAUSE_MARKS = frozenset(",;:，、；：､،؛—")
_SPACED_DASHES = (" -", " –", "\xa0–")
_PAUSES = ("…", "..")
MARKS = _SENTENCE_MARKS | _FULL_STOPS | _CLAUSE_MARKS | {"…"}
"""Characters that change how the words before them are spoken."""

_EDGES = re.compile(r"\A[\W_]+|[\W_]+\Z")
_SHORT_NUMBER = re.compile(r"\d{1,2}")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)*[^\W\d_]")


def bare(word: str) -> str:
    """Strip the punctuation and markup around a word."""
    return _EDGES.sub("", word)


def boundary(word: Word, following: str, spelling: Orthography) -> Boundary:
    """Say what lies between `word` and the text of the word that follows.

    Where nothing has followed yet, pass "": the answer is then SENTENCE or CLAUSE only
    where that is very probable, whatever comes.
    """
    if word.newline:
        return Boundary.SENTENCE
    if word.text[-1].isalnum():
        return Boundary.WORD
    core, tail = _split(word.text)
    marks = set(tail)
    if not following and core[-1].isdigit() and tail in (".", ",", ":"):
        return Boundary.WORD
    if marks & _SENTENCE_MARKS:
        return _unless_quoted(tail, following)
    if any(pause in tail for pause in _PAUSES):
        return Boundary.SENTENCE if _capital(following) else Boundary.CLAUSE
    if marks & _CLAUSE_MARKS or tail.startswith(_SPACED_DASHES):
        return Boundary.CLAUSE
    if marks & _FULL_STOPS:
        return _full_stop(word, bare(core), tail, following, spelling)
    return Boundary.WORD


def _split(text: str) -> tuple[str, str]:
    """Split a word after its last letter or digit."""
    end = len(text)
    while not text[end - 1].isalnum():
        end -= 1
    return text[:end], text[end:]


def _capital(following: str) -> bool:
    return bare(following)[:1].isupper()


def _unless_quoted(tail: str, following: str) -> Boundary:
    """End the sentence, unless it is a quotation inside one that goes on: "Why?" she asked."""
    quoted = tail[-1] not in MARKS
    return Boundary.CLAUSE if quoted and bare(following)[:1].islower() else Boundary.SENTENCE


def _full_stop(word: Word, core: str, tail: str, following: str, spelling: Orthography) -> Boundary:
    if core.isdigit():
        counts = spelling.ordinals or _counts_a_list(word.before, core)
        if counts and _SHORT_NUMBER.fullmatch(core):
            return Boundary.JOINED
    elif tail[0] in _FULL_STOPS and not _abbreviation_ends(core, following, spelling):
        return Boundary.JOINED
    return _unless_quoted(tail, following)


def _counts_a_list(before: str, number: str) -> bool:
    """Whether a number with a full stop is a list's, seen from what ended the word before it."""
    return before in ("", "\n", ".", "!", "?") or (before == ":" and number == "1")


def _abbreviation_ends(core: str, following: str, spelling: Orthography) -> bool:
    """Whether a full stop after `core` ends the sentence, abbreviation or not."""
    key, after = core.lower(), bare(following)
    if key in spelling.leading:
        return False
    if key in spelling.numbered:
        return not after[:1].isdigit()
    if key in spelling.closing:
        zone = len(after) > 1 and after.isupper()
        return after[:1].isupper() and not zone and after.lower() not in spelling.after_closing
    if key in spelling.common or (
        _INITIALS.fullmatch(core) and core[-1].lower() != core[-1].upper()
    ):
        return after[:1].isupper() and after.lower() in spelling.starters
    return True
