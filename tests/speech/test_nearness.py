"""The caller's voice among others that are always heard. Levels are made of dice with a seed."""

import random
from collections.abc import Callable, Sequence

import pytest

from parley.speech.detector import WINDOW, SpeechDetector, SpeechOnset, Window
from parley.speech.nearness import SMOOTHED, SOFTER, Nearness

Heard = tuple[float, float]
"""Probability of speech, and level in dBFS."""

SECOND = 31
"""Windows, about."""

Make = Callable[[random.Random], Heard]


def babble(dice: random.Random) -> Heard:
    """Many who talk at once: even, and speech."""
    return 0.95, -32.0 + dice.gauss(0.0, 2.5)


def noise(dice: random.Random) -> Heard:
    return 0.02, -32.0 + dice.gauss(0.0, 2.5)


def quiet(dice: random.Random) -> Heard:
    return 0.01, -65.0 + dice.gauss(0.0, 1.0)


def voice(level: float, background: Make) -> Make:
    """Syllables of 6 windows, each with a softer part; never softer than the background."""
    place = iter(range(10**6))

    def one(dice: random.Random) -> Heard:
        softer = (0.0, 0.0, 2.0, 6.0, 12.0, 30.0)[next(place) % 6]
        return 0.97, max(level - softer, background(dice)[1])

    return one


def scene(*parts: tuple[Make, float]) -> list[Heard]:
    dice = random.Random(5)
    return [make(dice) for make, seconds in parts for _ in range(round(seconds * SECOND))]


def utterances(heard: Sequence[Heard]) -> list[tuple[float, float]]:
    """When each began and ended, in windows; the end of one that goes on is that of all."""
    detector, found = SpeechDetector(), []
    for n, (probability, level) in enumerate(heard):
        edge = detector.feed(Window(probability, level, (n + 1) * WINDOW))
        if isinstance(edge, SpeechOnset):
            found.append((edge.at / WINDOW, float(len(heard))))
        elif edge is not None:
            found[-1] = (found[-1][0], edge.at / WINDOW)
    return found


def test_an_utterance_ends_although_babble_goes_on() -> None:
    """The model alone would hear one voice from the first second to the last."""
    heard = scene((babble, 3), (voice(-20.0, babble), 3), (babble, 4))
    begin, end = 3 * SECOND, 6 * SECOND
    speech = [u for u in utterances(heard) if u[1] > begin + 5]
    assert speech[0][0] == pytest.approx(begin, abs=6)
    assert speech[0][1] == pytest.approx(end, abs=8)
    assert len(speech) == 1


def test_babble_alone_is_hardly_ever_an_utterance_once_it_is_known() -> None:
    heard = scene((babble, 20))
    found = [u for u in utterances(heard) if u[0] > SECOND]
    assert sum(end - begin for begin, end in found) < 0.02 * len(heard)


def test_the_turn_after_the_first_begins_and_ends_in_babble_as_well() -> None:
    turn = (voice(-20.0, babble), 2.0)
    heard = scene((babble, 3), turn, (babble, 3), turn, (babble, 3))
    found = [u for u in utterances(heard) if u[1] - u[0] > SECOND]
    assert [round(u[0] / SECOND) for u in found] == [3, 8]
    assert [round(u[1] / SECOND) for u in found] == [5, 10]


def test_on_a_quiet_line_a_voice_that_trails_off_is_heard_to_its_end() -> None:
    """30 dB below the caller's level, for longer than what is not near would last."""
    trailing = voice(-48.0, quiet)
    heard = scene((quiet, 1), (voice(-18.0, quiet), 2), (trailing, 1), (quiet, 1))
    near = Nearness()
    found = [near.feed(*each) for each in heard]
    assert all(found[SECOND : 4 * SECOND])
    assert len(utterances(heard)) == 1


def test_where_the_model_hears_noise_it_is_believed() -> None:
    """A soft voice in even noise is as near to it as babble is to itself."""
    heard = scene((noise, 4), (voice(-29.0, noise), 2))
    near = Nearness()
    found = [near.feed(*each) for each in heard]
    assert all(found[4 * SECOND :])


def test_who_speaks_more_softly_is_heard_after_a_while() -> None:
    heard = scene((babble, 4), (voice(-14.0, babble), 3), (babble, 1))
    near = Nearness()
    for each in heard:
        near.feed(*each)
    loud = near.caller_dbfs
    assert loud is not None
    levels = [-36.0 if n % 12 == 0 else -25.5 for n in range(3 * SOFTER)]
    found = [near.feed(0.97, level) for level in levels]
    assert not any(found[SMOOTHED : SOFTER - SMOOTHED])
    assert all(found[2 * SOFTER :])
    assert near.caller_dbfs is not None
    assert near.caller_dbfs < loud - 8.0


def test_peaks_of_the_background_do_not_add_up_to_a_softer_voice() -> None:
    heard = scene((babble, 4), (voice(-14.0, babble), 3))
    near = Nearness()
    for each in heard:
        near.feed(*each)
    loud = near.caller_dbfs
    for _ in range(40):
        for level in (-25.5,) * 4 + (-34.0,) * 24:
            near.feed(0.97, level)
    assert loud is not None
    assert near.caller_dbfs == pytest.approx(loud, abs=1.0)


def test_nothing_is_known_in_the_first_half_second() -> None:
    near = Nearness()
    found = [near.feed(0.95, -32.0 + n % 3) for n in range(15)]
    assert all(found)
    assert near.caller_dbfs is None


def test_a_gate_between_words_leaves_nothing_out() -> None:
    """Digital silence in the pauses, -100 dBFS: the line is quiet."""
    heard = scene((lambda dice: (0.0, -100.0), 1), (voice(-30.0, babble), 1)) * 3
    near = Nearness()
    found = [near.feed(*each) for each in heard]
    assert all(
        near for near, (probability, _) in zip(found, heard, strict=True) if probability > 0.4
    )
