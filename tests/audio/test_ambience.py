"""Sounds behind the voice: their level, their seams, how they come and go."""

import wave
from pathlib import Path

import numpy as np
import pytest

from parley.audio.ambience import FADE_S, Background, Bed, background
from parley.audio.formats import OUTBOUND
from parley.errors import AudioError

RATE = OUTBOUND.sample_rate


def level_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) / 32767))


def a_file(path: Path, samples: np.ndarray, rate: int = 16_000) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return str(path)


@pytest.mark.parametrize("sound", ["office", "typing"])
def test_what_is_made_here_has_its_level_and_no_seam(sound: str) -> None:
    made = background(sound, -45.0)
    assert level_db(made.loop) == pytest.approx(-45.0, abs=0.01)
    assert abs(made.loop).max() < 32767 / 4
    jumps = abs(np.diff(made.loop))
    assert abs(made.loop[0] - made.loop[-1]) <= jumps.max()
    assert made.working_only == (sound == "typing")
    assert np.array_equal(made.loop, background(sound, -45.0).loop)


def test_an_office_has_keys_in_it() -> None:
    blocks = background("office", -45.0).loop[: 24 * RATE].reshape(-1, RATE // 100)
    levels = np.sqrt((blocks**2).mean(axis=1))
    loud = (levels > 1.5 * np.median(levels)).mean()
    assert 0.002 < loud < 0.1


def test_a_recording_is_repeated_without_a_jump(tmp_path: Path) -> None:
    times = np.arange(16_000 * 3) / 16_000
    made = background(a_file(tmp_path / "hum.wav", 3000 * np.sin(2 * np.pi * 97 * times)), -40.0)
    assert level_db(made.loop) == pytest.approx(-40.0, abs=0.01)
    assert made.loop.size == pytest.approx((3 - FADE_S) * RATE, abs=RATE / 50)
    assert abs(made.loop[0] - made.loop[-1]) < 3 * abs(np.diff(made.loop)).max()
    assert not made.working_only


@pytest.mark.parametrize("samples", [np.zeros(48_000), np.full(3000, 1000.0)])
def test_what_is_silent_or_short_is_refused(samples: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="is no background"):
        background(a_file(tmp_path / "it.wav", samples), -40.0)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        background(str(tmp_path / "nothing.wav"), -40.0)


def test_it_comes_and_goes_within_a_fade() -> None:
    bed = Bed(Background(np.full(1000, 100.0)))
    assert bed.silent
    assert not bed.next(10).any()
    bed.wanted = True
    assert not bed.silent
    half = round(FADE_S * RATE / 2)
    assert bed.next(half)[-1] == pytest.approx(50.0)
    assert bed.next(half)[-1] == pytest.approx(100.0)
    assert (bed.next(5000) == 100.0).all()
    bed.wanted = False
    assert bed.next(half)[-1] == pytest.approx(50.0)
    assert not bed.silent
    assert bed.next(half + 1)[-1] == 0.0
    assert bed.silent
    assert bed.next(0).size == 0


def test_it_goes_on_where_it_was() -> None:
    bed = Bed(Background(np.arange(7.0)))
    bed.wanted = True
    bed.next(round(FADE_S * RATE) // 7 * 7 + 7)
    assert [*bed.next(3), *bed.next(6)] == [0, 1, 2, 3, 4, 5, 6, 0, 1]
