"""Where the time of a response went: parts that add up, and None rather than a wrong number."""

import json
from dataclasses import astuple, fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_calls import Answer, Utterance, scripted_call

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.core.settings import Settings
from parley.core.trace import Step, Trace
from parley.telemetry.waterfall import Parts, TurnLatency, Waterfall, waterfall


def recorded(*steps: tuple[float, ev.Event, list[act.Action]]) -> Trace:
    """A trace as it is written here, whether or not a core would act like that."""
    rows = tuple(Step(now, event, tuple(actions)) for now, event, actions in steps)
    return Trace("0", Settings(), "call-1", "2026-01-01T12:00:00Z", rows)


def without(trace: Trace, *kinds: type) -> Trace:
    """The trace without the events and actions of these kinds."""
    kept = [
        Step(
            step.now,
            ev.Tick() if isinstance(step.event, kinds) else step.event,
            tuple(action for action in step.actions if not isinstance(action, kinds)),
        )
        for step in trace.steps
    ]
    return replace(trace, steps=tuple(kept))


def one_turn(trace: Trace) -> TurnLatency:
    (turn,) = waterfall(trace, simulated=True).turns
    return turn


def parts_ms(turn: TurnLatency) -> dict[str, float | None]:
    """The parts that took time, or whose time is not known."""
    found = {f.name.removesuffix("_s"): getattr(turn.parts, f.name) for f in fields(Parts)}
    rounded = {name: None if s is None else round(s * 1000, 1) for name, s in found.items()}
    return {name: ms for name, ms in rounded.items() if ms != 0}


def ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


# A turn by hand: the caller's last voiced sample is at 10.0, the answer is heard at 11.0

BEGIN = (9.0, ev.SpeechStarted(CALLER, 8.9), [])
STOP = (10.1, ev.SpeechStopped(CALLER, 10.0), [])
WORDS = (10.3, ev.Transcript(CALLER, 1, "a table", True), [])
COMMIT = act.TurnCommitted(CALLER, 1, "a table", (1,), 10.0)
ASK, WANT = act.StartReply(1, 1), act.PromoteReply(1)
TOKEN = (10.6, ev.ReplyToken(1), [])
CHUNK = (10.7, ev.ReplySpan(1, 0, "At eight?", 0, 9), [])
AUDIO = (10.85, ev.SpanAudio(1, 0), [act.PlayReply(1, CALLER, False)])
HEARD = (11.1, ev.PlayoutStarted(CALLER, 1, 11.0), [])
DECIDED = (10.45, ev.Tick(), [COMMIT, ASK, WANT])

ENDED = act.ReplyEnded(1, "cancelled", "")

PLAIN = (BEGIN, STOP, WORDS, DECIDED, TOKEN, CHUNK, AUDIO, HEARD)


def test_the_parts_of_a_turn_without_speculation() -> None:
    turn = one_turn(recorded(*PLAIN))
    assert (turn.outcome, turn.reply, turn.speculative) == ("answered", 1, False)
    assert ms(turn.response_s) == ms(turn.first_sound_s) == 1000
    assert parts_ms(turn) == {
        "transcript": 300,
        "end_of_turn": 150,
        "first_token": 150,
        "first_chunk": 100,
        "first_audio": 150,
        "playout": 150,
    }
    assert turn.time_won_s == 0


def test_the_marks_are_what_happened_when() -> None:
    marks = one_turn(recorded(*PLAIN)).marks
    assert [ms(mark) for mark in astuple(marks)] == [300, 450, 450, 600, 700, 850, 850, 1000]


def test_a_speculative_reply_that_is_slower_than_the_decision_hides_the_end_of_the_turn() -> None:
    """Nobody waited for the decision: 100 ms less of it would not have been heard."""
    early, late = (10.35, ev.Tick(), [ASK]), (10.8, ev.Tick(), [COMMIT, WANT])
    turn = one_turn(recorded(BEGIN, STOP, WORDS, early, TOKEN, CHUNK, late, AUDIO, HEARD))
    assert turn.speculative
    assert parts_ms(turn) == {
        "transcript": 300,
        "end_of_turn": 50,
        "first_token": 250,
        "first_chunk": 100,
        "first_audio": 150,
        "playout": 150,
    }
    assert ms(turn.time_won_s) == 450


