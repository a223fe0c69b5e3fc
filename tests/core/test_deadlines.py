"""Every state names its deadline: what is awaited at each moment of a call."""

from timeline import Call

from parley.core import CALLER
from parley.core import actions as act
from parley.core import events as ev

ALWAYS = ["max duration"]
NOBODY_SPEAKS = ["silence prompt", "silence ends the call", *ALWAYS]


def test_a_turn() -> None:
    call = Call(connect=False, turns={"recognizer_partials": True}).tell(ev.Connected(CALLER))
    assert call.awaits() == ["recogniser opens", *NOBODY_SPEAKS]
    call.tell(ev.ListeningReady(CALLER)).at(1).voice()
    assert call.awaits() == ["sound", "utterance", *ALWAYS]
    call.at(1.5).partial("Hello").at(1.8).pause()
    assert call.awaits() == ["final text", "stable partial", "end of turn", *ALWAYS]
    call.at(2)
    assert call.awaits() == ["stable partial", "end of turn", *ALWAYS]
    call.at(2.1)
    assert call.awaits() == ["end of turn", "model", *ALWAYS]
    call.final("Hello").at(2.3)
    assert call.awaits() == ["filler", "model", *ALWAYS]


def test_a_reply() -> None:
    call = Call().at(1).voice().at(1.4).pause().at(1.5).final("Hello.").writes(1, "Hi.", "Well.")
    assert call.awaits() == ["end of turn", "voice", "model", *ALWAYS]
    call.synthesized(1).generated(1)
    assert call.awaits() == ["end of turn", "voice", "held", *ALWAYS]
    call.synthesized(1, 1)
    assert call.awaits() == ["end of turn", "held", *ALWAYS]
    call.at(2)
    assert call.awaits() == ["playout", *ALWAYS]
    call.started(1).heard(1, 3).starved(1)
    assert call.awaits() == ["starved", *ALWAYS]


def test_the_floor() -> None:
    call = Call().at(1).says("Hello.").speaks(1, "Once upon a time.").at(2).voice()
    assert call.awaits() == ["interruption", "utterance", *ALWAYS]
    call.at(2.3).pause()
    assert call.awaits() == ["final text", "verdict", *ALWAYS]
    call.final("wait")
    assert call.awaits() == ["clear", *ALWAYS]
    call.cleared()
    assert call.awaits() == ["end of turn", "model", *ALWAYS]


def test_keys() -> None:
    call = Call().at(1).key("1")
    assert call.awaits() == ["keys", *ALWAYS]
    call.voice().at(1.5).pause()
    assert call.awaits() == ["final text", "keys", *ALWAYS]
    call.tell(ev.MediaLost(CALLER, 1.5)).at(3)
    assert call.awaits() == ["media", *ALWAYS]
    call.tell(ev.MediaRestored(CALLER, 3))
    assert call.awaits() == ["filler", "model", *ALWAYS]


def test_a_tool_and_a_gap() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).generated(1)
    assert call.awaits() == ["filler", "tool", *ALWAYS]
    call.tell(ev.MediaLost(CALLER, call.now))
    assert call.awaits() == ["tool", "media", *ALWAYS]


def test_the_end() -> None:
    call = Call().at(1).says("Bye.").tell(ev.ReplyEndsCall(1)).speaks(1, "Bye.").finished(1)
    assert call.awaits() == ["ending"]


def test_a_call_that_is_ending_waits_for_the_end_only() -> None:
    call = Call(max_duration_s=5.0).at(4.9).voice().at(5)
    assert call.awaits() == ["voice", "ending"]


def test_the_voice_may_take_its_time_for_a_span_while_it_speaks_another() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.", "Two.").at(3).audio(1).started(1)
    assert "voice" not in call.awaits()
    call.at(4).synthesized(1).heard(1, 4)
    assert call.at(6.4).did(act.CancelSynthesis) == []
    assert call.at(6.5).did(act.CancelSynthesis) == [act.CancelSynthesis(1, 1)]


def test_without_fillers_nothing_is_said() -> None:
    call = Call(phrases={"fillers": ()}).at(1).says("Hello.")
    assert call.awaits() == ["model", *ALWAYS]


def test_the_transport_is_not_blamed_for_a_slow_voice() -> None:
    call = Call(recovery={"voice_timeout_s": 20.0}).at(1).says("Hello.").writes(1, "One.")
    call.synthesized(1).started(1).heard(1, 4).starved(1).writes(1, "Two.", start=5).generated(1)
    assert "playout" not in call.at(12).awaits()
    assert call.outcome(1) == "live"


def test_silence_counts_while_no_tool_runs() -> None:
    call = Call(phrases={"working": ()}).at(1).says("Book it.").asks_tool(1, timeout_s=60.0)
    call.generated(1)
    assert call.awaits() == ["tool", *ALWAYS]
    call.tell(ev.ToolFinished("t1", "A")).speaks(2, "Done.").finished(2)
    assert call.awaits() == NOBODY_SPEAKS


def test_a_reply_behind_another_does_not_count_its_silence() -> None:
    call = Call().at(1).says("Book it.").asks_tool(1).speaks(1, "One moment, I book it.")
    call.tell(ev.ToolFinished("t1", "booked")).answers(2, "It is booked.")
    call.at(8).heard(1, 5)
    assert call.awaits().count("playout") == 1
    call.at(10)
    assert call.outcome(2) == "live"


def test_a_reply_that_ran_dry_is_awaited_again_once_it_has_audio() -> None:
    call = Call().at(1).says("Hello.").writes(1, "One.").synthesized(1).started(1).heard(1, 4)
    call.starved(1).at(3.5)
    assert call.said() == ["Let me see."]
    assert "playout" not in call.awaits()
    call.writes(1, "Two.", start=5).synthesized(1, 1)
    assert "playout" in call.awaits()
    call.heard(1, 4, span=1).starved(1).after(1.5)
    assert "playout" not in call.awaits()
    call.generated(1)
    assert "playout" in call.awaits()
