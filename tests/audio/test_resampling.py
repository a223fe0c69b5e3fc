import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.audio.resampling import LIVE, OFFLINE, StreamResampler, is_convertible, resample
from parley.errors import AudioError

PAIRS = [(8000, 16000), (16000, 24000), (24000, 16000), (24000, 8000), (48000, 16000)]
RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 44100, 48000])
PEAK = 16000


def tone(hertz, rate, seconds=0.5):
    time = np.arange(round(rate * seconds)) / rate
    return (PEAK * np.sin(2 * np.pi * hertz * time)).round().astype(np.int16).tobytes()


def noise(samples, seed=1):
    return np.random.default_rng(seed).integers(-20000, 20000, samples, np.int16).tobytes()


def stream(pcm, source, target, frame_samples, quality=LIVE):
    """Push in frames, and return the pieces that came back, the flushed end last."""
    resampler = StreamResampler(source, target, quality)
    step = 2 * frame_samples
    pieces = [resampler.push(pcm[at : at + step]) for at in range(0, len(pcm), step)]
    return [*pieces, resampler.flush()]


def middle(pcm, rate):
    """The samples at least 50 ms away from either end."""
    return np.frombuffer(pcm, np.int16)[rate // 20 : -rate // 20].astype(float)


def level_db(pcm, rate, hertz):
    """Level of one frequency, relative to PEAK."""
    samples = middle(pcm, rate)
    window = np.hanning(len(samples))
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / rate)
    amplitude = 2 * abs(np.sum(samples * window * turn)) / window.sum()
    return 20 * np.log10(amplitude / PEAK + 1e-9)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_speech_keeps_its_level_and_its_time(source, target):
    """Sample j stands for the time j / target: no delay, no click at a frame's border."""
    hertz = 0.4 * min(source, target) / 2
    got = middle(b"".join(stream(tone(hertz, source), source, target, source // 50)), target)
    wanted = middle(tone(hertz, target), target)

    error = np.sqrt(np.mean((got - wanted) ** 2)) / np.sqrt(np.mean(wanted**2))

    assert 20 * np.log10(error) < -70


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_band_is_kept_up_to_85_percent(source, target):
    hertz = 0.85 * min(source, target) / 2
    pcm = b"".join(stream(tone(hertz, source), source, target, source // 50))

    assert level_db(pcm, target, hertz) > -0.3


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] > pair[1]])
@pytest.mark.parametrize(("above", "at_most_db"), [(1.1, -50), (1.25, -80)])
def test_what_the_target_cannot_hold_does_not_come_back_as_an_alias(
    source, target, above, at_most_db
):
    hertz = above * target / 2
    pcm = b"".join(stream(tone(hertz, source), source, target, source // 50))

    assert level_db(pcm, target, target - hertz) < at_most_db


@pytest.mark.parametrize(("source", "target"), [pair for pair in PAIRS if pair[0] < pair[1]])
@pytest.mark.parametrize(("below", "at_most_db"), [(0.9, -50), (0.75, -80)])
def test_a_higher_rate_brings_no_mirror_image(source, target, below, at_most_db):
    hertz = below * source / 2
    pcm = b"".join(stream(tone(hertz, source), source, target, source // 50))

    assert level_db(pcm, target, source - hertz) < at_most_db


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_offline_is_sharper_still(source, target):
    low = min(source, target) / 2
    kept, rejected = 0.93 * low, 1.03 * low

    pcm = resample(tone(kept, source), source, target)
    assert level_db(pcm, target, kept) > -0.5
    if source > target:
        pcm = resample(tone(rejected, source), source, target)
        assert level_db(pcm, target, target - rejected) < -80
    else:
        assert level_db(pcm, target, source - kept) < -80


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("quality", [LIVE, OFFLINE])
def test_each_frame_brings_all_that_is_older_than_the_delay(source, target, quality):
    """20 ms in, 20 ms out from the second frame on: no bursts."""
    *pieces, end = stream(noise(source // 2), source, target, source // 50, quality)
    delay_s = StreamResampler(source, target, quality).delay_s

    assert delay_s == pytest.approx(quality.reach_s)
    assert len(pieces[0]) / 2 == pytest.approx((0.02 - delay_s) * target, abs=1)
    assert {len(piece) // 2 for piece in pieces[1:]} == {target // 50}
    assert len(end) / 2 == pytest.approx(delay_s * target, abs=1)


@given(RATES, RATES, st.lists(st.integers(0, 700), max_size=12))
def test_how_the_audio_is_cut_changes_nothing(source, target, lengths):
    pcm = noise(sum(lengths))
    whole = StreamResampler(source, target)
    pieces = StreamResampler(source, target)
    got, at = b"", 0
    for length in lengths:
        got += pieces.push(pcm[2 * at : 2 * (at + length)])
        at += length

    assert got + pieces.flush() == whole.push(pcm) + whole.flush()


@given(RATES, RATES, st.integers(0, 3000), st.integers(1, 500))
def test_the_count_of_samples_is_exact(source, target, samples, frame):
    pieces = stream(noise(samples), source, target, frame)

    assert sum(map(len, pieces)) == 2 * round(samples * target / source)


@given(RATES, RATES, st.integers(0, 70_000))
def test_the_count_of_samples_is_exact_offline(source, target, samples):
    assert len(resample(noise(samples), source, target)) == 2 * round(samples * target / source)


def test_a_long_call_does_not_drift():
    resampler = StreamResampler(8000, 16000)
    frame = bytes(320)
    out = sum(len(resampler.push(frame)) for _ in range(50 * 60 * 10))

    assert out + len(resampler.flush()) == 2 * 16000 * 60 * 10


def test_flush_starts_anew():
    resampler = StreamResampler(16000, 24000)
    first = resampler.push(noise(500)) + resampler.flush()

    assert resampler.push(noise(500)) + resampler.flush() == first


def test_a_piece_shorter_than_the_delay_waits():
    resampler = StreamResampler(16000, 8000)

    assert resampler.push(bytes(2 * 32)) == b""
    assert resampler.push(bytes(2)) == bytes(2)


def test_full_scale_is_clipped_and_does_not_wrap_around():
    square = np.repeat(np.tile(np.array([32767, -32768], np.int16), 20), 16)
    got = np.frombuffer(resample(square.tobytes(), 16000, 24000), np.int16)
    centres = got[12::24]

    assert got.max() == 32767
    assert got.min() == -32768
    assert (np.sign(centres) == np.tile([1, -1], 20)).all()


def test_a_constant_stays_constant():
    level = np.full(2400, 12345, np.int16)
    got = b"".join(stream(level.tobytes(), 8000, 24000, 160))

    assert set(middle(got, 24000)) == {12345}


def test_a_large_piece_equals_many_small_ones():
    """Beyond the bound on one matrix product, too."""
    pcm = noise(30_000)

    assert b"".join(stream(pcm, 44100, 16000, 30_000)) == b"".join(stream(pcm, 44100, 16000, 441))


def test_equal_rates_pass_through():
    resampler = StreamResampler(16000, 16000)
    frame = noise(320)

    assert resampler.push(frame) is frame
    assert resampler.flush() == b""
    assert resampler.delay_s == 0
    assert resample(frame, 16000, 16000) == frame


def test_half_a_sample_is_refused():
    with pytest.raises(AudioError, match="3 bytes"):
        StreamResampler(16000, 24000).push(b"abc")


@pytest.mark.parametrize(
    "rates",
    [(0, 16000), (16000, -1), (16000, 999), (192_001, 16000), (8012, 16000), (16000, 16001)],
)
def test_rates_without_a_simple_ratio_are_refused(rates):
    assert not is_convertible(*rates)
    with pytest.raises(AudioError, match=f"{rates[0]} to {rates[1]} Hz") as caught:
        StreamResampler(*rates)

    assert "usual rates" in caught.value.remedy


@pytest.mark.parametrize("ours", [8000, 16000, 24000, 48000])
def test_every_usual_rate_converts_to_and_from_ours(ours):
    usual = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192_000]

    assert all(is_convertible(rate, ours) and is_convertible(ours, rate) for rate in usual)
