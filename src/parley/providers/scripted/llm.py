"""Language models that need no model."""

import asyncio
import itertools
import math
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from parley.errors import ConfigurationError
from parley.providers.protocols import LlmPart, LlmRequest, LlmText, LlmUsage, ToolCall
from parley.providers.scripted.script import Fail, Garbage, Scripted, Stall


@dataclass(frozen=True, slots=True)
class CallTool:
    """Ask for a tool; `arguments` is a JSON text."""

    name: str
    arguments: str = "{}"
    id: str = ""
    first_token_s: float = 0.0
    expects: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with a text, then with tool calls, then with usage.

    The first token (a word with the space after it) takes `first_token_s`, each further
    one 1 / `tokens_per_s`. `text` may be computed from the request. `expects` is a part
    of the last user message, or a function of the request that must not be false.
    """

    text: str | Callable[[LlmRequest], str]
    first_token_s: float = 0.0
    tokens_per_s: float = math.inf
    calls: Sequence[CallTool] = ()
    usage: LlmUsage | None = None
    expects: str | Callable[[LlmRequest], object] | None = None


LlmStep = str | Answer | CallTool | Fail | Stall | Garbage


class ScriptedLlm(Scripted):
    """Answers each request with the next step; a plain string is an `Answer`.

    `then`, where given, answers all requests after the last step.
    """

    def __init__(
        self, steps: Sequence[LlmStep], *, then: LlmStep | None = None, name: str = "scripted"
    ) -> None:
        super().__init__(name)
        self.requests: list[LlmRequest] = []
        self._steps = deque(steps)
        self._then = then
        self._call_ids = itertools.count()

    def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request: the step is taken when the iteration begins."""
        return self.perform(self._plan(request))

    def left(self) -> Sequence[object]:
        return self._steps

    def _plan(self, request: LlmRequest) -> Iterator[tuple[float, LlmPart | Fail | Stall]]:
        self.requests.append(request)
        said = last_user_text(request)
        step = self._steps.popleft() if self._steps else self._then
        if step is None:
            raise self.refuse(f"request {len(self.requests)} is one too many: {said!r}")
        if isinstance(step, str):
            step = Answer(step)
        self.check(step.expects, request, said)
        if isinstance(step, CallTool):
            step = Answer("", first_token_s=step.first_token_s, calls=[step])
        if isinstance(step, Answer):
            yield from self._answer(step, request)
        elif isinstance(step, Garbage):
            yield from ((0.0, part) for part in step.parts)
        else:
            yield from ((0.0, LlmText(token)) for token in tokens(step.text))
            yield step.after_s, step

    def _answer(self, answer: Answer, request: LlmRequest) -> Iterator[tuple[float, LlmPart]]:
        text = answer.text(request) if callable(answer.text) else answer.text
        delay_s = answer.first_token_s
        for token in tokens(text):
            yield delay_s, LlmText(token)
            delay_s = 1 / answer.tokens_per_s
        for call in answer.calls:
            call_id = call.id or f"call_{next(self._call_ids)}"
            yield delay_s, ToolCall(call_id, call.name, call.arguments)
            delay_s = 0.0
        if answer.usage:
            yield 0.0, answer.usage


class RepliesLlm:
    """Answers the caller's n-th turn with the n-th of `replies`, later ones with the last.

    `{transcript}` in a reply stands for what the caller said. Needs no model, keeps
    nothing, and serves any number of calls.
    """

    def __init__(self, replies: Sequence[str], name: str = "scripted") -> None:
        if not replies:
            raise ConfigurationError("the scripted model has no replies", remedy="Give one.")
        self.name = name
        self._replies = replies

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        """Answer one request."""
        turns = sum(1 for m in request.messages if m.role == "user")
        reply = self._replies[min(max(turns, 1), len(self._replies)) - 1]
        for token in tokens(reply.replace("{transcript}", last_user_text(request))):
            await asyncio.sleep(0)
            yield LlmText(token)


def tokens(text: str) -> list[str]:
    """`text` in pieces like a model's: words with the space after them."""
    return re.findall(r"\s*\S+\s*", text)


def last_user_text(request: LlmRequest) -> str:
    """What the caller said last; empty before they have said anything."""
    return next((m.text for m in reversed(request.messages) if m.role == "user"), "")
