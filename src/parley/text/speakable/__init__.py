"""Written text as words that any voice reads well.

>>> speakable("**Dr. Smith** sees you at 10:30 on 12/3.").text
'Doctor Smith sees you at ten thirty on December third.'
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from parley.text.speakable.draft import Alignment, Draft, Range
from parley.text.speakable.markup import close_gaps, strip_markup
from parley.text.speakable.rules import Language

__all__ = ["Alignment", "Range", "Speakable", "language", "speakable"]


class Rewritten(Protocol):
    """What somebody has already made of a text; the alignment may have gaps."""

    @property
    def text(self) -> str: ...
    @property
    def alignment(self) -> tuple[tuple[Range, Range], ...]: ...


@dataclass(frozen=True, slots=True)
class Speakable:
    """What a voice is to say.

    `alignment`: pairs of (spoken range, source range) that cover both texts, in order. Where
    both ranges hold the same text, its characters stand for each other one by one.
    """

    text: str
    alignment: tuple[tuple[Range, Range], ...]


def speakable(source: str, tag: str = "en", *, rewritten: Rewritten | None = None) -> Speakable:
    """Say how `source` is read aloud in the language of a BCP 47 tag.

    Markup is left out. Numbers, times, dates, money, addresses and abbreviations become words
    where the language is known. `rewritten` is what is read instead of the source; the
    alignment leads back to the source all the same. It never raises, whatever the text.
    """
    if rewritten is None:
        draft = Draft(source)
    else:
        draft = Draft.rewritten(source, rewritten.text, rewritten.alignment)
    strip_markup(draft)
    spelling = language(tag)
    if spelling is not None:
        spelling.rewrite(draft)
    close_gaps(draft)
    return Speakable(draft.text, draft.alignment())


def language(tag: str) -> Language | None:
    """The language of a BCP 47 tag; None where nobody has written it down yet."""
    name, *rest = tag.replace("_", "-").split("-")
    region = next((part for part in rest if len(part) == 2), "")
    load = _LANGUAGES.get(name.lower())
    return load(region.upper()) if load else None


def _english(region: str) -> Language:
    from parley.text.speakable.english import english  # its patterns take a while to compile

    return english(region)


_LANGUAGES: dict[str, Callable[[str], Language]] = {"en": _english}
