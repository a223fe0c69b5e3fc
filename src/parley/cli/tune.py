"""`parley tune`: cut-offs against latency on one's own recordings, and what to set."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.core.listeners import primary
from parley.core.settings import TurnSettings
from parley.errors import ConfigurationError, MissingModelError, ParleyError

if TYPE_CHECKING:
    from parley.sim.collecting import Collected, Listening
    from parley.sim.passages import Passage
    from parley.sim.tuning import Curve, Point, Wish

PICTURE = "curve.svg"
PLAN = "startSpeakingPlan"
NOT_PROPOSED = 1
"""Exit code where a wish cannot be met, or another setting decides."""


def tune(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="RECORDINGS...", help="Recordings, traces, or folders of them."),
    ],
    assistant: Annotated[
        Path | None, typer.Option(help="The assistant that is to be tuned, a YAML or JSON file.")
    ] = None,
    cut_off: Annotated[
        str | None, typer.Option(help="Propose what cuts callers off so rarely, as 5%.")
    ] = None,
    latency: Annotated[
        float | None, typer.Option(help="Propose what ends turns so fast, in seconds on average.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for the curve as a picture.")] = None,
) -> None:
    """Find out how long to wait for callers who pause, from your own recordings.

    What a call's trace tells is taken from it; a recording without one is analysed. Stereo
    recordings have the caller on the left and the agent on the right. Nothing is uploaded.
    """
    wanted = None if cut_off is None else share(cut_off)
    from parley.assistants.files import load_assistant
    from parley.assistants.model import default_assistant
    from parley.providers.stt.embedded import ENGINES, embedded_name
    from parley.runtime.building import settings_for
    from parley.sim import tuning
    from parley.sim.collecting import Listening

    console = Console(highlight=False)
    described = load_assistant(assistant) if assistant else default_assistant()
    name = embedded_name()
    settings = settings_for(described, ENGINES[name].capabilities)
    english = primary(described.transcriber.language) == "en"
    plan = described.start_speaking_plan.smart_endpointing_plan
    listening = Listening(words=name if english else None, sound=plan.provider != "off")
    collected = _collect(console, recordings, listening)
    current_s, patience_s = settings.turns.wait_s, settings.turns.ending.patience_s
    wishes = wanted is not None or latency is not None
    patiences = tuning.PATIENCES_S if wishes or out is not None else ()
    halves = [_passages(collected[n::2]) for n in (0, 1)]
    least_s = settings.turns.ending.shortest_s  # no less would count
    waits = [wait_s for wait_s in tuning.WAITS_S if wait_s >= least_s]
    one, other = (tuning.curves(half, settings, patiences, waits) for half in halves)
    curves = tuning.together(one, other)
    points = next(c for c in curves if c[0].patience_s == patience_s)
    _tell(console, collected, points, english=english)
    console.print(table(points, current_s))
    proposed = None
    if wishes:
        wish = tuning.Wish(wanted, latency, patience_s)
        proposed = _proposal(console, curves, wish, settings.turns)
        if proposed is not None:
            _print_proposal(console, proposed, tuning.tried(wish, one, other))
    if out is not None:
        others = [c for c in curves if c is not points]
        _draw(console, out, points, others, current_s, proposed)
    if wishes and proposed is None:
        raise typer.Exit(NOT_PROPOSED)


def _passages(collected: Sequence["Collected"]) -> list["Passage"]:
    return [passage for each in collected for passage in each.passages]


def share(text: str) -> float:
    """A share written as 5%, 5 % or 0.05. Raises BadParameter for anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    value = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0.0 <= value <= 1.0:
        raise typer.BadParameter(f"{text!r} is no share; write it as 5% or 0.05")
    return value


def _collect(console: Console, paths: Sequence[Path], listening: "Listening") -> list["Collected"]:
    """What is in all files that can be read; what cannot is said."""
    from parley.sim.collecting import collect, sources

    collected, failed = [], 0
    for source in sources(paths):
        try:
            if isinstance(source, ParleyError):
                raise source
            found = collect(source, listening)
        except MissingModelError:
            raise  # so it would be with every recording
        except ParleyError as error:
            failed += 1
            console.print(Text(f"left out: {error}", style="red"))
            continue
        if found.note:
            console.print(Text(f"note: {found.note}", style="yellow"))
        collected.append(found)
    if not collected:
        raise ConfigurationError(
            "none of the recordings can be read" if failed else "there are no recordings",
            remedy="Name recordings of calls, or folders that hold some.",
        )
    return collected


