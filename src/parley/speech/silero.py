"""Silero VAD on onnxruntime: how likely it is that a window of audio holds speech.

The model is recurrent: it looks at 512 new samples (32 ms) at 16 kHz after the 64
that came before them, and carries a state from window to window. Many streams run
as one batch. Model and method: Silero Team, Silero VAD, MIT licence.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.errors import ConfigurationError
from parley.models import model_path

SAMPLE_RATE = 16_000
WINDOW = 512
CONTEXT = 64

Floats = npt.NDArray[np.float32]


def fresh_state() -> Floats:
    """The state of one stream before its first window: `[2, 1, 128]`."""
    return np.zeros((2, 1, 128), np.float32)


class SileroVad:
    """The model, loaded once and shared; one thread, on the CPU.

    `path` defaults to the pulled file. Raises MissingModelError when it was not
    pulled, ConfigurationError when it cannot be loaded. Loading takes about 0.1 s.
    """

    name = "silero-vad"

    def __init__(self, path: Path | None = None) -> None:
        import onnxruntime  # 0.1 s and 40 MB: only who listens pays for it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        path = path or model_path(self.name)
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's own exceptions share no other base
            raise ConfigurationError(
                f"the model file {path} cannot be loaded ({type(error).__name__})",
                remedy=f"Fetch it again with: parley models pull {self.name}",
            ) from error
        self._rate = np.array(SAMPLE_RATE, np.int64)

    def __call__(self, audio: Floats, state: Floats) -> tuple[Floats, Floats]:
        """Judge one window of each of B streams.

        `audio` is `[B, 576]` in -1 to 1: context, then window; `state` is `[2, B, 128]`.
        Returns B probabilities and the streams' next states.
        """
        inputs = {"input": audio, "state": state, "sr": self._rate}
        probabilities, state = self._session.run(None, inputs)
        return probabilities[:, 0], state
