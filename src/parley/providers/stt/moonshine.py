"""Speech to text with Moonshine tiny: on this machine, English, with a model of 44 MB.

It writes what people say with its punctuation, and hears hesitations. From its punctuation
it tells how probable the end of a turn is. Of words said by themselves one in four is wrong
where nothing is expected, one in eight where they are.
"""

import json

from parley.models import model_path
from parley.providers.protocols import SttCapabilities, SttResult
from parley.providers.stt import moonshine_worker
from parley.providers.stt.streaming import EngineStream, EngineStt

NAME = "moonshine"

FINALIZE_AFTER_S = 0.1
"""By then the process has mostly looked at what was said before the pause."""


class MoonshineStream(EngineStream):
    """One call's recogniser."""

    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        text, over = json.loads(payload)
        return SttResult(segment, text, final=final, turn_over=over)


class MoonshineStt(EngineStt):
    """A call takes a fifth of a core while the caller speaks, and nothing otherwise. A process for
    every four calls, another one started where there are two.

    Raises MissingModelError where the model was not fetched.
    """

    name = NAME
    capabilities = SttCapabilities(
        partials=True,
        finalizes=True,
        grammars=True,
        needs_voice=True,
        finalize_after_s=FINALIZE_AFTER_S,
        languages=("en",),
    )
    engine = moonshine_worker.__file__
    places = 4
    stream = MoonshineStream

    def __init__(self, *, ready: int = 1, maximum: int | None = None) -> None:
        model_path(NAME)
        super().__init__(ready=ready, maximum=maximum)
