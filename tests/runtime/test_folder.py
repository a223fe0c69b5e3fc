"""What is left of a call can be trusted: it is aligned, adds up, and survives accidents."""

import asyncio
import json
import os
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from callers import ScriptedCaller
from support import SETTINGS, an_agent, run_cleanly
from voices import letters

from parley.audio.diskwriter import DiskWriter
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.recorder import AGENT_TRACK, CALLER_TRACK, RECORDING
from parley.core import actions as act
from parley.core import events as ev
from parley.core import trace
from parley.core.conversation import Conversation
from parley.core.events import CALLER
from parley.core.reasons import EndReason
from parley.errors import AudioError, ConfigurationError, ParleyError
from parley.providers.scripted import Answer, CallTool, ScriptedLlm, ScriptedStt
from parley.runtime.agent import Agent, CallRecord
from parley.runtime.folder import LOCK, SUMMARY, WATERFALL, CallFolder, close_dead_calls
from parley.telemetry.tracefiles import TRACE_FILE

RATE = OUTBOUND.sample_rate
MS = RATE // 1000


@pytest.fixture
def writer() -> Iterator[DiskWriter]:
    found = DiskWriter()
    yield found
    found.close()


def steps_of(folder: Path) -> list[trace.Step]:
    return list(trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8")).steps)


def stereo(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The caller's and the agent's samples."""
    with wave.open(str(folder / RECORDING)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (RATE, 2, 2)
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def recorded(agent: Agent, caller: ScriptedCaller, calls: Path) -> tuple[CallRecord, Path]:
    async def main() -> CallRecord:
        return await agent.take(caller, calls, simulated=True)

    record = run_cleanly(main())
    assert record.folder is not None
    return record, record.folder


def talkative() -> Agent:
    async def look_up(what: str) -> str:
        """Look something up."""
        await asyncio.sleep(0.4)
        return what

    steps = [
        Answer("I am fine, thank you. How are you?", first_token_s=0.2, tokens_per_s=30),
        CallTool("look_up", '{"what": "x"}', first_token_s=0.7),
        Answer("Here it is.", first_token_s=0.3),
    ]
    stt = ScriptedStt(["how are you", "look it up"], then="")
    return an_agent(stt=stt, llm=ScriptedLlm(steps), tools=[look_up])


async def two_questions(caller: ScriptedCaller) -> None:
    await caller.listen()
    for _ in range(2):
        await caller.say(1.0)
        await caller.listen()


# The recording


CLICK_AT = (0.61, 1.5037, 4.2501)
"""When the caller clicks, in seconds of what they send."""


def clicks(seconds: float) -> bytes:
    samples = np.zeros(round(seconds * INBOUND.sample_rate), "<i2")
    for at in [at for at in CLICK_AT if at < seconds]:
        samples[round(at * INBOUND.sample_rate)] = 30_000
    return samples.tobytes()


def test_both_sides_are_where_they_were_heard(tmp_path: Path) -> None:
    """An impulse of the caller and the first sample of the agent, to the millisecond."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.send(clicks(5.0))
        await caller.listen()

    stt = ScriptedStt(["click"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm(["Tick."], then="Tock."))
    _, folder = recorded(agent, ScriptedCaller(script), tmp_path)
    left, right = stereo(folder)
    loud = np.flatnonzero(np.abs(left) > 10_000) / RATE
    for at in CLICK_AT:
        assert np.abs(loud - at).min() <= 0.001
    steps = steps_of(folder)
    started = [s.event for s in steps if isinstance(s.event, ev.PlayoutStarted)]
    spoken = [a for s in steps for a in s.actions if isinstance(a, act.Synthesize)]
    texts = {it.reply: it.text for it in spoken if it.span == 0}
    assert len(started) >= 2
    for event in started:
        begin, said = round(event.at * RATE), np.frombuffer(letters(texts[event.reply]), "<i2")
        found = right[begin : begin + len(said)]
        assert not np.any(right[max(0, begin - 10 * MS) : max(0, begin - MS)])
        assert np.count_nonzero(found[MS:-MS] != said[MS:-MS]) <= 2 * MS * len(texts[event.reply])


def test_a_gap_in_the_media_is_a_gap_in_the_recording(tmp_path: Path) -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.gap(2.0)
        await caller.send(clicks(1.0))

    agent = an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]))
    _, folder = recorded(agent, ScriptedCaller(script), tmp_path)
    left, _ = stereo(folder)
    assert np.flatnonzero(np.abs(left) > 10_000)[0] / RATE == pytest.approx(3.61, abs=0.001)


