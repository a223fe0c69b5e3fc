"""A caller without a network: recordings speak, and a perfect loudspeaker listens.

The caller waits until the agent has been silent for a moment, plays the next recording,
and hangs up when the last one was answered or nobody answers any more.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.timing import Timing
from parley.transports.base import CallSide

FRAME_S = 0.02
BED_AMPLITUDE = 8
"""Peak of the room tone between recordings, of 32768: about -75 dBFS."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How the recorded caller takes turns; seconds."""

    first_s: float = 0.5
    """Silence before the first recording, after the greeting."""

    pause_s: float = 1.0
    """Silence of the agent after which the next recording begins."""

    patience_s: float = 12.0
    """How long an answer is waited for."""


class Loudspeaker:
    """Plays what it is given on an exact clock, and can stop at any sample."""

    def __init__(self, sample_rate: int, clock: Callable[[], float]) -> None:
        self._rate = sample_rate
        self._clock = clock
        self._given = 0
        self._passed = 0.0
        self._since = 0.0
        self._paused = False

    def position(self) -> int:
        """Samples passed until now."""
        self._advance()
        return int(self._passed + 1e-6)

    @property
    def is_sounding(self) -> bool:
        """Whether something is being played."""
        return not self._paused and self.position() < self._given

    def play(self, samples: int) -> None:
        self._advance()
        self._given += samples

    def pause(self) -> None:
        self._advance()
        self._paused = True

    def resume(self) -> None:
        self._advance()
        self._paused = False

    def clear(self) -> None:
        self._advance()
        self._passed = float(self._given)
        self._paused = False

    def _advance(self) -> None:
        now = self._clock()
        if not self._paused:
            played = (now - self._since) * self._rate
            self._passed = min(float(self._given), self._passed + played)
        self._since = now


class SimulatedCaller:
    """The ends of a line: a loudspeaker, and a microphone that gives frames on a clock."""

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND
    timing = Timing(can_pause=True, can_clear=True, acknowledges="exact", lead_s=0.2)

    def __init__(self) -> None:
        self._speaker = Loudspeaker(OUTBOUND.sample_rate, self._now)
        self._due = 0.0

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._speaker.play(OUTBOUND.samples_in(pcm))

    def clear(self) -> None:
        self._speaker.clear()

    def pause(self) -> None:
        self._speaker.pause()

    def resume(self) -> None:
        self._speaker.resume()

    def position(self) -> int:
        return self._speaker.position()

    async def close(self) -> None:
        """Nothing to hang up."""

    async def _tick(self) -> None:
        """Wait until the next frame's last sample is due, on an absolute clock."""
        self._due += FRAME_S
        await asyncio.sleep(max(0.0, self._due - self._now()))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class LoopbackTransport(SimulatedCaller):
    """Plays recordings (PCM in `INBOUND` format) to the call as its caller."""

    def __init__(
        self,
        recordings: Sequence[bytes],
        manners: Manners | None = None,
        on_recording: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self._recordings = recordings
        self._manners = manners or Manners()
        self._on_recording = on_recording
        self._silent_since = 0.0
        self._frames = 0

    async def run(self, side: CallSide) -> None:
        """Speak until the script is over."""
        self._due = self._silent_since = self._now()
        side.connected()
        await self._listen(side, self._manners.first_s, answered=False)
        for number, pcm in enumerate(self._recordings):
            if self._on_recording:
                self._on_recording(number)
            await self._say(side, pcm)
            await self._listen(side, self._manners.pause_s, answered=True)
        side.disconnected()

    async def _say(self, side: CallSide, pcm: bytes) -> None:
        size = INBOUND.bytes_for(FRAME_S)
        for start in range(0, len(pcm), size):
            frame = pcm[start : start + size]
            await self._frame(side, frame + _room_tone(self._frames)[len(frame) :])

    async def _listen(self, side: CallSide, silence_s: float, *, answered: bool) -> None:
        """Be silent until the agent is, having answered if an answer is wanted."""
        began = self._silent_since = self._now()
        heard = not answered
        while True:
            await self._frame(side, _room_tone(self._frames))
            now = self._now()
            if self._speaker.is_sounding:
                self._silent_since = now
                heard = True
            waited = now - (self._silent_since if heard else began)
            if waited >= (silence_s if heard else self._manners.patience_s):
                return

    async def _frame(self, side: CallSide, pcm: bytes) -> None:
        await self._tick()
        self._frames += 1
        side.audio(pcm)


def _noise(samples: int) -> bytes:
    """Reproducible noise from a linear congruential generator (Numerical Recipes' constants)."""
    state, out = 1, bytearray()
    for _ in range(samples):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        value = (state >> 16) % (2 * BED_AMPLITUDE + 1) - BED_AMPLITUDE
        out += value.to_bytes(2, "little", signed=True)
    return bytes(out)


_BED_FRAMES = 50
_BED = _noise(INBOUND.samples_in(bytes(INBOUND.bytes_for(FRAME_S))) * _BED_FRAMES)


def _room_tone(frame: int) -> bytes:
    size = INBOUND.bytes_for(FRAME_S)
    start = frame % _BED_FRAMES * size
    return _BED[start : start + size]
