import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from parley.audio.diskwriter import DiskWriter, disk_writer
from parley.errors import AudioError

DEADLINE_S = 30


@pytest.fixture
def writer():
    writer = DiskWriter(flush_every_s=0.01, limit_bytes=1_000_000)
    yield writer
    writer.close()


class Pipe:
    """A file that the test reads at its own pace, as a slow disk would take it."""

    def __init__(self, path):
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self, count):
        """Return the next `count` bytes as soon as they are there."""
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self._end], [], [], DEADLINE_S)
            assert ready, "nothing was written"
            data += os.read(self._end, count - len(data))
        return data

    def has_ended(self):
        """Whether the writer has closed the file and nothing is left to read."""
        return os.read(self._end, 1) == b""

    def close(self):
        os.close(self._end)


@pytest.fixture
def pipe(tmp_path):
    pipe = Pipe(tmp_path / "pipe")
    yield pipe
    pipe.close()


def a_round_passes(writer, tmp_path):
    writer.open(tmp_path / "other").close().result(DEADLINE_S)


def threads():
    return {thread for thread in threading.enumerate() if thread.name == "disk-writer"}


def test_what_was_written_is_there_in_order(writer, tmp_path):
    file = writer.open(tmp_path / "a")
    for number in range(100):
        file.write(b"%d\n" % number)

    assert file.close().result(DEADLINE_S) is None
    assert (tmp_path / "a").read_text().split() == [str(n) for n in range(100)]
    assert file.error is None


def test_a_file_grows_behind_what_it_already_holds(writer, tmp_path):
    (tmp_path / "a").write_bytes(b"old,")
    file = writer.open(tmp_path / "a")
    file.write(b"new")
    file.close().result(DEADLINE_S)

    assert (tmp_path / "a").read_bytes() == b"old,new"


def test_missing_folders_are_made(writer, tmp_path):
    path = tmp_path / "calls" / "17" / "trace"
    writer.open(str(path)).close().result(DEADLINE_S)

    assert path.read_bytes() == b""


def test_skipped_bytes_are_zero_and_take_no_room(writer, tmp_path):
    file = writer.open(tmp_path / "a")
    file.skip(3)
    file.write(b"ab")
    file.skip(10_000_000)
    a_round_passes(writer, tmp_path)
    file.skip(1)
    file.write(b"c")
    file.close().result(DEADLINE_S)

    assert (tmp_path / "a").read_bytes() == b"\0\0\0ab" + bytes(10_000_001) + b"c"


def test_a_round_comes_by_itself_and_follows_the_order_of_opening(writer, tmp_path, pipe):
    sound = writer.open(tmp_path / "sound")
    trace = writer.open(tmp_path / "pipe")
    for number in range(5):
        sound.write(bytes([number]) * 1000)
        trace.write(b"line %d\n" % number)
        assert pipe.read(7) == b"line %d\n" % number
        assert (tmp_path / "sound").read_bytes()[-1000:] == bytes([number]) * 1000


def test_one_thread_serves_all_files_and_ends_with_the_last(writer, tmp_path):
    before = threads()
    files = [writer.open(tmp_path / str(number)) for number in range(20)]
    assert len(threads() - before) == 1

    for file in files:
        file.close()
    writer.close()

    assert threads() == before


def test_the_writer_closes_what_is_open_and_can_begin_again(writer, tmp_path):
    writer.open(tmp_path / "a").write(b"a")
    writer.close()
    assert (tmp_path / "a").read_bytes() == b"a"

    writer.open(tmp_path / "b").write(b"b")
    writer.close()
    assert (tmp_path / "b").read_bytes() == b"b"


def test_a_writer_without_files_closes_at_once():
    DiskWriter().close()


def test_a_closed_file_takes_nothing_more(writer, tmp_path):
    file = writer.open(tmp_path / "a")
    done = file.close()

    with pytest.raises(AudioError, match="is closed"):
        file.write(b"late")
    assert file.close() is done
    done.result(DEADLINE_S)
    assert (tmp_path / "a").read_bytes() == b""


