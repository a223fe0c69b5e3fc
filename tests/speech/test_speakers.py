"""Two voices are told apart by their timbre, as a probability."""

import numpy as np
import pytest
from vowels import at_level, hiss, pcm, vowel

from parley.speech.prosody import Burst, burst
from parley.speech.speakers import (
    CEPSTRA,
    MOST_PIECES,
    PIECE_S,
    distance,
    pieces,
    same_speaker,
    voice,
)

Formants = list[tuple[float, ...]]


def speaker(
    tract: float, seconds: float, *, seed: int, level: float = -20.0, hertz: float = 120.0
) -> list[Burst]:
    """A vocal tract of a length, which says vowels in some order."""
    draw = np.random.default_rng(seed)
    vowels = [(700, 1200, 2500), (300, 2200, 2900), (350, 900, 2300), (550, 1700, 2500)]
    pieces = []
    for _ in range(round(seconds / 0.2)):
        formants = tuple(f * tract for f in vowels[draw.integers(4)])
        pieces.append(vowel(hertz * draw.uniform(0.9, 1.1), 0.2, formants=formants))
    sound = at_level(np.concatenate(pieces), level)
    noise = hiss(len(sound) / 16_000, level=level - 30, seed=seed)
    return [burst(pcm(sound + noise), 0.0, seconds)]


def likeness(one: list[Burst], other: list[Burst]) -> float:
    found = same_speaker(voice(one), voice(other))
    assert found is not None
    return found


def test_the_same_tract_is_likely_to_be_the_same_speaker() -> None:
    assert likeness(speaker(1.0, 4, seed=1), speaker(1.0, 4, seed=2)) > 0.8


def test_another_tract_is_not() -> None:
    assert likeness(speaker(1.0, 4, seed=1), speaker(1.2, 4, seed=2)) < 0.3


def test_it_does_not_depend_on_the_level() -> None:
    assert likeness(speaker(1.0, 4, seed=1), speaker(1.0, 4, seed=2, level=-35)) > 0.8


@pytest.mark.parametrize(("one", "other"), [(PIECE_S - 0.3, 5.0), (5.0, PIECE_S - 0.3)])
def test_too_little_voice_is_not_compared(one: float, other: float) -> None:
    first, now = voice(speaker(1.0, one, seed=1)), voice(speaker(1.0, other, seed=2))
    assert same_speaker(first, now) is None


def test_a_voice_is_its_active_frames() -> None:
    heard = burst(pcm(vowel(120, 1.0), np.zeros(16_000)), 0.0, 2.0)
    frames, count = voice([heard]).shape
    assert count == CEPSTRA + 1
    assert frames == pytest.approx(100, abs=6)


def test_pitch_counts_where_there_is_one() -> None:
    one, same, high = (
        voice(speaker(1.0, 3, seed=n, hertz=hertz))
        for n, hertz in ((1, 120.0), (2, 120.0), (2, 240.0))
    )
    unpitched = high.copy()
    unpitched[:, CEPSTRA] = np.nan
    assert distance(one, high) - distance(one, unpitched) > 1.0
    assert distance(one, same) < distance(one, high)


def test_longer_turns_are_compared_piece_by_piece() -> None:
    long = voice(speaker(1.0, 16, seed=1))
    assert len(pieces(long)) == MOST_PIECES
    found = same_speaker(long, voice(speaker(1.0, 4, seed=2)))
    assert found is not None
    assert found > 0.8
