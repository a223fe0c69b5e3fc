"""The recording of a call: the caller on the left, the agent on the right, one timeline.

While the call runs, either side grows as raw PCM in the call's folder. `finalize` makes
a stereo WAV of them, also of those that a killed process left behind.
"""

import wave
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from parley.audio.diskwriter import DiskWriter, GrowingFile
from parley.audio.files import interleave, set_format
from parley.audio.formats import INBOUND, OUTBOUND, AudioFormat
from parley.audio.resampling import OFFLINE, StreamResampler
from parley.errors import AudioError

CALLER_TRACK = "caller.16k.pcm"
AGENT_TRACK = "agent.24k.pcm"
RECORDING = "recording.wav"

_JITTER_S = 0.005
_BLOCK_BYTES = 32_000


class Timeline:
    """Places audio on the sample clock of one track. Time 0 is the beginning of the call.

    `end`: samples placed so far, silence included.
    `trimmed`: samples dropped because they overlapped what was already there.
    """

    def __init__(self, audio: AudioFormat) -> None:
        self.end = 0
        self.trimmed = 0
        self._rate = audio.sample_rate
        self._jitter = round(_JITTER_S * audio.sample_rate)

    def place(self, at_s: float, pcm: bytes) -> tuple[int, bytes]:
        """Return the samples of silence to append, and then the audio to append.

        `at_s` is the time of the first sample of `pcm`, in seconds. Within 5 ms of the
        track's end, the audio follows without a seam.
        """
        gap = round(at_s * self._rate) - self.end
        if gap < -self._jitter:
            whole = len(pcm) // 2
            pcm = pcm[-2 * gap :]
            self.trimmed += whole - len(pcm) // 2
        silence = gap if gap > self._jitter else 0
        self.end += silence + len(pcm) // 2
        return silence, pcm


class CallRecorder:
    """Records one call into its folder. Nothing here waits for the disk."""

    def __init__(self, folder: Path | str, writer: DiskWriter) -> None:
        self._caller = _Track(INBOUND, writer.open(Path(folder) / CALLER_TRACK))
        self._agent = _Track(OUTBOUND, writer.open(Path(folder) / AGENT_TRACK))

    def caller(self, at_s: float, pcm: bytes) -> None:
        """Add what the caller said (`INBOUND`), from `at_s` seconds of the call on."""
        self._caller.add(at_s, pcm)

    def agent(self, at_s: float, pcm: bytes) -> None:
        """Add what the agent said (`OUTBOUND`), from `at_s` seconds of the call on."""
        self._agent.add(at_s, pcm)

    @property
    def error(self) -> AudioError | None:
        """Why the recording breaks off, or None."""
        return self._caller.file.error or self._agent.file.error

    @property
    def trimmed_s(self) -> float:
        """Seconds of audio, of both sides, that were dropped because they overlapped."""
        caller, agent = self._caller.timeline, self._agent.timeline
        return caller.trimmed / INBOUND.sample_rate + agent.trimmed / OUTBOUND.sample_rate

    def close(self) -> tuple[Future[None], Future[None]]:
        """End the recording. When both futures are done, `finalize` may run.

        They raise AudioError where the disk failed; what was written before is kept.
        """
        return self._caller.file.close(), self._agent.file.close()


class _Track:
    def __init__(self, audio: AudioFormat, file: GrowingFile) -> None:
        self.timeline = Timeline(audio)
        self.file = file

    def add(self, at_s: float, pcm: bytes) -> None:
        silence, pcm = self.timeline.place(at_s, pcm)
        if silence:
            self.file.skip(2 * silence)
        self.file.write(pcm)


def finalize(folder: Path | str) -> Path:
    """Make a call's stereo WAV (24 kHz) of its raw tracks, remove these, and return its path.

    Takes about 3 s of processor time for an hour, in a few megabytes of memory, and
    blocks: a coroutine calls it in a thread. Calling it again does no harm. A WAV holds at
    most 12 hours.

    Raises AudioError when the folder holds no recording, or cannot be written to.
    """
    folder = Path(folder)
    tracks = folder / CALLER_TRACK, folder / AGENT_TRACK
    recording = folder / RECORDING
    unfinished = folder / f"{RECORDING}.part"
    try:
        # A recording with this name is whole: only then do the tracks go, one by one.
        if not recording.exists():
            _mix(tracks, unfinished)
            unfinished.replace(recording)
        for track in tracks:
            track.unlink(missing_ok=True)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise AudioError(
            f"cannot make {recording}: {error.strerror}",
            remedy="Check the disk's space and the rights of the folder. The tracks are kept.",
        ) from error
    return recording


def _mix(tracks: tuple[Path, Path], target: Path) -> None:
    if not any(track.exists() for track in tracks):
        raise AudioError(f"{target.parent} holds no recording", remedy="Name the folder of a call.")
    with ExitStack() as stack:
        caller, agent = (stack.enter_context(_open_track(track)) for track in tracks)
        wav = stack.enter_context(wave.open(stack.enter_context(target.open("wb"))))
        set_format(wav, 2, OUTBOUND.sample_rate)
        for block in _stereo(caller, agent):
            wav.writeframesraw(block)


def _open_track(path: Path) -> BinaryIO:
    return path.open("rb") if path.exists() else BytesIO()


def _stereo(caller: BinaryIO, agent: BinaryIO) -> Iterator[bytes]:
    upsampler = StreamResampler(INBOUND.sample_rate, OUTBOUND.sample_rate, OFFLINE)
    for block in _blocks(caller):
        left = upsampler.push(block)
        yield interleave((left, _whole(agent.read(len(left)))))
    left = upsampler.flush()
    yield interleave((left, _whole(agent.read(len(left)))))
    for right in _blocks(agent):
        yield interleave((b"", right))


def _blocks(track: BinaryIO) -> Iterator[bytes]:
    while block := _whole(track.read(_BLOCK_BYTES)):
        yield block


def _whole(pcm: bytes) -> bytes:
    """Without the half sample that a killed process may leave at the end."""
    return pcm[: len(pcm) & ~1]
