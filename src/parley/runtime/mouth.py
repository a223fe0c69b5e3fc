"""How a leg hears the agent: playout to the transport, and what of it was heard."""

import asyncio
from collections.abc import Callable, Sequence

from parley.audio.farend import LEAD_S, FarEnd
from parley.audio.formats import OUTBOUND
from parley.audio.ledger import WordTime
from parley.audio.playout import Playout
from parley.audio.timing import Fact, Finished, Heard, Started, Starved
from parley.core import events as ev
from parley.errors import ConfigurationError
from parley.transports.base import Transport

REPORT_S = 0.1
"""How often progress is reported while something is heard."""

START_REPORT_S = 0.02
"""How soon it is looked whether the first sample was heard."""

Post = Callable[[ev.Event], None]
OnHeard = Callable[[float, bytes], None]


class Mouth:
    """Feeds one transport from one playout, with one timer."""

    def __init__(
        self,
        leg: ev.Leg,
        transport: Transport,
        *,
        post: Post,
        clock: Callable[[], float],
        on_heard: OnHeard | None,
        far: FarEnd | None = None,
    ) -> None:
        if transport.output != OUTBOUND:
            raise ConfigurationError(
                f"a transport plays {transport.output}, not {OUTBOUND}",
                remedy="Convert at the transport's edge.",
            )
        self._leg = leg
        self._transport = transport
        self._post = post
        self._clock = clock
        self._on_heard = on_heard
        self._far = far
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._starting: set[int] = set()
        self.playout = Playout(transport.timing, record=bool(on_heard or far))

    # What is to be heard

    def append(self, reply: int, span: int, pcm: bytes, words: Sequence[WordTime]) -> None:
        self.playout.append(reply, span, pcm, words)
        self.pump()

    def end_span(self, reply: int, span: int, *, complete: bool = True) -> None:
        self.playout.end_span(reply, span, complete=complete)
        self.pump()

    def end_reply(self, reply: int) -> None:
        self.playout.end_reply(reply)
        self.pump()

    def shorten(self, reply: int) -> None:
        """End a phrase sooner, at a word."""
        self.playout.shorten(reply)
        self.pump()

    def release(self, reply: int, *, aside: bool) -> None:
        self._starting.add(reply)
        self.playout.release(reply, aside=aside)
        self.pump()

    def discard(self, reply: int) -> None:
        """Forget a reply that is cancelled or failed."""
        self._starting.discard(reply)
        self.report()
        facts, must_clear = self.playout.discard(reply, self._clock())
        if must_clear:
            self._transport.clear()
        self._tell(facts)
        self.pump()

    # Stop and go

    def pause(self) -> None:
        if self._transport.timing.can_pause:
            self._transport.pause()
        self.report()
        if self.playout.pause(self._clock()):
            self._transport.clear()

    def resume(self) -> None:
        self.report()
        if self._transport.timing.can_pause:
            self._transport.resume()
        self.playout.resume(self._clock())
        self.pump()

    def clear(self) -> None:
        """Fall silent; tell what was heard, and then that it is so."""
        self.report()
        if self._transport.timing.can_clear:
            self._transport.clear()
        self._starting.clear()
        self._tell(self.playout.clear(self._clock()))
        self._acknowledge()
        self._post(ev.PlayoutCleared(self._leg))

    def close(self) -> None:
        """Report for the last time."""
        self.report()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The transport

    def pump(self) -> None:
        """Send what is due, and see to it that the rest will be."""
        out = self.playout.due(self._clock())
        if out:
            self._transport.play(out.pcm, out.marks)
        self._arm()

    def marked(self, name: str) -> None:
        self.playout.marked(name, self._clock())
        self.report()

    def report(self) -> None:
        """Post what has been heard since the last report."""
        if self.playout.is_idle:
            return
        self._acknowledge()
        now = self._clock()
        self._tell(self.playout.poll(now))
        self._keep_heard(now)

    def listen_back(self) -> None:
        """Tell the far end what is being heard just now, and what will be within its lead."""
        if self._far is None:
            return
        now, latency_s = self._clock(), self._transport.timing.latency_s
        self._far.forget_from(now)
        if self.playout.is_idle:
            return
        self._acknowledge()
        self._keep_heard(now)
        for at, pcm in self.playout.coming_audio(now + LEAD_S + latency_s):
            self._far.played(at - latency_s, pcm)

    def _keep_heard(self, now: float) -> None:
        for at, pcm in self.playout.heard_audio(now):
            if self._on_heard is not None:
                self._on_heard(at, pcm)
            if self._far is not None:
                # a latency is a guess: an echo that seems to come late can be found
                self._far.played(at - self._transport.timing.latency_s, pcm)

    def _acknowledge(self) -> None:
        if self._transport.timing.acknowledges == "exact":
            self.playout.acknowledge(self._transport.position(), self._clock())

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.playout.is_idle:
            return
        now = self._clock()
        wait = START_REPORT_S if self._starting else REPORT_S
        due = self.playout.next_due(now)
        if due is not None:
            wait = min(wait, max(0.0, due - now))
        self._timer = self._loop.call_later(wait, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self.report()
        self.pump()

    def _tell(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            match fact:
                case Started():
                    self._starting.discard(fact.reply)
                    self._post(ev.PlayoutStarted(self._leg, fact.reply, fact.at))
                case Heard():
                    self._post(
                        ev.Heard(
                            self._leg, fact.reply, fact.span, fact.chars, fact.at, fact.estimated
                        )
                    )
                case Starved():
                    self._post(ev.PlayoutStarved(self._leg, fact.reply, fact.at))
                case Finished():
                    self._post(ev.PlayoutFinished(self._leg, fact.reply, fact.at))
