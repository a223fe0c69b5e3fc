"""Sounds that a level detector calls speech, or silence."""

import numpy as np

from parley.providers.stt.moonshine_worker import Said
from parley.speech.silero import Floats

RATE = 16_000


def tone(seconds: float) -> bytes:
    times = np.arange(round(seconds * RATE)) / RATE
    return (8000 * np.sin(2 * np.pi * 300 * times)).astype("<i2").tobytes()


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE))


class Loudness:
    """A voice detector that calls speech what is loud."""

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        loud = np.sqrt((audio[:, 64:] ** 2).mean(axis=1)) > 0.02
        return loud.astype(np.float32) * np.float32(0.9), state


class Scribe:
    """A recogniser that understands "hello" whenever it has heard something."""

    def __init__(self) -> None:
        self._heard = False

    def open(self) -> None:
        self._heard = False

    def hear(self, pcm: bytes) -> Said | None:
        if self._heard or not any(pcm):
            return None
        self._heard = True
        return Said("hello")

    def finish(self) -> Said:
        heard, self._heard = self._heard, False
        return Said("hello" if heard else "")
