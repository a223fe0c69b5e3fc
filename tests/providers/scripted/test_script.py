"""What scripted providers say about a script that was not followed."""

import asyncio

import pytest

from parley.errors import ParleyError, ProviderTimeout
from parley.providers.protocols import LlmPart, LlmRequest, LlmText, Message
from parley.providers.scripted import Answer, Fail, Garbage, ScriptedLlm, Stall, UnexpectedCall
from parley.runtime.vtime import run_virtual

HELLO = LlmRequest([Message("user", "Hello, is anybody there?")])


def answer(llm: ScriptedLlm, request: LlmRequest = HELLO) -> list[LlmPart]:
    async def collect() -> list[LlmPart]:
        return [part async for part in llm.stream(request)]

    return run_virtual(collect())


def test_a_script_that_was_followed() -> None:
    with ScriptedLlm(["Hi."]) as llm:
        assert answer(llm) == [LlmText("Hi.")]
    llm.assert_finished()


def test_steps_that_never_came_are_listed() -> None:
    llm = ScriptedLlm(["One.", "Two.", Stall(after_s=3.0)])
    answer(llm)
    with pytest.raises(UnexpectedCall, match=r"scripted: never asked for: 'Two\.', Stall\(") as e:
        llm.assert_finished()
    assert isinstance(e.value, ParleyError)
    assert isinstance(e.value, AssertionError)


def test_leaving_the_block_with_steps_left_raises() -> None:
    with pytest.raises(UnexpectedCall), ScriptedLlm(["One."], name="brain"):
        pass


def test_an_error_within_the_block_is_not_hidden() -> None:
    with pytest.raises(KeyError), ScriptedLlm(["One."]):
        raise KeyError


def test_one_call_too_many_is_refused_and_remembered() -> None:
    llm = ScriptedLlm(["One."])
    answer(llm)
    with pytest.raises(UnexpectedCall, match="request 2 is one too many: 'Hello, is"):
        answer(llm)
    # A shell may have taken the refusal for a failure of the provider: it is told again.
    with pytest.raises(UnexpectedCall, match="request 2"):
        llm.assert_finished()


@pytest.mark.parametrize(
    "step",
    [
        Answer("Hi.", expects="anybody"),
        Answer("Hi.", expects=lambda request: len(request.messages) == 1),
        Answer("Hi.", expects=lambda request: None),
        Garbage([LlmText("Hi.")], expects="Hello"),
    ],
)
def test_an_expectation_that_is_met(step: Answer) -> None:
    with ScriptedLlm([step]) as llm:
        assert answer(llm) == [LlmText("Hi.")]


def test_an_expected_word_that_is_missing() -> None:
    llm = ScriptedLlm([Answer("Hi.", expects="goodbye")])
    with pytest.raises(UnexpectedCall, match="expected 'goodbye' in 'Hello, is anybody there"):
        answer(llm)
    with pytest.raises(UnexpectedCall, match="goodbye"):
        llm.assert_finished()


def test_a_condition_that_is_false_or_fails() -> None:
    def one_message(request: LlmRequest) -> None:
        assert len(request.messages) == 2, "two messages"

    for expects in (one_message, lambda request: False):
        llm = ScriptedLlm([Fail(ProviderTimeout("x", "late"), expects=expects)])
        with pytest.raises(UnexpectedCall, match="did not expect LlmRequest"):
            answer(llm)


def test_warming_and_closing_are_counted() -> None:
    async def main() -> None:
        await llm.warm()
        await llm.warm()
        await llm.aclose()

    llm = ScriptedLlm([])
    run_virtual(main())
    assert (llm.warmed, llm.closed) == (2, 1)


def test_active_counts_the_answers_under_way() -> None:
    async def main() -> None:
        streams = [llm.stream(HELLO), llm.stream(HELLO)]
        assert llm.active == 0
        for stream in streams:
            await anext(stream)
        assert llm.active == 2
        await streams[0].aclose()  # type: ignore[attr-defined]
        assert llm.active == 1
        waiting = asyncio.ensure_future(anext(streams[1]))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert llm.active == 0

    llm = ScriptedLlm(["One two.", Stall(text="One")])
    run_virtual(main())
