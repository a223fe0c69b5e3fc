"""What users of today's systems suffer from, each as a timeline on which it does not happen.

Numbers and names are those of the project's list of pains.
"""

import re

import pytest
from timeline import Call

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev
from parley.core.history import PENDING
from parley.core.settings import EndingSettings

LONG = "The table is booked for eight o'clock tonight."


def interrupted() -> Call:
    """The agent has begun to answer a question, and the caller breaks in."""
    call = Call().at(1).says("Book a table.").speaks(1, LONG).after(1).heard(1, 9)
    return call.after(0.2).voice().after(0.3).partial("no wait")


def test_01_stuck_or_silent_after_an_interruption() -> None:
    call = interrupted()
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "words")]
    assert "clear" in call.awaits()
    call.after(0.2).pause().after(1.4)  # the transport never confirms that it is silent
    assert call.turns() == ["Book a table.", "no wait"]
    call.after(1.6)
    assert call.said() == ["Let me see."]


@pytest.mark.parametrize("noise", ["mm-hmm", "Yeah.", "uh huh, okay"])
def test_02_backchannels_interrupt(noise: str) -> None:
    call = Call().at(1).says("Book a table.").speaks(1, LONG).after(1).heard(1, 9)
    call.after(0.1).voice().after(0.25).pause().after(0.2).final(noise)
    assert call.did(act.PausePlayout, act.ResumePlayout) == [
        act.PausePlayout(CALLER),
        act.ResumePlayout(CALLER),
    ]
    assert call.did(act.FloorKept) == [act.FloorKept(CALLER, "acknowledgement")]
    assert call.did(act.SegmentDropped) == [act.SegmentDropped(CALLER, 1, "acknowledgement")]
    assert call.outcome(1) == "live"


@pytest.mark.parametrize("voiced_s", [0.03, 0.11])
def test_02_coughs_interrupt(voiced_s: float) -> None:
    call = Call().at(1).says("Book a table.").speaks(1, LONG).at(3).voice()
    call.after(voiced_s).pause()
    assert call.did(act.FloorKept) == [act.FloorKept(CALLER, "too short")]
    assert call.when(act.ResumePlayout) == [3 + voiced_s]


def test_02_babble_interrupts() -> None:
    """A voice without words holds the agent up for half a second at most."""
    call = Call().at(1).says("Book a table.").speaks(1, LONG).at(3).voice().after(0.3).pause()
    call.after(1)
    assert call.did(act.FloorKept) == [act.FloorKept(CALLER, "no words")]
    assert call.when(act.ResumePlayout) == [3.8]


@pytest.mark.parametrize("sound", [(0.45, -25.0), (0.95, -37.0)], ids=["laughter", "television"])
def test_02_sounds_that_are_not_the_callers_speech_interrupt(sound: tuple[float, float]) -> None:
    """They last for seconds; the agent goes on after less than half a second."""
    call = (
        Call().at(1).voice().at(1.4).measured(0.4, 0.95, -25).pause().final("Book a table.").at(2)
    )
    call.speaks(1, LONG).at(3).voice().at(3.2).measured(0.3, *sound).at(6).pause()
    assert not call.did(act.FloorYielded)
    assert call.when(act.ResumePlayout) == [3.4]


def test_03_on_a_noisy_line_the_agent_stutters() -> None:
    """Ten short sounds in ten seconds: it falls silent for the first."""
    call = Call().at(1).says("Book a table.").speaks(1, LONG)
    for at in range(3, 13):
        call.at(at).heard(1, 9).voice().at(at + 0.1).measured(0.1, 0.5, -25).at(at + 0.2).pause()
    assert call.when(act.PausePlayout) == [3.0]
    assert call.when(act.ResumePlayout) == [3.425]


def test_03_after_a_false_interruption_the_agent_skips_words_or_stays_silent() -> None:
    call = Call().at(1).says("Book a table.").speaks(1, LONG).at(3).heard(1, 9).voice()
    call.at(3.1).pause().at(3.2).heard(1, 20).at(5).heard(1, len(LONG)).finished(1)
    assert call.did(act.ResumePlayout)
    assert not call.did(act.ClearPlayout, act.CancelReply)
    assert call.history()[-1] == ("agent", LONG)


