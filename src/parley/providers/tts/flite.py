"""Text to speech with flite: offline, English only, with a natural voice, fast.

flite is free to use for any purpose, but not part of Parley: Linux distributions have it.
It keeps global state, so it runs in processes of its own. They are shared by all calls,
one text at a time, in the order in which the texts came.
"""

import asyncio
import unicodedata
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from parley.audio.formats import AudioFormat
from parley.errors import (
    ConfigurationError,
    ProviderError,
    ProviderRequestError,
    ProviderTimeout,
)
from parley.providers.engine_process import PART, REFUSED
from parley.providers.protocols import SpokenWord, TtsCapabilities, TtsChunk, TtsRequest
from parley.providers.tts import flite_worker as engine
from parley.providers.worker import Inbox, Worker
from parley.providers.workers import WorkerPool
from parley.text.chunking import Chunker
from parley.text.cutting import ChunkSettings

NAME = "flite"

REMEDY = "Install it with: apt-get install libflite1 (on Fedora: dnf install flite)."

MIN_SPEED, MAX_SPEED = 0.25, 4.0

MAX_CHARACTERS = 5_000
"""Bounds the audio that waits for a slow reader: about six minutes, 11 MB."""

LONGEST = ChunkSettings(first_clause=False, max_words=30)
MAX_PIECE = 400
"""Words and characters in one utterance: its first audio waits until all of it is planned."""

CLOSING = "\"')]} "
SENTENCE_PAUSE_MS, CLAUSE_PAUSE_MS = 250, 120
"""Silence at the end of a piece, at the most; flite makes 0.1 to 0.3 s."""

QUEUE = 256
ANSWER_LIMIT_S = 5.0

SPELLING = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("‐‑–−", "-"),
    **dict(zip("ßæÆœŒøØłŁ", ["ss", "ae", "AE", "oe", "OE", "o", "O", "l", "L"], strict=True)),
    **dict(zip("€£¥°×", [" euros ", " pounds ", " yen ", " degrees ", " times "], strict=True)),
    "—": " -- ",
    "⁄": "/",  # in the decomposition of fractions
}
"""What flite, which knows ASCII only, is given for characters that no decomposition helps."""


class FliteTts:
    """`ready` processes are loaded beforehand; `maximum` speak at the same time.

    A voice has a name as `available` gives it; without one the best of them speaks.
    Raises ConfigurationError where flite is not installed.
    """

    name = NAME
    capabilities = TtsCapabilities(AudioFormat(engine.SAMPLE_RATE), word_times=True)

    def __init__(self, *, ready: int = 1, maximum: int = 2) -> None:
        self._voices = available()
        if not self._voices:
            raise ConfigurationError("flite is not installed", remedy=REMEDY)
        self._pool = WorkerPool(
            NAME, Path(engine.__file__), ready=ready, maximum=maximum, queue=QUEUE
        )

    async def warm(self) -> None:
        await self._pool.warm()

    async def synthesize(self, request: TtsRequest) -> AsyncIterator[TtsChunk]:
        """Speak one text, in chunks of about 50 ms; markup is read out as it stands.

        Accents and what is not Latin script are left out. Raises ProviderRequestError for
        a language other than English, an unknown voice, a speed outside 0.25 to 4 and more
        than 5,000 characters, and ProviderUnavailable when too many texts wait.
        """
        voice, speed = self._voice(request), _checked_speed(request.speed)
        pieces = cut(request.text)
        if not pieces:
            return
        synthesis = _Synthesis(self._pool, pieces, voice, 1 / speed)
        worker = await self._pool.acquire(synthesis)
        try:
            synthesis.begin(worker)
            while (chunk := await synthesis.next()) is not None:
                yield chunk
        finally:
            self._pool.release(worker, synthesis)

    async def aclose(self) -> None:
        await self._pool.aclose()

    def _voice(self, request: TtsRequest) -> str:
        if not speaks(request.language):
            raise ProviderRequestError(
                NAME,
                f"it has no language {request.language!r}",
                remedy="It speaks English only; the provider espeak has other languages.",
            )
        if request.voice is None:
            return self._voices[0]
        if request.voice not in self._voices:
            raise ProviderRequestError(
                NAME,
                f"it has no voice {request.voice!r}",
                remedy=f"It has: {', '.join(self._voices)}.",
            )
        return request.voice


def available() -> tuple[str, ...]:
    """The voices of flite on this machine, the best one first; none where it is missing.

    Looks for their files only: nothing is loaded and no process started.
    """
    return tuple(engine.find_voices())


