import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from parley.audio.files import (
    Recording,
    SourceFormat,
    interleave,
    read_recording,
    write_wav,
)
from parley.errors import AudioError

SPEECH = Path(os.environ.get("PARLEY_SPEECH", Path(__file__).parents[3] / "shared" / "speech"))
PEAK = 8000


def tone(hertz, rate, seconds=1.0):
    time = np.arange(round(rate * seconds)) / rate
    return (PEAK * np.sin(2 * np.pi * hertz * time)).round().astype(np.int16)


def encode(path, codec, rate, *channels):
    """Write PCM16 channels with one of libav's encoders; the file's name tells the container."""
    layout = "mono" if len(channels) == 1 else "stereo"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.open()
        converter = av.AudioResampler(stream.format, layout, rate, stream.frame_size or None)
        frame = av.AudioFrame.from_ndarray(np.stack(channels), "s16p", layout)
        frame.sample_rate = rate
        for piece in [*converter.resample(frame), *converter.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def loudest_hertz(pcm):
    samples = np.frombuffer(pcm, np.int16)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * 16000 / len(samples)


def peak(pcm):
    """The amplitude of a tone, measured in the middle of the recording."""
    samples = np.frombuffer(pcm, np.int16).astype(float)
    return np.sqrt(2 * np.mean(samples[len(samples) // 4 : -len(samples) // 4] ** 2))


@pytest.fixture
def wav(tmp_path):
    """One second of 440 Hz, 16 kHz mono, with the usual header of 44 bytes."""
    write_wav(tmp_path / "tone.wav", [tone(440, 16000).tobytes()], 16000)
    return tmp_path / "tone.wav"


@pytest.mark.parametrize(
    ("name", "encoder", "codec", "rate", "within_s"),
    [
        ("a.wav", "pcm_s16le", "pcm_s16le", 16000, 0),
        ("a.wav", "pcm_s24le", "pcm_s24le", 44100, 0),
        ("a.wav", "pcm_f32le", "pcm_f32le", 48000, 0),
        ("a.wav", "pcm_mulaw", "pcm_mulaw", 8000, 0),
        ("a.wav", "pcm_alaw", "pcm_alaw", 8000, 0),
        ("a.wav", "pcm_s16le", "pcm_s16le", 8012, 0.0002),
        ("a.flac", "flac", "flac", 22050, 0),
        ("a.mp3", "libmp3lame", "mp3", 44100, 0.03),
        ("a.ogg", "libopus", "opus", 48000, 0.03),
        ("a.webm", "libopus", "opus", 48000, 0.03),
        ("a.m4a", "aac", "aac", 24000, 0.1),
    ],
)
def test_what_people_have_becomes_16_khz_mono(tmp_path, name, encoder, codec, rate, within_s):
    path = encode(tmp_path / name, encoder, rate, tone(440, rate))

    recording = read_recording(path)

    assert recording.source == SourceFormat(codec, rate, 1)
    assert recording.duration_s == pytest.approx(1, abs=within_s)
    assert loudest_hertz(recording.pcm) == pytest.approx(440, abs=2)
    assert peak(recording.pcm) == pytest.approx(PEAK, rel=0.05)
    assert recording.warnings == ()


def test_16_khz_mono_pcm_is_not_changed(wav):
    assert read_recording(str(wav)).pcm == tone(440, 16000).tobytes()


def test_two_channels_are_mixed_or_taken_apart(tmp_path):
    caller, agent = tone(440, 16000), tone(1000, 16000)
    write_wav(tmp_path / "call.wav", [caller.tobytes(), agent.tobytes()], 16000)

    both = read_recording(tmp_path / "call.wav")

    assert both.source.channels == 2
    mean = (caller.astype(int) + agent) / 2
    assert np.abs(np.frombuffer(both.pcm, np.int16) - mean).max() <= 0.5
    assert read_recording(tmp_path / "call.wav", channel=0).pcm == caller.tobytes()
    assert read_recording(tmp_path / "call.wav", channel=1).pcm == agent.tobytes()


@pytest.mark.parametrize("channel", [-1, 1])
def test_a_channel_that_is_not_there(wav, channel):
    with pytest.raises(AudioError, match=f"has no channel {channel}") as caught:
        read_recording(wav, channel=channel)

    assert caught.value.remedy == "Its channels are 0 to 0."


# What cannot be read


def test_no_such_file(tmp_path):
    with pytest.raises(AudioError, match=r"nowhere\.wav: No such file") as caught:
        read_recording(tmp_path / "nowhere.wav")

    assert "exists" in caught.value.remedy


def test_a_folder(tmp_path):
    with pytest.raises(AudioError, match="directory"):
        read_recording(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "a.wav").touch()

    with pytest.raises(AudioError, match=r"a\.wav is empty"):
        read_recording(tmp_path / "a.wav")


def test_a_text(tmp_path):
    (tmp_path / "a.wav").write_text("Dear diary, nothing was recorded today.\n" * 9)

    with pytest.raises(AudioError, match="no audio file") as caught:
        read_recording(tmp_path / "a.wav")

    assert "Convert it to WAV" in caught.value.remedy


def test_a_film_without_sound(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25, width=16, height=16, pix_fmt="yuv420p")
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        container.mux(stream.encode(None))

    with pytest.raises(AudioError, match="no audio file"):
        read_recording(tmp_path / "a.mp4")


def test_a_codec_that_nobody_knows(wav):
    data = bytearray(wav.read_bytes())
    data[20:22] = b"\x99\x99"
    wav.write_bytes(data)

    with pytest.raises(AudioError, match="no audio file"):
        read_recording(wav)


def test_a_playlist_does_not_lead_to_other_files(tmp_path):
    secret = encode(tmp_path / "secret.flac", "flac", 16000, tone(440, 16000))
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")

    with pytest.raises(AudioError, match="no audio file"):
        read_recording(playlist)


def test_a_header_with_nothing_behind_it(tmp_path):
    write_wav(tmp_path / "a.wav", [b""], 16000)

    with pytest.raises(AudioError, match="holds no audio"):
        read_recording(tmp_path / "a.wav")


# What can be read in part


def cut(path, keep):
    """Keep only a part of the file."""
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * keep)])


def test_a_wav_cut_short(wav):
    cut(wav, 0.5)

    recording = read_recording(wav)

    assert recording.pcm == tone(440, 16000).tobytes()[: len(recording.pcm)]
    assert recording.duration_s == pytest.approx(0.5, abs=0.01)
    assert recording.warnings == (f"{wav} is cut short: it ends after 0.50 s",)


@pytest.mark.parametrize(("name", "encoder"), [("a.mp3", "libmp3lame"), ("a.webm", "libopus")])
def test_other_files_cut_short(tmp_path, name, encoder):
    path = encode(tmp_path / name, encoder, 48000, tone(440, 48000))
    cut(path, 0.5)

    recording = read_recording(path)

    assert recording.duration_s == pytest.approx(0.5, abs=0.1)
    (warning,) = recording.warnings
    assert f"it ends after {recording.duration_s:.2f} s" in warning


@pytest.mark.parametrize("size", [0, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_wav_that_was_written_to_a_pipe_is_whole(wav, size):
    data = bytearray(wav.read_bytes())
    data[4:8] = data[40:44] = size.to_bytes(4, "little")
    wav.write_bytes(data)

    recording = read_recording(wav)

    assert recording.pcm == tone(440, 16000).tobytes()
    assert recording.warnings == ()


def test_a_size_that_forgets_to_leave_out_its_own_8_bytes_is_no_damage(wav):
    data = bytearray(wav.read_bytes())
    data[4:8] = len(data).to_bytes(4, "little")
    wav.write_bytes(data)

    assert read_recording(wav).warnings == ()


def test_what_is_damaged_is_left_out_and_the_rest_goes_on(tmp_path):
    path = encode(tmp_path / "a.mp3", "libmp3lame", 16000, tone(440, 16000, 3))
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + bytes(1000) + data[half + 1000 :])

    recording = read_recording(path)

    assert 2 < recording.duration_s < 2.9
    assert loudest_hertz(recording.pcm[-32000:]) == pytest.approx(440, abs=2)
    assert any("is damaged" in warning for warning in recording.warnings)


def test_a_second_recording_of_another_shape_behind_the_first_is_left_out(tmp_path):
    first = encode(tmp_path / "a.mp3", "libmp3lame", 16000, tone(440, 16000))
    other = encode(tmp_path / "b.mp3", "libmp3lame", 16000, tone(99, 16000), tone(99, 16000))
    first.write_bytes(first.read_bytes() + other.read_bytes())

    recording = read_recording(first)

    assert recording.duration_s == pytest.approx(1, abs=0.1)
    assert any("could not be decoded" in warning for warning in recording.warnings)


def test_a_tag_that_is_no_text_does_no_harm(tmp_path):
    path = tmp_path / "a.mp3"
    encode(path, "libmp3lame", 16000, tone(440, 16000))
    text = b"\x03caf\xe9"  # said to be UTF-8, and is Latin-1
    frame = b"TIT2" + len(text).to_bytes(4, "big") + b"\0\0" + text
    tag = b"ID3\x04\0\0" + len(frame).to_bytes(4, "big") + frame
    path.write_bytes(tag + path.read_bytes())

    assert read_recording(path).duration_s == pytest.approx(1, abs=0.05)


# Writing


def test_a_written_file_holds_its_channels_side_by_side(tmp_path):
    left, right = tone(440, 8000).tobytes(), tone(880, 8000, 0.5).tobytes()
    write_wav(str(tmp_path / "a.wav"), [left, right], 8000)

    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert wav.getparams()[:4] == (2, 2, 8000, 8000)
        frames = np.frombuffer(wav.readframes(8000), np.int16).reshape(-1, 2)

    assert frames[:, 0].tobytes() == left
    assert frames[:, 1].tobytes() == right + bytes(len(right))


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(AudioError, match="No such file") as caught:
        write_wav(tmp_path / "nowhere" / "a.wav", [b""], 8000)

    assert "folder" in caught.value.remedy


def test_half_a_sample_is_refused():
    with pytest.raises(AudioError, match="3 bytes"):
        interleave([b"abcd", b"abc"])


# The whole


def test_duration_is_that_of_the_pcm():
    assert Recording(bytes(3200), SourceFormat("flac", 44100, 2)).duration_s == 0.1


def test_libav_is_only_loaded_when_a_file_is_read():
    program = "import sys, parley.audio.files; sys.exit('av' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.timeout(300)
def test_every_recording_of_the_speech_corpus_is_read_in_full_length():
    manifest = SPEECH / "manifest.json"
    if not manifest.exists():
        pytest.skip("the speech corpus is not here; PARLEY_SPEECH names its folder")
    items = json.loads(manifest.read_text())["items"]
    assert len(items) == 435

    for item in items:
        recording = read_recording(SPEECH / item["file"])
        assert recording.duration_s == pytest.approx(item["duration_s"], abs=0.05), item["file"]
        assert recording.source.channels == item["channels"], item["file"]
        assert recording.warnings == (), item["file"]
