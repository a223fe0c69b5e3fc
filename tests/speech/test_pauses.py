"""A pause is judged by the model and by how the voice came to it."""

from typing import cast

from vowels import pcm, vowel

from parley.speech.cadence import cadence
from parley.speech.endofturn import EndOfTurnModel
from parley.speech.pauses import Judgement, PauseModel


def test_both_are_asked_about_the_same_sound() -> None:
    heard: list[bytes] = []

    def model(sound: bytes) -> float:
        heard.append(sound)
        return 0.75

    sound = pcm(vowel(150, 1.0), vowel(120, 0.25))
    judge = PauseModel(cast("EndOfTurnModel", model))
    assert judge(sound) == Judgement(0.75, cadence(sound))
    assert heard == [sound]
    assert judge(sound).cadence > 0.0
