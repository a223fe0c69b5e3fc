"""The sound card of this machine: its microphone and its loudspeaker, through PortAudio.

Both are one stream: as many samples are played as are taken, so that an echo is always
equally many samples late, whatever the clocks report. PortAudio calls back in a thread of its
own. What the loudspeaker takes is behind a lock that is held for microseconds; what the
microphone gives, and what was played meanwhile, is handed to the event loop, a bounded number
of blocks at a time.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Lock
from typing import Any

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.resampling import StreamResampler
from parley.audio.timing import Timing
from parley.errors import ConfigurationError, MissingExtraError, TransportError
from parley.transports.base import CallSide

log = logging.getLogger(__name__)

LATENCY_S = 0.1
"""What a device is asked for: less breaks up on a busy machine. Where it is known when a sample
is heard, it costs nothing but itself."""

TIMING = Timing(
    can_pause=True, acknowledges="exact", lead_s=0.2, cancels_echo=False, continuous=True
)

SETTLE_S = 0.5
"""How long the devices run before the call begins: their first reports of time are not right."""

RATES = (48_000, 44_100, 24_000, 16_000)
"""Tried one after the other, samples a second: most cards have the first one."""

BLOCKS_PER_S = 100
"""The card is served in blocks of 10 ms: left to choose, ALSA's plugins ask for single samples."""

CLOCK_RATE, CLOCK_JUMP_S = 0.02, 0.05
"""How far one report moves the loudspeaker's clock, 0 to 1; and what is no jitter but a gap."""

WAITING_BLOCKS = 100
"""So many blocks of the microphone may wait for the event loop; what comes then is lost."""

REMEDY = (
    "Connect one, or name one with --input and --output; `python -m sounddevice` lists them. On"
    " Linux with PulseAudio or PipeWire: apt-get install libasound2-plugins"
)


def sound_library() -> Any:
    """The package sounddevice. Raises ConfigurationError where it or PortAudio is missing."""
    try:
        return import_module("sounddevice")
    except ImportError as error:
        raise MissingExtraError("sounddevice", "talk") from error
    except OSError as error:
        raise ConfigurationError(
            "PortAudio, the library of sound devices, is not installed",
            remedy="On Debian and Ubuntu: apt-get install libportaudio2",
        ) from error


@dataclass(slots=True)
class _Given:
    """Samples [start, start + count) of all are played from `at` on, by the device's clock."""

    at: float
    start: int
    count: int


