"""What one leg hears, when, and which words of which reply that was.

A `Playout` stands between the voices and one transport. It is pure: time is an
argument (`now`, seconds on the call's clock), nothing is awaited. The shell

- fills it: `open_span`, `append`, `end_span`, `end_reply`, `release`;
- empties it: `due(now)` whenever `next_due(now)` says so, and after each call that
  fills it; hands the audio and its marks to the transport;
- tells it what the transport acknowledged: `acknowledge`, `marked`;
- asks it for facts: `poll(now)`, at least every 100 ms while not `is_idle`.

Replies are numbered by the core and never come twice: what arrives for a reply that was
cleared, discarded or finished is ignored, and its bytes are counted in `stale_bytes`.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from parley.audio.formats import OUTBOUND, AudioFormat
from parley.audio.ledger import Alignment, SpanLedger, WordTime
from parley.audio.line import Line, Piece
from parley.audio.spans import ReplyAudio, SpanAudio
from parley.audio.timing import Fact, Finished, Heard, Outgoing, Starved, Started, Timing

FRAME_S = 0.02

_NOTHING = Outgoing()


class Playout:
    """The replies that one leg is to hear, in the order of their release.

    Audio is mono PCM16 at the sample rate of `audio_format`. `record` keeps what was heard
    for `heard_audio`, which must then be called regularly.
    """

    def __init__(
        self, timing: Timing, *, audio_format: AudioFormat = OUTBOUND, record: bool = True
    ) -> None:
        self.timing = timing
        self.stale_bytes = 0
        self._record = record
        self._rate = audio_format.sample_rate
        self._lead_s = timing.allowed_lead_s
        lead = max(1, int(self._lead_s * self._rate))
        self._frame = min(lead, round(FRAME_S * self._rate))
        self._refill = max(self._frame, lead // 2 - lead // 2 % self._frame)
        self._replies: dict[int, ReplyAudio] = {}
        self._queue: deque[ReplyAudio] = deque()
        self._dead: set[int] = set()
        self._line: Line[SpanAudio] = Line(self._rate, timing.latency_s)
        self._marks: dict[str, int] = {}
        self._marks_made = 0
        self._paused_at: float | None = None
        self._audio: list[tuple[float, bytes]] = []

    # Filling

    def open_span(
        self,
        reply: int,
        span: int,
        source: str,
        spoken: str | None = None,
        alignment: Alignment | None = None,
    ) -> None:
        """Announce the reply's next span; spans play in the order in which they were opened.

        `spoken` and `alignment` as in `ledger.SpanLedger`. Opening a span again throws
        away its audio and keeps its place: a second attempt. Raises ValueError once it
        has begun.
        """
        if audio := self._living(reply):
            audio.open(span, SpanLedger(source, spoken, alignment, sample_rate=self._rate))

    def append(self, reply: int, span: int, pcm: bytes, words: Sequence[WordTime] = ()) -> None:
        """Add audio to a span, and the words known so far, both from the span's beginning on.

        Spans may be synthesised in parallel. A chunk may end within a sample.
        """
        audio = self._span(reply, span)
        if audio is None or audio.ended:
            self.stale_bytes += len(pcm)
        else:
            audio.append(pcm, words)

    def end_span(self, reply: int, span: int, *, complete: bool = True) -> None:
        """No more audio of this span will come.

        `complete=False`: the voice broke down, so hearing all of its audio is not hearing
        all of its text. A span that will be tried again is not ended but opened again.
        """
        audio = self._span(reply, span)
        if audio is not None and not audio.ended:
            audio.end(complete=complete)

    def end_reply(self, reply: int) -> None:
        """No more spans of this reply will come."""
        if audio := self._living(reply):
            audio.ended = True

    def drop_span(self, reply: int, span: int) -> bool:
        """Retract a span. False, and nothing is done, where it has begun or is unknown."""
        audio = self._replies.get(reply)
        return audio is not None and audio.drop(span)

    def release(self, reply: int) -> None:
        """Let a held reply be heard, after those that were released before it."""
        audio = self._living(reply)
        if audio and audio not in self._queue:
            self._queue.append(audio)

    def discard(self, reply: int, now: float) -> tuple[list[Fact], bool]:
        """Remove one reply, held or released; it never makes a sound or a fact again.

        Returns the last facts, and whether the transport's buffer must be cleared now.
        If so, what it held of other replies will be sent again from the word that was
        playing. A playout that is paused stays so.
        """
        facts = self.poll(now)
        audio = self._replies.get(reply)
        if audio is None:
            return facts, False
        self._bury(audio)
        if audio in self._queue:
            self._queue.remove(audio)
        must_clear = self.timing.can_clear and any(
            piece.source.reply is audio for piece in self._line.pieces
        )
        if must_clear:
            self._take_back(now)
        return facts, must_clear

    # Emptying

    def due(self, now: float) -> Outgoing:
        """What to send now, so that at most `lead_s` more than what is heard has been sent.

        Whole frames of 20 ms; the end of an ended span is sent at once, however short, and
        never padded. After a stall all that is missing comes at once; the time that was
        lost is a gap in what is heard.
        """
        count = 0 if self._is_paused else self._sendable(self._line.room(now, self._lead_s))
        if count <= 0:
            return _NOTHING
        chunks = []
        for span in self._unsent():
            end = min(span.total, span.sent + count)
            if end > span.sent: 
                chunks.append(span.read(span.sent, end))
                self._line.send(span, span.sent, end, now)
                count -= end - span.sent
                span.sent = end
            if not count: break
        return Outgoing(b"".join(chunks), self._mark())

    def next_due(self, now: float) -> float | None:
        """When to call `due` again; None: nothing can be sent until audio arrives or `resume`."""
        raise NotImplementedError

    def pause(self, now: float) -> bool:
        """Send nothing until `resume`; True when the transport's buffer must be cleared now.

        A transport that can pause is to be paused by the caller now, and should report
        its last position before it is resumed. One that can only clear hears the word
        that was playing once more after `resume`. One that can do neither plays its last
        20 ms.
        """
        raise NotImplementedError

    def resume(self, now: float) -> None:
        """Go on after `pause`."""
        raise NotImplementedError

    def clear(self, now: float) -> list[Fact]:
        """Drop all that was released; the last facts tell exactly what was heard until now.

        The caller clears the transport where it can. Held replies stay. A pause ends:
        there is nothing left that it could hold back.
        """
        raise NotImplementedError

    # Hearing

    def acknowledge(self, samples_total: int, at: float) -> None:
        """At `at` the transport had passed `samples_total` of all samples ever sent to it.

        For "exact". Samples that a clear threw away count as passed: the position after a
        clear is all that was sent before it.
        """
        raise NotImplementedError

    def marked(self, name: str, at: float) -> None:
        """The mark came back: all that was sent before it was heard by `at`. For "marks"."""
        raise NotImplementedError

    def poll(self, now: float) -> list[Fact]:
        """What has become known since the last call, in the order in which it was heard."""
        raise NotImplementedError

    def heard_audio(self, now: float) -> list[tuple[float, bytes]]:
        """The audio that was heard since the last call: (time of its first sample, PCM).

        Times never run backwards; pauses and gaps are jumps. Empty without `record`.
        """
        raise NotImplementedError

    # State

    def has_begun(self, reply: int, span: int) -> bool:
        """Whether any of the span was handed to the transport, or its reply has ended."""
        raise NotImplementedError

    def buffered_s(self, reply: int) -> float:
        """Seconds of the reply's audio that exist and were not heard; 0 for an unknown reply."""
        raise NotImplementedError

    @property
    def is_idle(self) -> bool:
        """Nothing is released and unheard."""
        raise NotImplementedError
