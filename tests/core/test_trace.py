import json
from dataclasses import replace

import pytest
from timeline import Call, settings

from parley.core import CALLER, VERSION, trace
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingRule, EndingSettings
from parley.core.trace import UnreadableTrace

ONE_OF_EACH: tuple[ev.Event, ...] = (
    ev.Tick(),
    ev.Connected(CALLER),
    ev.Disconnected(CALLER),
    ev.EndRequested("shutdown"),
    ev.MediaLost(CALLER, 1.25),
    ev.MediaRestored(CALLER, 1.5),
    ev.SpeechStarted(CALLER, 0.1),
    ev.SpeechStopped(CALLER, 1e-9),
    ev.Transcript(CALLER, 3, 'Köln, "京都"\n\u2028', final=True),
    ev.ListeningFailed(CALLER, "unavailable", permanent=False),
    ev.ListeningReady(CALLER),
    ev.TurnJudged(CALLER, 1.5, 0.25, -0.5),
    ev.VoiceDescribed(CALLER, 1.5, 3.5, None, 1.25, emotion="calm", language="de"),
    ev.ConsentRecorded(CALLER, "same_speaker", given=True, evidence='she said "yes"'),
    ev.SoundJudged(CALLER, 1.6, 0.5, 0.875, -26.5),
    ev.KeyPressed(CALLER, "#", 1.75),
    ev.TalkStarted(CALLER, 1.0),
    ev.TalkEnded(CALLER, 2.0, wanted=True),
    ev.StopRequested(CALLER),
    ev.ReplyToken(1),
    ev.ReplySpan(1, 0, "Sure.", 0, 5),
    ev.SpanRetracted(1, 0),
    ev.ReplyToolCall(1, "1-t", "book", '{"for": 2}', 10.0),
    ev.ReplyEndsCall(1),
    ev.ReplyMustBeHeard(1),
    ev.ReplyUnderstood(1, "day", "Day", "Montag"),
    ev.ReplyExpects(1, "time", "At what time?", "#JSGF V1.0;\n<hour> = nine | ten;"),
    ev.ReplyGenerated(1),
    ev.ReplyFailed(1, "timeout", permanent=True),
    ev.ReplyUsed(1, 120, 30, estimated=False),
    ev.ReplyUsed(1, 120, 30, False),
    ev.SpanAudio(1, 0),
    ev.SpanSynthesized(1, 0, 0.7),
    ev.SpanFailed(1, 0, "timeout", permanent=True),
    ev.PlayoutStarted(CALLER, 1, 2.0),
    ev.Heard(CALLER, 1, 0, 4, 2.25, estimated=True),
    ev.PlayoutStarved(CALLER, 1, 2.5),
    ev.PlayoutFinished(CALLER, 1, 3.0),
    ev.PlayoutCleared(CALLER),
    ev.ToolFinished("1-t", "😀"),
    ev.ToolFailed("1-t", "no."),
    ev.StageFailed("mute", "hear", "too slow"),
)


def recorded() -> Call:
    call = Call(greeting="Hello.", max_duration_s=60.0, silence={"prompts": ("Hm?", "So?")})
    call.says_phrase(1).at(1).says("Book a table.").asks_tool(1).speaks(2, "For how many?")
    return (
        call.at(3).voice().at(3.2).final("For two.").cleared().at(4).tell(ev.Disconnected(CALLER))
    )


def test_rules_among_the_settings_are_written_and_read() -> None:
    ending = EndingSettings(rules=(EndingRule("a", "b", 1.5), EndingRule(caller="c")))
    written = settings(turns={"ending": ending})
    assert trace.parse(trace.header(written, "call-1", "2026-01-01")).settings == written


def test_every_event_is_written_and_read() -> None:
    assert {type(e) for e in ONE_OF_EACH} == set(ev.Event.__args__)
    head = trace.header(settings(), "call-1", "2026-01-01T00:00:00Z")
    rows = [trace.line(n / 3, e, ()) for n, e in enumerate(ONE_OF_EACH)]
    steps = trace.parse(head + "".join(rows)).steps
    assert [(s.now, s.event) for s in steps] == [(n / 3, e) for n, e in enumerate(ONE_OF_EACH)]


