"""How something was said is measured in sound of which it is known."""

import time

import numpy as np
import pytest
from vowels import EE, hiss, pcm, spoken, vowel

from parley.speech.prosody import Burst, burst, prosody

LIMIT_MS = 15.0
"""CPU a second of speech; it takes 2 to 3 on an idle machine."""


def said(sound: bytes, start: float = 0.0) -> Burst:
    return burst(sound, start, start + len(sound) / 32_000)


def test_level_and_pitch_are_those_of_the_voice() -> None:
    found = prosody([said(pcm(vowel(140, 1.0, level=-25)))])
    assert found.level == pytest.approx(-25, abs=0.5)
    assert found.pitch == pytest.approx(140, rel=0.005)
    assert found.voice_s == pytest.approx(1.0, abs=0.05)


def test_silence_around_it_does_not_make_it_softer() -> None:
    found = prosody([said(pcm(np.zeros(8000), vowel(140, 1.0, level=-25), np.zeros(8000)))])
    assert found.level == pytest.approx(-25, abs=0.7)


@pytest.mark.parametrize("per_s", [2.5, 4.0, 6.0])
def test_syllables_are_counted(per_s: float) -> None:
    found = prosody([said(pcm(spoken(round(3 * per_s), per_s)))])
    assert found.rate == pytest.approx(per_s, rel=0.1)


@pytest.mark.parametrize("level", [-40.0, -15.0])
def test_the_rate_does_not_depend_on_the_level(level: float) -> None:
    found = prosody([said(pcm(spoken(12, 4.0, level=level)))])
    assert found.rate == pytest.approx(4.0, rel=0.1)


def test_pauses_are_no_part_of_the_rate() -> None:
    one, other = pcm(spoken(8, 4.0)), pcm(spoken(8, 4.0, hertz=150))
    found = prosody([said(one), said(other, start=3.0)])
    assert found.rate == pytest.approx(4.0, rel=0.1)
    assert found.pauses == pytest.approx(0.2)


def test_a_sound_that_is_drawn_out_is_found() -> None:
    """Half a second of the same vowel, in two and a half seconds of syllables."""
    found = prosody([said(pcm(spoken(4, 4.0), vowel(120, 0.5, formants=EE), spoken(4, 4.0)))])
    assert found.filled == pytest.approx(0.2, abs=0.04)
    assert prosody([said(pcm(spoken(10, 4.0)))]).filled == 0.0


def test_what_is_too_short_is_not_guessed() -> None:
    found = prosody([said(pcm(vowel(140, 0.2)))])
    assert (found.level, found.pitch, found.rate) == (None,) * 3
    assert prosody([said(pcm(spoken(3, 4.0)))]).rate is None


def test_a_whisper_has_a_level_and_no_pitch() -> None:
    found = prosody([said(pcm(hiss(1.5, level=-40)))])
    assert found.level == pytest.approx(-43.5, abs=1)  # above 4 kHz nothing is looked at
    assert (found.pitch, found.rate) == (None, None)


@pytest.mark.parametrize("sound", [b"", bytes(2), bytes(64_000)])
def test_nothing_is_no_error(sound: bytes) -> None:
    found = prosody([said(sound)])
    assert (found.pitch, found.rate, found.filled, found.pauses) == (None, None, 0.0, 0.0)


def test_it_is_cheap() -> None:
    """Anything of the order of the audio itself would be a bug."""
    sound = pcm(spoken(32, 4.0))
    said(sound)
    began = time.thread_time()
    prosody([said(sound)])
    assert (time.thread_time() - began) * 1000 < LIMIT_MS * 8
