"""The engines that find something in a recording, loaded once, in this process."""

from functools import cache

from parley.errors import MissingModelError
from parley.providers.stt import pocketsphinx_worker as engine
from parley.speech.endofturn import EndOfTurnModel
from parley.speech.silero import SileroVad


@cache
def voice_model() -> SileroVad:
    """The voice detector's. Raises MissingModelError when it was not fetched."""
    return SileroVad()


@cache
def turn_model() -> EndOfTurnModel | None:
    """What judges the sound of turns; None where it was not fetched."""
    try:
        return EndOfTurnModel()
    except MissingModelError:
        return None


@cache
def recognizer() -> engine.Recognizer:
    """The embedded recogniser."""
    return engine.recognizer()
