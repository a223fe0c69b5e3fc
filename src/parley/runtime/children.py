"""The tasks of one call: they never raise, and their cancellation ends within a bound."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from parley.errors import ProviderError

log = logging.getLogger(__name__)

CANCEL_LIMIT_S = 1.0
"""How long foreign code may take to react to its cancellation before it is left behind."""

_left_behind: set[asyncio.Task[Any]] = set()
"""Tasks that did not react; kept from being collected while they still run."""

OnFailure = Callable[[ProviderError], None]


class Children:
    """Starts tasks in a call's TaskGroup; what goes wrong in one becomes a call of `failed`."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(
        self, name: str, work: Coroutine[Any, Any, None], failed: OnFailure
    ) -> asyncio.Task[None]:
        """Run `work`, which may be foreign code, until it ends or is cancelled."""
        task = self._group.create_task(_guarded(name, work, failed), name=name)
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, work))
        return task

    def _done(self, work: Coroutine[Any, Any, None], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
            work.close()  # it was cancelled before it began

    def cancel_all(self) -> None:
        """Cancel what still runs."""
        for task in self._tasks:
            task.cancel()


def given_up() -> bool:
    """Whether the running task was cancelled, and foreign code has swallowed that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _guarded(name: str, work: Coroutine[Any, Any, None], failed: OnFailure) -> None:
    inner = asyncio.get_running_loop().create_task(work, name=name)
    try:
        await asyncio.wait({inner})
    except asyncio.CancelledError:
        await _abandon(inner)
        raise
    if inner.cancelled():
        return
    error = inner.exception()
    if isinstance(error, ProviderError):
        failed(error)
    elif error is not None:
        log.error("unexpected error in %s", name, exc_info=error)
        failed(ProviderError(name, f"unexpected {type(error).__name__}"))


async def _abandon(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait for it within the limit, however often that is cancelled too."""
    task.cancel()
    loop = asyncio.get_running_loop()
    until = loop.time() + CANCEL_LIMIT_S
    while not task.done() and (left := until - loop.time()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left)
    if task.done():
        if not task.cancelled() and (error := task.exception()):
            log.warning("%s failed while it was cancelled: %r", task.get_name(), type(error))
        return
    log.error("%s does not end although it was cancelled; it is left behind", task.get_name())
    _left_behind.add(task)
    task.add_done_callback(_left_behind.discard)
