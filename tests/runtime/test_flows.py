"""A flow's place in a call: what was only thought leaves no trace, what was said stays."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from callers import ScriptedCaller
from support import SETTINGS, an_agent, carry

from parley.assistants.flows import Dialogue, Flow
from parley.core import actions as act
from parley.core.history import PENDING, Line, ToolUse
from parley.core.tools import FAILED
from parley.providers.protocols import ToolCall
from parley.providers.scripted import ScriptedStt
from parley.runtime.flows import FlowResponder
from parley.runtime.responders import (
    Expects,
    HandingOver,
    HandOver,
    HangUp,
    MustBeHeard,
    ReplyPart,
    ReplyRequest,
    ReplyText,
    Understood,
)

TODAY = date(2026, 11, 28)

FLOW = {
    "start": "day",
    "slots": {"day": {"type": "date", "label": "Day"}, "ok": {"type": "yes_no"}},
    "anywhere": {"person": {"phrases": ["a person"], "go": "person"}},
    "nodes": {
        "day": {"ask": "day", "say": ["Which day?", "What day?"], "next": "check"},
        "check": {
            "say": "One moment.",
            "call": "check",
            "arguments": {"day": "{day}"},
            "save": {"free": "free"},
            "failed": "failed",
            "next": [{"when": {"free": True}, "go": "sure"}, {"go": "taken"}],
        },
        "sure": {"ask": "ok", "say": "It is free. Shall I book it?", "next": "bye"},
        "taken": {"say": "It is taken.", "forget": ["day"], "next": "day"},
        "failed": {"say": "No calendar: {error}", "end": True, "interruptible": False},
        "person": {"say": "I'll pass you on.", "hand_over": "model"},
        "bye": {"say": "Goodbye.", "end": True},
    },
}


def dialogue() -> Dialogue:
    return Dialogue(Flow.model_validate(FLOW))


def flow_responder() -> FlowResponder:
    return FlowResponder(dialogue(), lambda: TODAY)


class Conversation:
    """Replies of a responder, one after the other, as a call asks for them."""

    def __init__(self, responder: Any = None) -> None:
        self.responder = responder or flow_responder()
        self.lines: list[Line] = [Line("agent", "Which day?")]
        self.reply = 0

    def thinks(self, *lines: Line) -> list[ReplyPart]:
        """A reply to what was said so far and `lines`; it is not promoted."""
        self.reply += 1

        async def all_parts() -> list[ReplyPart]:
            request = ReplyRequest(self.reply, 1, [*self.lines, *lines])
            return [part async for part in self.responder.respond(request)]

        return asyncio.run(all_parts())

    def says(self, text: str) -> str:
        """The caller says something, and hears the answer to it."""
        self.lines.append(Line("caller", text))
        parts = self.thinks()
        self.responder.promoted(self.reply)
        said = words(parts)
        calls = [p for p in parts if isinstance(p, ToolCall)]
        tools = tuple(ToolUse(f"{self.reply}-{c.id}", c.name, c.arguments, PENDING) for c in calls)
        self.lines.append(Line("agent", said, tools=tools))
        return said

    def tool_returns(self, result: str) -> None:
        *before, last = self.lines
        (use,) = last.tools
        done = ToolUse(use.call, use.name, use.arguments, result)
        self.lines = [*before, Line("agent", last.text, tools=(done,))]


def words(parts: Sequence[ReplyPart]) -> str:
    return "".join(p.text for p in parts if isinstance(p, ReplyText))


def test_what_was_understood_and_what_is_asked_is_told() -> None:
    parts = Conversation().thinks(Line("caller", "on tuesday"))
    understood, said, call, expects = parts
    assert understood == Understood("day", "Day", "Tuesday, December first")
    assert said == ReplyText("One moment.")
    assert call == ToolCall("flow", "check", '{"day": "2026-12-01"}')
    assert expects == Expects()


def test_a_question_comes_with_its_grammar() -> None:
    (said, expects) = Conversation().thinks(Line("caller", "blah"))
    assert said == ReplyText("What day?")
    assert isinstance(expects, Expects)
    assert (expects.kind, expects.question) == ("date", "What day?")
    assert "tuesday" in expects.grammar


def test_thinking_changes_nothing() -> None:
    """Pain 13: a speculative answer has no effect before it is wanted."""
    call = Conversation()
    first = call.thinks(Line("caller", "blah"))
    call.responder.withdrawn(call.reply)
    assert call.thinks(Line("caller", "blah")) == first
    assert call.says("tuesday") == "One moment."


def test_a_reply_that_is_promoted_before_it_is_thought_counts() -> None:
    call = Conversation()
    call.responder.promoted(1)
    call.thinks(Line("caller", "blah"))
    assert call.says("blah").startswith("What day? Key")


def test_an_answer_that_nobody_heard_is_taken_back() -> None:
    """The caller goes on before anything was heard: the turn is merged, the step undone."""
    call = Conversation()
    call.thinks(Line("caller", "blah"))
    call.responder.promoted(1)
    call.responder.withdrawn(1)
    assert words(call.thinks(Line("caller", "blah blah"))) == "What day?"


def test_a_tool_that_has_run_is_not_taken_back() -> None:
    call = Conversation()
    assert call.says("tuesday") == "One moment."
    call.responder.withdrawn(call.reply)
    call.tool_returns('{"free": true}')
    assert words(call.thinks()) == "It is free. Shall I book it?"


def test_a_tool_that_never_ran_is_taken_back() -> None:
    call = Conversation()
    call.says("tuesday")
    call.responder.withdrawn(call.reply)
    call.lines.pop()  # it is no fact
    assert call.says("thursday") == "One moment."
    assert '"2026-12-03"' in call.lines[-1].tools[0].arguments


def test_a_result_leads_on() -> None:
    call = Conversation()
    call.says("tuesday")
    call.tool_returns('{"free": false}')
    understood, said, expects = call.thinks()
    assert understood == Understood("day", "Day", "")
    assert said == ReplyText("It is taken. Which day?")
    assert isinstance(expects, Expects)


def test_a_failure_leads_on_with_its_reason() -> None:
    call = Conversation()
    call.says("tuesday")
    call.tool_returns(FAILED.format(error="it is locked."))
    parts = call.thinks()
    assert words(parts) == "No calendar: it is locked."
    assert parts[0] == MustBeHeard()
    assert HangUp() in parts


def test_words_that_come_with_a_result_may_be_an_answer_to_what_follows_it() -> None:
    """Pain 12: what is said while a tool runs is not lost."""
    call = Conversation()
    call.says("tuesday")
    call.tool_returns('{"free": false}')
    assert words(call.thinks(Line("caller", "or thursday"))) == "It is taken. One moment."


def test_a_yes_that_comes_with_a_result_agrees_to_nothing() -> None:
    """What it would agree to has not been said yet."""
    call = Conversation()
    call.says("tuesday")
    call.tool_returns('{"free": true}')
    assert words(call.thinks(Line("caller", "yes"))) == "It is free. Shall I book it?"


def test_a_result_is_told_though_the_caller_spoke_and_the_call_ends_with_it() -> None:
    call = Conversation()
    call.says("tuesday")
    call.tool_returns(FAILED.format(error="it is locked."))
    parts = call.thinks(Line("caller", "thank you"))
    assert words(parts) == "No calendar: it is locked."
    assert HangUp() in parts


def test_words_that_come_before_the_result_are_told_to_wait() -> None:
    call = Conversation()
    call.says("tuesday")
    assert call.says("hello").startswith("I'm still working on that")
    *before, pending, caller, last = call.lines
    (use,) = pending.tools
    done = ToolUse(use.call, use.name, use.arguments, '{"free": true}')
    call.lines = [*before, Line("agent", pending.text, tools=(done,)), caller, last]
    assert words(call.thinks()) == "It is free. Shall I book it?"


def test_a_question_that_was_cut_off_does_not_count_as_asked() -> None:
    call = Conversation()
    for _ in range(6):
        call.lines = [Line("agent", "Which", interrupted=True)]
        assert call.says("blah") == "Which day?"
    call.lines = [Line("agent", "Which day?", interrupted=True)]
    assert call.says("blah") == "What day?"


def test_a_flow_that_begins_speaks_first() -> None:
    call = Conversation()
    call.lines = []
    assert words(call.thinks()) == "Which day?"


def test_who_speaks_before_anything_was_asked_is_asked_the_first_question() -> None:
    for _ in range(3):
        call = Conversation()
        call.lines = []
        assert call.says("Hello?") == "Which day?"
        assert call.says("blah") == "What day?"
    call = Conversation()
    call.lines = []
    assert call.says("Tomorrow.") == "One moment."


# Handing over


class Echo:
    """Repeats, and counts what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def respond(self, request: ReplyRequest):  # type: ignore[no-untyped-def]
        yield ReplyText(f"You said: {request.lines[-1].text}")

    def promoted(self, reply: int) -> None:
        self.told.append(f"promoted {reply}")

    def withdrawn(self, reply: int) -> None:
        self.told.append(f"withdrawn {reply}")


