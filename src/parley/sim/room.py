"""A room in which the caller's microphone hears the agent's loudspeaker.

`InRoom` puts a transport into one: what its peer is played comes back into what its peer
says, through an impulse response. It works in virtual time and in real time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.framing import samples_of
from parley.audio.mixing import mixed
from parley.audio.resampling import StreamResampler
from parley.transports.base import CallSide, Transport

SPARE, REACH, BETA = 480, 16, 8.0
"""Of a drifting clock, in samples: 30 ms, five minutes at 100 ppm; half of the interpolation's
window, and the window's shape."""


@dataclass(frozen=True, slots=True)
class RoomSettings:
    """A room, and the devices in it."""

    delay_s: float = 0.04
    """From playing a sample to its first arrival at the microphone, devices included."""

    t60_s: float = 0.3
    """The time in which its reverberation falls by 60 dB."""

    loss_db: float = 12.0
    """How much softer speech comes back than it was played: the echo return loss."""

    reverberation_db: float = -6.0
    """The level of all reflections against the direct sound."""

    distortion: float = 0.0
    """How far the loudspeaker is driven into saturation, 0 (linear) to 1."""

    drift_ppm: float = 0.0
    """How much faster the loudspeaker's clock runs than the microphone's."""

    seed: int = 1
    """Chooses the reflections."""


def impulse_response(settings: RoomSettings) -> NDArray[np.float64]:
    """The way from loudspeaker to microphone at 16 kHz: a direct sound and noise that decays.

    The energy is that of the echo return loss (Polack's model of diffuse reverberation).
    """
    rate, rng = INBOUND.sample_rate, np.random.default_rng(settings.seed)
    times = np.arange(round(settings.t60_s * rate)) / rate
    tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / settings.t60_s)
    tail *= 10 ** (settings.reverberation_db / 20) / np.linalg.norm(tail)
    tail[0] += 1.0
    tail *= 10 ** (-settings.loss_db / 20) / np.linalg.norm(tail)
    return np.concatenate([np.zeros(round(settings.delay_s * rate)), tail])


