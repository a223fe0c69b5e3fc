"""Calls from recordings: what `parley call` and `parley.run` do."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from parley.assistants.model import Assistant
from parley.audio.files import Recording, read_recording
from parley.runtime.agent import CallRecord
from parley.runtime.building import build_agent
from parley.runtime.stages import EventStage, Stages
from parley.runtime.vtime import run_virtual
from parley.transports.loopback import LoopbackTransport, Manners


def run(
    assistant: Assistant,
    recordings: Sequence[str | Path],
    *,
    out: str | Path = "calls",
    fast: bool = False,
    watch: Sequence[EventStage] = (),
    manners: Manners | None = None,
    on_recording: Callable[[int], None] | None = None,
) -> CallRecord:
    """Let recordings call the assistant; return the call's record.

    `fast` runs the call in virtual time: the clock stands still while an engine works,
    so latencies are those of the turn-taking alone and the record is marked simulated.
    Raises AudioError for a recording that cannot be read, ConfigurationError for an
    assistant that cannot be built.
    """
    heard = [read_recording(path) for path in recordings]
    work = _call(assistant, heard, Path(out), fast, watch, manners, on_recording)
    return run_virtual(work) if fast else asyncio.run(work)


async def _call(
    assistant: Assistant,
    recordings: Sequence[Recording],
    out: Path,
    fast: bool,
    watch: Sequence[EventStage],
    manners: Manners | None,
    on_recording: Callable[[int], None] | None,
) -> CallRecord:
    agent = build_agent(assistant, stages=lambda: Stages(events=watch))
    if fast:
        agent = replace(agent, gap_s=None)
    transport = LoopbackTransport([r.pcm for r in recordings], manners, on_recording)
    try:
        await agent.start()
        return await agent.take(transport, out, simulated=fast)
    finally:
        await agent.close()