def test_04_stale_audio_of_the_old_reply_plays_after_the_new_one_starts() -> None:
    call = interrupted().cleared()
    done = len(call.done)
    call.audio(1).synthesized(1).writes(1, "Old.").generated(1).started(1).heard(1, 40)
    call.tell(ev.SpanRetracted(1, 0), ev.SpanFailed(1, 0, "unavailable", permanent=False))
    call.starved(1).finished(1).asks_tool(1).tell(ev.ReplyToken(1))
    assert not call.since(done)
    assert call.did(act.ClearPlayout) == [act.ClearPlayout(CALLER)]
    assert call.history()[-1] == ("agent", "The table")


def test_05_history_contains_what_was_never_heard() -> None:
    call = interrupted().heard(1, 15).cleared()
    assert call.history() == [("caller", "Book a table."), ("agent", "The table is bo")]


def test_05_history_contains_what_is_still_to_be_heard() -> None:
    call = Call().at(1).says("Book a table.").speaks(1, LONG).heard(1, 9)
    assert call.history()[-1] == ("agent", "The table")
    call.finished(1)
    assert call.history()[-1] == ("agent", LONG)


def test_06_the_model_is_not_told_that_it_was_cut_off() -> None:
    call = interrupted().cleared().after(0.2).pause().after(0.1).final("no wait, nine").after(0.5)
    assert call.turns()[-1] == "no wait, nine"
    newest = call.did(act.StartReply)[-1].reply
    cut = call.conversation.messages(newest)[-2]
    assert (cut.text, cut.interrupted) == ("The table", True)


@pytest.mark.parametrize("answer", ["yes", "no", "4", "Jo", "four"])
def test_07_short_answers_are_lost_or_wait(answer: str) -> None:
    call = Call().at(1).says("Book a table.").speaks(1, "For how many?").at(3).finished(1)
    call.at(4).voice().at(4.2).pause().at(4.4).final(answer).at(4.7)
    assert call.turns()[-1] == answer
    assert call.when(act.TurnCommitted)[-1] == 4.7


def test_07_a_short_answer_that_was_not_understood_is_passed_over() -> None:
    """Who is asked something and says one word without being understood is asked again, at once."""
    call = Call().at(1).says("Book a table.").speaks(1, "For how many?").at(3).finished(1)
    call.at(4).voice().at(4.4).pause().at(4.6).final("").at(6)
    assert call.said() == ["Sorry, I didn't catch that. Could you say it again?"]


def test_07_a_sound_after_a_statement_is_taken_for_an_answer() -> None:
    call = Call().at(1).says("Book a table.").speaks(1, "It is booked.").at(3).finished(1)
    call.at(4).voice().at(4.4).pause().at(4.6).final("").at(6)
    assert call.said() == []


SHORT_WORDS = (
    "yes", "yeah", "no", "nope", "okay", "stop", "left", "right", "uh-huh", "mm-hmm",
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "4", "10",
)  # fmt: skip
SENTENCE = "I would like to come in the afternoon."


def answered_after(text: str, voiced_s: float = 0.3) -> float:
    """The silence after an answer that makes it a turn, by the policy as it is."""
    call = Call(turns={"ending": EndingSettings(), "speculation_limit": 0}).at(1)
    call.says("Book a table.").speaks(1, "At eight?").at(3).finished(1)
    before = len(call.turns())
    call.at(4).voice().after(voiced_s).pause().after(0.1).final(text).at(9)
    assert call.turns()[before:] == [text]
    return round(call.when(act.TurnCommitted)[-1] - 4 - voiced_s, 3)


@pytest.mark.parametrize("word", SHORT_WORDS)
def test_07_a_short_word_waits_longer_than_a_sentence(word: str) -> None:
    assert answered_after(word) <= answered_after(SENTENCE, 2.0) <= 0.5