def _tell(
    console: Console, collected: Sequence["Collected"], points: Sequence["Point"], *, english: bool
) -> None:
    """What the curve rests on."""
    passages = sum(len(each.passages) for each in collected)
    traced = [each.happened for each in collected if each.happened is not None]
    console.print(
        f"{len(collected)} calls, {len(traced)} with a trace: callers finished {passages} times"
        f" and paused {points[0].pauses} times before that"
    )
    if traced:
        turns, cut, again = (
            sum(getattr(each, name) for each in traced) for name in ("turns", "cut_off", "reopened")
        )
        console.print(
            f"In the traces {turns} turns were ended, {cut} of them although the caller went on"
            f" within 2 s; {again} were taken up again before anything was heard."
        )
    if not english and len(traced) < len(collected):
        console.print("Words are known from traces only: the embedded recogniser is English.")


def table(points: Sequence["Point"], current_s: float) -> Table:
    """The curve; the current wait is marked."""
    title = f"patienceSeconds {points[0].patience_s:g}"
    drawn = Table(
        *("unsureSeconds", "cut off", "95 % interval", "mean, ms", "median, ms", "95th, ms"),
        box=None,
        title=title,
    )
    for point in points:
        low, high = point.interval
        cells = [
            f"{point.wait_s:g}{' (now)' if point.wait_s == current_s else ''}",
            f"{point.cut_off}/{point.pauses}",
            f"{low:.0%} to {high:.0%}",
            f"{1000 * point.mean_s:.0f}" if point.delays else "–",
            f"{1000 * point.median_s:.0f}" if point.delays else "–",
            f"{1000 * point.p95_s:.0f}" if point.delays else "–",
        ]
        drawn.add_row(*cells, style="bold" if point.wait_s == current_s else "")
    return drawn


def _proposal(
    console: Console, curves: Sequence["Curve"], wish: "Wish", turns: TurnSettings
) -> "Point | None":
    """What to set, if what was asked for can be had."""
    from parley.sim.tuning import LEAST_PAUSES, makes_no_difference

    if (field := _in_place_of_wait(turns)) is not None:
        console.print(f"Nothing is proposed: {PLAN}.{field} decides, and not unsureSeconds.")
        return None
    pauses = curves[0][0].pauses
    if pauses < LEAST_PAUSES:
        console.print(
            f"Nothing is proposed: there are {pauses} pauses, and fewer than {LEAST_PAUSES} say too"
            " little. Record more calls."
        )
        return None
    if makes_no_difference(curves):
        why = f": {PLAN}.customEndpointingRules decide" if turns.ending.rules else ""
        console.print(f"Nothing is proposed: all values that were tried lead to the same{why}.")
        return None
    found = wish.grant(curves)
    if found is None:
        console.print("Nothing that was tried gives that. What is nearest is in the table.")
    return found


def _in_place_of_wait(turns: TurnSettings) -> str | None:
    """The field that says how long the pause is after words, where the wait does not."""
    if turns.ending.curve_s:
        return "smartEndpointingPlan.waitFunction"
    return "transcriptionEndpointingPlan" if turns.ending.on_stop_s is not None else None


def _print_proposal(console: Console, point: "Point", tried: "Point | None") -> None:
    console.print(
        f"Proposed, from {point.pauses} pauses and {len(point.delays)} ends: {_is(point)}."
    )
    if tried is None:
        console.print("Half of the calls alone would not have led to a proposal: record more.\n")
    else:
        console.print(f"Chosen by one half of the calls and tried on the other: {_is(tried)}.\n")
    console.print(
        f"{PLAN}:\n  unsureSeconds: {point.wait_s:g}\n  patienceSeconds: {point.patience_s:g}"
    )


def _is(point: "Point") -> str:
    low, high = point.interval
    return (
        f"cut off {point.rate:.1%} ({low:.0%} to {high:.0%}), turns end after"
        f" {1000 * point.mean_s:.0f} ms on average, {1000 * point.median_s:.0f} (median),"
        f" {1000 * point.p95_s:.0f} (95th)"
    )


def _draw(
    console: Console,
    folder: Path,
    points: "Curve",
    others: Sequence["Curve"],
    current_s: float,
    proposed: "Point | None",
) -> None:
    from parley.cli.curve_picture import svg

    title = f"unsureSeconds, on {points[0].pauses} pauses"
    path = folder / PICTURE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(points, others, current_s, proposed, title), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}",
            remedy="Name a folder that you may write to with --out.",
        ) from error
    console.print(f"The curve is in {path}.")
