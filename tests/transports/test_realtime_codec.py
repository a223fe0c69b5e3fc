"""The client's audio formats, and the limits of what it may send."""

import numpy as np
import pytest

from parley.audio import g711
from parley.audio.formats import INBOUND, OUTBOUND
from parley.transports.realtime.codec import FORMATS, Decoder, Encoder, Format
from parley.transports.realtime.limits import Allowance

SECOND = 1.0


def tone(rate: int, seconds: float = SECOND) -> bytes:
    times = np.arange(round(rate * seconds)) / rate
    return (8000 * np.sin(2 * np.pi * 440 * times)).astype("<i2").tobytes()


def pitch(pcm: bytes, rate: int) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


def spoken(name: Format) -> bytes:
    pcm = tone(FORMATS[name].sample_rate)
    return pcm if name == "audio/pcm" else g711.encode(pcm, FORMATS[name].encoding)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_client_says_is_heard_at_its_pitch(name: Format) -> None:
    heard = b"".join(Decoder(name).decode(spoken(name)))
    assert INBOUND.seconds_in(heard) == pytest.approx(SECOND, abs=0.005)
    assert pitch(heard, INBOUND.sample_rate) == pytest.approx(440, abs=3)


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_agent_says_is_sent_at_its_pitch(name: Format) -> None:
    encoder = Encoder(name)
    pcm = tone(OUTBOUND.sample_rate)
    sent = b"".join(encoder.encode(pcm[at : at + 960]) for at in range(0, len(pcm), 960))
    assert FORMATS[name].seconds_in(sent) == pytest.approx(SECOND, abs=0.005)
    if name != "audio/pcm":
        sent = g711.decode(sent, FORMATS[name].encoding)  # type: ignore[arg-type]
    assert pitch(sent, FORMATS[name].sample_rate) == pytest.approx(440, abs=3)


def test_pcm_of_the_same_rate_is_sent_untouched() -> None:
    assert Encoder("audio/pcm").encode(b"\x01\x02\x03\x04") == b"\x01\x02\x03\x04"


def test_long_audio_comes_in_pieces() -> None:
    pieces = list(Decoder("audio/pcm").decode(bytes(2 * 24_000 * 3)))
    assert len(pieces) == 30
    assert max(map(INBOUND.seconds_in, pieces)) <= 0.1


def test_a_sample_is_not_cut_in_half() -> None:
    assert not Decoder("audio/pcm").is_whole(b"\x00\x00\x00")
    assert Decoder("audio/pcm").is_whole(b"\x00\x00")
    assert Decoder("audio/pcmu").is_whole(b"\x00\x00\x00")


def test_after_a_restart_nothing_of_before_is_left() -> None:
    encoder = Encoder("audio/pcmu")
    encoder.encode(tone(24_000, 0.1))
    encoder.restart()
    silence = set(encoder.encode(bytes(4800)))
    assert silence == {g711.SILENCE["mulaw"]}


def test_an_allowance_comes_back_with_time() -> None:
    it = Allowance(per_s=10.0, burst=20.0, now=5.0)
    assert it.spend(20.0, 5.0)
    assert not it.spend(1.0, 5.05)
    assert it.spend(1.0, 5.15)
    assert not it.spend(21.0, 100.0), "no more than a burst is ever saved up"