@pytest.mark.parametrize("word", SHORT_WORDS)
def test_07_a_short_word_is_lost_where_the_voice_was_hardly_noticed(word: str) -> None:
    """Shorter than what is a blip, or not noticed at all: its words are a turn."""
    assert answered_after(word, 0.08) <= answered_after(SENTENCE, 2.0)
    call = Call().at(1).says("Book a table.").speaks(1, "At eight?").at(3).finished(1)
    assert call.at(4).final(word).at(4.5).turns()[-1] == word


def test_07_an_answer_over_the_last_words_of_a_question_is_lost() -> None:
    call = Call().at(1).says("Book a table.").speaks(1, "Shall I book it for eight?")
    call.at(3).heard(1, 12).voice().at(3.2).pause().at(3.3).final("Yes.").heard(1, 14).cleared()
    assert call.did(act.FloorYielded) == [act.FloorYielded(CALLER, "answer")]
    assert call.at(4).turns()[-1] == "Yes."


def test_07_an_answer_as_the_question_ends_is_lost() -> None:
    """The last sample was heard before the voice, but the transport says so only later."""
    call = Call().at(1).says("Book a table.").speaks(1, "I can do eight or nine.")
    call.at(3).voice().at(3.1).finished(1).at(3.2).pause().at(3.3).final("yes").at(4)
    assert call.turns()[-1] == "yes"
    assert not call.did(act.SegmentDropped)


@pytest.mark.parametrize("known_s", [0.0, 0.1, 0.3, 0.45])
def test_08_the_silence_that_detects_a_pause_is_added_to_the_wait(known_s: float) -> None:
    """Silence counts from the last voiced sample, however late it is known that it is one."""
    call = Call().at(1).voice().at(1.9).final("At eight.").at(2 + known_s).pause(2.0)
    call.at(9)
    assert call.when(act.TurnCommitted) == [2.5]
    assert call.did(act.TurnCommitted)[0].at == 2.0


def test_08_a_pause_that_is_known_after_the_wait_waits_again() -> None:
    call = Call().at(1).voice().at(1.9).final("At eight.").at(2.7).pause(2.0)
    assert call.when(act.TurnCommitted) == [2.7]


def ended_after(text: str) -> float:
    """The silence that ends a turn with these words, by the policy as it is."""
    call = Call(turns={"ending": EndingSettings()}).at(1).voice().at(2).pause().at(2.1).final(text)
    return round(call.at(9).when(act.TurnCommitted)[0] - 2, 3)


@pytest.mark.parametrize("text", ["this afternoon", "book a table for tomorrow", "that's fine"])
def test_08_without_a_full_stop_the_end_of_turn_is_slow(text: str) -> None:
    assert ended_after(text) <= 0.5


@pytest.mark.parametrize("text", ["I would like to", "on the", "well, um", "it is zero seven nine"])
def test_08_the_end_of_turn_cuts_off(text: str) -> None:
    """Nobody ends with such words; and no words make it wait for more than 2 s."""
    assert 1.0 <= ended_after(text) <= 2.0


@pytest.mark.parametrize("echo", ["the table", "is booked for eight", "yes"])
def test_09_the_agents_own_echo_interrupts_and_is_a_turn(echo: str) -> None:
    """What is left of it is soft beside the caller's voice, whatever a recogniser makes of it."""
    call = Call().at(1).voice().at(1.4).measured(0.4, 0.95, -25).pause().final("Book a table.")
    call.at(2).speaks(1, LONG).at(3).heard(1, 9).voice().at(3.3).measured(0.3, 0.95, -45)
    call.at(3.5).pause().at(3.6).final(echo).at(6).heard(1, len(LONG)).finished(1).at(9)
    assert call.turns() == ["Book a table."]
    assert not call.did(act.FloorYielded, act.ClearPlayout)
    assert len(call.did(act.PausePlayout)) == len(call.did(act.ResumePlayout))
    assert call.history()[-1] == ("agent", LONG)


