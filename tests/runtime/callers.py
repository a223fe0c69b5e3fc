"""A caller who follows a script, over a line that keeps what it played."""

import asyncio
from collections.abc import Awaitable, Callable

from voices import read

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.timing import Timing
from parley.transports.base import CallSide

FRAME_S = 0.02
SILENT = bytes(INBOUND.bytes_for(FRAME_S))
VOICED = b"\x00\x10" * (len(SILENT) // 2)

PAUSING = Timing(can_pause=True, can_clear=True, acknowledges="exact")
CLEARING = Timing(can_pause=False, can_clear=True, acknowledges="exact")
MARKING = Timing(can_pause=False, can_clear=True, acknowledges="marks")
DEAF = Timing(can_pause=False, can_clear=True, acknowledges="none")
UNCLEARABLE = Timing(can_pause=False, can_clear=False, acknowledges="exact")


class Loudspeaker:
    """Plays on an exact clock, and keeps what it played: (time, PCM), without seams.

    Nothing is ever played where it is not `driven`.
    """

    def __init__(self, clock: Callable[[], float], *, driven: bool = True) -> None:
        self.played: list[tuple[float, bytearray]] = []
        self.given = 0
        self._clock = clock
        self._driven = driven
        self._waiting = bytearray()
        self._next = 0.0
        self._paused = False

    @property
    def sounding(self) -> bool:
        self.advance()
        return bool(self._waiting) and not self._paused

    @property
    def left_s(self) -> float:
        """Seconds until all has been played."""
        self.advance()
        return OUTBOUND.seconds_in(self._waiting)

    def position(self) -> int:
        self.advance()
        return self.given - len(self._waiting) // 2

    def play(self, pcm: bytes) -> None:
        self.advance()
        if not self._waiting:
            self._next = self._clock()
        self._waiting += pcm
        self.given += len(pcm) // 2

    def pause(self) -> None:
        self.advance()
        self._paused = True

    def resume(self) -> None:
        self.advance()
        if self._paused:
            self._paused = False
            self._next = self._clock()

    def clear(self) -> None:
        self.advance()
        self._waiting.clear()
        self._paused = False

    def advance(self) -> None:
        """Play what is due."""
        if self._paused or not self._waiting or not self._driven:
            return
        due = int((self._clock() - self._next) * OUTBOUND.sample_rate + 1e-3)
        pcm = self._waiting[: 2 * max(0, due)]
        if not pcm:
            return
        del self._waiting[: len(pcm)]
        at, self._next = self._next, self._next + OUTBOUND.seconds_in(pcm)
        if self.played and abs(_end(*self.played[-1]) - at) < 1e-5:
            self.played[-1][1].extend(pcm)
        else:
            self.played.append((at, pcm))


def _end(at: float, pcm: bytearray) -> float:
    return at + OUTBOUND.seconds_in(pcm)


Script = Callable[["ScriptedCaller"], Awaitable[None]]


class ScriptedCaller:
    """A transport whose caller does what `script` says, then hangs up.

    All times are seconds on the call's clock. `spoke` is from when to when they did.
    """

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND

    def __init__(
        self,
        script: Script,
        timing: Timing = PAUSING,
        *,
        drains: bool = True,
        close_s: float = 0.0,
    ) -> None:
        self.timing = timing
        self.closed = 0
        self.spoke: list[tuple[float, float]] = []
        self.speaker = Loudspeaker(self.now, driven=drains)
        self._script = script
        self._drains = drains
        self._close_s = close_s
        self._origin = 0.0
        self._due = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self._side: CallSide | None = None

    # What the caller does

    @property
    def side(self) -> CallSide:
        assert self._side is not None
        return self._side

    def now(self) -> float:
        return self._loop.time() - self._origin

    async def say(self, seconds: float) -> None:
        """Send a voice, frame by frame."""
        began = self._due
        await self._send(VOICED, seconds)
        self.spoke.append((began, self._due))

    async def quiet(self, seconds: float) -> None:
        """Send silence, frame by frame."""
        await self._send(SILENT, seconds)

    async def send(self, pcm: bytes) -> None:
        """Send this audio, frame by frame."""
        size = len(SILENT)
        for start in range(0, len(pcm), size):
            await self._send(pcm[start : start + size], FRAME_S)

    async def gap(self, seconds: float) -> None:
        """No audio at all."""
        self._due += seconds
        await asyncio.sleep(max(0.0, self._due - self.now()))

    async def listen(self, silence_s: float = 0.8, within_s: float = 20.0) -> None:
        """Be quiet until the agent has spoken, and has then been silent for so long."""
        quiet_since: float | None = None

        def answered() -> bool:
            nonlocal quiet_since
            if self.speaker.sounding:
                quiet_since = self.now()
            return quiet_since is not None and self.now() - quiet_since >= silence_s

        await self._send(SILENT, within_s, answered)

    async def until_speaking(self, for_s: float = 0.0, within_s: float = 20.0) -> None:
        """Be quiet until the agent has been speaking for so long."""
        since: float | None = None

        def speaking() -> bool:
            nonlocal since
            since = (since or self.now()) if self.speaker.sounding else None
            return since is not None and self.now() - since >= for_s

        await self._send(SILENT, within_s, speaking)

    async def _send(
        self, frame: bytes, seconds: float, enough: Callable[[], bool] | None = None
    ) -> None:
        """Send frames, each when its last sample is due, for so long or until it is enough."""
        done = self._loop.create_future()
        left = round(seconds / FRAME_S)
        timer: asyncio.TimerHandle | None = None

        def send() -> None:
            nonlocal left, timer
            self.side.audio(frame)
            left -= 1
            if left <= 0 or (enough and enough()):
                done.set_result(None)
            else:
                self._due += FRAME_S
                timer = self._loop.call_at(self._origin + self._due, send)

        self._due += FRAME_S
        timer = self._loop.call_at(self._origin + self._due, send)
        try:
            await done
        finally:
            timer.cancel()

    # What the caller heard

    @property
    def audio(self) -> bytes:
        self.speaker.advance()
        return b"".join(pcm for _, pcm in self.speaker.played)

    @property
    def text(self) -> str:
        """All that they heard."""
        return read(self.audio)

    def silence_after(self, at: float) -> float:
        """Seconds from then until the agent was heard."""
        starts = (max(start, at) for start, pcm in self.speaker.played if _end(start, pcm) > at)
        return min(starts, default=float("inf")) - at

    # The transport

    async def run(self, side: CallSide) -> None:
        self._side = side
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        side.connected()
        await self._script(self)

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self.speaker.play(pcm)
        for mark in marks if self._drains else ():
            self._marks[mark] = self._loop.call_later(self.speaker.left_s, self._mark, mark)

    def _mark(self, mark: str) -> None:
        self._marks.pop(mark).cancel()
        self.side.marked(mark)

    def clear(self) -> None:
        """Marks come back at once, as they do at telephone companies."""
        self.speaker.clear()
        for mark, timer in list(self._marks.items()):
            timer.cancel()
            self._loop.call_soon(self._mark, mark)

    def pause(self) -> None:
        assert self.timing.can_pause
        self.speaker.pause()

    def resume(self) -> None:
        assert self.timing.can_pause
        self.speaker.resume()

    def position(self) -> int:
        assert self.timing.acknowledges == "exact"
        return self.speaker.position()

    async def close(self) -> None:
        self.closed += 1
        self._side = None
        for timer in self._marks.values():
            timer.cancel()
        await asyncio.sleep(self._close_s)
