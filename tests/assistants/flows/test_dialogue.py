import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talks import TODAY, Talk, flow, talk

from parley.assistants.flows import wording
from parley.assistants.flows.state import Began, Returned, Said

BOOKING: dict[str, Any] = {
    "start": "day",
    "changed": "day",
    "slots": {
        "day": {"type": "date"},
        "time": {"type": "time", "label": "Hour"},
        "sure": {"type": "yes_no"},
    },
    "answers": [{"questions": ["where are you"], "say": "In Willow Street."}],
    "anywhere": {"bye": {"phrases": ["goodbye"], "go": "bye"}},
    "nodes": {
        "day": {"ask": "day", "say": ["Which day?", "What day?"], "also": ["time"], "next": "time"},
        "time": {"ask": "time", "say": "What time on {day}?", "next": "agree"},
        "agree": {
            "confirm": ["day", "time"],
            "say": ["{day} at {time}?", "Yes or no: {day} at {time}?"],
            "next": "book",
        },
        "book": {
            "say": "One moment.",
            "call": "book",
            "arguments": {"day": "{day}", "note": "at {time}", "seats": 2},
            "save": {"number": "number"},
            "failed": "not_booked",
            "next": "booked",
        },
        "booked": {"say": "Done, number {number}.", "end": True},
        "not_booked": {"say": "Not done: {error}", "forget": ["time"], "next": "time"},
        "bye": {"say": "Bye.", "end": True},
    },
}


def booking(*texts: str) -> Talk:
    return talk(*texts, **BOOKING)


def test_questions_are_asked_until_all_is_known() -> None:
    call = booking("next tuesday", "ten thirty")
    assert call.agent == [
        "Which day?",
        "What time on Tuesday, December first?",
        "Tuesday, December first at half past ten?",
    ]
    assert call.known == {"day": "Tuesday, December first", "time": "half past ten"}


def test_what_is_known_is_not_asked() -> None:
    assert booking("next tuesday at ten thirty").last.endswith("at half past ten?")


def test_only_what_may_be_said_also_is_taken_and_the_question_stays() -> None:
    call = booking("at ten thirty")
    assert call.known == {"time": "half past ten"}
    assert call.last == "What day?"
    assert call.says("tuesday").last.startswith("Tuesday")


def test_the_tool_gets_values_and_its_result_is_kept() -> None:
    call = booking("next tuesday at ten", "yes")
    assert call.last == "One moment."
    assert call.calls == [("book", {"day": "2026-12-01", "note": "at ten o'clock", "seats": 2})]
    assert call.returns(json.dumps({"number": 7})).last == "Done, number 7."
    assert call.reply.ends
    assert call.says("hello").reply.ends


@pytest.mark.parametrize(
    ("result", "number"), [("done", ""), ("[1]", ""), ('{"number": null}', "")]
)
def test_a_result_that_lacks_what_is_kept_leaves_a_gap(result: str, number: str) -> None:
    call = booking("next tuesday at ten", "yes").returns(result)
    assert call.last == f"Done, number {number}."


def test_a_tool_that_fails_is_never_told_as_done() -> None:
    """Pain 16: the agent says "booked" though the tool failed."""
    call = booking("next tuesday at ten", "yes").returns("that is taken.", failed=True)
    assert call.last == "Not done: that is taken. What time on Tuesday, December first?"
    assert call.known == {"day": "Tuesday, December first"}


def test_words_that_come_while_a_tool_runs_change_nothing() -> None:
    call = booking("next tuesday at ten", "yes", "hello?")
    assert call.last == wording.STILL_WAITING
    assert call.returns('{"number": 7}').last == "Done, number 7."


def test_a_result_that_nobody_waits_for_says_nothing() -> None:
    call = booking()
    state, reply = call.dialogue.step(call.state, Returned("{}"), TODAY)
    assert (state, reply.text) == (call.state, "")


# Corrections


def test_no_with_another_value_corrects_what_was_confirmed() -> None:
    call = booking("next tuesday at ten", "no, thursday")
    assert call.last == "Thursday, December third at ten o'clock?"


def test_another_value_alone_corrects_too() -> None:
    assert booking("next tuesday at ten", "at eleven").last.endswith("at eleven o'clock?")


def test_after_a_plain_no_it_is_asked_what_is_wrong() -> None:
    call = booking("next tuesday at ten", "no")
    assert call.last == "What should I change: the day or the hour?"
    assert call.says("the hour").last == "What time on Tuesday, December first?"
    assert "time" not in call.known


