"""Which words of which reply are in the audio that is sent.

The playout sends its replies one after the other, each to its end, but it hands over
nothing but audio. What the core's steps tell is enough to say whose it is: the order in
which replies were played, and how long each of them is once it is closed. Where that is
not known (a voice broke down, audio was taken back), a reply is over when it was heard.
"""

from dataclasses import dataclass, field

from parley.core import actions as act
from parley.core import events as ev


@dataclass(slots=True)
class Span:
    """A piece of a reply: characters [start, end) of its text, `samples` long once known.

    `told`: the client has its text, from character `since` on.
    """

    text: str
    start: int
    end: int
    samples: int | None = None
    heard: int = 0
    told: bool = False
    since: int = 0


@dataclass(slots=True)
class Reply:
    """A reply and how much of it was sent, in samples.

    `response` is its response's name, once there is one; `kept` is what earlier
    responses, which were cut off, have said of it.
    """

    id: int
    spans: dict[int, Span] = field(default_factory=dict)
    sent: int = 0
    closed: bool = False
    starved: bool = False
    uncertain: bool = False
    response: str = ""
    kept: str = ""

    @property
    def left(self) -> int | None:
        """Samples that were not sent yet; None where nobody knows."""
        lengths = [span.samples for span in self.spans.values()]
        if not self.closed or self.uncertain or None in lengths:
            return None
        return max(0, sum(n for n in lengths if n is not None) - self.sent)

    @property
    def heard(self) -> str:
        """What of its text was heard."""
        said = ""
        end = 0
        for number in sorted(self.spans):
            span = self.spans[number]
            piece = span.text[: span.heard].rstrip()
            if piece:
                said += (" " if said and span.start > end else "") + piece
            end = span.end
        return said

    def newly_sent(self, *, complete: bool = False) -> str:
        """The text of the pieces whose audio has begun to be sent since the last call.

        `complete`: all of it has been sent; what makes no sound has no other moment.
        """
        found, begins, end = "", 0, 0
        for number in sorted(self.spans):
            span = self.spans[number]
            if not span.told:
                if begins >= self.sent and not complete:
                    break
                span.told = True
                found += (" " if end and span.start > end else "") + span.text[span.since :]
            if span.samples is None and not complete:
                break
            begins, end = begins + (span.samples or 0), span.end
        return found


class Sending:
    """The replies that are being played, in order. `rate` is that of the audio, in hertz."""

    def __init__(self, rate: int) -> None:
        self.replies: dict[int, Reply] = {}
        self._rate = rate
        self._queue: list[Reply] = []

    def reply(self, number: int) -> Reply:
        """The reply of that number; one that is over is nobody's business any more."""
        return self.replies.get(number) or Reply(number)

    def divide(self, samples: int) -> list[tuple[Reply, int]]:
        """Whose the next `samples` are, in order."""
        found = []
        while samples and self._queue:
            reply = self._next()
            count = samples
            if reply.left and reply is not self._queue[-1]:
                count = min(samples, reply.left)
            reply.sent += count
            reply.starved = False
            samples -= count
            found.append((reply, count))
        return found

    def _next(self) -> Reply:
        """The first reply of which anything is left, or else the last one."""
        return next((r for r in self._queue if r.left != 0), self._queue[-1])

    def taken_back(self, *, told_again: bool) -> None:
        """What was sent and not heard will be sent again, and its text told again."""
        for reply in [r for r in self._queue if r.sent]:
            reply.uncertain = True
            for span in reply.spans.values() if told_again else ():
                span.since = max(span.since, span.heard)
                span.told = span.told and span.since >= len(span.text.rstrip())

    # What the core's steps tell

    def begun(self, number: int) -> None:
        """A reply was asked for, or wanted."""
        self.replies.setdefault(number, Reply(number))

    def written(self, event: ev.ReplySpan) -> None:
        reply = self.reply(event.reply)
        reply.spans.setdefault(event.span, Span(event.text, event.start, event.end))

    def retracted(self, event: ev.SpanRetracted) -> None:
        spans = self.reply(event.reply).spans
        if event.span in spans and not spans[event.span].told:
            del spans[event.span]

    def asked(self, action: act.Synthesize) -> None:
        """A phrase from the cache has no other news of its text."""
        span = Span(action.text, 0, len(action.text))
        self.reply(action.reply).spans.setdefault(action.span, span)

    def synthesized(self, event: ev.SpanSynthesized) -> None:
        if span := self.reply(event.reply).spans.get(event.span):
            span.samples = round(event.seconds * self._rate)

    def failed(self, event: ev.SpanFailed) -> None:
        self.reply(event.reply).uncertain = True

    def closed(self, action: act.CloseReply) -> None:
        self.reply(action.reply).closed = True

    def played(self, action: act.PlayReply) -> None:
        """What is to be said aside comes too late while another reply is heard."""
        reply = self.reply(action.reply)
        if reply in self._queue:
            return
        if not action.aside:
            self._queue.append(reply)
        elif not any(r.sent and not r.starved for r in self._queue[:1]):
            self._queue.insert(0, reply)

    def starved(self, event: ev.PlayoutStarved) -> None:
        self.reply(event.reply).starved = True

    def heard(self, event: ev.Heard) -> Reply:
        reply = self.reply(event.reply)
        if span := reply.spans.get(event.span):
            span.heard = max(span.heard, event.chars)
        return reply

    def over(self, number: int) -> None:
        """A reply was heard, or will not be."""
        reply = self.replies.pop(number, None)
        if reply in self._queue:
            self._queue.remove(reply)
