"""The caller's sound without the agent's: echo cancellation, noise suppression, gain control.

    microphone → bulk delay → linear filter → gate → noise, gain
                                           ↘ AEC3 → gate ↗

What was played is held back by the echo's delay as a whole (`bulkdelay`). The linear filter
(`adaptive`) takes out most of the echo and nothing of the caller. A gate lets its output pass
where that is louder than what is left of the echo can be: the caller speaks. Elsewhere WebRTC's
AEC3 removes what is left; it would suppress a caller who speaks at the same time as well. A
second gate silences what may be echo after it. Why so: docs/adr/0007.
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
from parley.audio.echogate import (
    ACTIVE,
    MARGIN_DB,
    SILENT,
    SOFTEST_DBFS,
    VOICE_MARGIN_DB,
    VOICE_SOFTEST_DBFS,
    EchoGate,
)
from parley.audio.farend import FarEnd, MicrophoneClock
from parley.audio.formats import INBOUND
from parley.audio.framing import Framer, samples_of
from parley.audio.standing import Standing
from parley.errors import MissingExtraError

EXTRA, PACKAGE, MODULE = "echo", "pywebrtc-audio", "pywebrtc_audio"

VOICE_HZ = 150, 1800
"""The band of the voice: a clock that runs apart, or a loudspeaker that is overdriven, leaves
most of the echo above it."""

WORSE = 1.1
"""A filter that makes the sound so much more powerful knows the room no more."""

_FULL_SCALE = 32768.0
_SPECTRUM, _PARSEVAL = 2 * BLOCK, BLOCK * BLOCK
_VOICE = slice(*(hertz * _SPECTRUM // INBOUND.sample_rate for hertz in VOICE_HZ))

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
        self._standing = Standing()
        self._over_echo = EchoGate(VOICE_MARGIN_DB, VOICE_SOFTEST_DBFS, doubts=True)
        self._gate = EchoGate(MARGIN_DB, SOFTEST_DBFS)
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
        rest: NDArray[np.int16] = self._aec3.process(_samples(left), np.ascontiguousarray(far))
        if self._is_harmed(sound, left) or self._filter.starts != self._starts:
            self._starts = self._filter.starts
            self._forget()
        if _power(played) > ACTIVE:
            self._standing.look(self._filter.weights)
        return self._chosen(played, sound, left, rest)

    def _chosen(
        self, played: Floats, sound: Floats, left: Floats, rest: NDArray[np.int16]
    ) -> NDArray[np.int16]:
        """What the filter has left where the caller speaks, else what AEC3 has, or silence.

        Nobody is louder than what was taken from the microphone: what is has been made by the
        filter, of what was not played after all.
        """
        far, echo, quiet = _power(played), sound - left, _floats(rest)
        echo_voice, left_voice, taken_voice = _voice_powers(echo, left, sound)
        clean = _power(quiet)
        is_quiet = self._gate.lets(far, _power(echo), min(clean, _power(sound)))
        voice = min(left_voice, taken_voice)
        if self._over_echo.lets(far, echo_voice, voice, believed=self._standing.is_still):
            return _samples(left)
        if is_quiet:
            return rest
        return _samples(quiet * min(1.0, float(np.sqrt(SILENT / max(clean, 1e-12)))))

    def _forget(self) -> None:
        """The filter has begun to learn anew: so do the gates."""
        self._standing.forget()
        self._over_echo.forget()
        self._gate.forget()

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
            self._forget()
        return self._given[-1 - self._delay.blocks]


def _voice_powers(*sounds: Floats) -> list[float]:
    """The power of each block in the band of the voice."""
    spectra = np.fft.rfft(np.stack(sounds), _SPECTRUM, axis=1)[:, _VOICE]
    powers: list[float] = (np.sum(spectra.real**2 + spectra.imag**2, axis=1) / _PARSEVAL).tolist()
    return powers


def _floats(sound: NDArray[np.int16]) -> Floats:
    return sound.astype(np.float32) / np.float32(_FULL_SCALE)


def _samples(sound: Floats) -> NDArray[np.int16]:
    samples: NDArray[np.int16] = np.clip(np.rint(sound * _FULL_SCALE), -32768, 32767).astype("<i2")
    return samples


def _power(sound: Floats) -> float:
    return float(sound @ sound) / len(sound)
