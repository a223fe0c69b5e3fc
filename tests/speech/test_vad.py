"""One model for all streams: batches on a grid, in order, and no call harms another.

In virtual time the clock stands still while the model thinks, so times are exact.
"""

import asyncio
import gc
import json
import os
import threading
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.audio.files import read_recording
from parley.errors import ProviderError
from parley.runtime.vtime import VirtualLoop, run_virtual
from parley.speech.crowd import Crowd
from parley.speech.detector import (
    WINDOW,
    SpeechDetector,
    SpeechEdge,
    SpeechOffset,
    SpeechOnset,
    Window,
)
from parley.speech.silero import CONTEXT, Floats, SileroVad
from parley.speech.vad import BACKLOG_S, FORGETS_AFTER, Memory, SharedVad, VadStream

FRAME = 320
LIMIT_S = 20.0


class Counting:
    """A model that counts each stream's windows in its state, and notes its batches."""

    def __init__(self) -> None:
        self.batches: list[Floats] = []

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        self.batches.append(audio)
        return state[0, :, 0], state + 1


class Gated(Counting):
    """A model that thinks until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        self.entered.release()
        assert self.gate.acquire(timeout=LIMIT_S)
        return super().__call__(audio, state)

    def wait_until_it_thinks(self) -> None:
        assert self.entered.acquire(timeout=LIMIT_S)


class Broken:
    """A model that fails until it is mended."""

    def __init__(self) -> None:
        self.mended = False

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        if not self.mended:
            raise MemoryError("what a caller said")
        return state[0, :, 0], state


class Call:
    """One call's stream, and what came back: when, and what."""

    def __init__(self, vad: SharedVad) -> None:
        self.windows: list[Window] = []
        self.times: list[float] = []
        self.failures: list[ProviderError] = []
        self._arrived = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.stream = vad.open(self._window, self._failure)

    def _window(self, window: Window) -> None:
        self.windows.append(window)
        self.times.append(self._loop.time())
        self._arrived.set()

    def _failure(self, error: ProviderError) -> None:
        self.failures.append(error)
        self._arrived.set()

    async def until(self, windows: int) -> None:
        while len(self.windows) < windows and not self.failures:
            self._arrived.clear()
            await self._arrived.wait()

    @property
    def ends(self) -> list[int]:
        return [window.end_sample for window in self.windows]

    @property
    def counts(self) -> list[float]:
        return [window.probability for window in self.windows]


def pcm(samples: int, value: int = 0) -> bytes:
    return np.full(samples, value, "<i2").tobytes()


def at(seconds: float, function: Callable[..., object], *arguments: object) -> None:
    asyncio.get_running_loop().call_at(seconds, function, *arguments)


def approximately(*times: float) -> Any:
    return pytest.approx(list(times), abs=1e-6)


# What a window says


def test_a_window_carries_probability_level_and_place() -> None:
    async def scene() -> None:
        vad = SharedVad(Counting())
        call = Call(vad)
        loud, quiet = pcm(WINDOW // 2, 16384), pcm(WINDOW // 2)
        call.stream.push(loud + quiet + pcm(WINDOW))
        await call.until(2)
        vad.close()
        first, second = call.windows
        assert (first.probability, first.end_sample) == (0, WINDOW)
        assert first.quarters_dbfs == pytest.approx((-6.02, -6.02, -100, -100), abs=0.01)
        assert first.rms_dbfs == pytest.approx(-9.03, abs=0.01)
        assert (second.probability, second.end_sample) == (1, 2 * WINDOW)
        assert second.rms_dbfs == pytest.approx(-100, abs=0.01)

    run_virtual(scene())


def test_the_model_sees_each_window_after_its_context() -> None:
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model)
        call = Call(vad)
        samples = np.arange(3 * WINDOW, dtype="<i2")
        for part in np.array_split(samples, 7):
            call.stream.push(part.tobytes())
        await call.until(3)
        vad.close()
        seen = np.concatenate([batch * 32768 for batch in model.batches])
        padded = np.concatenate((np.zeros(CONTEXT), samples))
        for index, row in enumerate(seen):
            start = index * WINDOW
            assert row.tolist() == padded[start : start + CONTEXT + WINDOW].tolist()

    run_virtual(scene())


# When a window is judged


def test_streams_are_judged_together_at_the_grids_next_point() -> None:
    #   ms    0    3        8  10       17    20
    #   a          window
    #   b                   window
    #   c                           window
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model, few=2)
        a, b, c = Call(vad), Call(vad), Call(vad)
        at(0.003, a.stream.push, pcm(WINDOW))
        at(0.008, b.stream.push, pcm(WINDOW))
        at(0.017, c.stream.push, pcm(WINDOW))
        for call in (a, b, c):
            await call.until(1)
        vad.close()
        assert [len(batch) for batch in model.batches] == [2, 1]
        assert a.times + b.times + c.times == approximately(0.01, 0.01, 0.02)

    run_virtual(scene())


