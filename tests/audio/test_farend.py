"""What was played, set against what the microphone took."""

import numpy as np
import pytest

from parley.audio.farend import LEAD_S, FarEnd, MicrophoneClock
from parley.audio.formats import INBOUND, OUTBOUND

FRAME = 320


def tone(seconds: float, hertz: float = 400.0) -> bytes:
    times = np.arange(round(seconds * OUTBOUND.sample_rate)) / OUTBOUND.sample_rate
    return np.rint(8000 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()


def read(far: FarEnd, seconds: float, since: float = 0.0) -> np.ndarray:
    """Frame by frame, what is read until so many seconds."""
    frames = round((seconds - since) * INBOUND.sample_rate / FRAME)
    parts = [far.read(since + (n + 1) * FRAME / INBOUND.sample_rate, FRAME) for n in range(frames)]
    return np.concatenate(parts)


def loud(sound: np.ndarray) -> tuple[float, float]:
    """From when to when there is a sound, in seconds."""
    places = np.flatnonzero(np.abs(sound) > 400)
    return places[0] / INBOUND.sample_rate, (places[-1] + 1) / INBOUND.sample_rate


def test_what_was_played_comes_at_its_time() -> None:
    far = FarEnd()
    far.played(0.5, tone(0.2))
    begins, ends = loud(read(far, 1.0))
    assert begins == pytest.approx(0.5 - LEAD_S, abs=0.004)
    assert ends == pytest.approx(0.7 - LEAD_S, abs=0.004)


def test_nothing_was_played_yet() -> None:
    assert not read(FarEnd(), 0.5).any()


def test_pauses_are_silent() -> None:
    far = FarEnd()
    far.played(0.1, tone(0.1))
    far.played(0.4, tone(0.1))
    sound = read(far, 0.7)
    assert not np.abs(sound[round(0.22 * 16000) : round(0.37 * 16000)]).max() > 400


def test_pieces_make_no_seam() -> None:
    whole, pieces, pcm = FarEnd(), FarEnd(), tone(0.5)
    whole.played(0.1, pcm)
    for at in range(0, len(pcm), 998):
        pieces.played(0.1 + at / 2 / OUTBOUND.sample_rate, pcm[at : at + 998])
    assert np.array_equal(read(whole, 0.8), read(pieces, 0.8))


def test_what_was_cleared_was_never_played() -> None:
    far = FarEnd()
    far.played(0.1, tone(1.0))
    far.forget_from(0.3)
    assert loud(read(far, 1.2))[1] == pytest.approx(0.3 - LEAD_S, abs=0.004)


def test_what_is_told_later_counts() -> None:
    far = FarEnd()
    far.played(0.1, tone(0.3))
    far.played(0.1, bytes(len(tone(0.3))))
    assert not read(far, 0.6).any()


def test_what_is_older_than_what_is_kept_is_left_out() -> None:
    far = FarEnd()
    read(far, 2.0)
    far.played(0.5, tone(0.1))
    far.played(1.4, tone(0.4))
    assert not read(far, 2.2, since=2.0)[200:].any()


def test_what_is_far_ahead_is_not_kept() -> None:
    far = FarEnd()
    far.played(100.0, tone(0.1))
    far.played(2.4, tone(0.3))
    assert loud(read(far, 4.0))[1] == pytest.approx(2.5 - LEAD_S, abs=0.004)


def test_any_number_of_samples_may_be_read() -> None:
    far = FarEnd()
    far.played(0.0, tone(1.0))
    ends, sizes = 0, [161, 1, 479, 320, 33]
    for size in sizes:
        ends += size
        assert len(far.read(ends / INBOUND.sample_rate, size)) == size


def test_a_clock_that_jumps_is_followed_and_jitter_is_not() -> None:
    far, straight = FarEnd(), FarEnd()
    for it in (far, straight):
        it.played(0.0, tone(2.0))
    jittered = [far.read((n + 1) * 0.02 + 0.003 * (n % 2), FRAME) for n in range(20)]
    even = [straight.read((n + 1) * 0.02, FRAME) for n in range(20)]
    assert np.array_equal(np.concatenate(jittered), np.concatenate(even))
    far.read(3.0, FRAME)
    assert not far.read(3.02, FRAME)[40:].any()


# The microphone's clock


def test_frames_that_come_in_time() -> None:
    clock = MicrophoneClock()
    assert [round(clock.end(0.02 * n, 0.02), 6) for n in (1, 2, 3)] == [0.02, 0.04, 0.06]


def test_a_frame_that_is_held_up_was_taken_in_time() -> None:
    clock = MicrophoneClock()
    clock.end(1.0, 0.02)
    assert clock.end(1.2, 0.02) == pytest.approx(1.02, abs=0.001)
    assert [clock.end(1.2, 0.02) for _ in range(9)][-1] == pytest.approx(1.2, abs=0.001)


def test_the_earliest_frame_sets_the_clock() -> None:
    clock = MicrophoneClock()
    clock.end(1.3, 0.02)
    assert clock.end(1.25, 0.02) == 1.25


def test_a_slow_clock_is_followed() -> None:
    clock = MicrophoneClock()
    ends = [clock.end(n * 0.02 * 1.0002, 0.02) for n in range(30_000)]
    assert ends[-1] == pytest.approx(29_999 * 0.02 * 1.0002, abs=0.001)


def test_after_a_gap_the_clock_begins_anew() -> None:
    clock = MicrophoneClock()
    clock.end(1.0, 0.02)
    assert clock.end(3.0, 0.02) == 3.0