def test_late_frames_leave_no_holes(tmp_path: Path) -> None:
    """A network that delivers in bursts: audio is placed by its samples."""

    async def script(caller: ScriptedCaller) -> None:
        audio = clicks(2.0)
        for start in range(0, len(audio), 4 * 640):
            await asyncio.sleep(0.08)
            for n in range(start, min(start + 4 * 640, len(audio)), 640):
                caller.side.audio(audio[n : n + 640])

    agent = an_agent(stt=ScriptedStt([], then=""), llm=ScriptedLlm([]))
    _, folder = recorded(agent, ScriptedCaller(script), tmp_path)
    left, _ = stereo(folder)
    loud = np.flatnonzero(np.abs(left) > 10_000) / RATE
    for at in CLICK_AT[:2]:
        assert np.abs(loud - at).min() <= 0.001


# The summary


def test_the_summary_tells_how_it_ended(tmp_path: Path) -> None:
    record, folder = recorded(talkative(), ScriptedCaller(two_questions), tmp_path)
    assert sorted(p.name for p in folder.iterdir()) == [SUMMARY, RECORDING, TRACE_FILE, WATERFALL]
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    assert summary == json.loads(json.dumps(record.summary))
    assert summary["call"] == folder.name
    assert summary["reason"] == record.outcome.reason == "caller-hung-up"
    assert summary["at_fault"] == "nobody"
    assert summary["simulated"] is True
    assert summary["duration_s"] == pytest.approx(record.outcome.duration_s, abs=0.001)
    said = [(line["who"], line["text"]) for line in summary["transcript"]]
    assert said == [(line.who, line.text) for line in record.outcome.transcript]
    assert said[-1] == ("agent", "Here it is.")


def test_the_parts_of_the_waterfall_add_up(tmp_path: Path) -> None:
    _, folder = recorded(talkative(), ScriptedCaller(two_questions), tmp_path)
    timing = json.loads((folder / WATERFALL).read_text(encoding="utf-8"))
    assert timing["complete"]
    assert timing["simulated"]
    assert [turn["outcome"] for turn in timing["turns"]] == ["answered", "answered"]
    for turn in timing["turns"]:
        parts = [value for value in turn["parts"].values() if value is not None]
        assert sum(parts) == pytest.approx(turn["response_ms"], abs=0.5)
        assert turn["response_ms"] > 0
    assert timing["counts"]["tools"] == 1


def test_the_trace_replays(tmp_path: Path) -> None:
    _, folder = recorded(talkative(), ScriptedCaller(two_questions), tmp_path)
    read = trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8"))
    assert not read.truncated
    assert read.settings == SETTINGS
    assert list(trace.replay(read)) == []


def test_two_calls_at_a_time_have_a_folder_each(tmp_path: Path) -> None:
    async def main() -> list[CallRecord]:
        calls = (talkative().take(ScriptedCaller(two_questions), tmp_path) for _ in range(2))
        return await asyncio.gather(*calls)

    first, second = run_cleanly(main())
    assert first.folder != second.folder
    assert first.outcome.transcript == second.outcome.transcript


def test_words_that_are_no_unicode_are_kept(tmp_path: Path) -> None:
    """Half of an emoji, as a model's tokens may cut it, breaks neither the call nor its record."""
    text = "Good \ud83d day."
    agent = an_agent(stt=ScriptedStt(["hi", "so \udcff"], then=""), llm=ScriptedLlm([text, "Yes."]))
    record, folder = recorded(agent, ScriptedCaller(two_questions), tmp_path)
    assert record.outcome.reason == "caller-hung-up"
    read = trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8"))
    assert list(trace.replay(read)) == []
    said = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))["transcript"]
    assert [line["text"] for line in said][2:] == [text, "so \udcff", "Yes."]


# Folders that cannot be written


