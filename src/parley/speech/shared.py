"""The one voice detector of a process."""

from functools import lru_cache

from parley.models import model_path
from parley.speech.crowd import Crowd
from parley.speech.silero import SileroVad
from parley.speech.vad import SharedVad


@lru_cache(maxsize=1)
def shared_vad() -> SharedVad:
    """Load the model once. Raises MissingModelError when it was not fetched."""
    return SharedVad(SileroVad(model_path("silero-vad")), Crowd())
