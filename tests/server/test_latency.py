"""The latency of turns, told while the call goes on."""

import asyncio
from typing import Any

from door_support import SETTINGS

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.runtime.vtime import run_virtual
from parley.server.latency import LatencyWatch, latest_latency

TICK = ev.Tick()
Told = list[tuple[float, ev.Event, list[act.Action]]]


def turn(number: int, at: float, reply: int, *, phrase: bool = False) -> Told:
    """A turn whose last voiced sample was at `at`, answered 0.8 s later."""
    commit = act.TurnCommitted(CALLER, number, "count", (number,), at)
    ask: list[act.Action] = [] if phrase else [act.StartReply(reply, 1)]
    synthesize = act.Synthesize(reply, 0, "One.", 1, False)
    return [
        (at + 0.1, ev.SpeechStopped(CALLER, at), []),
        (at + 0.3, ev.Transcript(CALLER, number, "count", True), []),
        (at + 0.5, TICK, [commit, *ask, act.PromoteReply(reply)]),
        (at + 0.55, ev.ReplyToken(reply), []),
        (at + 0.6, ev.ReplySpan(reply, 0, "One.", 0, 4), [synthesize]),
        (at + 0.7, ev.SpanAudio(reply, 0), [act.PlayReply(reply, CALLER, False)]),
        (at + 0.9, ev.PlayoutStarted(CALLER, reply, at + 0.8), []),
    ]


def told(*steps: Told) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    async def main() -> None:
        watch = LatencyWatch(SETTINGS, events.append)
        for now, event, actions in [step for part in steps for step in part]:
            watch.step(now, event, actions)
            await asyncio.sleep(0.01)

    run_virtual(main())
    return events


def test_the_parts_add_up() -> None:
    (event,) = told(turn(1, 2.0, 1))
    assert (event["type"], event["turn"], event["response_ms"]) == ("parley.latency", 1, 800.0)
    parts = {part["name"]: part["ms"] for part in event["parts"]}
    assert parts == {
        "transcript": 300.0,
        "end_of_turn": 200.0,
        "first_token": 50.0,
        "first_chunk": 50.0,
        "first_audio": 100.0,
        "playout": 100.0,
    }
    assert sum(parts.values()) == event["response_ms"]


def test_each_turn_is_told_once() -> None:
    again: Told = [(9.0, ev.PlayoutStarted(CALLER, 1, 9.0), [])]
    turns = [turn(n, 10.0 * n, n) for n in range(1, 8)]
    events = told(turns[0], again, *turns[1:])
    assert [event["turn"] for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert {event["response_ms"] for event in events} == {800.0}


def test_a_phrase_answers_nothing() -> None:
    assert told(turn(1, 2.0, 1, phrase=True)) == []


def test_a_turn_that_goes_on_has_no_answer() -> None:
    steps = turn(1, 2.0, 1)
    reopened = [*steps[:3], (2.6, TICK, [act.TurnReopened(CALLER, 1)]), *steps[3:]]
    assert told(reopened) == []


def test_a_turn_without_a_voice_has_no_latency() -> None:
    steps = turn(1, 2.0, 1)[1:]
    (event,) = told(steps)
    assert event["response_ms"] is None
    assert event["parts"] == []


def test_before_the_first_turn_there_is_none() -> None:
    assert latest_latency(SETTINGS, ()) is None


def test_a_reply_that_is_over_is_forgotten() -> None:
    steps = turn(1, 2.0, 1)
    ended: Told = [(2.75, TICK, [act.ReplyEnded(1, "cancelled", "")])]
    assert told([*steps[:6], *ended, *steps[6:]]) == []
