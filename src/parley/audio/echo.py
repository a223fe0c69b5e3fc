"""The caller's sound without the agent's: echo cancellation, noise suppression, gain control.

    microphone → bulk delay → linear filter → AEC3, gate → noise, gain

What was played is held back by the echo's delay as a whole (`bulkdelay`). The linear filter
(`adaptive`) takes out most of the echo and nothing of the caller. WebRTC's AEC3 removes what
is left; alone it would suppress a caller who speaks at the same time as well. The gate
silences what may still be echo. Why so: docs/adr/0007.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from parley.audio.adaptive import BLOCK, AdaptiveFilter, Floats
from parley.audio.bulkdelay import LONGEST_BLOCKS, BulkDelay
from parley.audio.farend import FarEnd, MicrophoneClock
from parley.audio.formats import INBOUND
from parley.audio.framing import Framer, samples_of
from parley.errors import MissingExtraError

EXTRA, PACKAGE, MODULE = "echo", "pywebrtc-audio", "pywebrtc_audio"

WARM_UP_BLOCKS = 300
"""Blocks with sound from the loudspeaker (3 s) in which the filters are still learning."""

COLD_BLOCKS = 50
"""The first of them, in which nothing is known yet of the echo's level."""

COLD_MARGIN_DB = 3.0
"""So much louder than the loudspeaker somebody has to be then."""

MARGIN_DB, WARM_UP_MARGIN_DB = 12.0, 6.0
"""What is so far below the echo that was taken out may be what is left of it."""

ECHO_DECAY_DB_PER_S = 60.0
"""How fast an echo dies away at least: a room with a reverberation time of one second."""

SMOOTHING = 1 / 3
HOLD_BLOCKS, HOLD_DB = 6, 6.0
"""How fast the gate follows the level; how long it stays open after a caller was louder than
what the echo explains, and how much softer they may be then."""

WORSE = 1.1
"""A filter that makes the sound so much more powerful knows the room no more."""

SOFTEST_DBFS = -60.0
"""Nobody who speaks is softer."""

ACTIVE_DBFS, SILENT_DBFS = -50.0, -70.0
"""A loudspeaker that is louder than the one is active; a gate closes to the other."""

_FULL_SCALE = 32768.0
_DECAY = 10 ** (-ECHO_DECAY_DB_PER_S / 10 * BLOCK / INBOUND.sample_rate)

Cancelling = Literal["auto", "on", "off"]


@dataclass(frozen=True, slots=True)
class HearingSettings:
    """How the caller's sound is treated before anything hears it."""

    echo: Cancelling = "auto"
    """Whether the agent's own sound is taken out; auto: where the transport does not see to it
    and the extra is installed."""

    suppress_noise: bool = False
    """Whether steady noise is suppressed."""

    control_gain: bool = False
    """Whether a soft caller is made louder."""


def is_installed() -> bool:
    """Whether the extra is there."""
    try:
        _webrtc()
    except MissingExtraError:
        return False
    return True


def _webrtc() -> Any:
    try:
        return import_module(MODULE)
    except ImportError as error:
        raise MissingExtraError(PACKAGE, EXTRA) from error


def check(settings: HearingSettings) -> None:
    """Raise MissingExtraError where something is wanted that is not installed."""
    if settings.echo == "on" or settings.suppress_noise or settings.control_gain:
        _webrtc()


def hearing_for(settings: HearingSettings, *, cancels_echo: bool) -> "Hearing | None":
    """What treats one leg's sound; None where there is nothing to do.

    `cancels_echo`: the transport has a canceller of its own, or no echo.
    """
    echo = settings.echo == "on" or (
        settings.echo == "auto" and not cancels_echo and is_installed()
    )
    if not (echo or settings.suppress_noise or settings.control_gain):
        return None
    return Hearing(
        echo=echo, suppress_noise=settings.suppress_noise, control_gain=settings.control_gain
    )


class Hearing:
    """Treats the sound of one leg. Not for several threads at a time.

    `far` is told what the leg hears; `process` takes what it says.
    """

    def __init__(
        self, *, echo: bool = True, suppress_noise: bool = False, control_gain: bool = False
    ) -> None:
        """Raises MissingExtraError."""
        webrtc, rate = _webrtc(), INBOUND.sample_rate
        self.far = FarEnd() if echo else None
        self._clock = MicrophoneClock()
        self._framer, self._played = Framer(2 * BLOCK), Framer(2 * BLOCK)
        self.canceller = EchoCanceller(webrtc) if echo else None
        self._then: list[Callable[[NDArray[np.int16]], NDArray[np.int16]]] = []
        if suppress_noise:
            self._then.append(webrtc.NoiseSuppressor(rate, 1).process)
        if control_gain:
            self._then.append(webrtc.GainController(rate, 1).process)

    def process(self, now: float, pcm: bytes, played: bytes | None = None) -> bytes:
        """Take `INBOUND` audio that arrives `now`; return whole blocks of 10 ms of it.

        What does not fill a block yet comes with the next audio. `played`: what was given to
        the loudspeaker meanwhile, as long, where the transport says so; it always does or never.
        """
        blocks = self._framer.push(pcm)
        given = None if played is None else self._played.push(played)
        end = self._clock.end(now, INBOUND.seconds_in(pcm))
        if not blocks:
            return b""
        near = samples_of(b"".join(blocks))
        if self.canceller and self.far:
            far = self.far.read(end, len(near)) if given is None else samples_of(b"".join(given))
            near = self.canceller.process(near, far)
        for treat in self._then:
            near = treat(near)
        return near.astype("<i2").tobytes()


