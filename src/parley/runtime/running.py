"""Calls from recordings: what `parley call` and `parley.run` do."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from parley.assistants.model import Assistant
from parley.audio.files import read_recording
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.resampling import resample
from parley.providers import registry
from parley.runtime.agent import CallRecord
from parley.runtime.building import build_agent
from parley.runtime.stages import EventStage, Stages
from parley.runtime.voice import Voice
from parley.runtime.vtime import run_virtual
from parley.transports.loopback import LoopbackTransport, Manners

log = logging.getLogger(__name__)

CALLERS_VOICE = "en-us"


def run(
    assistant: Assistant,
    recordings: Sequence[str | Path],
    *,
    say: Sequence[str] = (),
    out: str | Path = "calls",
    fast: bool = False,
    watch: Sequence[EventStage] = (),
    manners: Manners | None = None,
    on_recording: Callable[[int], None] | None = None,
) -> CallRecord:
    """Let recordings call the assistant; return the call's record.

    After the recordings, a synthetic caller says the texts of `say`.
    `fast` runs the call in virtual time: the clock stands still while an engine works,
    so latencies are those of the turn-taking alone and the record is marked simulated.
    Raises AudioError for a recording that cannot be read, ConfigurationError for an
    assistant that cannot be built.
    """
    heard = [read_recording(path) for path in recordings]
    for warning in [warning for recording in heard for warning in recording.warnings]:
        log.warning("%s", warning)
    agent = build_agent(assistant, stages=lambda: Stages(events=watch))

    async def call() -> CallRecord:
        caller = [r.pcm for r in heard] + [await _synthetic(text) for text in say]
        transport = LoopbackTransport(caller, manners, on_recording)
        try:
            await agent.start()
            return await agent.take(transport, Path(out), simulated=fast)
        finally:
            await agent.close()

    return run_virtual(call()) if fast else asyncio.run(call())


async def _synthetic(text: str) -> bytes:
    """A caller's words in a voice of their own, as `INBOUND`."""
    voice = Voice(registry.create("tts", "espeak"), voice=CALLERS_VOICE)
    try:
        spoken = b"".join([speech.pcm async for speech in voice.speak(text)])
    finally:
        await voice.tts.aclose()
    return resample(spoken, OUTBOUND.sample_rate, INBOUND.sample_rate)