def test_09_the_agents_own_voice_is_the_callers_pause() -> None:
    """A turn that is being said while the agent is heard ends with the caller's silence only."""
    call = Call().at(1).says("Book a table.").speaks(1, LONG).heard(1, 9).at(3).voice()
    call.at(3.4).partial("no wait").cleared().at(4).final("no wait for nine").at(6)
    assert call.turns() == ["Book a table."]
    assert call.pause().at(6.5).turns()[-1] == "no wait for nine"


def test_10_the_first_words_are_lost_while_the_call_is_set_up() -> None:
    call = Call(connect=False).tell(ev.Connected(CALLER)).at(0.1).voice().at(0.8).pause()
    call.at(0.9).tell(ev.ListeningReady(CALLER)).at(1.0).final("Hello?").at(1.5)
    assert call.turns() == ["Hello?"]


def test_10_the_greeting_is_never_heard() -> None:
    call = Call(connect=False, greeting="Hello.")
    assert not call.done
    call.at(3).tell(ev.Connected(CALLER)).synthesized(1)
    assert call.when(act.PlayReply) == [3.0]


def test_11_the_last_word_is_clipped_at_hang_up() -> None:
    call = Call().at(1).says("Bye.").tell(ev.ReplyEndsCall(1)).speaks(1, "Goodbye.")
    call.at(3).heard(1, 8).at(5)
    assert not call.ending()
    call.finished(1).at(5.19)
    assert not call.ending()
    assert call.at(5.2).ending() == [EndReason.AGENT_ENDED]


def test_12_a_turn_during_an_uninterruptible_reply_is_dropped() -> None:
    call = Call(greeting="This call is recorded.", greeting_interruptible=False)
    call.at(0.1).synthesized(1).started(1).at(0.5).voice().at(1).pause().final("Book a table.")
    assert not call.did(act.PausePlayout)
    assert call.at(3).turns() == []
    assert not call.did(act.StartReply)
    assert call.finished(1).turns() == ["Book a table."]


def test_10_words_before_the_recogniser_is_ready_are_waited_for() -> None:
    """The pause was over long before it could be understood."""
    call = Call(connect=False).tell(ev.Connected(CALLER)).at(0.1).voice().at(0.5).pause()
    assert call.at(1.3).turns() == []
    call.tell(ev.ListeningReady(CALLER)).at(1.35).final("Hello?").at(2)
    assert call.turns() == ["Hello?"]


def test_12_a_turn_while_the_transport_is_cleared_is_dropped() -> None:
    call = interrupted().after(0.1).final("no wait, nine").after(0.1).pause().after(0.6)
    assert call.turns() == ["Book a table."]
    assert call.cleared().turns()[-1] == "no wait, nine"


def test_12_a_turn_during_a_tool_call_is_dropped() -> None:
    call = Call().at(1).says("Book a table.").asks_tool(1).generated(1)
    call.at(3).says("For two.").answers(2, "For two.")
    assert call.turns() == ["Book a table.", "For two."]
    assert call.conversation.messages(2)[1].tools[0].result == PENDING


def test_13_speculation_answers_stale_text() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Book a table")
    assert call.did(act.StartReply) == [act.StartReply(1, 1)]
    call.writes(1, "For when?").at(2.3).voice().at(2.9).pause().at(3).final("for two.").at(4)
    assert call.turns() == ["Book a table for two."]
    assert call.outcome(1) == "cancelled"
    assert call.did(act.PromoteReply) == [act.PromoteReply(2)]


def test_13_speculation_answers_without_the_tools_result() -> None:
    call = Call().at(1).says("Book a table.").asks_tool(1).generated(1)
    call.at(2).voice().at(2.4).pause().at(2.5).final("And a taxi.")
    call.at(2.6).tell(ev.ToolFinished("t1", "booked")).at(4)
    assert call.outcome(2) == "cancelled"
    assert call.conversation.messages(3)[1].tools[0].result == "booked"


def test_13_speculation_doubles_tokens() -> None:
    """Six replies at most are started for a turn before it has ended."""
    call = Call().at(1).voice()
    for n in range(8):
        call.after(0.2).final(f"word {n}")
    assert len(call.did(act.StartReply)) == 6
    assert call.after(0.1).pause().after(0.5).turns()


