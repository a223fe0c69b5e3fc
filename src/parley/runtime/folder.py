"""What is left of a call: its trace, its recording, its waterfall, how it ended.

    CALL/trace.jsonl      every event and action; whole to the last 200 ms after a crash
    CALL/recording.wav    the caller on the left, the agent on the right
    CALL/waterfall.json   where the time went, turn by turn
    CALL/call.json        when, how long, and why it ended; written last

A folder without call.json belongs to a call that runs, or to a process that died.
"""

import asyncio
import fcntl
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from parley.audio.diskwriter import DiskWriter
from parley.audio.recorder import CallRecorder, finalize
from parley.core import trace
from parley.core.actions import Action
from parley.core.events import EndRequested, Event
from parley.core.history import Line
from parley.core.reasons import AT_FAULT, EndReason
from parley.core.settings import Settings
from parley.errors import AudioError, ConfigurationError, ParleyError
from parley.owing import owing
from parley.telemetry.tracefiles import TRACE_FILE
from parley.telemetry.waterfall import waterfall

SUMMARY = "call.json"
WATERFALL = "waterfall.json"
LOCK = "lock"


def new_call_id() -> str:
    """Sorts by time; unique."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class CallFolder:
    """Writes one call's record while it runs. Nothing here waits for the disk."""

    def __init__(
        self,
        parent: Path,
        settings: Settings,
        writer: DiskWriter,
        *,
        call: str = "",
        simulated: bool = False,
    ) -> None:
        self.call = call or new_call_id()
        self.path = parent / self.call
        self.started = datetime.now(UTC).isoformat()
        self.simulated = simulated
        try:
            self.path.mkdir(parents=True)
            self._lock = _locked(self.path)
        except OSError as error:
            raise ConfigurationError(
                f"the call's folder {self.path} cannot be made: {error.strerror}",
                remedy="Name a folder that you may write to with --out.",
            ) from error
        self._trace = writer.open(self.path / TRACE_FILE)
        self._trace.write(trace.header(settings, self.call, self.started).encode())
        self._recorder = CallRecorder(self.path, writer)

    def caller(self, at_s: float, pcm: bytes) -> None:
        self._recorder.caller(at_s, pcm)

    def agent(self, at_s: float, pcm: bytes) -> None:
        self._recorder.agent(at_s, pcm)

    def step(self, now: float, event: Event, actions: Sequence[Action]) -> None:
        self._trace.write(_encoded(trace.line(now, event, actions)))

    async def close(self) -> dict[str, Any]:
        """Finish the record; return the summary. Raises AudioError when the disk failed."""
        futures = [self._trace.close(), *self._recorder.close()]
        try:
            with owing():
                await asyncio.gather(*map(asyncio.wrap_future, futures))
            return await asyncio.to_thread(complete, self.path, simulated=self.simulated)
        except OSError as error:
            raise AudioError(
                f"the record in {self.path} cannot be completed: {error.strerror}",
                remedy="Check the disk's space and the rights of the folder.",
            ) from error
        finally:
            if self._lock is not None:
                self._lock.close()


def complete(folder: Path, *, simulated: bool = False) -> dict[str, Any]:
    """Make what is derived from the trace and the raw tracks. Blocks."""
    recorded = trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8"))
    conversation = trace.fold(recorded)
    finalize(folder)
    timing = waterfall(recorded, simulated=simulated)
    _write(folder / WATERFALL, timing.to_json())
    reason = conversation.state.end_reason or EndReason.INTERNAL_ERROR
    summary = {
        "call": recorded.call,
        "started": recorded.started,
        "duration_s": round(recorded.steps[-1].now if recorded.steps else 0.0, 3),
        "reason": str(reason),
        "at_fault": AT_FAULT[EndReason(reason)],
        "simulated": simulated,
        "transcript": [_line(line) for line in conversation.transcript()],
    }
    _write(folder / SUMMARY, summary)
    (folder / LOCK).unlink(missing_ok=True)
    return summary


def _line(line: Line) -> dict[str, Any]:
    """A line of the transcript; how the caller sounded only where that was asked for."""
    content = asdict(line)
    if line.voice is None:
        del content["voice"]
    return content


def close_dead_calls(parent: Path) -> Iterator[dict[str, Any] | ParleyError]:
    """Close the calls of processes that died; yield each summary, or why it cannot be had."""
    for folder in sorted(p.parent for p in parent.glob(f"*/{TRACE_FILE}")):
        try:
            closed = None if (folder / SUMMARY).exists() else _close_dead_call(folder)
        except (trace.UnreadableTrace, OSError, AudioError) as error:
            yield ParleyError(
                f"the call in {folder} cannot be closed: {error}",
                remedy="Keep it for analysis, or remove the folder.",
            )
        else:
            if closed is not None:
                yield closed


def _close_dead_call(folder: Path) -> dict[str, Any] | None:
    """None where another process has the call in its hands, or had it a moment ago."""
    lock = _locked(folder)
    if lock is None:
        return None
    with lock:
        if (folder / SUMMARY).exists():
            (folder / LOCK).unlink(missing_ok=True)
            return None
        _append_end(folder / TRACE_FILE)
        return complete(folder)


def _append_end(path: Path) -> None:
    """Let the conversation of a dead process end, with the reason."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1].decode(errors="replace")
    recorded = trace.parse(whole)
    conversation = trace.fold(recorded)
    now = recorded.steps[-1].now if recorded.steps else 0.0
    event = EndRequested(EndReason.PROCESS_DIED)
    if not conversation.ended:
        whole += trace.line(now, event, conversation.handle(event, now))
    _replace(path, whole)


def _locked(folder: Path) -> TextIO | None:
    """Hold the folder for this process; the system lets go of it when the process dies."""
    lock = (folder / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _write(path: Path, content: Any) -> None:
    _replace(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _replace(path: Path, text: str) -> None:
    """Write a file at once or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(_encoded(text))
    part.replace(path)


def _encoded(json_text: str) -> bytes:
    """As UTF-8; what has no place in it (half an emoji) as JSON's own escape."""
    return json_text.encode("utf-8", "backslashreplace")
