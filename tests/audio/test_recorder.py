import os
import select
import signal
import subprocess
import sys
import tracemalloc
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.audio.diskwriter import DiskWriter
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.recorder import (
    AGENT_TRACK,
    CALLER_TRACK,
    RECORDING,
    CallRecorder,
    Timeline,
    finalize,
)
from parley.errors import AudioError

DEADLINE_S = 30
MS = 16  # samples of INBOUND in a millisecond


def pcm(samples, first=1):
    """Samples that count up, so that each can be told from the others."""
    return np.arange(first, first + samples).astype(np.int16).tobytes()


def samples_in(path):
    return np.frombuffer(path.read_bytes(), np.int16)


def read_wav(path):
    """Return the channels of a WAV file, and its rate."""
    with wave.open(str(path)) as wav:
        frames = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
        return frames.reshape(-1, wav.getnchannels()).T, wav.getframerate()


def murmur(rate, seconds, at_s):
    """A sound of 440 Hz that swells and fades around `at_s`."""
    time = np.arange(round(rate * seconds)) / rate - at_s
    return (12000 * np.exp(-((time / 0.05) ** 2)) * np.cos(2 * np.pi * 440 * time)).round()


@pytest.fixture
def writer():
    writer = DiskWriter(flush_every_s=0.01)
    yield writer
    writer.close()


# The timeline of one track


def test_frames_in_time_follow_one_another_without_a_seam():
    track = Timeline(INBOUND)

    assert track.place(0.00, pcm(320)) == (0, pcm(320))
    assert track.place(0.02, pcm(320)) == (0, pcm(320))
    assert track.end == 640


@pytest.mark.parametrize("jitter_s", [-0.005, -0.001, 0.001, 0.005])
def test_a_clock_that_trembles_moves_nothing(jitter_s):
    track = Timeline(INBOUND)
    track.place(0, pcm(320))

    assert track.place(0.02 + jitter_s, pcm(320)) == (0, pcm(320))
    assert track.trimmed == 0


def test_a_gap_is_silence():
    track = Timeline(INBOUND)
    track.place(0, pcm(320))

    assert track.place(0.026, pcm(320)) == (6 * MS, pcm(320))
    assert track.end == 320 + 6 * MS + 320


def test_a_track_that_begins_late_begins_with_silence():
    assert Timeline(OUTBOUND).place(1.5, pcm(480)) == (36_000, pcm(480))


def test_what_overlaps_is_trimmed_and_counted():
    track = Timeline(INBOUND)
    track.place(0, pcm(320))

    assert track.place(0.014, pcm(320)) == (0, pcm(320)[2 * 6 * MS :])
    assert track.trimmed == 6 * MS
    assert track.end == 640 - 6 * MS


def test_what_overlaps_wholly_leaves_nothing():
    track = Timeline(INBOUND)
    track.place(0, pcm(3200))

    assert track.place(0.1, pcm(320)) == (0, b"")
    assert (track.end, track.trimmed) == (3200, 320)


@given(st.lists(st.tuples(st.floats(-0.1, 0.2), st.integers(0, 1000)), max_size=30))
def test_no_sample_is_more_than_5_ms_from_its_time(moves):
    """Each move: how far after the end of the one before, in seconds, and how many samples."""
    track, now, placed, dropped = Timeline(INBOUND), 0.0, 0, 0
    for wait_s, count in moves:
        now = max(0.0, now + wait_s)
        before = track.end
        silence, kept = track.place(now, pcm(count))
        start = before + silence

        lost = count - len(kept) // 2
        assert kept == pcm(count)[2 * lost :]
        assert not (silence and lost)
        if kept:
            assert abs(start - lost - now * 16000) <= 5 * MS + 0.5
        placed += silence + len(kept) // 2
        dropped += lost
        now += count / 16000
    assert (track.end, track.trimmed) == (placed, dropped)


# The recorder


def test_both_sides_grow_on_one_clock(writer, tmp_path):
    recorder = CallRecorder(tmp_path / "call", writer)
    recorder.caller(0.0, pcm(320))
    recorder.agent(0.5, pcm(480))
    recorder.caller(0.02, pcm(320, 321))
    recorder.agent(1.0, pcm(480))
    for done in recorder.close():
        done.result(DEADLINE_S)

    caller = samples_in(tmp_path / "call" / CALLER_TRACK)
    agent = samples_in(tmp_path / "call" / AGENT_TRACK)
    assert caller.tobytes() == pcm(640)
    assert agent.tobytes() == bytes(24_000) + pcm(480) + bytes(24_000 - 960) + pcm(480)
    assert recorder.error is None


def test_overlaps_are_counted_in_seconds(writer, tmp_path):
    recorder = CallRecorder(tmp_path, writer)
    for _ in range(2):
        recorder.caller(0.0, pcm(3200))
        recorder.agent(0.0, pcm(2400))

    assert recorder.trimmed_s == pytest.approx(0.3)


@pytest.mark.parametrize("track", [CALLER_TRACK, AGENT_TRACK])
def test_the_recorder_tells_when_a_disk_fails_and_the_call_goes_on(writer, tmp_path, track):
    (tmp_path / track).mkdir()
    recorder = CallRecorder(tmp_path, writer)
    recorder.caller(0, pcm(320))
    recorder.agent(0, pcm(480))
    failures = [done.exception(DEADLINE_S) for done in recorder.close()]

    assert isinstance(recorder.error, AudioError)
    assert track in recorder.error.what
    assert [failure for failure in failures if failure] == [recorder.error]


# The recording