def test_a_speculative_reply_that_awaits_the_decision_costs_nothing_but_that() -> None:
    early, ready = (10.35, ev.Tick(), [ASK]), (10.85, ev.SpanAudio(1, 0), [])
    decided = (10.9, ev.Tick(), [COMMIT, WANT, act.PlayReply(1, CALLER, False)])
    turn = one_turn(recorded(BEGIN, STOP, WORDS, early, TOKEN, CHUNK, ready, decided, HEARD))
    assert parts_ms(turn) == {"transcript": 300, "end_of_turn": 600, "playout": 100}
    assert ms(turn.time_won_s) == 500, "all of its preparation"


def test_words_that_become_final_after_the_reply_was_begun_were_not_waited_for() -> None:
    partial = (9.95, ev.Transcript(CALLER, 1, "a table", False), [])
    early = (10.25, ev.Tick(), [ASK])
    final = (10.4, ev.Transcript(CALLER, 1, "a table", True), [COMMIT, WANT])
    turn = one_turn(recorded(BEGIN, partial, STOP, early, final, TOKEN, CHUNK, AUDIO, HEARD))
    assert parts_ms(turn)["end_of_turn"] == 250
    assert "transcript" not in parts_ms(turn)
    assert ms(turn.marks.transcript_s) == 400


def test_words_that_only_repeat_what_was_known_were_not_waited_for() -> None:
    words = [ev.Transcript(CALLER, 1, text, False) for text in ("a", "a table", "a table")]
    steps = [(now, said, []) for now, said in zip((9.5, 10.2, 10.3), words, strict=True)]
    other_leg = (10.4, ev.Transcript("supervisor", 1, "hurry", True), [])
    turn = one_turn(recorded(BEGIN, STOP, *steps, other_leg, *PLAIN[3:]))
    assert ms(turn.parts.transcript_s) == 200


def test_rounds_of_tools_and_failed_attempts_have_a_part() -> None:
    first = (10.45, ev.Tick(), [COMMIT, act.StartReply(7, 1), act.PromoteReply(7)])
    tool = (10.5, ev.ReplyToolCall(7, "c", "look_up", "{}", 5), [act.RunTool("c", "look_up", "{}")])
    second = (10.55, ev.ToolFinished("c", "8"), [act.ToolEnded("c", "done"), ASK, WANT])
    call = waterfall(recorded(BEGIN, STOP, WORDS, first, tool, second, *PLAIN[4:]), simulated=False)
    assert call.turns[0].reply == 1
    assert ms(call.turns[0].parts.rounds_s) == 100
    assert call.turns[0].time_won_s is None
    assert (call.counts.tools, call.counts.failed_tools) == (1, 0)


def test_a_reply_that_waits_for_its_place_has_a_part_for_it() -> None:
    ready, play = (10.85, ev.SpanAudio(1, 0), []), (10.9, ev.Tick(), [act.PlayReply(1, "c", False)])
    turn = one_turn(recorded(*PLAIN[:6], ready, play, HEARD))
    assert ms(turn.parts.queue_s) == 50


def test_a_milestone_after_the_answer_was_heard_counts_at_that_moment() -> None:
    late = (11.3, ev.SpanAudio(1, 0), [act.PlayReply(1, CALLER, False)])
    turn = one_turn(recorded(*PLAIN[:6], HEARD, late))
    assert parts_ms(turn)["first_audio"] == 300
    assert "playout" not in parts_ms(turn)


# What is missing


def test_a_missing_milestone_leaves_its_time_unattributed() -> None:
    turn = one_turn(without(recorded(*PLAIN), ev.ReplyToken))
    assert parts_ms(turn) == {
        "transcript": 300,
        "end_of_turn": 150,
        "first_token": None,
        "first_chunk": None,
        "first_audio": 150,
        "playout": 150,
        "unattributed": 250,
    }


def test_without_a_known_play_a_speculative_reply_has_no_known_path_to_its_beginning() -> None:
    early, late = (10.35, ev.Tick(), [ASK]), (10.8, ev.Tick(), [COMMIT, WANT])
    trace = recorded(BEGIN, STOP, WORDS, early, TOKEN, CHUNK, late, AUDIO, HEARD)
    parts = parts_ms(one_turn(without(trace, act.PlayReply)))
    assert parts["transcript"] is parts["end_of_turn"] is parts["rounds"] is None
    assert parts["queue"] is parts["playout"] is None
    assert parts["unattributed"] == 350 + 150


