"""Who has finished lets the voice fall and fade; who has not holds it level, or breaks off."""

import numpy as np
import pytest
from vowels import Sound, hiss, pcm, vowel

from parley.core.ending import MOST_CADENCE
from parley.errors import AudioError
from parley.speech.cadence import (
    FADE,
    FALL,
    HEARD_S,
    MOST_LEARNED,
    USUAL_FADE_DB,
    USUAL_FALL_ST,
    Cadence,
)

NOTHING = np.zeros(384, np.float32)
UNLEARNED = Cadence(np.zeros(385, np.float32))

NEITHER = -FALL * USUAL_FALL_ST - FADE * USUAL_FADE_DB
"""What a voice says that neither falls nor rises, fades nor swells: it breaks off."""


def cadence(pcm: bytes) -> float:
    """Without what was learned."""
    return UNLEARNED(pcm, NOTHING)


def said(semitones: float = 0.0, decibels: float = 0.0, seconds: float = 1.5) -> Sound:
    """A voice whose last 0.25 s are so much higher and louder."""
    end = vowel(150 * 2 ** (semitones / 12), 0.25, level=-20 + decibels)
    return np.concatenate((vowel(150, seconds), end))


def test_a_level_voice_goes_on() -> None:
    assert cadence(pcm(said())) == pytest.approx(NEITHER, abs=0.05)
    assert NEITHER < -0.5


def test_a_fall_speaks_for_the_end() -> None:
    heights = [cadence(pcm(said(semitones))) for semitones in (0, -1, -2, -3)]
    assert heights == sorted(heights)
    assert heights[2] - heights[0] == pytest.approx(2 * FALL, abs=0.1)
    assert heights[3] > 0.0


def test_a_little_higher_is_level_and_a_question_that_rises_is_not_held_against() -> None:
    assert cadence(pcm(said(1.2))) == pytest.approx(NEITHER, abs=0.05)
    faded = -FADE * USUAL_FADE_DB
    assert NEITHER < cadence(pcm(said(2.2))) < faded
    assert cadence(pcm(said(3))) == pytest.approx(faded, abs=0.05)
    assert cadence(pcm(said(6))) == pytest.approx(faded, abs=0.05)


def test_a_voice_that_fades_speaks_for_the_end() -> None:
    levels = [cadence(pcm(said(0, decibels))) for decibels in (3, 0, -3, -6)]
    assert levels == sorted(levels)
    assert levels[3] - levels[1] == pytest.approx(6 * FADE, abs=0.1)


def test_pitch_that_was_mistaken_is_no_more_than_a_deep_fall() -> None:
    assert cadence(pcm(said(-8))) == pytest.approx(cadence(pcm(said(-5))), abs=0.1)


def test_it_is_bounded_and_the_core_knows_the_most_that_it_says_for_the_end() -> None:
    assert cadence(pcm(0.1 * said(0, 12))) == cadence(pcm(0.1 * said(0, 9.5)))
    assert 2.0 < cadence(pcm(said(-6, -12))) <= MOST_CADENCE - MOST_LEARNED


def test_what_was_learned_of_the_end_is_added_and_bounded() -> None:
    weights = np.zeros(385, np.float32)
    weights[[7, -1]] = 0.5, 0.25
    learned, ending = Cadence(weights), NOTHING.copy()
    ending[7] = 1.5
    assert learned(pcm(said()), ending) == pytest.approx(cadence(pcm(said())) + 1.0)
    ending[7] = 100.0
    assert learned(pcm(said()), ending) == pytest.approx(cadence(pcm(said())) + MOST_LEARNED)
    ending[7] = -100.0
    assert learned(pcm(said()), ending) == pytest.approx(cadence(pcm(said())) - MOST_LEARNED)


@pytest.mark.parametrize(("seconds", "more"), [(0.1, 0.0), (0.25, 0.0), (0.4, MOST_LEARNED)])
def test_of_a_word_by_itself_nothing_was_learned(seconds: float, more: float) -> None:
    sure, sound = Cadence(np.ones(385, np.float32)), pcm(said(seconds=seconds))
    assert sure(sound, NOTHING + 1) == pytest.approx(cadence(sound) + more)


def test_weights_come_with_parley() -> None:
    ending = np.random.default_rng(0).normal(size=384).astype(np.float32)
    assert Cadence()(pcm(said()), ending) != cadence(pcm(said()))


@pytest.mark.parametrize("semitones", [-3, 0, 3])
def test_how_loud_and_how_high_the_speaker_is_does_not_matter(semitones: float) -> None:
    soft = cadence(pcm(0.05 * said(semitones)))
    assert soft == pytest.approx(cadence(pcm(said(semitones))), abs=0.05)
    high = vowel(260, 1.5), vowel(260 * 2 ** (semitones / 12), 0.25)
    assert cadence(pcm(*high)) == pytest.approx(soft, abs=0.15)


@pytest.mark.parametrize("pause_s", [0.0, 0.1, 0.2])
def test_the_pause_is_no_part_of_it(pause_s: float) -> None:
    quiet = np.zeros(round(pause_s * 16_000))
    assert cadence(pcm(said(-3), quiet)) == pytest.approx(cadence(pcm(said(-3))), abs=0.1)


def test_only_the_newest_sound_is_compared() -> None:
    before = vowel(300, 5.0)
    new = said(-3, seconds=HEARD_S)
    assert cadence(pcm(before, new)) == pytest.approx(cadence(pcm(new)), abs=0.1)


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(32_000), hiss(1.0), vowel(150, 0.3)])
def test_what_is_too_short_or_no_voice_says_nothing(sound: Sound) -> None:
    assert cadence(pcm(sound)) == 0.0


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioError):
        cadence(b"\0" * 3201)
