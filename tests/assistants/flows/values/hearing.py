"""What a value type makes of a sentence."""

from datetime import date

from parley.assistants.flows.values import Value, ValueType

TODAY = date(2026, 11, 28)
"""A Saturday."""


def heard(kind: ValueType, text: str) -> list[Value]:
    """The values that a sentence holds, in the order spoken."""
    return [found.value for found in kind.find(text, TODAY)]


def spans(kind: ValueType, text: str) -> list[str]:
    """The words of the values."""
    return [text[found.start : found.end] for found in kind.find(text, TODAY)]


def phrases(text: str) -> list[str]:
    """One phrase a line."""
    return [line.strip() for line in text.strip().splitlines()]


def table(text: str) -> list[tuple[str, str]]:
    """One sentence a line, with what is found in it behind a bar."""
    rows = [line.partition("|") for line in phrases(text)]
    return [(said.strip(), value.strip()) for said, _, value in rows]
