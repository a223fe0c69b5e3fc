"""Speech to text with Moonshine tiny: on this machine, English, with a model of 44 MB.

It writes what people say with its punctuation, and hears hesitations. From its punctuation
it tells how probable the end of a turn is. It has not heard short words enough: of words
said by themselves one in five is wrong.
"""

import json
import os
from pathlib import Path

from parley.core.listeners import primary
from parley.errors import ProviderError, ProviderRequestError
from parley.models import model_path
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult
from parley.providers.stt import moonshine_worker as engine
from parley.providers.stt.streaming import EngineStream
from parley.providers.workers import WorkerPool

NAME = "moonshine"


class MoonshineStt:
    """One process per call, `ready` of them loaded beforehand, `maximum` in all.

    By default `maximum` is four per core: a process takes a quarter of a core while the
    caller speaks, and nothing otherwise. Raises MissingModelError where the model was not
    fetched.
    """

    name = NAME
    capabilities = SttCapabilities(partials=True, finalizes=True, grammars=True, needs_voice=True)

    def __init__(self, *, ready: int = 1, maximum: int | None = None) -> None:
        model_path(NAME)
        limit = 4 * (os.cpu_count() or 1) if maximum is None else maximum
        self._pool = WorkerPool(NAME, Path(engine.__file__), ready=ready, maximum=limit)

    async def warm(self) -> None:
        await self._pool.warm()

    async def open(self, options: SttOptions) -> "MoonshineStream":
        """Start to listen to one call.

        Raises ProviderRequestError for a language that is not English and a grammar that
        cannot be used, and ProviderUnavailable when all processes are busy.
        """
        if primary(options.language) != "en":
            raise ProviderRequestError(
                NAME,
                f"it does not understand the language {options.language!r}",
                remedy="It knows English only; choose another transcriber.",
            )
        stream = MoonshineStream(NAME, self._pool)
        try:
            await stream.begin((options.grammar or "").encode(errors="replace"))
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def aclose(self) -> None:
        await self._pool.aclose()


class MoonshineStream(EngineStream):
    """One call's recogniser. The grammar that it was opened with allows nothing else."""

    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        text, over = json.loads(payload)
        return SttResult(segment, text, final=final, turn_over=over)

    def refused(self, why: str) -> ProviderError:
        return ProviderRequestError(
            NAME,
            f"it cannot use the grammar: {why}",
            remedy="Write it in JSGF, with English words in lower case, as they are spoken:"
            " '#JSGF V1.0; grammar g; public <g> = yes | no;'.",
        )