def test_after_a_plain_no_a_value_is_taken_at_once() -> None:
    call = booking("next tuesday at ten", "no", "it should be eleven")
    assert call.last == "Tuesday, December first at eleven o'clock?"


def test_what_is_wrong_is_asked_again_when_it_is_not_understood() -> None:
    call = booking("next tuesday at ten", "no", "blah")
    assert call.last == f"{wording.NOT_UNDERSTOOD} What should I change: the day or the hour?"


def test_an_earlier_answer_is_corrected_at_a_later_question() -> None:
    call = booking("next tuesday", "no, on thursday")
    assert call.last == "What time on Thursday, December third?"


def test_the_last_of_several_values_counts() -> None:
    assert booking("tuesday, no, thursday").known == {"day": "Thursday, December third"}


def test_the_value_itself_is_no_confirmation() -> None:
    call = booking("next tuesday at ten", "next tuesday")
    assert call.last == "Yes or no: Tuesday, December first at ten o'clock?"


def test_a_no_may_lead_elsewhere() -> None:
    nodes = {**BOOKING["nodes"]}
    nodes["agree"] = {**nodes["agree"], "next": {"yes": "book", "no": "bye"}}
    call = talk("next tuesday at ten", "no", **{**BOOKING, "nodes": nodes})
    assert call.last == "Bye."


def test_several_things_are_wrong_at_once() -> None:
    call = booking("next tuesday at ten", "no", "the day and the hour")
    assert (call.last, call.known) == ("What day?", {})
    assert booking("next tuesday at ten", "no", "all of it").known == {}


@pytest.mark.parametrize("text", ["no the hour is wrong", "the hour is wrong", "change the hour"])
def test_what_is_wrong_may_be_said_at_once(text: str) -> None:
    call = booking("next tuesday at ten", text)
    assert call.last == "What time on Tuesday, December first?"
    assert call.known == {"day": "Tuesday, December first"}


@pytest.mark.parametrize("text", ["nothing", "no it's right", "yes"])
def test_who_finds_nothing_wrong_is_asked_to_agree_again(text: str) -> None:
    call = booking("next tuesday at ten", "no", text)
    assert call.last == "Yes or no: Tuesday, December first at ten o'clock?"
    assert call.says("yes").calls


def test_a_day_may_be_given_again_that_was_corrected_before() -> None:
    call = booking("next tuesday at ten", "no thursday", "no", "the day", "thursday")
    assert "day" not in call.known
    assert call.says("thursday").last == "Thursday, December third at ten o'clock?"
    call = booking("next tuesday at ten", "no thursday", "no", "the day", "tuesday")
    assert call.last == "Tuesday, December first at ten o'clock?"


def test_of_two_values_the_one_that_can_be_is_kept() -> None:
    call = booking("next tuesday at six")
    assert call.known == {"day": "Tuesday, December first"}
    assert call.last.startswith("Times are from nine")
    assert call.last.endswith("What time on Tuesday, December first?")
    call = booking("next tuesday at ten", "no thursday at six")
    assert call.known == {"day": "Thursday, December third", "time": "ten o'clock"}


# What is not understood


def test_it_is_asked_again_in_other_words_then_with_the_keypad_then_given_up() -> None:
    call = booking("blah")
    assert call.last == "What day?"
    assert call.says("blah").last.startswith("What day? Key in")
    call.says("blah")
    assert not call.reply.ends
    assert call.says("blah").last == wording.GIVE_UP
    assert call.reply.ends


def test_who_answers_another_question_again_and_again_is_given_up() -> None:
    """Of "Thursday" a recogniser makes "two thirty", as often as it is said."""
    call = booking("two thirty", *["two thirty"] * 3)
    assert not call.reply.ends
    assert call.known == {"time": "half past two"}
    assert call.says("two thirty").last == wording.GIVE_UP


def test_a_value_that_cannot_be_is_no_sign_of_being_understood() -> None:
    slots = {"day": {"type": "date"}, "time": {"type": "time", "earliest": "09:00"}}
    call = talk("blah", "at six a m", "blah", "blah", "blah", **{**BOOKING, "slots": slots})
    assert call.last == wording.GIVE_UP


