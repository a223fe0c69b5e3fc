"""Pitch is found where there is one, in the right octave, and nowhere else."""

import numpy as np
import pytest
from vowels import AH, EE, hiss, pcm, vowel

from parley.audio import g711
from parley.audio.resampling import resample
from parley.errors import AudioError
from parley.speech.pitch import BANDS, frames_of

PITCHES = (75, 100, 150, 220, 300, 370)


def errors(hertz: float, sound: bytes) -> np.ndarray:
    """In semitones, of the voiced frames."""
    found = frames_of(sound).pitch
    assert np.isnan(found).mean() < 0.05
    return np.abs(12 * np.log2(found[~np.isnan(found)] / hertz))


@pytest.mark.parametrize("formants", [AH, EE])
@pytest.mark.parametrize("hertz", PITCHES)
def test_the_pitch_of_a_vowel_is_found(hertz: float, formants: tuple[float, ...]) -> None:
    wrong = errors(hertz, pcm(vowel(hertz, 1.0, formants=formants)))
    assert np.median(wrong) < 0.05
    assert (wrong > 1).mean() < 0.02


@pytest.mark.parametrize("hertz", PITCHES)
def test_it_is_found_in_noise_and_over_the_telephone(hertz: float) -> None:
    """Ten decibels above the noise; of a man's voice the telephone drops the lowest harmonics."""
    noisy = pcm(vowel(hertz, 1.0) + hiss(1.0, level=-30))
    line = g711.decode(g711.encode(resample(noisy, 16_000, 8_000), "mulaw"), "mulaw")
    wrong = errors(hertz, resample(line, 8_000, 16_000))
    assert np.median(wrong) < 0.1
    assert (wrong > 1).mean() < 0.05


def test_a_gliding_pitch_is_followed() -> None:
    found = frames_of(pcm(vowel(150, 2.0, vibrato=3))).pitch
    low, high = np.nanpercentile(found, [2, 98])
    assert 12 * np.log2(high / 150) == pytest.approx(3, abs=0.3)
    assert 12 * np.log2(low / 150) == pytest.approx(-3, abs=0.3)


def test_noise_has_no_pitch() -> None:
    assert np.isnan(frames_of(pcm(hiss(2.0))).pitch).mean() > 0.95


@pytest.mark.parametrize("sound", [bytes(32_000), b"", b"\0\0"])
def test_silence_has_none(sound: bytes) -> None:
    frames = frames_of(sound)
    assert np.isnan(frames.pitch).all()
    assert np.isfinite(frames.level).all()
    assert np.isfinite(frames.bands).all()


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioError):
        frames_of(b"\0\0\0")


@pytest.mark.parametrize("level", [-50.0, -30.0, -15.0])
def test_the_level_is_that_of_the_sound(level: float) -> None:
    assert np.median(frames_of(pcm(vowel(120, 1.0, level=level))).level) == pytest.approx(
        level, abs=0.5
    )


def test_there_is_a_frame_every_10_ms() -> None:
    frames = frames_of(pcm(vowel(120, 1.0)))
    assert len(frames.level) == 97
    assert frames.bands.shape == (97, BANDS)
