"""A whole number, or a string of digits such as a telephone number."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values import numerals
from parley.assistants.flows.values.base import Found, Grammar, Value
from parley.assistants.flows.values.corrections import accepted
from parley.assistants.flows.values.tokens import tokens

_NOUNS_BEFORE_ONE = frozenset(
    """
    that this which first last the no any another each next other every some second third good
    same right wrong
    """.split()
)
_ALIASES = {"oh": 0, "o": 0}
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_FEW = {"none": 0, "nil": 0, "nought": 0, "couple": 2, "dozen": 12}


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `least` to `most`; with `digits`, a str of so many digits."""

    least: int = 0
    most: int = 999_999
    digits: int = 0

    kind: ClassVar[str] = "number"

    @property
    def keys_hint(self) -> str:
        if self.digits:
            return f"Key in the {numerals.say(self.digits)} digits."
        return "Key in the number."

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        heard = tokens(text)
        words = [token.word for token in heard]
        found: list[Found] = []
        at = 0
        while at < len(heard):
            read = self._read(words, at)
            if read is None:
                at += 1
                continue
            value, after = read
            found.append(Found(value, heard[at].start, heard[after - 1].end))
            at = after
        return accepted(text, found)

    def _read(self, words: list[str], at: int) -> tuple[Value, int] | None:
        if words[at] == "one" and _is_noun(words, at):
            return None
        dozens = None if self.digits else _dozens(words, at)
        if dozens:
            return dozens
        minus = words[at] in ("minus", "negative") and self.least < 0
        groups, after = _groups(words, at + minus)
        if not groups:
            few = _FEW.get(words[at])
            return (few, at + 1) if few is not None and not self.digits else None
        text = "".join(groups)
        if self.digits:
            return text, after
        return (-int(text) if minus else int(text)), after

    def grammar(self, today: date) -> Grammar:
        digit = {"digit": f"{' | '.join(numerals.UNITS[:10])} | /0.5/ oh"}
        if self.digits:
            digits = " ".join(["<digit>"] * self.digits)
            return Grammar(f"/3/ {digits} | <digit> <digit>+", digit)
        hundreds = " | /0.3/ <low> hundred [and <tens>]" if self.most > 99 else ""
        return Grammar(
            "/4/ <number> | /2/ [double] <digit>+",
            digit
            | {
                "number": f"/6/ <low> | /2/ <small> | <tens> | <tens> <low>{hundreds}",
                "small": " | ".join(numerals.UNITS),
                "tens": " | ".join(numerals.TENS),
                "low": " | ".join(numerals.UNITS[1:10]),
            },
        )

    def spoken(self, value: Value, today: date) -> str:
        if self.digits:
            return numerals.say_digits(str(value))
        return numerals.say(int(value))

    def problem(self, value: Value, today: date) -> str:
        if self.digits:
            if len(str(value)) == self.digits:
                return ""
            return f"I need {numerals.say(self.digits)} digits."
        if int(value) < self.least:
            return f"It must be at least {numerals.say(self.least)}."
        if int(value) > self.most:
            return f"It can be at most {numerals.say(self.most)}."
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        if not (keys.isascii() and keys.isdecimal()) or len(keys) > 15:
            return None
        return keys if self.digits else int(keys)


def _dozens(words: list[str], at: int) -> tuple[int, int] | None:
    """Read "half a dozen", "two dozen"."""
    if words[at : at + 3] == ["half", "a", "dozen"]:
        return 6, at + 3
    read = numerals.cardinal(words, at)
    if read is None or words[read[1] : read[1] + 1] != ["dozen"]:
        return None
    return 12 * read[0], read[1] + 1


def _is_noun(words: list[str], at: int) -> bool:
    """Whether the "one" at `at` stands for a thing: "that one", "the only one"."""
    return words[max(0, at - 1)] in _NOUNS_BEFORE_ONE or words[max(0, at - 2) : at] == [
        "the",
        "only",
    ]


def _groups(words: list[str], at: int) -> tuple[list[str], int]:
    """Digits of the numbers that follow each other from `at`, and the index after them."""
    groups: list[str] = []
    while at < len(words):
        times = _REPEATS.get(words[at], 1)
        begin = at + (times > 1)
        alias = _ALIASES.get(words[begin]) if begin < len(words) else None
        read = (alias, begin + 1) if alias is not None else numerals.cardinal(words, begin)
        if read is None or (times > 1 and read[0] > 9):
            break
        word = words[begin].replace(",", "")
        groups.append((word if word.isdecimal() else str(read[0])) * times)
        at = read[1]
    if groups == ["0"] and words[at - 1] in _ALIASES:
        return [], at
    return groups, at
