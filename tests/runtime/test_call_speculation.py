"""A reply is begun before the turn has ended, and is heard only if it was wanted."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from callers import Script, ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry
from voices import tts

from parley.core import actions as act
from parley.core import events as ev
from parley.providers.protocols import LlmPart, LlmRequest, LlmText, LlmUsage
from parley.providers.scripted import Answer, CallTool, Final, Partial, ScriptedLlm, ScriptedStt

WAIT_S = SETTINGS.turns.wait_s
FINALIZE_S = SETTINGS.turns.finalize_after_s
FRAME_S = 0.02


async def one_question(caller: ScriptedCaller) -> None:
    await caller.quiet(1.0)
    await caller.say(1.0)
    await caller.listen()


def response_s(call: Carried) -> float:
    return call.caller.silence_after(call.caller.spoke[-1][1])


@pytest.mark.parametrize("generation_s", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0])
def test_waiting_costs_nothing_while_a_reply_is_made(generation_s: float) -> None:
    llm = ScriptedLlm([Answer("It is noon.", first_token_s=generation_s)])
    call = carry(an_agent(stt=ScriptedStt(["when"]), llm=llm), ScriptedCaller(one_question))
    assert response_s(call) == pytest.approx(max(WAIT_S, FINALIZE_S + generation_s), abs=0.03)


def test_both_engines_work_while_the_turn_is_awaited() -> None:
    llm = ScriptedLlm([Answer("It is noon.", first_token_s=0.1, tokens_per_s=50)])
    agent = an_agent(stt=ScriptedStt(["when"]), llm=llm, voice=tts(first_byte_s=0.15))
    call = carry(agent, ScriptedCaller(one_question))
    assert response_s(call) == pytest.approx(WAIT_S, abs=0.01)
    assert [r.outcome for r in call.memory.actions(act.ReplyEnded)] == ["done", "done"]


# The caller goes on


async def hesitant(caller: ScriptedCaller) -> None:
    """Two parts of one sentence, with a pause that is shorter than the end of a turn."""
    await caller.quiet(1.0)
    await caller.say(0.8)
    await caller.quiet(0.36)
    await caller.say(0.8)
    await caller.listen()


PARTS = ["I would like", "a pizza please"]
WHOLE = "I would like a pizza please"


def test_a_reply_to_half_a_sentence_is_never_heard() -> None:
    voice = tts()
    with ScriptedLlm(["What is it?", Answer("Coming up.", expects=WHOLE)]) as llm:
        call = carry(
            an_agent(stt=ScriptedStt(PARTS), llm=llm, voice=voice), ScriptedCaller(hesitant)
        )
    assert call.caller.text == "Hello.Coming up."
    assert voice.texts == ["What is it?", "Coming up."]
    assert call.lines == [("agent", "Hello."), ("caller", WHOLE), ("agent", "Coming up.")]
    outcomes = [(r.outcome, r.heard) for r in call.memory.actions(act.ReplyEnded)]
    assert outcomes == [("done", "Hello."), ("cancelled", ""), ("done", "Coming up.")]


MANY = "What would you like to order today? We have pizza. We have soup. We have salad."


def test_of_a_reply_that_is_held_only_the_beginning_is_synthesised() -> None:
    voice = tts()
    llm = ScriptedLlm([MANY, "Coming up."])
    carry(an_agent(stt=ScriptedStt(PARTS), llm=llm, voice=voice), ScriptedCaller(hesitant))
    assert voice.texts == ["What would you like to order today?", "Coming up."]


@pytest.mark.parametrize("opening", ["Fine.", "What would you like to order today?"])
def test_the_rest_is_heard_without_a_gap_when_it_is_wanted(opening: str) -> None:
    llm = ScriptedLlm([f"{opening} We have pizza. We have soup. We have salad."])
    voice = tts(first_byte_s=0.3)
    agent = an_agent(stt=ScriptedStt(["when"]), llm=llm, voice=voice)
    call = carry(agent, ScriptedCaller(one_question))
    assert call.caller.text == f"Hello.{opening}We have pizza.We have soup.We have salad."
    assert response_s(call) == pytest.approx(WAIT_S, abs=0.01)
    assert not call.memory.events(ev.PlayoutStarved)


def test_a_text_that_changes_begins_another_reply() -> None:
    """A partial that holds still for a moment is worth a try."""
    steps = [
        Partial(1.9, "set a timer"),
        Partial(2.4, "set a timer for ten"),
        Final(2.7, "set a timer for ten"),
    ]
    with ScriptedLlm(["Fine.", Answer("Ten it is.", expects="for ten")]) as llm:
        call = carry(an_agent(stt=ScriptedStt(steps), llm=llm), ScriptedCaller(one_question))
    assert call.caller.text == "Hello.Ten it is."
    started = call.memory.when(act.StartReply)
    assert started[0] == pytest.approx(2.0 + SETTINGS.turns.stable_partial_s, abs=0.01)


def test_tries_are_limited() -> None:
    texts = ["one " * n for n in range(1, 12)]
    steps = [Final(1.0 + 0.15 * n, text) for n, text in enumerate(texts)]
    llm = ScriptedLlm([], then="Well.")

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(0.9)
        await caller.say(3.0)
        await caller.listen()

    call = carry(an_agent(stt=ScriptedStt(steps), llm=llm), ScriptedCaller(script))
    assert len(llm.requests) <= SETTINGS.turns.speculation_limit + 1
    assert call.caller.text.endswith("Well.")


# Tools


booked: list[str] = []


async def book(what: str) -> str:
    """Book something."""
    booked.append(what)
    return "done"


def with_tool(script: Script, heard: Sequence[str], *answers: object) -> Carried:
    booked.clear()
    llm = ScriptedLlm(answers)  # type: ignore[arg-type]
    agent = an_agent(stt=ScriptedStt(heard), llm=llm, tools=[book])
    return carry(agent, ScriptedCaller(script))


def test_no_tool_runs_for_a_reply_that_is_not_wanted() -> None:
    call = with_tool(
        hesitant,
        PARTS,
        CallTool("book", '{"what": "anything"}'),
        CallTool("book", '{"what": "a pizza"}'),
        "It is booked.",
    )
    assert booked == ["a pizza"]
    assert call.caller.text == "Hello.It is booked."
    assert [t.outcome for t in call.memory.actions(act.ToolEnded)] == ["cancelled", "done"]


def test_a_tool_waits_for_the_end_of_the_turn() -> None:
    call = with_tool(one_question, ["a pizza"], CallTool("book", '{"what": "a pizza"}'), "Booked.")
    (asked,), (ran,) = call.memory.when(ev.ReplyToolCall), call.memory.when(act.RunTool)
    assert asked == pytest.approx(2.0 + FINALIZE_S, abs=0.01)
    assert ran == pytest.approx(2.0 + WAIT_S, abs=0.01)


# Cuts that were premature


class SlowTokens:
    """A model that answers with these tokens, each so many seconds after the one before."""

    name = "tokens"

    def __init__(self, tokens: Sequence[tuple[float, str]]) -> None:
        self._tokens = tokens

    async def warm(self) -> None:
        """Nothing needs to be loaded."""

    async def aclose(self) -> None:
        """Nothing needs to be released."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        for delay_s, token in self._tokens:
            await asyncio.sleep(delay_s)
            yield LlmText(token)


