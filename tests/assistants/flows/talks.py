"""Conversations with a flow as lists of words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from parley.assistants.flows import Dialogue, Flow, problems
from parley.assistants.flows.state import Reply, Returned, Said, State

TODAY = date(2026, 11, 28)
"""A Saturday."""


def flow(**parts: Any) -> Flow:
    """A flow; one that is not valid fails the test."""
    made = Flow.model_validate(parts)
    assert problems(made) == []
    return made


@dataclass
class Talk:
    """A conversation with a flow. `tools` answer its calls."""

    flow: Flow
    tools: Mapping[str, Callable[..., str]] = field(default_factory=dict)
    agent: list[str] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dialogue = Dialogue(self.flow)
        self.state: State
        self._take(*self.dialogue.begin(TODAY))

    def _take(self, state: State, reply: Reply) -> None:
        self.state, self.reply = state, reply
        if reply.text:
            self.agent.append(reply.text)
        if reply.call:
            self.calls.append((reply.call.name, reply.call.arguments))
            if reply.call.name in self.tools:
                self.returns(self.tools[reply.call.name](**reply.call.arguments))

    def says(self, *texts: str, heard: bool = True) -> "Talk":
        for text in texts:
            self._take(*self.dialogue.step(self.state, Said(text, heard), TODAY))
        return self

    def returns(self, result: str, *, failed: bool = False) -> "Talk":
        self._take(*self.dialogue.step(self.state, Returned(result, failed), TODAY))
        return self

    @property
    def last(self) -> str:
        return self.agent[-1]

    @property
    def known(self) -> dict[str, str]:
        return self.dialogue.known(self.state, TODAY)


def talk(*texts: str, tools: Mapping[str, Callable[..., str]] | None = None, **parts: Any) -> Talk:
    return Talk(flow(**parts), tools or {}).says(*texts)