def test_without_a_first_sample_nothing_is_known() -> None:
    finished = (12.0, ev.PlayoutFinished(CALLER, 1, 12.0), [])
    turn = one_turn(recorded(*PLAIN[:-1], finished))
    assert turn.outcome == "answered"
    assert (turn.response_s, turn.first_sound_s, turn.parts) == (None, None, Parts())


def test_without_a_last_voiced_sample_nothing_is_known() -> None:
    """Words without a detected voice: the core counts from their arrival."""
    turn = one_turn(recorded(WORDS, *PLAIN[3:]))
    assert turn.outcome == "answered"
    assert (turn.response_s, turn.first_sound_s, turn.parts) == (None, None, Parts())
    assert set(astuple(turn.marks)) == {None}


def test_a_first_sample_before_the_last_voiced_one_is_a_wrong_number() -> None:
    turn = one_turn(recorded(*PLAIN[:-1], (11.1, ev.PlayoutStarted(CALLER, 1, 9.9), [])))
    assert (turn.response_s, turn.first_sound_s, turn.parts) == (None, None, Parts())


def test_time_won_is_not_known_without_the_first_audio() -> None:
    turn = one_turn(without(recorded(*PLAIN), ev.SpanAudio))
    assert turn.time_won_s is None
    assert parts_ms(turn)["unattributed"] == 250


def test_a_turn_without_an_answer() -> None:
    gone = (10.5, ev.Disconnected(CALLER), [act.CancelReply(1), act.EndCall("caller-hung-up")])
    turn = one_turn(recorded(*PLAIN[:4], gone))
    assert (turn.outcome, turn.reply, turn.speculative) == ("unanswered", None, None)
    assert (turn.response_s, turn.first_sound_s, turn.time_won_s) == (None, None, None)
    assert ms(turn.marks.decision_s) == 450
    assert turn.parts == Parts()


# Which reply, which audio


def test_a_filler_is_the_first_sound_but_no_answer() -> None:
    wait = act.PlayReply(2, CALLER, True)
    filler = (10.5, ev.Tick(), [act.PromoteReply(2), wait])
    heard = (10.6, ev.PlayoutStarted(CALLER, 2, 10.58), [])
    call = waterfall(recorded(*PLAIN[:4], filler, heard, *PLAIN[4:]), simulated=False)
    assert ms(call.turns[0].response_s) == 1000
    assert ms(call.turns[0].first_sound_s) == 580
    assert call.counts.fillers == 1


def test_a_backchannel_is_no_sound_that_was_waited_for() -> None:
    said = (9.0, ev.Tick(), [act.Backchannel(CALLER, 2, "Uh-huh.", -8.0)])
    heard = [
        (9.1, ev.PlayoutStarted(CALLER, 2, 9.0), []),
        (9.3, ev.Heard(CALLER, 2, 0, 7, 9.3, False), []),
    ]
    late = (10.6, ev.PlayoutStarted(CALLER, 2, 10.58), [])
    call = waterfall(
        recorded(*PLAIN[:1], said, *heard, *PLAIN[1:4], late, *PLAIN[4:]), simulated=False
    )
    plain = waterfall(recorded(*PLAIN), simulated=False)
    assert call.turns[0].first_sound_s == plain.turns[0].first_sound_s
    assert call.counts == plain.counts


def test_a_filler_that_was_never_heard_is_not_counted() -> None:
    filler = (10.5, ev.Tick(), [act.PromoteReply(2), act.PlayReply(2, CALLER, True)])
    call = waterfall(recorded(*PLAIN[:4], filler, *PLAIN[4:]), simulated=False)
    assert call.counts.fillers == 0


def test_only_the_first_start_of_the_first_answer_counts() -> None:
    again = (12.0, ev.PlayoutStarted(CALLER, 1, 12.0), [])
    more = (12.0, ev.Tick(), [act.StartReply(2, 1), act.PromoteReply(2)])
    heard = (13.0, ev.PlayoutStarted(CALLER, 2, 13.0), [])
    turn = one_turn(recorded(*PLAIN, again, more, heard))
    assert (turn.reply, ms(turn.response_s)) == (1, 1000)


