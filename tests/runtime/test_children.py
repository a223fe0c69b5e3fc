"""What runs for a call's sake never raises, and never outlives it by more than a moment."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from support import heedless, run_cleanly

from parley.errors import ProviderError, ProviderTimeout
from parley.runtime.children import CANCEL_LIMIT_S, Children, given_up
from parley.runtime.closing import closing, to_the_end


def group(scene: Callable[[Children, list[ProviderError]], Coroutine[Any, Any, None]]) -> list[Any]:
    """What was reported as failed in a group of children."""
    failed: list[ProviderError] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            await scene(Children(tasks), failed)

    run_cleanly(main())
    return failed


async def fail(error: BaseException) -> None:
    await asyncio.sleep(0.1)
    raise error


def test_a_provider_that_fails_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    slow = ProviderTimeout("llm", "slow")

    async def scene(children: Children, failed: list[ProviderError]) -> None:
        children.spawn("work", fail(slow), failed.append)
        children.spawn("others", asyncio.sleep(1.0), failed.append)

    assert group(scene) == [slow]
    assert caplog.records == []


def test_a_bug_is_reported_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(children: Children, failed: list[ProviderError]) -> None:
        children.spawn("the work", fail(ZeroDivisionError()), failed.append)

    (error,) = group(scene)
    assert (error.provider, error.category) == ("the work", "internal")
    assert "ZeroDivisionError" in str(error)
    assert "unexpected error in the work" in caplog.text
    assert caplog.records[0].exc_info


def test_one_that_cancels_itself_is_not_reported() -> None:
    async def scene(children: Children, failed: list[ProviderError]) -> None:
        children.spawn("work", fail(asyncio.CancelledError()), failed.append)

    assert group(scene) == []


def test_all_are_cancelled() -> None:
    seen: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(60.0)
        finally:
            seen.append(name)

    async def scene(children: Children, failed: list[ProviderError]) -> None:
        for name in "ab":
            children.spawn(name, work(name), failed.append)
        await asyncio.sleep(0.1)
        children.spawn("c", work("c"), failed.append)
        children.cancel_all()  # before c has begun

    assert group(scene) == []
    assert sorted(seen) == ["a", "b"]


def test_one_that_fails_while_it_is_cancelled_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        try:
            await asyncio.sleep(60.0)
        finally:
            raise ZeroDivisionError

    async def scene(children: Children, failed: list[ProviderError]) -> None:
        children.spawn("the work", work(), failed.append)
        await asyncio.sleep(0.1)
        children.cancel_all()

    assert group(scene) == []
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "the work failed while it was cancelled" in caplog.text


@pytest.mark.parametrize("times", [1, 2, 5])
def test_one_that_does_not_care_is_left_behind(
    times: int, caplog: pytest.LogCaptureFixture
) -> None:
    """After the limit, and not a moment later for being cancelled again and again."""
    took: list[float] = []

    async def scene(children: Children, failed: list[ProviderError]) -> None:
        loop = asyncio.get_running_loop()
        task = children.spawn("the work", heedless(10.0), failed.append)
        await asyncio.sleep(0.1)
        began = loop.time()
        for n in range(times):
            loop.call_later(n * 0.15, task.cancel)
        await asyncio.wait({task})
        took.append(loop.time() - began)
        await asyncio.sleep(20.0)

    assert group(scene) == []
    assert took[0] == pytest.approx(CANCEL_LIMIT_S, abs=0.01)
    assert [r.levelno for r in caplog.records] == [logging.ERROR]
    assert "the work does not end although it was cancelled; it is left behind" in caplog.text


def test_whoever_swallows_a_cancellation_can_be_noticed() -> None:
    noticed: list[bool] = []

    async def work() -> None:
        noticed.append(given_up())
        await heedless(0.5)
        noticed.append(given_up())

    async def scene(children: Children, failed: list[ProviderError]) -> None:
        children.spawn("work", work(), failed.append)
        await asyncio.sleep(0.1)
        children.cancel_all()

    group(scene)
    assert noticed == [False, True]


# Closing


class Iterator:
    """An asynchronous iterator that is no generator."""

    def __init__(self) -> None:
        self.closed = 0

    def __aiter__(self) -> "Iterator":
        return self

    async def __anext__(self) -> int:
        return 1

    async def aclose(self) -> None:
        self.closed += 1


def test_an_iterator_is_closed_in_any_case() -> None:
    iterator = Iterator()

    async def breaks_off() -> None:
        async with closing(iterator) as parts:
            async for _ in parts:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_cleanly(breaks_off())
    assert iterator.closed == 1


def test_an_iterator_that_cannot_be_closed_is_left_as_it_is() -> None:
    async def main() -> list[int]:
        async with closing(aiter(Plain())) as parts:
            return [part async for part in parts]

    assert run_cleanly(main()) == []


class Plain:
    """One that cannot be closed."""

    def __aiter__(self) -> "Plain":
        return self

    async def __anext__(self) -> int:
        raise StopAsyncIteration


@pytest.mark.parametrize("cancellations", [0, 1, 3])
def test_work_is_done_to_the_end(cancellations: int) -> None:
    done: list[float] = []

    async def work() -> str:
        await asyncio.sleep(1.0)
        done.append(asyncio.get_running_loop().time())
        return "done"

    async def main() -> object:
        task = asyncio.ensure_future(to_the_end(work()))
        for n in range(cancellations):
            asyncio.get_running_loop().call_later(0.1 + n * 0.2, task.cancel)
        await asyncio.wait({task})
        return "cancelled" if task.cancelled() else task.result()

    assert run_cleanly(main()) == ("cancelled" if cancellations else "done")
    assert done == [1.0]


def test_work_that_fails_tells_so_even_where_it_was_cancelled() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(to_the_end(fail(ZeroDivisionError())))
        asyncio.get_running_loop().call_later(0.05, task.cancel)
        with pytest.raises(ZeroDivisionError):
            await task

    run_cleanly(main())
