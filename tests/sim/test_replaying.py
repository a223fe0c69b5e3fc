"""A replay tells the core what was heard, answers its wishes, and notes what came of it."""

from dataclasses import replace

import pytest

from parley.core.settings import EndingSettings, Settings, TurnSettings
from parley.sim.hearing import Edge, Hearing, Words
from parley.sim.replaying import Pace, replay
from parley.speech.pauses import Judgement

EVEN = EndingSettings(shortest_s=0.5, longest_s=0.5)
SETTINGS = Settings(turns=TurnSettings(wait_s=0.5, unready_s=0.5, ending=EVEN))
LATE_S = 0.05
"""Edges are known so much later."""

PACE = Pace(reply_s=1.0)


def edges(*times: float) -> tuple[Edge, ...]:
    return tuple(Edge(t + LATE_S, t, n % 2 == 0) for n, t in enumerate(times))


def final(at: float, text: str) -> Words:
    return Words(at, text, final=True)


def asked(at: float, known: float, text: str) -> Words:
    return Words(known, text, final=True, asked_s=at)


def test_a_turn_ends_after_its_pause_and_is_answered() -> None:
    told = replay(Hearing(5.0, edges(1.0, 2.0), (final(2.1, "hello there"),)), SETTINGS, pace=PACE)
    assert told.committed == pytest.approx([2.5])
    assert told.heard == pytest.approx([2.55])  # the reply began with the words
    assert (told.started, told.wasted_tokens, told.reopened) == (1, 0, [])


def test_without_words_nothing_is_committed() -> None:
    told = replay(Hearing(6.0, edges(1.0, 1.5)), SETTINGS, pace=PACE)
    assert told.committed == []


def test_who_goes_on_before_the_answer_is_heard_opens_the_turn_again() -> None:
    words = final(2.3, "hello"), final(2.8, "I have a question"), final(3.6, "about it")
    told = replay(Hearing(6.0, edges(1.0, 2.0, 2.52, 3.5), words), SETTINGS, pace=PACE)
    assert told.committed == pytest.approx([2.5, 4.0])
    assert len(told.reopened) == 1
    assert told.heard[0] > 4.0
    assert told.wasted_tokens > 0


def test_a_silenced_agent_goes_on_where_nothing_is_said() -> None:
    """A blip while the reply is on its way holds it up, and no more."""
    quiet = replay(Hearing(6.0, edges(1.0, 2.0), (final(2.4, "hello"),)), SETTINGS, pace=PACE)
    words = (final(2.4, "hello"),)
    told = replay(Hearing(6.0, edges(1.0, 2.0, 2.52, 2.6), words), SETTINGS, pace=PACE)
    assert len(told.heard) == 1
    assert told.heard[0] >= quiet.heard[0]


def test_the_final_text_comes_when_the_core_asks_as_late_as_it_was() -> None:
    words = Words(1.8, "hello"), asked(2.25, 2.3, "hello there")
    turns = replace(SETTINGS.turns, finalize_after_s=0.4)
    hearing = Hearing(5.0, edges(1.0, 2.0), words)
    told = replay(hearing, replace(SETTINGS, turns=turns), pace=PACE)
    assert told.committed == pytest.approx([2.5])
    slow = asked(2.25, 2.6, "hello there")
    hearing = Hearing(5.0, edges(1.0, 2.0), (words[0], slow))
    told = replay(hearing, replace(SETTINGS, turns=turns), pace=PACE)
    assert told.committed == pytest.approx([2.4 + 0.35])


PATIENT = TurnSettings(
    wait_s=1.0, ending=EndingSettings(shortest_s=1.0, longest_s=1.0), finalize_after_s=0.25
)


def test_words_that_nobody_asked_for_are_part_of_the_next_text() -> None:
    """A blip needs no final text: what the recogniser gave in it is not lost."""
    words = asked(2.25, 2.3, "hello"), asked(2.9, 2.95, "well"), asked(4.25, 4.3, "there")
    hearing = Hearing(6.0, edges(1.0, 2.0, 2.6, 2.65, 3.2, 4.0), words)
    told = replay(hearing, Settings(turns=PATIENT), pace=PACE)
    assert told.texts == ["hello well there"]
    assert told.committed == pytest.approx([5.0])