@pytest.mark.parametrize("end", [act.CancelReply(1), act.ReplyEnded(1, "cancelled", "")])
@pytest.mark.parametrize(
    "stale",
    [
        ev.PlayoutStarted(CALLER, 1, 11.0),
        ev.Heard(CALLER, 1, 0, 3, 11.0, False),
        ev.PlayoutFinished(CALLER, 1, 11.0),
    ],
)
def test_what_a_dead_reply_says_is_no_answer(end: act.Action, stale: ev.Event) -> None:
    turn = one_turn(recorded(*PLAIN[:-1], (10.9, ev.Tick(), [end]), (11.0, stale, [])))
    assert turn.outcome == "unanswered"


def test_the_first_chunk_is_the_first_that_was_not_taken_back() -> None:
    early = (10.65, ev.ReplySpan(1, 9, "At", 0, 2), [])
    spoken = (10.66, ev.SpanAudio(1, 9), [])
    back = (10.67, ev.SpanRetracted(1, 9), [])
    turn = one_turn(recorded(*PLAIN[:5], early, spoken, back, *PLAIN[5:]))
    assert ms(turn.marks.first_chunk_s) == 700


def test_a_chunk_that_was_heard_cannot_be_taken_back() -> None:
    turn = one_turn(recorded(*PLAIN, (11.2, ev.SpanRetracted(1, 0), [])))
    assert ms(turn.marks.first_chunk_s) == 700


def test_the_first_audio_is_that_of_the_attempt_that_was_heard() -> None:
    broken = (10.75, ev.SpanAudio(1, 0), [])
    again = (10.8, ev.SpanFailed(1, 0, "timeout", False), [act.Synthesize(1, 0, "", 2, False)])
    turn = one_turn(recorded(*PLAIN[:6], broken, again, *PLAIN[6:]))
    assert ms(turn.marks.first_audio_s) == 850


def test_audio_that_comes_all_at_once_exists_then() -> None:
    whole = (10.85, ev.SpanSynthesized(1, 0, 2.0), [act.PlayReply(1, CALLER, False)])
    more = (10.9, ev.SpanAudio(1, 0), [])
    turn = one_turn(recorded(*PLAIN[:6], whole, more, HEARD))
    assert ms(turn.marks.first_audio_s) == 850


def test_only_the_first_token_counts() -> None:
    turn = one_turn(recorded(*PLAIN[:5], (10.65, ev.ReplyToken(1), []), *PLAIN[5:]))
    assert ms(turn.marks.first_token_s) == 600


def test_a_reopened_turn_is_answered_by_nothing_that_follows() -> None:
    reopened = (10.9, ev.Tick(), [act.CancelReply(1), act.TurnReopened(CALLER, 1)])
    later = (11.0, ev.Tick(), [act.StartReply(2, 1), act.PromoteReply(2)])
    heard = (11.5, ev.PlayoutStarted(CALLER, 2, 11.5), [])
    call = waterfall(recorded(*PLAIN[:-1], reopened, later, heard), simulated=False)
    assert (call.turns[0].outcome, call.turns[0].first_sound_s) == ("reopened", None)
    assert (call.counts.turns, call.counts.reopened, call.counts.answered) == (1, 1, 0)


def test_time_never_runs_backwards() -> None:
    turn = one_turn(recorded(*PLAIN[:4], (10.0, ev.ReplyToken(1), []), *PLAIN[5:]))
    assert ms(turn.marks.first_token_s) == 450


# Interruptions


def interrupted(*steps: tuple[float, ev.Event, list[act.Action]]) -> Waterfall:
    """The caller makes a sound at 12.0 while the answer is heard."""
    sound = (12.06, ev.SpeechStarted(CALLER, 12.0), [act.PausePlayout(CALLER)])
    return waterfall(recorded(*PLAIN, sound, *steps), simulated=False)


YIELD = [act.FloorYielded(CALLER, "words"), act.ClearPlayout(CALLER), act.CancelReply(1)]


def test_a_yielded_floor() -> None:
    call = interrupted(
        (12.4, ev.Transcript(CALLER, 2, "no wait", False), YIELD),
        (12.42, ev.Heard(CALLER, 1, 0, 5, 12.08, False), []),
        (12.43, ev.Heard(CALLER, 1, 1, 1, 12.07, False), []),
        (12.44, ev.PlayoutCleared(CALLER), []),
        (12.5, ev.Heard(CALLER, 1, 0, 9, 12.5, False), []),
    )
    (it,) = call.interruptions
    assert (it.outcome, it.reason, it.agent_audible) == ("yielded", "words", True)
    assert ms(it.onset_s) == 12000
    assert (ms(it.paused_after_s), ms(it.silent_after_s), ms(it.decided_after_s)) == (60, 80, 400)
    assert (call.counts.yielded, call.counts.kept) == (1, 0)


