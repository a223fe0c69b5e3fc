"""Smart Turn on onnxruntime: how likely it is that a speaker who paused has finished.

The model judges how something was said, not what: eight seconds of sound, as Whisper's
log-mel spectrogram, give one probability. Smart Turn v3.2, by Daily (BSD 2-Clause),
trained on 23 languages.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from parley.audio.framing import samples_of
from parley.errors import ConfigurationError
from parley.inference import session
from parley.models import model_path
from parley.speech.endofturn_features import FRAMES, MELS, SAMPLES, Floats, log_mel
from parley.speech.onnxfile import telling

MODEL = "smart-turn"

HEARD_S = 8.0
"""So much sound counts, the newest."""

LEAD_S = 0.5
"""What a turn's sound begins with, before its first voiced sample: as the publisher has it."""

SILENCE_S = 0.2
"""And ends with, after its last voiced sample, however long the pause has lasted: the model was
trained on that, and takes longer silence for the end."""

LAST_S = 0.1
"""So much of the voice's end `Sounded.ending` is of: with 40 to 140 ms it tells as much."""

_INPUT, _OUTPUT = "input_features", "logits"

_STATES, _WIDTH, _RATE = "add_268", 384, FRAMES // 2 / HEARD_S
"""What comes out of the second of the encoder's four layers, and so many of them a second."""


class Sounded(NamedTuple):
    """What the model hears: how probable it is that the turn is over, 0 to 1, and how the last
    `LAST_S` of the voice sounds, `[384]`: what its second layer makes of it, before the others
    have made a turn of it."""

    probability: float
    ending: Floats


class EndOfTurnModel:
    """The model, loaded once and shared: on the CPU, in the thread that calls it.

    `path` defaults to the pulled file. Raises MissingModelError when there is none,
    ConfigurationError when it cannot be loaded. Loading takes about 0.1 s.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or model_path(MODEL)
        try:
            self._session = session(telling(path.read_bytes(), _STATES))
            ports = [*self._session.get_inputs(), *self._session.get_outputs()]
            if [(port.name, *port.shape[1:]) for port in ports] != [
                (_INPUT, MELS, FRAMES),
                (_OUTPUT, 1),
                (_STATES, FRAMES // 2, _WIDTH),
            ]:
                raise ValueError("it is another model")
        except Exception as error:  # onnxruntime's errors have no root of their own
            raise ConfigurationError(
                f"the model file {path} cannot be loaded: {' '.join(str(error).split())}",
                remedy=f"Fetch it again with: parley models pull {MODEL}",
            ) from error

    def __call__(self, pcm: bytes) -> Sounded:
        """Whether the turn is over where `pcm` ends, and how its end sounds.

        `pcm` (`parley.audio.formats.INBOUND`) is the turn so far: from `LEAD_S` before its
        first word to `SILENCE_S` after its last. Takes about 50 ms of CPU.
        Raises AudioError when `pcm` ends within a sample.
        """
        features = log_mel(last_samples(pcm))[np.newaxis]
        probabilities, states = self._session.run([_OUTPUT, _STATES], {_INPUT: features})
        last = states[0, round(-(SILENCE_S + LAST_S) * _RATE) : round(-SILENCE_S * _RATE)]
        return Sounded(float(probabilities[0, 0]), last.mean(axis=0))  # after a sigmoid


def last_samples(pcm: bytes) -> Floats:
    """The last 8 s in -1 to 1, with zeros before what is shorter: `[128000]`."""
    samples = samples_of(pcm)[-SAMPLES:] * np.float32(1 / 32768)
    return np.pad(samples, (SAMPLES - len(samples), 0))