def test_a_few_streams_do_not_wait_for_each_other() -> None:
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model, few=2)
        a, b = Call(vad), Call(vad)
        at(0.003, a.stream.push, pcm(WINDOW))
        at(0.008, b.stream.push, pcm(WINDOW))
        for call in (a, b):
            await call.until(1)
        assert a.times + b.times == approximately(0.003, 0.008)
        c = Call(vad)
        at(0.001, a.stream.push, pcm(WINDOW))
        at(0.0015, c.stream.push, pcm(WINDOW))
        await c.until(1)
        vad.close()
        assert [len(batch) for batch in model.batches] == [1, 1, 2]

    run_virtual(scene())


def test_real_time_audio_gives_a_window_every_32_ms() -> None:
    async def scene() -> None:
        vad = SharedVad(Counting())
        call = Call(vad)
        for index in range(50):
            at((index + 1) * 0.02, call.stream.push, pcm(FRAME))
        await call.until(31)
        vad.close()
        assert call.ends == [WINDOW * (index + 1) for index in range(31)]
        assert call.counts == list(range(31))
        for time, end in zip(call.times, call.ends, strict=True):
            frame_end = -(-end // FRAME) * 0.02
            assert time == pytest.approx(frame_end)

    run_virtual(scene())


def test_a_backlog_is_worked_off_at_once_one_window_a_batch() -> None:
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model)
        a, b = Call(vad), Call(vad)
        a.stream.push(pcm(4 * WINDOW))
        b.stream.push(pcm(2 * WINDOW))
        await a.until(4)
        vad.close()
        assert [len(batch) for batch in model.batches] == [2, 2, 1, 1]
        assert a.counts == [0, 1, 2, 3]
        assert b.counts == [0, 1]
        assert a.times + b.times == approximately(*[0.0] * 6)

    run_virtual(scene())


def test_a_stream_that_is_too_far_behind_skips_its_oldest_audio() -> None:
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model)
        call = Call(vad)
        most = round(BACKLOG_S * 16_000)
        late = np.arange(most + 3000) % 1000
        call.stream.push(late.astype("<i2").tobytes())
        await call.until(most // WINDOW)
        assert call.stream.skipped == 3000
        assert call.ends[0] == 3000 + WINDOW
        assert call.ends[-1] == 3000 + most // WINDOW * WINDOW
        first = model.batches[0][0] * 32768
        assert first.tolist() == late[3000 - CONTEXT : 3000 + WINDOW].tolist()
        vad.close()

    run_virtual(scene())


def test_audio_that_comes_while_the_model_thinks_is_judged_when_it_is_done() -> None:
    async def scene() -> None:
        model = Gated()
        vad = SharedVad(model)
        a, b = Call(vad), Call(vad)
        a.stream.push(pcm(WINDOW))
        await asyncio.sleep(0.011)
        model.wait_until_it_thinks()
        b.stream.push(pcm(WINDOW))
        await asyncio.sleep(0.014)  # the grid's next point passes
        assert not model.entered.acquire(blocking=False)
        model.gate.release(2)
        await b.until(1)
        vad.close()
        assert [len(batch) for batch in model.batches] == [1, 1]

    impatient = VirtualLoop(patience_s=0)  # this clock goes on while the model thinks
    with asyncio.Runner(loop_factory=lambda: impatient) as runner:
        runner.run(scene())


def test_virtual_time_stands_still_while_the_model_thinks() -> None:
    loop = VirtualLoop()
    owed: list[int] = []

    class Noting(Counting):
        def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
            owed.append(loop.owed)
            return super().__call__(audio, state)

    async def scene() -> None:
        vad = SharedVad(Noting())
        call = Call(vad)
        call.stream.push(pcm(3 * WINDOW))
        await call.until(3)
        vad.close()
        assert loop.owed == 0

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(scene())
    assert owed == [1, 1, 1]


def test_it_works_on_an_ordinary_loop_and_then_on_another() -> None:
    vad = SharedVad(Counting())

    async def scene() -> list[float]:
        call = Call(vad)
        call.stream.push(pcm(2 * WINDOW))
        await call.until(2)
        call.stream.close()
        return call.counts

    assert [asyncio.run(scene()), run_virtual(scene()), asyncio.run(scene())] == [[0, 1]] * 3
    vad.close()


# What goes wrong


def test_a_failing_model_is_told_to_each_stream_once_and_is_survived() -> None:
    async def scene() -> None:
        model = Broken()
        vad = SharedVad(model)
        calls = Call(vad), Call(vad)
        for call in calls:
            call.stream.push(pcm(3 * WINDOW))
        for call in calls:
            await call.until(1)
            call.stream.push(pcm(WINDOW))
        await asyncio.sleep(0.1)
        model.mended = True
        again = Call(vad)
        again.stream.push(pcm(WINDOW))
        await again.until(1)
        vad.close()
        for call in calls:
            (error,) = call.failures
            assert isinstance(error.__cause__, MemoryError)
            assert "caller" not in str(error)
            assert call.windows == []
        assert again.counts == [0]
        assert again.failures == []

    run_virtual(scene())


def test_a_model_that_answers_nonsense_is_a_failure_too() -> None:
    def nonsense(audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        return audio[:0, 0], state

    async def scene() -> None:
        vad = SharedVad(nonsense)
        call = Call(vad)
        call.stream.push(pcm(WINDOW))
        await call.until(1)
        vad.close()
        assert len(call.failures) == 1

    run_virtual(scene())


def test_one_calls_mistake_does_not_reach_the_others() -> None:
    async def scene() -> None:
        reported: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context["exception"])
        )
        vad = SharedVad(Counting())
        mistake = KeyError("a bug in a call")

        def buggy(_: object) -> None:
            raise mistake

        first = vad.open(buggy, buggy)
        other = Call(vad)
        first.push(pcm(2 * WINDOW))
        other.stream.push(pcm(2 * WINDOW))
        await other.until(2)
        vad.close()
        assert reported == [mistake, mistake]

    run_virtual(scene())


