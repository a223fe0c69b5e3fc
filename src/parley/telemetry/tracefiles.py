"""Traces on disk: read, and checked value by value."""

import math
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from parley.core.trace import Trace, parse
from parley.errors import TraceError

TRACE_FILE = "trace.jsonl"
"""Its name in a call's folder."""


def read_trace(path: Path) -> Trace:
    """The trace in a file, or in a call's folder. Raises TraceError when it cannot be read."""
    try:
        file = path / TRACE_FILE if path.is_dir() else path
        whole, end, rest = file.read_bytes().rpartition(b"\n")
        trace = parse((whole + end).decode() + rest.decode(errors="replace"))
        _check(trace)
    except FileNotFoundError as error:
        remedy = f"Name a trace, or a call's folder that holds a {TRACE_FILE}"
        raise TraceError("there is no such file", remedy=remedy) from error
    except OSError as error:
        raise TraceError(f"the file cannot be read: {error.strerror}") from error
    except IndexError as error:
        raise TraceError("not a trace, or a damaged one: a list in a value's place") from error
    except (ValueError, ArithmeticError) as error:
        raise TraceError(f"not a trace, or a damaged one: {error}") from error
    return trace


def _check(trace: Trace) -> None:
    """Raise ValueError where a value is not of its type; JSON says nothing about types."""
    if not _fits(trace.settings, type(trace.settings)):
        raise ValueError("line 1: the settings have a value of a wrong type")
    for line, step in enumerate(trace.steps, 2):
        values = step.event, *step.actions
        if not math.isfinite(step.now) or not all(_fits(value, type(value)) for value in values):
            raise ValueError(f"line {line}: a value of a wrong type")


def _fits(value: Any, hint: Any) -> bool:
    if is_dataclass(hint):
        hints = get_type_hints(hint).items()
        return type(value) is hint and all(_fits(getattr(value, name), h) for name, h in hints)
    if isinstance(hint, UnionType):
        return any(_fits(value, kind) for kind in get_args(hint))
    if get_origin(hint) is tuple:
        return type(value) is tuple and all(_fits(item, get_args(hint)[0]) for item in value)
    if hint is float:
        return type(value) in (float, int) and math.isfinite(value)
    return type(value) is hint
