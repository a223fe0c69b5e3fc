"""How long a pause must last to end a turn."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline import Call

from parley.core import CALLER, ending
from parley.core import actions as act
from parley.core import events as ev
from parley.core.ending import MOST_CADENCE
from parley.core.listeners import hesitations
from parley.core.phrases import spoken
from parley.core.settings import EndingRule, EndingSettings, TurnSettings

RULES = EndingSettings()
USUAL_S, UNREADY_S = TurnSettings().wait_s, TurnSettings().unready_s
DEFAULT = {"ending": RULES, "wait_s": USUAL_S, "unready_s": UNREADY_S}


def paused(text: str, **turns: object) -> Call:
    """A caller whose last voiced sample was at 2.0, and whose words are known at 2.1."""
    settings = {**DEFAULT, "speculation_limit": 0, **turns}
    return Call(turns=settings).at(1).voice().at(2).pause().at(2.1).final(text)


def asked(text: str, *, language: str = "en", **greeting: object) -> Call:
    """The same, after a greeting that asks for something."""
    rules = replace(RULES, language=language)
    settings = {**DEFAULT, "ending": rules, "speculation_limit": 0}
    call = Call(turns=settings, greeting_question="Well?", **greeting)
    return call.at(1).voice().at(2).pause().at(2.1).final(text)


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
    assert ended(paused(text)) >= USUAL_S


@pytest.mark.parametrize(
    "text", ["i would like to", "the third of", "tuesday and my", "well um", "zero seven nine"]
)
def test_who_certainly_has_not_is_given_more(text: str) -> None:
    assert USUAL_S < ended(paused(text)) <= RULES.longest_s


@pytest.mark.parametrize("text", ["on Tuesday", "all the way", "no", "green cab"])
def test_words_that_tell_nothing_change_nothing(text: str) -> None:
    assert ended(paused(text)) == USUAL_S


@pytest.mark.parametrize("text", ["book an appointment", "this afternoon", "the blue curtains"])
def test_words_that_end_sentences_end_turns_sooner(text: str) -> None:
    assert ended(paused(text)) < USUAL_S


def test_a_full_stop_ends_a_turn_sooner() -> None:
    assert ended(paused("On Tuesday.")) < ended(paused("On Tuesday"))


def test_a_hesitation_of_another_language_keeps_the_floor() -> None:
    german = replace(RULES, language="de", hesitations=hesitations("de"))
    assert ended(paused("am Dienstag, ähm", ending=german)) > USUAL_S
    assert ended(paused("am Dienstag um", ending=german)) == USUAL_S


def test_the_words_of_another_language_tell_nothing() -> None:
    german = replace(RULES, language="de")
    assert ended(paused("ich will", ending=german)) == USUAL_S


@pytest.mark.parametrize("text", ["yes", "No.", "yeah", "no thank you", "that's right"])
def test_the_answer_to_a_question_that_wants_yes_or_no_ends_the_turn_soon(text: str) -> None:
    assert ended(asked(text, greeting_kind="yes_no")) == RULES.shortest_s


def test_more_than_yes_or_no_is_no_whole_answer() -> None:
    assert ended(asked("no i said that i", greeting_kind="yes_no")) > USUAL_S


@pytest.mark.parametrize("text", ["five", "no", "uh-huh", "Miller", "left", "the second one"])
def test_a_short_answer_ends_a_turn_as_soon_as_a_sentence(text: str) -> None:
    assert ended(asked(text, greeting_kind="choice")) <= ended(paused("this afternoon please"))


@pytest.mark.parametrize("text", ["the", "my name is", "um", "seven eight nine"])
def test_the_beginning_of_an_answer_does_not(text: str) -> None:
    assert ended(asked(text, greeting_kind="choice")) >= USUAL_S


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh", "我想订一张去北京的票"), ("ja", "予約をお願いしたいんです"), ("th", "ผมอยากจองโต๊ะ")],
)
def test_a_sentence_without_spaces_is_no_short_answer(language: str, text: str) -> None:
    assert ended(asked(text, greeting_kind="choice", language=language)) == USUAL_S


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "好的"), ("ja", "はい"), ("ko", "네 좋습니다")]
)
def test_a_word_or_two_without_spaces_are(language: str, text: str) -> None:
    assert ended(asked(text, greeting_kind="choice", language=language)) == RULES.shortest_s


@pytest.mark.parametrize("text", ["그 차 좀", "我 要 去", "और वह भी"])
def test_words_of_one_character_are_not_spelled_letters(text: str) -> None:
    assert "dictation" not in told(paused(text))


@pytest.mark.parametrize("text", ["a b c", "ä ö ü", "б в г", "α β γ"])
def test_letters_of_any_alphabet_are_spelled(text: str) -> None:
    assert told(paused(text)) == "dictation -5.0: 2.00 s"


@pytest.mark.parametrize("stop", "।॥؟۔。！.?!")
def test_the_full_stop_of_any_script_ends_a_turn_sooner(stop: str) -> None:
    assert "punctuation +1.0" in told(paused(f"एक कमरा{stop}"))


@pytest.mark.parametrize("comma", "،,、，؛;")
def test_the_comma_of_any_script_keeps_the_floor(comma: str) -> None:
    assert "punctuation -4.5" in told(paused(f"سلام{comma}"))


def test_a_question_is_known_by_its_mark() -> None:
    call = Call(greeting="Who is it?", turns={**DEFAULT, "speculation_limit": 0})
    call.says_phrase(1).at(3).voice().at(4).pause().at(4.1).final("no")
    assert call.at(9).when(act.TurnCommitted) == [4.3]


@pytest.mark.parametrize(
    "text", ["nine", "oh seven", "it is double four", "four 2 2", "four 4 2 2 dash"]
)
def test_a_number_is_waited_for_until_it_has_all_its_digits(text: str) -> None:
    assert ended(asked(text, greeting_kind="number", greeting_digits=4)) > USUAL_S


@pytest.mark.parametrize("text", ["oh seven one one", "it is double four 22", "1234", "ten twelve"])
def test_a_number_with_all_its_digits_ends_the_turn(text: str) -> None:
    number = asked(text, greeting_kind="number", greeting_digits=4)
    assert ended(number) == RULES.shortest_s


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "sieben acht neun"), ("es", "mi número es dos cinco"), ("fr", "quatre-vingt-dix"),
        ("it", "ventitré"), ("pt", "vinte e três meia"), ("nl", "een twee drie"),
        ("zh", "我的号码是一三八"), ("ja", "番号は12"), ("hi", "नौ आठ"), ("multi", "sieben deux"),
    ],
)  # fmt: skip
def test_digits_are_waited_for_in_any_language(language: str, text: str) -> None:
    number = asked(text, greeting_kind="number", greeting_digits=4, language=language)
    assert ended(number) > USUAL_S


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "null einundzwanzig sieben"), ("fr", "zéro, six, quatre-vingt-dix-sept"),
        ("es", "treinta y tres, veintidós"), ("zh", "是一三八〇"), ("ja", "1234です1234"),
    ],
)  # fmt: skip
def test_all_digits_are_known_in_any_language(language: str, text: str) -> None:
    number = asked(text, greeting_kind="number", greeting_digits=4, language=language)
    assert ended(number) == RULES.shortest_s


def test_where_the_words_for_digits_are_not_known_no_number_is_a_short_answer() -> None:
    number = asked("siedem osiem", greeting_kind="number", greeting_digits=4, language="pl")
    assert ended(number) == USUAL_S


@pytest.mark.parametrize(
    "text", ["oh it's one two three", "1 2 is wrong, it is 5 6", "four five, no, six seven eight"]
)
def test_only_the_digits_at_the_end_are_counted(text: str) -> None:
    assert ended(asked(text, greeting_kind="number", greeting_digits=4)) > USUAL_S


@pytest.mark.parametrize("text", ["five five, uh, five five", "5 5 dash 5 5", "oh one oh two"])
def test_a_number_goes_on_after_a_hesitation(text: str) -> None:
    number = asked(text, greeting_kind="number", greeting_digits=4)
    assert ended(number) == RULES.shortest_s


def test_ten_digits_may_be_a_whole_telephone_number() -> None:
    digits = "oh one seven nine four six three two"
    assert ended(paused(digits)) > USUAL_S
    assert ended(paused(f"{digits} eight one")) <= USUAL_S


CURVE = (0.4, 0.6, 3.4)


@pytest.mark.parametrize(
    ("probability", "pause"), [(0.0, 0.4), (0.25, 0.5), (0.5, 0.6), (0.75, 2.0), (1.0, 3.4)]
)
def test_a_curve_is_straight_between_its_points(probability: float, pause: float) -> None:
    assert ending.on_curve(probability, CURVE) == pytest.approx(pause)


def test_a_curve_that_was_chosen_says_how_long_each_pause_is() -> None:
    usual = {"ending": replace(RULES, curve_s=CURVE)}
    assert 0.4 < ended(paused("this afternoon please", **usual)) < 0.6
    assert ended(paused("my name is", **usual)) > 1.5


def test_a_curve_that_was_chosen_holds_while_a_reply_is_prepared() -> None:
    usual = {"ending": replace(RULES, curve_s=CURVE), "speculation_limit": 4}
    assert ended(paused("this afternoon please", **usual)) < 0.7


def test_while_a_reply_is_prepared_nothing_is_gained_by_haste() -> None:
    call = paused("this afternoon please", speculation_limit=4)
    assert call.at(2.45).turns() == []
    held = call.did(act.StartReply)[-1].reply
    call.tell(ev.ReplySpan(held, 0, "Yes.", 0, 4), ev.SpanAudio(held, 0))
    assert call.when(act.TurnCommitted) == [2.45]


def test_no_pause_is_longer_than_the_longest_because_a_reply_is_prepared() -> None:
    impatient = replace(RULES, longest_s=0.6)
    usual = {"ending": impatient, "speculation_limit": 4}
    assert ended(paused("this afternoon please", wait_s=0.4, **usual)) == 0.6
    assert ended(paused("this afternoon please", wait_s=0.8, **usual)) == 0.8


def test_a_recogniser_that_judges_turns_itself_is_believed() -> None:
    def told(over: float | None) -> float:
        call = Call(turns=DEFAULT).at(1).voice().at(2).pause().at(2.1)
        return ended(call.tell(ev.Transcript(CALLER, 0, "sure", True, over)))

    assert told(0.02) > told(0.5) == told(None) == told(float("nan")) == USUAL_S
    assert told(0.9) == UNREADY_S  # the reply is not ready


def test_what_it_said_of_other_words_does_not_count() -> None:
    call = Call(turns=DEFAULT).at(1).voice().at(1.9)
    call.tell(ev.Transcript(CALLER, 0, "sure", False, 0.01)).at(2).pause().at(2.1)
    assert ended(call.tell(ev.Transcript(CALLER, 0, "sure", True))) == USUAL_S


def test_the_punctuation_of_a_recogniser_that_judges_turns_is_not_counted_again() -> None:
    turns = {"ending": RULES, "speculation_limit": 0}

    def heard(text: str, over: float | None) -> Call:
        call = Call(turns=turns).at(1).voice().at(2).pause().at(2.1)
        return call.tell(ev.Transcript(CALLER, 0, text, True, over))

    for text in ("sure.", "sure,"):
        assert ended(heard(text, None)) != USUAL_S
        for over in (0.2, 0.5, 0.7):
            assert ended(heard(text, over)) == ended(heard("sure", over))
    assert told(heard("this afternoon.", 0.6)) == "last words +2.5, recogniser +0.4: 0.30 s"
    assert told(heard("this afternoon.", None)) == "last words +2.5, punctuation +1.0: 0.30 s"


def test_words_that_come_late_are_waited_for_however_certain_the_end() -> None:
    turns = {"ending": RULES, "judges": True, "speculation_limit": 0}
    call = Call(turns=turns).at(1).voice().at(2).pause()
    call.at(2.2).tell(ev.TurnJudged(CALLER, 2.0, 0.99))
    assert call.at(2.45).turns() == []
    call.final("yes")
    assert call.when(act.TurnCommitted) == [2.45]


# The sound


def test_a_pause_is_judged_once() -> None:
    call = paused("at ten", judges=True, judge_after_s=0.15).at(2.3)
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


def judged(
    probability: float, text: str = "on Tuesday", at: float = 2.0, cadence: float = 0.0
) -> float:
    told = ev.TurnJudged(CALLER, at, probability, cadence)
    return ended(paused(text, judges=True).at(2.2).tell(told))


def test_the_more_probable_the_end_the_shorter_the_pause() -> None:
    waits = [judged(p) for p in (0.1, 0.5, 0.6, 0.7, 0.75, 1.0)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] == waits[1] == USUAL_S  # a weak doubt is outweighed by then
    assert len(set(waits[1:])) == 5
    assert waits[-1] == RULES.shortest_s
    doubted = [judged(p, "it is for my") for p in (0.0, 0.5, 0.9, 0.98)]
    assert doubted == sorted(doubted, reverse=True)
    assert doubted[0] == RULES.longest_s


def test_only_strong_evidence_against_the_end_makes_it_longer_than_usual() -> None:
    assert ending.silence(-RULES.doubt, USUAL_S, RULES) == USUAL_S
    assert ending.silence(-RULES.doubt - 0.5, USUAL_S, RULES) == USUAL_S + 0.5 * RULES.patience_s
    assert ending.silence(0.5, USUAL_S, RULES) == USUAL_S - 0.5 * RULES.patience_s


def test_a_voice_that_fell_ends_a_turn_sooner_and_one_that_was_held_up_later() -> None:
    assert judged(0.5, cadence=0.3) == pytest.approx(USUAL_S - 0.3 * RULES.patience_s)
    assert judged(0.5, cadence=-1.0) == USUAL_S  # a weak doubt, as of anything else
    doubt = RULES.doubt + 0.4
    assert judged(0.5, cadence=-doubt) == pytest.approx(USUAL_S + 0.4 * RULES.patience_s)
    assert judged(0.5, cadence=-99) == judged(0.5, cadence=-MOST_CADENCE)


def test_how_much_the_cadence_counts_can_be_set() -> None:
    call = paused("on Tuesday", judges=True, ending=replace(RULES, cadence=0.5)).at(2.2)
    call.tell(ev.TurnJudged(CALLER, 2.0, 0.5, 0.6))
    assert ended(call) == pytest.approx(USUAL_S - 0.3 * RULES.patience_s)
    assert told(call) == "cadence +0.3: 0.85 s"


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), float("-inf")])
def test_a_judgement_with_a_cadence_that_is_no_number_does_not_count(nonsense: float) -> None:
    assert judged(1.0, cadence=nonsense) == USUAL_S


def test_less_than_is_wanted_for_an_answer_at_once_shortens_nothing() -> None:
    rules = replace(RULES, assurance=1.5)
    assert ending.silence(1.5, USUAL_S, rules) == USUAL_S
    assert ending.silence(1.75, USUAL_S, rules) == USUAL_S - 0.25 * RULES.patience_s
    assert ending.silence(9.0, USUAL_S, rules) == RULES.shortest_s
    assert ending.silence(-RULES.doubt - 0.5, USUAL_S, rules) > USUAL_S


def test_words_and_sound_count_together() -> None:
    assert judged(0.9, "i would like to") > judged(0.9)
    assert judged(0.1, "On Tuesday.") < judged(0.1)


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
    [("At noon.", 0.1), ("at noon", 1.5), ("at 10", 0.6), ("It is 7.", 0.6), ("one 2", 0.6)],
)
def test_the_pause_by_how_the_transcript_ends(text: str, pause_s: float) -> None:
    rules = replace(RULES, on_stop_s=0.1, on_no_stop_s=1.5, on_number_s=0.6)
    assert ended(paused(text, ending=rules)) == pause_s


def test_a_rule_that_fits_decides_alone() -> None:
    rules = (EndingRule(caller="number is", wait_s=2.5), EndingRule(caller="[0-9]$", wait_s=0.3))
    chosen = replace(RULES, rules=rules)
    turns = {"ending": chosen, "judges": True, "speculation_limit": 0}

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


def date_of_birth(call: Call, reply: int) -> Call:
    """A question to which the assistant has a rule, of 2 s, is heard to its end."""
    return call.answers(reply, "Your date of birth?").started(reply).at(5).finished(reply)


def with_a_rule() -> Call:
    rules = (EndingRule(agent="birth\\?$", wait_s=2.0),)
    turns = {"ending": replace(RULES, rules=rules), "speculation_limit": 0}
    return Call(turns=turns).at(1).says("Hello there.")


def test_a_filler_before_a_question_does_not_take_its_place() -> None:
    call = date_of_birth(with_a_rule().at(3).says_phrase(2).at(4), 1)
    assert call.said() == ["Let me see."]
    call.at(6).voice().at(7).pause().at(7.1).final("the third").at(12)
    assert call.when(act.TurnCommitted)[-1] == 9.0


def test_after_a_filler_a_short_answer_is_one() -> None:
    call = Call(turns={**DEFAULT, "speculation_limit": 0}).at(1).says("Hello.")
    call.at(3).says_phrase(2).at(4).answers(1, "How many?").started(1).at(5).finished(1)
    call.at(6).voice().at(6.4).pause().at(6.5).final("five").at(9)
    assert call.did(act.TurnCommitted)[-1].why == "short answer +1.5: 0.30 s"


def test_who_is_asked_to_say_it_again_is_given_the_time_of_the_question() -> None:
    call = date_of_birth(with_a_rule(), 1)
    call.at(6).voice().at(7).pause().at(7.1).final("").at(10)
    assert call.said() == ["Sorry, I didn't catch that. Could you say it again?"]
    call.says_phrase(2).at(11).voice().at(12).pause().at(12.1).final("the third").at(16)
    assert call.when(act.TurnCommitted)[-1] == 14.0


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


@given(st.text(min_size=1, max_size=40), st.sampled_from(["", "yes_no", "date"]))
def test_whatever_is_said_the_turn_ends(text: str, kind: str) -> None:
    call = asked(text, greeting_kind=kind).at(9)
    assert len(call.when(act.TurnCommitted)) == bool(spoken(text))


# Why


def told(call: Call) -> str:
    """Why the turn ended."""
    (turn,) = call.at(9).did(act.TurnCommitted)
    return turn.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sure", "no evidence: 1.15 s"),
        ("this afternoon.", "last words +2.5, punctuation +1.0: 0.30 s"),
        ("i would like to", "last words -4.0: 1.65 s"),
        ("well um", "hesitation -4.5: 2.00 s"),
        ("on Tuesday,", "punctuation -4.5: 2.00 s"),
        ("zero seven nine", "dictation -5.0: 2.00 s"),
    ],
)
def test_a_turn_says_why_it_ended(text: str, why: str) -> None:
    assert told(paused(text)) == why


def test_what_was_asked_and_how_it_sounds_is_told() -> None:
    assert told(asked("yes", greeting_kind="yes_no")) == "yes or no +4.5: 0.30 s"
    number = asked("oh seven one one", greeting_kind="number", greeting_digits=4)
    assert told(number) == "all digits +4.5: 0.30 s"
    assert told(asked("sure", greeting_kind="choice")) == "short answer +1.5: 0.30 s"
    call = paused("sure", judges=True).at(2.2).tell(ev.TurnJudged(CALLER, 2.0, 0.3))
    assert told(call) == "sound -0.3: 1.15 s"
    call = Call(turns=DEFAULT).at(1).voice().at(2).pause().at(2.1)
    assert told(call.tell(ev.Transcript(CALLER, 0, "sure", True, 0.05))) == (
        "recogniser -2.9: 1.15 s"
    )


def test_what_the_author_has_fixed_is_told() -> None:
    rules = (EndingRule(caller="nothing"), EndingRule(caller="4", wait_s=2.5))
    assert told(paused("it is 4", ending=replace(RULES, rules=rules))) == "rule 2: 2.50 s"
    push = Call(turns={"push_to_talk": True}).tell(ev.TalkStarted(CALLER, 0.0)).at(1)
    push.tell(ev.TalkEnded(CALLER, 1.0, wanted=True)).at(1.2).final("sure")
    assert told(push) == "push-to-talk"
    assert told(Call().at(1).key("4#")) == "keys"


def test_what_a_turn_waited_for_is_told() -> None:
    call = paused("this afternoon", speculation_limit=4)
    assert told(call) == "last words +2.5: 1.00 s while the reply was prepared"
    call = Call(turns={**DEFAULT, "speculation_limit": 0}).at(1).voice().partial("sure")
    assert told(call.at(2).pause()) == "no evidence: 1.15 s, the last words were missing"
    assert call.when(act.TurnCommitted) == [3.4]
    call = Call(turns={"utterance_limit_s": 5.0}).at(1).voice().at(2).partial("on and on")
    assert told(call) == "a voice that does not pause"


@given(st.text(max_size=40), st.sampled_from(["", "yes_no", "date"]))
def test_what_is_told_adds_up(text: str, kind: str) -> None:
    call = asked(text or "sure", greeting_kind=kind)
    for turn in call.at(9).did(act.TurnCommitted):
        evidence, _, pause = turn.why.partition(": ")
        odds = [
            float(fact.rpartition(" ")[2])
            for fact in evidence.split(", ")
            if "0" <= fact[-1] <= "9"
        ]
        wanted = ending.silence(sum(odds), USUAL_S, RULES)
        assert float(pause.removesuffix(" s")) == pytest.approx(wanted, abs=0.06)


# When the sound is judged


def asked_after(text: str, **turns: object) -> float:
    """The silence after which the sound is judged."""
    call = paused(text, judges=True, **turns)
    return round(call.at(9).when(act.JudgeTurn)[0] - 2.0, 3)


def test_the_sound_is_judged_when_that_could_end_the_turn() -> None:
    assert asked_after("all the way") == asked_after("i would like to") == 0.2
    softly = {"ending": replace(RULES, cadence=0.2)}
    for text in ("i would like to", "it is for my"):
        after_s = asked_after(text, **softly)
        assert after_s > 0.3
        call = paused(text, judges=True, **softly).at(2.0 + after_s + ending.JUDGED_S)
        call.tell(ev.TurnJudged(CALLER, 2.0, 1.0, MOST_CADENCE))
        assert call.when(act.TurnCommitted) == [pytest.approx(2.0 + after_s + ending.JUDGED_S)]


def test_a_short_wait_is_judged_in_time() -> None:
    assert asked_after("all the way", wait_s=0.25) == pytest.approx(0.1)


def test_what_cannot_change_the_pause_is_not_asked() -> None:
    always = replace(RULES, rules=(EndingRule(wait_s=0.8),))
    assert paused("all the way", judges=True, ending=always).at(9).did(act.JudgeTurn) == []