def test_a_stream_closed_while_the_model_thinks_hears_nothing_more() -> None:
    async def scene() -> None:
        model = Gated()
        vad = SharedVad(model)
        gone, stays = Call(vad), Call(vad)
        gone.stream.push(pcm(2 * WINDOW))
        stays.stream.push(pcm(WINDOW))
        await asyncio.sleep(0.011)
        model.wait_until_it_thinks()
        gone.stream.close()
        gone.stream.close()
        model.gate.release(2)
        await stays.until(1)
        vad.close()
        assert gone.windows == []
        assert [len(batch) for batch in model.batches] == [2]

    impatient = VirtualLoop(patience_s=0)
    with asyncio.Runner(loop_factory=lambda: impatient) as runner:
        runner.run(scene())


def test_a_callback_may_close_streams() -> None:
    async def scene() -> None:
        vad = SharedVad(Counting())
        streams: list[VadStream] = []
        heard: list[int] = []

        def close_all(window: Window) -> None:
            heard.append(window.end_sample)
            for stream in streams:
                stream.close()

        streams += [vad.open(close_all, print) for _ in range(3)]
        for stream in streams:
            stream.push(pcm(2 * WINDOW))
        await asyncio.sleep(0.1)
        vad.close()
        assert heard == [WINDOW]

    run_virtual(scene())


def test_a_loop_that_ends_while_the_model_thinks_leaves_the_vad_usable() -> None:
    model = Gated()
    vad = SharedVad(model)
    abandoned: list[Call] = []

    async def ends_early() -> None:
        call = Call(vad)
        abandoned.append(call)
        call.stream.push(pcm(2 * WINDOW))
        await asyncio.sleep(0.011)
        model.wait_until_it_thinks()

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(patience_s=0)) as runner:
        runner.run(ends_early())
    model.gate.release(9)

    async def scene() -> None:
        call = Call(vad)
        call.stream.push(pcm(2 * WINDOW))
        await call.until(2)
        vad.close()
        assert call.counts == [0, 1]

    run_virtual(scene())
    assert abandoned[0].windows == []


def test_a_closed_stream_takes_no_more_audio() -> None:
    async def scene() -> None:
        model = Counting()
        vad = SharedVad(model)
        call = Call(vad)
        call.stream.push(pcm(WINDOW))
        call.stream.close()
        call.stream.push(pcm(WINDOW))
        await asyncio.sleep(0.1)
        vad.close()
        vad.close()
        assert model.batches == []

    run_virtual(scene())


def test_a_thousand_streams_come_and_go_and_leave_nothing() -> None:
    def alive() -> int:
        gc.collect()
        return sum(isinstance(thing, VadStream) for thing in gc.get_objects())

    async def scene() -> None:
        vad = SharedVad(Counting())
        for _ in range(10):
            calls = [Call(vad) for _ in range(100)]
            for call in calls:
                call.stream.push(pcm(WINDOW))
            for call in calls:
                await call.until(1)
                call.stream.close()
        del calls, call
        last = Call(vad)  # its batch takes the place of the last one in the thread
        last.stream.push(pcm(WINDOW))
        await last.until(1)
        last.stream.close()
        del last
        assert alive() <= before + 1
        vad.close()

    before = alive()
    run_virtual(scene())
    assert alive() == before


