"""Voice activity of all calls, judged together: one model, one batch every 10 ms.

Audio is pushed as it comes. At the points of a process-wide grid of 10 ms, every stream
that has a complete window gives it to one batch; the batch runs in a thread of its own,
and the results come back on the event loop. Where there are few calls none waits for others.
"""

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from parley.audio.formats import INBOUND
from parley.errors import ProviderError
from parley.owing import owe, settle
from parley.speech.crowd import Crowd
from parley.speech.detector import WINDOW, Window
from parley.speech.nearness import UNLIKELY
from parley.speech.silero import CONTEXT, MODEL, Floats, fresh_state

TICK_S = 0.01
"""Distance of the grid's points."""

FEW = 4
"""So many streams are judged without the grid: a window by itself takes 0.3 ms of CPU instead of
0.07, which is 4 % of a core then, and its result is there 5 ms sooner on average."""

BACKLOG_S = 2.0
"""A stream that is further behind skips its oldest audio."""

SILENCE = 1e-10
"""The least power, relative to full scale: digital silence counts as -100 dBFS."""

FORGETS_AFTER = 100
"""After so many windows of noise in a row (3.2 s) a stream begins anew with a fresh state. What the
model remembers of steady noise can make it deaf: in a call with rain, a minute in, it gave 0.02
to a voice 20 dB above the rain, with a fresh state 1.0. A voice that begins right after is noticed
some 0.2 s later, so it is not done more often."""

QUARTERS = 4

_WINDOW_BYTES = 2 * WINDOW
_CONTEXT_BYTES = 2 * CONTEXT
_INPUT_BYTES = _CONTEXT_BYTES + _WINDOW_BYTES
_MOST_BYTES = _CONTEXT_BYTES + INBOUND.bytes_for(BACKLOG_S)

OnWindow = Callable[[Window], object]
OnFailure = Callable[[ProviderError], object]


class VoiceModel(Protocol):
    """What `parley.speech.silero.SileroVad` does. Called in the VAD's own thread."""

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]: ...


class Memory:
    """What the model remembers of a stream, which is forgotten in a pause."""

    __slots__ = ("_noise", "state")

    def __init__(self) -> None:
        self.state = fresh_state()
        self._noise = 0

    def take(self, state: Floats, probability: float) -> None:
        """The state after a window, and what was made of it."""
        self._noise = self._noise + 1 if probability < UNLIKELY else 0
        if self._noise < FORGETS_AFTER:
            self.state = state
        else:
            self.state, self._noise = fresh_state(), 0


class VadStream:
    """One call's audio on its way to the model.

    `skipped` counts the samples that were left out because the model was behind.
    """

    __slots__ = (
        "_buffer",
        "_position",
        "_shared",
        "memory",
        "on_failure",
        "on_window",
        "skipped",
    )

    def __init__(self, shared: "SharedVad", on_window: OnWindow, on_failure: OnFailure) -> None:
        self.on_window = on_window
        self.on_failure = on_failure
        self.skipped = 0
        self.memory = Memory()
        self._shared = shared
        self._buffer = bytearray(_CONTEXT_BYTES)
        self._position = 0

    def push(self, pcm: bytes) -> None:
        """Hand over the next samples (`parley.audio.formats.INBOUND`), on the event loop."""
        buffer = self._buffer
        buffer += pcm
        if len(buffer) >= _INPUT_BYTES:
            self._shared.wake()
            if len(buffer) > _MOST_BYTES:
                self._skip(len(buffer) - _MOST_BYTES)

    def close(self) -> None:
        """End the stream: neither callback is called any more. May be called often."""
        self._shared.forget(self)

    @property
    def ready(self) -> bool:
        """A complete window is waiting."""
        return len(self._buffer) >= _INPUT_BYTES

    def take(self) -> tuple[bytes, int]:
        """Remove the oldest window: its samples after their context, and where it ends."""
        audio = bytes(self._buffer[:_INPUT_BYTES])
        del self._buffer[:_WINDOW_BYTES]
        self._position += WINDOW
        return audio, self._position

    def _skip(self, excess: int) -> None:
        del self._buffer[:excess]
        self._position += excess // 2
        self.skipped += excess // 2


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    loop: asyncio.AbstractEventLoop
    streams: Sequence[VadStream]
    audio: Sequence[bytes]
    ends: Sequence[int]


