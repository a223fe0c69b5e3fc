"""Whose the audio is, and which words of it have been sent."""

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.transports.realtime.sending import Sending

RATE = 1000


def sending() -> Sending:
    return Sending(RATE)


def write(it: Sending, reply: int, *texts: str, seconds: float | None = 1.0) -> None:
    """A reply with these pieces, each of so many seconds."""
    it.begun(reply)
    at = 0
    for number, text in enumerate(texts):
        at = at + 1 if number else 0
        it.written(ev.ReplySpan(reply, number, text, at, at + len(text)))
        at += len(text)
        if seconds is not None:
            it.synthesized(ev.SpanSynthesized(reply, number, seconds))


def play(it: Sending, reply: int, *, aside: bool = False, closed: bool = True) -> None:
    it.played(act.PlayReply(reply, CALLER, aside))
    if closed:
        it.closed(act.CloseReply(reply))


def send(it: Sending, samples: int) -> list[tuple[int, int]]:
    return [(reply.id, count) for reply, count in it.divide(samples)]


def test_audio_is_that_of_the_reply_that_is_played() -> None:
    it = sending()
    write(it, 1, "Hello.")
    play(it, 1)
    assert send(it, 200) == [(1, 200)]


def test_audio_of_nobody_is_nobodys() -> None:
    assert send(sending(), 200) == []


def test_a_reply_ends_where_its_audio_does() -> None:
    it = sending()
    write(it, 1, "One.", "Two.")
    write(it, 2, "Three.")
    play(it, 1)
    play(it, 2)
    assert send(it, 1900) == [(1, 1900)]
    assert send(it, 200) == [(1, 100), (2, 100)]


def test_a_reply_that_goes_on_has_all_the_audio() -> None:
    it = sending()
    write(it, 1, "One.")
    write(it, 2, "Two.")
    play(it, 1, closed=False)
    play(it, 2)
    assert send(it, 1500) == [(1, 1500)]


def test_where_nobody_knows_a_reply_ends_when_it_was_heard() -> None:
    it = sending()
    write(it, 1, "One.")
    write(it, 2, "Two.")
    it.failed(ev.SpanFailed(1, 0, "internal", permanent=False))
    play(it, 1)
    play(it, 2)
    assert send(it, 1500) == [(1, 1500)]
    it.over(1)
    assert send(it, 100) == [(2, 100)]


def test_a_filler_is_said_before_an_answer_that_has_not_begun() -> None:
    it = sending()
    write(it, 1, "Answer.")
    write(it, 2, "One moment.")
    play(it, 1)
    play(it, 2, aside=True)
    assert send(it, 1200) == [(2, 1000), (1, 200)]


def test_a_filler_is_said_in_a_gap_of_an_answer() -> None:
    it = sending()
    write(it, 1, "Well.", "Yes.", seconds=None)
    play(it, 1, closed=False)
    send(it, 500)
    it.starved(ev.PlayoutStarved(CALLER, 1, 1.0))
    write(it, 2, "One moment.")
    play(it, 2, aside=True)
    assert send(it, 1000) == [(2, 1000)]
    assert send(it, 100) == [(1, 100)]


def test_a_filler_that_comes_too_late_is_not_heard() -> None:
    it = sending()
    write(it, 1, "Answer.")
    write(it, 2, "One moment.")
    play(it, 1)
    send(it, 200)
    play(it, 2, aside=True)
    assert send(it, 200) == [(1, 200)]


def test_audio_that_was_taken_back_is_sent_again() -> None:
    it = sending()
    write(it, 1, "One.")
    write(it, 2, "Two.")
    play(it, 1)
    play(it, 2)
    send(it, 500)
    it.taken_back(told_again=False)
    assert send(it, 800) == [(1, 800)], "nobody knows how much is left"


def test_a_piece_is_told_when_its_audio_is_sent() -> None:
    it = sending()
    write(it, 1, "One.", "Two.", "Three.")
    play(it, 1)
    reply = it.reply(1)
    assert reply.newly_sent() == ""
    send(it, 1)
    assert reply.newly_sent() == "One."
    send(it, 999)
    assert reply.newly_sent() == ""
    send(it, 1001)
    assert reply.newly_sent() == " Two. Three."


def test_pieces_that_belong_together_are_not_torn_apart() -> None:
    it = sending()
    it.begun(1)
    it.written(ev.ReplySpan(1, 0, "12", 0, 2))
    it.written(ev.ReplySpan(1, 1, "34", 2, 4))
    it.synthesized(ev.SpanSynthesized(1, 0, 1.0))
    play(it, 1)
    send(it, 1001)
    assert it.reply(1).newly_sent() == "1234"


def test_what_comes_after_a_piece_without_an_end_is_not_told() -> None:
    it = sending()
    write(it, 1, "One.", "Two.", seconds=None)
    play(it, 1)
    send(it, 5000)
    assert it.reply(1).newly_sent() == "One."


def test_in_the_end_all_is_told() -> None:
    it = sending()
    write(it, 1, "One.", "…", "!", seconds=None)
    play(it, 1)
    send(it, 500)
    assert it.reply(1).newly_sent(complete=True) == "One. … !"
    assert it.reply(1).newly_sent(complete=True) == ""


def test_a_retracted_piece_is_not_told_unless_it_was() -> None:
    it = sending()
    write(it, 1, "One.", "Two.")
    it.retracted(ev.SpanRetracted(1, 1))
    play(it, 1)
    send(it, 2000)
    assert it.reply(1).newly_sent() == "One."
    it.retracted(ev.SpanRetracted(1, 0))
    assert list(it.reply(1).spans) == [0]


def test_what_was_not_heard_is_told_again() -> None:
    it = sending()
    write(it, 1, "One two.", "Three.")
    play(it, 1)
    send(it, 500)
    assert it.reply(1).newly_sent() == "One two."
    it.heard(ev.Heard(CALLER, 1, 0, 3, 0.5, True))
    it.taken_back(told_again=True)
    assert it.reply(1).newly_sent() == " two."


def test_what_was_heard_is_known_by_the_word() -> None:
    it = sending()
    write(it, 1, "One two.", "Three.")
    it.heard(ev.Heard(CALLER, 1, 0, 8, 0.5, True))
    it.heard(ev.Heard(CALLER, 1, 1, 2, 0.5, True))
    it.heard(ev.Heard(CALLER, 1, 7, 2, 0.5, True))
    assert it.reply(1).heard == "One two. Th"


def test_news_of_a_reply_that_is_over_changes_nothing() -> None:
    it = sending()
    write(it, 1, "One.")
    it.over(1)
    it.over(1)
    it.synthesized(ev.SpanSynthesized(1, 0, 1.0))
    it.written(ev.ReplySpan(1, 1, "Two.", 0, 4))
    assert it.replies == {}


def test_a_phrase_from_the_cache_has_its_text_from_the_wish() -> None:
    it = sending()
    it.begun(1)
    it.asked(act.Synthesize(1, 0, "One moment.", 1, cached=True))
    it.synthesized(ev.SpanSynthesized(1, 0, 1.0))
    play(it, 1)
    play(it, 1)
    assert send(it, 1000) == [(1, 1000)]
    assert it.reply(1).newly_sent() == "One moment."
