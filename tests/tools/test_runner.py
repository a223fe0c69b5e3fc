"""Calling tools with what a model sent."""

import asyncio
import contextvars
import dataclasses
import threading
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from typing import Any, Literal

import pytest

from parley.assistants import Assistant
from parley.errors import ToolError
from parley.runtime.vtime import VirtualLoop, run_virtual
from parley.tools import runner
from parley.tools.runner import Tool, run, tool

JSON = '{"day": "2026-05-01", "guests": 3}'


def call(function: Callable[..., Any], arguments: str = "{}") -> str:
    return asyncio.run(run(tool(function, name="book", description="Book."), arguments))


def refusal(function: Callable[..., Any], arguments: str = "{}") -> ToolError:
    with pytest.raises(ToolError) as caught:
        call(function, arguments)
    return caught.value


def book(day: date, guests: int = 2, size: Literal["small", "large"] = "small") -> str:
    return f"{day:%d %B} {guests} {size}"


# Making tools


def test_a_tool_from_a_function() -> None:
    def now() -> str:
        """Tell the time."""
        return "noon"

    made = tool(now, timeout_s=3.0)
    assert made.definition.name == "now"
    assert made.call is now
    assert made.timeout_s == 3.0
    assert tool(now).timeout_s == 20.0


def test_a_tool_is_still_a_function() -> None:
    made = tool(book, description="Book.")
    assert made(date(2026, 5, 1), guests=4) == "01 May 4 small"
    assert Assistant(tools=[made]).tools == [made]


def test_decorators() -> None:
    @tool
    def plain() -> str:
        """One."""
        return "1"

    @tool(name="two", description="Two.", timeout_s=2.0)
    def named() -> str:
        return "2"

    assert isinstance(plain, Tool)
    assert plain.definition.description == "One."
    assert (named.definition.name, named.definition.description, named.timeout_s) == (
        "two",
        "Two.",
        2,
    )
    assert asyncio.run(run(named, "")) == "2"


# Calling


def test_arguments_arrive_in_their_types() -> None:
    assert call(book, JSON) == "01 May 3 small"
    assert call(book, '{"day": "2026-05-01", "guests": "4"}') == "01 May 4 small"


@pytest.mark.parametrize("nothing", ["", "{}", "null", " { } "])
def test_no_arguments(nothing: str) -> None:
    assert call(lambda: "done", nothing) == "done"


def test_coroutine_functions_run_in_the_loop() -> None:
    async def wait(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return f"{asyncio.get_running_loop().time():.0f}"

    class Waiter:
        async def __call__(self) -> str:
            return threading.current_thread().name

    waiting = run(tool(wait, description="Wait."), '{"seconds": 3600}')
    assert run_virtual(waiting) == "3600"
    assert call(Waiter()) == threading.current_thread().name


def test_plain_functions_run_in_a_thread_with_the_callers_context() -> None:
    caller = contextvars.ContextVar("caller", default="nobody")

    def who() -> str:
        return f"{caller.get()} in {threading.current_thread().name}"

    async def main() -> str:
        caller.set("Ann")
        return await run(tool(who, description="Who?"), "")

    assert asyncio.run(main()) == "Ann in parley-tool"


def test_a_plain_function_may_return_an_awaitable() -> None:
    async def later() -> str:
        return "later"

    def start() -> Awaitable[str]:
        return later()

    assert call(start) == "later"


def test_virtual_time_waits_for_a_thread() -> None:
    async def main() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.call_soon(lambda: owed.append(loop.owed))
        loop.call_soon(finish.set)
        # A timer is due: without the thread's claim the clock would jump to it.
        loop.call_later(1, finish.set)
        return await run(tool(slow, description="Slow."), ""), loop.time()

    def slow() -> str:
        assert finish.wait(5)
        return "done"

    owed: list[int] = []
    finish = threading.Event()
    assert run_virtual(main()) == ("done", 0)
    assert owed == [1]


@dataclasses.dataclass
class Booking:
    day: date
    table: int


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        ({"free": True, "seats": [1, 2]}, '{"free":true,"seats":[1,2]}'),
        (Booking(date(2026, 5, 1), 7), '{"day":"2026-05-01","table":7}'),
        (None, "null"),
        (3.5, "3.5"),
        ("grüß", "grüß"),
    ],
)
def test_results_become_text(result: object, text: str) -> None:
    assert call(lambda: result) == text


