"""Audio as it comes from a voice. One sample lasts a millisecond."""

import numpy as np
import pytest

from parley.audio.ledger import SpanLedger, WordTime
from parley.audio.spans import ReplyAudio, SpanAudio


def sound(milliseconds: int, first: int = 1000) -> bytes:
    return np.arange(first, first + milliseconds, dtype="<i2").tobytes()


def ledger(text: str = "aaaa bbbb") -> SpanLedger:
    return SpanLedger(text, sample_rate=1000)


def span_of(text: str = "aaaa bbbb") -> SpanAudio:
    reply = ReplyAudio(1)
    reply.open(0, ledger(text))
    return reply.spans[0]


def test_samples_are_sent_in_order_and_can_be_read_again() -> None:
    span = span_of()
    assert span.send(10) == (0, b"")
    assert not span.has_begun
    span.append(sound(100), ())
    assert span.send(60) == (0, sound(60))
    assert span.has_begun
    assert span.send(60) == (60, sound(40, 1060))
    assert span.read(50, 70) == sound(20, 1050)


def test_what_was_heard_can_be_forgotten() -> None:
    span = span_of()
    span.append(sound(100), ())
    span.send(100)
    span.hear(30, 1.0, 1.03)
    span.forget(keep_word=False)
    span.forget(keep_word=False)
    assert span.total == 100
    assert span.read(30, 100) == sound(70, 1030)
    span.append(sound(10, 1100), ())
    assert span.send(100) == (100, sound(10, 1100))


def test_the_word_that_plays_is_kept_and_sent_again() -> None:
    span = span_of()
    span.append(sound(400), [WordTime(0, 4, 0, 100), WordTime(5, 9, 150, 400)])
    span.send(400)
    span.hear(300, 1.0, 1.3)
    span.forget(keep_word=True)
    span.rewind(300)
    assert span.send(400) == (150, sound(250, 1150))


def test_no_more_is_sent_again_than_was_kept() -> None:
    span = span_of()
    span.append(sound(400), [WordTime(0, 4, 0, 400)])
    span.send(400)
    span.hear(300, 1.0, 1.3)
    span.forget(keep_word=False)
    span.rewind(300)
    assert span.send(400) == (300, sound(100, 1300))


def test_the_voice_is_looked_for_in_what_was_heard() -> None:
    span = span_of("aaa bbb ccc")
    span.append(bytes(2 * 150) + sound(600), ())
    for samples, chars in [(100, 0), (100, 0), (349, 0), (350, 3)]:
        span.hear(samples, 1.0, 1.0 + samples / 1000)
        assert span.account() == chars
        span.forget(keep_word=False)
    span.end(complete=True)
    for samples, chars in [(531, 3), (532, 7), (749, 7), (750, 11)]:  # from 150 to 750
        span.hear(samples, 1.0, 1.0 + samples / 1000)
        assert span.account() == chars


def test_words_share_the_voiced_part_of_a_complete_span() -> None:
    span = span_of("aaa bb ")
    span.append(bytes(2 * 100) + sound(600) + bytes(2 * 100), ())
    span.hear(50, 1.0, 1.05)
    span.account()
    span.forget(keep_word=False)
    span.end(complete=True)
    for samples, chars in [(399, 0), (400, 3), (699, 3), (700, 6), (799, 6), (800, 7)]:
        span.hear(samples, 1.0, 1.0 + samples / 1000)
        assert span.account() == chars


def test_a_silent_span_is_heard_with_its_last_sample() -> None:
    span = span_of("aaa bbb")
    span.append(bytes(2 * 100), ())
    span.end(complete=True)
    span.hear(99, 1.0, 1.099)
    assert span.account() == 0
    span.hear(100, 1.099, 1.1)
    assert span.account() == 7


def test_a_broken_span_is_done_but_not_claimed() -> None:
    span = span_of("aaa bbb")
    span.append(sound(300), ())
    span.end(complete=False)
    span.hear(300, 1.0, 1.3)
    assert span.is_done
    assert span.account() == 3


def test_a_reply_knows_when_its_first_sample_was_heard() -> None:
    reply = ReplyAudio(1)
    reply.open(0, ledger())
    reply.open(1, ledger())
    reply.starved = True
    reply.spans[0].hear(10, 1.0, 1.01)
    reply.spans[1].hear(20, 1.01, 1.03)
    assert reply.first == (0, 1.0)
    assert reply.heard_at == 1.03
    assert not reply.starved


def test_a_span_that_has_not_begun_can_be_dropped_or_opened_anew() -> None:
    reply = ReplyAudio(1)
    for span in range(3):
        reply.open(span, ledger())
    reply.spans[0].append(sound(10), ())
    reply.open(0, ledger())
    assert [span.id for span in reply.pending] == [0, 1, 2]
    assert reply.spans[0].total == 0
    assert reply.pending[0] is reply.spans[0]
    assert reply.drop(1)
    assert not reply.drop(1)
    assert [span.id for span in reply.pending] == [0, 2]


def test_a_span_that_has_begun_or_passed_stays() -> None:
    reply = ReplyAudio(1)
    reply.open(0, ledger())
    reply.open(1, ledger())
    reply.pending.popleft()
    reply.spans[1].append(sound(10), ())
    reply.spans[1].send(5)
    for span in (0, 1):
        assert not reply.drop(span)
        with pytest.raises(ValueError, match=f"span {span} of reply 1"):
            reply.open(span, ledger())
    assert reply.spans[1].total == 10