def test_every_action_is_written_and_read() -> None:
    values = {str: "x", int: 7, bool: True, float: 1.5, tuple[int, ...]: (1, 2)}
    wishes = [
        kind(**{name: values[hint] for name, hint in kind.__annotations__.items()})
        for kind in act.Action.__args__
    ]
    head = trace.header(settings(), "call-1", "")
    (step,) = trace.parse(head + trace.line(1.0, ev.Tick(), wishes)).steps
    assert step.actions == tuple(wishes)


def test_the_header_tells_version_settings_and_call() -> None:
    call = recorded()
    found = trace.parse("".join(call.lines))
    assert (found.version, found.call, found.started) == (VERSION, "call-1", "2026-01-01")
    assert found.settings == call.conversation.settings
    assert not found.truncated


def test_a_turn_that_does_not_say_why_it_ended_is_read() -> None:
    old = act.TurnCommitted(CALLER, 1, "Hi", (0,), 1.0)
    row = trace.line(1.5, ev.Tick(), [old])
    assert row.count(',"why":""') == 1
    (step,) = trace.parse(HEADER + row.replace(',"why":""', "")).steps
    assert step.actions == (old,)


def test_a_replay_does_the_same() -> None:
    call = recorded()
    found = trace.parse("".join(call.lines))
    assert list(trace.replay(found)) == []
    assert repr(trace.fold(found).state) == repr(call.conversation.state)


def test_a_replay_shows_where_it_differs() -> None:
    found = trace.parse("".join(recorded().lines))
    number = next(n for n, s in enumerate(found.steps) if s.actions)
    steps = list(found.steps)
    steps[number] = replace(steps[number], actions=())
    (difference,) = trace.replay(replace(found, steps=tuple(steps)))
    assert difference.line == number + 2
    assert difference.recorded == ()
    assert difference.replayed == found.steps[number].actions


def test_other_settings_behave_otherwise() -> None:
    found = trace.parse("".join(recorded().lines))
    assert list(trace.replay(replace(found, settings=settings())))


def test_a_line_that_a_crash_cut_off_is_left_out() -> None:
    text = "".join(recorded().lines)
    whole = trace.parse(text)
    for missing in (1, 5, 40):
        cut = trace.parse(text[:-missing])
        assert cut.truncated
        assert cut.steps == whole.steps[:-1]


HEADER = trace.header(settings(), "call-1", "")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: the header is missing or incomplete"),
        ('{"format": "parley-trace-1"', "line 1: the header is missing or incomplete"),
        ("\n", "line 1: not JSON"),
        ("\x00\x01\n", "line 1: not JSON"),
        ("[" * 100_000 + "\n", "line 1: not JSON"),
        ("[]\n", "line 1: not a JSON object"),
        ("{}\n", "line 1: not a parley-trace-1 header"),
        ('{"format": "parley-trace-1"}\n', "line 1: the header does not fit: 'settings'"),
        (HEADER.replace('"greeting"', '"salute"'), "line 1: the header does not fit: 'salute'"),
        (HEADER.replace('"core"', '"heart"'), "line 1: the header does not fit: 'core'"),
        (HEADER + "{}\n", "line 2: the step does not fit: 'event'"),
        (HEADER + "null\n", "line 2: not a JSON object"),
        (HEADER + '{"now": 1, "event": {"type": "Nod"}, "actions": []}\n', "line 2: .* 'Nod'"),
        (HEADER + '{"now": 1, "event": {"type": "Tick", "at": 1}, "actions": []}\n', "'at'"),
        (HEADER + '{"now": 1, "event": {"type": "ReplyToken"}, "actions": []}\n', "reply"),
        (HEADER + '{"now": 1, "event": "Tick", "actions": []}\n', "line 2"),
        (HEADER + '{"now": "soon", "event": {"type": "Tick"}, "actions": []}\n', "soon"),
        (HEADER + '{"now": 1, "event": {"type": "Tick"}, "actions": 5}\n', "line 2"),
        (HEADER + '{"now": 1, "event": {"type": "Tick"}}\n', "'actions'"),
    ],
)
def test_a_corrupt_line_is_named(text: str, complaint: str) -> None:
    with pytest.raises(UnreadableTrace, match=complaint):
        trace.parse(text)


@pytest.mark.parametrize("wrong", [None, [], 5, "turns", {"turns": 5}, {"turns": {"wait": 1}}])
def test_settings_of_another_shape_are_refused(wrong: object) -> None:
    head = json.loads(HEADER) | {"settings": wrong}
    with pytest.raises(UnreadableTrace, match="line 1: the header does not fit"):
        trace.parse(json.dumps(head) + "\n")