# What a model is told


@pytest.mark.parametrize("garbage", ["{day", "[" * 100_000, '{"day": }'])
def test_arguments_that_are_not_json(garbage: str) -> None:
    error = refusal(book, garbage)
    assert str(error).startswith("book was not called: the arguments are not JSON: ")
    assert error.remedy == "Call it again with one JSON object."


@pytest.mark.parametrize("other", ["[1]", '"text"', "3"])
def test_arguments_that_are_no_object(other: str) -> None:
    assert "no JSON object" in str(refusal(book, other))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    error = refusal(book, '{"guests": "many", "size": "huge", "dya": 1}')
    assert error.what == (
        "book was not called: there is no parameter 'dya'; day: it is required; "
        "guests: Input should be a valid integer, unable to parse string as an integer; "
        "size: Input should be 'small' or 'large'"
    )
    assert error.remedy == "Correct the arguments and call it again."


def test_a_wrong_value_inside_a_structure_is_named_but_not_repeated() -> None:
    error = refusal(lambda_with(list[Booking]), '{"x": [{"day": "secret", "table": 1}]}')
    assert error.what.startswith("book was not called: x.0.day: Input should be a valid date")
    assert "secret" not in str(error)


def lambda_with(kind: Any) -> Callable[..., Any]:
    def function(x: Any) -> None: ...

    function.__annotations__["x"] = kind
    return function


def test_a_failing_tool_is_told_in_one_form_without_its_message() -> None:
    def fail() -> None:
        raise ValueError("password 1234")

    async def fail_async() -> None:
        raise ValueError("password 1234")

    for function in (fail, fail_async):
        error = refusal(function)
        assert str(error) == "book failed: ValueError"
        assert isinstance(error.__cause__, ValueError)


def test_what_a_tool_says_itself_is_passed_on() -> None:
    own = ToolError("No table is free on Monday", remedy="Offer Tuesday.")

    def fail() -> None:
        raise own

    assert refusal(fail) is own


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration()])
def test_not_even_an_exit_or_an_iterators_end_escapes(error: BaseException) -> None:
    def fail() -> None:
        raise error

    assert str(refusal(fail)).startswith("book failed: ")


def test_results_that_are_neither_text_nor_json() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for result, kind in ((threading.Lock(), "lock"), (endless, "list")):
        error = refusal(partial(copy, result))
        assert str(error) == f"book failed: its result, a {kind}, is neither text nor JSON"


def copy(result: Any) -> Any:
    return result


# Cancelling


def test_a_coroutine_function_is_cancelled() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("yes")

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await run(tool(wait, description="Wait."), "")

    run_virtual(main())
    assert ended == ["yes"]


def test_a_hanging_thread_is_left_behind() -> None:
    release, started = threading.Event(), threading.Event()

    def hang() -> str:
        threads.append(threading.current_thread())
        started.set()
        assert release.wait(5)
        return "too late"

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, problem: problems.append(problem)
        )
        running = asyncio.create_task(run(tool(hang, description="Hang."), ""))
        await asyncio.to_thread(started.wait, 5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        release.set()
        await asyncio.to_thread(threads[0].join, 5)
        await asyncio.sleep(0)  # the late result arrives, and nothing happens

    threads: list[threading.Thread] = []
    problems: list[object] = []
    asyncio.run(main())
    assert problems == []
    assert threads[0].daemon  # or it would hold up the end of the process


def test_a_thread_may_outlive_its_loop() -> None:
    release, started = threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def hang() -> None:
        threads.append(threading.current_thread())
        started.set()
        assert release.wait(5)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await run(tool(hang, description="Hang."), "")

    asyncio.run(main())
    release.set()
    assert started.wait(5)
    threads[0].join(5)
    assert not threads[0].is_alive()


def test_too_many_threads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_threads", threading.BoundedSemaphore(1))
    assert call(lambda: "one") == "one"
    assert call(lambda: "two") == "two"
    monkeypatch.setattr(runner, "_threads", threading.Semaphore(0))
    assert str(refusal(lambda: "three")) == "too many tools are running. Call it again later."
