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
from parley.audio.timing import Fact, Finished, Heard, Outgoing, Started, Starved, Timing

FRAME_S = 0.02

WORTH_S = 0.25
"""A phrase that is nearer to its end than this is not cut short."""

FADE_S = 0.03
"""How long it fades then."""

_NOTHING = Outgoing()

_MARK = "heard"  # a mark's name is this and the position that it stands for


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
        self._repeats_words = timing.can_clear and not timing.can_pause
        self._lead_s = timing.allowed_lead_s
        lead = max(1, round(self._lead_s * self._rate))
        self._frame = min(lead, round(FRAME_S * self._rate))
        self._refill = max(self._frame, lead // 2 - lead // 2 % self._frame)
        self._replies: dict[int, ReplyAudio] = {}
        self._queue: deque[ReplyAudio] = deque()
        self._dead: set[int] = set()
        self._line: Line[SpanAudio] = Line(self._rate, timing.latency_s)
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

    def shorten(self, reply: int) -> None:
        """Something waits for the end of this reply: let it end after the word that is next.

        Only where all of its audio exists, and a quarter of a second or more is saved.
        """
        audio = self._replies.get(reply)
        if audio and audio.ended and audio.pending:
            audio.pending[-1].shorten(round(WORTH_S * self._rate), round(FADE_S * self._rate))

    def release(self, reply: int, *, aside: bool = False) -> None:
        """Let a held reply be heard, after those that were released before it.

        `aside`: at once instead, before what those still have to say. Where they are
        being heard it comes too late, and ends without a sound.
        """
        audio = self._living(reply)
        if not audio or audio in self._queue:
            return
        if not aside:
            self._queue.append(audio)
        elif self._line.pieces or self._sendable(self._frame):
            audio.pending.clear()
            audio.ended = True
            self._queue.append(audio)
        else:
            self._queue.appendleft(audio)

    def discard(self, reply: int, now: float) -> tuple[list[Fact], bool]:
        """Remove one reply, held or released; it never makes a sound or a fact again.

        Returns the last facts, and whether the transport's buffer must be cleared now.
        If so, what it held of other replies will be sent again from the word that was
        playing. A playout that is paused stays so.
        """
        facts = self.poll(now)
        audio = self._bury(reply)
        if audio and audio in self._queue:
            self._queue.remove(audio)
        sent = any(piece.source.reply is audio for piece in self._line.pieces)
        if sent and self.timing.can_clear:
            self._take_back(now)
            return facts, True
        return facts, False

    # Emptying

    def due(self, now: float) -> Outgoing:
        """What to send now, so that at most `lead_s` more than what is heard has been sent.

        Whole frames of 20 ms; the end of an ended span is sent at once, however short, and
        never padded. After a stall all that is missing comes at once; the time that was
        lost is a gap in what is heard. The result is false when there is nothing to send.
        """
        if self._paused_at is not None:
            return _NOTHING
        count = self._sendable(self._line.room(now, self._lead_s))
        return Outgoing(self._send(count, now), self._mark()) if count else _NOTHING

    def next_due(self, now: float) -> float | None:
        """When to call `due` again; None: nothing can be sent until audio arrives or `resume`.

        Half of the lead is refilled at a time where there is so much.
        """
        count = 0 if self._paused_at is not None else self._sendable(self._refill)
        if not count:
            return None
        return max(now, self._line.full_until - self._lead_s + count / self._rate)

    def pause(self, now: float) -> bool:
        """Send nothing until `resume`; True when the transport's buffer must be cleared now.

        A transport that can pause is to be paused by the caller now, and should report
        its last position before it is resumed. One that can only be cleared gets the word
        that was playing once more after `resume`. One that can do neither plays what it
        has, 20 ms at most.
        """
        if self._paused_at is not None:
            return False
        self._estimate(now)
        self._paused_at = now
        if self._repeats_words:
            self._take_back(now)
        return self._repeats_words

    def resume(self, now: float) -> None:
        """Go on after `pause`."""
        if self._paused_at is not None and self.timing.can_pause:
            self._line.go_on(now)
        self._paused_at = None

    def clear(self, now: float) -> list[Fact]:
        """Drop all that was released; the last facts tell exactly what was heard until now.

        The caller clears the transport, where it can. Held replies stay. A pause ends, and
        with it that of the transport: there is nothing left that it could hold back.
        """
        facts = self.poll(now)
        while self._queue:
            self._bury(self._queue.popleft().id)
        if self.timing.can_clear:
            self._line.clear(now)
        self.resume(now)
        return facts

    # Hearing

    def acknowledge(self, samples_total: int, at: float) -> None:
        """At `at` the transport had passed `samples_total` of all samples ever sent to it.

        For "exact". Samples that a clear threw away count as passed: the position after a
        clear is all that was sent before it. A position that was passed already is ignored;
        one that is passed late, because the transport ran dry, is dated back.
        """
        at = self._playing_time(at)
        dry = samples_total >= self._line.sent
        if heard := self._line.reach(samples_total, min(at, self._line.ends) if dry else at):
            self._line.fill_from(at)
            self._hear(heard)

    def marked(self, name: str, at: float) -> None:
        """The mark came back: all that was sent before it was heard by `at`. For "marks".

        Marks that come back because of a clear, and marks that are not ours, change nothing.
        """
        prefix, _, position = name.partition(":")
        if prefix == _MARK and position.isdecimal():
            self._hear(self._line.reach(int(position), self._playing_time(at)))

    def poll(self, now: float) -> list[Fact]:
        """What has become known since the last call, in the order in which it was heard."""
        self._estimate(now)
        facts: list[Fact] = []
        while self._queue and self._tell(self._queue[0], now, facts):
            self._bury(self._queue.popleft().id)
        return facts

    def heard_audio(self, now: float) -> list[tuple[float, bytes]]:
        """The audio that was heard since the last call: (time of its first sample, PCM).

        Times never run backwards; pauses and gaps are jumps. Empty without `record`.
        """
        self._estimate(now)
        audio, self._audio = self._audio, []
        return audio

    def coming_audio(self, until: float) -> list[tuple[float, bytes]]:
        """Estimate: what was sent, not acknowledged, and will have been heard by `until`.

        In the form of `heard_audio`; nothing is taken out. Empty while the transport is paused.
        """
        if self._paused_at is not None and self.timing.can_pause:
            return []
        pieces = self._line.coming(until)
        return [(piece.at, piece.source.read(piece.start, piece.end)) for piece in pieces]

    # State

    def has_begun(self, reply: int, span: int) -> bool:
        """Whether some of the span was handed to the transport; False where it is unknown."""
        audio = self._span(reply, span)
        return audio is not None and audio.has_begun

    def is_starved(self, reply: int) -> bool:
        """Whether it was told that the reply ran dry, and nothing of it can be heard since."""
        audio = self._replies.get(reply)
        return audio is not None and audio.starved and self._is_dry()

    def buffered_s(self, reply: int) -> float:
        """Seconds of the reply's audio that exist and were not heard; 0 for an unknown reply."""
        audio = self._replies.get(reply)
        pending = audio.pending if audio else ()
        return sum(span.total - span.heard for span in pending) / self._rate

    @property
    def is_idle(self) -> bool:
        """All that was released was heard or dropped."""
        return not self._queue and not self._line.pieces

    # Replies

    def _living(self, reply: int) -> ReplyAudio | None:
        """The reply, known from now on, unless it is dead."""
        if reply in self._dead:
            return None
        return self._replies.setdefault(reply, ReplyAudio(reply))

    def _span(self, reply: int, span: int) -> SpanAudio | None:
        audio = self._replies.get(reply)
        return audio.spans.get(span) if audio else None

    def _bury(self, reply: int) -> ReplyAudio | None:
        self._dead.add(reply)
        audio = self._replies.pop(reply, None)
        if audio:
            audio.forget()
        return audio

    # Sending

    def _unsent(self) -> Iterator[SpanAudio]:
        """The spans to send from, in order; the last one is the first that may still grow."""
        for reply in self._queue:
            for span in reply.pending:
                yield span
                if not span.ended:
                    return
            if not reply.ended:
                return

    def _sendable(self, limit: int) -> int:
        """Samples that can be sent in one go: whole frames, or all up to where audio ends."""
        count, ended = 0, True
        for span in self._unsent():
            count += span.total - span.sent
            ended = span.ended
            if count > limit:
                count, ended = limit, False
                break
        return count if ended else count - count % self._frame

    def _send(self, count: int, now: float) -> bytes:
        chunks = []
        for span in self._unsent():
            start, pcm = span.send(count)
            if pcm:
                chunks.append(pcm)
                self._line.send(span, start, span.sent, now)
                count -= span.sent - start
        return b"".join(chunks)

    def _mark(self) -> tuple[str, ...]:
        return (f"{_MARK}:{self._line.sent}",) if self.timing.acknowledges == "marks" else ()

    def _take_back(self, now: float) -> None:
        """The transport is cleared: send again what it held, from the word that was playing."""
        pieces = self._line.clear(now)
        for piece in reversed(pieces):
            piece.source.sent = piece.start
        if pieces:
            pieces[0].source.rewind(pieces[0].start)

    # Hearing

    def _playing_time(self, at: float) -> float:
        """`at`, but not after the transport was paused."""
        held = self._paused_at if self.timing.can_pause else None
        return at if held is None else min(at, held)

    def _estimate(self, now: float) -> None:
        if self.timing.acknowledges == "none":
            self._hear(self._line.hear(self._playing_time(now)))

    def _hear(self, pieces: list[Piece[SpanAudio]]) -> None:
        for piece in pieces:
            span, until = piece.source, piece.at + (piece.end - piece.start) / self._rate
            if self._record:
                self._audio.append((piece.at, span.read(piece.start, piece.end)))
            span.hear(piece.end, piece.at, until)

    def _tell(self, reply: ReplyAudio, now: float, facts: list[Fact]) -> bool:
        """Add the facts of the reply that is next to be heard; True when it has finished."""
        if reply.first and not reply.started:
            reply.started = True
            facts.append(Started(reply.id, *reply.first))
        while reply.pending:
            span = reply.pending[0]
            self._tell_heard(span, facts)
            if not span.is_done:
                break
            reply.pending.popleft()
        if reply.ended and not reply.pending:
            facts.append(Finished(reply.id, reply.heard_at if reply.started else now))
            return True
        if reply.started and self._is_dry() and not reply.starved:
            reply.starved = True
            facts.append(Starved(reply.id, reply.heard_at))
        return False

    def _is_dry(self) -> bool:
        return not self._line.pieces and not self._sendable(self._frame)

    def _tell_heard(self, span: SpanAudio, facts: list[Fact]) -> None:
        chars = span.account()
        if chars > span.told:
            span.told = chars
            estimated = self.timing.acknowledges == "none"
            facts.append(Heard(span.reply.id, span.id, chars, span.heard_at, estimated))
        span.forget(keep_word=self._repeats_words and not span.is_done)
