"""Timelines of one leg. One sample lasts a millisecond; a frame has 20 of them."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from parley.audio.formats import AudioFormat
from parley.audio.ledger import WordTime
from parley.audio.playout import Playout
from parley.audio.timing import Finished, Heard, Started, Starved, Timing

MILLISECOND_SAMPLES = AudioFormat(1000)

EXACT = Timing(can_pause=True, acknowledges="exact")
ESTIMATED = Timing(can_pause=True)
CLEARABLE = Timing()
MARKS = Timing(acknowledges="marks")
STUBBORN = Timing(can_clear=False)


def player(timing: Timing = ESTIMATED, *, record: bool = True) -> Playout:
    return Playout(timing, audio_format=MILLISECOND_SAMPLES, record=record)


def sound(milliseconds: int, first: int = 1000) -> bytes:
    """Loud samples that count up from `first`."""
    return np.arange(first, first + milliseconds, dtype="<i2").tobytes()


def samples(pcm: bytes) -> tuple[int, int] | None:
    """The first and last sample of a sound without a jump."""
    values = np.frombuffer(pcm, "<i2")
    assert (np.diff(values) == 1).all()
    return (int(values[0]), int(values[-1])) if values.size else None


def say(
    playout: Playout, reply: int, milliseconds: int, *, first: int = 1000, text: str = ""
) -> None:
    """A whole reply of one span, in words of equal length."""
    text = text or "aaaa bbbb cccc dddd"
    playout.open_span(reply, 0, text)
    words, count = [], len(text.split())
    for index in range(count):
        lasts = milliseconds // count
        words.append(WordTime(index * 5, index * 5 + 4, index * lasts, (index + 1) * lasts))
    playout.append(reply, 0, sound(milliseconds, first), words)
    playout.end_span(reply, 0)
    playout.end_reply(reply)
    playout.release(reply)


def send_all(playout: Playout, until: float) -> Iterator[bytes]:
    """Serve the transport up to `until`, starting at 0."""
    now = playout.next_due(0.0)
    while now is not None and now <= until:
        yield playout.due(now).pcm
        now = playout.next_due(now)


# Sending


def test_the_lead_is_filled_at_once_and_refilled_by_halves() -> None:
    playout = player()
    say(playout, 1, 1000)
    assert playout.next_due(5.0) == 5.0
    assert samples(playout.due(5.0).pcm) == (1000, 1199)
    assert not playout.due(5.0)
    assert playout.next_due(5.0) == pytest.approx(5.1)
    assert samples(playout.due(5.1).pcm) == (1200, 1299)
    assert playout.next_due(5.1) == pytest.approx(5.2)


def test_the_clock_is_absolute_and_does_not_drift() -> None:
    playout = Playout(Timing(lead_s=0.06), audio_format=AudioFormat(11_025), record=False)
    playout.open_span(1, 0, "")
    playout.append(1, 0, bytes(2 * 11_025 * 100))
    playout.release(1)
    sent, now = 0, playout.next_due(0.0)
    while now is not None:
        sent += len(playout.due(now).pcm) // 2
        assert sent / 11_025 - now == pytest.approx(0.06, abs=2 / 11_025)
        now = playout.next_due(now)


def test_24_khz_and_a_recorder_are_usual() -> None:
    playout = Playout(ESTIMATED)
    playout.open_span(1, 0, "text")
    playout.append(1, 0, bytes(48_000))
    playout.release(1)
    assert len(playout.due(0.0).pcm) == 9600
    assert playout.heard_audio(0.1) == [(0.0, bytes(4800))]


def test_after_a_stall_all_that_is_missing_comes_at_once() -> None:
    playout = player()
    say(playout, 1, 1000)
    playout.due(0.0)
    assert samples(playout.due(0.15).pcm) == (1200, 1339)
    assert samples(playout.due(0.9).pcm) == (1340, 1539)  # ran dry at 0.34
    assert [round(at, 6) for at, _ in playout.heard_audio(1.2)] == [0.0, 0.2, 0.9]


def test_a_growing_span_gives_whole_frames_and_no_padding() -> None:
    playout = player()
    playout.open_span(1, 0, "text")
    playout.release(1)
    playout.append(1, 0, sound(19))
    assert playout.next_due(0.0) is None
    assert not playout.due(0.0)
    playout.append(1, 0, sound(31, 1019))
    assert playout.next_due(0.0) == 0.0
    assert samples(playout.due(0.0).pcm) == (1000, 1039)
    assert playout.next_due(0.0) is None
    playout.end_span(1, 0)
    assert samples(playout.due(0.0).pcm) == (1040, 1049)


def test_a_chunk_may_end_within_a_sample() -> None:
    playout = player()
    playout.open_span(1, 0, "text")
    playout.release(1)
    playout.append(1, 0, sound(40)[:41])
    playout.append(1, 0, sound(40)[41:])
    assert samples(playout.due(0.0).pcm) == (1000, 1039)


def test_the_tail_waits_for_room_in_the_lead() -> None:
    playout = player(Timing(can_pause=True, lead_s=0.05))
    say(playout, 1, 70)
    assert samples(playout.due(0.0).pcm) == (1000, 1039)
    assert playout.next_due(0.0) == pytest.approx(0.01)
    assert samples(playout.due(0.015).pcm) == (1040, 1059)
    assert playout.next_due(0.015) == pytest.approx(0.02)
    assert samples(playout.due(0.02).pcm) == (1060, 1069)


def test_spans_that_are_synthesised_in_parallel_play_in_order() -> None:
    playout = player()
    playout.open_span(1, 0, "one")
    playout.open_span(1, 1, "two")
    playout.release(1)
    playout.append(1, 1, sound(30, 1030))
    playout.end_span(1, 1)
    assert playout.next_due(0.0) is None
    playout.append(1, 0, sound(30))
    assert samples(playout.due(0.0).pcm) == (1000, 1019)
    playout.end_span(1, 0)
    assert samples(playout.due(0.0).pcm) == (1020, 1059)


def test_a_held_reply_is_silent_and_replies_play_in_the_order_of_release() -> None:
    playout = player()
    for reply in (1, 2):
        playout.open_span(reply, 0, "text")
        playout.append(reply, 0, sound(40, 1000 * reply))
        playout.end_span(reply, 0)
        playout.end_reply(reply)
    assert playout.next_due(0.0) is None
    assert playout.is_idle
    playout.release(2)
    playout.release(1)
    playout.release(2)
    assert not playout.is_idle
    heard = np.frombuffer(playout.due(0.0).pcm, "<i2")
    assert heard.tolist() == [*range(2000, 2040), *range(1000, 1040)]


def test_the_next_reply_waits_until_the_one_before_has_ended() -> None:
    playout = player()
    say(playout, 1, 40)
    playout.open_span(2, 0, "text")
    playout.end_span(2, 0)
    playout.release(2)
    say(playout, 3, 40)
    assert len(playout.due(0.0).pcm) == 80
    playout.end_reply(2)
    assert len(playout.due(0.0).pcm) == 80


# Spans


def test_a_span_can_be_retracted_until_it_has_begun() -> None:
    playout = player()
    for span in range(3):
        playout.open_span(1, span, "text")
        playout.append(1, span, sound(200, 1000 * (span + 1)))
        playout.end_span(1, span)
    playout.release(1)
    playout.due(0.0)
    assert playout.has_begun(1, 0)
    assert not playout.drop_span(1, 0)
    assert not playout.has_begun(1, 1)
    assert playout.drop_span(1, 1)
    assert not playout.drop_span(1, 1)
    assert not playout.drop_span(9, 0)
    assert not playout.has_begun(1, 1)
    playout.append(1, 1, sound(10))
    assert playout.stale_bytes == 20
    assert samples(playout.due(0.2).pcm) == (3000, 3199)


def test_a_second_attempt_replaces_the_audio_of_a_span_that_has_not_begun() -> None:
    playout = player()
    playout.open_span(1, 0, "one")
    playout.open_span(1, 1, "two")
    playout.append(1, 0, sound(7, 9000))
    playout.open_span(1, 0, "one")
    playout.append(1, 0, sound(20))
    playout.append(1, 1, sound(20, 1020))
    playout.end_span(1, 0)
    playout.release(1)
    assert samples(playout.due(0.0).pcm) == (1000, 1039)
    with pytest.raises(ValueError, match="span 0 of reply 1"):
        playout.open_span(1, 0, "one")


def test_what_comes_too_late_is_counted_and_makes_no_sound() -> None:
    playout = player()
    say(playout, 1, 40)
    playout.clear(0.0)
    say(playout, 1, 40)
    playout.append(7, 0, sound(5))
    playout.end_span(7, 0)
    assert playout.stale_bytes == 90
    assert playout.next_due(0.0) is None
    playout.open_span(2, 0, "text")
    playout.end_span(2, 0)
    playout.end_span(2, 0)
    playout.append(2, 0, sound(5))
    assert playout.stale_bytes == 100


# Facts


def test_a_reply_starts_is_heard_word_by_word_and_finishes() -> None:
    playout = player()
    say(playout, 1, 400)
    assert playout.poll(2.0) == []
    assert len(list(playout.due(2.0).pcm)) == 400
    assert playout.poll(2.05) == [Started(1, 0, 2.0)]
    assert playout.poll(2.1) == [Heard(1, 0, 4, pytest.approx(2.1), estimated=True)]
    assert playout.poll(2.1) == []
    playout.due(2.1)
    playout.due(2.2)
    assert playout.poll(2.35) == [Heard(1, 0, 14, pytest.approx(2.35), estimated=True)]
    assert playout.poll(3.0) == [
        Heard(1, 0, 19, pytest.approx(2.4), estimated=True),
        Finished(1, pytest.approx(2.4)),
    ]
    assert playout.is_idle


def test_the_spans_of_a_reply_are_accounted_for_one_by_one() -> None:
    playout = player()
    for span in range(3):
        playout.open_span(1, span, "aaaa bb")
        playout.append(1, span, sound(70))
        playout.end_span(1, span)
    playout.release(1)
    list(send_all(playout, 0.2))
    assert playout.poll(0.14) == [
        Started(1, 0, 0.0),
        Heard(1, 0, 7, pytest.approx(0.07), estimated=True),
        Heard(1, 1, 7, pytest.approx(0.14), estimated=True),
    ]
    assert playout.poll(0.2) == [Heard(1, 2, 4, pytest.approx(0.2), estimated=True)]
    assert playout.poll(0.3) == [
        Heard(1, 2, 7, pytest.approx(0.21), estimated=True),
        Starved(1, pytest.approx(0.21)),
    ]


def test_facts_of_two_replies_come_in_the_order_in_which_they_were_heard() -> None:
    playout = player()
    say(playout, 1, 40)
    say(playout, 2, 60)
    playout.due(0.0)
    assert [(type(fact), fact.reply, fact.at) for fact in playout.poll(1.0)] == [
        (Started, 1, 0.0),
        (Heard, 1, pytest.approx(0.04)),
        (Finished, 1, pytest.approx(0.04)),
        (Started, 2, pytest.approx(0.04)),
        (Heard, 2, pytest.approx(0.1)),
        (Finished, 2, pytest.approx(0.1)),
    ]


def test_a_reply_without_audio_finishes_when_its_turn_has_come() -> None:
    playout = player()
    playout.open_span(1, 0, "lost")
    playout.end_span(1, 0)
    playout.release(1)
    playout.end_reply(1)
    assert playout.poll(3.0) == [Finished(1, 3.0)]


def test_latency_delays_what_is_heard_but_not_what_is_sent() -> None:
    playout = player(Timing(latency_s=0.3))
    say(playout, 1, 400)
    sent = b"".join(send_all(playout, 0.25))
    assert len(sent) == 800
    assert playout.poll(0.3) == []
    assert playout.poll(0.45) == [Started(1, 0, 0.3), Heard(1, 0, 4, pytest.approx(0.45), True)]


def test_a_reply_is_starved_from_when_that_was_told_until_it_can_be_heard() -> None:
    playout = player()
    playout.open_span(1, 0, "one")
    playout.open_span(1, 1, "two")
    playout.release(1)
    playout.append(1, 0, sound(50))
    playout.due(0.0)
    assert not playout.is_starved(1)
    playout.poll(0.1)
    assert playout.is_starved(1)
    playout.append(1, 1, sound(50))
    playout.append(1, 0, sound(5))
    assert playout.is_starved(1)  # less than can be sent, and what comes after it
    playout.append(1, 0, sound(50))
    assert not playout.is_starved(1)
    playout.due(0.2)
    assert not playout.is_starved(1)
    assert not playout.is_starved(2)


def test_running_dry_is_told_once_until_more_is_heard() -> None:
    playout = player()
    playout.open_span(1, 0, "one")
    playout.release(1)
    assert playout.poll(0.0) == []
    playout.append(1, 0, sound(50))
    playout.due(0.0)
    assert playout.poll(0.03) == [Started(1, 0, 0.0)]
    assert playout.poll(0.1) == [Starved(1, 0.04)]
    assert playout.poll(0.2) == []
    playout.append(1, 0, sound(35))
    assert playout.poll(0.3) == []  # there is something to send again
    playout.due(0.3)
    assert playout.poll(0.5) == [Starved(1, pytest.approx(0.34))]
    playout.end_span(1, 0)
    playout.end_reply(1)
    assert playout.poll(0.6) == []
    playout.due(0.6)
    assert playout.poll(0.7)[-1] == Finished(1, pytest.approx(0.605))


def test_a_broken_span_is_not_claimed_as_heard_to_its_end() -> None:
    playout = player()
    text = "a text of which the voice has spoken only the beginning"
    playout.open_span(1, 0, text)
    playout.append(1, 0, sound(400))
    playout.end_span(1, 0, complete=False)
    playout.end_reply(1)
    playout.release(1)
    list(send_all(playout, 1.0))
    heard = [fact for fact in playout.poll(1.0) if isinstance(fact, Heard)]
    assert heard == [Heard(1, 0, len("a text"), pytest.approx(0.4), estimated=True)]


def test_silence_before_the_voice_is_not_speech() -> None:
    playout = player()
    playout.open_span(1, 0, "abc def")
    playout.append(1, 0, bytes(2 * 100) + sound(300))
    playout.release(1)
    list(send_all(playout, 0.25))
    assert playout.poll(0.09) == [Started(1, 0, 0.0)]
    assert playout.poll(0.29) == []
    assert playout.poll(0.31) == [Heard(1, 0, 3, pytest.approx(0.31), estimated=True)]


# Pausing


def test_a_transport_that_can_pause_goes_on_at_the_very_sample() -> None:
    playout = player()
    say(playout, 1, 400)
    playout.due(0.0)
    assert not playout.pause(0.13)
    assert not playout.pause(0.14)
    assert playout.next_due(0.2) is None
    assert not playout.due(0.2)
    assert playout.poll(0.5) == [
        Started(1, 0, 0.0),
        Heard(1, 0, 4, pytest.approx(0.13), estimated=True),
    ]
    playout.resume(1.0)
    playout.resume(1.05)
    assert playout.next_due(1.0) == 1.0
    assert samples(playout.due(1.0).pcm) == (1200, 1319)
    audio = playout.heard_audio(1.1)
    assert [(round(at, 6), samples(pcm)) for at, pcm in audio] == [
        (0.0, (1000, 1129)),
        (1.0, (1130, 1199)),
        (1.07, (1200, 1229)),
    ]


def test_a_transport_that_can_be_cleared_hears_the_interrupted_word_again() -> None:
    playout = player(CLEARABLE)
    say(playout, 1, 400)
    playout.due(0.0)
    assert playout.pause(0.13)
    assert not playout.pause(0.14)
    assert playout.next_due(0.2) is None
    assert playout.poll(0.5) == [
        Started(1, 0, 0.0),
        Heard(1, 0, 4, pytest.approx(0.13), estimated=True),
    ]
    playout.resume(1.0)
    assert samples(playout.due(1.0).pcm) == (1100, 1299)
    assert playout.poll(1.1) == [Heard(1, 0, 9, pytest.approx(1.1), estimated=True)]
    audio = playout.heard_audio(1.1)
    assert [(round(at, 6), samples(pcm)) for at, pcm in audio] == [
        (0.0, (1000, 1129)),
        (1.0, (1100, 1199)),
    ]


def test_a_pause_between_spans_takes_back_the_later_one_whole() -> None:
    playout = player(CLEARABLE)
    say(playout, 1, 100, text="aaaa bbbb")
    say(playout, 2, 100, first=1100, text="cccc")
    playout.due(0.0)
    playout.pause(0.07)
    playout.resume(0.5)
    assert samples(playout.due(0.5).pcm) == (1050, 1199)
    playout.pause(0.55)
    playout.resume(0.7)
    assert samples(playout.due(0.7).pcm) == (1100, 1199)


def test_a_pause_takes_back_all_that_was_sent_of_the_later_span() -> None:
    playout = player(CLEARABLE)
    say(playout, 1, 100, text="aaaa bbbb")
    say(playout, 2, 300, first=1100, text="cccc")
    playout.due(0.0)
    playout.due(0.06)
    playout.pause(0.07)
    playout.resume(0.5)
    assert samples(playout.due(0.5).pcm) == (1050, 1249)


def test_a_pause_while_nothing_plays_takes_nothing_back() -> None:
    playout = player(CLEARABLE)
    assert playout.pause(0.0)
    say(playout, 1, 100)
    assert not playout.due(0.1)
    playout.resume(0.2)
    assert samples(playout.due(0.2).pcm) == (1000, 1099)


def test_a_transport_that_can_do_neither_gets_20_ms_at_a_time() -> None:
    playout = player(STUBBORN)
    say(playout, 1, 400)
    assert samples(playout.due(0.0).pcm) == (1000, 1019)
    assert playout.next_due(0.0) == pytest.approx(0.02)
    assert not playout.pause(0.01)
    assert not playout.due(0.5)
    playout.resume(0.6)
    assert samples(playout.due(0.6).pcm) == (1020, 1039)
    assert [round(at, 6) for at, _ in playout.heard_audio(0.7)] == [0.0, 0.01, 0.6]


# Clearing


def test_a_clear_tells_what_was_heard_and_no_more_is_said_of_it() -> None:
    playout = player()
    say(playout, 1, 400)
    say(playout, 2, 400)
    playout.due(0.0)
    assert playout.clear(0.15) == [
        Started(1, 0, 0.0),
        Heard(1, 0, 4, pytest.approx(0.15), estimated=True),
    ]
    assert playout.is_idle
    assert playout.poll(1.0) == []
    assert playout.next_due(1.0) is None
    assert sum(len(pcm) for _, pcm in playout.heard_audio(1.0)) == 2 * 150


def test_a_held_reply_outlives_a_clear_which_ends_the_pause() -> None:
    playout = player()
    say(playout, 1, 400)
    playout.open_span(2, 0, "text")
    playout.append(2, 0, sound(40, 2000))
    playout.due(0.0)
    playout.pause(0.1)
    playout.clear(0.3)
    playout.release(2)
    assert samples(playout.due(0.4).pcm) == (2000, 2039)
    assert playout.poll(0.45)[0] == Started(2, 0, 0.4)


def test_what_cannot_be_cleared_is_still_recorded_as_heard() -> None:
    playout = player(STUBBORN)
    say(playout, 1, 400)
    playout.due(0.0)
    playout.clear(0.01)
    say(playout, 2, 400, first=2000)
    assert not playout.due(0.01)
    assert samples(playout.due(0.02).pcm) == (2000, 2019)
    assert playout.poll(0.03) == [Started(2, 0, pytest.approx(0.02))]
    assert [samples(pcm) for _, pcm in playout.heard_audio(0.03)] == [
        (1000, 1009),
        (1010, 1019),
        (2000, 2009),
    ]


def test_discarding_the_reply_that_plays_sends_the_next_one_again() -> None:
    playout = player()
    say(playout, 1, 100)
    say(playout, 2, 400, first=2000)
    playout.due(0.0)
    facts, must_clear = playout.discard(1, 0.05)
    assert must_clear
    assert facts == [Started(1, 0, 0.0), Heard(1, 0, 9, pytest.approx(0.05), estimated=True)]
    assert samples(playout.due(0.06).pcm) == (2000, 2199)
    assert playout.poll(0.1) == [Started(2, 0, 0.06)]


def test_discarding_the_next_reply_repeats_no_more_than_the_word_that_plays() -> None:
    playout = player(CLEARABLE)
    say(playout, 1, 100)
    say(playout, 2, 400, first=2000)
    playout.due(0.0)
    assert playout.discard(2, 0.06)[1]
    assert samples(playout.due(0.06).pcm) == (1050, 1099)


def test_where_the_very_sample_is_known_discarding_the_next_reply_repeats_nothing() -> None:
    playout = player()
    say(playout, 1, 100)
    say(playout, 2, 400, first=2000)
    playout.due(0.0)
    assert playout.discard(2, 0.06)[1]
    assert samples(playout.due(0.06).pcm) == (1060, 1099)


def test_discarding_what_was_not_sent_needs_no_clear() -> None:
    playout = player()
    say(playout, 1, 400)
    playout.open_span(2, 0, "text")
    playout.due(0.0)
    assert playout.discard(2, 0.0) == ([], False)
    assert playout.discard(3, 0.0) == ([], False)
    say(playout, 3, 100)
    assert playout.stale_bytes == 200
    assert playout.buffered_s(3) == 0.0


def test_discarding_cannot_clear_a_transport_that_cannot() -> None:
    playout = player(STUBBORN)
    say(playout, 1, 400)
    playout.due(0.0)
    assert not playout.discard(1, 0.01)[1]
    assert not playout.due(0.02)


# Acknowledgements


def test_exact_reports_are_the_truth() -> None:
    playout = player(EXACT)
    say(playout, 1, 400)
    playout.due(0.0)
    assert playout.poll(0.5) == []
    playout.acknowledge(110, 0.15)
    assert playout.poll(0.5) == [
        Started(1, 0, pytest.approx(0.04)),
        Heard(1, 0, 4, pytest.approx(0.15), estimated=False),
    ]
    playout.acknowledge(90, 0.2)
    assert playout.poll(0.5) == []
    # 90 samples are left at 0.15: 110 more fit
    assert playout.next_due(0.15) == pytest.approx(0.15)
    assert samples(playout.due(0.15).pcm) == (1200, 1299)


def test_a_report_that_comes_after_the_transport_ran_dry_is_dated_back() -> None:
    playout = player(EXACT)
    say(playout, 1, 40)
    playout.due(1.0)
    playout.acknowledge(40, 9.0)
    assert playout.poll(9.0)[0] == Started(1, 0, 1.0)
    assert playout.heard_audio(9.0) == [(1.0, sound(40))]


def test_a_report_during_a_pause_counts_for_its_beginning() -> None:
    playout = player(EXACT)
    say(playout, 1, 400)
    playout.due(0.0)
    playout.pause(0.1)
    playout.acknowledge(100, 0.3)
    playout.resume(0.5)
    playout.acknowledge(150, 0.55)
    assert [round(at, 6) for at, _ in playout.heard_audio(0.6)] == [0.0, 0.5]


def test_reports_about_cleared_audio_acknowledge_nothing() -> None:
    playout = player(EXACT)
    say(playout, 1, 400)
    playout.due(0.0)
    playout.clear(0.1)
    say(playout, 2, 400, first=2000)
    playout.due(0.1)
    playout.acknowledge(180, 0.2)
    assert playout.poll(0.2) == []
    playout.acknowledge(220, 0.22)
    assert playout.poll(0.22) == [Started(2, 0, pytest.approx(0.2))]


def test_marks_acknowledge_all_that_was_sent_before_them() -> None:
    playout = player(MARKS)
    say(playout, 1, 400)
    first = playout.due(0.0)
    second = playout.due(0.1)
    assert len(first.marks) == len(second.marks) == 1
    assert first.marks != second.marks
    assert playout.poll(0.5) == []
    playout.marked(first.marks[0], 0.25)
    assert playout.poll(0.5) == [
        Started(1, 0, pytest.approx(0.05)),
        Heard(1, 0, 9, pytest.approx(0.25), estimated=False),
    ]
    playout.marked(second.marks[0], 0.36)
    playout.marked(first.marks[0], 0.4)
    for name in ("", "unheard-of", "heard:", "heard:-1", "other:500", "500"):
        playout.marked(name, 0.4)
    assert playout.poll(0.5) == [Heard(1, 0, 14, pytest.approx(0.35), estimated=False)]


def test_a_mark_stands_for_those_that_were_lost_before_it() -> None:
    playout = player(MARKS)
    say(playout, 1, 400)
    lost, came = playout.due(0.0).marks[0], playout.due(0.1).marks[0]
    playout.marked(came, 0.3)
    playout.marked(lost, 0.35)
    assert playout.poll(0.5)[-1] == Heard(1, 0, 14, pytest.approx(0.3), estimated=False)


@pytest.mark.parametrize("paused", [True, False])
def test_marks_that_come_back_because_of_a_clear_acknowledge_nothing(paused: bool) -> None:
    playout = player(MARKS)
    say(playout, 1, 400)
    mark = playout.due(0.0).marks[0]
    if paused:
        playout.pause(0.1)
    else:
        playout.clear(0.1)
    playout.marked(mark, 0.11)
    assert playout.poll(0.2) == []
    assert playout.heard_audio(0.2) == []


# Accounts


def test_what_is_buffered_is_what_was_not_heard() -> None:
    playout = player()
    say(playout, 1, 400)
    assert playout.buffered_s(1) == pytest.approx(0.4)
    playout.due(0.0)
    playout.poll(0.1)
    assert playout.buffered_s(1) == pytest.approx(0.3)
    assert playout.buffered_s(2) == 0


def test_nothing_is_kept_for_a_recorder_that_is_not_there() -> None:
    playout = player(record=False)
    say(playout, 1, 100)
    playout.due(0.0)
    assert playout.heard_audio(0.1) == []
    assert playout.poll(0.1)[-1] == Finished(1, 0.1)


@pytest.mark.parametrize("timing", [ESTIMATED, CLEARABLE])
def test_audio_that_was_heard_is_released(timing: Timing) -> None:
    playout = player(timing, record=False)
    tracemalloc.start()
    try:
        for span in range(2):
            playout.open_span(1, span, "word " * 100)
            playout.append(1, span, sound(1000) * 500)
        playout.end_span(1, 0)
        playout.release(1)
        before = tracemalloc.get_traced_memory()[0]
        for now in range(501 * 5):
            playout.due(now / 5)
            playout.poll((now + 1) / 5)
        assert before - tracemalloc.get_traced_memory()[0] > 900_000
    finally:
        tracemalloc.stop()


class TestAside:
    """A filler is heard at once where nothing is, and never in the middle of something."""

    def test_it_passes_a_reply_that_has_nothing_to_say_yet(self) -> None:
        playout = Playout(Timing(can_pause=True, acknowledges="exact"))
        playout.open_span(1, 0, "the answer")
        playout.release(1)
        playout.open_span(2, 0, "one moment")
        playout.append(2, 0, b"\1\0" * 480)
        playout.end_span(2, 0)
        playout.end_reply(2)
        playout.release(2, aside=True)
        assert playout.due(0.0).pcm == b"\1\0" * 480
        playout.append(1, 0, b"\2\0" * 480)
        playout.end_span(1, 0)
        assert playout.due(0.0).pcm == b"\2\0" * 480

    def test_it_is_dropped_where_something_is_heard(self) -> None:
        playout = Playout(Timing(can_pause=True, acknowledges="exact"))
        playout.open_span(1, 0, "the answer")
        playout.append(1, 0, b"\2\0" * 480)
        playout.end_span(1, 0)
        playout.release(1)
        playout.open_span(2, 0, "one moment")
        playout.append(2, 0, b"\1\0" * 480)
        playout.end_span(2, 0)
        playout.end_reply(2)
        playout.release(2, aside=True)
        assert playout.due(0.0).pcm == b"\2\0" * 480
        playout.end_reply(1)
        playout.acknowledge(480, 0.02)
        finished = [fact for fact in playout.poll(0.02) if isinstance(fact, Finished)]
        assert [fact.reply for fact in finished] == [1, 2]


def test_what_is_coming_is_told_before_it_is_acknowledged() -> None:
    playout = player(MARKS)
    say(playout, 1, 100)
    playout.due(1.0)
    (at, pcm), *rest = playout.coming_audio(1.05)
    assert (at, samples(pcm), rest) == (1.0, (1000, 1049), [])
    playout.clear(1.05)
    assert playout.coming_audio(1.05) == []


def test_nothing_is_coming_while_the_transport_is_paused() -> None:
    playout = player(EXACT)
    say(playout, 1, 100)
    playout.due(1.0)
    playout.pause(1.02)
    assert playout.coming_audio(1.05) == []
    playout.resume(2.0)
    assert [at for at, _ in playout.coming_audio(2.05)] == [2.0]