class EchoCanceller:
    """Takes the echo out of whole blocks of 10 ms at 16 kHz. `webrtc` is the package."""

    def __init__(self, webrtc: Any) -> None:
        silence = np.zeros(BLOCK, np.int16)
        self._delay = BulkDelay()
        self._given = deque([silence] * (LONGEST_BLOCKS + 2), LONGEST_BLOCKS + 2)
        self._filter = AdaptiveFilter()
        self._aec3 = webrtc.EchoCanceller(INBOUND.sample_rate, 1)
        self._starts = self._filter.starts
        self._gate = EchoGate()
        self._before = self._after = 0.0

    @property
    def delay_blocks(self) -> int:
        """By how much what is played is held back, in blocks of 10 ms."""
        return self._delay.blocks

    @property
    def filter_starts(self) -> int:
        """How often the filter has begun to learn."""
        return self._filter.starts

    def process(self, near: NDArray[np.int16], far: NDArray[np.int16]) -> NDArray[np.int16]:
        """`near` without what came back of `far`, which was played at the same time."""
        return np.concatenate(
            [
                self._block(near[at : at + BLOCK], far[at : at + BLOCK])
                for at in range(0, len(near), BLOCK)
            ]
        )

    def _block(self, near: NDArray[np.int16], far: NDArray[np.int16]) -> NDArray[np.int16]:
        sound = _floats(near)
        far = self._held_back(sound, far)
        played = _floats(far)
        left = self._filter.process(sound, played)
        clean: NDArray[np.int16] = self._aec3.process(_samples(left), np.ascontiguousarray(far))
        if self._is_harmed(sound, left) or self._filter.starts != self._starts:
            self._starts = self._filter.starts
            self._gate.forget()
        quiet, echo = _floats(clean), sound - left
        quiet *= self._gate.gain(_power(played), _power(echo), _power(quiet))
        return _samples(quiet)

    def _is_harmed(self, near: Floats, left: Floats) -> bool:
        """Whether the filter does harm: the echo comes by another way than it has learnt."""
        self._before += 0.2 * (float(near @ near) - self._before)
        self._after += 0.2 * (float(left @ left) - self._after)
        return self._after > WORSE * self._before

    def _held_back(self, sound: Floats, far: NDArray[np.int16]) -> NDArray[np.int16]:
        """What was played when the echo that comes now began."""
        before = self._delay.blocks
        found = self._delay.look(sound, _floats(far))
        self._given.append(far)
        if found is not None:
            self._filter.hold_back(found - before, _floats(self._given[-2 - found]))
        return self._given[-1 - self._delay.blocks]


class EchoGate:
    """Lets through what cannot be echo, block by block. Powers are of 1 at full scale."""

    def __init__(self) -> None:
        self._far = self._echo = self._level = 0.0
        self._active = 0
        self._open = 0

    def forget(self) -> None:
        """The filter begins to learn anew: so does this."""
        self._active = 0

    def gain(self, far: float, echo: float, clean: float) -> float:
        """By how much to multiply a block of power `clean`.

        `far` is the power of what was played, `echo` that of the echo that was taken out.
        """
        self._far = max(far, self._far * _DECAY)
        self._echo = max(echo, self._echo * _DECAY)
        self._level += SMOOTHING * (clean - self._level)
        self._active += far > _power_of(ACTIVE_DBFS)
        if self._far < _power_of(SILENT_DBFS):
            return 1.0
        explained = self._explained()
        self._open = HOLD_BLOCKS if self._level > explained else self._open - 1
        if self._open > 0 and self._level > explained * _power_of(-HOLD_DB):
            return 1.0
        return min(1.0, float(np.sqrt(_power_of(SILENT_DBFS) / max(clean, 1e-12))))

    def _explained(self) -> float:
        """The power that what is left of the echo may have."""
        warming = self._active < WARM_UP_BLOCKS
        left = self._echo * _power_of(-(WARM_UP_MARGIN_DB if warming else MARGIN_DB))
        cold = self._far * _power_of(COLD_MARGIN_DB) if self._active < COLD_BLOCKS else 0.0
        return max(left, cold, _power_of(SOFTEST_DBFS))


def _floats(sound: NDArray[np.int16]) -> Floats:
    return sound.astype(np.float32) / np.float32(_FULL_SCALE)


def _samples(sound: Floats) -> NDArray[np.int16]:
    samples: NDArray[np.int16] = np.clip(np.rint(sound * _FULL_SCALE), -32768, 32767).astype("<i2")
    return samples


def _power(sound: Floats) -> float:
    return float(sound @ sound) / len(sound)


def _power_of(decibels: float) -> float:
    return float(10 ** (decibels / 10))
