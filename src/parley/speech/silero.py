"""Silero VAD on onnxruntime: how likely a window of audio is to hold speech.

The model is recurrent: it looks at 512 new samples (32 ms) at 16 kHz after the 64
that came before them, and carries a state from window to window. Many streams run
as one batch. The weights are the publisher's (Silero Team, MIT licence). The graph is
ours: over four frames the publisher's convolutions are small matrix products, and
written as such they take between a half and a quarter of the time.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.errors import ConfigurationError
from parley.inference import session
from parley.models import model_path
from parley.speech.detector import WINDOW
from parley.speech.onnxfile import Array, Node, read_weights, write_model

MODEL = "silero-vad"
CONTEXT = 64

Floats = npt.NDArray[np.float32]


def fresh_state() -> Floats:
    """The state of one stream before its first window: `[2, 1, 128]`."""
    return np.zeros((2, 1, 128), np.float32)


class SileroVad:
    """The model, loaded once and shared: on the CPU, in the thread that calls it.

    `path` defaults to the pulled file. Raises MissingModelError when there is none,
    ConfigurationError when it cannot be loaded. Loading takes about 0.2 s.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or model_path(MODEL)
        try:
            self._session = session(graph(read_weights(path.read_bytes())))
        except (OSError, ValueError, KeyError) as error:
            raise ConfigurationError(
                f"the model file {path} cannot be loaded: {error}",
                remedy=f"Fetch it again with: parley models pull {MODEL}",
            ) from error

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        """Judge one window of each of B streams.

        `audio` is `[B, 576]` in -1 to 1, context and window; `state` is `[2, B, 128]`.
        Returns `[B]` probabilities and the streams' next states.
        """
        mirrored = audio[:, -2 : -2 - CONTEXT : -1]
        inputs = {"audio": np.concatenate((audio, mirrored), axis=1), "state": state}
        probabilities, state = self._session.run(None, inputs)
        return probabilities[:, 0], state


def graph(published: Mapping[str, Array]) -> bytes:
    """The ONNX model that computes what the publisher's 16 kHz model computes.

    Input `audio` is `[B, 640]`, five blocks of 128: a frame of the spectrogram is two
    neighbouring blocks. Its four frames pass three convolutions down to one vector,
    which an LSTM cell turns into the probability.
    """
    nodes = [
        Node("Reshape", ["audio", "as_blocks"], ["blocks"]),
        Node("Slice", ["blocks", "0", "4", "1"], ["left"]),
        Node("Slice", ["blocks", "1", "5", "1"], ["right"]),
        Node("Concat", ["left", "right"], ["frames"], {"axis": 2}),
        Node("MatMul", ["frames", "fourier"], ["spectrum"]),
        Node("Split", ["spectrum", "halves"], ["real", "imaginary"], {"axis": 2}),
        Node("Mul", ["real", "real"], ["real2"]),
        Node("Mul", ["imaginary", "imaginary"], ["imaginary2"]),
        Node("Add", ["real2", "imaginary2"], ["power"]),
        Node("Sqrt", ["power"], ["magnitude"]),
        Node("Pad", ["magnitude", "one_frame_around"], ["padded"]),
        Node("Slice", ["padded", "0", "4", "1"], ["before"]),
        Node("Slice", ["padded", "2", "6", "1"], ["after"]),
        Node("Concat", ["before", "magnitude", "after"], ["triples"], {"axis": 2}),
        Node("MatMul", ["triples", "w1"], ["product1"]),
        Node("Add", ["product1", "b1"], ["sum1"]),
        Node("Relu", ["sum1"], ["layer1"]),
        Node("Reshape", ["layer1", "as_rows"], ["row"]),
        *_dense("row", "2", "layer2"),
        *_dense("layer2", "3", "layer3"),
        *_dense("layer3", "4", "layer4"),
        Node("Unsqueeze", ["layer4", "0"], ["step"]),
        Node("Split", ["state", "ones"], ["h", "c"], {"axis": 0}),
        Node(
            "LSTM",
            ["step", "w_input", "w_hidden", "b_lstm", "", "h", "c"],
            ["", "next_h", "next_c"],
            {"hidden_size": 128},
        ),
        Node("Concat", ["next_h", "next_c"], ["next_state"], {"axis": 0}),
        Node("Squeeze", ["next_h", "0"], ["hidden"]),
        Node("Relu", ["hidden"], ["positive"]),
        Node("Gemm", ["positive", "w5", "b5"], ["logit"]),
        Node("Sigmoid", ["logit"], ["probability"]),
    ]
    return write_model(
        nodes,
        _weights(published) | _shapes(),
        inputs={"audio": ["B", CONTEXT + WINDOW + CONTEXT], "state": [2, "B", 128]},
        outputs={"probability": ["B", 1], "next_state": [2, "B", 128]},
    )


def _dense(source: str, layer: str, target: str) -> list[Node]:
    return [
        Node("Gemm", [source, f"w{layer}", f"b{layer}"], [f"sum{layer}"]),
        Node("Relu", [f"sum{layer}"], [target]),
    ]


def _shapes() -> dict[str, Array]:
    numbers = {str(n): [n] for n in (0, 1, 2, 4, 5, 6)}
    lists = {
        "as_blocks": [-1, 5, 128],
        "as_rows": [-1, 512],
        "halves": [129, 129],
        "ones": [1, 1],
        "one_frame_around": [0, 1, 0, 0, 1, 0],
    }
    return {name: np.array(values, np.int64) for name, values in (numbers | lists).items()}


def _weights(published: Mapping[str, Array]) -> dict[str, Array]:
    """The publisher's weights, laid out for products with rows of `[time, channel]`."""

    def layer(index: int) -> Array:
        """`[time, channel in, channel out]`"""
        return published[f"model.encoder.{index}.reparam_conv.weight"].transpose(2, 1, 0)

    def bias(index: int) -> Array:
        return published[f"model.encoder.{index}.reparam_conv.bias"]

    first, second, third, fourth = (layer(index) for index in range(4))
    rnn = "model.decoder.rnn"
    biases = [_gates(published[f"{rnn}.bias_{side}"]) for side in ("ih", "hh")]
    return {
        "fourier": published["model.stft.forward_basis_buffer"][:, 0].T,
        "w1": first.reshape(387, 128),
        "b1": bias(0),
        "w2": _strided(second),
        "b2": np.tile(bias(1), 2),
        # Two frames with stride two: the first tap sees padding only, as do the outer two of one.
        "w3": third[1:].reshape(128, 64),
        "b3": bias(2),
        "w4": fourth[1],
        "b4": bias(3),
        "w_input": _gates(published[f"{rnn}.weight_ih"])[np.newaxis],
        "w_hidden": _gates(published[f"{rnn}.weight_hh"])[np.newaxis],
        "b_lstm": np.concatenate(biases)[np.newaxis],
        "w5": published["model.decoder.decoder.2.weight"][0],
        "b5": published["model.decoder.decoder.2.bias"],
    }


def _strided(taps: Array) -> Array:
    """Four frames to two, stride two, one frame of padding: as one matrix."""
    matrix = np.zeros((4, 128, 2, 64), np.float32)
    matrix[0:2, :, 0] = taps[1:]
    matrix[1:4, :, 1] = taps
    return matrix.reshape(512, 128)


def _gates(rows: Array) -> Array:
    """From PyTorch's order (input, forget, cell, output) to ONNX's."""
    i, f, c, o = np.split(rows, 4)
    return np.concatenate((i, o, f, c))