def test_what_happened_together_is_heard_together(writer, tmp_path):
    recorder = CallRecorder(tmp_path, writer)
    recorder.caller(0, murmur(16000, 2, at_s=0.7).astype(np.int16).tobytes())
    recorder.agent(0.25, murmur(24000, 1, at_s=0.45).astype(np.int16).tobytes())
    for done in recorder.close():
        done.result(DEADLINE_S)

    (left, right), rate = read_wav(finalize(tmp_path))

    wanted = murmur(24000, 2, at_s=0.7)
    assert rate == 24000
    assert len(left) == 48_000
    assert np.abs(left - wanted).max() <= 12
    assert np.abs(right - wanted).max() <= 12
    assert {path.name for path in tmp_path.iterdir()} == {RECORDING}


def test_the_shorter_side_goes_on_in_silence(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(pcm(1600))
    (tmp_path / AGENT_TRACK).write_bytes(pcm(30_000))
    (left, right), _ = read_wav(finalize(str(tmp_path)))

    assert not left[2400:].any()
    assert left[:2400].any()
    assert right.tobytes() == pcm(30_000)


@pytest.mark.parametrize(("caller", "agent", "seconds"), [(1600, None, 0.1), (None, 2400, 0.1)])
def test_a_side_that_never_spoke(tmp_path, caller, agent, seconds):
    if caller:
        (tmp_path / CALLER_TRACK).write_bytes(pcm(caller))
    if agent:
        (tmp_path / AGENT_TRACK).write_bytes(pcm(agent))
    channels, rate = read_wav(finalize(tmp_path))

    assert channels.shape == (2, seconds * rate)
    assert channels.any(axis=1).tolist() == [caller is not None, agent is not None]


def test_half_a_sample_at_the_end_is_left_out(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(pcm(16) + b"\x7f")
    (tmp_path / AGENT_TRACK).write_bytes(pcm(12) + b"\x7f")
    (_, right), _ = read_wav(finalize(tmp_path))

    assert right.tolist() == [*range(1, 13), *[0] * 12]


def test_a_recording_is_not_made_twice(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(pcm(1600))
    whole = finalize(tmp_path).read_bytes()
    (tmp_path / AGENT_TRACK).write_bytes(pcm(2400))  # killed before the tracks were removed

    assert finalize(tmp_path).read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} == {RECORDING}


def test_an_attempt_that_was_killed_is_begun_again(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(pcm(1600))
    (tmp_path / f"{RECORDING}.part").write_bytes(b"RIFF")
    channels, _ = read_wav(finalize(tmp_path))

    assert channels.shape == (2, 2400)
    assert {path.name for path in tmp_path.iterdir()} == {RECORDING}


def test_a_folder_without_a_recording(tmp_path):
    with pytest.raises(AudioError, match="holds no recording"):
        finalize(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_track_that_cannot_be_read(tmp_path):
    (tmp_path / CALLER_TRACK).mkdir()

    with pytest.raises(AudioError, match=r"recording\.wav: Is a directory"):
        finalize(tmp_path)


FINALIZES_ON_A_SMALL_DISK = """
import resource, sys
from parley.audio.recorder import finalize
from parley.errors import AudioError

resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    finalize(sys.argv[1])
except AudioError as error:
    print(error)
"""


def test_the_tracks_are_kept_when_the_recording_cannot_be_made(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(pcm(30_000))
    command = [sys.executable, "-c", FINALIZES_ON_A_SMALL_DISK, tmp_path]
    child = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_S)

    assert "recording.wav: File too large" in child.stdout
    assert "The tracks are kept" in child.stdout
    assert child.stderr == ""
    assert {path.name for path in tmp_path.iterdir()} == {CALLER_TRACK}


def test_a_long_call_needs_no_more_memory_than_a_short_one(tmp_path):
    (tmp_path / CALLER_TRACK).write_bytes(bytes(32_000 * 120))
    (tmp_path / AGENT_TRACK).write_bytes(bytes(48_000 * 120))
    tracemalloc.start()
    try:
        finalize(tmp_path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 5_000_000


# A process that is killed

RECORDS_UNTIL_KILLED = """
import sys
from parley.audio.diskwriter import DiskWriter
from parley.audio.recorder import CallRecorder

folder, marker = sys.argv[1:]
writer = DiskWriter()
recorder = CallRecorder(folder, writer)
flushed = writer.open(marker)
for frame in range(50):
    recorder.caller(frame * 0.02, bytes([frame, 1]) * 320)
    recorder.agent(frame * 0.02, bytes([frame, 2]) * 480)
flushed.write(b"!")
sys.stdin.read()
"""


def test_a_killed_process_leaves_what_was_said(tmp_path):
    """The marker is written in the same round as the sound, and after it."""
    folder, marker = tmp_path / "call", tmp_path / "marker"
    os.mkfifo(marker)
    end = os.open(marker, os.O_RDONLY | os.O_NONBLOCK)
    command = [sys.executable, "-c", RECORDS_UNTIL_KILLED, folder, marker]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        ready, _, _ = select.select([end], [], [], DEADLINE_S)
        assert ready, "the process did not write its sound"
        assert os.read(end, 1) == b"!"
    finally:
        child.kill()
        child.communicate()
        os.close(end)
    assert child.returncode == -signal.SIGKILL

    caller = samples_in(folder / CALLER_TRACK)
    agent = samples_in(folder / AGENT_TRACK)
    assert caller.tolist() == [256 + frame for frame in range(50) for _ in range(320)]
    assert agent.tolist() == [512 + frame for frame in range(50) for _ in range(480)]

    channels, _ = read_wav(finalize(folder))
    assert channels.shape == (2, 24_000)
    assert channels[1].tolist() == agent.tolist()
