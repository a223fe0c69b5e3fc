"""The chat-completions wire format, without I/O: request bodies and streamed answers.

The format is OpenAI's (https://platform.openai.com/docs/api-reference/chat-streaming);
what is tolerated here are deviations of the servers that call themselves compatible.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from parley.errors import (
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRequestError,
    ProviderTimeout,
    ProviderUnavailable,
)
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    LlmUsage,
    Message,
    ToolCall,
    ToolDefinition,
)

T = TypeVar("T")

LINE_LIMIT = 1 << 20
"""Bytes of one event; a longer one is garbage."""


def request_body(request: LlmRequest, model: str, max_tokens_field: str) -> dict[str, Any]:
    """The JSON body of a streaming request, without `stream_options`."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(m) for m in request.messages],
        "stream": True,
    }
    if request.tools:
        body["tools"] = [_tool(t) for t in request.tools]
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body[max_tokens_field] = request.max_tokens
    return body


def _message(message: Message) -> dict[str, Any]:
    entry: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.tool_calls:
        entry["content"] = message.text or None
        entry["tool_calls"] = [_past_call(c) for c in message.tool_calls]
    if message.tool_call_id is not None:
        entry["tool_call_id"] = message.tool_call_id
    return entry


def _past_call(call: ToolCall) -> dict[str, Any]:
    # Servers parse past arguments again, and an empty text is not JSON.
    function = {"name": call.name, "arguments": call.arguments or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _tool(tool: ToolDefinition) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}


def status_error(
    provider: str, status: int, detail: str = "", retry_after: float | None = None
) -> ProviderError:
    """What an HTTP status means; `detail` goes into the message."""
    what = f"HTTP status {status}{detail}"
    if status in (401, 403):
        remedy = "Check the key and its rights."
        return ProviderAuthError(provider, f"the key is not accepted ({what})", remedy=remedy)
    if status in (402, 429):
        what = f"too many requests, or a quota is used up ({what})"
        return ProviderRateLimited(provider, what, retry_after=retry_after)
    if status == 408:
        return ProviderTimeout(provider, f"it gave up waiting ({what})")
    if status >= 500:
        return ProviderUnavailable(provider, f"it is out of order ({what})")
    remedy = "Check the base URL, the name of the model and its settings."
    return ProviderRequestError(provider, f"it refuses the request ({what})", remedy=remedy)


@dataclass(slots=True)
class _Call:
    """A tool call while its pieces arrive."""

    index: int | None
    id: str
    name: str = ""
    arguments: str = ""

    @property
    def complete(self) -> bool:
        try:
            json.loads(self.arguments)
        except ValueError:
            return False
        return True


