"""Speech to text with pocketsphinx: offline, English, nothing to fetch.

Good on small grammars; on open read speech two words in five are wrong at first, and one
in three once it knows the voice. Its model is for 16 kHz: the telephone's 8 kHz are worse.
It holds the GIL, so each call has a process of its own: 110 MB, and 5 MB for each of the
last ten grammars that were expected.
"""

import json

from parley.providers.protocols import SttCapabilities, SttResult, TimedWord
from parley.providers.stt import pocketsphinx_worker
from parley.providers.stt.streaming import EngineStream, EngineStt

NAME = "pocketsphinx"


class PocketsphinxStream(EngineStream):
    """One call's recogniser. Words have their times in the stream, not in the segment."""

    def read(self, payload: bytes, segment: int, *, final: bool) -> SttResult:
        if not final:
            return SttResult(segment, payload.decode(), final=False)
        words = tuple(TimedWord(*word) for word in json.loads(payload))
        text = " ".join(word.text for word in words)
        return SttResult(segment, text, final=True, words=words)


class PocketsphinxStt(EngineStt):
    """A process takes a third of a core while the caller speaks, and next to nothing otherwise."""

    name = NAME
    capabilities = SttCapabilities(
        partials=True,
        word_times=True,
        finalizes=True,
        grammars=True,
        needs_voice=True,
        finalize_after_s=0.25,
        languages=("en",),
    )
    engine = pocketsphinx_worker.__file__
    places = 1
    stream = PocketsphinxStream
