"""Voice activity of all calls, judged together: one model, one batch every 10 ms.

Audio is pushed as it comes. On a process-wide grid of 10 ms every stream that has a
complete window gives it to one batch, which runs in a thread of its own; the results
come back on the event loop. The event loop itself spends microseconds.
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

from parley.errors import ProviderError
from parley.owing import owe, settle
from parley.speech.detector import Window
from parley.speech.silero import CONTEXT, SAMPLE_RATE, WINDOW, Floats, fresh_state

TICK_S = 0.01
BACKLOG_S = 2.0
INLINE = 0
SILENCE = 1e-10
"""The least power: digital silence counts as -100 dBFS."""

_WINDOW_BYTES = 2 * WINDOW
_CONTEXT_BYTES = 2 * CONTEXT
_INPUT_BYTES = _CONTEXT_BYTES + _WINDOW_BYTES
_MOST_BYTES = _CONTEXT_BYTES + 2 * round(BACKLOG_S * SAMPLE_RATE)

OnWindow = Callable[[Window], object]
OnFailure = Callable[[ProviderError], object]


class VoiceModel(Protocol):
    """What `parley.speech.silero.SileroVad` does."""

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]: ...


class VadStream:
    """One call's audio on its way to the model.

    `skipped` counts samples that were left out because the model fell more than
    `BACKLOG_S` seconds behind.
    """

    __slots__ = ("_buffer", "_position", "_shared", "_state", "on_failure", "on_window", "skipped")

    def __init__(self, shared: "SharedVad", on_window: OnWindow, on_failure: OnFailure) -> None:
        self.on_window = on_window
        self.on_failure = on_failure
        self.skipped = 0
        self._shared = shared
        self._buffer = bytearray(_CONTEXT_BYTES)
        self._position = 0
        self._state = fresh_state()

    def push(self, pcm: bytes) -> None:
        """Hand over the next samples (`parley.audio.formats.INBOUND`)."""
        buffer = self._buffer
        buffer += pcm
        if len(buffer) >= _INPUT_BYTES:
            self._shared.wake()
            if len(buffer) > _MOST_BYTES:
                self._skip(len(buffer) - _MOST_BYTES)

    def close(self) -> None:
        """End the stream; neither callback is called any more. May be called often."""
        self._shared.forget(self)

    def _skip(self, excess: int) -> None:
        del self._buffer[:excess]
        self._position += excess // 2
        self.skipped += excess // 2

    @property
    def ready(self) -> bool:
        """A complete window is waiting."""
        return len(self._buffer) >= _INPUT_BYTES

    def take(self) -> tuple[bytes, int]:
        """The oldest window with its context, and the position at which it ends."""
        audio = bytes(self._buffer[:_INPUT_BYTES])
        del self._buffer[:_WINDOW_BYTES]
        self._position += WINDOW
        return audio, self._position


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    loop: asyncio.AbstractEventLoop
    streams: Sequence[VadStream]
    audio: Sequence[bytes]
    ends: Sequence[int]


class SharedVad:
    """One per process. All streams that are open at a time belong to one event loop."""

    def __init__(self, model: VoiceModel) -> None:
        self._model = model
        self._streams: dict[VadStream, None] = {}
        self._loop: asyncio.AbstractEventLoop
        self._timer: asyncio.TimerHandle | None = None
        self._running: _Batch | None = None
        self._again = False
        self._work: SimpleQueue[_Batch | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self, on_window: OnWindow, on_failure: OnFailure) -> VadStream:
        """Begin to listen to one call.

        `on_window` gets every window's result, in order. When the model fails,
        `on_failure` is called once and the stream is closed. Both are called on the
        event loop.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="parley-vad", daemon=True)
            self._thread.start()
        if not self._streams:
            self._loop = asyncio.get_running_loop()
            self._running, self._again = None, False
        stream = VadStream(self, on_window, on_failure)
        self._streams[stream] = None
        return stream

    def close(self) -> None:
        """Close all streams and end the thread."""
        for stream in list(self._streams):
            self.forget(stream)
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
            self._thread = None

    def forget(self, stream: VadStream) -> None:
        """Drop a stream and what it holds."""
        self._streams.pop(stream, None)
        if not self._streams and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def wake(self) -> None:
        """Some stream has a complete window: see to it at the grid's next point."""
        if self._timer is None and self._streams:
            point = (math.floor(self._loop.time() / TICK_S) + 1) * TICK_S
            self._timer = self._loop.call_at(point, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._running is None:
            self._start()
        else:
            self._again = True

    def _start(self) -> None:
        streams = [stream for stream in self._streams if stream.ready]
        if not streams:
            return
        audio, ends = zip(*[stream.take() for stream in streams], strict=True)
        self._again = any(stream.ready for stream in streams)
        self._running = _Batch(self._loop, streams, audio, ends)
        if len(streams) <= INLINE:
            owe()
            self._deliver(self._running, self._judge(self._running))
            return
        owe()
        self._work.put(self._running)

    def _deliver(self, batch: _Batch, outcome: Sequence[Window] | ProviderError) -> None:
        settle()
        if batch is self._running:
            self._running = None
        if isinstance(outcome, ProviderError):
            for stream in batch.streams:
                if stream in self._streams:
                    self.forget(stream)
                    self._call(stream.on_failure, outcome)
        else:
            for stream, window in zip(batch.streams, outcome, strict=True):
                if stream in self._streams:
                    self._call(stream.on_window, window)
        if self._again and self._running is None:
            self._start()

    def _call(self, callback, argument) -> None:
        """One call's mistake must not reach the others."""
        try:
            callback(argument)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "a VAD callback failed", "exception": error}
            )

    # In the thread

    def _serve(self) -> None:
        while (batch := self._work.get()) is not None:
            outcome = self._judge(batch)
            with suppress(RuntimeError):  # the loop has ended: nobody waits for the answer
                batch.loop.call_soon_threadsafe(self._deliver, batch, outcome)

    def _judge(self, batch: _Batch) -> Sequence[Window] | ProviderError:
        try:
            samples = np.frombuffer(b"".join(batch.audio), "<i2")
            audio = samples.reshape(-1, CONTEXT + WINDOW) * np.float32(1 / 32768)
            state = np.concatenate([stream._state for stream in batch.streams], axis=1)
            probabilities, state = self._model(audio, state)
            for index, stream in enumerate(batch.streams):
                stream._state = state[:, index : index + 1]
            return _windows(probabilities, audio[:, CONTEXT:], batch.ends)
        except Exception as error:
            failure = ProviderError("silero-vad", f"inference failed ({type(error).__name__})")
            failure.__cause__ = error
            return failure


def _windows(probabilities: Floats, audio: Floats, ends: Sequence[int]) -> list[Window]:
    quarters = audio.reshape(len(ends), 4, -1)
    power = np.einsum("bqs,bqs->bq", quarters, quarters) / quarters.shape[2]
    levels = 10 * np.log10(power + SILENCE)
    rms = 10 * np.log10(power.mean(1) + SILENCE)
    rows = zip(probabilities.tolist(), rms.tolist(), ends, levels.tolist(), strict=True)
    return [Window(p, level, end, tuple(parts)) for p, level, end, parts in rows]
