"""`parley talk`: what is seen, and what is missing."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from parley.cli import talk as command
from parley.cli.main import app
from parley.cli.talkview import METER_DB, Microphone, TalkView
from parley.core import actions as act
from parley.core import events as ev
from parley.errors import ConfigurationError, MissingExtraError


def seen(view: TalkView) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def test_the_words_of_both_sides_as_they_become_known() -> None:
    view = TalkView(Microphone())
    view.step(0.1, ev.SpeechStarted(ev.CALLER, 0.0), [])
    view.step(0.2, ev.Transcript(ev.CALLER, 0, "I would", False), [])
    assert "I would …" in seen(view)
    assert "you speak" in seen(view)
    view.step(1.0, ev.SpeechStopped(ev.CALLER, 1.0), [])
    assert "you pause" in seen(view)
    committed = act.TurnCommitted(ev.CALLER, 1, "I would like to.", (0,), 1.0)
    view.step(1.2, ev.Tick(), [act.StartReply(1, 1)])
    view.step(1.5, ev.Tick(), [committed, act.PromoteReply(1)])
    view.step(1.5, ev.Tick(), [act.Synthesize(1, 0, "All right, then.", 1, False)])
    assert "you  I would like to." in seen(view)
    assert "agent thinks" in seen(view)
    view.step(1.6, ev.PlayoutStarted(ev.CALLER, 1, 1.62), [])
    view.step(2.0, ev.Heard(ev.CALLER, 1, 0, 10, 2.0, False), [])
    assert "agent  All right," in seen(view)
    assert "then" not in seen(view)
    assert "answered in 620 ms" in seen(view)
    assert "agent speaks" in seen(view)
    view.step(3.0, ev.PlayoutFinished(ev.CALLER, 1, 3.0), [act.ReplyEnded(1, "done", "All right,")])
    assert "nobody" in seen(view)
    assert seen(view).count("All right") == 1


def test_an_interrupted_reply_is_marked_and_an_unheard_one_is_not_shown() -> None:
    view = TalkView(Microphone())
    view.step(
        1.0, ev.Tick(), [act.ReplyEnded(1, "cancelled", "One"), act.ReplyEnded(2, "done", "")]
    )
    view.step(1.0, ev.Tick(), [act.ResumePlayout(ev.CALLER), act.EndCall("caller-hung-up")])
    assert "One ✂" in seen(view)
    assert "ends: caller-hung-up" in seen(view)


def asked(view: TalkView, text: str = "My balance?", turn: int = 1, *, at: float = 1.0) -> None:
    """A turn has ended; the reply that answers it has its number."""
    committed = act.TurnCommitted(ev.CALLER, turn, text, (turn,), at)
    started = [act.StartReply(turn, 1), act.PromoteReply(turn)]
    view.step(at + 0.5, ev.Tick(), [committed, *started])


def heard(view: TalkView, reply: int, at: float) -> None:
    view.step(at, ev.PlayoutStarted(ev.CALLER, reply, at), [])


def test_a_filler_is_no_answer() -> None:
    view = TalkView(Microphone())
    asked(view)
    view.step(2.5, ev.Tick(), [act.PromoteReply(2), act.Synthesize(2, 0, "Let me see.", 1, True)])
    heard(view, 2, 2.6)
    assert view.latencies == []
    assert "agent speaks" in seen(view)
    heard(view, 1, 5.0)
    assert view.latencies == [4.0]


def test_what_follows_a_tool_is_an_answer() -> None:
    view = TalkView(Microphone())
    asked(view)
    view.step(2.0, ev.Tick(), [act.ReplyEnded(1, "done", "")])
    view.step(3.0, ev.Tick(), [act.StartReply(2, 1), act.PromoteReply(2)])
    heard(view, 2, 3.5)
    assert view.latencies == [2.5]


def test_a_speculative_reply_that_is_replaced_does_not_end_the_wait() -> None:
    view = TalkView(Microphone())
    view.step(1.2, ev.Tick(), [act.StartReply(1, 1)])
    committed = act.TurnCommitted(ev.CALLER, 1, "My balance?", (0,), 1.0)
    replaced = [act.CancelReply(1), act.ReplyEnded(1, "cancelled", "")]
    view.step(1.5, ev.Tick(), [committed, *replaced, act.StartReply(2, 1), act.PromoteReply(2)])
    heard(view, 2, 2.0)
    assert view.latencies == [1.0]


def test_nothing_answers_after_the_answer_was_stopped() -> None:
    view = TalkView(Microphone())
    asked(view)
    view.step(2.0, ev.StopRequested(ev.CALLER), [act.ReplyEnded(1, "cancelled", "")])
    view.step(12.0, ev.Tick(), [act.StartReply(2, 1), act.PromoteReply(2)])
    heard(view, 2, 12.0)
    assert view.latencies == []


def test_a_turn_that_is_reopened_is_shown_once() -> None:
    view = TalkView(Microphone())
    asked(view, "Yes.")
    heard(view, 1, 2.0)
    asked(view, "Yes.", 2, at=4.0)
    view.step(5.0, ev.Tick(), [act.TurnReopened(ev.CALLER, 2)])
    assert seen(view).count("Yes.") == 1
    heard(view, 2, 5.1)
    asked(view, "Yes. A table.", 3, at=6.0)
    heard(view, 3, 6.5)
    assert seen(view).count("Yes.") == 2
    assert view.latencies == [1.0, 0.5]


def test_the_meter_and_the_switch() -> None:
    microphone = Microphone()
    loud = (np.ones(320) * 16_384).astype("<i2").tobytes()
    assert microphone.process(loud) == loud
    assert microphone.level_db == pytest.approx(-6, abs=0.1)
    assert "█" in seen(TalkView(microphone))
    microphone.muted = True
    assert microphone.process(loud) == bytes(640)
    assert "muted" in seen(TalkView(microphone))
    microphone.process(bytes(640))
    assert microphone.level_db == -METER_DB


def test_devices_are_numbers_or_names() -> None:
    assert [command._device(name) for name in (None, "3", "USB")] == [None, 3, "USB"]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = CliRunner().invoke(app, ["talk"])
    assert isinstance(result.exception, MissingExtraError)
    assert "parley[talk]" in str(result.exception)


def test_keys_are_told_at_once() -> None:
    if os.name != "posix":
        pytest.skip("there are no pseudo-terminals")
    import asyncio
    import pty

    leader, follower = pty.openpty()
    pressed: list[str] = []

    async def main() -> None:
        got = asyncio.Event()

        def press(key: str) -> None:
            pressed.append(key)
            got.set()

        with command.keys(press):
            os.write(leader, b"m")
            await asyncio.wait_for(got.wait(), 5)

    with os.fdopen(follower, "r") as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", terminal)
        asyncio.run(main())
    os.close(leader)
    assert pressed == ["m"]


def test_a_whole_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Over a sound card that hears nothing; the caller hangs up after a moment."""
    from parley.transports import device

    made: list[Any] = []

    class Silent:
        timing = device.TIMING
        input, output = device.INBOUND, device.OUTBOUND

        def __init__(self, library: Any, **devices: Any) -> None:
            made.append(devices)

        async def run(self, side: Any) -> None:
            side.connected()

        def play(self, pcm: bytes, marks: tuple[str, ...]) -> None: ...
        def clear(self) -> None: ...
        def pause(self) -> None: ...
        def resume(self) -> None: ...
        def position(self) -> int:
            return 0

        async def close(self) -> None: ...

    monkeypatch.setattr(device, "sound_library", lambda: None)
    monkeypatch.setattr(device, "DeviceTransport", Silent)
    result = CliRunner().invoke(app, ["talk", "--input", "2", "--out", str(tmp_path)])
    assert result.exception is None, result.output
    assert "kept in" in result.output
    assert made == [{"input_device": 2, "output_device": None, "push_to_talk": False}]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_view_of_who_pushes_to_talk() -> None:
    view = TalkView(Microphone(), push_to_talk=True)
    view.step(0.5, ev.SpeechStarted(ev.CALLER, 0.5), [])
    assert "nobody" in seen(view)
    assert "space talks, q hangs up" in seen(view)
    view.step(1.0, ev.TalkStarted(ev.CALLER, 1.0), [])
    assert "you talk " in seen(view)
    assert "space sends" in seen(view)
    view.step(2.0, ev.TalkEnded(ev.CALLER, 2.0, True), [])
    assert "you have talked" in seen(view)
    assert "space talks" in seen(view)