def test_a_question_with_one_wording_says_sorry_first() -> None:
    call = booking("next tuesday", "blah")
    assert call.last == f"{wording.NOT_UNDERSTOOD} What time on Tuesday, December first?"


def test_giving_up_may_lead_to_a_node() -> None:
    call = talk(*["blah"] * 4, **BOOKING, give_up="bye")
    assert call.last == "Bye."


def test_a_question_that_was_not_heard_is_asked_as_before() -> None:
    call = booking()
    for _ in range(10):
        call.says("hm what", heard=False)
    assert call.last == "Which day?"


def test_a_value_that_cannot_be_is_refused_with_the_reason() -> None:
    nodes = {"day": {"ask": "day", "say": "Which day?", "next": "day2"}, "day2": {"end": True}}
    slots = {"day": {"type": "date", "latest_days": 3}}
    call = talk("in three weeks", start="day", slots=slots, nodes=nodes)
    assert call.known == {}
    assert call.last.endswith("Which day?")
    assert len(call.last) > len("Which day?")


def test_a_correction_that_cannot_be_is_refused_too() -> None:
    slots = {**BOOKING["slots"], "day": {"type": "date", "latest_days": 6}}
    call = talk("next tuesday at ten", "no, in three weeks", **{**BOOKING, "slots": slots})
    assert call.known["day"] == "Tuesday, December first"
    assert "Yes or no: Tuesday" in call.last


# What may be said at any time


def test_a_question_is_answered_and_the_open_one_asked_again() -> None:
    assert booking("where are you").last == "In Willow Street. Which day?"


def test_a_question_wins_over_the_values_in_it_only_when_it_explains_more() -> None:
    answers = [{"questions": ["are you open on saturday"], "say": "Yes."}]
    call = talk("are you open on saturday", **{**BOOKING, "answers": answers})
    assert (call.last, call.known) == ("Yes. Which day?", {})
    assert booking("where are you on saturday the fifth of december").known != {}


@pytest.mark.parametrize("text", ["goodbye", "okay goodbye then"])
def test_a_command_leads_elsewhere(text: str) -> None:
    assert booking(text).last == "Bye."


def test_a_question_beside_an_answer_is_answered_too() -> None:
    call = booking("tuesday and where are you")
    assert call.last == "In Willow Street. What time on Tuesday, December first?"


def test_who_agrees_and_asks_something_is_answered_and_asked_again() -> None:
    call = booking("tuesday at ten", "yes and where are you")
    assert call.last == "In Willow Street. Tuesday, December first at ten o'clock?"
    assert call.calls == []


def test_who_agrees_and_says_goodbye_gets_what_was_agreed() -> None:
    assert [name for name, _ in booking("tuesday at ten", "yes thank you goodbye").calls] == [
        "book"
    ]
    assert booking("tuesday at ten", "no thank you goodbye").last == "Bye."


def instead(*texts: str, **day: Any) -> Talk:
    ask = {**BOOKING["nodes"]["day"], **day}
    nodes = {
        **BOOKING["nodes"],
        "day": {**ask, "instead": {"any": {"phrases": ["any day"], "go": "soon"}, **day}},
        "soon": {"call": "soon", "save": {"days": "days"}, "next": "pick"},
        "pick": {"ask": "day", "say": "{days|date}?", "offered": "days", "next": "time"},
    }
    return talk(*texts, **{**BOOKING, "nodes": nodes})


def test_a_command_of_one_question_leads_elsewhere_with_what_else_was_said() -> None:
    call = instead("any day at ten")
    assert [name for name, _ in call.calls] == ["soon"]
    assert call.known == {"time": "ten o'clock"}
    assert instead("tuesday", "any day").calls == []


def test_a_command_of_a_question_stands_for_the_one_of_its_name_anywhere() -> None:
    mine = {"bye": {"phrases": ["goodbye"], "go": "soon"}}
    assert [name for name, _ in instead("goodbye", **mine).calls] == ["soon"]
    assert instead("tuesday", "goodbye", **mine).last == "Bye."


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("the first one", "Tuesday, December first"),
        ("the second please", "Thursday, December third"),
        ("the last one", "Friday, December fourth"),
        ("i don't mind", "Tuesday, December first"),
        ("friday", "Friday, December fourth"),
        ("the fourth of december", "Friday, December fourth"),
    ],
)
def test_what_is_offered_is_chosen_by_its_place(text: str, day: str) -> None:
    call = instead("any day").returns('{"days": ["2026-12-01", "2026-12-03", "2026-12-04"]}')
    assert call.last.startswith("Tuesday, December first, Thursday, December third or")
    assert "the third one" in call.dialogue.grammar(call.state, TODAY)
    assert call.says(text).known == {"day": day}


