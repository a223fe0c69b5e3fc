"""What a human reads of a call: rows in sections, and bars that show where the time went."""

from dataclasses import astuple, fields, replace
from typing import Any, get_type_hints

import pytest
from rich.console import Console, RenderableType
from scripted_calls import Answer, Utterance, scripted_call

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.core.settings import Settings
from parley.core.trace import Step, Trace
from parley.telemetry.timeline import (
    PART_LABELS,
    Row,
    render_timeline,
    render_waterfall,
    timeline,
)
from parley.telemetry.waterfall import Parts, waterfall


def recorded(*steps: tuple[float, ev.Event, list[act.Action]]) -> Trace:
    rows = tuple(Step(now, event, tuple(actions)) for now, event, actions in steps)
    return Trace("0", Settings(), "call-1", "2026-01-01T12:00:00Z", rows)


def rows(*steps: tuple[float, ev.Event, list[act.Action]]) -> list[Row]:
    return [row for section in timeline(recorded(*steps)) for row in section.rows]


def printed(shown: RenderableType, width: int = 80) -> list[str]:
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(shown)
    return [line.rstrip() for line in capture.get().splitlines()]


# Rows


def test_an_event_and_what_the_core_did_about_it() -> None:
    greeting = act.Synthesize(1, 0, "Hello!", 1, True)
    assert rows(
        (0.0, ev.Connected(CALLER), [act.Listen(CALLER), greeting]),
        (0.5, ev.SpanAudio(1, 0), []),
    ) == [
        Row(0.0, 0.0, "caller", "connected"),
        Row(0.0, None, "core", "listen"),
        Row(0.0, None, "core", "reply 1: speak “Hello!” from the cache"),
        Row(0.5, 0.5, "agent", "reply 1: first audio of span 0"),
    ]


def test_what_became_known_late_says_so() -> None:
    commit = act.TurnCommitted(CALLER, 1, "Hi", (1,), 1.0)
    found = rows(
        (1.1, ev.SpeechStopped(CALLER, 1.0), []),
        (1.2, ev.PlayoutStarted(CALLER, 1, 1.1996), []),
        (1.45, ev.Tick(), [commit]),
    )
    assert [row.what for row in found] == [
        "pauses (100 ms ago)",
        "reply 1: first sample heard",
        "a deadline has passed",
        "TURN 1: “Hi” (450 ms after the last voiced sample)",
    ]


def test_a_turn_says_why_it_ended() -> None:
    commit = act.TurnCommitted(CALLER, 1, "Hi", (1,), 1.0, "last word +2.0: 0.30 s")
    assert [row.what for row in rows((1.45, ev.Tick(), [commit]))] == [
        "a deadline has passed",
        "TURN 1: “Hi” (450 ms after the last voiced sample; last word +2.0: 0.30 s)",
    ]


def test_words_that_grow_are_one_row() -> None:
    said = ["I'd", "I'd like", "I'd like a"]
    partials = [(1.0 + n, ev.Transcript(CALLER, 1, text, False), []) for n, text in enumerate(said)]
    other = (4.0, ev.Transcript(CALLER, 2, "table", False), [])
    final = (5.0, ev.Transcript(CALLER, 1, "I'd like a", True), [])
    assert rows(*partials, other, final) == [
        Row(3.0, 3.0, "caller", "“I'd like a” …"),
        Row(4.0, 1.0, "caller", "“table” …"),
        Row(5.0, 1.0, "caller", "“I'd like a”"),
    ]


def test_words_that_the_core_acts_upon_stand_alone() -> None:
    first = (1.0, ev.Transcript(CALLER, 1, "I'd", False), [])
    second = (2.0, ev.Transcript(CALLER, 1, "I'd like", False), [act.StartReply(1, 1)])
    assert [row.what for row in rows(first, second)] == [
        "“I'd” …",
        "“I'd like” …",
        "reply 1: ask the responder, attempt 1",
    ]


