"""Words of what a recogniser gave, each with its place, however it writes them."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      \d{4}-\d{1,2}-\d{1,2}(?!\d)                 # 2026-12-03
    | \d{1,2}/\d{1,2}(?:/\d{2,4})?(?!\d)          # 12/3, 12/3/2026
    | \d{1,2}\.\d{1,2}\.\d{4}(?!\d)               # 3.12.2026
    | \d{1,2}[:.]\d{2}(?!\d)                      # 10:30
    | \d{1,3}(?:,\d{3})+(?!\d)                    # 1,200
    | \d+\.\d+(?!\d)                             # 1.5
    | \d+(?:st|nd|rd|th)\b                        # 3rd
    | \d+
    | [^\W\d_](?:\.[^\W\d_])+\b                   # p.m.
    | [^\W\d_]+(?:['’][^\W\d_]+)*                 # o'clock
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STOP = re.compile(r"[.,;:!?…]\s*$|\n|[–—]\s|\s-\s")


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, without dots ("pm"), at the characters [start, end).

    `capital`: it was written with one. `after_stop`: punctuation stands before it.
    """

    word: str
    start: int
    end: int
    capital: bool = False
    after_stop: bool = False


def tokens(text: str) -> tuple[Token, ...]:
    """Cut a text into words; hyphens separate them, apostrophes do not."""
    found: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(text):
        raw = match.group()
        word = raw.lower().replace("’", "'")
        if not word[0].isdecimal():
            word = word.replace(".", "")
        between = text[last : match.start()]
        stop = bool(found) and _STOP.search(between) is not None
        found.append(Token(word, match.start(), match.end(), raw[0].isupper(), stop))
        last = match.end()
    return tuple(found)


def words(text: str) -> tuple[str, ...]:
    """The words of a text alone."""
    return tuple(token.word for token in tokens(text))
