"""A pause is judged by the model and by how the voice came to it."""

from typing import cast

import numpy as np
from vowels import pcm, vowel

from parley.speech.cadence import Cadence
from parley.speech.endofturn import EndOfTurnModel, Sounded
from parley.speech.pauses import Judgement, PauseModel


def test_both_are_asked_about_the_same_sound() -> None:
    heard: list[bytes] = []

    ending = np.ones(384, np.float32)

    def model(sound: bytes) -> Sounded:
        heard.append(sound)
        return Sounded(0.75, ending)

    sound = pcm(vowel(150, 1.0), vowel(120, 0.25))
    cadence = Cadence(np.full(385, 0.001, np.float32))
    judge = PauseModel(cast("EndOfTurnModel", model), cadence)
    assert judge(sound) == Judgement(0.75, cadence(sound, ending))
    assert heard == [sound]
    assert judge(sound).cadence > 0.0
