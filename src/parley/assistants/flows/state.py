"""What passes in and out of a step of a flow: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Said:
    """The caller's turn.

    `heard`: whether the question was heard to its end before it; `asked`: whether any of it
    can have been heard.
    """

    text: str
    heard: bool = True
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Returned:
    """What the tool that was called has returned, or why it failed."""

    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Began:
    """The caller listens; nothing was said yet."""


Turn = Said | Returned | Began

Awaits = Literal["answer", "correction", "result", "nothing"]
"""An answer to the node's question; after a plain no, what is wrong; a tool's result."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the flow stands.

    `misses`: how often in a row the caller was not understood. `refused`: what slots are
    not, as the caller said.
    """

    node: str
    values: Mapping[str, Any] = field(default_factory=dict)
    awaits: Awaits = "answer"
    misses: int = 0
    question: str = ""
    refused: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to be called."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the agent does next: says `text`, then calls, hands over, ends, or listens."""

    text: str = ""
    call: Call | None = None
    hand_over: str = ""
    ends: bool = False
    must_be_heard: bool = False
