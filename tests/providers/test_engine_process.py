import io
import os
import subprocess
import sys
import threading
from contextlib import closing, redirect_stderr

import pytest
from engine_user import ECHO_ENGINE

from parley.providers import engine_process
from parley.providers.engine_process import ANSWER, HEADER, PART, REFUSED, Channel, report


def frame(kind: int, payload: bytes) -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


class Pipes:
    """A channel with its other ends."""

    def __init__(self) -> None:
        source, self.to_engine = os.pipe()
        self.from_engine, sink = os.pipe()
        self.ours = [self.to_engine, self.from_engine, source, sink]
        self.channel = Channel(source, sink)

    def close(self) -> None:
        for fd in self.ours:
            os.close(fd)


def test_requests_are_read_whole_and_in_order() -> None:
    with closing(Pipes()) as pipes:
        os.write(pipes.to_engine, frame(7, b"first") + frame(8, b""))
        assert pipes.channel.receive() == (7, b"first")
        assert pipes.channel.receive() == (8, b"")


def test_a_request_and_an_answer_longer_than_a_pipe_holds_come_whole() -> None:
    audio = os.urandom(300_000)
    with closing(Pipes()) as pipes:
        back = Channel(pipes.from_engine, pipes.to_engine)
        writer = threading.Thread(target=back.part, args=(audio,))
        writer.start()
        assert pipes.channel.receive() == (PART, audio)
        writer.join()


def test_the_end_of_the_parent_is_an_end_of_file_even_within_a_request() -> None:
    with closing(Pipes()) as pipes:
        os.write(pipes.to_engine, frame(7, b"first")[:-1])
        os.close(pipes.ours.pop(0))
        with pytest.raises(EOFError):
            pipes.channel.receive()


def test_answers_say_what_they_are() -> None:
    with closing(Pipes()) as pipes:
        pipes.channel.part(b"a")
        pipes.channel.answer(b"b")
        pipes.channel.refuse("ü")
        assert os.read(pipes.from_engine, 100) == (
            frame(PART, b"a") + frame(ANSWER, b"b") + frame(REFUSED, "ü".encode())
        )


def test_a_request_or_the_end_can_be_seen_before_it_is_received() -> None:
    with closing(Pipes()) as pipes:
        assert not pipes.channel.has_request()
        os.write(pipes.to_engine, frame(3, b"abc"))
        assert pipes.channel.has_request()
        assert pipes.channel.receive() == (3, b"abc")
        assert not pipes.channel.has_request()
        os.close(pipes.ours.pop(0))
        assert pipes.channel.has_request()
        with pytest.raises(EOFError):
            pipes.channel.receive()


def test_a_crash_is_reported_without_the_values() -> None:
    said = io.StringIO()
    for error in (ValueError("my card is 4711"), ModuleNotFoundError("no module named 'x'")):
        try:
            raise error
        except Exception as raised:
            with redirect_stderr(said):
                report(type(raised), raised, raised.__traceback__)
    first, second = said.getvalue().splitlines()
    assert first.startswith("ValueError in test_a_crash")
    assert "4711" not in first
    assert "no module named 'x'" in second


def test_the_process_serves_until_its_stdin_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-P", engine_process.__file__, ECHO_ENGINE],
        input=frame(0, b"hello"),
        capture_output=True,
        check=True,
    )
    assert done.stdout == frame(ANSWER, b"ready") + frame(ANSWER, b"hello")
    assert done.stderr == b""