class SharedVad:
    """One per process. Streams that are open at the same time belong to one event loop.

    `crowd` tells one voice from many by the model's state. `few` streams do not wait for
    each other.
    """

    def __init__(self, model: VoiceModel, crowd: Crowd | None = None, few: int = FEW) -> None:
        self._model = model
        self._few = few
        self._crowd = crowd
        self._streams: dict[VadStream, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._running = False
        self._again = False
        self._work: SimpleQueue[_Batch | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self, on_window: OnWindow, on_failure: OnFailure) -> VadStream:
        """Begin to listen to one call. Close the stream when the call ends.

        `on_window` gets the result of every window, in order. When the model fails,
        the stream is closed and `on_failure` called. Both run on the event loop.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="parley-vad", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # the loop before has ended, and its calls with it
            self._loop, self._timer, self._running, self._again = loop, None, False, False
            self._streams.clear()
        stream = VadStream(self, on_window, on_failure)
        self._streams[stream] = None
        return stream

    def close(self) -> None:
        """Close every stream and end the thread, after the batch that it works on."""
        for stream in list(self._streams):
            stream.close()
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def forget(self, stream: VadStream) -> None:
        """Drop a stream that closes."""
        self._streams.pop(stream, None)
        if not self._streams and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def wake(self) -> None:
        """See to the streams that are ready: at once, or at the next point of the grid."""
        if self._timer is not None or not self._streams:
            return
        loop = asyncio.get_running_loop()
        if len(self._streams) <= self._few:
            self._timer = loop.call_soon(self._tick)
        else:
            point = (math.floor(loop.time() / TICK_S) + 1) * TICK_S
            self._timer = loop.call_at(point, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._running:
            self._again = True
        else:
            self._start()

    def _start(self) -> None:
        """Run a batch of one window of each ready stream: each needs the state before it."""
        streams = [stream for stream in self._streams if stream.ready]
        if not streams:
            return
        audio, ends = zip(*[stream.take() for stream in streams], strict=True)
        self._again = any(stream.ready for stream in streams)
        self._running = True
        owe()
        self._work.put(_Batch(asyncio.get_running_loop(), streams, audio, ends))

    def _finish(self, batch: _Batch, results: Sequence[Window | ProviderError]) -> None:
        settle()
        self._running = False
        for stream, result in zip(batch.streams, results, strict=True):
            if stream in self._streams:
                _deliver(stream, result)
        if self._again:
            self._start()

    # What follows runs in the thread.

    def _serve(self) -> None:
        while (batch := self._work.get()) is not None:
            results = self._judge(batch)
            with suppress(RuntimeError):  # the loop is closed: nobody waits for the results
                batch.loop.call_soon_threadsafe(self._finish, batch, results)

    def _judge(self, batch: _Batch) -> Sequence[Window | ProviderError]:
        try:
            return self._infer(batch)
        except Exception as error:
            failure = ProviderError(MODEL, f"a window cannot be judged ({type(error).__name__})")
            failure.__cause__ = error
            return [failure] * len(batch.streams)

    def _infer(self, batch: _Batch) -> Sequence[Window]:
        samples = np.frombuffer(b"".join(batch.audio), "<i2").reshape(-1, CONTEXT + WINDOW)
        audio = samples * np.float32(1 / 32768)
        state = np.concatenate([stream.memory.state for stream in batch.streams], axis=1)
        probabilities, state = self._model(audio, state)
        for index, stream in enumerate(batch.streams):
            stream.memory.take(state[:, index : index + 1], float(probabilities[index]))
        singles = None if self._crowd is None else self._crowd(state).tolist()
        return windows_of(probabilities, audio[:, CONTEXT:], batch.ends, singles)


def _deliver(stream: VadStream, result: Window | ProviderError) -> None:
    try:
        if isinstance(result, Window):
            stream.on_window(result)
        else:
            stream.close()
            stream.on_failure(result)
    except Exception as error:  # one call's mistake must not reach the others
        context = {"message": "a VAD callback failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


def windows_of(
    probabilities: Floats,
    audio: Floats,
    ends: Sequence[int],
    singles: Sequence[float] | None = None,
) -> list[Window]:
    """What is known of a window of each stream."""
    quarters = audio.reshape(len(ends), QUARTERS, -1)
    power = np.einsum("bqs,bqs->bq", quarters, quarters) / quarters.shape[2]
    levels = 10 * np.log10(power + SILENCE)
    means = 10 * np.log10(power.mean(axis=1) + SILENCE)
    told: Sequence[float | None] = singles or [None] * len(ends)
    rows = zip(probabilities.tolist(), means.tolist(), ends, levels.tolist(), told, strict=True)
    return [Window(p, mean, end, tuple(parts), single) for p, mean, end, parts, single in rows]
