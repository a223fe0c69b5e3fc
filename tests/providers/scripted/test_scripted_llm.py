"""Scripted answers on the loop's clock."""

import asyncio

import pytest

from parley.errors import ConfigurationError, ProviderError, ProviderUnavailable
from parley.providers.protocols import (
    LanguageModel,
    LlmPart,
    LlmRequest,
    LlmText,
    LlmUsage,
    Message,
    ToolCall,
)
from parley.providers.scripted import (
    Answer,
    CallTool,
    Fail,
    Garbage,
    RepliesLlm,
    ScriptedLlm,
    Stall,
)
from parley.runtime.vtime import run_virtual

HELLO = LlmRequest([Message("system", "Be kind."), Message("user", "Hello")])

GONE = ProviderUnavailable("x", "gone")

Timeline = list[tuple[float, LlmPart | ProviderError | None]]


def timeline(llm: LanguageModel, request: LlmRequest = HELLO) -> Timeline:
    """What one answer gives and when, in seconds from the request; None after an hour."""
    seen: Timeline = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(3600):
                async for part in llm.stream(request):
                    seen.append((round(loop.time(), 6), part))
        except ProviderError as error:
            seen.append((round(loop.time(), 6), error))
        except TimeoutError:
            seen.append((round(loop.time(), 6), None))

    run_virtual(main())
    return seen


def test_an_answer_arrives_token_by_token() -> None:
    llm = ScriptedLlm([Answer("Hello there. How?", first_token_s=0.2, tokens_per_s=80)])
    assert timeline(llm) == [
        (0.2, LlmText("Hello ")),
        (0.2125, LlmText("there. ")),
        (0.225, LlmText("How?")),
    ]
    assert llm.requests == [HELLO]


def test_without_times_everything_arrives_at_once() -> None:
    llm = ScriptedLlm([Answer(" a b", usage=LlmUsage(3, 2))])
    assert timeline(llm) == [(0, LlmText(" a ")), (0, LlmText("b")), (0, LlmUsage(3, 2))]


def test_a_computed_answer() -> None:
    llm = ScriptedLlm([Answer(lambda request: f"You said {request.messages[-1].text}")])
    assert "".join(p.text for _, p in timeline(llm) if isinstance(p, LlmText)) == "You said Hello"


def test_steps_come_one_after_the_other_and_then_the_last_one_for_ever() -> None:
    llm = ScriptedLlm(["One", "Two"], then="More")
    texts = [timeline(llm)[0][1] for _ in range(4)]
    assert texts == [LlmText("One"), LlmText("Two"), LlmText("More"), LlmText("More")]
    llm.assert_finished()


def test_a_tool_call() -> None:
    llm = ScriptedLlm([CallTool("book", '{"n": 1}', first_token_s=0.3), CallTool("end", id="x")])
    assert timeline(llm) == [(0.3, ToolCall("call_0", "book", '{"n": 1}'))]
    assert timeline(llm) == [(0, ToolCall("x", "end", "{}"))]


def test_text_and_parallel_tool_calls() -> None:
    llm = ScriptedLlm([Answer("One moment.", 0.1, 10, calls=[CallTool("a"), CallTool("b")])])
    assert timeline(llm) == [
        (0.1, LlmText("One ")),
        (0.2, LlmText("moment.")),
        (0.3, ToolCall("call_0", "a", "{}")),
        (0.3, ToolCall("call_1", "b", "{}")),
    ]


def test_a_failure_in_the_middle() -> None:
    llm = ScriptedLlm([Fail(GONE, after_s=1.5, text="And then")])
    assert timeline(llm) == [(0, LlmText("And ")), (0, LlmText("then")), (1.5, GONE)]


def test_a_failure_at_once() -> None:
    assert timeline(ScriptedLlm([Fail(GONE)])) == [(0, GONE)]


def test_a_stall_gives_nothing_more_for_ever() -> None:
    llm = ScriptedLlm([Stall(text="And")])
    assert timeline(llm) == [(0, LlmText("And")), (3600, None)]
    llm.assert_finished()


def test_garbage_is_given_as_it_is() -> None:
    parts = [LlmText(""), ToolCall("", "", "{"), LlmUsage(-1, 0)]
    assert [p for _, p in timeline(ScriptedLlm([Garbage(parts)]))] == parts


# Replies


def said(*turns: str) -> LlmRequest:
    return LlmRequest([Message("user", turn) for turn in turns])


def reply(llm: RepliesLlm, request: LlmRequest) -> str:
    return "".join(p.text for _, p in timeline(llm, request) if isinstance(p, LlmText))


def test_replies_follow_the_callers_turns() -> None:
    llm = RepliesLlm(["I heard: {transcript}.", "Goodbye."])
    assert reply(llm, said()) == "I heard: ."
    assert reply(llm, said("one {x}")) == "I heard: one {x}."
    assert reply(llm, said("one", "two")) == "Goodbye."
    assert reply(llm, said("one", "two", "three")) == "Goodbye."
    assert reply(llm, said("one")) == "I heard: one."


def test_replies_serve_any_number_of_calls_and_need_nothing() -> None:
    async def main() -> None:
        await llm.warm()
        both = [llm.stream(said("a")), llm.stream(said("b"))]
        assert [await anext(answer) for answer in both] == [LlmText("a "), LlmText("b ")]
        await llm.aclose()

    llm = RepliesLlm(["{transcript} it is"])
    run_virtual(main())


def test_no_replies_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        RepliesLlm([])