def test_what_tells_one_voice_from_many_sees_the_state_after_each_window() -> None:
    async def scene() -> None:
        weights = np.zeros(129, np.float32)
        weights[0], weights[-1] = 2.0, -3.0
        calls = [Call(SharedVad(Counting(), Crowd(weights))), Call(SharedVad(Counting()))]
        for call in calls:
            call.stream.push(pcm(2 * WINDOW))
            await call.until(2)
        assert [window.single for window in calls[0].windows] == [-1.0, 1.0]
        assert [window.single for window in calls[1].windows] == [None, None]

    run_virtual(scene())


# The real model


@pytest.fixture(scope="module")
def speech() -> Path:
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("PARLEY_SPEECH", root.parent / "shared" / "speech"))
    if not (folder / "manifest.json").exists():
        pytest.skip("the recorded speech is not here: name its folder with PARLEY_SPEECH")
    return folder


def recordings(folder: Path) -> dict[str, tuple[bytes, float, float]]:
    """Short answers with room around them: PCM, and the labelled onset and end in seconds."""
    items = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["items"]
    chosen: dict[str, tuple[bytes, float, float]] = {}
    for item in items:
        labels = item["labels"] or {}
        roomy = labels.get("onset", 0) > 0.2 and labels.get("utterance_end", 1) < 0.8
        if item["category"] == "answer" and roomy and len(chosen) < 8:
            audio = read_recording(folder / item["file"]).pcm
            chosen[item["file"]] = (audio, labels["onset"], labels["utterance_end"])
    return chosen


def scene_of(audios: list[bytes]) -> Coroutine[Any, Any, list[list[SpeechEdge]]]:
    """Push each recording in frames of 20 ms, all at the same time; the edges of each."""

    async def scene() -> list[list[SpeechEdge]]:
        vad = SharedVad(SileroVad())
        edges: list[list[SpeechEdge]] = [[] for _ in audios]

        def opened(index: int) -> VadStream:
            detector = SpeechDetector()

            def on_window(window: Window) -> None:
                if edge := detector.feed(window):
                    edges[index].append(edge)

            return vad.open(on_window, failures.append)

        failures: list[ProviderError] = []
        streams = [opened(index) for index in range(len(audios))]
        room = bytes(2 * 16_000)
        for start in range(0, 2 * 48_000, 2 * FRAME):
            for stream, audio in zip(streams, audios, strict=True):
                stream.push((room + audio + room)[start : start + 2 * FRAME])
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        vad.close()
        assert failures == []
        return edges

    return scene()


def test_short_answers_are_found_where_they_are(speech: Path) -> None:
    labelled = recordings(speech)
    found = run_virtual(scene_of([audio for audio, _, _ in labelled.values()]))
    assert len(found) == 8
    for (name, (_, onset, end)), edges in zip(labelled.items(), found, strict=True):
        first, last = edges[0], edges[-1]
        assert isinstance(first, SpeechOnset), name
        assert isinstance(last, SpeechOffset), name
        assert all(type(a) is not type(b) for a, b in pairwise(edges)), name
        # The labels come from energy, which dates soft consonants differently.
        assert first.at / 16_000 - 1 == pytest.approx(onset, abs=0.2), name
        assert last.at / 16_000 - 1 == pytest.approx(end, abs=0.35), name


def test_a_batch_finds_what_one_stream_alone_finds(speech: Path) -> None:
    audios = [audio for audio, _, _ in recordings(speech).values()][:3]
    together = run_virtual(scene_of(audios))
    assert together == [run_virtual(scene_of([audio]))[0] for audio in audios]


def test_what_is_remembered_of_noise_is_forgotten_in_a_pause() -> None:
    memory, heard = Memory(), np.ones((2, 1, 128), np.float32)
    for _ in range(FORGETS_AFTER - 1):
        memory.take(heard, 0.1)
    memory.take(heard, 0.9)
    for _ in range(FORGETS_AFTER - 1):
        memory.take(heard, 0.1)
        assert memory.state.any()
    memory.take(heard, 0.1)
    assert not memory.state.any()
    memory.take(heard, 0.1)
    assert memory.state.any(), "and it begins to remember again"


def test_noise_and_hum_are_not_speech() -> None:
    noise = np.random.default_rng(2).normal(0, 300, 16_000)
    hum = 2000 * np.sin(2 * np.pi * 50 * np.arange(16_000) / 16_000)
    audios = [sound.astype("<i2").tobytes() for sound in (noise, hum)]
    assert run_virtual(scene_of(audios)) == [[], []]
