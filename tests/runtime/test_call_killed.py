"""kill -9 in the middle of a call: what is left of it."""

import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.audio.recorder import RECORDING
from parley.core import events as ev
from parley.core import trace
from parley.runtime.folder import close_dead_calls
from parley.telemetry.tracefiles import TRACE_FILE

SCRIPT = Path(__file__).with_name("doomed_call.py")
WHOLE_TO_S = 0.2
STEPS = 15


@pytest.fixture
def process(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(SCRIPT), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def test_a_killed_call_is_whole_to_the_last_moment(
    process: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert process.stdout is not None
    told: dict[str, list[float]] = {"step": [], "frame": [], "late": [0.0]}

    def hear(line: str) -> None:
        what, value = line.split()
        told[what].append(float(value))

    while len(told["step"]) < STEPS:
        hear(process.stdout.readline())
    assert list(close_dead_calls(tmp_path)) == []  # its process lives

    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    for line in process.stdout:
        if line.endswith("\n"):
            hear(line)
    assert process.wait() == -signal.SIGKILL

    (summary,) = close_dead_calls(tmp_path)
    assert isinstance(summary, dict)
    assert (summary["reason"], summary["at_fault"]) == ("process-died", "platform")
    (folder,) = tmp_path.iterdir()
    lost_from = killed - WHOLE_TO_S - max(told["late"])

    read = trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8"))
    assert read.steps[-1].event == ev.EndRequested("process-died")
    assert list(trace.replay(read)) == []
    assert len(read.steps) - 1 >= sum(at <= lost_from for at in told["step"])

    with wave.open(str(folder / RECORDING)) as wav:
        recorded_s = wav.getnframes() / wav.getframerate()
    sent_s = 0.02 * sum(at <= lost_from for at in told["frame"])
    assert recorded_s >= sent_s - 0.02
