"""What the tests of engine processes share."""

import asyncio
import os
import select
from pathlib import Path

from parley.errors import ProviderError
from parley.providers.engine_process import ANSWER, PART, REFUSED
from parley.providers.worker import Worker

ECHO_ENGINE = Path(__file__).with_name("echo_engine.py")


class Recorder:
    """A user of a process who keeps what it is told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.errors: list[ProviderError] = []

    def receive(self, kind: int, payload: bytes) -> None:
        name = {PART: "part", ANSWER: "answer", REFUSED: "refused"}[kind]
        self.told.put_nowait((name, payload.decode()))

    def fail(self, error: ProviderError) -> None:
        self.errors.append(error)
        self.told.put_nowait(("failed", str(error)))

    async def ask(self, worker: Worker, kind: int, payload: bytes = b"") -> tuple[str, str]:
        """Send a request and return the next thing that is told."""
        worker.request(kind, payload)
        return await self.told.get()


def is_gone(pid: int) -> bool:
    """Whether there is no such process, not even a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def ends(pid: int, limit_s: float = 10.0) -> bool:
    """Wait until a process that may be somebody else's child has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], limit_s)[0])
    finally:
        os.close(handle)
