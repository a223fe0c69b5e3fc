"""The end-of-turn model gets what its publisher gives it, and says what it should."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from parley.audio.files import read_recording
from parley.audio.formats import INBOUND
from parley.errors import AudioError, ConfigurationError, MissingModelError
from parley.models import CATALOGUE
from parley.speech.cadence import Cadence
from parley.speech.endofturn import HEARD_S, MODEL, SILENCE_S, EndOfTurnModel, last_samples
from parley.speech.endofturn_features import FRAMES, MELS, SAMPLES, Floats, log_mel, mel_filters
from parley.speech.onnxfile import Node, write_model

RATE = 16_000
Doubles = npt.NDArray[np.float64]

PUBLISHED = (
    (0, 1, 0.02486259490251541),
    (1, 2, 0.022871771827340126),
    (9, 10, 0.006945197004824877),
    (39, 41, 0.011486922390758991),
    (69, 131, 0.00487553421407938),
    (79, 192, 0.0031647116411477327),
)
"""Band, bin and value in Whisper's `assets/mel_filters.npz`."""

JUDGED = (
    ("pvs2i_44e7fcfb-2fbb-459f-b570-24737feac4c2", 3.38, 0.9889),
    ("pvs2i_2630f6ea-dcdb-44d0-a045-b564d346f3d0", 6.19, 0.9875),
    ("so762_090880090", 4.0, 0.9809),
    ("so762_007390070", 3.24, 0.0053),
    ("so762_010920125", 3.9, 0.0146),
    ("so762_012600210", 2.85, 0.0146),
)
"""A recording, where it is cut in seconds, and what pipecat-ai 1.14.0's analyzer says of it."""


# Features


def sound(seconds: float, seed: int = 3) -> Floats:
    """A gliding tone in noise, with an offset and a silent middle."""
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.01, len(time))
    wave = 0.2 * np.sin(2 * np.pi * (200 + 700 * time) * time) + noise + 0.003
    wave[len(wave) // 3 : len(wave) // 2] = 0
    return wave.astype(np.float32)


def slaney_hertz() -> Doubles:
    """Corners of the bands, counted out: steps of 66 2/3 Hz up to 1 kHz, then 27 to 6.4."""
    top = 15 + 27 * np.log(8) / np.log(6.4)
    mels = np.arange(82) * top / 81
    return np.array([m * 200 / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27) for m in mels])


def expected_frame(samples: Doubles, frame: int) -> Doubles:
    """The 80 mel powers of one frame, from the definition of the Fourier transform."""
    n = np.arange(400)
    at = 160 * frame + n - 200
    at = np.abs(at)  # the sound is mirrored at its edges
    at = np.where(at > SAMPLES - 1, 2 * (SAMPLES - 1) - at, at)
    windowed = samples[at] * (0.5 - 0.5 * np.cos(2 * np.pi * n / 400))
    bins = np.arange(201)
    power = np.abs(np.exp(-2j * np.pi * np.outer(bins, n) / 400) @ windowed) ** 2
    corners, powers = slaney_hertz(), np.zeros(80)
    for band in range(80):
        low, middle, high = corners[band : band + 3]
        weight = np.interp(bins * 40.0, [low, middle, high], [0, 1, 0], left=0, right=0)
        powers[band] = (weight * 2 / (high - low) * power).sum()
    return powers


def test_the_features_are_what_whisper_defines() -> None:
    samples = sound(8)
    scaled = samples.astype(np.float64)
    scaled = (scaled - scaled.mean()) / np.sqrt(scaled.var() + 1e-7)
    frames = [0, 1, 2, 265, 266, 267, 300, 399, 400, 401, 500, 640, 798, 799]
    logarithms = np.log10([np.maximum(expected_frame(scaled, f), 1e-10) for f in frames])
    features = log_mel(samples)
    assert (features.shape, features.dtype) == ((80, 800), np.float32)
    floor = features.min()
    assert floor == pytest.approx(features.max() - 2, abs=1e-6)  # 8 decades, a quarter each
    expected = np.maximum((logarithms + 4) / 4, floor)
    np.testing.assert_allclose(features[:, frames].T, expected, atol=1e-5)


def test_the_filters_are_slaneys() -> None:
    filters = mel_filters()
    assert filters.shape == (201, 80)
    for band, bin_, published in PUBLISHED:
        assert filters[bin_, band] == pytest.approx(published, abs=1e-9)
    corners = slaney_hertz()
    assert corners[-1] == pytest.approx(8000)
    for band, weights in enumerate(filters.T):
        inside = np.flatnonzero(weights) * 40
        assert corners[band] < inside.min()
        assert inside.max() < corners[band + 2]


def test_level_and_offset_of_the_sound_do_not_matter() -> None:
    samples = sound(8)
    np.testing.assert_allclose(log_mel(samples * 0.1 + 0.2), log_mel(samples), atol=2e-3)


def test_silence_has_features_too() -> None:
    assert np.unique(log_mel(np.zeros(SAMPLES, np.float32))).tolist() == [-1.5]


# Samples