def test_words_that_are_heard_bit_by_bit_are_one_row() -> None:
    spans = [
        act.Synthesize(1, 0, "Hello there.", 1, False),
        act.Synthesize(1, 1, "Well?", 2, False),
    ]
    heard = [(0, 5), (0, 12), (0, 9), (1, 3)]
    facts = [
        (1.0 + n, ev.Heard(CALLER, 1, span, chars, 1.0 + n, False), [])
        for n, (span, chars) in enumerate(heard)
    ]
    unknown = (9.0, ev.Heard(CALLER, 7, 0, 3, 9.0, False), [])
    found = rows((0.0, ev.Tick(), [*spans]), *facts, unknown)
    assert [row.what for row in found] == [
        "a deadline has passed",
        "reply 1: speak span 0",
        "reply 1: speak span 1, attempt 2",
        "reply 1: heard “Hello there. Wel”",
        "reply 7: heard “”",
    ]


def test_a_deadline_that_changed_nothing_is_left_out() -> None:
    assert rows((1.0, ev.Tick(), [])) == []
    assert timeline(recorded()) == ()


def test_a_filler_is_played_in_between() -> None:
    plays = [act.PlayReply(1, CALLER, True), act.PlayReply(2, CALLER, False)]
    assert [row.what for row in rows((1.0, ev.Tick(), plays))][1:] == [
        "reply 1: play in between",
        "reply 2: play",
    ]


def test_what_was_keyed_in_understood_and_asked() -> None:
    commit = act.TurnCommitted(CALLER, 1, "It is 7", (3, -1), 2.5)
    forgotten = act.Understood("day", "", "")
    found = rows(
        (2.6, ev.KeyPressed(CALLER, "#", 2.5), [commit]),
        (2.7, ev.ReplyUnderstood(1, "day", "Day", "Monday"), []),
        (2.8, ev.ReplyExpects(1, "time", "At what time?", ""), [forgotten]),
        (2.9, ev.ReplyExpects(1, "", "", ""), [act.Expect(CALLER, "time", "When?", "")]),
        (3.0, ev.Tick(), [act.Expect(CALLER, "", "", "")]),
    )
    assert [(row.who, row.what) for row in found] == [
        ("caller", "presses # (100 ms ago)"),
        ("core", "TURN 1: “It is 7” (100 ms after it was complete)"),
        ("agent", "reply 1: Day: “Monday”"),
        ("agent", "reply 1: asks for time “At what time?”"),
        ("core", "UNDERSTOOD day: not known"),
        ("agent", "reply 1: asks for nothing"),
        ("core", "listen for time"),
        ("core", "a deadline has passed"),
        ("core", "listen for anything"),
    ]


def test_a_turn_that_ends_with_words_was_complete_when_the_voice_was_silent() -> None:
    commit = act.TurnCommitted(CALLER, 1, "7 no wait", (-1, 0), 2.5)
    assert rows((2.6, ev.Tick(), [commit]))[-1].what == (
        "TURN 1: “7 no wait” (100 ms after the last voiced sample)"
    )


def test_another_leg_is_named() -> None:
    assert rows((1.0, ev.Connected("supervisor"), []))[0].who == "supervisor"


@pytest.mark.parametrize("kind", [*ev.Event.__args__, *act.Action.__args__])
def test_there_are_words_for_everything(kind: type) -> None:
    values: dict[Any, Any] = {str: "a {name}", int: 1, float: 1.0, bool: True}
    hints = get_type_hints(kind)
    fact = kind(**{f.name: values.get(hints[f.name], (1,)) for f in fields(kind)})
    step = (1.0, fact, []) if kind in ev.Event.__args__ else (1.0, ev.Tick(), [fact])
    if kind is not ev.Tick:
        assert rows(step)[-1].what


# Sections


def titles(*steps: tuple[float, ev.Event, list[act.Action]]) -> list[tuple[str, int]]:
    return [(section.title, len(section.rows)) for section in timeline(recorded(*steps))]