class Room:
    """What comes back of what is played, piece by piece.

    `response` stands for the settings' own: a measured one, at 16 kHz.
    """

    def __init__(self, settings: RoomSettings, response: NDArray[np.float64] | None = None) -> None:
        found = impulse_response(settings) if response is None else response
        self._drive = settings.distortion
        self._clock = _Clock(settings) if settings.drift_ppm else None
        self._response = found
        self._spectrum: NDArray[np.complex128] = np.zeros(0, np.complex128)
        self._block = 0
        self._tail = np.zeros(len(found))
        self._resampler = StreamResampler(OUTBOUND.sample_rate, INBOUND.sample_rate)
        self._played = np.zeros(0, np.int16)

    def hear(self, played: bytes, samples: int) -> NDArray[np.float64]:
        """The echo at the microphone (`INBOUND`) while `played` (`OUTBOUND`) is being heard."""
        converted = samples_of(self._resampler.push(played))
        self._played = np.concatenate([self._played, converted])
        lacking = max(0, samples - len(self._played))
        now = np.concatenate([np.zeros(lacking, np.int16), self._played])
        self._played = now[samples:]
        sound = self._saturated(now[:samples].astype(np.float64))
        return self._convolve(self._clock.moved(sound) if self._clock else sound)

    def _saturated(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self._drive:
            return sound
        driven = 1 + 4 * self._drive
        return np.tanh(sound / 32768 * driven) / driven * 32768

    def _convolve(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        size = 1 << (len(sound) + len(self._response) - 1).bit_length()
        if size != self._block:
            self._block, self._spectrum = size, np.fft.rfft(self._response, size)
        spread = np.fft.irfft(np.fft.rfft(sound, size) * self._spectrum, size)
        spread = spread[: len(sound) + len(self._response)]
        spread[: len(self._tail)] += self._tail
        self._tail = spread[len(sound) :].copy()
        return spread[: len(sound)]


class _Clock:
    """A loudspeaker's clock that runs apart: its sound comes ever earlier, or ever later.

    Between samples it is interpolated, with a sinc in a Kaiser window. How much earlier it may
    come is set aside from the beginning: `SPARE` samples, by which it is late at first.
    """

    def __init__(self, settings: RoomSettings) -> None:
        self._drift = settings.drift_ppm * 1e-6
        self._late = float(SPARE if settings.drift_ppm > 0 else REACH)
        self._kept = np.zeros(0)

    def moved(self, sound: NDArray[np.float64]) -> NDArray[np.float64]:
        """The next samples, as late as the clocks have run apart."""
        count = len(sound)
        late = np.maximum(self._late - self._drift * np.arange(count), REACH)
        self._late = float(max(self._late - self._drift * count, REACH))
        reach = 2 * REACH + int(np.ceil(late.max()))
        kept = np.concatenate([np.zeros(max(0, reach - len(self._kept))), self._kept, sound])
        self._kept = kept[-reach - count :]
        places = len(kept) - count + np.arange(count) - late
        whole = np.floor(places).astype(int)
        around = np.arange(1 - REACH, REACH + 1)
        away = around - (places - whole)[:, None]
        window = np.i0(BETA * np.sqrt(np.maximum(0.0, 1 - (away / REACH) ** 2))) / np.i0(BETA)
        taken = kept[whole[:, None] + around] * np.sinc(away) * window
        moved: NDArray[np.float64] = taken.sum(axis=1)
        return moved


class InRoom:
    """A transport whose peer hears it by a loudspeaker and speaks into a microphone.

    The inner transport tells its exact position; its frames come when their last sample is
    due. `cancels` says so of the peer, who then does not: what a call does without a canceller.
    """

    def __init__(self, inner: Transport, room: Room, *, cancels: bool = False) -> None:
        self.input, self.output = inner.input, inner.output
        self.timing = replace(inner.timing, cancels_echo=cancels)
        self._inner = inner
        self._room = room
        self._waiting = bytearray()
        self._passed = 0
        self._sounding = bytearray()
        self._from = self._synced = 0.0

    async def run(self, side: CallSide) -> None:
        """Carry the call until the caller is gone."""
        self._from = self._synced = _now()
        await self._inner.run(_Microphone(side, self._hear))

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._catch_up()
        self._waiting += pcm
        self._inner.play(pcm, marks)

    def clear(self) -> None:
        self._catch_up()
        self._inner.clear()
        self._waiting.clear()
        self._passed = self._inner.position()

    def pause(self) -> None:
        self._catch_up()
        self._inner.pause()

    def resume(self) -> None:
        self._catch_up()
        self._inner.resume()

    def position(self) -> int:
        return self._inner.position()

    async def close(self) -> None:
        await self._inner.close()

    def _catch_up(self) -> None:
        """Put what was played since the last time to its place. It was played without a gap."""
        count = 2 * (self._inner.position() - self._passed)
        if count:
            place = 2 * max(0, round((self._synced - self._from) * OUTBOUND.sample_rate))
            self._sounding += bytes(max(0, place - len(self._sounding)))
            self._sounding += self._waiting[:count]
            del self._waiting[:count]
            self._passed += count // 2
        self._synced = _now()

    def _hear(self, pcm: bytes) -> bytes:
        """What the microphone takes while the caller says this."""
        self._catch_up()
        samples = INBOUND.samples_in(pcm)
        count = 2 * (samples * OUTBOUND.sample_rate // INBOUND.sample_rate)
        played = bytes(self._sounding[:count]).ljust(count, b"\0")
        del self._sounding[:count]
        self._from += INBOUND.seconds_in(pcm)
        return mixed(pcm, self._room.hear(played, samples))


class _Microphone:
    """The call, as the inner transport sees it."""

    def __init__(self, side: CallSide, hear: Callable[[bytes], bytes]) -> None:
        self._side = side
        self._hear = hear
        self.connected, self.key, self.marked = side.connected, side.key, side.marked
        self.drained, self.disconnected = side.drained, side.disconnected
        self.talk, self.talked, self.stop = side.talk, side.talked, side.stop

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        self._side.audio(self._hear(pcm), played)


def _now() -> float:
    return asyncio.get_running_loop().time()