def test_who_asks_in_a_pause_that_was_too_short_before_gets_what_was_known() -> None:
    """And what comes later is not said twice."""
    words = Words(1.3, "hello"), Words(2.4, "hello there"), asked(2.75, 2.8, "hello there sir")
    hearing = Hearing(5.0, edges(1.0, 1.4, 1.8, 2.5), words)
    turns = replace(PATIENT, finalize_after_s=0.1)
    told = replay(hearing, Settings(turns=turns), pace=PACE)
    assert told.texts == ["hello there sir"]
    assert told.committed == pytest.approx([3.5])


@pytest.mark.parametrize(("takes_s", "ends_s"), [(0.05, 2.3), (0.25, 2.45)])
def test_the_judgement_of_a_pause_decides_and_comes_late(takes_s: float, ends_s: float) -> None:
    """The words say nothing, and no reply is prepared: only the sound ends the turn sooner."""
    turns = TurnSettings(judges=True, speculation_limit=0)
    questions: list[tuple[float, float]] = []

    def judge(since_s: float, asked_s: float) -> Judgement:
        questions.append((since_s, asked_s))
        return Judgement(0.99)

    hearing = Hearing(5.0, edges(1.0, 2.0), (final(2.05, "all the way"),))
    pace = Pace(judgement_s=takes_s)
    judged = replay(hearing, Settings(turns=turns), judge, pace)
    alone = replay(hearing, Settings(turns=turns), None, pace)
    assert questions == [(1.0, pytest.approx(2.0 + turns.judge_after_s))]
    assert judged.judgements == 1
    assert judged.committed == pytest.approx([ends_s])
    assert alone.committed == pytest.approx([2.0 + turns.wait_s])


def test_while_the_answer_is_prepared_the_judgement_ends_nothing() -> None:
    turns = TurnSettings(judges=True)
    hearing = Hearing(5.0, edges(1.0, 2.0), (final(2.05, "the same"),))
    told = replay(
        hearing, Settings(turns=turns), lambda since, at: Judgement(0.99), Pace(voice_s=0.05)
    )
    assert told.committed == pytest.approx([2.45])  # its first audio


def test_a_judgement_is_dropped_when_the_voice_goes_on() -> None:
    turns = TurnSettings(judges=True, judge_after_s=0.2)
    words = (final(2.5, "hello there"),)
    hearing = Hearing(5.0, edges(1.0, 1.5, 1.68, 2.4), words)
    told = replay(hearing, Settings(turns=turns), lambda since, at: Judgement(0.01), PACE)
    assert told.judgements == 2


def test_tokens_of_replies_that_nobody_wanted_are_counted_as_far_as_they_came() -> None:
    words = final(2.05, "hello"), final(3.7, "hello again")
    hearing = Hearing(6.0, edges(1.0, 2.0, 2.3, 3.6), words)
    told = replay(hearing, SETTINGS, pace=PACE)
    assert told.started == 2
    assert 0 < told.wasted_tokens <= PACE.tokens


@pytest.mark.parametrize(("over", "ends_s"), [(None, 0.5), (0.95, 0.3), (0.02, 0.89)])
def test_what_the_recogniser_thinks_of_the_turn_reaches_the_core(
    over: float | None, ends_s: float
) -> None:
    turns = TurnSettings(wait_s=0.5, finalize_after_s=0.15)
    settings = Settings(turns=replace(turns, speculation_limit=0))
    words = Words(1.8, "sure", over=0.5), Words(2.2, "sure", True, 2.15, over)
    told = replay(Hearing(6.0, edges(1.0, 2.0), words), settings, pace=PACE)
    assert told.committed == pytest.approx([2.0 + ends_s], abs=0.05)
    known = Words(2.2, "sure", True, None, over)
    told = replay(Hearing(6.0, edges(1.0, 2.0), (known,)), settings, pace=PACE)
    assert told.committed == pytest.approx([2.0 + ends_s], abs=0.05)


def test_a_text_of_nothing_before_the_final_one_is_not_told() -> None:
    words = Words(1.3, "hello"), Words(1.6, ""), final(2.2, "hello")
    told = replay(Hearing(6.0, edges(1.0, 2.0), words), SETTINGS, pace=PACE)
    assert told.texts == ["hello"]