def test_a_folder_that_cannot_be_made(tmp_path: Path, writer: DiskWriter) -> None:
    (tmp_path / "calls").write_text("a file")
    with pytest.raises(ConfigurationError, match=r"calls/\S+ cannot be made: .*--out"):
        CallFolder(tmp_path / "calls", SETTINGS, writer)


def test_a_lock_that_cannot_be_made(
    tmp_path: Path, writer: DiskWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def full(path: Path, *arguments: object, **more: object) -> object:
        if path.name == LOCK:
            raise OSError(28, "No space left on device")
        return opened(path, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(ConfigurationError, match="No space left"):
        CallFolder(tmp_path, SETTINGS, writer)


def fill(parent: Path, name: str) -> None:
    """Let there be no space for one of the files of the only call."""
    (folder,) = parent.iterdir()
    (folder / name).symlink_to("/dev/full")


@pytest.mark.parametrize("name", [TRACE_FILE, CALLER_TRACK, f"{RECORDING}.part", f"{SUMMARY}.part"])
def test_a_disk_that_is_full(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call goes on to its end; then it is said what was not kept, and why."""
    lazy = DiskWriter(flush_every_s=60.0)
    monkeypatch.setattr("parley.runtime.agent.disk_writer", lambda: lazy)
    caller = ScriptedCaller(two_questions)

    async def main() -> None:
        call = asyncio.ensure_future(talkative().take(caller, tmp_path))
        await asyncio.sleep(0.1)
        fill(tmp_path, name)
        with pytest.raises(AudioError, match=r"No space left.*Check the disk's space"):
            await call

    run_cleanly(main())
    assert caller.text.endswith("Here it is.")
    assert not list(tmp_path.glob(f"*/{SUMMARY}"))


# Calls of processes that died


FACTS = [
    (0.0, ev.Connected(CALLER)),
    (0.1, ev.ListeningReady(CALLER)),
    (1.5, ev.SpeechStarted(CALLER, 1.4)),
]


def dead(
    parent: Path, name: str, spoil: Callable[[str], str] = str, *, tracks: bool = True
) -> Path:
    """The folder of a call whose process died."""
    folder = parent / name
    folder.mkdir()
    text, conversation = (
        trace.header(SETTINGS, name, "2026-01-01T00:00:00Z"),
        Conversation(SETTINGS),
    )
    for now, event in FACTS:
        text += trace.line(now, event, conversation.handle(event, now))
    (folder / TRACE_FILE).write_text(spoil(text), encoding="utf-8")
    if tracks:
        (folder / CALLER_TRACK).write_bytes(b"\1\1" * 16_000 + b"\1")
        (folder / AGENT_TRACK).write_bytes(b"\2\2" * 12_000)
    return folder


def closed(parent: Path) -> list[str]:
    """What is reported, in a word each."""
    return [
        "problem" if isinstance(found, ParleyError) else f"{found['call']} {found['reason']}"
        for found in close_dead_calls(parent)
    ]


def test_the_call_of_a_dead_process_is_closed(tmp_path: Path) -> None:
    folder = dead(tmp_path, "a", lambda text: text + '{"now":1.6,"eve')
    assert closed(tmp_path) == ["a process-died"]
    read = trace.parse((folder / TRACE_FILE).read_text(encoding="utf-8"))
    assert not read.truncated
    assert read.steps[-1].event == ev.EndRequested(EndReason.PROCESS_DIED)
    assert list(trace.replay(read)) == []
    left, right = stereo(folder)
    assert (len(left), np.count_nonzero(right)) == (RATE, 12_000)
    assert sorted(p.name for p in folder.iterdir()) == [SUMMARY, RECORDING, TRACE_FILE, WATERFALL]
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    assert (summary["at_fault"], summary["duration_s"]) == ("platform", 1.5)
    assert closed(tmp_path) == []


def test_a_call_that_had_ended_keeps_its_reason(tmp_path: Path) -> None:
    """Its process died before the record was complete."""
    ended = ev.Disconnected(CALLER)
    FACTS.append((2.0, ended))
    folder = dead(tmp_path, "a")
    FACTS.pop()
    assert closed(tmp_path) == ["a caller-hung-up"]
    assert steps_of(folder)[-1].event == ended


def test_a_cut_in_the_middle_of_a_character(tmp_path: Path) -> None:
    folder = dead(tmp_path, "a")
    with (folder / TRACE_FILE).open("ab") as file:
        file.write('{"now":1.6,"event":{"text":"ü'.encode()[:-1])
    assert closed(tmp_path) == ["a process-died"]


def test_what_cannot_be_closed_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    dead(tmp_path, "a", lambda _: "")
    dead(tmp_path, "b", lambda text: text.replace('"now":0.1', '"now":"soon"'))
    dead(tmp_path, "c", tracks=False)
    dead(tmp_path, "d", lambda text: text.replace("Connected", "Teleported"))
    dead(tmp_path, "e")
    assert closed(tmp_path) == ["problem"] * 4 + ["e process-died"]


def test_a_folder_of_somebody_else_does_not_hold_up_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead(tmp_path, "a")
    dead(tmp_path, "b")
    opened = Path.open

    def forbidden(path: Path, *arguments: object, **more: object) -> object:
        if path == tmp_path / "a" / LOCK:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", forbidden)
    assert closed(tmp_path) == ["problem", "b process-died"]


def test_a_call_that_runs_is_left_alone(tmp_path: Path) -> None:
    caller = ScriptedCaller(two_questions)

    async def main() -> list[str]:
        call = asyncio.ensure_future(talkative().take(caller, tmp_path))
        await asyncio.sleep(3.0)
        found = await asyncio.to_thread(closed, tmp_path)
        await call
        return found

    assert run_cleanly(main()) == []
    assert len(list(tmp_path.glob(f"*/{SUMMARY}"))) == 1
    assert closed(tmp_path) == []


def test_a_place_without_calls(tmp_path: Path) -> None:
    assert closed(tmp_path) == []
    assert closed(tmp_path / "nowhere") == []


def test_a_call_that_another_process_closes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dead(tmp_path, "a")
    exists = Path.exists
    first: list[bool] = []

    def later(path: Path) -> bool:
        found = exists(path)
        if path == folder / SUMMARY and not first:
            first.append(found)
            assert closed(tmp_path) == ["a process-died"]
        return found

    monkeypatch.setattr(Path, "exists", later)
    assert closed(tmp_path) == []


# It is cancelled


@pytest.mark.parametrize("at", [0.0, 0.05, 1.2, 2.3, 2.7, 3.5, 6.2, 7.0])
def test_a_call_that_is_cancelled_is_kept(at: float, tmp_path: Path) -> None:
    async def main() -> None:
        call = asyncio.ensure_future(talkative().take(ScriptedCaller(two_questions), tmp_path))
        await asyncio.sleep(at)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    run_cleanly(main())
    summaries = [json.loads(p.read_text()) for p in tmp_path.glob(f"*/{SUMMARY}")]
    assert [s["reason"] for s in summaries] == ["shutdown"]
    assert not list(tmp_path.glob(f"*/{LOCK}"))


def test_it_is_kept_even_if_it_is_cancelled_while_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = CallFolder.close
    calls: list[asyncio.Future[CallRecord]] = []

    async def slowly(folder: CallFolder) -> dict[str, object]:
        asyncio.get_running_loop().call_later(0.1, calls[0].cancel)
        await asyncio.sleep(0.2)
        return await closing(folder)

    monkeypatch.setattr(CallFolder, "close", slowly)

    async def main() -> None:
        calls.append(
            asyncio.ensure_future(talkative().take(ScriptedCaller(two_questions), tmp_path))
        )
        with pytest.raises(asyncio.CancelledError):
            await calls[0]

    run_cleanly(main())
    (path,) = tmp_path.glob(f"*/{SUMMARY}")
    assert json.loads(path.read_text())["reason"] == "caller-hung-up"


def test_processes_that_run_hold_their_lock(tmp_path: Path, writer: DiskWriter) -> None:
    """A lock is the system's: it is gone with the process, whatever is left of the file."""
    folder = CallFolder(tmp_path, SETTINGS, writer)
    assert (folder.path / LOCK).exists()
    child = os.fork()
    if child == 0:
        os._exit(len(closed(tmp_path)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    asyncio.run(folder.close())
