"""What words say about the floor."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from parley.core.dictation import ALL, HAN_DIGITS, figures

ACKNOWLEDGEMENTS = (
    "mm-hmm", "mhm", "mm", "hm", "hmm", "uh-huh", "uh huh", "ah", "oh", "aha", "yeah", "yep", "yes",
    "ok", "okay", "right", "sure", "got it", "i see", "alright", "all right", "good", "great",
    "cool", "fine", "exactly", "true", "wow", "really", "i know", "of course",
)  # fmt: skip
"""What an English listener says without wanting the floor (continuers and assessments)."""

ORDERS = ("stop", "wait", "hold on", "hang on", "no", "enough", "be quiet")
"""With what an English speaker stops somebody who speaks."""

BACKCHANNELS = ("Uh-huh.", "I see.", "Right.")
"""What an English listener says in the middle of somebody else's story: short in every voice."""

HESITATIONS = ("um", "uh", "er", "erm", "uhm", "umm", "ehm")
"""Sounds with which an English speaker keeps the floor."""

MOMENTS = (
    "hold on", "hang on", "hold the line", "one moment", "one second", "one minute",
    "just a moment", "just a second", "just a minute", "just a sec", "give me a moment",
    "give me a second", "give me a minute", "wait a moment", "wait a second", "wait a minute",
    "bear with me", "be right back", "please wait", "let me check", "let me look", "let me find",
    "let me get", "let me see", "let me ask", "put you on hold",
)  # fmt: skip
"""How an English speaker asks for time."""

