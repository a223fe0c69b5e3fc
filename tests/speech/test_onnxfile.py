"""A small graph is written that onnxruntime accepts; weights are read back exactly."""

import numpy as np
import onnxruntime
import pytest

from parley.speech.onnxfile import Node, read_weights, write_model

SCALE = np.array([[1.0, -2.5, 1e-30]], np.float32)
LONG = np.arange(40_000, dtype=np.float32).reshape(200, 1, 200)


def scaled_twice() -> bytes:
    """Rows of three, scaled, then set behind each other."""
    return write_model(
        [
            Node("Mul", ["rows", "scale"], ["scaled"]),
            Node("Concat", ["scaled", "scaled"], ["twice"], {"axis": 1}),
            Node("Reshape", ["twice", "shape"], ["flat"]),
        ],
        {"scale": SCALE, "shape": np.array([-1], np.int64), "long": LONG},
        inputs={"rows": ["B", 3]},
        outputs={"flat": ["N"]},
    )


def test_onnxruntime_runs_what_is_written() -> None:
    session = onnxruntime.InferenceSession(scaled_twice(), providers=["CPUExecutionProvider"])
    rows = np.array([[1, 1, 1], [2, 4, 0]], np.float32)
    (flat,) = session.run(None, {"rows": rows})
    expected = np.concatenate([rows * SCALE] * 2, axis=1).reshape(-1)
    assert flat.tolist() == expected.tolist()
    assert [side.shape for side in session.get_inputs()] == [["B", 3]]


def test_weights_are_read_back_and_other_constants_left_out() -> None:
    weights = read_weights(scaled_twice())
    assert set(weights) == {"scale", "long"}
    assert weights["scale"].tolist() == SCALE.tolist()
    assert weights["long"].shape == LONG.shape
    assert (weights["long"] == LONG).all()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"this is not a model",
        scaled_twice()[:-20_000],
        b"\x3a\xff",
    ],
)
def test_a_damaged_file_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_weights(damaged)
