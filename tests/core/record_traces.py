"""Writes tests/traces/*.jsonl anew: `python tests/core/record_traces.py`, with a new VERSION.

A trace of a real call that went wrong is put there as it is, and stays.
"""

from pathlib import Path

from timeline import Call

from parley.core import CALLER
from parley.core import events as ev

TRACES = Path(__file__).parent.parent / "traces"


def booking() -> Call:
    """A greeting, a tool, a cough, an interruption, a goodbye."""
    call = Call(greeting="Hello, this is Luigi's. How can I help you?").synthesized(1)
    call.at(0.1).started(1).at(1).heard(1, 30).at(1.6).finished(1)
    call.at(2).voice(1.95).at(2.6).partial("I'd like a table").at(3.4).pause(3.3)
    call.at(3.6).final("I'd like a table for two tonight.")
    look = call.newest
    call.asks_tool(look, "find").answers(look, "Let me see.").at(3.9).started(look)
    call.at(4.6).heard(look, 11).finished(look).at(5.5).tell(ev.ToolFinished("find", '["19:00"]'))
    offer = call.newest
    call.answers(offer, "There is a table at seven.", "Shall I book it?").at(5.7).started(offer)
    call.at(7).heard(offer, 26).at(7.5).voice(7.45).at(7.6).pause(7.55)
    call.at(8).heard(offer, 9, span=1).at(8.4).voice(8.35).at(8.8).partial("no wait")
    call.heard(offer, 12, span=1).cleared().at(9.5).pause(9.4)
    call.at(9.6).final("No wait, for three, please.")
    last = call.newest
    call.tell(ev.ReplyEndsCall(last)).answers(last, "For three, at seven.", "See you tonight!")
    call.at(10.1).started(last).at(12).heard(last, 20).heard(last, 16, span=1).finished(last)
    return call.at(13)


def troubled() -> Call:
    """Media, recogniser, responder and voice fail once; then the responder for good."""
    call = Call().at(1).voice().at(1.5).partial("Is there").tell(ev.MediaLost(CALLER, 1.5))
    call.at(4).tell(ev.MediaRestored(CALLER, 4.0)).at(5.5).says_phrase(1)
    call.at(7).voice().tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False))
    call.at(7.8).tell(ev.ListeningReady(CALLER)).at(8).pause()
    call.tell(ev.Transcript(CALLER, 1, "Is there a table tonight?", final=True))
    call.tell(ev.ReplyFailed(2, "rate-limit", permanent=False)).writes(3, "Yes, at seven.")
    call.tell(ev.SpanFailed(3, 0, "unavailable", permanent=False)).audio(3)
    call.at(8.6).started(3).at(9).heard(3, 4).starved(3).at(10.5).finished(3).says_phrase(4)
    call.at(12).voice().at(13).pause()
    call.tell(ev.Transcript(CALLER, 2, "What was that?", final=True)).at(14.6).says_phrase(6)
    call.at(16).tell(ev.ReplyFailed(5, "unavailable", permanent=True)).at(16.2).says_phrase(7)
    return call.at(17)


def silent() -> Call:
    """Nobody is there."""
    call = Call(greeting="Hello?").synthesized(1).started(1).at(1).finished(1)
    call.at(4).voice().at(4.1).pause().final("").at(11.5).says_phrase(2)
    return call.at(31.5).says_phrase(3).at(32)


def order() -> Call:
    """What is keyed in and said at once; what is understood, taken back, and understood again."""
    call = Call(
        greeting="Hello. What is your order number?",
        greeting_interruptible=False,
        greeting_kind="number",
        greeting_question="What is your order number?",
    )
    call.synthesized(1).started(1).at(0.5).key("4").at(1).heard(1, 20).at(1.8).finished(1)
    call.at(2).key("2").at(2.3).voice(2.25).at(2.9).partial("and my name is").key("#")
    call.understands(2, "number", "42").expects(2, "name", "And your name?").at(3.4).partial(
        "and my name is Jo"
    )
    call.at(3.6).pause(3.5).at(3.7).final("and my name is Jo").at(4)
    call.understands(3, "number", "42").understands(3, "name", "Jo").understands(3, "mood", "calm")
    call.expects(3, "day", "On which day?").answers(3, "Thank you, Jo.", "On which day?").started(3)
    call.at(5).heard(3, 14).heard(3, 6, span=1).key("7#").at(5.1).cleared()
    call.understands(4, "mood", "").expects(4, "").tell(ev.ReplyEndsCall(4))
    call.answers(4, "On the seventh, then. Goodbye!").at(5.6).started(4).at(7).finished(4)
    return call.at(8)


if __name__ == "__main__":
    for scene in (booking, troubled, silent, order):
        (TRACES / f"{scene.__name__}.jsonl").write_text("".join(scene().lines), encoding="utf-8")