_SIGNS = (
    "\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1"
    "\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
"""Vowels and tones that belong to the letter before them; they are no letters to `re`."""

_UNBROKEN = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
"""Scripts that do not separate words: Thai, Lao, Burmese, Khmer, Chinese and Japanese."""

_LETTERED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Those of them with several letters to a syllable."""

_ASKS = re.compile(r"[?？؟][\W_]*$")
_APOSTROPHES = str.maketrans("’ʼ", "''")
_NOT_A_WORD = re.compile(rf"[^\w' {_SIGNS}]+")
_SPACE_WITHIN = re.compile(rf"(?<=[{_UNBROKEN}]) (?=[{_UNBROKEN}])")
_SIGN = re.compile(f"[{_SIGNS}]")
_WITHOUT_SPACES = re.compile(f"[{_UNBROKEN}]")
_CHARACTERS = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_LETTERS = re.compile(f"[{_LETTERED}]")

_TOKEN = re.compile(rf"[{_UNBROKEN}][{_SIGNS}]*|(?:(?![{_UNBROKEN}])[\w'’ʼ{_SIGNS}])+")
_MARKS = re.compile(r"\A(?:\.(?!\d)|[,:;!?…–—\-。．？！、，；：।॥؟۔،؛\"”’)»」』》])*")

WITHIN = 16
"""Two versions of a text differ by so many words in length at most."""

RECENT = 40
"""So many of the last words are compared: a text may be long."""

_BEGUN, _ADDED, _MISSING = 1, 2, 3
"""What it costs that a word has changed a little, has come in, or is missing or another one."""

_UNIT = re.compile(rf"\d+|[{HAN_DIGITS}]|[^\d{HAN_DIGITS}]+")

LETTERS_A_WORD = 3
"""Of a script with several letters to a syllable, signs apart: about one syllable."""


def plain(text: str) -> str:
    """Lower-case words with single spaces, without punctuation; letters and accents composed."""
    whole = normalize("NFC", text.lower()).translate(_APOSTROPHES)
    return " ".join(_NOT_A_WORD.sub(" ", whole).split())


def spoken(text: str) -> str:
    """The text without white space around it; nothing where it has no letter and no digit."""
    return text.strip() if any(map(str.isalnum, text)) else ""


def _unbroken(text: str) -> str:
    """Plain words, without the spaces that mean nothing in their script."""
    return _SPACE_WITHIN.sub("", plain(text))


@lru_cache(maxsize=4096)
def _phrase(phrase: str) -> str:
    """Of a phrase that was set: never of what somebody has said, which is not to be kept."""
    return _unbroken(phrase)


# Phrases of a listener


def consists_of(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether `text` is nothing but such phrases ("yeah, okay"), and one at least."""
    return bool(plain(text)) and not _less(text, phrases)


def begins_acknowledgement(text: str, acknowledgements: tuple[str, ...]) -> bool:
    """Whether `text` may become nothing but acknowledgements when its last word is whole."""
    rest = _less(text, acknowledgements)
    if len(rest) == 1 and _is_unbroken(rest[0]):
        known = {_phrase(a) for a in acknowledgements}
        ends = _ends_of_known(rest[0], known)
        return any(k.startswith(rest[0][at:]) for at in ends for k in known)
    return bool(rest) and any(_begins(k, tuple(rest)) for k in _known(acknowledgements))


def _begins(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether a phrase begins with these words, the last of which may not be whole."""
    *whole, last = words
    here = phrase[len(whole) : len(whole) + 1]
    begun = len(last) > 1 and bool(here) and here[0].startswith(last)
    return phrase[: len(whole)] == tuple(whole) and (here == (last,) or begun)


@lru_cache(maxsize=256)
def _known(phrases: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """Phrases as words."""
    return frozenset(tuple(_phrase(phrase).split()) for phrase in phrases)


@lru_cache(maxsize=256)
def _longest(phrases: tuple[str, ...]) -> int:
    return max((len(known) for known in _known(phrases)), default=0)


def _less(text: str, phrases: tuple[str, ...]) -> list[str]:
    """The words that are left after the phrases at the beginning."""
    known, longest = _known(phrases), _longest(phrases)
    rest = _unbroken(text).split()
    while rest:
        size = next((n for n in range(longest, 0, -1) if tuple(rest[:n]) in known), 0)
        if not size and not _is_joined(rest[0], known):
            break
        del rest[: size or 1]
    return rest


def _is_joined(word: str, known: frozenset[tuple[str, ...]]) -> bool:
    """Whether a script that does not separate words has written known ones in a row."""
    if not _is_unbroken(word):
        return False
    return len(word) in _ends_of_known(word, {k[0] for k in known if len(k) == 1})


def _ends_of_known(word: str, known: set[str]) -> set[int]:
    """The places up to which it consists of nothing but known ones."""
    ends = {0}
    for at in range(len(word)):
        if at in ends:
            ends |= {at + len(k) for k in known if k and word.startswith(k, at)}
    return ends


# Phrases within a text


def begins_with(text: str, beginning: str) -> bool:
    """Whether the words of `beginning` are the first of `text`."""
    whole, first = _unbroken(text), _unbroken(beginning)
    return whole.startswith(first) and _may_part(whole, len(first))


class _Token(NamedTuple):
    """A word, a character where a script does not separate words, or a digit of a number."""

    key: str
    start: int
    end: int
    digit: bool


def remainder(text: str, known: str) -> str:
    """What `text` has more than `known`, an earlier and maybe different version of it.

    The beginning of `text` that is most like `known` is left out, by words, or by characters
    where a script does not separate them. Numbers are the same as words and as digits.
    """
    text = normalize("NFC", text)
    said, before = _tokens(text), _tokens(normalize("NFC", known))
    if [t.key for t in said[: len(before)]] != [t.key for t in before]:
        said, before = _by_digit(said), _by_digit(before)
    size = _most_alike(said, before)
    if not size:
        return text.strip()
    if not before[-1].digit:  # a written number that was understood otherwise is one word
        while size < len(said) and _is_one_number(text, said[size - 1], said[size]):
            size += 1
    return _MARKS.sub("", text[said[size - 1].end :]).strip()


def _is_one_number(text: str, digit: _Token, following: _Token) -> bool:
    written = digit.digit and text[following.start].isdecimal()
    return written and digit.end == following.start


def _tokens(text: str) -> list[_Token]:
    found = (_Token(plain(m[0]), *m.span(), digit=False) for m in _TOKEN.finditer(text))
    return [token for token in found if spoken(token.key)]


def _by_digit(tokens: list[_Token]) -> list[_Token]:
    """The same, numbers by their digits."""
    found: list[_Token] = []
    at = 0
    for said, digits in figures([t.key for t in tokens], ALL):
        start, end = tokens[at].start, tokens[at + len(said) - 1].end
        written = len(digits) == end - start
        for n, digit in enumerate(digits, start):
            found.append(_Token(digit, *((n, n + 1) if written else (start, end)), digit=True))
        if not digits:
            found.append(tokens[at])
        at += len(said)
    return found


def _most_alike(said: list[_Token], before: list[_Token]) -> int:
    """How many tokens of `said` are most like all of `before`; of several as many of both."""
    same = _beginning([t.key for t in said], [t.key for t in before])
    same = max(same, min(len(before) - RECENT, len(said)))
    said, before = said[same:], before[same:]
    costs: dict[int, float] = {n: n * _ADDED for n in range(min(WITHIN, len(said)) + 1)}
    for i, token in enumerate(before, 1):
        row: dict[int, float] = {}
        for j in range(max(0, i - WITHIN), min(len(said), i + WITHIN) + 1):
            missing = costs.get(j, math.inf) + _MISSING
            added = row.get(j - 1, math.inf) + _ADDED
            row[j] = min(missing, added)
            if j - 1 in costs:
                row[j] = min(row[j], costs[j - 1] + _other(token.key, said[j - 1].key))
        costs = row
    found = min(costs, key=lambda n: (costs[n], abs(n - len(before))), default=len(said))
    return same + found


def _other(one: str, other: str) -> int:
    """What it costs that a word has become another one, which it may have begun."""
    if one == other:
        return 0
    alike = _beginning(one, other)
    begun = alike == min(len(one), len(other)) or 2 * alike >= max(len(one), len(other))
    return _BEGUN if begun else _MISSING


def _beginning(one: Sequence[str], other: Sequence[str]) -> int:
    """How long the beginning is that both have."""
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def contains_phrase(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases occurs in `text`, word by word; one without words never does.

    Where a script does not separate words it may be anywhere, but for a single character, which
    is a part of too many words: that stands alone.
    """
    whole = plain(text)
    rest = _unbroken(whole)
    return any(_without(whole, rest, phrase) is not None for phrase in phrases)


def without_phrase(text: str, phrase: str) -> str:
    """The plain words of a text less the places where a phrase occurs, each of which is a space."""
    whole = plain(text)
    found = _without(whole, _unbroken(whole), phrase)
    return whole if found is None else found


def after_phrase(text: str, phrase: str) -> str | None:
    """The plain words after the last place where a phrase occurs; None where it does not."""
    whole, words, end, at = _unbroken(text), _phrase(phrase), -1, 0
    while words and (place := _find(whole, words, at)) >= 0:
        end = at = place + len(words)
    return whole[end:].strip() if end >= 0 else None


def _without(whole: str, unbroken: str, phrase: str) -> str | None:
    """None where it does not occur."""
    words, found, at = _phrase(phrase), "", 0
    if len(words) == 1 and _is_unbroken(words):
        found, times = re.subn(rf"(?:^|(?<= )){words}(?= |$)", " ", whole)
        return found if times else None
    while words and (place := _find(unbroken, words, at)) >= 0:
        found += unbroken[at:place] + " "
        at = place + len(words)
    return found + unbroken[at:] if at else None


def _find(text: str, words: str, at: int) -> int:
    """Where they next occur and are no part of other words; -1 for nowhere."""
    place = text.find(words, at)
    while place >= 0 and not (_may_part(text, place) and _may_part(text, place + len(words))):
        place = text.find(words, place + 1)
    return place


def _may_part(text: str, at: int) -> bool:
    """Whether a word may end here, and another begin."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    return not _SIGN.match(after) and (" " in (before, after) or _is_unbroken(before + after))


def last_character(text: str) -> str:
    """The last that is no quotation mark; a space where there is none."""
    return text.rstrip(" \"'”’)»」』）")[-1:] or " "


def is_question(text: str) -> bool:
    """Whether it ends with a question mark, whatever follows that is no word."""
    return _ASKS.search(text) is not None


def word_count(text: str) -> int:
    """Words in `text`; of a script that does not separate them the characters count, or some
    letters together.
    """
    return sum(1 if word.isascii() else _parts(word) for word in plain(text).split())


def units(text: str) -> list[str]:
    """Plain words; of a script that does not separate them each number, and what is between."""
    words = plain(text).split()
    return [u for w in words for u in (_UNIT.findall(w) if _is_unbroken(w) else [w])]


def length(words: list[str]) -> int:
    """How many plain words these are; `word_count` where a script does not separate them."""
    return sum(_parts(word) if _is_unbroken(word) else 1 for word in words)


def _parts(word: str) -> int:
    letters = len(_LETTERS.findall(_SIGN.sub("", word)))
    return max(1, len(_CHARACTERS.findall(word)) + -(-letters // LETTERS_A_WORD))


def _is_unbroken(text: str) -> bool:
    return bool(_WITHOUT_SPACES.search(text))
