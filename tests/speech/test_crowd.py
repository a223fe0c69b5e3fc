"""One voice is told from many at once, by what the voice detector remembers.

The voices here are synthetic: none was learned from.
"""

import asyncio
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.resampling import resample
from parley.providers import registry
from parley.providers.tts import flite
from parley.runtime.voice import Voice
from parley.sim import acoustics
from parley.speech.crowd import Crowd
from parley.speech.detector import WINDOW
from parley.speech.nearness import LIKELY
from parley.speech.silero import CONTEXT, SileroVad, fresh_state

VOICES = ("kal16", "awb", "rms", "slt")
SENTENCES = (
    "Where is the next train to the city, and from which platform does it leave?",
    "They told us that the garden would be closed until the end of the summer.",
)
LEAD, SECOND = 8000, 31

Audio = npt.NDArray[np.int16]


def test_it_is_a_linear_function_of_each_streams_hidden_state() -> None:
    weights = np.zeros(129, np.float32)
    weights[3], weights[-1] = 2.0, -0.5
    state = np.zeros((2, 3, 128), np.float32)
    state[0, :, 3] = (0.0, 1.0, 2.0)
    state[1] = 9.0
    assert Crowd(weights)(state).tolist() == [-0.5, 1.5, 3.5]


@cache
def spoken(voice: str, text: str) -> Audio:
    async def pcm() -> bytes:
        speaker = Voice(registry.create("tts", "flite"), voice=voice)
        try:
            return b"".join([piece.pcm async for piece in speaker.speak(text)])
        finally:
            await speaker.tts.aclose()

    heard = resample(asyncio.run(pcm()), OUTBOUND.sample_rate, INBOUND.sample_rate)
    return acoustics.at_level(np.frombuffer(heard, "<i2"), -26.0)


def told(audio: Audio) -> float:
    """What is said of the first second of a voice."""
    model, crowd, state, said = SileroVad(), Crowd(), fresh_state(), []
    line = np.concatenate((np.zeros(CONTEXT + LEAD), audio)).astype(np.float32) / 32768
    for begin in range(0, len(line) - CONTEXT - WINDOW, WINDOW):
        probable, state = model(line[None, begin : begin + CONTEXT + WINDOW], state)
        if said or probable[0] >= LIKELY:
            said.append(float(crowd(state)[0]))
    return float(np.mean(said[:SECOND]))


needs_flite = pytest.mark.skipif(not flite.available(), reason="flite is not installed")


@needs_flite
@pytest.mark.parametrize("voice", VOICES)
def test_one_voice_is_one(voice: str) -> None:
    assert all(told(spoken(voice, text)) > 1.0 for text in SENTENCES)


@needs_flite
@pytest.mark.parametrize("talkers", [4, 6, 8])
def test_many_at_once_are_many(talkers: int) -> None:
    everybody = [spoken(voice, text) for text in SENTENCES for voice in VOICES]
    size = min(len(one) for one in everybody)
    rows = [np.roll(one, 9000 * n)[:size] for n, one in enumerate(everybody[:talkers])]
    assert told(acoustics.at_level(np.sum(rows, axis=0, dtype=np.float64), -26.0)) < -2.0