def test_push_to_talk_needs_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.transports import device

    monkeypatch.setattr(device, "sound_library", lambda: None)
    result = CliRunner().invoke(app, ["talk", "--push-to-talk"])
    assert isinstance(result.exception, ConfigurationError)
    assert "without --push-to-talk" in str(result.exception)


def test_the_space_bar_begins_and_ends_a_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A whole call over a sound card that hears a tone; the keys come from the test."""
    sys.path.append(str(Path(__file__).parents[1] / "transports"))
    from test_device import Library

    from parley.transports import device

    library = Library(16_000)
    tone = (np.sin(np.arange(320) / 5) * 9000).astype("<i2").tobytes()

    async def press(key: Callable[[str], None]) -> None:
        async def speak(frames: int) -> None:
            for _ in range(frames):
                library.exchange(tone)
                await asyncio.sleep(0.01)

        await speak(80)
        for keys in (" ", " x", "mmq"):
            for one in keys:
                key(one)
            await speak(20)

    @contextmanager
    def keys(pressed: Callable[[str], None]) -> Iterator[None]:
        pressing = asyncio.get_running_loop().create_task(press(pressed))
        yield
        pressing.cancel()

    monkeypatch.setattr(device, "sound_library", lambda: library)
    monkeypatch.setattr(command, "has_keys", lambda: True)
    monkeypatch.setattr(command, "keys", keys)
    described = tmp_path / "quiet.yaml"
    described.write_text("firstMessageMode: assistant-waits-for-user\nechoCancellation: 'off'\n")
    options = ["talk", str(described), "--push-to-talk", "--out", str(tmp_path / "calls")]
    result = CliRunner().invoke(app, options)
    assert result.exception is None, result.output
    (folder,) = (tmp_path / "calls").iterdir()
    told = (folder / "trace.jsonl").read_text()
    assert told.count("TalkStarted") == told.count("TalkEnded") == 1
    assert told.index("TalkStarted") < told.index("TalkEnded")
