"""`parley call`: recordings call an assistant."""

from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from parley.core import actions as act
from parley.core import events as ev
from parley.errors import ParleyError


def call(
    recordings: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RECORDING]...", help="What the caller says, in order."),
    ] = None,
    say: Annotated[
        list[str] | None, typer.Option(help="A text that a synthetic caller then says.")
    ] = None,
    assistant: Annotated[
        Path | None, typer.Option(help="The assistant, a YAML or JSON file.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the call's folder is made.")] = Path("calls"),
    fast: Annotated[
        bool, typer.Option("--fast", help="In virtual time; the latencies are then simulated.")
    ] = False,
) -> None:
    """Play recordings to an assistant as its caller, and keep the call's record.

    The record is a folder: the trace, a stereo recording (caller left, agent right), and
    the latency waterfall of each turn.
    """
    if not recordings and not say:
        raise typer.BadParameter("name a recording, or give the caller a text with --say")
    from parley.assistants.files import load_assistant
    from parley.assistants.model import default_assistant
    from parley.runtime.folder import close_dead_calls
    from parley.runtime.running import run
    from parley.telemetry.tracefiles import TRACE_FILE

    console = Console()
    described = load_assistant(assistant) if assistant else default_assistant()
    for warning in described.warnings:
        console.print(Text(f"note: {warning}", style="yellow"))
    for closed in close_dead_calls(out):
        console.print(Text(closed_note(closed), style="yellow"))
    names = [p.name for p in recordings or ()] + [f"“{text}”" for text in say or ()]
    with LiveTranscript(console) as view:
        record = run(
            described,
            recordings or (),
            say=say or (),
            out=out,
            fast=fast,
            watch=[view],
            on_recording=lambda number: view.recording(names[number]),
        )
    if record.folder is not None:
        _show_waterfall(console, record.folder / TRACE_FILE, simulated=fast)
        ended, took = record.outcome.reason, record.outcome.duration_s
        console.print(Text(f"\nended: {ended} after {took:.1f} s; kept in {record.folder}"))


def closed_note(closed: object) -> str:
    """What to say of a call that `close_dead_calls` came upon."""
    if isinstance(closed, ParleyError):
        return f"note: {closed}"
    summary: dict[str, str] = closed  # type: ignore[assignment]
    return f"note: call {summary['call']} was cut off and is closed now: {summary['reason']}"


def _show_waterfall(console: Console, path: Path, *, simulated: bool) -> None:
    from parley.core.trace import parse
    from parley.telemetry.timeline import render_waterfall
    from parley.telemetry.waterfall import waterfall

    console.print()
    console.print(
        render_waterfall(waterfall(parse(path.read_text(encoding="utf-8")), simulated=simulated))
    )


_ERASE_LINE = Control((ControlType.ERASE_IN_LINE, 2))


class LiveTranscript:
    """Prints what both sides say as it becomes known, without holding up the call."""

    name = "live transcript"

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: SimpleQueue[tuple[Text, bool] | None] = SimpleQueue()
        self._thread = Thread(target=self._print, name="live-transcript", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.put(None)
        self._thread.join()

    def _print(self) -> None:
        passing = False
        while (item := self._lines.get()) is not None:
            line, passes = item
            if passing:
                self._console.control(Control.move_to_column(0), _ERASE_LINE)
            if passes and self._console.is_terminal:
                width = self._console.width - 1
                line = line if len(line) <= width else Text("…").append(line[1 - width :])
                self._console.print(line, end="", no_wrap=True)
            elif not passes:
                self._console.print(line)
            passing = passes and self._console.is_terminal

    def recording(self, name: str) -> None:
        """The next recording begins."""
        self._lines.put((Text(f"        ▶ {name}", style="dim"), False))

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        """Show what matters to a reader."""
        if isinstance(event, ev.Transcript) and not event.final and event.text:
            self._line(now, "caller", f"{event.text} …", "dim", passing=True)
        for action in actions:
            match action:
                case act.TurnCommitted():
                    self._line(now, "caller", action.text, "bold cyan")
                case act.ReplyEnded() if action.heard:
                    mark = " ✂" if action.outcome == "cancelled" else ""
                    self._line(now, "agent", action.heard + mark, "bold green")
                case act.FloorYielded():
                    self._line(now, "agent", f"stops: {action.reason}", "yellow")
                case act.FloorKept():
                    self._line(now, "agent", f"goes on: {action.reason}", "yellow")
                case act.SegmentDropped():
                    self._line(now, "caller", f"dropped: {action.reason}", "yellow")
                case act.EndCall():
                    self._line(now, "call", f"ends: {action.reason}", "bold")

    def _line(self, now: float, who: str, what: str, style: str, *, passing: bool = False) -> None:
        """`passing`: the next line replaces it, and only a terminal shows it."""
        self._lines.put((Text(f"{now:7.2f} {who:>7}  ").append(what, style=style), passing))
