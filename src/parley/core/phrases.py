"""What words say about the floor."""

import re

ACKNOWLEDGEMENTS = (
    "mm-hmm", "mhm", "mm", "hm", "hmm", "uh-huh", "uh huh", "ah", "oh", "aha", "yeah", "yep", "yes",
    "ok", "okay", "right", "sure", "got it", "i see", "alright", "all right", "good", "great",
    "cool", "fine", "exactly", "true", "wow", "really", "i know", "of course",
)  # fmt: skip
"""What an English listener says without wanting the floor (continuers and assessments)."""

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

_NOT_A_WORD = re.compile(r"[^\w' \u0900-\u0963\u0966-\u097f]+")
"""The vowel signs of Devanagari are no letters to `re`."""


def plain(text: str) -> str:
    """Lower-case words with single spaces, without punctuation."""
    return " ".join(_NOT_A_WORD.sub(" ", text.lower()).split())


def is_acknowledgement(text: str, acknowledgements: tuple[str, ...]) -> bool:
    """Whether `text` consists of nothing but acknowledgements ("yeah, okay")."""
    return not _less_acknowledgements(text, acknowledgements)


def begins_acknowledgement(text: str, acknowledgements: tuple[str, ...]) -> bool:
    """Whether `text` may become nothing but acknowledgements when its last word is whole."""
    rest = _less_acknowledgements(text, acknowledgements)
    return bool(rest) and any(_begins(plain(a).split(), rest) for a in acknowledgements)


def _begins(phrase: list[str], words: list[str]) -> bool:
    """Whether a phrase begins with these words, the last of which may not be whole."""
    *whole, last = words
    here = phrase[len(whole) : len(whole) + 1]
    begun = len(last) > 1 and bool(here) and here[0].startswith(last)
    return phrase[: len(whole)] == whole and (here == [last] or begun)


def _less_acknowledgements(text: str, acknowledgements: tuple[str, ...]) -> list[str]:
    """The words that are left after the acknowledgements at the beginning."""
    known = {tuple(plain(a).split()) for a in acknowledgements}
    longest = max((len(k) for k in known), default=0)
    rest = plain(text).split()
    while rest:
        size = next((n for n in range(longest, 0, -1) if tuple(rest[:n]) in known), 0)
        if not size and not _joined(rest[0], {k[0] for k in known if len(k) == 1}):
            break
        del rest[: size or 1]
    return rest


def _joined(word: str, known: set[str]) -> bool:
    """Whether a script that does not separate words has written known ones in a row."""
    if not _wide(word):
        return False
    sizes = range(1, len(word) + 1)
    return any(word[:n] in known and (n == len(word) or _joined(word[n:], known)) for n in sizes)


def begins_with(text: str, beginning: str) -> bool:
    """Whether the words of `beginning` are the first of `text`."""
    return f"{plain(text)} ".startswith(f"{plain(beginning)} ")


def remainder(text: str, known: str) -> str:
    """What `text` has more than `known`, an earlier and maybe different version of it."""
    if text.startswith(known) and not known.isascii():
        return text[len(known) :].strip()
    return " ".join(text.split()[len(known.split()) :])


def contains_phrase(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases occurs in `text`, word by word; one without words never does."""
    padded = f" {plain(text)} "
    return any(f" {words} " in padded for phrase in phrases if (words := plain(phrase)))


def last_character(text: str) -> str:
    """The last that is no quotation mark; a space where there is none."""
    return text.rstrip(" \"'”’)")[-1:] or " "


def is_question(text: str) -> bool:
    """Whether it ends with a question mark, be it quoted."""
    return last_character(text) in "?？"


def word_count(text: str) -> int:
    """Words in `text`; a script that does not separate words counts by character."""
    return sum(1 if word.isascii() else max(1, _wide(word)) for word in plain(text).split())


def _wide(word: str) -> int:
    return sum(1 for c in word if "\u2e80" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7af")