class AnswerDecoder:
    """Turns the bytes of one streamed answer into its parts.

    `receive` the body as it comes; after it call `end`. Text is passed on at once;
    tool calls and usage come with the end, when they are known to be whole. A refusal
    is the model's answer, so it is text; reasoning is not for the caller's ears and is
    dropped. An answer that was cut at its token limit ends like any other (`cut` says
    so), unless that broke a tool call.

    Raises ProviderProtocolError for what cannot be understood, ProviderUnavailable when
    the answer stops in the middle, ProviderRequestError when a content filter stopped
    it, and what the server itself reports in the stream.
    """

    def __init__(self, provider: str) -> None:
        self.done = False
        """The server has said that nothing more will come."""
        self._provider = provider
        self._buffer = bytearray()
        self._calls: list[_Call] = []
        self._usage: LlmUsage | None = None
        self._finish_reason = ""
        self._understood = False

    @property
    def cut(self) -> bool:
        """Whether the answer ended at its token limit."""
        return self._finish_reason == "length"

    def receive(self, data: bytes) -> list[LlmPart]:
        """The parts that `data` completes."""
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        if len(rest) > LINE_LIMIT:
            raise self._garbled("an event is longer than 1 MiB")
        return [part for line in lines for part in self._line(bytes(line))]

    def end(self) -> list[LlmPart]:
        """The parts that only the end of the body completes."""
        last = self._line(bytes(self._buffer))
        self._buffer.clear()
        if not self.done and not self._finish_reason:
            raise self._unfinished()
        if self.cut and self._calls and not self._calls[-1].complete:
            what = "the answer was cut at its token limit in the middle of a tool call"
            raise ProviderProtocolError(self._provider, what, remedy="Raise max_tokens.")
        if not all(call.name for call in self._calls):
            raise self._garbled("a tool call has no name")
        calls = [ToolCall(c.id, c.name, c.arguments) for c in self._calls]
        return [*last, *calls, *([self._usage] if self._usage else [])]

    def _unfinished(self) -> ProviderError:
        if self._understood:
            return ProviderUnavailable(self._provider, "the answer stopped in the middle")
        return self._garbled("it is not a stream of chat-completion events")

    def _line(self, line: bytes) -> list[LlmPart]:
        # Of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)
        # these streams use only one-line `data` fields; all else is to be ignored.
        if self.done or not line.startswith(b"data:"):
            return []
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
            return []
        try:
            chunk = json.loads(data)
        except ValueError:
            raise self._garbled("an event is not JSON") from None
        return self._chunk(self._a(dict, chunk, "an event"))

    def _chunk(self, chunk: Mapping[str, Any]) -> list[LlmPart]:
        if chunk.get("error"):
            raise self._reported(chunk["error"])
        if usage := chunk.get("usage"):
            self._usage = self._read_usage(self._a(dict, usage, "usage"))
        choices = self._a(list, chunk.get("choices") or [], "choices")
        return [
            part for choice in choices for part in self._choice(self._a(dict, choice, "a choice"))
        ]

    def _choice(self, choice: Mapping[str, Any]) -> list[LlmPart]:
        self._understood = True
        delta = self._a(dict, choice.get("delta") or {}, "a delta")
        texts = [self._text(delta.get(key), key) for key in ("content", "refusal")]
        for call in self._a(list, delta.get("tool_calls") or [], "tool_calls"):
            self._call_delta(self._a(dict, call, "a tool call"))
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        if self._finish_reason == "content_filter":
            raise ProviderRequestError(self._provider, "its content filter stopped the answer")
        return [LlmText(text) for text in texts if text]

    def _call_delta(self, delta: Mapping[str, Any]) -> None:
        function = self._a(dict, delta.get("function") or {}, "a function")
        name = self._text(function.get("name"), "a function's name")
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        call = self._call_for(delta.get("index"), str(delta.get("id") or ""), name)
        call.name = call.name or name
        call.arguments += self._text(arguments, "a function's arguments")

    def _call_for(self, index: int | None, given_id: str, name: str) -> _Call:
        """The call that a delta continues, or a new one.

        Servers leave out the index or always send 0, leave out the id, or repeat id and
        name with every piece. So an id decides where there is one; without one, a delta
        begins a call when it names a function though the call at its place has another
        name or is whole.
        """
        here = [c for c in self._calls if index is None or c.index == index]
        if given_id:
            here = [c for c in here if c.id == given_id]
        elif here and name and (name != here[-1].name or here[-1].complete):
            here = []
        if here:
            return here[-1]
        self._calls.append(_Call(index, given_id or f"call_{uuid.uuid4().hex[:24]}"))
        return self._calls[-1]

    def _read_usage(self, usage: Mapping[str, Any]) -> LlmUsage:
        return LlmUsage(
            self._a(int, usage.get("prompt_tokens") or 0, "prompt_tokens"),
            self._a(int, usage.get("completion_tokens") or 0, "completion_tokens"),
        )

    def _reported(self, error: object) -> ProviderError:
        fields = error if isinstance(error, dict) else {}
        code, kind = fields.get("code"), fields.get("type")
        if isinstance(code, int):
            return status_error(self._provider, code, " in the answer")
        if "rate_limit" in f"{code} {kind}":
            return status_error(self._provider, 429, " in the answer")
        return ProviderUnavailable(self._provider, "it reported an error in the answer")

    def _garbled(self, what: str) -> ProviderProtocolError:
        return ProviderProtocolError(self._provider, f"its answer cannot be understood: {what}")

    def _text(self, value: object, what: str) -> str:
        text = self._a(str, "" if value is None else value, what)
        if text.isascii():
            return text
        # JSON may hold half a character (a lone surrogate), which no UTF-8 can.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _a(self, kind: type[T], value: object, what: str) -> T:
        if isinstance(value, kind):
            return value
        raise self._garbled(f"{what} is a {type(value).__name__}")