def test_13_speculation_wastes_tokens_turn_after_turn() -> None:
    """A caller whose words change all the time is answered when the turn has ended."""
    call = Call()
    for turn in range(1, 11):
        call.after(0.2).voice()
        for n in range(3):
            call.after(0.2).final(f"word {n}")
        call.after(0.1).pause().after(1).answers(call.did(act.StartReply)[-1].reply, "Yes.")
        in_vain = len(call.did(act.StartReply)) - len(call.did(act.PromoteReply))
        assert in_vain < 6 + turn
    assert len(call.turns()) == 10


def test_13_a_speculative_reply_is_heard_or_runs_tools() -> None:
    call = Call().at(1).voice().at(2).pause().at(2.1).final("Book a table.")
    call.writes(1, "Sure.").synthesized(1).asks_tool(1).generated(1)
    assert not call.did(act.PlayReply, act.RunTool)
    call.at(2.5)
    assert call.when(act.PlayReply) == call.when(act.RunTool) == [2.5]


def test_14_tool_calls_stay_in_progress_after_an_interruption() -> None:
    call = Call().at(1).says("Book a table.").asks_tool(1).speaks(1, LONG)
    call.at(3).voice().at(3.3).final("no wait").cleared().at(3.4).pause()
    call.tell(ev.ToolFinished("t1", "booked")).at(4)
    assert call.did(act.ToolEnded) == [act.ToolEnded("t1", "done")]
    newest = call.did(act.StartReply)[-1].reply
    assert [t.result for line in call.conversation.messages(newest) for t in line.tools] == [
        "booked"
    ]


def test_15_silence_while_a_tool_runs() -> None:
    call = Call().at(1).says("Book a table.").asks_tool(1).generated(1).at(3)
    assert call.said() == ["Let me check that."]
    assert call.when(act.Synthesize) == [2.9]


def test_15_the_filler_plays_after_the_answer() -> None:
    """Its audio is late, and the answer's comes first."""
    call = Call().at(1).says("Book a table.").at(3).answers(1, LONG)
    assert call.outcome(2) == "cancelled"
    assert call.synthesized(2).did(act.PlayReply) == [act.PlayReply(1, CALLER, aside=False)]


def test_15_a_filler_is_begun_just_before_the_answer() -> None:
    """The answer's voice was asked for: what would be said now would only delay it."""
    call = Call().at(1).says("Book a table.").at(2.8).writes(1, LONG).at(3.1).synthesized(1)
    assert call.generated(1).at(5).said() == []


def test_15_the_answer_waits_for_a_filler() -> None:
    call = Call().at(1).says("Book a table.").at(3).synthesized(2).started(2).answers(1, LONG)
    assert call.did(act.ShortenReply) == [act.ShortenReply(2)]


def test_16_the_agent_says_booked_though_the_tool_failed() -> None:
    call = Call().at(1).says("Book a table.").asks_tool(1).generated(1)
    call.tell(ev.ToolFailed("t1", "no table is free."))
    told = call.conversation.messages(2)[-1].tools[0].result
    assert told == "ERROR: no table is free. The action was NOT done. Tell the caller so."


def test_19_a_second_attempt_repeats_what_was_spoken() -> None:
    call = Call().at(1).says("Book a table.").writes(1, LONG).audio(1).started(1)
    call.tell(ev.ReplyFailed(1, "unavailable", permanent=False))
    assert call.did(act.StartReply) == [act.StartReply(1, 1)]
    call.heard(1, 9).finished(1)
    assert call.said() == ["Sorry, I lost my thread. Could you ask me again?"]


def test_28_barge_in_clears_audio_only_while_a_generator_runs() -> None:
    call = interrupted()  # all was generated long before
    assert call.did(act.CloseReply)
    assert call.did(act.ClearPlayout)


def test_every_pain_of_turns_and_interruptions_is_here() -> None:
    named = {found[1] for name in globals() if (found := re.match(r"test_(\d\d)_", name))}
    assert {f"{number:02}" for number in range(1, 14)} <= named