COMMIT = act.TurnCommitted(CALLER, 3, "Hi", (1,), 1.0)
VOICE = ev.SpeechStarted(CALLER, 1.0)


def test_a_voice_begins_a_section() -> None:
    assert titles(
        (0.0, ev.Connected(CALLER), []),
        (1.0, VOICE, []),
        (1.5, ev.Tick(), [COMMIT]),
        (2.0, ev.ReplyToken(1), []),
        (3.0, VOICE, []),
        (3.5, ev.Tick(), [act.FloorKept(CALLER, "too short")]),
        (4.0, VOICE, []),
        (4.5, ev.Tick(), [act.SegmentDropped(CALLER, 4, "no words")]),
        (5.0, VOICE, []),
    ) == [("call", 1), ("turn 3", 4), ("floor kept", 3), ("call", 3), ("call", 1)]


def test_a_pause_within_a_turn_begins_none() -> None:
    assert titles(
        (1.0, VOICE, []),
        (2.0, ev.SpeechStopped(CALLER, 2.0), []),
        (2.2, VOICE, []),
        (3.5, ev.Tick(), [COMMIT]),
    ) == [("turn 3", 5)]


# On the screen


@pytest.fixture(scope="module")
def call() -> Trace:
    return scripted_call(
        Utterance(2.0, 1.2, "I'd like a [bold]table[/bold]."),
        Utterance(5.4, 0.3, "mm-hmm"),
        Utterance(9.0, 0.8, "Tomorrow."),
        answers=(Answer(length=3.0), Answer(chunk_after=0.6, audio_after=0.3, length=2.5)),
        greeting="Hello, how can I help?",
        hang_up_at=20.0,
    )


def test_the_timeline_of_a_call(call: Trace) -> None:
    lines = printed(render_timeline(call))
    assert lines[0] == f"call scripted, started {call.started}, {len(call.steps)} steps, 20.0 s"
    assert lines[1].startswith("call ──")
    assert "    0.000    +0.000 caller connected" in lines
    assert "                    core   listen" in lines
    assert "    3.500    +0.150 caller “I'd like a [bold]table[/bold].”" in lines
    assert [line.split(" ─")[0] for line in lines if "──" in line] == [
        "call", "turn 1", "floor kept", "turn 2",
    ]  # fmt: skip
    assert all(len(line) <= 80 for line in lines)


def test_nothing_said_steers_the_terminal() -> None:
    evil = "\x1b[2J\x07\ud800\n\u009b"
    lines = printed(render_timeline(recorded((1.0, ev.Transcript(CALLER, 1, evil, True), []))))
    assert lines[-1].endswith("“�[2J����”")


def test_an_empty_trace_has_a_heading() -> None:
    assert printed(render_timeline(recorded())) == [
        "call call-1, started 2026-01-01T12:00:00Z, 0 steps"
    ]


def test_the_waterfall_of_a_call(call: Trace) -> None:
    lines = printed(render_waterfall(waterfall(call, simulated=True)))
    assert lines[0] == "call scripted, 20.0 s, simulated: caller-hung-up"
    assert "turn 1 answered after 890 ms, 150 ms won by speculation" in lines
    assert "turn 2 answered after 1540 ms, 150 ms won by speculation" in lines
    assert lines[-1] == "speculation: 2 started, 2 used, 0 cancelled"
    assert all(len(line) <= 80 for line in lines)


SPOKEN = scripted_call(Utterance(1.0, 1.0, "Hi."), hang_up_at=2.5)


def shown(*turns: Parts, first_sound_s: float | None = None) -> list[str]:
    """The lines of a call whose turns were answered like this, without the last line."""
    base = waterfall(SPOKEN, simulated=False)
    sums = [sum(part for part in astuple(parts) if part is not None) or None for parts in turns]
    answered = [
        replace(
            base.turns[0],
            turn=number,
            outcome="answered",
            response_s=response_s,
            first_sound_s=first_sound_s or response_s,
            parts=parts,
        )
        for number, (parts, response_s) in enumerate(zip(turns, sums, strict=True), 1)
    ]
    return printed(render_waterfall(replace(base, turns=tuple(answered), end_reason=None)))[:-1]