def test_the_only_one_that_is_offered_is_agreed_to() -> None:
    call = instead("any day").returns('{"days": ["2026-12-01"]}').says("yes please")
    assert call.known == {"day": "Tuesday, December first"}


@pytest.mark.parametrize(
    "result", ['{"days": ["soon"]}', '{"days": [{}]}', '{"days": 7}', "[" * 9999]
)
def test_an_offer_of_garbage_is_not_taken(result: str) -> None:
    call = instead("any day").returns(result).says("the first one")
    assert (call.known, call.state.node) == ({}, "pick")


def test_garbage_in_a_slot_is_spoken_as_it_is() -> None:
    nodes = {
        "look": {"call": "look", "save": {"day": "day"}, "next": "tell"},
        "tell": {"say": "On {day}, {day|number}.", "end": True},
    }
    slots = {"day": {"type": "date"}}
    call = talk(start="look", slots=slots, nodes=nodes).returns('{"day": {"is": "soon"}}')
    assert call.known == {"day": "{'is': 'soon'}"}
    assert call.last.startswith("On {'is': 'soon'}")


def test_the_question_is_repeated() -> None:
    assert booking("could you repeat that").last == "Which day?"


def test_help_is_another_wording_or_what_the_author_wrote() -> None:
    assert booking("help").last == "What day?"
    assert talk("help", **BOOKING, help="Say a day.").last == "Say a day. Which day?"


def test_starting_over_forgets_all() -> None:
    call = booking("next tuesday at ten", "start over")
    assert (call.last, call.known) == ("Which day?", {})


def test_who_wants_time_gets_it() -> None:
    call = booking("next tuesday", "hold on")
    assert call.last == wording.TAKE_YOUR_TIME
    assert call.says("ten").last.endswith("at ten o'clock?")


# The key-pad


def test_keys_are_a_value() -> None:
    assert booking("1201").known == {"day": "Tuesday, December first"}
    assert booking("next tuesday", "1 0 3 0").last.endswith("at half past ten?")


def test_keys_that_are_no_value_are_not_understood() -> None:
    assert booking("99").last == "What day?"


# The beginning, branches and ends


def test_it_begins_with_the_first_node() -> None:
    call = booking()
    assert call.dialogue.step(call.state, Began(), TODAY) == call.dialogue.begin(TODAY)


def test_values_decide_where_it_goes_on() -> None:
    nodes = {
        "sort": {
            "put": {"size": "big"},
            "next": [
                {"when": {"size": "small"}, "go": "small"},
                {"when": {"size": ["big", "huge"]}, "go": "big"},
                {"go": "small"},
            ],
        },
        "small": {"say": "Small.", "end": True},
        "big": {"say": "Big.", "end": True},
    }
    assert talk(start="sort", nodes=nodes).last == "Big."


def test_answers_decide_where_it_goes_on() -> None:
    nodes = {
        "ask": {"ask": "ok", "say": "OK?", "next": {"yes": "a", "no": "b"}},
        "a": {"say": "A.", "end": True},
        "b": {"say": "B.", "end": True},
    }
    parts = {"start": "ask", "slots": {"ok": {"type": "yes_no"}}, "nodes": nodes}
    assert talk("yes please", **parts).last == "A."
    assert talk("no", **parts).last == "B."


def test_yes_no_and_an_empty_list_are_conditions() -> None:
    nodes = {
        "ask": {"ask": "ok", "say": "OK?", "next": "sort"},
        "sort": {
            "put": {"list": []},
            "next": [{"when": {"ok": "yes", "list": []}, "go": "a"}, {"go": "b"}],
        },
        "a": {"say": "A.", "end": True},
        "b": {"say": "B.", "end": True},
    }
    parts = {"start": "ask", "slots": {"ok": {"type": "yes_no"}}, "nodes": nodes}
    assert talk("yes", **parts).last == "A."
    assert talk("no", **parts).last == "B."


