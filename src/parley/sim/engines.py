"""The engines that find something in a recording, loaded once, in this process."""

from collections.abc import Sequence
from functools import cache

from parley.errors import MissingModelError
from parley.models import model_path
from parley.providers.stt import moonshine_worker, pocketsphinx_worker
from parley.providers.stt.embedded import ENGINES, EmbeddedName
from parley.providers.stt.moonshine_worker import Said
from parley.sim import hearing
from parley.sim.hearing import Edge, Recognizer, Words
from parley.speech.pauses import PauseModel
from parley.speech.silero import SileroVad


@cache
def voice_model() -> SileroVad:
    """The voice detector's. Raises MissingModelError when it was not fetched."""
    return SileroVad()


@cache
def turn_model() -> PauseModel | None:
    """What judges the sound of turns; None where it was not fetched."""
    try:
        return PauseModel()
    except MissingModelError:
        return None


@cache
def recognizer(name: EmbeddedName) -> Recognizer:
    """An embedded recogniser. Raises MissingModelError when its model was not fetched."""
    if name == "moonshine":
        return moonshine_worker.recognizer(model_path(name))
    return _Pocketsphinx(pocketsphinx_worker.recognizer())


def recognize(name: EmbeddedName, pcm: bytes, voice: Sequence[Edge]) -> tuple[Words, ...]:
    """What an embedded recogniser makes of a recording (`parley.sim.hearing.recognize`)."""
    after_s = ENGINES[name].capabilities.finalize_after_s
    return hearing.recognize(recognizer(name), pcm, voice, after_s)


class _Pocketsphinx:
    """It tells words, and judges no turns."""

    def __init__(self, inner: pocketsphinx_worker.Recognizer) -> None:
        self._inner = inner

    def open(self) -> None:
        self._inner.open("")

    def hear(self, pcm: bytes) -> Said | None:
        text = self._inner.hear(pcm)
        return Said(text) if text else None

    def finish(self) -> Said:
        return Said(" ".join(word for word, _, _ in self._inner.finish()))
