"""`parley replay`: fold recorded calls through this core, and say where it acts differently."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parley.core.actions import Action
from parley.core.conversation import VERSION, Conversation
from parley.core.trace import Step, Trace
from parley.errors import TraceError
from parley.telemetry.timeline import render_timeline
from parley.telemetry.tracefiles import read_trace

SAME, DIFFERENT, UNREADABLE = 0, 1, 2
"""Exit codes; of several traces the highest counts."""

DIFFERENCES_SHOWN = 10


def replay(
    traces: Annotated[
        list[Path], typer.Argument(metavar="TRACE...", help="Trace files, or folders of calls.")
    ],
    show: Annotated[bool, typer.Option("--show", help="Show what happened, line by line.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on differences to another core version, too.")
    ] = False,
) -> None:
    """Replay recorded calls: the same events must lead to the same actions.

    Exit code 1 where they do not, 2 where a trace cannot be read.
    """
    raise typer.Exit(max(_replay(path, show=show, strict=strict) for path in traces))


def _replay(path: Path, *, show: bool, strict: bool) -> int:
    name = str(path).encode(errors="replace").decode()
    try:
        trace = read_trace(path)
    except TraceError as error:
        typer.echo(f"{name}: {error}", err=True)
        return UNREADABLE
    if show:
        Console(highlight=False).print(render_timeline(trace))
    if trace.truncated:
        print(f"{name}: the last line is cut off; it is left out")
    if trace.version != VERSION:
        print(f"{name}: recorded by core {trace.version!r}, this is core {VERSION!r}")
    differences = list(_differences(trace))
    _report(name, len(trace.steps), differences)
    counts = strict or trace.version == VERSION
    return DIFFERENT if differences and counts else SAME


def _report(name: str, steps: int, differences: list[str]) -> None:
    verdict = f"{len(differences)} differ" if differences else "same actions"
    print(f"{name}: {steps} steps, {verdict}")
    if differences:
        print("  - recorded, + replayed")
    for difference in differences[:DIFFERENCES_SHOWN]:
        print(difference)
    if len(differences) > DIFFERENCES_SHOWN:
        print(f"  and {len(differences) - DIFFERENCES_SHOWN} more")


def _differences(trace: Trace) -> Iterator[str]:
    """As `parley.core.trace.replay`; and a core that breaks down differs, too."""
    conversation = Conversation(trace.settings)
    for line, step in enumerate(trace.steps, 2):
        try:
            replayed = tuple(conversation.handle(step.event, step.now))
        except Exception as error:  # whatever breaks the core is what a replay is to find
            yield _difference(line, step, [f"! the core breaks down: {error!r}"])
            return
        if replayed != step.actions:
            yield _difference(line, step, _compare(step.actions, replayed))


def _difference(line: int, step: Step, changes: Iterable[str]) -> str:
    return "\n    ".join([f"  line {line}, {step.now:.3f} s: {step.event}", *changes])


def _compare(old: Sequence[Action], new: Sequence[Action]) -> Iterator[str]:
    """Both lists in one, in order; each action says where it is: - recorded, + replayed."""
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for kind, start, stop, new_start, new_stop in matcher.get_opcodes():
        if kind == "equal":
            yield from (f"  {action}" for action in old[start:stop])
        else:
            yield from (f"- {action}" for action in old[start:stop])
            yield from (f"+ {action}" for action in new[new_start:new_stop])
