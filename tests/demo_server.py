"""The demo as a user starts it: `parley serve` in a process of its own."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

NOW = "2026-11-30T08:00"
"""A Monday, on the clinic's clock."""

START_S = 30.0
STOP_S = 20.0

READY = re.compile(r"Call it at http://localhost:(\d+)")


def environment(folder: Path) -> dict[str, str]:
    """A calendar of its own, at a time that is known, and no model."""
    return {
        "PARLEY_DEMO_DB": str(folder / "clinic.db"),
        "PARLEY_DEMO_NOW": NOW,
        "PARLEY_MODEL": "none",
    }


@asynccontextmanager
async def demo_server(folder: Path) -> AsyncIterator[str]:
    """Serve the demo on a free port; its URL. `folder` gets its calendar and its calls."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from parley.cli.main import run; run()"),
        *("serve", "--port", "0", "--calls", str(folder / "calls")),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | environment(folder),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            said = ""
            while not (found := READY.search(said)):
                line = await process.stdout.readline()
                assert line, f"the server ended: {said}"
                said += line.decode()
        yield f"http://127.0.0.1:{found[1]}/"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