def test_closing_does_not_wait_for_the_next_round(tmp_path):
    writer = DiskWriter(flush_every_s=3600)
    for number in range(20):
        first, second = (writer.open(tmp_path / f"{number}{name}") for name in "ab")
        assert first.close().result(DEADLINE_S) is None
        assert second.close().result(DEADLINE_S) is None


def test_closing_does_not_wait_even_when_the_writer_is_busy(tmp_path, pipe):
    writer = DiskWriter(flush_every_s=3600)
    busy = writer.open(tmp_path / "pipe")
    busy.write(bytes(100_000))
    writer.open(tmp_path / "a").close()
    pipe.read(1)  # the writer is at work, and waits for the pipe
    done = busy.close()
    pipe.read(99_999)

    assert done.result(DEADLINE_S) is None


def test_whoever_waits_for_the_end_cannot_cancel_it(writer, tmp_path):
    done = writer.open(tmp_path / "a").close()

    assert not done.cancel()
    assert done.result(DEADLINE_S) is None


# Disks that do not do their work


def test_what_waits_for_a_slow_disk_is_bounded(writer, tmp_path, pipe):
    slow = writer.open(tmp_path / "pipe")
    slow.write(b"a" * 600_000)
    assert slow.error is None
    slow.write(b"b" * 600_000)  # more than the limit of 1,000,000
    slow.write(b"c")

    assert isinstance(slow.error, AudioError)
    assert "does not keep up" in slow.error.what
    assert "space and speed" in slow.error.remedy
    done = slow.close()
    assert pipe.read(600_000) == b"a" * 600_000  # all that was taken, and no hole
    assert done.exception(DEADLINE_S) is slow.error
    assert pipe.has_ended()


def test_room_comes_back_when_the_disk_has_taken_its_data(writer, tmp_path):
    for number in range(3):
        file = writer.open(tmp_path / str(number))
        file.write(bytes(900_000))
        file.close().result(DEADLINE_S)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_the_file_and_no_other(writer, tmp_path):
    full, other = writer.open("/dev/full"), writer.open(tmp_path / "other")
    full.write(b"a" * 600_000)
    other.write(b"b")
    other.close().result(DEADLINE_S)

    assert isinstance(full.error, AudioError)
    assert full.error.what == "cannot write /dev/full: No space left on device"
    full.write(b"c")
    assert full.close().exception(DEADLINE_S) is full.error
    assert (tmp_path / "other").read_bytes() == b"b"

    after = writer.open(tmp_path / "after")
    after.write(bytes(900_000))
    assert after.error is None, "the room of what could not be written comes back"


def test_a_file_that_failed_is_not_tried_again(writer, tmp_path):
    folder = tmp_path / "folder"
    folder.touch()
    file = writer.open(folder / "a")
    file.write(b"a")
    a_round_passes(writer, tmp_path)
    folder.unlink()

    with pytest.raises(AudioError, match="folder/a: "):
        file.close().result(DEADLINE_S)
    assert not folder.exists(), "a file that lacks its beginning would be worse than none"


def test_a_disk_that_takes_only_a_part_has_failed(tmp_path):
    program = """if True:
        import resource, sys
        from parley.audio.diskwriter import DiskWriter
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        file = DiskWriter().open(sys.argv[1])
        file.write(bytes(1500))
        print(file.close().exception())
    """
    command = [sys.executable, "-c", program, tmp_path / "a"]
    child = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_S)

    assert "File too large" in child.stdout
    assert (tmp_path / "a").stat().st_size == 1000


# The writer of the process


def test_calls_share_one_writer():
    assert disk_writer() is disk_writer()


def test_a_process_that_ends_leaves_nothing_unwritten(tmp_path):
    program = (
        "import sys; from parley.audio.diskwriter import disk_writer;"
        "disk_writer().open(sys.argv[1]).write(b'last words')"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "a"], check=True, timeout=DEADLINE_S)

    assert (tmp_path / "a").read_bytes() == b"last words"