def test_a_kept_floor() -> None:
    kept = [act.ResumePlayout(CALLER), act.FloorKept(CALLER, "too short")]
    call = interrupted(
        (12.3, ev.SpeechStopped(CALLER, 12.1), kept),
        (12.4, ev.Heard(CALLER, 1, 0, 5, 12.4, False), []),
    )
    (it,) = call.interruptions
    assert (it.outcome, it.reason, ms(it.decided_after_s)) == ("kept", "too short", 300)
    assert it.silent_after_s is None, "what is heard after the pause says nothing about it"
    assert (call.counts.yielded, call.counts.kept) == (0, 1)


def test_what_the_next_reply_says_is_not_the_last_of_the_one_before() -> None:
    call = interrupted(
        (12.4, ev.Transcript(CALLER, 2, "no wait", False), YIELD),
        (13.0, ev.PlayoutStarted(CALLER, 2, 13.0), []),
        (13.5, ev.Heard(CALLER, 2, 0, 5, 13.5, False), []),
    )
    assert call.interruptions[0].silent_after_s is None


def test_an_interruption_that_nobody_decided() -> None:
    (it,) = interrupted((12.1, ev.Disconnected(CALLER), [])).interruptions
    assert (it.outcome, it.reason, it.decided_after_s) == ("", "", None)


def test_a_thinking_agent_is_not_audible() -> None:
    sound = (10.5, ev.SpeechStarted(CALLER, 10.5), [act.PausePlayout(CALLER)])
    (it,) = waterfall(recorded(*PLAIN[:5], sound), simulated=False).interruptions
    assert not it.agent_audible


def test_an_agent_that_has_finished_is_not_audible() -> None:
    done = (11.9, ev.PlayoutFinished(CALLER, 1, 11.9), [act.ReplyEnded(1, "done", "At eight?")])
    (it,) = interrupted((11.9, *done[1:])).interruptions
    assert it.agent_audible
    sound = (12.06, ev.SpeechStarted(CALLER, 12.0), [act.PausePlayout(CALLER)])
    (it,) = waterfall(recorded(*PLAIN, done, sound), simulated=False).interruptions
    assert not it.agent_audible


def test_words_that_take_the_floor_without_a_voice() -> None:
    words = (12.4, ev.Transcript(CALLER, 2, "no wait", False), YIELD)
    (it,) = waterfall(recorded(*PLAIN, words), simulated=False).interruptions
    assert (it.outcome, it.onset_s, it.decided_after_s) == ("yielded", None, None)
    assert it.agent_audible


def test_the_core_that_interrupts_itself_is_no_interruption() -> None:
    ends = (12.4, ev.Tick(), [act.FloorYielded(CALLER, "the call is ending")])
    assert waterfall(recorded(*PLAIN, ends), simulated=False).interruptions == ()


def test_a_pause_that_no_voice_explains_has_no_onset() -> None:
    pause = (12.4, ev.Tick(), [act.PausePlayout(CALLER)])
    (it,) = waterfall(recorded(*PLAIN, pause), simulated=False).interruptions
    assert (it.onset_s, it.paused_after_s) == (None, None)


# The call


def test_the_call_as_a_whole() -> None:
    begin = (0.5, ev.Connected(CALLER), [])
    again = (0.6, ev.Connected("supervisor"), [])
    drop = (9.0, ev.Tick(), [act.SegmentDropped(CALLER, 9, "no words")])
    tools = [act.ToolEnded(call, how) for call, how in (("a", "failed"), ("b", "expired"))]
    end = (20.5, ev.EndRequested("shutdown"), [*tools, act.EndCall("shutdown")])
    call = waterfall(recorded(begin, again, drop, *PLAIN, end), simulated=True)
    assert (call.call, call.started, call.core) == ("call-1", "2026-01-01T12:00:00Z", "0")
    assert (call.end_reason, call.at_fault, call.complete) == ("shutdown", "platform", True)
    assert call.duration_s == 20.0
    assert (call.counts.dropped_segments, call.counts.failed_tools) == (1, 2)
    assert (call.counts.replies, call.counts.failed_replies) == (1, 0)


