"""Runs tools: checks what a model sent, calls the function, puts the result into words."""

import asyncio
import contextvars
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, overload

from pydantic import ValidationError
from pydantic_core import to_json

from parley.errors import ToolError
from parley.owing import owing
from parley.tools.schema import Parameter, ToolSchema, describe

THREAD_LIMIT = 64
"""How many plain functions may run at the same time in this process."""

_threads = threading.BoundedSemaphore(THREAD_LIMIT)


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call, and still a function.

    `timeout_s` is for the core, which enforces it.
    """

    definition: ToolSchema
    call: Callable[..., Any]
    parameters: Mapping[str, Parameter]
    timeout_s: float = 20.0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.call(*args, **kwargs)


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    function: Callable[..., Any],
    /,
    *,
    name: str | None = ...,
    description: str | None = ...,
    timeout_s: float = ...,
) -> Tool: ...
@overload
def tool(
    *, name: str | None = ..., description: str | None = ..., timeout_s: float = ...
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout_s: float = 20.0,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool of a function; also a decorator, with or without arguments.

    Raises ToolError where no model could call it (`parley.tools.schema.describe`).
    """

    def make(function: Callable[..., Any]) -> Tool:
        definition, parameters = describe(function, name, description)
        return Tool(definition, function, parameters, timeout_s)

    return make if function is None else make(function)


async def run(tool: Tool, arguments_json: str) -> str:
    """Call a tool with the arguments that a model sent, and return what the model is told.

    Coroutine functions run here, all others in a thread of their own, which a
    cancellation leaves behind. Raises ToolError, worded for the model: what is wrong with
    the arguments, what a ToolError of the tool itself says, or in one fixed form that the
    tool failed; that one's cause is chained for the log.
    """
    name = tool.definition.name
    arguments = _arguments(tool, arguments_json)
    try:
        result = await _call(tool.call, arguments)
    except ToolError:
        raise
    except (Exception, SystemExit) as error:
        raise ToolError(f"{name} failed: {type(error).__name__}") from error
    if isinstance(result, str):
        return result
    try:
        return to_json(result).decode()
    except ValueError as error:
        kind = type(result).__name__
        raise ToolError(f"{name} failed: its result, a {kind}, is neither text nor JSON") from error


def _arguments(tool: Tool, arguments_json: str) -> dict[str, Any]:
    name = tool.definition.name
    try:
        given = json.loads(arguments_json or "{}")
    except (ValueError, RecursionError) as error:
        raise ToolError(
            f"{name} was not called: the arguments are not JSON: {error}",
            remedy="Call it again with one JSON object.",
        ) from None
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise ToolError(
            f"{name} was not called: the arguments are no JSON object",
            remedy="Call it again with one JSON object.",
        )
    values, problems = _validated(tool.parameters, given)
    if problems:
        raise ToolError(
            f"{name} was not called: {'; '.join(problems)}",
            remedy="Correct the arguments and call it again.",
        )
    return values


def _validated(
    parameters: Mapping[str, Parameter], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The arguments that fit, and what is wrong with the others."""
    values: dict[str, Any] = {}
    problems = [f"there is no parameter {key!r}" for key in given if key not in parameters]
    for key, parameter in parameters.items():
        if key not in given:
            if parameter.required:
                problems.append(f"{key}: it is required")
            continue
        try:
            values[key] = parameter.adapter.validate_python(given[key])
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            problems += [_problem(key, detail["loc"], detail["msg"]) for detail in details]
    return values, problems


def _problem(key: str, location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, (key, *location)))}: {message}"


async def _call(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    if _is_async(function):
        return await function(**arguments)
    result = await _in_thread(lambda: function(**arguments))
    return await result if isinstance(result, Awaitable) else result


def _is_async(function: Callable[..., Any]) -> bool:
    call = getattr(function, "__call__", None)  # noqa: B004 - of an object with such a method
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


async def _in_thread(work: Callable[[], Any]) -> Any:
    """Run `work` in a daemon thread.

    The loop's own threads are not used: one function that hangs would hold up name
    resolution for all calls, and the end of the process.
    """
    if not _threads.acquire(blocking=False):
        raise ToolError("too many tools are running", remedy="Call it again later.")
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: tuple[Any, BaseException | None]) -> None:
        if not outcome.done():
            outcome.set_result(result)

    def body() -> None:
        result: tuple[Any, BaseException | None]
        try:
            result = context.run(work), None
        except BaseException as error:
            result = None, error
        finally:
            _threads.release()
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=body, name="parley-tool", daemon=True).start()
    with owing():
        value, error = await outcome
    if error is not None:
        raise error
    return value