def test_a_choice_with_a_rest() -> None:
    options = {"red": ["red"], "blue": ["blue"], "green": ["green"]}
    nodes = {
        "ask": {"ask": "color", "say": "Color?", "next": {"red": "a", "else": "b"}},
        "a": {"say": "A.", "end": True},
        "b": {"say": "B.", "hand_over": "model"},
    }
    slots = {"color": {"type": "choice", "options": options}}
    assert talk("red", start="ask", slots=slots, nodes=nodes).last == "A."
    call = talk("green please", start="ask", slots=slots, nodes=nodes)
    assert (call.last, call.reply.hand_over, call.reply.ends) == ("B.", "model", False)


def test_a_failure_without_a_node_for_it_is_told() -> None:
    nodes = {"do": {"call": "do", "next": "end"}, "end": {"say": "Done.", "end": True}}
    call = talk(start="do", nodes=nodes).returns("it broke.", failed=True)
    assert call.last == "I'm sorry, that did not work: it broke."
    assert call.reply.ends
    nodes["help"] = {"say": "Call us.", "end": True}
    call = talk(start="do", nodes=nodes, give_up="help").returns("it broke.", failed=True)
    assert call.last == "I'm sorry, that did not work: it broke. Call us."


def test_a_circle_that_no_check_sees_ends_the_call() -> None:
    nodes = {
        "a": {"ask": "x", "say": "X?", "next": "b"},
        "b": {"say": "", "next": "a"},
    }
    call = talk("five", start="a", slots={"x": {"type": "number"}}, nodes=nodes)
    assert call.last == wording.GIVE_UP
    assert call.reply.ends


# What is listened for


def test_the_grammar_is_that_of_what_may_be_said() -> None:
    call = booking("next tuesday")
    grammar = call.dialogue.grammar(call.state, TODAY)
    assert grammar.startswith("#JSGF V1.0;")
    for phrase in ("where are you", "goodbye", "hold on", "half", "thursday"):
        assert phrase in grammar


def test_free_text_has_no_grammar_and_a_tool_that_runs_none_either() -> None:
    nodes = {"ask": {"ask": "why", "say": "Why?", "next": "do"}, "do": {"call": "x", "next": "ask"}}
    call = talk(start="ask", slots={"why": {"type": "text"}}, nodes=nodes)
    assert call.dialogue.grammar(call.state, TODAY) == ""
    call.says("because I say so")
    assert call.reply.call
    assert call.dialogue.grammar(call.state, TODAY) == ""
    assert call.dialogue.question(call.state) is None


WORDS = (
    "yes no tuesday thursday ten eleven thirty the day hour not goodbye help wait where are you "
    "start over repeat that 1201 99 blah um tomorrow next week at on"
).split()


@settings(max_examples=150, derandomize=True)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join), max_size=12))
def test_whatever_is_said_it_asks_calls_or_ends(turns: list[str]) -> None:
    """Pain 1: no state in which nothing is said and nothing awaited; a value is never invented."""
    call = booking()
    for text in turns:
        before = call.state
        call.says(text)
        assert call.dialogue.step(before, Said(text), TODAY) == (call.state, call.reply)
        assert call.reply.text or call.reply.call or call.reply.ends
        assert call.reply.ends or call.reply.call or call.dialogue.question(call.state)
        if call.calls:
            assert call.calls[0][1].keys() == {"day", "note", "seats"}
            assert before.node == "agree"
            return


def test_a_flow_serves_many_calls() -> None:
    shared = flow(**BOOKING)
    one, two = Talk(shared), Talk(shared)
    one.says("next tuesday")
    assert two.known == {}


# Names

NAMED: dict[str, Any] = {
    "start": "who",
    "changed": "route",
    "give_up": "lost",
    "slots": {"name": {"type": "name"}, "day": {"type": "date"}},
    "nodes": {
        "who": {
            "ask": "name",
            "say": ["Your name?", "Spell your last name.", "Spell your first name."],
            "also": ["day"],
            "next": "route",
        },
        "route": {
            "next": [
                {"when": {"name": None}, "go": "who"},
                {"when": {"day": None}, "go": "day"},
                {"go": "agree"},
            ]
        },
        "day": {"ask": "day", "say": "Which day?", "next": "agree"},
        "agree": {
            "confirm": ["name", "day"],
            "say": "{name} on {day}?",
            "next": {"yes": "find"},
        },
        "find": {"call": "find", "save": {"found": "found"}, "next": "found"},
        "found": {"next": [{"when": {"found": 1}, "go": "bye"}, {"go": "nobody"}]},
        "nobody": {"say": "Nobody is called {name}.", "wrong": ["name"], "next": "who"},
        "bye": {"say": "Thank you, {name}.", "end": True},
        "lost": {"say": "Sorry.", "end": True},
    },
}