def test_a_call_whose_end_is_not_recorded() -> None:
    call = waterfall(recorded((0.5, ev.Connected(CALLER), [])), simulated=False)
    assert (call.end_reason, call.at_fault, call.complete) == (None, None, False)
    assert call.duration_s is None


def test_a_reason_of_another_version() -> None:
    end = (1.0, ev.Tick(), [act.EndCall("bored")])
    call = waterfall(recorded(end), simulated=False)
    assert (call.end_reason, call.at_fault) == ("bored", None)


def test_speculation_is_counted() -> None:
    begun = (10.0, ev.Tick(), [act.StartReply(5, 1)])
    dropped = (10.1, ev.Tick(), [act.CancelReply(5), ASK])
    counted = (10.11, ev.ReplyUsed(5, 100, 7, estimated=False), [])
    wanted = (10.46, ev.ReplyUsed(1, 100, 30, estimated=False), [])
    decided = (10.45, ev.Tick(), [COMMIT, WANT])
    pending = (12.0, ev.Tick(), [act.StartReply(6, 1), act.ReplyEnded(1, "failed", "")])
    trace = recorded(*PLAIN[:3], begun, dropped, counted, decided, wanted, *PLAIN[4:], pending)
    call = waterfall(trace, simulated=False)
    speculation = call.speculation
    assert (speculation.started, speculation.promoted, speculation.cancelled) == (3, 1, 1)
    assert speculation.wasted_tokens == 107
    assert (call.counts.replies, call.counts.failed_replies) == (1, 1)


def test_tokens_are_wasted_on_every_reply_that_was_withdrawn_or_failed_unheard() -> None:
    reopened = [act.CancelReply(1), ENDED, act.TurnReopened(CALLER, 1)]
    failed = [act.StartReply(2, 1), act.PromoteReply(2), act.ReplyEnded(2, "failed", "")]
    told = [act.StartReply(3, 1), act.PromoteReply(3), act.ReplyEnded(3, "done", "")]
    goes_on = (10.5, ev.SpeechStarted(CALLER, 10.5), reopened)
    used = [(12.5, ev.ReplyUsed(n, 100, n, estimated=False), []) for n in (1, 2, 3)]
    replies = [(12.0, ev.Tick(), failed), (12.1, ev.Tick(), told)]
    call = waterfall(recorded(*PLAIN[:4], goes_on, *replies, *used), simulated=False)
    assert call.speculation.wasted_tokens == 203
    heard = [*PLAIN, (12.0, ev.Tick(), [act.CancelReply(1), ENDED]), used[0]]
    assert waterfall(recorded(*heard), simulated=False).speculation.wasted_tokens == 0


@pytest.mark.parametrize("simulated", [True, False])
def test_json_has_milliseconds_and_says_what_was_simulated(simulated: bool) -> None:
    content = waterfall(recorded(*PLAIN, (12.34567, ev.Tick(), [])), simulated=simulated).to_json()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["simulated"] is simulated
    assert content["duration_ms"] is None
    turn = content["turns"][0]
    assert turn["response_ms"] == 1000.0
    assert turn["marks"]["first_token_ms"] == 600.0
    assert turn["parts"]["unattributed_ms"] == 0.0


def test_json_has_one_decimal_and_no_infinity() -> None:
    heard = (11.1, ev.PlayoutStarted(CALLER, 1, 11.0001234), [])
    turn = waterfall(recorded(*PLAIN[:-1], heard), simulated=True).to_json()["turns"][0]
    assert turn["response_ms"] == 1000.1
    endless = (11.1, ev.PlayoutStarted(CALLER, 1, float("inf")), [])
    turn = waterfall(recorded(*PLAIN[:-1], endless), simulated=True).to_json()["turns"][0]
    assert turn["response_ms"] is None


def test_json_has_the_same_keys_whatever_happened() -> None:
    full = waterfall(recorded(*PLAIN), simulated=True).to_json()
    bare = waterfall(recorded(*PLAIN[:4]), simulated=True).to_json()
    assert _keys(full) == _keys(bare)
    assert _keys(full)["turns"][0]["parts"].keys() == {
        "transcript_ms", "end_of_turn_ms", "rounds_ms", "first_token_ms", "first_chunk_ms",
        "first_audio_ms", "queue_ms", "playout_ms", "unattributed_ms",
    }  # fmt: skip


