"""What the loudspeaker played at the time of each sample that the microphone gave."""

import numpy as np
from numpy.typing import NDArray

from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.framing import samples_of
from parley.audio.resampling import StreamResampler

LEAD_S = 0.02
"""So much earlier than it is played the loudspeaker's sound is set against the microphone's:
clocks are reported late, and an echo cannot be found that comes before its cause."""

TOLERANCE_S = 0.01
"""Clocks that have run apart by more than this, half of the lead, are set right: each time the
filters lose a part of what they have learnt."""

KEPT_S = 0.5
"""How long what was played is kept."""

LONGEST_S = 2.0
"""What is played later than this after the microphone's time is not taken in."""

CLOCK_RATE = 0.002
"""How much slower than nominal the microphone's clock may be taken to run."""

GAP_S = 0.5
"""A microphone that is silent for so long begins anew."""


class MicrophoneClock:
    """When the last sample of a frame was taken, from when the frames arrive.

    Frames are late by what the network or the machine holds them up, never early: the
    earliest sets the clock, which otherwise runs on by samples.
    """

    def __init__(self) -> None:
        self._end: float | None = None

    def end(self, now: float, duration_s: float) -> float:
        """The time at which a frame ended that arrives `now`, in seconds."""
        expected = now if self._end is None else self._end + duration_s
        late = now - expected
        if late < 0 or late > GAP_S:
            self._end = now
        else:
            self._end = expected + min(late, duration_s * CLOCK_RATE)
        return self._end


class FarEnd:
    """The sound that was played, on the call's clock, as the microphone would have taken it."""

    def __init__(self) -> None:
        self._sound = np.zeros(0, np.int16)
        self._base = 0  # the sample of OUTBOUND, from the beginning of the call, that is first
        self._next: int | None = None
        self._half = 0
        self._resampler = StreamResampler(OUTBOUND.sample_rate, INBOUND.sample_rate)
        self._ready = np.zeros(0, np.int16)

    def played(self, at_s: float, pcm: bytes) -> None:
        """`pcm` (`OUTBOUND`) was played from `at_s` seconds of the call on, or will be.

        What is told later about the same time counts.
        """
        start = round(at_s * OUTBOUND.sample_rate)
        sound = samples_of(pcm)
        if start < self._base:
            sound, start = sound[self._base - start :], self._base
        room = self._base + round((KEPT_S + LONGEST_S) * OUTBOUND.sample_rate) - start
        sound = sound[: max(0, room)]
        end = start + len(sound) - self._base
        if len(sound) and end > len(self._sound):
            self._sound = np.concatenate([self._sound, np.zeros(end - len(self._sound), np.int16)])
        self._sound[end - len(sound) : end] = sound

    def forget_from(self, at_s: float) -> None:
        """Nothing that was told of the time from `at_s` on is so."""
        self._sound = self._sound[: max(0, round(at_s * OUTBOUND.sample_rate) - self._base)]

    def read(self, end_s: float, samples: int) -> NDArray[np.int16]:
        """What was played while so many samples of `INBOUND` were taken, up to `end_s`."""
        total = 3 * samples + self._half
        count, self._half = divmod(total, 2)
        start = round((end_s + LEAD_S) * OUTBOUND.sample_rate) - count
        tolerance = TOLERANCE_S * OUTBOUND.sample_rate
        if self._next is None or abs(start - self._next) > tolerance:
            self._next = start
        converted = self._resampler.push(self._cut(self._next, count).tobytes())
        self._next += count
        self._forget(self._next - round(KEPT_S * OUTBOUND.sample_rate))
        ready = np.concatenate([self._ready, samples_of(converted)])
        lacking = np.zeros(max(0, samples - len(ready)), np.int16)
        ready = np.concatenate([lacking, ready])
        self._ready = ready[samples:]
        return ready[:samples]

    def _cut(self, start: int, count: int) -> NDArray[np.int16]:
        """So many samples, with silence where nothing was played."""
        cut = np.zeros(count, np.int16)
        first, last = max(start, self._base), min(start + count, self._base + len(self._sound))
        if first < last:
            cut[first - start : last - start] = self._sound[first - self._base : last - self._base]
        return cut

    def _forget(self, before: int) -> None:
        if before > self._base:
            self._sound = self._sound[before - self._base :]
            self._base = before
