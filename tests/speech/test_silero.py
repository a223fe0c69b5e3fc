"""The model in our graph says what the publisher's model says, one stream or many."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from parley.errors import ConfigurationError, MissingModelError
from parley.models import model_path
from parley.speech.detector import WINDOW
from parley.speech.onnxfile import write_model
from parley.speech.silero import CONTEXT, Floats, SileroVad, fresh_state

SAMPLE_RATE = 16_000


@pytest.fixture(scope="module")
def model() -> SileroVad:
    return SileroVad()


def buzz(pitch: float, time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Harmonics under three formants: what the model takes for a voice where it begins."""
    formants = ((700, 80), (1200, 90), (2600, 120))
    gains = {
        k: sum(1 / (1 + ((k * pitch - centre) / width) ** 2) for centre, width in formants)
        for k in range(1, 40)
    }
    waves = [gain * np.sin(2 * np.pi * k * pitch * time) for k, gain in gains.items()]
    voice: npt.NDArray[np.float64] = np.sum(waves, axis=0) * (np.sin(4 * np.pi * time) > -0.3)
    return voice


def sounds(streams: int, windows: int) -> Floats:
    """Voices that stop and begin again: `[windows, streams, 576]`, contexts in place."""
    time = np.arange(windows * WINDOW) / SAMPLE_RATE
    voices = np.stack([0.1 * buzz(100 + 20 * stream, time) for stream in range(streams)])
    noise = np.random.default_rng(5).normal(0, 0.001, voices.shape)
    audio = np.pad(voices + noise, ((0, 0), (CONTEXT, 0))).astype(np.float32)
    ends = range(CONTEXT + WINDOW, audio.shape[1] + 1, WINDOW)
    return np.stack([audio[:, end - CONTEXT - WINDOW : end] for end in ends])


def states(streams: int) -> Floats:
    return np.concatenate([fresh_state()] * streams, axis=1)


def test_our_graph_computes_what_the_publishers_does(model: SileroVad) -> None:
    published = onnxruntime.InferenceSession(
        model_path("silero-vad"), providers=["CPUExecutionProvider"]
    )
    state = theirs = states(6)
    seen = []
    for audio in sounds(streams=6, windows=60):
        inputs = {"input": audio, "state": theirs, "sr": np.array(SAMPLE_RATE)}
        expected, theirs = published.run(None, inputs)
        probabilities, state = model(audio, state)
        np.testing.assert_allclose(probabilities, expected[:, 0], atol=1e-5)
        np.testing.assert_allclose(state, theirs, atol=1e-3)
        seen += probabilities.tolist()
    assert min(seen) < 0.1
    assert max(seen) > 0.5


def test_a_stream_in_a_batch_is_judged_as_if_it_were_alone(model: SileroVad) -> None:
    state, alone = states(5), fresh_state()
    for audio in sounds(streams=5, windows=30):
        together, state = model(audio, state)
        single, alone = model(audio[3:4], alone)
        np.testing.assert_allclose(together[3:4], single, atol=1e-5)


def test_silence_holds_no_speech(model: SileroVad) -> None:
    state = fresh_state()
    for _ in range(30):
        probabilities, state = model(np.zeros((1, CONTEXT + WINDOW), np.float32), state)
        assert probabilities[0] < 0.1


def test_without_the_file_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    with pytest.raises(MissingModelError, match="parley models pull silero-vad"):
        SileroVad()


@pytest.mark.parametrize("data", [b"half a file", write_model([], {}, {}, {})])
def test_a_damaged_or_other_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "silero.onnx"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"silero\.onnx cannot be loaded.*pull silero-vad"):
        SileroVad(path)
