"""Level, fades and sums."""

import numpy as np
import pytest

from parley.audio.framing import samples_of
from parley.audio.mixing import LOUDEST, amplified, faded_out, mixed, ratio


def pcm(*values: int) -> bytes:
    return np.array(values, "<i2").tobytes()


def test_decibels() -> None:
    assert ratio(0.0) == 1.0
    assert ratio(-20.0) == pytest.approx(0.1)
    assert amplified(pcm(1000, -1000), -20.0) == pcm(100, -100)


def test_what_is_too_loud_is_clipped() -> None:
    assert amplified(pcm(30_000, -30_000), 6.0) == pcm(LOUDEST, -LOUDEST - 1)
    assert mixed(pcm(30_000, 10), np.array([5000.0, -20.0])) == pcm(LOUDEST, -10)


def test_a_fade_ends_in_silence() -> None:
    faded = samples_of(faded_out(pcm(*[1000] * 10), 4)).tolist()
    assert faded == [*[1000] * 6, 800, 600, 400, 200]
    assert samples_of(faded_out(pcm(900, 900), 10)).tolist() == [600, 300]
    assert faded_out(b"", 10) == b""
    assert faded_out(pcm(5), 0) == pcm(5)
