"""ONNX models on the CPU, in the thread that calls them."""

from pathlib import Path
from typing import Any


def session(model: Path | bytes) -> Any:
    """An `onnxruntime.InferenceSession` that starts no threads of its own.

    Of a model that is given as bytes it keeps these, too.
    """
    import onnxruntime  # slow to import: only who listens pays for it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