def handing_over() -> tuple[Conversation, Echo]:
    echo = Echo()
    return Conversation(HandingOver(flow_responder(), {"model": echo})), echo


def test_somebody_else_goes_on_with_the_call() -> None:
    call, echo = handing_over()
    assert call.says("a person please") == "I'll pass you on."
    assert call.says("thank you") == "You said: thank you"
    assert echo.told == ["promoted 2"]


def test_a_hand_over_that_nobody_heard_did_not_happen() -> None:
    call, _ = handing_over()
    call.says("a person please")
    call.responder.withdrawn(call.reply)
    assert call.says("blah") == "What day?"


def test_a_hand_over_that_is_only_thought_of_does_not_happen() -> None:
    call, _ = handing_over()
    parts = call.thinks(Line("caller", "a person"))
    assert not any(isinstance(part, HandOver) for part in parts)
    call.responder.withdrawn(call.reply)
    assert call.says("blah") == "What day?"


def test_a_hand_over_may_be_promoted_before_it_is_thought_of() -> None:
    call, _ = handing_over()
    call.responder.promoted(1)
    call.thinks(Line("caller", "a person"))
    assert call.says("hello") == "You said: hello"


# A whole call


def check(day: str) -> str:
    """Look a day up."""
    return json.dumps({"free": day != "2026-12-01"})


async def three_turns(caller: ScriptedCaller) -> None:
    for _ in range(3):
        await caller.quiet(1.5)
        await caller.say(0.8)
        await caller.listen()


def test_a_call_is_carried_from_question_to_end() -> None:
    stt = ScriptedStt(["on tuesday", "no thursday then", "yes"], grammars=True)
    agent = an_agent(
        stt=stt, responder=flow_responder, tools=[check], settings=SETTINGS, phrases=True
    )
    call = carry(agent, ScriptedCaller(three_turns))
    assert call.outcome.reason == "agent-ended"
    assert [text for who, text in call.lines if who == "agent"][1:] == [
        "One moment.",
        "It is taken. Which day?",
        "One moment.",
        "It is free. Shall I book it?",
        "Goodbye.",
    ]
    understood = [(u.name, u.value) for u in call.memory.actions(act.Understood)]
    assert understood == [
        ("day", "Tuesday, December first"),
        ("day", ""),
        ("day", "Thursday, December third"),
        ("ok", "yes"),
    ]
    kinds = [e.kind for e in call.memory.actions(act.Expect)]
    assert kinds == ["date", "", "yes_no", ""]
    assert [bool(grammar) for grammar in stt.expected] == [True, False, True, False]