def _keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: _keys(item) for key, item in value.items()}
    return [_keys(item) for item in value] if isinstance(value, list) else None


# Calls through the core


def test_a_simulated_call_from_its_greeting_to_its_end() -> None:
    call = waterfall(
        scripted_call(
            Utterance(2.0, 1.2, "I'd like a table for two."),
            Utterance(5.4, 0.3, "mm-hmm"),
            Utterance(9.0, 0.8, "Tomorrow at eight please."),
            Utterance(11.0, 0.9, "No wait, at nine."),
            answers=(Answer(length=3.0), Answer(length=2.5)),
            greeting="Hello, how can I help?",
        ),
        simulated=True,
    )
    assert [turn.outcome for turn in call.turns] == ["answered"] * 3
    assert [ms(turn.response_s) for turn in call.turns] == [890, 890, 890]
    assert [(it.outcome, it.reason) for it in call.interruptions] == [
        ("kept", "acknowledgement"),
        ("yielded", "voice"),
    ]
    assert [
        it.silent_after_s and round(ms(it.silent_after_s) or 0) for it in call.interruptions
    ] == [
        None,
        111,
    ]
    assert call.speculation.promoted == 3


DELAY = st.floats(0.0, 1.0).map(lambda s: round(s, 3))

UTTERANCES = st.lists(
    st.builds(
        Utterance,
        begin=st.floats(0.5, 18.0),
        length=st.floats(0.05, 2.0),
        text=st.sampled_from(["mm-hmm", "yes", "no wait", "I'd like a table for two.", ""]),
        detected_after=st.floats(0.03, 0.3),
        partial_after=st.none() | st.floats(-0.4, 0.5),
        final_after=st.floats(0.0, 1.5),
    ),
    max_size=6,
)

ANSWERS = st.lists(
    st.builds(
        Answer,
        token_after=st.none() | DELAY,
        chunk_after=DELAY,
        audio_after=DELAY,
        length=st.floats(0.2, 4.0),
        tool_after=st.none() | DELAY,
        failed_after=st.none() | st.none() | DELAY,
        tool_only=st.booleans(),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(UTTERANCES, ANSWERS, st.floats(0.0, 0.3), st.sampled_from(["", "Hello!"]), st.data())
def test_parts_always_add_up(
    utterances: list[Utterance],
    answers: tuple[Answer, ...],
    transport_s: float,
    greeting: str,
    data: st.DataObject,
) -> None:
    trace = scripted_call(
        *utterances,
        answers=answers,
        transport_s=transport_s,
        hang_up_at=25.0,
        greeting=greeting,
    )
    call = waterfall(trace, simulated=True)
    _consistent(call)
    lost = data.draw(st.sets(st.sampled_from(LOSABLE)))
    _consistent(waterfall(without(trace, *lost), simulated=True))


LOSABLE = [
    ev.SpeechStopped, ev.Transcript, ev.ReplyToken, ev.ReplySpan, ev.SpanAudio, ev.SpanSynthesized,
    ev.PlayoutStarted, ev.Heard, ev.PlayoutFinished, act.StartReply, act.PromoteReply,
    act.PlayReply, act.TurnCommitted, act.ReplyEnded, act.FloorYielded,
]  # fmt: skip


def _consistent(call: Waterfall) -> None:
    for turn in call.turns:
        parts = [part for part in astuple(turn.parts) if part is not None]
        assert all(part >= 0 for part in parts)
        assert bool(parts) == (turn.response_s is not None)
        if turn.response_s is not None:
            assert abs(sum(parts) - turn.response_s) < 1e-6
            assert turn.first_sound_s is not None
            assert 0 <= turn.first_sound_s <= turn.response_s
            assert turn.outcome == "answered"
            complete = None not in astuple(turn.parts)
            assert not complete or turn.parts.unattributed_s < 1e-6
        assert turn.time_won_s is None or turn.time_won_s >= 0
    for turn in call.to_json()["turns"]:
        if turn["response_ms"] is not None:
            known = [part for part in turn["parts"].values() if part is not None]
            assert abs(sum(known) - turn["response_ms"]) < 1
    for it in call.interruptions:
        delays = it.paused_after_s, it.silent_after_s, it.decided_after_s
        assert all(delay is None or delay >= 0 for delay in delays)
    speculation = call.speculation
    assert speculation.promoted + speculation.cancelled <= speculation.started
