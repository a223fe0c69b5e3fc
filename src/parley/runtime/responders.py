"""What answers the caller."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from parley.core.history import INTERRUPTED, Line
from parley.providers.protocols import (
    LanguageModel,
    LlmRequest,
    LlmText,
    LlmUsage,
    Message,
    ToolCall,
    ToolDefinition,
)
from parley.runtime.closing import closing
from parley.runtime.voicenotes import voice_note

NOTE = "note"
"""`Line.who` of what nobody said, but a stage has the model know."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """What is to be answered. `reply` never comes twice; `attempt` counts from 1."""

    reply: int
    attempt: int
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A piece of the answer, in order; `tokens` of a language model made it, about."""

    text: str
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call is to end once this answer was heard."""


@dataclass(frozen=True, slots=True)
class MustBeHeard:
    """This answer is not to be interrupted: a legal disclosure. The first part of it."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was taken from the caller's words; fields as in `parley.core.events.ReplyUnderstood`."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Expects:
    """What the answer asks the caller; fields as in `parley.core.events.ReplyExpects`."""

    kind: str = ""
    question: str = ""
    grammar: str = ""
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """What the answer cost, in tokens; the last part of it."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """Somebody else answers from the next turn on; `to` names who."""

    to: str


ReplyPart = ReplyText | ToolCall | MustBeHeard | Understood | Expects | HandOver | HangUp | Used


class Responder(Protocol):
    """Answers one call's turns.

    A reply may be speculative: `promoted` says that it became part of the call,
    `withdrawn` that it never happened. Raises ProviderError and nothing else.
    """

    def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]: ...

    def promoted(self, reply: int) -> None: ...

    def withdrawn(self, reply: int) -> None: ...


class ModelResponder:
    """A language model with instructions and tools."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        instructions: str = "",
        tools: Sequence[ToolDefinition] = (),
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self._model = model
        self._instructions = instructions
        self._tools = tools
        self._temperature = temperature
        self._max_tokens = max_tokens

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        asked = LlmRequest(
            messages=messages(self._instructions, request.lines),
            tools=self._tools,
            temperature=self._temperature,
            max_tokens=self._max_tokens,
        )
        async with closing(self._model.stream(asked)) as parts:
            async for part in parts:
                if isinstance(part, LlmText):
                    yield ReplyText(part.text, tokens=1)
                elif isinstance(part, ToolCall):
                    yield part
                elif isinstance(part, LlmUsage):
                    yield Used(part.input_tokens, part.output_tokens)

    def promoted(self, reply: int) -> None:
        """A model keeps no state of its own."""

    def withdrawn(self, reply: int) -> None:
        """A model keeps no state of its own."""


class HandingOver:
    """Responders that hand the call over to each other, each with the whole conversation.

    A hand-over counts once the reply that holds it was promoted, unless it is withdrawn.
    """

    def __init__(self, first: Responder, others: Mapping[str, Responder]) -> None:
        self._others = others
        self._now = first
        self._asked: dict[int, Responder] = {}
        self._next: dict[int, Responder] = {}
        self._promoted: set[int] = set()

    async def respond(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        asked = self._asked[request.reply] = self._asked.get(request.reply, self._now)
        if request.reply in self._promoted:
            asked.promoted(request.reply)
        async with closing(asked.respond(request)) as parts:
            async for part in parts:
                if isinstance(part, HandOver):
                    self._next[request.reply] = self._others[part.to]
                    self._hand_over(request.reply)
                else:
                    yield part

    def promoted(self, reply: int) -> None:
        self._promoted.add(reply)
        if reply in self._asked:
            self._asked[reply].promoted(reply)
        self._hand_over(reply)

    def withdrawn(self, reply: int) -> None:
        self._promoted.discard(reply)
        if asked := self._asked.get(reply):
            asked.withdrawn(reply)
            if self._next.pop(reply, None):
                self._now = asked

    def _hand_over(self, reply: int) -> None:
        if reply in self._promoted and reply in self._next:
            self._now = self._next[reply]


def messages(instructions: str, lines: Sequence[Line]) -> list[Message]:
    """The conversation in the form that language models take."""
    found = [Message("system", instructions)] if instructions else []
    for line in lines:
        if line.voice is not None and (note := voice_note(line.voice)):
            found.append(Message("system", note))
        if line.who in (NOTE, "caller"):
            role: Literal["system", "user"] = "system" if line.who == NOTE else "user"
            found.append(Message(role, line.text))
            continue
        calls = [ToolCall(t.call, t.name, t.arguments) for t in line.tools]
        text = f"{line.text} {INTERRUPTED}".strip() if line.interrupted else line.text
        found.append(Message("assistant", text, tool_calls=calls))
        found += [Message("tool", t.result, tool_call_id=t.call) for t in line.tools]
    return found