def retracting(pause_s: float) -> tuple[Carried, list[str]]:
    tokens = [
        (0.0, "Please have a look at example"),
        (0.0, "."),
        (pause_s, "com"),
        (0.0, " today."),
    ]
    voice = tts()
    agent = an_agent(stt=ScriptedStt(["where"]), llm=SlowTokens(tokens), voice=voice)
    return carry(agent, ScriptedCaller(one_question)), voice.texts


def test_a_cut_that_was_premature_is_taken_back() -> None:
    call, asked = retracting(pause_s=0.1)
    assert asked == [
        "Please have a look at example.",
        "Please have a look at example dot com today.",
    ]
    assert call.caller.text == "Hello.Please have a look at example dot com today."
    assert len(call.memory.events(ev.SpanRetracted)) == 1
    assert call.lines[-1] == ("agent", "Please have a look at example.com today.")


def test_a_cut_that_was_heard_stands() -> None:
    call, asked = retracting(pause_s=1.0)
    assert asked == ["Please have a look at example.", "com today."]
    assert call.caller.text == "Hello.Please have a look at example.com today."
    assert call.memory.events(ev.SpanRetracted) == []
    assert call.lines[-1] == ("agent", "Please have a look at example.com today.")


@pytest.mark.parametrize("early_s", [-0.011, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.011, 0.03])
def test_a_cut_that_is_taken_back_at_the_last_moment(early_s: float) -> None:
    """Whether it is heard or not is decided when it is sent: no word is lost or comes twice."""
    call, _ = retracting(pause_s=WAIT_S - FINALIZE_S - early_s)
    said = call.caller.text.replace(".com", " dot com")  # in two spans where it was heard before
    assert said == "Hello.Please have a look at example dot com today."


# What it costs


def test_what_a_reply_has_cost_is_on_record_whatever_became_of_it() -> None:
    """The model gives its account at the end; of a reply that is cut off the pieces count."""
    steps = [Final(1.9, "set a timer"), Final(2.3, "for ten minutes")]
    long = Answer(" ".join(["word"] * 50), tokens_per_s=100.0, usage=LlmUsage(10, 50))
    short = Answer("Ten minutes it is.", usage=LlmUsage(12, 4))

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(0.9)
        await caller.say(1.0)
        await caller.quiet(0.3)
        await caller.say(0.3)
        await caller.listen()

    with ScriptedLlm([long, short]) as llm:
        call = carry(an_agent(stt=ScriptedStt(steps), llm=llm), ScriptedCaller(script))
    used = {e.reply: e for e in call.memory.events(ev.ReplyUsed)}
    first, second = (a.reply for a in call.memory.actions(act.StartReply))
    assert used[second] == ev.ReplyUsed(second, 12, 4, estimated=False)
    assert used[first].estimated
    assert 5 < used[first].output_tokens < 50


def test_what_a_reply_has_cost_is_on_record_when_the_caller_hangs_up_meanwhile() -> None:
    long = Answer(" ".join(["word"] * 50), tokens_per_s=100.0)

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(1.0)
        await caller.quiet(0.45)

    call = carry(
        an_agent(stt=ScriptedStt(["when"]), llm=ScriptedLlm([long])), ScriptedCaller(script)
    )
    (begun,) = call.memory.actions(act.StartReply)
    (used,) = call.memory.events(ev.ReplyUsed)
    assert (used.reply, used.estimated) == (begun.reply, True)
    assert 5 < used.output_tokens < 50