def test_bars_follow_each_other_and_have_one_scale() -> None:
    slow = Parts(0.3, 0.0, 0.0, 0.2, 0.6, 0.2, 0.4, 0.3, 0.0)
    fast = Parts(0.0, 0.4, 0.0, 0.0, 0.0, 0.2, 0.0, 0.2, 0.0)
    assert shown(slow, fast) == [
        "call scripted, 2.5 s: its end is not recorded",
        "turn 1 answered after 2000 ms",
        "  last words     ██████                                       300 ms",
        "  first token          ████                                   200 ms",
        "  first chunk              ████████████                       600 ms",
        "  first audio                          ████                   200 ms",
        "  queue                                    ████████           400 ms",
        "  playout                                          ██████     300 ms",
        "turn 2 answered after 800 ms",
        "  end of turn    ████████                                     400 ms",
        "  first audio            ████                                 200 ms",
        "  playout                    ████                             200 ms",
    ]


def test_bars_are_not_drawn_where_a_part_is_not_known() -> None:
    parts = Parts(0.3, None, None, 0.2, 0.1, 0.1, 0.0, 0.1, 0.2)
    lines = shown(parts, first_sound_s=0.5)
    assert lines[1:] == [
        "turn 1 answered after 1000 ms, first sound after 500 ms",
        f"  last words     {'300 ms':>51}",
        f"  first token    {'200 ms':>51}",
        f"  first chunk    {'100 ms':>51}",
        f"  first audio    {'100 ms':>51}",
        f"  playout        {'100 ms':>51}",
        f"  unattributed   {'200 ms':>51}",
    ]


def test_what_is_not_known_is_not_shown_as_zero() -> None:
    assert shown(Parts()) == [
        "call scripted, 2.5 s: its end is not recorded",
        "turn 1 answered after an unknown time",
    ]


def test_a_turn_without_an_answer_has_no_time_of_its_own() -> None:
    turn = replace(waterfall(SPOKEN, simulated=False).turns[0], outcome="reopened")
    call = replace(waterfall(SPOKEN, simulated=False), turns=(turn,))
    assert printed(render_waterfall(call))[1:-1] == ["turn 1 reopened"]


def test_the_shortest_part_has_a_cell_within_the_width() -> None:
    parts = Parts(0.9995, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0005, 0.0)
    assert shown(parts)[2:] == [
        f"  last words     {'█' * 40}    1000 ms",
        f"  playout        {' ' * 39}█       0 ms",
    ]


def test_a_call_without_turns() -> None:
    empty = waterfall(recorded(), simulated=False)
    assert printed(render_waterfall(empty)) == [
        "call call-1: its end is not recorded",
        "speculation: 0 started, 0 used, 0 cancelled",
    ]


def test_interruptions_are_told_as_far_as_they_are_known() -> None:
    pause = act.PausePlayout(CALLER)
    silent = (5.3, ev.Heard(CALLER, 1, 0, 3, 5.2, False), [])
    yielded = (5.4, ev.Transcript(CALLER, 1, "no", False), [act.FloorYielded(CALLER, "words")])
    voice = (5.1, ev.SpeechStarted(CALLER, 5.0), [pause])
    assert interruptions(voice, silent, yielded) == [
        "interruption at 5.0 s: silent after 200 ms, yielded after 400 ms (words)"
    ]
    assert interruptions(yielded) == ["interruption: yielded (words)"]
    assert interruptions(voice) == ["interruption at 5.0 s: undecided"]


def interruptions(*steps: tuple[float, ev.Event, list[act.Action]]) -> list[str]:
    call = waterfall(recorded(*steps), simulated=False)
    return printed(render_waterfall(call))[1:-1]


def test_every_part_has_a_label() -> None:
    assert list(PART_LABELS) == [f.name for f in fields(Parts)]