def test_silence_goes_before_what_is_short_and_the_end_is_kept_of_what_is_long() -> None:
    pcm = np.arange(1, 4, dtype="<i2").tobytes()
    short = last_samples(pcm)
    assert (short[-4:] * 32768).tolist() == [0, 1, 2, 3]
    assert short.shape == (SAMPLES,) == (INBOUND.bytes_for(HEARD_S) // 2,)
    assert not short[:-3].any()
    long = last_samples(bytes(2 * SAMPLES) + pcm)
    assert (long[-4:] * 32768).tolist() == [0, 1, 2, 3]
    assert long.shape == (SAMPLES,)
    assert not last_samples(b"").any()


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(AudioError, match="whole number"):
        last_samples(b"123")


# The model's file


def test_without_the_file_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    with pytest.raises(MissingModelError, match="parley models pull smart-turn"):
        EndOfTurnModel()


def other_model() -> bytes:
    return write_model(
        [Node("Mul", ["rows", "scale"], ["scaled"])],
        {"scale": np.ones((1, 3), np.float32)},
        inputs={"rows": ["B", 3]},
        outputs={"scaled": ["B", 3]},
    )


@pytest.mark.parametrize("data", [b"half a file", b"", other_model()])
def test_a_damaged_or_other_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "turn.onnx"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"turn\.onnx cannot be loaded.*pull smart-turn"):
        EndOfTurnModel(path)


def test_a_model_with_the_same_ports_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "turn.onnx"
    path.write_bytes(mean_model())
    pcm = (sound(9) * 32767).astype("<i2").tobytes()
    heard, features = EndOfTurnModel(path)(pcm), log_mel(last_samples(pcm))
    assert heard.probability == pytest.approx(features.mean(), abs=1e-5)
    last = features.reshape(FRAMES // 2, 2 * MELS)[-15:-10, 0]
    np.testing.assert_allclose(heard.ending, np.full(384, last.mean()), atol=1e-5)


def mean_model() -> bytes:
    """It answers with the mean of what it is given, and makes 400 states of it on the way."""
    band = np.zeros((2 * MELS, 384), np.float32)
    band[0] = 1.0
    return write_model(
        [
            Node("Reshape", ["input_features", "all"], ["flat"]),
            Node("MatMul", ["flat", "weights"], ["logits"]),
            Node("Reshape", ["input_features", "pairs"], ["in_pairs"]),
            Node("MatMul", ["in_pairs", "band"], ["add_268"]),
        ],
        {
            "all": np.array([-1, MELS * FRAMES], np.int64),
            "weights": np.full((MELS * FRAMES, 1), 1 / MELS / FRAMES, np.float32),
            "pairs": np.array([-1, FRAMES // 2, 2 * MELS], np.int64),
            "band": band,
        },
        inputs={"input_features": ["B", MELS, FRAMES]},
        outputs={"logits": ["B", 1]},
    )


# The real model


@pytest.fixture(scope="module")
def model() -> EndOfTurnModel:
    if not CATALOGUE[MODEL].fetched:
        pytest.skip("the model is not here: parley models pull smart-turn")
    return EndOfTurnModel()


@pytest.fixture(scope="module")
def speech() -> Path:
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("PARLEY_SPEECH", root.parent / "shared" / "speech"))
    if not (folder / "manifest.json").exists():
        pytest.skip("the recorded speech is not here: name its folder with PARLEY_SPEECH")
    return folder


def test_the_same_sound_gets_the_same_answer(model: EndOfTurnModel) -> None:
    pcm = (sound(4) * 32767).astype("<i2").tobytes()
    first, ending = model(pcm)
    assert 0 <= first <= 1
    assert ending.shape == (384,)
    for same in (pcm, bytes(2 * SAMPLES) + bytes(2 * SAMPLES - len(pcm)) + pcm):
        again = model(same)
        assert again.probability == first
        assert (again.ending == ending).all()


def test_silence_is_no_mistake(model: EndOfTurnModel) -> None:
    assert 0 <= model(b"").probability <= 1
    assert model(b"").probability == model(bytes(2 * SAMPLES)).probability


@pytest.mark.parametrize(("name", "end_s", "expected"), JUDGED)
def test_human_speech_is_judged_as_the_publisher_judges_it(
    name: str, end_s: float, expected: float, model: EndOfTurnModel, speech: Path
) -> None:
    pcm = read_recording(speech / "pauses" / f"{name}.wav").pcm[: INBOUND.bytes_for(end_s)]
    # The weights are 8 bits wide, and processors round their sums differently.
    assert model(pcm).probability == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("name", "end_s", "words_s"),
    [
        ("ps_0870_austen", 6.79, (0.98, 2.21, 3.95, 5.46, 6.35)),
        ("ps_0930_austen", 3.02, (0.92, 1.07, 1.33, 1.7)),
    ],
)
def test_the_end_of_a_sentence_sounds_otherwise_than_that_of_a_word_within_it(
    name: str, end_s: float, words_s: tuple[float, ...], model: EndOfTurnModel, speech: Path
) -> None:
    pcm = read_recording(speech / "transcribed" / f"{name}.wav").pcm

    def said(until_s: float) -> float:
        heard = pcm[: INBOUND.bytes_for(until_s)] + bytes(INBOUND.bytes_for(SILENCE_S))
        return Cadence()(heard, model(heard).ending)

    assert said(end_s) > 1.0 > max(map(said, words_s))
