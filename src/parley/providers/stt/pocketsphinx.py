"""Speech to text with pocketsphinx: offline, English, nothing to fetch.

Good on small grammars; on open read speech two words in five are wrong at first, and one
in three once it knows the voice. Its model is for 16 kHz: the telephone's 8 kHz are worse.
It holds the GIL, so each call has a process of its own: 110 MB, and 5 MB for each of the
last ten grammars that were expected.
"""

import json
import os
from pathlib import Path

from parley.core.listeners import primary
from parley.errors import ProviderError, ProviderRequestError
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult, TimedWord
from parley.providers.stt import pocketsphinx_worker as engine
from parley.providers.stt.streaming import EngineStream
from parley.providers.workers import WorkerPool

NAME = "pocketsphinx"


class PocketsphinxStt:
    """One process per call, `ready` of them loaded beforehand, `maximum` in all.

    By default `maximum` is four per core: a process needs about a fifth of a core while
    the caller speaks, and next to nothing otherwise.
    """

    name = NAME
    capabilities = SttCapabilities(
        partials=True,
        word_times=True,
        finalizes=True,
        grammars=True,
        needs_voice=True,
        finalize_after_s=0.25,
    )

    def __init__(self, *, ready: int = 1, maximum: int | None = None) -> None:
        limit = 4 * (os.cpu_count() or 1) if maximum is None else maximum
        self._pool = WorkerPool(NAME, Path(engine.__file__), ready=ready, maximum=limit)

    async def warm(self) -> None:
        await self._pool.warm()

    async def open(self, options: SttOptions) -> "PocketsphinxStream":
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
        stream = PocketsphinxStream(NAME, self._pool)
        try:
            await stream.begin((options.grammar or "").encode(errors="replace"))
        except BaseException:
            await stream.aclose()
            raise
        return stream

    async def aclose(self) -> None:
        await self._pool.aclose()


class PocketsphinxStream(EngineStream):
    """One call's recogniser. Words have their times in the stream, not in the segment.

    The grammar that the stream was opened with allows nothing else.
    """

    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        if not final:
            return SttResult(segment, payload.decode(), final=False)
        words = tuple(TimedWord(*word) for word in json.loads(payload))
        text = " ".join(word.text for word in words)
        return SttResult(segment, text, final=True, words=words)

    def refused(self, why: str) -> ProviderError:
        return ProviderRequestError(
            NAME,
            f"it cannot use the grammar: {why}",
            remedy="Write it in JSGF, with English words in lower case, as they are spoken:"
            " '#JSGF V1.0; grammar g; public <g> = yes | no;'.",
        )
