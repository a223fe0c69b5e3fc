"""A real server on a free port, its assistants made of scripted parts."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from parley.core.settings import Settings
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.server.served import Served
from parley.server.serving import Running, running

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from support import SETTINGS, an_agent

T = TypeVar("T")


def served(
    name: str = "demo", *, says: Sequence[str] = (), settings: Settings = SETTINGS, **more: Any
) -> Served:
    """An assistant that understands `says`, turn by turn, and answers "Yes." to each."""
    stt = ScriptedStt(list(says), then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm([], then="Yes."), settings=settings)
    return Served(agent, name, brain_kind="scripted", **more)


def greeting(text: str) -> Settings:
    """How an agent behaves that begins with this."""
    return replace(SETTINGS, greeting=text)


def with_server(
    main: Callable[[Running], Awaitable[T]],
    assistants: Sequence[Served] | None = None,
    **options: Any,
) -> T:
    """Serve while `main` runs; then no task may be left over."""

    async def whole() -> T:
        async with running(assistants or [served()], port=0, **{"key": "", **options}) as server:
            result = await main(server)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"still running: {left}"
        return result

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(whole())
