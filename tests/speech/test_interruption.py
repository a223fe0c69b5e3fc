"""What a voice sounds like while it goes on."""

import pytest

from parley.speech.detector import WINDOW, SpeechOffset, SpeechOnset, Window
from parley.speech.interruption import Sound, VoiceMeter


def heard(levels: list[float], probability: float = 0.9) -> list[Sound]:
    """All judgements of a voice that begins with the first window."""
    meter, found = VoiceMeter(), []
    for n, level in enumerate(levels):
        edge = SpeechOnset(0) if n == 0 else None
        window = Window(probability, level, (n + 1) * WINDOW)
        found.append(meter.feed(window, edge, speaking=True))
    return [sound for sound in found if sound is not None]


def test_a_voice_is_judged_often_at_first_and_then_now_and_then() -> None:
    times = [sound.voiced_s for sound in heard([-30.0] * 63)]
    often = [0.128, 0.224, 0.32, 0.416, 0.512, 0.608, 0.704, 0.8, 0.896, 0.992]
    assert times == [*often, 1.088, 1.376, 1.664, 1.952]


def test_its_level_is_that_of_its_loudest_quarter() -> None:
    assert heard([-20.0, -40.0, -40.0, -40.0])[0].level_dbfs == -20.0
    assert heard([-20.0, -24.0, *[-40.0] * 8])[-1].level_dbfs == -22.0


def test_its_speech_is_the_average_of_the_last_second() -> None:
    assert heard([-30.0] * 4, 0.75) == [Sound(0.128, 0.75, -30.0)]
    meter = VoiceMeter()
    meter.feed(Window(0.0, -30.0, WINDOW), SpeechOnset(0), speaking=True)
    last = [
        meter.feed(Window(1.0, -30.0, (n + 2) * WINDOW), None, speaking=True) for n in range(63)
    ]
    found = [sound.speech for sound in last if sound]
    assert found[0] == 0.75
    assert found[-1] == 1.0


@pytest.mark.parametrize("silence", [1, 40])
def test_silence_is_not_judged_and_the_next_voice_is_another(silence: int) -> None:
    meter, at = VoiceMeter(), 0
    for _ in range(10):
        at += WINDOW
        meter.feed(Window(0.9, -20.0, at), SpeechOnset(0) if at == WINDOW else None, speaking=True)
    for n in range(silence):
        at += WINDOW
        edge = None if n else SpeechOffset(at)
        assert meter.feed(Window(0.1, -70.0, at), edge, speaking=False) is None
    onset, found = SpeechOnset(at), None
    for n in range(4):
        at += WINDOW
        found = meter.feed(Window(0.5, -30.0, at), None if n else onset, speaking=True)
    assert found == Sound(0.128, 0.5, -30.0)


def test_whether_one_person_speaks_is_the_average_of_what_is_told_of_the_last_second() -> None:
    meter, found = VoiceMeter(), []
    for n, single in enumerate([None, *[4.0] * 3, *[-2.0] * 60]):
        window = Window(0.9, -20.0, (n + 1) * WINDOW, single=single)
        found.append(meter.feed(window, SpeechOnset(0) if n == 0 else None, speaking=True))
    told = [sound.single for sound in found if sound]
    assert told[:2] == [4.0, 1.0]
    assert told[-1] == -2.0


def test_where_nothing_tells_one_from_many_nothing_is_said() -> None:
    assert {sound.single for sound in heard([-25.0] * 20)} == {None}
