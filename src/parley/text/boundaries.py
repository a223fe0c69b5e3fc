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
MARKS = _SENTENCE_MARKS | _FULL_STOPS | _CLAUSE_MARKS | {"…"}
"""Characters that change how the words before them are spoken."""

_PAUSE = re.compile(r"…|\.\.")
_SPACED_DASH = re.compile(r"\s[-–]")
_RANGE_DASH = re.compile(r"\s[-–]\s?")
_YEAR = re.compile(r"[12]\d{3}")
_SHORT_NUMBER = re.compile(r"\d{1,2}")
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)*[^\W\d_]")


def boundary(
    word: Word, following: Word | None, before: Boundary, spelling: Orthography
) -> Boundary:
    """Say what lies between `word` and `following`, given what lies before `word`.

    Where nothing has followed yet, the answer is SENTENCE or CLAUSE only if that is very
    probable, whatever comes.
    """
    if word.newline:
        return Boundary.SENTENCE
    tail = word.tail
    if following is None and word.core[-1].isdigit() and tail.strip() in (".", ",", ":", "-", "–"):
        return Boundary.WORD
    if following is not None and _is_one_figure(word, following, spelling):
        return Boundary.JOINED
    if not tail:
        return Boundary.WORD
    if not _SENTENCE_MARKS.isdisjoint(tail):
        return _end_or_quotation(tail, following)
    if _PAUSE.search(tail):
        capital = following is not None and following.core[0].isupper()
        return Boundary.SENTENCE if capital else Boundary.CLAUSE
    if not _CLAUSE_MARKS.isdisjoint(tail) or _SPACED_DASH.search(tail):
        return Boundary.CLAUSE
    if not _FULL_STOPS.isdisjoint(tail):
        return _full_stop(word, following, before, spelling)
    return Boundary.WORD


def _is_one_figure(word: Word, following: Word, spelling: Orthography) -> bool:
    """Whether both are parts of one: 5 million, 555 0123, 3 - 5, December 3, 2026."""
    number, follows_number = word.core[-1].isdigit(), following.core[0].isdigit()
    if not word.tail:
        if number and follows_number:
            return True
        beside = following.core if number else word.core if follows_number else ""
        return beside.lower() in spelling.beside_numbers
    if word.tail == ",":
        day = _SHORT_NUMBER.fullmatch(word.core)
        return bool(day and _YEAR.fullmatch(following.core))
    return number and follows_number and bool(_RANGE_DASH.fullmatch(word.tail))


def _end_or_quotation(tail: str, following: Word | None) -> Boundary:
    """End the sentence, unless it is one quoted inside another: "Why?" she asked."""
    goes_on = following is not None and following.core[0].islower()
    return Boundary.CLAUSE if goes_on and tail[-1] not in MARKS else Boundary.SENTENCE


def _full_stop(
    word: Word, following: Word | None, before: Boundary, spelling: Orthography
) -> Boundary:
    if _SHORT_NUMBER.fullmatch(word.core) and (spelling.ordinals or _counts(word.core, before)):
        return Boundary.JOINED
    after = following.core if following else ""
    if word.tail[0] in _FULL_STOPS and not _ends(word.core, after, spelling):
        return Boundary.JOINED
    return _end_or_quotation(word.tail, following)


def _counts(number: str, before: Boundary) -> bool:
    """Whether a number with a full stop is that of an item in a list."""
    return before is Boundary.SENTENCE or (before is Boundary.CLAUSE and number == "1")


def _ends(core: str, after: str, spelling: Orthography) -> bool:
    """Whether the full stop after `core` ends a sentence, rather than abbreviates."""
    key = core.lower()
    if key in spelling.leading:
        return False
    if key in spelling.numbered:
        return not after[:1].isdigit()
    capital = after[:1].isupper()
    if key in spelling.closing:
        zone = len(after) > 1 and after.isupper()
        return capital and not zone and after.lower() not in spelling.after_closing
    if key in spelling.common or _is_initial(core):
        return capital and after.lower() in spelling.starters
    return True


def _is_initial(core: str) -> bool:
    """Whether it is a letter or letters with full stops between them, in a script with cases."""
    return bool(_INITIALS.fullmatch(core)) and core[-1].lower() != core[-1].upper()
