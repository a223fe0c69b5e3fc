"""Providers and callers that follow a script on the running loop's time.

The same script runs in virtual and in real time. Delays are those of the common work.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from common import SETTINGS, find_work
from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.timing import Timing
from parley.core.settings import Settings
from parley.providers.protocols import (
    LlmPart,
    LlmRequest,
    LlmText,
    SttCapabilities,
    SttOptions,
    SttResult,
    TtsCapabilities,
    TtsChunk,
    TtsRequest,
)
from parley.runtime.agent import Agent
from parley.runtime.responders import ModelResponder
from parley.runtime.stages import Stages
from parley.runtime.voice import Speech, Voice
from parley.speech.endofturn_shared import shared_end_of_turn
from parley.speech.shared import shared_vad
from parley.transports.base import CallSide
from parley.transports.loopback import Loudspeaker

work = find_work()

FRAME_S = 0.02
FRAME_BYTES = INBOUND.bytes_for(FRAME_S)

Finals = Sequence[tuple[float, str]]


def now() -> float:
    """The running loop's time, in seconds."""
    return asyncio.get_running_loop().time()


class _Provider:
    name = "scripted"

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to release."""


class ScriptStt(_Provider):
    """A final text 100 ms after each point of the audio at which words end."""

    capabilities = SttCapabilities()

    def __init__(self, finals: Finals) -> None:
        self._finals = finals

    async def open(self, options: SttOptions) -> "ScriptSttStream":
        return ScriptSttStream(self._finals)


class ScriptSttStream:
    def __init__(self, finals: Finals) -> None:
        self._finals = list(finals)
        self._bytes = 0
        self._due: asyncio.Queue[str] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        self._bytes += len(pcm)
        heard_s = self._bytes / INBOUND.bytes_for(1)
        while self._finals and self._finals[0][0] <= heard_s:
            at, text = self._finals.pop(0)
            delay = max(0.0, at + work.STT_DELAY - heard_s)
            asyncio.get_running_loop().call_later(delay, self._due.put_nowait, text)

    def finalize(self) -> None:
        """The script sends its final texts by itself."""

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        segment = 0
        while True:
            yield SttResult(segment, await self._due.get(), final=True)
            segment += 1

    async def aclose(self) -> None:
        """Nothing to release."""


class ScriptLlm(_Provider):
    """The n-th turn gets the n-th reply of the common work."""

    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        began = now()
        turn = sum(m.role == "user" for m in request.messages)
        for number, token in enumerate(work.tokens(work.REPLIES[turn % len(work.REPLIES)])):
            await _until(began + work.TTFT + number / work.TOKENS_PER_S)
            yield LlmText(token)


class ScriptTts(_Provider):
    """A tone of 60 ms for each character."""

    capabilities = TtsCapabilities(OUTBOUND)

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        began, left = now(), round(len(request.text) * work.S_PER_CHAR / work.TTS_CHUNK)
        for number in range(max(1, left)):
            await _until(began + work.TTS_FIRST + number * work.TTS_CHUNK / work.TTS_SPEED)
            yield TtsChunk(_TONE)


_TIMES = np.arange(round(OUTBOUND.sample_rate * work.TTS_CHUNK)) / OUTBOUND.sample_rate
_TONE = (8000 * np.sin(2 * math.pi * 240 * _TIMES)).astype("<i2").tobytes()


async def _until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - now()))


def agent_for(
    finals: Finals,
    phrases: dict[str, tuple[Speech, ...]],
    settings: Settings = SETTINGS,
    stages: Callable[[], Stages] = Stages,
) -> Agent:
    """An agent with Parley's defaults and scripted engines; what listens is real."""
    return Agent(
        settings=settings,
        stt=ScriptStt(finals),
        vad=shared_vad(),
        voice=Voice(ScriptTts(), phrases=phrases),
        responder=partial(ModelResponder, ScriptLlm(), instructions="You are helpful."),
        stages=stages,
        gap_s=None,
        end_of_turn=shared_end_of_turn() if settings.turns.judges else None,
    )


@dataclass(slots=True)
class Sound:
    """The agent was heard from `begin` to `end`, in the caller's seconds."""

    begin: float
    end: float = math.inf


Script = Callable[["Caller"], Awaitable[None]]


class Caller:
    """A transport whose caller follows a script and hears with a perfect loudspeaker.

    `clock` is the caller's time: 0 when their first sample is spoken. `sounds` is when
    the agent was heard; a beginning is exact, an end is seen at the next frame.
    """

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND
    timing = Timing(can_pause=True, can_clear=True, acknowledges="exact", lead_s=0.2)

    def __init__(self, script: Script, room: npt.NDArray[np.int16]) -> None:
        self.sounds: list[Sound] = []
        self._script = script
        self._room = np.resize(room, len(room) + FRAME_BYTES // 2)
        self._frames = 0
        self._origin = 0.0
        self._side: CallSide | None = None
        self._speaker = Loudspeaker(OUTBOUND.sample_rate, now)

    def clock(self) -> float:
        return now() - self._origin

    @property
    def hears(self) -> bool:
        """The agent is being heard."""
        return bool(self.sounds) and self.sounds[-1].end == math.inf

    async def run(self, side: CallSide) -> None:
        self._side, self._origin = side, now()
        side.connected()
        await self._script(self)
        self._note()

    async def say(self, pcm: bytes) -> None:
        """Speak, whatever the agent does."""
        for start in range(0, len(pcm), FRAME_BYTES):
            frame = pcm[start : start + FRAME_BYTES]
            await self._frame(frame + self._tone()[len(frame) :])

    async def wait(self, until: Callable[[], bool], limit_s: float) -> bool:
        """Be silent until something is so; False when it does not come to pass."""
        limit = self.clock() + limit_s
        while not until():
            if self.clock() >= limit:
                return False
            await self._frame(self._tone())
        return True

    async def answer(self, since: float, limit_s: float = 6.0) -> bool:
        """Be silent until the agent is heard after `since`."""
        return await self.wait(
            lambda: self.hears or any(s.begin >= since for s in self.sounds), limit_s
        )

    async def quiet(self, seconds: float, limit_s: float = 20.0) -> bool:
        """Be silent until the agent has been for so long."""

        def rested() -> bool:
            last = self.sounds[-1].end if self.sounds else 0.0
            return not self.hears and self.clock() - last >= seconds

        return await self.wait(rested, limit_s)

    async def _frame(self, pcm: bytes) -> None:
        assert self._side is not None
        self._frames += 1
        await _until(self._origin + self._frames * FRAME_S)
        self._note()
        self._side.audio(pcm)

    def _tone(self) -> bytes:
        start = self._frames * FRAME_BYTES // 2 % (len(self._room) - FRAME_BYTES // 2)
        return self._room[start : start + FRAME_BYTES // 2].tobytes()

    def _note(self) -> None:
        if self._speaker.is_sounding and not self.hears:
            self.sounds.append(Sound(self.clock()))
        elif self.hears and not self._speaker.is_sounding:
            self.sounds[-1].end = self.clock()

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._speaker.play(OUTBOUND.samples_in(pcm))
        self._note()

    def clear(self) -> None:
        self._speaker.clear()
        self._note()

    def pause(self) -> None:
        self._speaker.pause()
        self._note()

    def resume(self) -> None:
        self._speaker.resume()
        self._note()

    def position(self) -> int:
        return self._speaker.position()

    async def close(self) -> None:
        """Nothing to hang up."""