class Speaker:
    """What the loudspeaker is to play, in `OUTBOUND`, and how much of it was heard.

    `take` is called by PortAudio's thread, all else by the event loop's.
    """

    def __init__(self, device_rate: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._queue = bytearray()
        self._converted = b""
        self._resampler = StreamResampler(OUTBOUND.sample_rate, device_rate)
        self._rate = device_rate
        self._taken = self._passed = 0
        self._given: deque[_Given] = deque()
        self._paused = False
        self._due: float | None = None

    def play(self, pcm: bytes) -> None:
        with self._lock:
            self._queue += pcm

    def pause(self) -> None:
        """When this returns the device takes nothing more: a block that it takes now ends first."""
        with self._lock:
            self._paused = True

    def resume(self) -> None:
        with self._lock:
            self._paused = False

    def clear(self) -> None:
        """Throw away what the device has not taken; what it has, is heard for a moment yet."""
        with self._lock:
            self._taken += len(self._queue) // 2
            self._queue.clear()
            self._given.clear()
            self._passed = self._taken
            self._paused = False

    def position(self) -> int:
        """Samples that were heard, or cleared."""
        now = self._clock()
        with self._lock:
            while self._given:
                first = self._given[0]
                played = round((now - first.at) * OUTBOUND.sample_rate)
                self._passed = max(self._passed, first.start + min(first.count, max(0, played)))
                if played < first.count:
                    break
                self._given.popleft()
            return self._passed

    def take(self, samples: int, at: float) -> bytes:
        """The next samples, at the device's rate, the first of which is heard at `at`."""
        size, at = 2 * samples, self._smooth(samples, at)
        with self._lock:
            wanted = -(-samples * OUTBOUND.sample_rate // self._rate)
            pcm = b"" if self._paused else bytes(self._queue[: 2 * wanted])
            del self._queue[: len(pcm)]
            if pcm:
                self._given.append(_Given(at, self._taken, len(pcm) // 2))
                self._taken += len(pcm) // 2
        self._converted += self._resampler.push(pcm.ljust(2 * wanted, b"\0"))
        out, self._converted = self._converted[:size], self._converted[size:]
        return out.rjust(size, b"\0")

    def _smooth(self, samples: int, at: float) -> float:
        """When it is heard, from a report that is right only in the long run."""
        if self._due is None or abs(at - self._due) > CLOCK_JUMP_S:
            self._due = at
        smoothed = self._due + CLOCK_RATE * (at - self._due)
        self._due = smoothed + samples / self._rate
        return smoothed


class DeviceTransport:
    """A call over this machine's microphone and loudspeaker, which hear each other.

    `input_device` and `output_device` are numbers or names as sounddevice knows them. With
    `push_to_talk` the microphone is heard between `talk` and `talked` only.
    `lost` counts the blocks for which the event loop was too slow, `broken_up` those at which
    the machine was too slow for the card. Raises ConfigurationError where there is no sound card.
    """

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND

    def __init__(
        self,
        library: Any,
        *,
        input_device: int | str | None = None,
        output_device: int | str | None = None,
        push_to_talk: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._broken = False
        self._waiting = 0
        self._side: CallSide | None = None
        self._talking = not push_to_talk
        self.lost = self.broken_up = 0
        self._stream = _open(library, (input_device, output_device), self._exchange, self._stopped)
        rate = round(self._stream.samplerate)
        self._speaker = Speaker(rate, lambda: float(self._stream.time))
        self._from_microphone = StreamResampler(rate, INBOUND.sample_rate)
        self._from_speaker = StreamResampler(rate, INBOUND.sample_rate)
        self._latency_s = float(self._stream.latency[1])
        self.timing = replace(TIMING, latency_s=self._latency_s, push_to_talk=push_to_talk)

    # PortAudio's thread

    def _exchange(self, taken: Any, played: Any, frames: int, times: Any, status: Any) -> None:
        at = times.outputBufferDacTime or times.currentTime + self._latency_s
        played[:] = self._speaker.take(frames, at)
        self.broken_up += bool(status)
        if self._waiting >= WAITING_BLOCKS:
            self.lost += 1
            return
        self._waiting += 1
        self._tell_loop(self._heard, bytes(taken), bytes(played))

    def _stopped(self) -> None:
        self._tell_loop(self._break)

    def _tell_loop(self, what: Callable[..., None], *args: bytes) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *args)

    # The event loop

    def _heard(self, taken: bytes, played: bytes) -> None:
        self._waiting -= 1
        near, far = self._from_microphone.push(taken), self._from_speaker.push(played)
        if self._side is not None and self._talking and near:
            self._side.audio(near, far)

    def _break(self) -> None:
        self._broken = not self._over.is_set()
        self._over.set()

    @property
    def is_talking(self) -> bool:
        """Whether the microphone is heard."""
        return self._talking

    def talk(self) -> None:
        """Push-to-talk: the caller talks from now on, and the agent falls silent."""
        if self._side is not None and not self._talking:
            self._talking = True
            self._side.stop()
            self._side.talk()

    def talked(self) -> None:
        """Push-to-talk: the caller has finished."""
        if self._side is not None and self.timing.push_to_talk and self._talking:
            self._talking = False
            self._side.talked()

    def hang_up(self) -> None:
        """The caller has had enough."""
        self._over.set()

    async def run(self, side: CallSide) -> None:
        """Carry the call until `hang_up`. Raises TransportError when a device is gone."""
        self._stream.start()
        try:
            await asyncio.sleep(SETTLE_S)
            side.connected()
            self._side = side
            await self._over.wait()
        finally:
            self._side = None
        if self._broken:
            raise TransportError("the sound card has stopped", remedy="Is it still connected?")

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._speaker.play(pcm)

    def clear(self) -> None:
        self._speaker.clear()

    def pause(self) -> None:
        self._speaker.pause()

    def resume(self) -> None:
        self._speaker.resume()

    def position(self) -> int:
        return self._speaker.position()

    async def close(self) -> None:
        """Let go of the devices. Stopping them may take a moment, so a thread does it."""
        self._over.set()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._stream.abort()
        self._stream.close()


def _open(
    library: Any,
    devices: tuple[int | str | None, int | str | None],
    callback: Callable[..., None],
    finished: Callable[[], None],
) -> Any:
    """A stream in both directions, at the first rate that the devices take."""
    error: Exception | None = None
    for rate in RATES:
        try:
            return library.RawStream(
                samplerate=rate,
                blocksize=rate // BLOCKS_PER_S,
                device=devices,
                channels=1,
                dtype="int16",
                latency=LATENCY_S,
                callback=callback,
                finished_callback=finished,
            )
        except (library.PortAudioError, ValueError) as failure:
            error = failure
    what = "no microphone and loudspeaker that can be used together"
    raise ConfigurationError(f"there is {what}: {error}", remedy=REMEDY)
