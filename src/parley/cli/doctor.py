"""`parley doctor`: what this machine has, what it lacks, and how to get it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from parley.cli.checkup import Finding

READY, NOT_READY = 0, 1
"""Exit codes."""

STYLES = {"ok": "green", "missing": "bold red", "optional": "yellow"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    calls: Annotated[Path, typer.Option(help="Where calls would be kept.")] = Path("calls"),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where the server would be.")] = 8000,
) -> None:
    """Say what this machine has, what it lacks, and how to get it.

    The voice says a sentence to the recogniser: both are measured. Exit code 0 where the
    demo can run, 1 where something that it needs is missing.
    """
    from parley.cli.checkup import examine

    findings = asyncio.run(examine(calls=calls, port=port))
    ready = all(finding.state != "missing" for finding in findings)
    if as_json:
        found = [finding.as_json() for finding in findings]
        print(json.dumps({"ready": ready, "findings": found}, indent=2))
    else:
        _show(findings)
        verdict = "The demo can run: parley serve" if ready else "The demo cannot run yet."
        print(f"\n{verdict}")
    raise typer.Exit(READY if ready else NOT_READY)


def _show(findings: "Sequence[Finding]") -> None:
    """A table whose lines are not cut, so that commands can be copied."""
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(finding.what) for finding in findings) + 2
    for finding in findings:
        line = Text(f"{finding.what:<{width}}")
        line.append(f"{finding.state:<10}", style=STYLES[finding.state])
        console.print(line.append(finding.detail))
        if finding.remedy:
            console.print(Text(" " * (width + 10)).append(finding.remedy, style="bold"))
