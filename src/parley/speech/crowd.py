"""Whether one person speaks, or many at once: a café, an office, a television's audience.

What the voice detector remembers after a window tells it, though it was trained for something
else: a linear function of it, learned from recorded people (`bench/crowds.py`), by themselves and
mixed. It costs nothing, and knows after 0.1 s what the level tells after a second: one voice is
loud and soft in turns, while of many somebody always fills the other's gap.
"""

from functools import cache
from pathlib import Path

import numpy as np

from parley.speech.silero import Floats

WEIGHTS = Path(__file__).with_name("crowd.npy")


class Crowd:
    """Tells one voice from many. `weights` are of the detector's state and of 1, `[129]`; without
    them those that come with Parley.
    """

    def __init__(self, weights: Floats | None = None) -> None:
        self._weights = _shipped() if weights is None else weights

    def __call__(self, state: Floats) -> Floats:
        """The log-odds that one person speaks: `[B]`, of streams whose state is `[2, B, 128]`.

        The average over a voice's windows is what was learned. Of silence it tells nothing.
        """
        said: Floats = state[0] @ self._weights[:-1] + self._weights[-1]
        return said


@cache
def _shipped() -> Floats:
    return np.asarray(np.load(WEIGHTS), np.float32)
