"""Typed values that a caller says: how they are found in words, listened for, spoken and keyed.

Nothing here reads a clock: `today` is an argument. A value type never raises on what a
caller said; it finds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Protocol

Value = str | int | bool
"""yes_no: bool; number: int (str of digits where their count is set); date: "2026-12-03";
time: "10:30" (24 h); name: "Anna Smith"; choice: the option's key; text: str."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value that a text holds, in the characters [start, end)."""

    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Grammar:
    """What to listen for, in JSGF.

    `top` is an expansion without a semicolon; `rules` are the named rules that it uses,
    name to expansion. `alone`: nothing else is to be listened for, not even hesitation.
    """

    top: str
    rules: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False


class ValueType(Protocol):
    """One kind of value, with its settings."""

    kind: ClassVar[str]
    """yes_no, number, date, time, name, choice or text."""

    @property
    def keys_hint(self) -> str:
        """How to give the value with the key-pad: a sentence; "" where it cannot help."""

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        """Find every value, in the order spoken, none overlapping.

        `text` is what a recogniser gave: words in lower case, or with capitals,
        punctuation and digits. What the caller refuses ("not tuesday") is left out.
        """

    def grammar(self, today: date) -> Grammar | None:
        """What to listen for; None where a grammar cannot help (free text)."""

    def spoken(self, value: Value, today: date) -> str:
        """Write a value as plain words for a voice; `find` reads them back."""

    def problem(self, value: Value, today: date) -> str:
        """Say why a value cannot be, in a sentence for the caller; "" if it can."""

    def from_keys(self, keys: str, today: date) -> Value | None:
        """Read a value from digits of the key-pad; None if they are none."""
