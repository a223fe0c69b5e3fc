"""Recordings on disk: whatever people have comes in, WAV goes out.

PyAV, which carries libav, is imported when the first file is read: it takes 50 ms.
"""

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from parley.audio.formats import INBOUND
from parley.audio.framing import samples_of
from parley.audio.resampling import OFFLINE, StreamResampler, is_convertible
from parley.errors import AudioError

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

# A playlist makes libav open further files and addresses, so no format of that kind is here.
_CONTAINERS = "wav,w64,mp3,flac,ogg,matroska,webm,mov,aac,aiff,au,caf,amr"

_FALLBACK_RATE = 48_000
_STREAMED_RIFF_BYTES = 0x7FFF_0000  # what writers to a pipe put for a size that they don't know
_SLOPPY_RIFF_BYTES = 64
_SHORTFALL_S = 0.05


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """What a file holds: libav's name of the codec, hertz, and the number of channels."""

    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as Parley hears it: `pcm` is `INBOUND`.

    `warnings` tell the user what is missing from it.
    """

    pcm: bytes
    source: SourceFormat
    warnings: Sequence[str] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return INBOUND.seconds_in(self.pcm)


def read_recording(path: Path | str, channel: int | None = None) -> Recording:
    """Read a WAV, MP3, FLAC, Ogg, Opus, AAC, AIFF, AU or AMR file, or a film's sound.

    `channel` picks one channel, counted from 0; None mixes all of them. A damaged file
    gives what can be read of it, with a warning. So does one that is cut short, where
    the file announces its length. Blocks: a coroutine calls it in a thread.

    Raises AudioError when there is no such file or channel, or no audio in it.
    """
    from av.error import FFmpegError

    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(path, file, channel)
    except FFmpegError as error:
        raise _not_audio(path) from error
    except OSError as error:
        raise AudioError(
            f"cannot read {path}: {error.strerror}",
            remedy="Name an audio file that exists and that you may read.",
        ) from error


def write_wav(path: Path | str, pcm_channels: Sequence[bytes], sample_rate: int) -> None:
    """Write PCM16 channels of `sample_rate` hertz to a WAV file.

    Raises AudioError when the file cannot be written.
    """
    try:
        with Path(path).open("wb") as file, wave.open(file) as wav:
            set_format(wav, len(pcm_channels), sample_rate)
            wav.writeframes(interleave(pcm_channels))
    except OSError as error:
        raise AudioError(
            f"cannot write {path}: {error.strerror}",
            remedy="Check that the folder exists and that there is space.",
        ) from error


def set_format(wav: wave.Wave_write, channels: int, sample_rate: int) -> None:
    """Declare a WAV file to hold PCM16."""
    wav.setnchannels(channels)
    wav.setsampwidth(2)
    wav.setframerate(sample_rate)


def interleave(pcm_channels: Sequence[bytes]) -> bytes:
    """Weave PCM16 channels sample by sample; a shorter one goes on in silence.

    Raises AudioError when one of them ends within a sample.
    """
    channels = [samples_of(pcm) for pcm in pcm_channels]
    woven = np.zeros((max(map(len, channels)), len(channels)), "<i2")
    for column, samples in enumerate(channels):
        woven[: len(samples), column] = samples
    return woven.tobytes()


def _not_audio(path: Path) -> AudioError:
    return AudioError(
        f"{path} is no audio file that can be read",
        remedy="Convert it to WAV, MP3, FLAC or Ogg.",
    )


def _read(path: Path, file: BinaryIO, channel: int | None) -> Recording:
    import av

    lacks_bytes = _lacks_bytes(path, file)
    options = {"format_whitelist": _CONTAINERS}
    with av.open(file, "r", options=options, metadata_errors="replace") as container:
        known = [stream for stream in container.streams.audio if stream.codec_context]
        if not known:
            raise _not_audio(path)
        stream = known[0]
        codec = stream.codec_context.codec.canonical_name
        source = SourceFormat(codec, stream.rate, stream.channels)
        _check_channel(path, channel, source)
        pcm, damaged = _decode(container, stream, channel)
        announced_s = _announced_s(container, stream)
    if not pcm:
        raise AudioError(f"{path} holds no audio", remedy="Check how it was recorded.")
    length_s = INBOUND.seconds_in(pcm)
    warnings = []
    if lacks_bytes or announced_s - length_s > _SHORTFALL_S:
        warnings.append(f"{path} is cut short: it ends after {length_s:.2f} s")
    if damaged:
        warnings.append(f"{path} is damaged: {damaged} of its pieces could not be decoded")
    return Recording(pcm, source, tuple(warnings))


def _lacks_bytes(path: Path, file: BinaryIO) -> bool:
    """Whether a WAV file is smaller than its first header says. libav does not tell.

    Raises AudioError when the file is empty.
    """
    head, size = file.read(8), path.stat().st_size
    file.seek(0)
    if not head:
        raise AudioError(f"{path} is empty", remedy="Record or copy it again.")
    declared = int.from_bytes(head[4:], "little") + 8
    if not head.startswith(b"RIFF") or declared > _STREAMED_RIFF_BYTES:
        return False
    return declared - size > _SLOPPY_RIFF_BYTES


def _check_channel(path: Path, channel: int | None, source: SourceFormat) -> None:
    if channel is not None and not 0 <= channel < source.channels:
        raise AudioError(
            f"{path} has no channel {channel}",
            remedy=f"Its channels are 0 to {source.channels - 1}.",
        )


def _announced_s(container: "InputContainer", stream: "AudioStream") -> float:
    """The length in seconds that the file's headers give, or 0 where they give none."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6  # libav's container clock ticks in microseconds


def _decode(
    container: "InputContainer", stream: "AudioStream", channel: int | None
) -> tuple[bytes, int]:
    """Return the sound as `INBOUND`, and the number of pieces that could not be decoded."""
    known = is_convertible(stream.rate, INBOUND.sample_rate)
    rate = stream.rate if known else _FALLBACK_RATE
    resampler = StreamResampler(rate, INBOUND.sample_rate, OFFLINE)
    pcm, damaged = bytearray(), 0
    for planes in _planes(container, stream, rate):
        if planes is None:
            damaged += 1
        else:
            pcm += resampler.push(_to_mono(planes, channel))
    pcm += resampler.flush()
    return bytes(pcm), damaged


def _to_mono(planes: NDArray[np.int16], channel: int | None) -> bytes:
    mono = planes.mean(axis=0).round() if channel is None else planes[channel]
    return np.asarray(mono, np.int16).tobytes()


def _planes(
    container: "InputContainer", stream: "AudioStream", rate: int
) -> Iterator[NDArray[np.int16] | None]:
    """Yield PCM16 of shape (channels, samples), or None for a piece that is damaged."""
    from av import AudioResampler
    from av.error import FFmpegError

    converter = AudioResampler("s16p", rate=rate)
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                for converted in converter.resample(frame):
                    yield np.asarray(converted.to_ndarray(), np.int16)
        except (FFmpegError, ValueError):  # ValueError: the number of channels changed
            yield None
    for converted in converter.resample(None):
        yield np.asarray(converted.to_ndarray(), np.int16)
