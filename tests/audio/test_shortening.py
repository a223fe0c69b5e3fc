"""A phrase that ends sooner, at a word, because the answer waits. A sample is a millisecond."""

import numpy as np
import pytest
from test_playout import CLEARABLE, ESTIMATED, STUBBORN, player, say

from parley.audio.ledger import SpanLedger, WordTime
from parley.audio.playout import Playout
from parley.audio.timing import Fact, Finished, Heard, Timing


def serve(playout: Playout, until: float) -> tuple[bytes, list[Fact]]:
    """All audio and facts up to `until`, in steps of 10 ms."""
    out = b""
    facts: list[Fact] = []
    for step in range(round(until * 100) + 1):
        out += playout.due(step / 100).pcm
        facts += playout.poll(step / 100)
    return out, facts


def filler(milliseconds: int = 1600) -> Playout:
    """Four words of equal length, of which the first 200 ms were sent."""
    playout = player(ESTIMATED)
    say(playout, 1, milliseconds)
    playout.due(0.0)
    return playout


def test_it_ends_with_the_word_that_is_being_sent() -> None:
    playout = filler()
    playout.shorten(1)
    out, facts = serve(playout, 1.0)
    assert len(out) // 2 + 200 == 400
    assert facts[-1] == Finished(1, pytest.approx(0.4))
    assert [f.chars for f in facts if isinstance(f, Heard)] == [4]
    values = np.frombuffer(out, "<i2")
    assert values[-31] == 1369
    assert (np.diff(values[-30:].astype(int)) < 0).all()
    assert values[-1] < 50


def test_the_next_reply_follows_at_once() -> None:
    playout = filler()
    say(playout, 2, 100, first=5000)
    playout.shorten(1)
    out, _ = serve(playout, 1.0)
    assert np.frombuffer(out, "<i2")[200:].tolist() == list(range(5000, 5100))


def test_one_that_is_nearly_over_is_heard_out() -> None:
    playout = filler(400)
    playout.shorten(1)
    out, facts = serve(playout, 1.0)
    assert len(out) // 2 + 200 == 400
    assert facts[-2] == Heard(1, 0, 19, pytest.approx(0.4), estimated=True)


def test_in_a_long_last_word_nothing_is_cut() -> None:
    playout = player()
    say(playout, 1, 2000, text="Hmmm")
    playout.due(0.0)
    playout.shorten(1)
    assert len(serve(playout, 3.0)[0]) // 2 + 200 == 2000


def test_between_words_it_ends_there() -> None:
    ledger = SpanLedger("aaaa bbbb", sample_rate=1000)
    ledger.add_words([WordTime(0, 4, 0, 100), WordTime(5, 9, 300, 400)])
    places = (0, 50, 100, 200, 350, 400)
    assert [ledger.word_end(at) for at in places] == [0, 100, 100, 200, 400, 400]


def test_what_is_not_complete_or_not_known_stays() -> None:
    playout = player()
    playout.shorten(7)
    playout.open_span(1, 0, "aaaa bbbb")
    playout.append(1, 0, bytes(2000))
    playout.release(1)
    playout.shorten(1)
    playout.end_reply(1)
    playout.shorten(1)
    playout.end_span(1, 0)
    assert len(serve(playout, 2.0)[0]) == 2000
    playout.shorten(1)
    say(playout, 2, 100)
    playout.discard(2, 2.0)
    playout.shorten(2)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("timing", [ESTIMATED, CLEARABLE, STUBBORN], ids=["pauses", "clears", "no"])
def test_whenever_it_is_shortened_whole_words_are_told(timing: Timing, paused: bool) -> None:
    """The words that were told are those whose samples were sent, and the answer follows."""
    for moment in range(0, 1600, 50):
        playout = player(timing)
        say(playout, 1, 1600)
        say(playout, 2, 100, first=5000)
        before, facts = serve_from(playout, 0, moment)
        if paused:
            playout.pause(moment / 1000)
        playout.shorten(1)
        playout.resume(moment / 1000)
        after, more = serve_from(playout, moment, 4000)
        told = [f.chars for f in (*facts, *more) if isinstance(f, Heard) and f.reply == 1]
        assert told == sorted(told)
        assert told[-1] in (4, 9, 14, 19)
        sent = np.frombuffer(before + after, "<i2")
        assert sent[-100:].tolist() == list(range(5000, 5100))
        last = sent[:-100][-31]  # the sample before the fade, or the last but 30 of a whole one
        assert last == 1000 + 400 * (1 + told[-1] // 5) - 31
        assert Finished(2, more[-1].at) == more[-1]


def serve_from(playout: Playout, since: int, until: int) -> tuple[bytes, list[Fact]]:
    """All audio and facts from one millisecond to another, every ten of them."""
    out, facts = b"", list[Fact]()
    for now in range(since, until, 10):
        out += playout.due(now / 1000).pcm
        facts += playout.poll(now / 1000)
    return out, facts
