"""Parley wired to the common work: its scripted providers and its paced sink.

The common work (caller, providers, sink, measures) lies outside this repository; see
`find_work`. Nothing here keeps a time of its own.
"""

import asyncio
import os
import sys
import types
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.timing import Timing
from parley.core.settings import Settings, TurnSettings
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
from parley.transports.base import CallSide

ROOT = Path(__file__).resolve().parent.parent

SETTINGS = Settings(turns=TurnSettings(recognizer_finalizes=False, judges=True))
"""Defaults, but for what the recogniser's capabilities decide. Every stage uses them."""


def find_work() -> types.ModuleType:
    """The module `work` of the common work, from PARLEY_BENCH or ../shared/bench."""
    folder = Path(os.environ.get("PARLEY_BENCH", ROOT.parent / "shared" / "bench"))
    if not (folder / "work.py").exists():
        sys.exit(f"The common work is not in {folder}; name its folder with PARLEY_BENCH.")
    sys.path.append(str(folder))
    return import_module("work")


def find_corpus() -> Path:
    """The recorded speech, from PARLEY_SPEECH or ../shared/speech."""
    folder = Path(os.environ.get("PARLEY_SPEECH", ROOT.parent / "shared" / "speech"))
    if not (folder / "manifest.json").exists():
        sys.exit(f"The recorded speech is not in {folder}; name its folder with PARLEY_SPEECH.")
    return folder


class _Provider:
    name = "scripted"

    def __init__(self, session: Any) -> None:
        self.session = session

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to release."""


class SessionStt(_Provider):
    """Final texts when the script says."""

    capabilities = SttCapabilities()

    async def open(self, options: SttOptions) -> "SessionSttStream":
        return SessionSttStream(self.session)


class SessionSttStream:
    def __init__(self, session: Any) -> None:
        self._session = session

    def push(self, pcm: bytes) -> None:
        """The script does not listen."""

    def finalize(self) -> None:
        """The script sends its final texts by itself."""

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        segment = 0
        while True:
            text, _ = await self._session.stt_finals.get()
            yield SttResult(segment, text, final=True)
            segment += 1

    async def aclose(self) -> None:
        """Nothing to release."""


class SessionLlm(_Provider):
    async def stream(self, request: LlmRequest) -> AsyncIterator[LlmPart]:
        async for token in self.session.llm_tokens():
            yield LlmText(token)


class SessionTts(_Provider):
    capabilities = TtsCapabilities(OUTBOUND)

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        async for pcm in self.session.tts_audio(request.text):
            yield TtsChunk(pcm)


class SinkTransport:
    """The common work's real-time device, and its caller."""

    input: AudioFormat = INBOUND
    output: AudioFormat = OUTBOUND
    timing = Timing(can_pause=True, can_clear=True, acknowledges="exact", lead_s=0.2)

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._given = 0
        self._before = 0
        self._gone = asyncio.Event()
        self.ready = asyncio.Event()
        self._connected = False
        self.side: CallSide | None = None

    async def run(self, side: CallSide) -> None:
        self.side = side
        self.ready.set()
        await self._gone.wait()

    def hang_up(self) -> None:
        self._gone.set()

    def push(self, pcm: bytes) -> None:
        """One frame from the common work's caller; with the first, media flows."""
        assert self.side is not None
        if not self._connected:
            self._connected = True
            self.side.connected()
        self.side.audio(pcm)

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        self._given += OUTBOUND.samples_in(pcm)
        self._sink.write(pcm)
        self._sink.end()

    def clear(self) -> None:
        self._sink.clear()
        self._sink.pause(False)
        self._before = self._given - self._played()

    def pause(self) -> None:
        self._sink.pause(True)

    def resume(self) -> None:
        self._sink.pause(False)

    def position(self) -> int:
        return min(self._given, self._before + self._played())

    async def close(self) -> None:
        """The sink ends with its session."""

    def _played(self) -> int:
        played_s: float = self._sink.played
        return round(played_s * OUTBOUND.sample_rate)
