"""The audio of one leg's replies, as it comes from the voices."""

from collections import deque
from collections.abc import Sequence

from parley.audio.ledger import SpanLedger, WordTime, voiced_range
from parley.audio.mixing import faded_out

SAMPLE_BYTES = 2


class SpanAudio:
    """One span's audio and the account of its words; all counts are samples of the span.

    `sent` is the next sample to send; `has_begun` once any was, though it may have been taken
    back since: it may have been audible for a moment. `heard` is where the ear is, `heard_at`
    when it got there. `told` is how many characters of the source were reported as heard.
    """

    def __init__(self, reply: "ReplyAudio", span: int, ledger: SpanLedger) -> None:
        self.reply = reply
        self.id = span
        self.ledger = ledger
        self.sent = self.heard = self.told = 0
        self.heard_at = 0.0
        self.has_begun = self.ended = False
        self._pcm = bytearray()
        self._forgotten = 0
        self._silent_until = 0
        self._voice_found = False

    @property
    def total(self) -> int:
        """Samples that exist so far."""
        return self._forgotten + len(self._pcm) // SAMPLE_BYTES

    @property
    def is_done(self) -> bool:
        """All of it was heard, and no more will come."""
        return self.ended and self.heard >= self.total

    def append(self, pcm: bytes, words: Sequence[WordTime]) -> None:
        """Add audio, and the words known so far."""
        self._pcm += pcm
        if words:
            self.ledger.add_words(words)

    def end(self, *, complete: bool) -> None:
        """No more audio will come; without `complete`, the text goes on after it."""
        self.ended = True
        if complete:
            first, end = voiced_range(self._pcm) or (len(self._pcm) // SAMPLE_BYTES,) * 2
            begin = self._silent_until if self._voice_found else self._forgotten + first
            self.ledger.end(self.total, (begin, self._forgotten + end))

    def send(self, limit: int) -> tuple[int, bytes]:
        """Take the next samples, `limit` at most: where they begin, and their PCM."""
        start, self.sent = self.sent, min(self.total, self.sent + limit)
        self.has_begun = self.has_begun or self.sent > start
        return start, self.read(start, self.sent)

    def read(self, start: int, end: int) -> bytes:
        """Samples [start, end), which were not forgotten."""
        offset = self._forgotten
        view = memoryview(self._pcm)
        return bytes(view[(start - offset) * SAMPLE_BYTES : (end - offset) * SAMPLE_BYTES])

    def shorten(self, least: int, fade: int) -> None:
        """End after the word that is being sent, with a fade; not where less than `least` is left.

        What was sent stays. `least` and `fade` are samples.
        """
        end = self.ledger.word_end(self.sent + fade)
        if not self.ended or self.total - end < least:
            return
        kept = (end - self._forgotten) * SAMPLE_BYTES
        unsent = (self.sent - self._forgotten) * SAMPLE_BYTES
        self._pcm[unsent:] = faded_out(bytes(self._pcm[unsent:kept]), fade)

    def hear(self, end: int, since: float, until: float) -> None:
        """The ear has come to sample `end`; what it heard just now began and ended so."""
        self.heard, self.heard_at = end, until
        self.reply.first = self.reply.first or (self.id, since)
        self.reply.heard_at = until
        self.reply.starved = False

    def account(self) -> int:
        """Characters of the source that were heard."""
        if not self.ended and not self._voice_found and self.heard > self._silent_until:
            self._find_voice()
        return self.ledger.heard(self.heard)

    def forget(self, *, keep_word: bool) -> None:
        """Release what was heard, but keep the word that is playing, if wanted."""
        keep = self.ledger.word_start(self.heard) if keep_word else self.heard
        if keep > self._forgotten:
            del self._pcm[: (keep - self._forgotten) * SAMPLE_BYTES]
            self._forgotten = keep

    def rewind(self, playing: int) -> None:
        """Send again from the word that plays at sample `playing`, or what is left of it."""
        self.sent = max(self._forgotten, self.ledger.word_start(playing))

    def _find_voice(self) -> None:
        """Look for the beginning of the voice in what was heard."""
        voiced = voiced_range(self.read(self._silent_until, self.heard))
        self._voice_found = voiced is not None
        self._silent_until = self._silent_until + voiced[0] if voiced else self.heard
        self.ledger.voice_from(self._silent_until)


class ReplyAudio:
    """One reply's spans. `pending` are those that were not wholly heard yet, in order.

    `first` is the span and the time of the first sample that was heard.
    """

    def __init__(self, reply: int) -> None:
        self.id = reply
        self.spans: dict[int, SpanAudio] = {}
        self.pending: deque[SpanAudio] = deque()
        self.ended = False
        self.first: tuple[int, float] | None = None
        self.started = False
        self.starved = False
        self.heard_at = 0.0

    def open(self, span: int, ledger: SpanLedger) -> None:
        """Add a span, or begin one anew in its place. Raises ValueError once it has begun."""
        before, audio = self.spans.get(span), SpanAudio(self, span, ledger)
        if before is None:
            self.pending.append(audio)
        elif self._is_waiting(before):
            self.pending[self.pending.index(before)] = audio
        else:
            raise ValueError(f"span {span} of reply {self.id} has begun and cannot be opened again")
        self.spans[span] = audio

    def forget(self) -> None:
        """Let go of the spans, which refer to the reply: no cycle keeps their audio."""
        self.spans.clear()
        self.pending.clear()

    def drop(self, span: int) -> bool:
        """Remove a span; False where it is unknown or has begun."""
        audio = self.spans.get(span)
        if audio is None or not self._is_waiting(audio):
            return False
        del self.spans[span]
        self.pending.remove(audio)
        return True

    def _is_waiting(self, audio: SpanAudio) -> bool:
        return not audio.has_begun and audio in self.pending
