"""When speech pauses, by its loudness: on what is made here, and on people."""

import numpy as np
import pytest

from parley.providers.stt.lulls import LEAST_DB, RANGE_DB, STEP, Lull
from parley.providers.stt.moonshine_model import RATE, Array

DICE = np.random.default_rng(3)


def noise(seconds: float, dbfs: float) -> Array:
    return DICE.normal(0.0, 10 ** (dbfs / 20), round(seconds * RATE)).astype(np.float32)


def after(*parts: Array) -> float:
    """How long the lull is at the end of all that, heard in frames: in seconds."""
    lull, whole = Lull(), np.concatenate(parts)
    for begin in range(0, len(whole), STEP):
        lull.feed(whole[begin : begin + STEP])
    return lull.samples / RATE


@pytest.mark.parametrize("room", [-90.0, -70.0, -50.0, -35.0])
def test_a_pause_is_as_long_as_the_room_alone_is_heard(room: float) -> None:
    speech = noise(1.0, -20.0)
    assert after(noise(0.4, room), speech) == 0.0
    assert after(noise(0.4, room), speech, noise(0.2, room)) == pytest.approx(0.2)
    assert after(noise(0.4, room), speech, noise(0.2, room), noise(0.04, -22.0)) == 0.0


def test_digital_silence_is_a_pause_whatever_was_before_it() -> None:
    silence = np.zeros(round(0.2 * RATE), np.float32)
    assert after(silence) == pytest.approx(0.2)
    assert after(silence, noise(1.0, -20.0)) == 0.0
    assert after(silence, noise(1.0, -20.0), silence) == pytest.approx(0.2)


def test_a_soft_end_of_a_word_is_no_pause() -> None:
    assert after(noise(0.4, -70.0), noise(1.0, -20.0), noise(0.1, -20.0 - RANGE_DB + 3.0)) == 0.0


def test_what_is_hardly_above_the_noise_is_never_paused() -> None:
    loud = noise(0.4, -40.0), noise(1.0, -40.0 + LEAST_DB - 5.0), noise(0.4, -40.0)
    assert after(*loud) == 0.0


def test_who_has_become_softer_is_heard_again() -> None:
    shout, soft = noise(1.0, -10.0), noise(10.0, -38.0)
    assert after(noise(0.4, -75.0), shout, noise(0.2, -38.0)) > 0.1
    assert after(noise(0.4, -75.0), shout, soft) == 0.0


def test_a_noise_that_has_come_is_taken_for_the_room_after_a_while() -> None:
    fan = noise(30.0, -40.0)
    assert after(noise(0.4, -80.0), noise(1.0, -20.0), fan, noise(1.0, -15.0), fan[:3200]) > 0.1


def test_a_piece_of_any_length_is_taken() -> None:
    whole, lull = np.concatenate((noise(1.0, -20.0), noise(0.205, -70.0))), Lull()
    lull.feed(whole)
    assert lull.samples / RATE == pytest.approx(0.205)
    lull.feed(np.zeros(0, np.float32))
    assert lull.samples / RATE == pytest.approx(0.205)
