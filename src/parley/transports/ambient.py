"""A transport with a quiet background: mixed in behind the playout, which does not know of it.

What was heard of the agent is counted without the background, and so are pauses, clears and
marks. The recording of a call does not hold it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from parley.audio.ambience import FADE_S, Background, Bed
from parley.audio.formats import OUTBOUND
from parley.audio.mixing import mixed
from parley.audio.timing import Timing
from parley.core import actions as act
from parley.core import events as ev
from parley.transports.base import CallSide, Transport

TICK_S = 0.02
"""How often it is looked whether the line runs empty."""

AHEAD_S = 0.04
"""How much background is sent ahead: the agent's first word comes so much later at most."""


class AmbientTransport:
    """Another transport, with a background. It is an event stage, too, and must watch the call."""

    name = "background"

    def __init__(self, inner: Transport, background: Background) -> None:
        self.input = inner.input
        self.output = inner.output
        # where what is heard is estimated, the background ahead of it counts
        self.timing: Timing = replace(inner.timing, latency_s=inner.timing.latency_s + AHEAD_S / 2)
        self._inner = inner
        self._bed = Bed(background)
        self._working_only = background.working_only
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._pieces: deque[tuple[bool, int]] = deque()
        self._passed = self._voice_passed = 0
        self._full_until = 0.0
        self._paused_at: float | None = None
        self._running: set[str] = set()
        self._over = False

    async def run(self, side: CallSide) -> None:
        gone = True
        try:
            await self._inner.run(side)
        except asyncio.CancelledError:
            gone = False  # it is being hung up, after the background has faded out
            raise
        finally:
            if gone:
                self._stop()

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        """The background begins with the call, or comes and goes with the tools."""
        if isinstance(event, ev.Connected):
            self._bed.wanted = not self._working_only
        for action in actions:
            if isinstance(action, act.RunTool):
                self._running.add(action.call)
            elif isinstance(action, act.ToolEnded):
                self._running.discard(action.call)
        if self._working_only:
            self._bed.wanted = bool(self._running)
        if self._timer is None and not self._bed.silent and not self._over:
            self._tick()

    # The playout's side

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        samples = OUTBOUND.samples_in(pcm)
        if not self._bed.silent:
            pcm = mixed(pcm, self._bed.next(samples))
        self._send(pcm, marks, voice=True)

    def clear(self) -> None:
        self._inner.clear()
        self._full_until = self._loop.time()
        self._paused_at = None

    def pause(self) -> None:
        """All falls silent: what was sent with the background cannot be told from it."""
        self._inner.pause()
        self._paused_at = self._loop.time()

    def resume(self) -> None:
        self._inner.resume()
        if self._paused_at is not None:
            self._full_until += self._loop.time() - self._paused_at
            self._paused_at = None

    def position(self) -> int:
        """Samples of the agent that have passed."""
        left = self._inner.position() - self._passed
        self._passed += max(left, 0)
        while left > 0 and self._pieces:
            voice, samples = self._pieces.popleft()
            passed = min(samples, left)
            self._voice_passed += passed * voice
            left -= passed
            if passed < samples:
                self._pieces.appendleft((voice, samples - passed))
        return self._voice_passed

    async def close(self) -> None:
        """Fade out, then hang up."""
        if self._timer is not None:
            self._bed.wanted = False
            await asyncio.sleep(FADE_S + TICK_S)
        self._stop()
        await self._inner.close()

    # The background alone

    def _tick(self) -> None:
        """Look whether the line runs empty, for as long as there is something to be heard."""
        self._timer = None
        if self._bed.silent:
            return
        now = self._loop.time()
        ahead = max(self._full_until - now, 0.0)
        if self._paused_at is None and ahead < AHEAD_S:
            samples = round((AHEAD_S - ahead) * OUTBOUND.sample_rate)
            nothing = bytes(samples * OUTBOUND.sample_bytes)
            self._send(mixed(nothing, self._bed.next(samples)), (), voice=False)
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _send(self, pcm: bytes, marks: tuple[str, ...], *, voice: bool) -> None:
        samples = OUTBOUND.samples_in(pcm)
        if self.timing.acknowledges == "exact":
            self._pieces.append((voice, samples))
        now = self._loop.time()
        self._full_until = max(self._full_until, now) + samples / OUTBOUND.sample_rate
        self._inner.play(pcm, marks)

    def _stop(self) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
