"""Parley on the common work. The defaults as a user gets them; trace and recorder on.

Options are those of the common work's `args`; `--mode` is not used.
"""

import time

T_START = time.monotonic()

import asyncio  # noqa: E402
import shutil  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Awaitable, Callable  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from common import (  # noqa: E402
    SETTINGS,
    SessionLlm,
    SessionStt,
    SessionTts,
    SinkTransport,
    find_work,
)
from parley.runtime.agent import Agent  # noqa: E402
from parley.runtime.responders import ModelResponder  # noqa: E402
from parley.runtime.voice import Speech, Voice  # noqa: E402
from parley.speech.endofturn_shared import shared_end_of_turn  # noqa: E402
from parley.speech.shared import shared_vad  # noqa: E402

T_IMPORT = time.monotonic()

work = find_work()

Wired = tuple[Callable[[bytes], None], Callable[[], Awaitable[None]]]


def agent_for(session: Any, phrases: dict[str, tuple[Speech, ...]]) -> Agent:
    """Parley's defaults with the session's providers."""
    return Agent(
        settings=SETTINGS,
        stt=SessionStt(session),
        vad=shared_vad(),
        voice=Voice(SessionTts(session), phrases=phrases),
        responder=partial(ModelResponder, SessionLlm(session), instructions="You are helpful."),
        end_of_turn=shared_end_of_turn() if SETTINGS.turns.judges else None,
    )


def starter(calls: Path) -> Callable[[Any], Awaitable[Wired]]:
    phrases: dict[str, tuple[Speech, ...]] = {}

    async def start(session: Any) -> Wired:
        agent = agent_for(session, phrases)
        await agent.start()
        session.tts_starts.clear()
        sink = work.PacedSink(session.sink)
        transport = SinkTransport(sink)
        pace = asyncio.create_task(sink.run())
        call = asyncio.create_task(agent.take(transport, calls))
        await transport.ready.wait()

        async def stop() -> None:
            transport.hang_up()
            await call
            pace.cancel()

        return transport.push, stop

    return start


if __name__ == "__main__":
    a = work.args()
    info = {
        "peer": "parley",
        "import_s": T_IMPORT - T_START,
        "start_s": (T_START - a.t0) if a.t0 else None,
        "rss_import_mb": work.rss_mb(),
    }
    calls = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    try:
        r = asyncio.run(work.drive(a, work.load_clips(a.corpus), starter(calls), info))
    finally:
        shutil.rmtree(calls, ignore_errors=True)
    if not a.cold:
        print("parley", a.mode, work.brief(r))
