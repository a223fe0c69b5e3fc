"""Calls are taken apart as they happened, and what is proposed is what was measured."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from parley.core import CALLER, Conversation, trace
from parley.core import events as ev
from parley.core.settings import EndingSettings, InterruptionSettings, Settings, TurnSettings
from parley.core.trace import Trace
from parley.sim import tuning
from parley.sim.hearing import Edge, Hearing, Words
from parley.sim.passages import (
    LEAD_S,
    Happened,
    Passage,
    agent_in,
    happened_in,
    heard_in,
    judged_in,
    passages,
)
from parley.sim.tuning import Point, Wish, curve, for_cut_off, for_latency
from parley.speech.pauses import Judgement

EVEN = Settings(
    turns=TurnSettings(
        wait_s=0.5, unready_s=0.0, ending=EndingSettings(shortest_s=9.0, longest_s=0.0)
    )
)


def edges(*times: float) -> tuple[Edge, ...]:
    return tuple(Edge(t + 0.05, t, n % 2 == 0) for n, t in enumerate(times))


def hearing(*times: float) -> Hearing:
    words = tuple(Words(t + 0.1, "something", final=True) for t in times[1::2])
    return Hearing(times[-1] + 5.0, edges(*times), words)


# Passages


def test_long_silence_parts_passages_and_short_silence_does_not() -> None:
    first, second = passages(hearing(1.0, 2.0, 2.8, 3.5, 6.0, 7.0))
    ((stopped, again),) = first.pauses
    assert again.at_s - stopped.at_s == pytest.approx(0.8)
    assert first.hearing.edges[0].at_s == pytest.approx(LEAD_S)
    assert first.end_s == pytest.approx(LEAD_S + 2.5)
    assert len(first.hearing.words) == 2
    assert second.pauses == []
    assert [w.known_s for w in second.hearing.words] == pytest.approx([LEAD_S + 1.1])


def test_who_speaks_again_after_an_answer_has_not_paused() -> None:
    assert len(list(passages(hearing(1.0, 2.0, 3.5, 4.0), [(2.3, 3.2)]))) == 2
    assert len(list(passages(hearing(1.0, 2.0, 3.5, 4.0), [(2.3, 3.9)]))) == 1  # cut off


def test_what_begins_before_the_recording_or_does_not_end_is_left_out() -> None:
    words = (Words(2.1, "something", final=True),)
    found = Hearing(9.0, (Edge(0.1, 0.0, False), *edges(1.0, 2.0, 5.0)), words)
    (passage,) = passages(found)
    assert len(passage.hearing.edges) == 2
    assert list(passages(Hearing(1.0, ()))) == []


def test_a_voice_without_words_is_neither_a_pause_nor_an_end() -> None:
    said = hearing(1.0, 2.0)
    cough = replace(said, edges=(*said.edges, *edges(3.5, 3.8)))
    empty = replace(cough, words=(*said.words, Words(3.9, "", final=True)))
    for found in (cough, empty):
        (passage,) = passages(found)
        assert passage.pauses == []
        assert len(passage.hearing.edges) == 2
    assert list(passages(Hearing(6.0, edges(1.0, 1.4)))) == []


def test_words_belong_to_all_of_the_voice_that_they_cover() -> None:
    heard = hearing(1.0, 2.0, 2.1, 2.5)
    asked = Words(2.9, "something", final=True, asked_s=2.65)
    late = (Words(2.7, "", final=True), Words(4.2, "something", final=True))
    for words, seconds in (((asked,), 1.5), ((Words(2.2, "some"),), 1.5), (late, 0.4)):
        (passage,) = passages(replace(heard, words=words))
        assert passage.end_s == pytest.approx(LEAD_S + seconds)


def test_a_judgement_is_asked_for_at_the_recordings_times() -> None:
    asked: list[tuple[float, float]] = []

    def judge(since_s: float, asked_s: float) -> Judgement:
        asked.append((since_s, asked_s))
        return Judgement(0.5)

    _, second = passages(hearing(1.0, 2.0, 6.0, 7.0), (), judge)
    assert second.judge is not None
    assert second.judge(LEAD_S, LEAD_S + 1.2) == Judgement(0.5)
    assert asked[0] == (pytest.approx(6.0), pytest.approx(7.2))


# Traces


def recorded(facts: Sequence[tuple[float, ev.Event]], settings: Settings) -> Trace:
    """A call with a punctual timer in which these facts became known."""
    conversation, lines = Conversation(settings), [trace.header(settings, "c", "2026-01-01")]

    def tell(event: ev.Event, now: float) -> None:
        lines.append(trace.line(now, event, conversation.handle(event, now)))

    for now, event in facts:
        while (due := conversation.next_deadline()) is not None and due <= now:
            tell(ev.Tick(), due)
        tell(event, now)
    return trace.parse("".join(lines))


JUDGED = Settings(turns=replace(EVEN.turns, judges=True))
CALL: list[tuple[float, ev.Event]] = [
    (0.0, ev.Connected(CALLER)),
    (0.0, ev.ListeningReady(CALLER)),
    (1.05, ev.SpeechStarted(CALLER, 1.0)),
    (2.05, ev.SpeechStopped(CALLER, 2.0)),
    (2.3, ev.Transcript(CALLER, 0, "hello", final=True)),
    (2.4, ev.TurnJudged(CALLER, 2.0, 0.3, -0.25)),
    (2.6, ev.ReplySpan(1, 0, "Hi.", 0, 3)),
    (2.65, ev.SpeechStarted(CALLER, 2.6)),  # the turn was committed at 2.5
    (2.9, ev.Transcript(CALLER, 1, "hello there", final=False)),
    (3.5, ev.SpeechStopped(CALLER, 3.4)),
    (3.7, ev.Transcript(CALLER, 1, "hello there", final=True, over=0.6)),
    (8.0, ev.Disconnected(CALLER)),
]


def test_a_trace_tells_what_was_heard_and_what_became_of_it() -> None:
    found = recorded(CALL, JUDGED)
    heard = heard_in(found)
    assert [(e.at_s, e.began) for e in heard.edges] == [
        (1.0, True),
        (2.0, False),
        (2.6, True),
        (3.4, False),
    ]
    assert [(w.text, w.over) for w in heard.words if w.final] == [
        ("hello", None),
        ("hello there", 0.6),
    ]
    assert heard.words[0].asked_s == pytest.approx(2.15)
    assert happened_in(found) == Happened(turns=2, cut_off=1, reopened=1)
    judge = judged_in(found)
    assert judge(1.0, 2.2) == Judgement(0.3, -0.25)
    assert judge(1.0, 5.0) is None


@pytest.mark.parametrize("noise", ["", "mm-hmm"])
def test_what_did_not_take_the_floor_is_no_pause_and_no_end(noise: str) -> None:
    """A cough, or "mm-hmm", over the answer; and a noise after it."""
    answer = "Certainly, for how many people would that be, and on which day of the week."
    facts: list[tuple[float, ev.Event]] = [
        *CALL[:6],
        (2.6, ev.ReplySpan(1, 0, answer, 0, len(answer))),
        (2.7, ev.SpanAudio(1, 0)),
        (2.75, ev.PlayoutStarted(CALLER, 1, 2.75)),
        (2.9, ev.SpanSynthesized(1, 0, 5.0)),
        (2.9, ev.ReplyGenerated(1)),
        (3.65, ev.SpeechStarted(CALLER, 3.6)),
        (3.95, ev.SpeechStopped(CALLER, 3.9)),
        (4.2, ev.Transcript(CALLER, 1, noise, final=True)),
        (7.75, ev.PlayoutFinished(CALLER, 1, 7.75)),
        (9.05, ev.SpeechStarted(CALLER, 9.0)),
        (9.25, ev.SpeechStopped(CALLER, 9.2)),
        (9.5, ev.Transcript(CALLER, 2, "", final=True)),
        (12.0, ev.Disconnected(CALLER)),
    ]
    found = recorded(facts, JUDGED)
    assert happened_in(found) == Happened(turns=1, cut_off=0, reopened=0)
    (passage,) = passages(heard_in(found), agent_in(found))
    assert passage.pauses == []


def test_an_end_at_which_nothing_was_understood_is_missed() -> None:
    (point, *_) = curve([Passage(Hearing(6.0, edges(1.0, 1.4)))], EVEN, (0.5,))
    assert (point.missed, point.delays) == (1, ())
    assert math.isnan(point.median_s)


def test_a_trace_tells_when_the_agent_was_heard() -> None:
    facts: list[tuple[float, ev.Event]] = [
        *CALL[:6],
        (2.6, ev.ReplySpan(1, 0, "Hi.", 0, 3)),
        (2.7, ev.SpanAudio(1, 0)),
        (2.75, ev.PlayoutStarted(CALLER, 1, 2.75)),
        (2.9, ev.SpanSynthesized(1, 0, 0.5)),
        (2.9, ev.ReplyGenerated(1)),
        (3.25, ev.PlayoutFinished(CALLER, 1, 3.25)),
    ]
    assert agent_in(recorded(facts, JUDGED)) == [(2.75, 3.25)]
    assert agent_in(recorded(facts[:-1], JUDGED)) == [(2.75, math.inf)]


# The curve


def test_patience_cuts_off_fewer_and_takes_longer() -> None:
    found = [*passages(hearing(1.0, 2.0, 2.4, 3.0)), *passages(hearing(1.0, 2.0, 2.9, 3.5))]
    points = curve(found, EVEN, (0.3, 0.6, 1.0))
    assert [p.wait_s for p in points] == [0.3, 0.5, 0.6, 1.0]  # and the one that is set
    assert [(p.cut_off, p.pauses) for p in points] == [(2, 2), (1, 2), (1, 2), (0, 2)]
    assert [p.median_s for p in points] == pytest.approx([0.3, 0.5, 0.6, 1.0])
    assert [p.missed for p in points] == [0] * 4


@pytest.mark.parametrize("word", ["something", "yeah"])
def test_pauses_count_although_the_agent_speaks_after_the_ones_before_them(word: str) -> None:
    """Even where what the caller says then would not interrupt it."""
    heard = hearing(1.0, 2.0, 3.0, 3.2, 4.2, 4.4)
    words = tuple(replace(each, text=word) for each in heard.words)
    deaf = replace(EVEN, interruption=InterruptionSettings(words=9, voice_s=30.0))
    (point,) = curve(list(passages(replace(heard, words=words))), deaf, (0.5,))
    assert (point.cut_off, point.pauses) == (2, 2)
    assert point.median_s == pytest.approx(0.5)


def test_the_closure_of_a_consonant_is_no_pause() -> None:
    (point, *_) = curve(list(passages(hearing(1.0, 2.0, 2.15, 3.0))), EVEN, (0.5,))
    assert point.pauses == 0
    assert math.isnan(point.rate)
    assert point.interval == (0.0, 1.0)


def points(*rates: int) -> list[Point]:
    """Points of 100 pauses, a wait of 0.1 s more for each."""
    return [Point(0.1 * n, rate, 100, (0.1 * n,), 0) for n, rate in enumerate(rates, 1)]


@pytest.mark.parametrize(
    ("rates", "wanted", "wait_s"),
    [
        ((40, 20, 8, 3), 0.10, 0.3),
        ((40, 9, 12, 3), 0.10, 0.4),  # a dip that does not last is luck
        ((40, 20, 8, 3), 0.01, None),
        ((4, 2, 1, 0), 0.10, 0.1),
    ],
)
def test_the_shortest_wait_that_cuts_off_so_rarely(
    rates: tuple[int, ...], wanted: float, wait_s: float | None
) -> None:
    found = for_cut_off(points(*rates), wanted)
    assert (found and found.wait_s) == (wait_s and pytest.approx(wait_s))


def test_the_longest_wait_that_is_fast_enough() -> None:
    found = for_latency(points(40, 20, 8, 3), 0.35)
    assert found is not None
    assert found.wait_s == pytest.approx(0.3)
    assert for_latency(points(40, 20), 0.05) is None


def spoken(*pauses: tuple[float, str]) -> Passage:
    """A caller who says a second of something before each pause, and at last "this afternoon"."""
    times, words, now = [], [], 1.0
    for pause, text in (*pauses, (0.0, "this afternoon")):
        times += [now, now + 1.0]
        words.append(Words(now + 1.1, text, final=True))
        now += 1.0 + pause
    return next(passages(Hearing(now + 6.0, edges(*times), tuple(words))))


FOUND = [spoken((0.8, "I would like to")), spoken((0.6, "my name is")), spoken((0.4, "on the"))]
TRIED = (0.0, 0.35), (0.2, 0.5, 1.0)
RUSHED = Settings(
    turns=TurnSettings(
        wait_s=0.5, ending=EndingSettings(patience_s=0.0, doubt=0.0), speculation_limit=0
    )
)


def test_who_is_patient_with_unfinished_words_answers_finished_ones_sooner() -> None:
    found = tuning.curves(FOUND, RUSHED, *TRIED)
    assert [{p.patience_s for p in c} for c in found] == [{0.0}, {0.35}]
    plain, patient = found
    assert [(p.cut_off, round(p.median_s, 2)) for p in plain] == [(3, 0.2), (2, 0.5), (0, 1.0)]
    assert [(p.cut_off, round(p.median_s, 2)) for p in patient] == [(0, 0.2), (0, 0.3), (0, 0.3)]
    chosen = Wish(0.0, None, patience_s=0.0).grant(found)
    assert chosen is not None
    assert (chosen.wait_s, chosen.patience_s) == (0.2, 0.35)
    assert Wish(0.0, 0.1, patience_s=0.0).grant(found) is None
    fast = Wish(None, 0.6, patience_s=0.0).grant(found)
    assert fast is not None
    assert (fast.wait_s, fast.patience_s) == (1.0, 0.35)


def test_another_patience_must_be_worth_it() -> None:
    now = [Point(0.5, 1, 100, (0.50,), 0, 0.35)]
    for median_s, patience_s in ((0.49, 0.35), (0.47, 0.2)):
        other = [Point(0.4, 1, 100, (median_s,), 0, 0.2)]
        chosen = Wish(0.05, None, patience_s=0.35).grant([other, now])
        assert chosen is not None
        assert chosen.patience_s == patience_s
    other = [Point(0.5, 0, 100, (0.5,), 0, 0.2)]
    assert Wish(None, 0.6, patience_s=0.35).grant([other, now]) == now[0]


def test_a_choice_is_tried_on_the_calls_that_it_was_not_made_from() -> None:
    one = tuning.curves(FOUND[:1], RUSHED, *TRIED)
    other = tuning.curves(FOUND[1:], RUSHED, *TRIED)
    assert tuning.together(one, other) == tuning.curves(FOUND, RUSHED, *TRIED)
    wish = Wish(0.0, None, patience_s=0.0)
    confirmed = tuning.tried(wish, one, other)
    assert confirmed is not None
    assert (confirmed.cut_off, confirmed.pauses) == (0, 3)
    assert tuning.tried(wish, one, tuning.curves([], RUSHED, *TRIED)) is None


def test_what_is_chosen_by_luck_is_found_out() -> None:
    lucky = [[Point(0.3, 0, 10, (0.3,), 0), Point(0.9, 0, 10, (0.9,), 0)]]
    usual = [[Point(0.3, 6, 10, (0.3,), 0), Point(0.9, 0, 10, (0.9,), 0)]]
    found = tuning.tried(Wish(0.1, None, patience_s=0.0), lucky, usual)
    assert found is not None
    assert (found.cut_off, found.pauses) == (6, 20)


def test_no_point_is_proposed_where_there_are_no_pauses() -> None:
    assert for_cut_off([Point(0.1, 0, 0, (0.1,), 0)], 0.5) is None


def test_intervals_and_quantiles() -> None:
    low, high = tuning.wilson(5, 100)
    assert (low, high) == (pytest.approx(0.0215, abs=1e-3), pytest.approx(0.1118, abs=1e-3))
    assert tuning.quantile((3.0, 1.0, 2.0), 0.5) == 2.0
    assert tuning.quantile((1.0, 2.0), 0.95) == pytest.approx(1.95)
