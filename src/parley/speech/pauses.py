"""What the sound says of a pause: a model of it, and how the voice came to it."""

from typing import NamedTuple

from parley.speech.cadence import Cadence
from parley.speech.endofturn import EndOfTurnModel


class Judgement(NamedTuple):
    """How probable it is that the turn is over, 0 to 1, and what the cadence says, in log-odds."""

    probability: float
    cadence: float = 0.0


class PauseModel:
    """Both, in the thread that calls it. Raises as `EndOfTurnModel`, which it is given or loads."""

    def __init__(self, model: EndOfTurnModel | None = None, cadence: Cadence | None = None) -> None:
        self._model = model or EndOfTurnModel()
        self._cadence = cadence or Cadence()

    def __call__(self, pcm: bytes) -> Judgement:
        """Of the turn so far, `pcm` as `EndOfTurnModel` takes it: about 60 ms of CPU.

        Raises AudioError when `pcm` ends within a sample.
        """
        heard = self._model(pcm)
        return Judgement(heard.probability, self._cadence(pcm, heard.ending))
