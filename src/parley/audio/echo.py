"""The caller's sound without the agent's: echo cancellation, noise suppression, gain control.

    microphone → linear filter → AEC3 → gate → noise suppression → gain control

The linear filter (`adaptive`) takes out most of the echo and nothing of the caller. WebRTC's
AEC3 removes what is left; alone it would suppress a caller who speaks at the same time as
well. The gate silences what may still be echo. Why so: docs/adr/0007.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from parley.audio.adaptive import BLOCK, AdaptiveFilter
from parley.audio.farend import FarEnd, MicrophoneClock
from parley.audio.formats import INBOUND
from parley.audio.framing import Framer, samples_of
from parley.errors import MissingExtraError

EXTRA, PACKAGE, MODULE = "echo", "pywebrtc-audio", "pywebrtc_audio"

WARM_UP_BLOCKS = 300
"""Blocks with sound from the loudspeaker (3 s) in which the filters are still learning."""

COLD_BLOCKS = 50
"""The first of them, in which nothing is known yet of the echo's level."""

MARGIN_DB, WARM_UP_MARGIN_DB = 12.0, 6.0
"""What is so far below the echo that was taken out may be what is left of it."""

ECHO_DECAY_DB_PER_S = 60.0
"""How fast an echo dies away at least: a room with a reverberation time of one second."""

SMOOTHING = 1 / 3
HOLD_BLOCKS, HOLD_DB = 6, 6.0
"""How fast the gate follows the level; how long it stays open after a caller was louder than
what the echo explains, and how much softer they may be then."""

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

    `played` is told what the leg hears; `process` takes what it says. `filtered` and
    `echo_dbfs` are of interest for measurements only.
    """

    def __init__(
        self, *, echo: bool = True, suppress_noise: bool = False, control_gain: bool = False
    ) -> None:
        """Raises MissingExtraError."""
        webrtc, rate = _webrtc(), INBOUND.sample_rate
        self.far = FarEnd() if echo else None
        self._clock = MicrophoneClock()
        self._framer = Framer(2 * BLOCK)
        self._canceller = EchoCanceller(webrtc) if echo else None
        self._then: list[Callable[[NDArray[np.int16]], NDArray[np.int16]]] = []
        if suppress_noise:
            self._then.append(webrtc.NoiseSuppressor(rate, 1).process)
        if control_gain:
            self._then.append(webrtc.GainController(rate, 1).process)

    def process(self, now: float, pcm: bytes) -> bytes:
        """Take `INBOUND` audio that arrives `now`; return whole blocks of 10 ms of it.

        What does not fill a block yet comes with the next audio.
        """
        blocks = self._framer.push(pcm)
        end = self._clock.end(now, INBOUND.seconds_in(pcm))
        if not blocks:
            return b""
        near = samples_of(b"".join(blocks))
        if self._canceller and self.far:
            near = self._canceller.process(near, self.far.read(end, len(near)))
        for treat in self._then:
            near = treat(near)
        return near.astype("<i2").tobytes()


class EchoCanceller:
    """Takes the echo out of whole blocks of 10 ms at 16 kHz. `webrtc` is the package."""

    def __init__(self, webrtc: Any) -> None:
        self._filter = AdaptiveFilter()
        self._aec3 = webrtc.EchoCanceller(INBOUND.sample_rate, 1)
        self._gate = EchoGate()

    def process(self, near: NDArray[np.int16], far: NDArray[np.int16]) -> NDArray[np.int16]:
        """`near` without what came back of `far`, which was played at the same time."""
        return np.concatenate(
            [
                self._block(near[at : at + BLOCK], far[at : at + BLOCK])
                for at in range(0, len(near), BLOCK)
            ]
        )

    def _block(self, near: NDArray[np.int16], far: NDArray[np.int16]) -> NDArray[np.int16]:
        sound, played = near / _FULL_SCALE, far / _FULL_SCALE
        left = self._filter.process(sound, played)
        rest = np.clip(np.rint(left * _FULL_SCALE), -32768, 32767).astype(np.int16)
        clean: NDArray[np.int16] = self._aec3.process(rest, np.ascontiguousarray(far))
        gain = self._gate.gain(_power(played), _power(sound - left), _power(clean / _FULL_SCALE))
        return clean if gain == 1.0 else np.rint(clean * gain).astype(np.int16)


class EchoGate:
    """Lets through what cannot be echo, block by block. Powers are of 1 at full scale."""

    def __init__(self) -> None:
        self._far = self._echo = self._level = 0.0
        self._active = 0
        self._open = 0

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
        cold = self._far if self._active < COLD_BLOCKS else 0.0
        return max(left, cold, _power_of(SOFTEST_DBFS))


def _power(sound: NDArray[np.float64]) -> float:
    return float(sound @ sound) / len(sound)


def _power_of(decibels: float) -> float:
    return float(10 ** (decibels / 10))