def named(*texts: str) -> Talk:
    return talk(*texts, **NAMED)


def test_a_name_that_is_refused_is_spelled_part_by_part() -> None:
    call = named("emma smith on tuesday", "no", "the name")
    assert call.last == "Spell your last name."
    assert call.says("s m i t h").last == "Spell your first name."
    assert call.says("a n n a").last == "Anna Smith on Tuesday, December first?"
    assert call.says("yes").calls == [("find", {})]


def test_a_name_may_be_given_whole_again() -> None:
    call = named("emma smith on tuesday", "no", "the name", "anna smith")
    assert call.last.startswith("Anna Smith on")


def test_a_name_that_is_refused_again_and_again_is_given_up() -> None:
    call = named("emma smith on tuesday", "no", "the name")
    call.says("s m i t h", "e m m a", "s m i t h")
    assert call.reply.ends is False
    assert call.says("e m m a").last == "Sorry."
    assert call.reply.ends


def test_a_value_that_turned_out_wrong_is_forgotten_and_not_taken_again() -> None:
    call = named("emma smith on tuesday", "yes").returns('{"found": 0}')
    assert call.last == "Nobody is called Emma Smith. Spell your last name."
    assert "name" not in call.known
    assert call.says("smith").last == "Spell your first name."
    call.says("a n n a", "yes").returns('{"found": 1}')
    assert call.last == "Thank you, Anna Smith."


def test_what_is_forgotten_is_not_refused_any_more() -> None:
    again = {**NAMED, "nodes": {**NAMED["nodes"]}}
    again["nodes"]["nobody"] = {"say": "No {name}.", "forget": ["name"], "next": "who"}
    call = talk("emma smith on tuesday", "yes", **again).returns('{"found": 0}')
    assert call.last == "No Emma Smith. Your name?"
    assert call.says("emma smith").last.startswith("Emma Smith on")


def test_a_name_is_listened_for_only_where_it_is_asked_for() -> None:
    call = named("emma smith on tuesday")
    assert "smith" not in call.dialogue.grammar(call.state, TODAY)
    call.says("no")
    assert "smith" not in call.dialogue.grammar(call.state, TODAY)
    assert "the name" in call.dialogue.grammar(call.state, TODAY)
    call.says("the name")
    grammar = call.dialogue.grammar(call.state, TODAY)
    assert "s m i t h" in grammar
    assert "tuesday" not in grammar


def test_what_is_wrong_can_be_keyed_in() -> None:
    assert named("emma smith on tuesday", "no", "2").last == "Which day?"


def test_who_denies_and_never_says_what_is_wrong_does_not_go_round_for_ever() -> None:
    """As where a yes is heard as no each time."""
    call = booking("next tuesday at ten thirty")
    turns = 0
    while not call.reply.ends and turns < 10:
        call.says("no")
        turns += 1
    assert call.reply.ends
    assert turns > 4
    assert call.calls == []


NOTICE = flow(
    start="day",
    slots={"day": {"type": "date"}, "ok": {"type": "yes_no"}},
    nodes={
        "day": {"ask": "day", "say": "Which day?", "next": "notice"},
        "notice": {"say": "Calls are recorded.", "interruptible": False, "next": "ok"},
        "ok": {
            "ask": "ok",
            "say": ["Do you agree?", "Please say yes or no."],
            "interruptible": False,
            "next": {"yes": "look", "no": "bye"},
        },
        "look": {"call": "look", "next": "bye"},
        "bye": {"say": "Goodbye.", "end": True},
    },
)


def test_what_an_uninterruptible_node_says_must_be_heard() -> None:
    talk = Talk(NOTICE)
    assert not talk.reply.must_be_heard
    assert talk.says("hm").reply.must_be_heard is False
    talk.says("tomorrow")
    assert (talk.last, talk.reply.must_be_heard) == ("Calls are recorded. Do you agree?", True)
    talk.says("what is the weather")
    assert (talk.last, talk.reply.must_be_heard) == ("Please say yes or no.", True)
    assert not talk.says("yes").reply.must_be_heard
    assert not talk.returns("{}").reply.must_be_heard
