"""One of a few options, by what it is called or by its place in the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values import numerals
from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.corrections import accepted, correction
from parley.assistants.flows.values.date import Date
from parley.assistants.flows.values.time import Time
from parley.assistants.flows.values.tokens import Token, tokens, words

_SMALL_WORDS = frozenset(
    """
    a an the and or of for to in on at with by my your some any please just i i'd like want need
    would one is it's that this have get do me up
    """.split()
)
_COMMON_WORDS = _SMALL_WORDS | frozenset(
    """
    you we us he she they i'm i've i'll that's what what's when when's where where's who how
    which why are was were am be been do does did has had can could will should may not no yes
    yeah if so but there here out off about as by from than too very much all else more fine good
    okay ok great well right it call calling make time day today
    """.split()
)
_PLACES = frozenset("one option choice ones slot appointment time".split())
_ARTICLES = frozenset("a an the".split())
_AFTER_PLACE = frozenset("would is sounds please then thanks thank if".split())
_ONE_WORD = 0.3
"""Weight of a word of a phrase. It counts where no phrase is said, or as a correction."""

_SHARED = 0.2
"""Weight of a phrase of one word that other options have as well: "appointment"."""

_MOST_PLACES = 20
_LISTED = frozenset("option number choice".split())


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    weight: float
    key: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Options: key to phrases, in the order in which they are offered."""

    options: Mapping[str, Sequence[str]] = field(default_factory=dict)

    kind: ClassVar[str] = "choice"

    @property
    def keys_hint(self) -> str:
        """Name a key for each option, at most nine."""
        named = [
            f"{numerals.say(n)} for {self.spoken(key, date.min)}"
            for n, key in enumerate(list(self.options)[:9], 1)
        ]
        return f"Press {', '.join(named)}."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        heard = tokens(text)
        hits = [
            *self._named(heard),
            *self._typed(text, heard, today),
            *self._placed(heard),
        ]
        taken: list[_Hit] = []
        for hit in sorted(hits, key=lambda h: (-h.weight, h.start)):
            if all(hit.end <= other.start or other.end <= hit.start for other in taken):
                taken.append(hit)
        corrected = correction(text)
        best = max((hit.weight for hit in taken), default=0.0)
        least = next((w for w in (_ONE_WORD, _SHARED) if best > w), 0.0)
        found = [
            Found(hit.key, heard[hit.start].start, heard[hit.end - 1].end)
            for hit in sorted(taken, key=lambda h: h.start)
            if hit.weight > least or (corrected is not None and heard[hit.start].start >= corrected)
        ]
        return accepted(text, found)

    def _named(self, heard: Sequence[Token]) -> list[_Hit]:
        """Options whose phrases, or a telling word that no other option has, are said."""
        contents = [(k, _content(phrase)) for k, ways in self.options.items() for phrase in ways]
        owners: dict[str, set[str]] = {}
        for key, content in contents:
            for stem in content:
                owners.setdefault(stem, set()).add(key)
        hits: list[_Hit] = []
        for key, content in contents:
            shared = len(content) == 1 and len(owners[content[0]]) > 1
            hits += _matches(heard, content, key, _SHARED if shared else float(len(content)))
        for n, token in enumerate(heard):
            for stem, keys in owners.items():
                if len(keys) == 1 and token.word not in _COMMON_WORDS and _alike(token.word, stem):
                    hits.append(_Hit(n, n + 1, _ONE_WORD, next(iter(keys))))
        return hits

    def _typed(self, text: str, heard: Sequence[Token], today: date) -> list[_Hit]:
        """Options that are days or times, said in another form."""
        hits: list[_Hit] = []
        for kind in (Date(latest_days=3660), Time()):
            for said in kind.find(text, today):
                at = [n for n, token in enumerate(heard) if said.start <= token.start < said.end]
                hits += [
                    _Hit(at[0], at[-1] + 1, 0.9 * len(at), key)
                    for key, phrases in self.options.items()
                    if any(_means(kind, phrase, str(said.value), today) for phrase in phrases)
                ]
        return hits

    def _placed(self, heard: Sequence[Token]) -> list[_Hit]:
        """ "the first one", "option two", "the last"."""
        said = [token.word for token in heard]
        keys = list(self.options)
        hits: list[_Hit] = []
        for at, word in enumerate(said):
            if word in _LISTED:
                read = numerals.cardinal(said, at + 1)
                if read and 1 <= read[0] <= len(keys):
                    hits.append(_Hit(at, read[1], 0.8 * (read[1] - at), keys[read[0] - 1]))
                continue
            read = (len(keys), at + 1) if word == "last" else numerals.ordinal(said, at)
            if not read or not 1 <= read[0] <= len(keys) or said[at - 1 : at] == ["a"]:
                continue
            named = said[read[1]] if read[1] < len(said) else ""
            if named in _PLACES | _AFTER_PLACE or not named:
                end = read[1] + (named in _PLACES)
                hits.append(_Hit(at, end, 0.4 * (end - at), keys[read[0] - 1]))
        return hits

    def grammar(self, today: date) -> Grammar:
        phrases = dict.fromkeys(
            " ".join(words(phrase)) for phrases in self.options.values() for phrase in phrases
        )
        numbers = range(1, min(len(self.options), _MOST_PLACES) + 1)
        return Grammar(
            "/4/ <option> | /3/ <want> <option> | /0.5/ <place>",
            {
                "option": " | ".join(phrases),
                "place": "/3/ the <nth> [one] | the last [one] | /2/ number <n> | option <n>",
                "nth": " | ".join(numerals.say_ordinal(n) for n in numbers),
                "n": " | ".join(numerals.say(n) for n in numbers),
                "want": "i would like | i'd like | i would like to | i'd like to | i want to"
                " | i need to | i have to | i need | i want | can i | could i | can i have",
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        phrases = self.options.get(str(value), ())
        return phrases[0] if phrases else str(value)

    def problem(self, value: Value, today: date) -> str:
        return "" if value in self.options else "That is not one of the options."

    def from_keys(self, keys: str, today: date) -> Value | None:
        if not (keys.isascii() and keys.isdecimal()) or len(keys) > 3:
            return None
        if not 1 <= int(keys) <= len(self.options):
            return None
        return list(self.options)[int(keys) - 1]


def _content(phrase: str) -> list[str]:
    """The stems of a phrase's words without the small ones, unless it has no others that tell."""
    said = words(phrase)
    passed_over = _ARTICLES if _COMMON_WORDS.issuperset(said) else _SMALL_WORDS
    return [_stem(word) for word in said if word not in passed_over] or list(map(_stem, said))


def _stem(word: str) -> str:
    """What a word shares with its other forms: "moving" and "move", "hours" and "hour"."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("ing"):
        word = word[:-3]
        word = word[:-1] if word[-1] == word[-2] else word
    elif len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _alike(word: str, stem: str) -> bool:
    """Whether a word is the stem, or differs from it by one letter of five or more."""
    word = _stem(word)
    if word == stem:
        return True
    if min(len(word), len(stem)) < 5 or abs(len(word) - len(stem)) > 1:
        return False
    short, long = sorted((word, stem), key=len)
    at = next((n for n, c in enumerate(short) if c != long[n]), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def _matches(heard: Sequence[Token], content: list[str], key: str, weight: float) -> list[_Hit]:
    """Places where all of a phrase's words are said in order, small words between them."""
    hits: list[_Hit] = []
    for start in range(len(heard)):
        at = start
        for stem in content:
            while at > start and at < len(heard) and heard[at].word in _COMMON_WORDS:
                if _alike(heard[at].word, stem):
                    break
                at += 1
            if at >= len(heard) or not _alike(heard[at].word, stem):
                break
            at += 1
        else:
            hits.append(_Hit(start, at, weight, key))
    return hits


def _means(kind: Date | Time, phrase: str, said: str, today: date) -> bool:
    """Whether a phrase is nothing but this day or time."""
    wanted = kind.find(phrase, today)
    if len(wanted) != 1 or not _same(said, str(wanted[0].value)):
        return False
    rest = words(phrase[: wanted[0].start]) + words(phrase[wanted[0].end :])
    return all(word in _SMALL_WORDS for word in rest)


def _same(said: str, wanted: str) -> bool:
    if ":" not in wanted:
        return said == wanted
    hours = [int(each.split(":")[0]) % 12 for each in (said, wanted)]
    return hours[0] == hours[1] and said[-2:] == wanted[-2:]
