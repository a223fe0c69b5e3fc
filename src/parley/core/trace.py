"""Traces: every fact that a conversation was told, and every action that followed.

A trace is JSON Lines. The first line is the header: the core's version and settings.
Each further line is one step: `now`, the event, the actions. Replay is a fold.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from parley.core import actions as act
from parley.core import events as ev
from parley.core.conversation import VERSION, Conversation
from parley.core.settings import Settings

FORMAT = "parley-trace-1"

_EVENTS: dict[str, type] = {t.__name__: t for t in ev.Event.__args__}
_ACTIONS: dict[str, type] = {t.__name__: t for t in act.Action.__args__}


class UnreadableTrace(ValueError):
    """A line of a trace is not what it must be; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of `Conversation.handle`."""

    now: float
    event: ev.Event
    actions: tuple[act.Action, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole conversation. `truncated`: its last line was cut off by a crash."""

    version: str
    settings: Settings
    call: str
    started: str
    steps: tuple[Step, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """A step at which a replay's actions are not those of the trace. `line` counts from 1."""

    line: int
    now: float
    event: ev.Event
    recorded: tuple[act.Action, ...]
    replayed: tuple[act.Action, ...]


def header(settings: Settings, call: str, started: str) -> str:
    """The first line. `started` is wall-clock time in ISO 8601; replay does not use it."""
    content = {
        "format": FORMAT,
        "core": VERSION,
        "call": call,
        "started": started,
        "settings": _plain(settings),
    }
    return json.dumps(content, ensure_ascii=False) + "\n"


def line(now: float, event: ev.Event, actions: Iterable[act.Action]) -> str:
    """The line of one step."""
    step = {"now": now, "event": _tagged(event), "actions": [_tagged(a) for a in actions]}
    return json.dumps(step, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse(text: str) -> Trace:
    """Read a whole trace. A last line without an end is left out, and said to be."""
    rows = text.split("\n")
    truncated = rows.pop() != ""
    if not rows:
        raise UnreadableTrace("line 1: the header is missing or incomplete")
    head = _object(rows[0], 1)
    if head.get("format") != FORMAT:
        raise UnreadableTrace(f"line 1: not a {FORMAT} header")
    try:
        settings = _build(Settings, head["settings"])
        identity = str(head["core"]), str(head["call"]), str(head["started"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableTrace(f"line 1: the header does not fit: {error}") from error
    steps = tuple(_step(row, number) for number, row in enumerate(rows[1:], 2))
    version, call, started = identity
    return Trace(version, settings, call, started, steps, truncated)


def replay(trace: Trace) -> Iterator[Difference]:
    """Fold the trace's events through this core; yield where the actions differ."""
    conversation = Conversation(trace.settings)
    for number, step in enumerate(trace.steps, 2):
        replayed = tuple(conversation.handle(step.event, step.now))
        if replayed != step.actions:
            yield Difference(number, step.now, step.event, step.actions, replayed)


def fold(trace: Trace) -> Conversation:
    """The conversation as it stood at the end of the trace."""
    conversation = Conversation(trace.settings)
    for step in trace.steps:
        conversation.handle(step.event, step.now)
    return conversation


# Encoding


def _tagged(value: Any) -> dict[str, Any]:
    names = _FIELD_NAMES[type(value)]
    return {"type": type(value).__name__} | {n: getattr(value, n) for n in names}


_FIELD_NAMES: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind)) for kind in (*_EVENTS.values(), *_ACTIONS.values())
}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


# Decoding


def _object(row: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(row)
    except (ValueError, RecursionError) as error:
        raise UnreadableTrace(f"line {number}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableTrace(f"line {number}: not a JSON object")
    return found


def _step(row: str, number: int) -> Step:
    content = _object(row, number)
    try:
        event = _untagged(content["event"], _EVENTS)
        actions = tuple(_untagged(a, _ACTIONS) for a in content["actions"])
        return Step(float(content["now"]), event, actions)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableTrace(f"line {number}: the step does not fit: {error}") from error


def _untagged(content: dict[str, Any], kinds: dict[str, type]) -> Any:
    values = dict(content)
    kind = kinds[values.pop("type")]
    return _build(kind, values)


def _build(kind: type, values: dict[str, Any]) -> Any:
    if not isinstance(values, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    hints = get_type_hints(kind)
    built = {}
    for name, value in values.items():
        hint = hints[name]
        if is_dataclass(hint):
            built[name] = _build(hint, value)  # type: ignore[arg-type]
        elif isinstance(value, list):
            kind_of_items = get_args(hint)[0]
            built[name] = tuple(
                _build(kind_of_items, item) if isinstance(item, dict) else item for item in value
            )
        else:
            built[name] = value
    return kind(**built)
