"""Whatever the caller says, as it was said."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from parley.assistants.flows.values.base import Found, Value


@dataclass(frozen=True, slots=True)
class Text:
    """All the words; a recogniser must be able to give free text for it."""

    kind: ClassVar[str] = "text"
    keys_hint: ClassVar[str] = ""

    def find(self, text: str, today: date) -> tuple[Found, ...]:
        stripped = text.strip()
        if not any(map(str.isalnum, stripped)):
            return ()
        start = text.index(stripped)
        return (Found(stripped, start, start + len(stripped)),)

    def grammar(self, today: date) -> None:
        return None

    def spoken(self, value: Value, today: date) -> str:
        return str(value)

    def problem(self, value: Value, today: date) -> str:
        return ""

    def from_keys(self, keys: str, today: date) -> Value | None:
        return None
