"""What a model is told, and what of its answer counts."""

from typing import Any

import pytest
from support import run_cleanly

from parley.core.history import INTERRUPTED, Line, ToolUse
from parley.errors import ProviderUnavailable
from parley.providers.protocols import LlmText, LlmUsage, Message, ToolCall, ToolDefinition
from parley.providers.scripted import Answer, CallTool, Fail, Garbage, ScriptedLlm
from parley.runtime.closing import closing
from parley.runtime.responders import (
    NOTE,
    ModelResponder,
    ReplyRequest,
    ReplyText,
    Used,
    messages,
)

BOOK = ToolDefinition("book", "Books.", {"type": "object"})


def told(*lines: Line, instructions: str = "") -> list[Message]:
    return messages(instructions, lines)


def test_a_conversation_in_messages() -> None:
    found = told(Line("agent", "Hello."), Line("caller", "Hi."), instructions="Be nice.")
    assert [(m.role, m.text) for m in found] == [
        ("system", "Be nice."),
        ("assistant", "Hello."),
        ("user", "Hi."),
    ]


def test_without_instructions_there_is_no_system_message() -> None:
    assert told(Line("caller", "Hi.")) == [Message("user", "Hi.")]


def test_a_note_is_told_as_such() -> None:
    assert told(Line(NOTE, "It is noon.")) == [Message("system", "It is noon.")]


def test_an_interruption_is_told() -> None:
    (message,) = told(Line("agent", "It costs", interrupted=True))
    assert message.text == f"It costs {INTERRUPTED}"
    (unheard,) = told(Line("agent", "", interrupted=True))
    assert unheard.text == INTERRUPTED


def test_tool_calls_and_results_stay_together() -> None:
    use = ToolUse("7-a", "book", "{}", "done")
    found = told(Line("agent", "One moment.", tools=(use, ToolUse("7-b", "book", "{}", "failed"))))
    call, first, second = found
    assert (call.role, call.text) == ("assistant", "One moment.")
    assert [c.id for c in call.tool_calls] == ["7-a", "7-b"]
    assert [(m.role, m.text, m.tool_call_id) for m in (first, second)] == [
        ("tool", "done", "7-a"),
        ("tool", "failed", "7-b"),
    ]


def answer(llm: ScriptedLlm, **settings: Any) -> list[object]:
    responder = ModelResponder(llm, **settings)

    async def main() -> list[object]:
        request = ReplyRequest(1, 1, [Line("caller", "Hi.")])
        return [part async for part in responder.respond(request)]

    return run_cleanly(main())


def test_text_tool_calls_and_their_cost_count() -> None:
    step = Answer("Well, now.", calls=[CallTool("book", id="a")], usage=LlmUsage(1, 2))
    assert answer(ScriptedLlm([step])) == [
        ReplyText("Well, ", tokens=1),
        ReplyText("now.", tokens=1),
        ToolCall("a", "book", "{}"),
        Used(1, 2),
    ]


def test_what_is_neither_is_left_out() -> None:
    assert answer(ScriptedLlm([Garbage([None, object(), LlmText("Yes.")])])) == [
        ReplyText("Yes.", tokens=1)
    ]


def test_the_model_is_asked_as_it_was_set() -> None:
    llm = ScriptedLlm(["Yes."])
    answer(llm, instructions="Be brief.", tools=[BOOK], temperature=0.3, max_tokens=90)
    (request,) = llm.requests
    assert [m.role for m in request.messages] == ["system", "user"]
    assert (request.tools, request.temperature, request.max_tokens) == ([BOOK], 0.3, 90)


def test_its_failure_is_passed_on() -> None:
    gone = ProviderUnavailable("llm", "gone")
    with pytest.raises(ProviderUnavailable, match="gone"):
        answer(ScriptedLlm([Fail(gone, text="Well, ")]))


def test_an_answer_that_is_broken_off_stops_the_model() -> None:
    llm = ScriptedLlm([Answer("One two three.", tokens_per_s=10)])
    responder = ModelResponder(llm)

    async def main() -> int:
        request = ReplyRequest(1, 1, [Line("caller", "Hi.")])
        async with closing(responder.respond(request)) as parts:
            async for _ in parts:
                break
        responder.promoted(1)
        responder.withdrawn(1)
        return llm.active

    assert run_cleanly(main()) == 0
