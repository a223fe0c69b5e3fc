"""A simulated caller who listens, and interrupts now and then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from parley.audio.formats import INBOUND
from parley.audio.mixing import mixed
from parley.transports.base import CallSide
from parley.transports.loopback import FRAME_S, SimulatedCaller


@dataclass(frozen=True, slots=True)
class Habits:
    """When the caller speaks; seconds."""

    after_s: float = 4.0
    """How long the agent has been speaking then."""

    lasts_s: float = 60.0
    """How long the call lasts."""

    tone_db: float = -72.0
    """The level of the noise in the room, of full scale."""


class InterruptingCaller(SimulatedCaller):
    """Says each of `utterances` (`INBOUND`) while the agent speaks, whatever it does then.

    `spoke` is from when to when, on the running loop's clock, and `sounding_s` how long the
    loudspeaker has played.
    """

    def __init__(self, utterances: Sequence[bytes], habits: Habits | None = None) -> None:
        super().__init__()
        self.spoke: list[tuple[float, float]] = []
        self.sounding_s = 0.0
        self._utterances = list(utterances)
        self._habits = habits or Habits()
        self._speaking_s = 0.0
        self._voice = b""
        self._noise = np.random.default_rng(7)

    async def run(self, side: CallSide) -> None:
        """Listen, interrupt, and hang up in the end."""
        began = self._due = self._now()
        side.connected()
        while self._now() - began < self._habits.lasts_s:
            await self._tick()
            self._listen()
            side.audio(self._frame())
        side.disconnected()

    def _listen(self) -> None:
        if self._speaker.is_sounding:
            self._speaking_s += FRAME_S
            self.sounding_s += FRAME_S
        else:
            self._speaking_s = 0.0
        if self._speaking_s >= self._habits.after_s and self._utterances and not self._voice:
            self._voice = self._utterances.pop(0)
            self._speaking_s = 0.0
            now = self._now()
            self.spoke.append((now, now + INBOUND.seconds_in(self._voice)))

    def _frame(self) -> bytes:
        size = INBOUND.bytes_for(FRAME_S)
        voice, self._voice = self._voice[:size], self._voice[size:]
        tone = self._noise.normal(0, 32768 * 10 ** (self._habits.tone_db / 20), size // 2)
        return mixed(voice.ljust(size, b"\0"), tone)
