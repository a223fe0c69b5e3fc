"""An engine's own process, seen from inside: requests on stdin, answers on stdout.

Run as a script (`python -P engine_process.py ENGINE.py`), so that nothing of `parley`
is imported and a start is fast. ENGINE.py has a function `serve(channel)`, which loads
the engine, answers once to say so, and then answers each request exactly once, with
any number of parts before the answer. The process ends when its stdin does, so it
never outlives its parent.

A frame is one byte of kind, four of length (little endian), and the payload.
"""

from __future__ import annotations

import importlib.util
import os
import select
import struct
import sys
import traceback
from types import TracebackType

HEADER = struct.Struct("<BI")

ANSWER, PART, REFUSED = range(3)
"""What a frame to the parent is: the end of a request, a piece before it, its refusal."""


class Channel:
    """The two pipes to the parent."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink

    def receive(self) -> tuple[int, bytes]:
        """The next request's kind and payload. Raises EOFError when there is none to come."""
        kind, length = HEADER.unpack(self._read(HEADER.size))
        return kind, self._read(length)

    def has_request(self) -> bool:
        """Whether one, or the end, can be received without waiting for it."""
        return bool(select.select([self._source], [], [], 0)[0])

    def part(self, payload: bytes) -> None:
        """Send a piece of what was asked for."""
        self._write(PART, payload)

    def answer(self, payload: bytes = b"") -> None:
        """End a request."""
        self._write(ANSWER, payload)

    def refuse(self, why: str) -> None:
        """End a request that cannot be fulfilled, and never will."""
        self._write(REFUSED, why.encode())

    def _read(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            piece = os.read(self._source, length - len(data))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _write(self, kind: int, payload: bytes) -> None:
        view = memoryview(HEADER.pack(kind, len(payload)) + payload)
        while view:
            view = view[os.write(self._sink, view) :]


def main(engine: str) -> None:
    """Serve the engine whose file this is until the parent is gone."""
    channel = Channel(os.dup(0), os.dup(1))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a library prints is no frame
    sys.excepthook = report
    spec = importlib.util.spec_from_file_location("engine", engine)
    assert spec is not None  # noqa: S101 - a path that ends in .py has a loader
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        module.serve(channel)
    except (EOFError, BrokenPipeError):
        return


def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say what went wrong and where, without the values, which may be a caller's words."""
    place = traceback.extract_tb(trace)[-1]
    reason = f": {error}" if isinstance(error, ImportError | OSError) else ""
    sys.stderr.write(f"{kind.__name__} in {place.name}, line {place.lineno}{reason}\n")


if __name__ == "__main__":
    main(sys.argv[1])
