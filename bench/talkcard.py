"""`parley talk` on a virtual sound card: its agent must not interrupt itself, and hear a person.

    python bench/talkcard.py [--person ../shared/speech/commands/x.wav] [--alone 30] [--out DIR]

Wants pulseaudio, pulseaudio-utils, libportaudio2 and libasound2-plugins. A server of its own
is started with a null sink, whose monitor is the microphone: the agent's sound comes back
undamped. After `--alone` seconds in which nobody speaks a recording is played into the sink.
In real time; exits with 1 where the agent yielded the floor before, or made no turn after.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from echo import assistant
from parley.audio import echo
from parley.core import actions as act
from parley.core import events as ev
from parley.runtime.building import build_agent
from parley.transports.device import DeviceTransport, sound_library

SETTLE_S, START_S, ANSWER_S = 1.5, 15.0, 6.0
"""How long the server takes to start, the agent to speak, and the person's turn to end."""


@contextmanager
def card() -> Iterator[None]:
    """A sound card that hears what it plays, for this process and its children."""
    folder = Path(tempfile.mkdtemp())
    socket = folder / "native"
    modules = (
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        "module-null-sink sink_name=room rate=48000 channels=1",
    )
    home = {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        + [part for module in modules for part in ("-L", module)],
        env={**os.environ, **home},
        stderr=subprocess.DEVNULL,
    )
    os.environ["PULSE_SERVER"] = f"unix:{socket}"
    try:
        time.sleep(SETTLE_S)
        yield
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Watch:
    """What the core did, and when, in seconds of the call."""

    name = "watch"
    paused: list[float] = field(default_factory=list)
    yielded: list[float] = field(default_factory=list)
    turns: list[tuple[float, str]] = field(default_factory=list)
    started_at: float = 0.0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        if isinstance(event, ev.PlayoutStarted) and not self.started.is_set():
            self.started_at = now
            self.started.set()
        for action in actions:
            match action:
                case act.PausePlayout():
                    self.paused.append(now)
                case act.FloorYielded():
                    self.yielded.append(now)
                case act.TurnCommitted():
                    self.turns.append((now, action.text))


class Timed(echo.Hearing):
    """Measures the CPU time of each block, and keeps which delay was found."""

    cpu_ms: list[float]
    made: "Timed"

    def __init__(self, **settings: bool) -> None:
        super().__init__(**settings)
        self.cpu_ms = []
        Timed.made = self

    def process(self, now: float, pcm: bytes, played: bytes | None = None) -> bytes:
        began = time.thread_time()
        left = super().process(now, pcm, played)
        self.cpu_ms.append(1000 * (time.thread_time() - began))
        return left


async def call(person: Path, alone_s: float, out: Path) -> tuple[Watch, float, DeviceTransport]:
    agent, watch, spoke_at = build_agent(assistant()), Watch(), 0.0
    try:
        await agent.start()
        transport = DeviceTransport(sound_library())
        talking = asyncio.create_task(agent.take(transport, out, watch=[watch]))
        async with asyncio.timeout(START_S):
            await watch.started.wait()
        began = time.monotonic() - watch.started_at
        await asyncio.sleep(alone_s)
        spoke_at = time.monotonic() - began
        player = await asyncio.create_subprocess_exec("paplay", str(person))
        await player.wait()
        await asyncio.sleep(ANSWER_S)
        transport.hang_up()
        await talking
    finally:
        await agent.close()
    return watch, spoke_at, transport


def report(watch: Watch, spoke_at: float, transport: DeviceTransport) -> dict[str, Any]:
    timed, canceller = Timed.made, Timed.made.canceller
    cpu = sorted(timed.cpu_ms)
    return {
        "agent_started_s": watch.started_at,
        "person_at_s": spoke_at,
        "pauses_before": [it for it in watch.paused if it < spoke_at],
        "yields_before": [it for it in watch.yielded if it < spoke_at],
        "turns_before": [it for it in watch.turns if it[0] < spoke_at],
        "pause_after_s": [it - spoke_at for it in watch.paused if it >= spoke_at],
        "yield_after_s": [it - spoke_at for it in watch.yielded if it >= spoke_at],
        "turns_after": [it for it in watch.turns if it[0] >= spoke_at],
        "delay_ms": canceller and 10 * canceller.delay_blocks,
        "filter_starts": canceller and canceller.filter_starts,
        "blocks_lost": transport.lost,
        "broken_up": transport.broken_up,
        "cpu_ms_a_block": {
            "p50": median(cpu), "p95": cpu[len(cpu) * 95 // 100], "most": cpu[-1]
        },
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--person", type=Path, required=True, help="a recording, WAV")
    parser.add_argument("--alone", type=float, default=30.0, help="seconds without the person")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "talkcard")
    options = parser.parse_args()
    echo.Hearing = Timed  # type: ignore[misc]
    with card():
        found = report(*asyncio.run(call(options.person, options.alone, options.out)))
    print(json.dumps(found, indent=1))
    sys.exit(0 if not found["yields_before"] and found["turns_after"] else 1)


if __name__ == "__main__":
    main()
