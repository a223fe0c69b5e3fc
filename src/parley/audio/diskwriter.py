"""Writes the growing files of all calls from one thread, so that no call waits for a disk.

What was written is with the operating system at most 200 ms later: it outlives the
process, though not the machine. The files are written in rounds, in the order in which
they were opened, each round up to one common moment. So a line of a later file is only
there when all is there that went to the earlier files before it.

What waits for the disk is bounded, over all files. When the disk does not keep up, the
file that would exceed the bound fails: it keeps what it was given until then, without a
hole, takes no more, and says so in `error` and in the future of `close`.
"""

import atexit
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cache
from io import FileIO
from itertools import groupby
from pathlib import Path
from typing import cast

from parley.errors import AudioError


@cache
def disk_writer() -> "DiskWriter":
    """The writer that all calls of this process share."""
    writer = DiskWriter()
    atexit.register(writer.close)
    return writer


class DiskWriter:
    """Owns the thread, which runs while files are open.

    `flush_every_s`: seconds between two rounds of writing.
    `limit_bytes`: how much may wait for the disk, over all files.
    """

    def __init__(self, flush_every_s: float = 0.1, limit_bytes: int = 64 << 20) -> None:
        self._flush_every_s = flush_every_s
        self._room = limit_bytes
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._files: list[GrowingFile] = []
        self._thread: threading.Thread | None = None

    def open(self, path: Path | str) -> "GrowingFile":
        """Begin to append to a file. It and its folders are made where they are missing.

        Returns at once; that the disk refuses shows later, in the file's `error`.
        """
        file = GrowingFile(self, Path(path))
        with self._lock:
            self._files.append(file)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="disk-writer", daemon=True)
                self._thread.start()
        return file

    def close(self) -> None:
        """Close all files and wait until they are written."""
        with self._lock:
            files, thread = list(self._files), self._thread
        for file in files:
            file.close()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            for file, waiting, closing in batch:
                file._store(waiting)
                with self._lock:
                    self._room += sum(map(_size, waiting))
                if closing:
                    file._finish()

    def _next_batch(self) -> "list[tuple[GrowingFile, list[bytes | int], bool]]":
        with self._wake:
            if self._files and not any(file._closing for file in self._files):
                self._wake.wait(self._flush_every_s)
            batch = [(file, file._waiting, file._closing) for file in self._files]
            for file in self._files:
                file._waiting = []
            self._files = [file for file in self._files if not file._closing]
            if not batch:
                self._thread = None
            return batch


class GrowingFile:
    """A file that is appended to in the background. Made by `DiskWriter.open`.

    `error` is None while all is well.
    """

    def __init__(self, writer: DiskWriter, path: Path) -> None:
        self.path = path
        self.error: AudioError | None = None
        self._writer = writer
        self._waiting: list[bytes | int] = []
        self._closing = False
        self._broken = False
        self._raw: FileIO | None = None
        self._done: Future[None] = Future()
        self._done.set_running_or_notify_cancel()  # a waiter that is cancelled cannot cancel it

    def write(self, data: bytes) -> None:
        """Append `data`, without waiting. Once the file has failed, nothing is taken.

        Raises AudioError after `close`.
        """
        self._enqueue(data)

    def skip(self, count: int) -> None:
        """Append `count` zero bytes, which take no memory, and mostly no space on the disk."""
        self._enqueue(count)

    def close(self) -> Future[None]:
        """Take no more. The future ends when all is written, with `error` if there is one."""
        with self._writer._wake:
            self._closing = True
            self._writer._wake.notify()
        return self._done

    def _enqueue(self, item: bytes | int) -> None:
        size, writer = _size(item), self._writer
        with writer._lock:
            if self._closing:
                raise AudioError(f"{self.path} is closed and cannot be written to")
            if self.error is not None:
                return
            if size > writer._room:
                self._fail("the disk does not keep up")
                return
            writer._room -= size
            self._waiting.append(item)

    def _store(self, waiting: Sequence[bytes | int]) -> None:
        if not self._broken:
            self._attempt(lambda: self._append(waiting))

    def _finish(self) -> None:
        if self._raw is not None:
            self._attempt(self._raw.close)
        if self.error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(self.error)

    def _append(self, waiting: Sequence[bytes | int]) -> None:
        if self._raw is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._raw = self.path.open("ab", buffering=0)
        for kind, items in groupby(waiting, type):
            if kind is int:
                end = self._raw.seek(0, os.SEEK_END)
                self._raw.truncate(end + sum(cast("Iterator[int]", items)))
                continue
            data = memoryview(b"".join(cast("Iterator[bytes]", items)))
            while data:
                data = data[self._raw.write(data) :]

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self._broken = True
            self._fail(error.strerror or "the disk failed")

    def _fail(self, why: str) -> None:
        self.error = AudioError(
            f"cannot write {self.path}: {why}",
            remedy="Check the disk's space and speed, and the rights of the folder.",
        )


def _size(item: bytes | int) -> int:
    return len(item) if isinstance(item, bytes) else 0
