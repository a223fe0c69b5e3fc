"""How long a pause must last to end a turn."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline import Call

from parley.core import CALLER, ending
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingRule, EndingSettings

RULES = EndingSettings()
USUAL_S = 0.5


def paused(text: str, **turns: object) -> Call:
    """A caller whose last voiced sample was at 2.0, and whose words are known at 2.1."""
    call = Call(turns={"ending": RULES, **turns}).at(1).voice().at(2).pause()
    return call.at(2.1).final(text)


def ended(call: Call) -> float:
    """When the turn ended, in seconds after the last voiced sample."""
    (at,) = call.at(9).when(act.TurnCommitted)
    return round(at - 2.0, 3)


# The words


@pytest.mark.parametrize(
    "text",
    [
        "i would like to", "my name is", "on the third of", "tuesday and", "it's for my",
        "well um", "I was thinking, erm", "a b c",
        "zero seven nine", "double one two", "on Tuesday,", "four 2 2",
    ],
)  # fmt: skip
def test_who_has_not_finished_is_given_time(text: str) -> None:
    assert ended(paused(text)) > 1.5 * USUAL_S


@pytest.mark.parametrize(
    "text", ["book an appointment", "come in", "hello there", "at ten", "number four two"]
)
def test_words_that_tell_nothing_change_nothing(text: str) -> None:
    assert ended(paused(text)) == USUAL_S


def test_a_full_stop_ends_a_turn_sooner() -> None:
    assert RULES.shortest_s < ended(paused("Book an appointment.")) < USUAL_S


@pytest.mark.parametrize("text", ["yes", "No.", "yeah", "no thank you", "that's right"])
def test_the_answer_to_a_question_that_wants_yes_or_no_ends_the_turn_soon(text: str) -> None:
    asked = Call(turns={"ending": RULES}, greeting_kind="yes_no", greeting_question="Sure?")
    asked.at(1).voice().at(2).pause().at(2.1).final(text)
    assert ended(asked) < 0.35
    assert ended(paused(text)) >= min(USUAL_S, 0.36)


def test_more_than_yes_or_no_is_no_whole_answer() -> None:
    asked = Call(turns={"ending": RULES}, greeting_kind="yes_no", greeting_question="Sure?")
    asked.at(1).voice().at(2).pause().at(2.1).final("no i said")
    assert ended(asked) == USUAL_S


def test_words_that_come_late_are_waited_for_however_certain_the_end() -> None:
    call = Call(turns={"ending": RULES, "judges": True}).at(1).voice().at(2).pause()
    call.at(2.2).tell(ev.TurnJudged(CALLER, 2.0, 0.99))
    assert call.at(2.45).turns() == []
    call.final("yes")
    assert call.when(act.TurnCommitted) == [2.45]


# The sound


def test_a_pause_is_judged_once() -> None:
    call = paused("book an appointment", judges=True, judge_after_s=0.15).at(2.3)
    assert call.did(act.JudgeTurn) == [act.JudgeTurn(CALLER, 1.0, 2.0)]
    assert call.when(act.JudgeTurn) == [2.15]
    call.voice().at(3).pause().at(3.05).final("for tuesday").at(4)
    assert call.when(act.JudgeTurn) == [2.15, 3.15]
    assert call.did(act.JudgeTurn)[1] == act.JudgeTurn(CALLER, 1.0, 3.0)


def test_each_turn_is_judged_from_its_own_beginning() -> None:
    call = paused("book an appointment", judges=True).at(3)
    call.at(5).voice().at(6).pause().at(6.5)
    assert call.did(act.JudgeTurn)[-1] == act.JudgeTurn(CALLER, 5.0, 6.0)


def test_a_sound_that_ends_before_it_can_be_judged_is_not() -> None:
    call = Call(turns={"judges": True}).at(1).voice().at(2).pause().at(2.1).voice().at(3)
    assert call.did(act.JudgeTurn) == []


def test_without_a_model_nothing_is_judged() -> None:
    assert paused("book an appointment").at(9).did(act.JudgeTurn) == []


def judged(probability: float, text: str = "book an appointment", at: float = 2.0) -> float:
    call = paused(text, judges=True).at(2.2).tell(ev.TurnJudged(CALLER, at, probability))
    return ended(call)


def test_the_more_probable_the_end_the_shorter_the_pause() -> None:
    waits = [judged(p) for p in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)]
    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == len(waits)
    assert waits[3] == USUAL_S
    assert waits[0] < RULES.longest_s
    assert waits[-1] > RULES.shortest_s


def test_words_and_sound_count_together() -> None:
    assert judged(0.9, "i would like to") > judged(0.9)
    assert judged(0.1, "book it.") < judged(0.1)


def test_a_judgement_of_another_pause_does_not_count() -> None:
    assert judged(0.99, at=1.5) == USUAL_S
    call = paused("book an appointment", judges=True).at(2.2)
    call.tell(ev.TurnJudged(CALLER, 2.0, 0.99)).at(2.25).voice().at(3).pause()
    call.at(3.1).final("for")
    assert call.at(9).when(act.TurnCommitted)[0] > 3.5


@pytest.mark.parametrize("nonsense", [-0.1, 1.5, float("nan"), float("inf")])
def test_what_is_no_probability_does_not_count(nonsense: float) -> None:
    assert judged(nonsense) == USUAL_S


# What the author has fixed


@pytest.mark.parametrize(
    ("text", "pause_s"),
    [("At ten.", 0.1), ("at ten", 1.5), ("at 10", 0.6), ("It is 7.", 0.6), ("one two", 0.6)],
)
def test_the_pause_by_how_the_transcript_ends(text: str, pause_s: float) -> None:
    rules = replace(RULES, on_stop_s=0.1, on_no_stop_s=1.5, on_number_s=0.6)
    call = Call(turns={"ending": rules}).at(1).voice().at(2).pause().at(2.05).final(text)
    assert ended(call) <= pause_s
    assert ended(call) > 0.6 * pause_s


def test_a_rule_that_fits_decides_alone() -> None:
    rules = (EndingRule(caller="number is", wait_s=2.5), EndingRule(caller="[0-9]$", wait_s=0.3))
    turns = {"ending": replace(RULES, rules=rules), "judges": True}

    def after(text: str) -> float:
        call = Call(turns=turns).at(1).voice().at(2).pause().at(2.1).final(text)
        return ended(call.at(2.2).tell(ev.TurnJudged(CALLER, 2.0, 0.99)))

    assert after("my number is 4") == 2.5
    assert after("it's 4") == 0.3
    assert after("hello there") < USUAL_S


def test_a_rule_may_look_at_what_the_agent_said_last() -> None:
    rules = (EndingRule(agent="number\\?$", wait_s=2.0),)
    call = Call(greeting="Your number?", turns={"ending": replace(RULES, rules=rules)})
    call.says_phrase(1).at(3).voice().at(4).pause().at(4.1).final("it is")
    assert call.at(9).when(act.TurnCommitted) == [6.0]


# The policy


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 5))
def test_more_evidence_never_means_a_longer_pause(one: float, other: float, usual: float) -> None:
    less, more = sorted((one, other))
    waits = [ending.silence(odds, usual, RULES) for odds in (less, more)]
    assert waits[0] >= waits[1]
    least, most = min(RULES.shortest_s, usual), max(RULES.longest_s, usual)
    assert all(least - 1e-9 <= wait <= most + 1e-9 for wait in waits)


def test_without_evidence_the_pause_is_the_usual_one() -> None:
    assert ending.silence(0.0, 0.7, RULES) == 0.7
    assert ending.evidence("", "yes_no", RULES) == 0.0


@given(st.text(max_size=40), st.sampled_from(["", "yes_no", "date"]))
def test_whatever_is_said_the_evidence_is_a_number(text: str, asked: str) -> None:
    assert abs(ending.evidence(text, asked, RULES)) <= 3.0