def speaks(language: str) -> bool:
    """Whether a BCP 47 tag is one of English; the accent is always the voice's own."""
    return language.lower().partition("-")[0] == "en"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is one utterance.

    `spelling` is the part in ASCII. `places` says for each of its characters, and for its
    end, where in the whole text they come from.
    """

    spelling: str
    places: tuple[int, ...]

    def spans(self, start: int, end: int) -> tuple[int, int]:
        """Characters of the spelling as characters of the text."""
        return self.places[start], max(self.places[end], self.places[end - 1] + 1)

    @property
    def pause_ms(self) -> int:
        """The longest silence after it: none where the text only stops for breath."""
        last = self.spelling.rstrip(CLOSING)[-1:]
        if last in ".!?":
            return SENTENCE_PAUSE_MS
        return 0 if last.isalnum() else CLAUSE_PAUSE_MS


def cut(text: str) -> list[Piece]:
    """Sentences, and parts of very long ones, without those that have nothing to say."""
    if len(text) > MAX_CHARACTERS:
        raise ProviderRequestError(
            NAME,
            f"a text of {len(text)} characters is too long",
            remedy=f"Split it into pieces of at most {MAX_CHARACTERS}.",
        )
    chunker = Chunker("en", LONGEST)
    found = [*chunker.push(text), *chunker.finish()]
    pieces = []
    for chunk in [item.chunk for item in found if item.status in ("final", "confirmed")]:
        for start in range(chunk.start, chunk.end, MAX_PIECE):
            piece = _spell(text, start, min(start + MAX_PIECE, chunk.end))
            if any(map(str.isalnum, piece.spelling)):
                pieces.append(piece)
    return pieces


def _spell(text: str, start: int, end: int) -> Piece:
    spelling: list[str] = []
    places: list[int] = []
    for place in range(start, end):
        letters = _ascii(text[place])
        spelling.append(letters)
        places += [place] * len(letters)
    return Piece("".join(spelling), (*places, end))


@lru_cache(maxsize=4096)
def _ascii(character: str) -> str:
    """A character in ASCII; a blank for what cannot be said, nothing for accents."""
    if character in SPELLING:
        return SPELLING[character]
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf":
        return ""
    letters = [SPELLING.get(letter, letter) for letter in unicodedata.normalize("NFKD", character)]
    return "".join(letter for letter in letters if " " < letter <= "~") or " "


def _checked_speed(speed: float) -> float:
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise ProviderRequestError(
            NAME,
            f"it cannot speak at {speed:g} times its normal speed",
            remedy=f"Choose {MIN_SPEED:g} to {MAX_SPEED:g}.",
        )
    return speed


class _Synthesis:
    """One text's audio on its way, a piece after the other.

    The process gets the next piece when it is done with the one before: so a text that is
    given up keeps it busy for one piece at most. It is passed on after the last one.
    """

    def __init__(self, pool: WorkerPool, pieces: list[Piece], voice: str, stretch: float) -> None:
        self._pool = pool
        self._pieces = deque(pieces)
        self._voice = voice.encode()
        self._stretch = stretch
        self._worker: Worker | None = None
        self._inbox: Inbox[TtsChunk] = Inbox()
        self._sent = 0  # samples, of all pieces
        self._base = 0  # and of those before this one

    def begin(self, worker: Worker) -> None:
        self._worker = worker
        self._base = self._sent
        piece = self._pieces[0]
        header = engine.REQUEST.pack(self._stretch, piece.pause_ms, len(self._voice))
        worker.request(0, header + self._voice + piece.spelling.encode())

    async def next(self) -> TtsChunk | None:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await self._inbox.get()
        except TimeoutError:
            raise ProviderTimeout(NAME, "its process does not answer") from None

    def receive(self, kind: int, payload: bytes) -> None:
        if self._worker is None:
            return
        if kind == PART:
            self._inbox.put(self._chunk(payload))
            return
        self._pieces.popleft()
        if kind != REFUSED and self._pieces:
            self.begin(self._worker)
            return
        refused = ProviderRequestError(NAME, "it cannot load the voice")
        self._inbox.end(refused if kind == REFUSED else None)
        self._pool.release(self._worker, self)

    def fail(self, error: ProviderError) -> None:
        self._inbox.end(error)

    def _chunk(self, payload: bytes) -> TtsChunk:
        (count,) = engine.COUNT.unpack_from(payload)
        pcm_start = engine.COUNT.size + count * engine.WORD.size
        words = []
        for start, end, begin, stop in engine.WORD.iter_unpack(
            payload[engine.COUNT.size : pcm_start]
        ):
            place = self._pieces[0].spans(start, end)
            words.append(SpokenWord(*place, self._base + begin, self._base + stop))
        pcm = payload[pcm_start:]
        self._sent += len(pcm) // 2
        return TtsChunk(pcm, tuple(words))
