"""The playout against a naive device that plays one sample per millisecond."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.audio.formats import AudioFormat
from parley.audio.ledger import WordTime
from parley.audio.playout import Playout
from parley.audio.timing import Fact, Finished, Heard, Started, Timing

RATE = 1000  # one sample is one millisecond

TIMINGS = [
    Timing(can_pause=True, acknowledges="exact"),
    Timing(can_pause=True, acknowledges="none"),
    Timing(can_pause=True, acknowledges="none", latency_s=0.03),
    Timing(acknowledges="exact"),
    Timing(acknowledges="exact", latency_s=0.03),
    Timing(acknowledges="none"),
    Timing(acknowledges="none", latency_s=0.05, lead_s=0.1),
    Timing(acknowledges="marks"),
    Timing(acknowledges="marks", latency_s=0.03, lead_s=0.06),
    Timing(can_clear=False, acknowledges="exact"),
    Timing(can_clear=False, acknowledges="none"),
    Timing(can_clear=False, acknowledges="marks"),
]


@dataclass
class Device:
    """Plays what has arrived, one sample per step; a clear takes what is under way too."""

    latency: int
    queue: list[tuple[int, int | str]] = field(default_factory=list)
    played: list[tuple[int, int]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    passed: int = 0
    paused: bool = False

    def send(self, pcm: bytes, marks: tuple[str, ...], now: int) -> None:
        samples = np.frombuffer(pcm, "<i2").tolist()
        self.queue += [(now + self.latency, item) for item in (*samples, *marks)]

    def clear(self) -> None:
        self.passed += self.ahead
        self.marks += [item for _, item in self.queue if isinstance(item, str)]
        self.queue.clear()

    def step(self, now: int) -> None:
        """Play the sample of the millisecond that begins now."""
        if not self.paused and self.queue and self.queue[0][0] <= now:
            self.played.append((now, self.queue.pop(0)[1]))
            self.passed += 1
        while self.queue and isinstance(self.queue[0][1], str):
            self.marks.append(self.queue.pop(0)[1])

    @property
    def ahead(self) -> int:
        return sum(isinstance(item, int) for _, item in self.queue)


@dataclass
class Span:
    """A span whose words the voice has timed, and whose samples are all different."""

    reply: int
    span: int
    text: str
    words: list[WordTime]
    samples: list[int]
    fed: int = 0
    ended: bool = False
    told: int = 0

    def word_start(self, sample: int) -> int:
        for word in self.words:
            if word.sample_start <= sample < word.sample_end:
                return word.sample_start
        return sample

    def chars(self, played: int) -> int:
        if self.ended and played == len(self.samples) > 0:
            return len(self.text)
        return max((w.char_end for w in self.words if w.sample_end <= played), default=0)


class World:
    """A playout, its device, and what an onlooker knows of both."""

    def __init__(self, timing: Timing, report_every: int) -> None:
        self.timing, self.report_every = timing, report_every
        self.playout = Playout(timing, audio_format=AudioFormat(RATE))
        self.device = Device(round(timing.latency_s * RATE))
        self.now = 0
        self.spans: list[Span] = []
        self.where: dict[int, tuple[Span, int]] = {}  # by the value of a sample
        self.ended: list[bool] = []  # by reply
        self.order: list[int] = []
        self.died: dict[int, int] = {}  # by reply: when
        self.facts: list[Fact] = []
        self.audio: list[tuple[float, int]] = []
        self.breaks: dict[int, int | None] = {}  # by place in `played`: last sample acknowledged
        self.value = 200

    # What the shell does

    def report(self) -> None:
        if self.timing.acknowledges == "exact":
            self.playout.acknowledge(self.device.passed, self.now / RATE)
        for mark in self.device.marks:
            self.playout.marked(mark, self.now / RATE)
        self.device.marks.clear()

    def note(self, facts: list[Fact]) -> None:
        for fact in facts:
            self.facts.append(fact)
            assert fact.reply not in self.died
            if isinstance(fact, Heard):
                self.check_heard(fact)
            elif isinstance(fact, Finished):
                self.died[fact.reply] = self.now

    def look(self) -> None:
        self.note(self.playout.poll(self.now / RATE))
        for at, pcm in self.playout.heard_audio(self.now / RATE):
            values = np.frombuffer(pcm, "<i2").tolist()
            self.audio += [(at * RATE + i, value) for i, value in enumerate(values)]

    def wait(self, steps: int, *, stalled: bool = False) -> None:
        for _ in range(steps):
            if self.now % self.report_every == 0:
                self.report()
            if not stalled:
                self.serve()
            self.device.step(self.now)
            self.now += 1

    def serve(self) -> None:
        if self.now % 50 == 0:
            self.look()
        due = self.playout.next_due(self.now / RATE)
        if due is not None and due * RATE < self.now + 0.01:
            out = self.playout.due(self.now / RATE)
            assert out
            self.device.send(out.pcm, out.marks, self.now)
            lead = (self.timing.allowed_lead_s + self.timing.latency_s) * RATE
            assert self.device.ahead <= lead + 0.01

    def cut(self) -> None:
        self.look()
        self.device.clear()
        self.breaks[len(self.device.played)] = self.audio[-1][1] if self.audio else None

    def begin(self) -> None:
        """Two replies of two spans each, a part of whose audio exists."""
        for reply in range(2):
            self.new_reply(0, 3)
            self.open_span(reply, 6)
            self.release(reply, 0)
        for span in self.spans:
            self.give(span, 80)

    # What may happen; `which` chooses among the possible, `amount` says how much

    def new_reply(self, which: int, amount: int) -> None:
        self.ended.append(False)
        self.open_span(-1, amount)

    def open_span(self, which: int, amount: int) -> None:
        open_replies = [r for r, ended in enumerate(self.ended) if not ended and r not in self.died]
        if open_replies:
            reply = open_replies[which % len(open_replies)]
            span = self.invent(reply, amount)
            self.playout.open_span(reply, span.span, span.text)

    def invent(self, reply: int, amount: int) -> Span:
        words: list[WordTime] = []
        text, sample = "", amount % 3 * 10
        for index in range(1 + amount % 4):
            word = "w" * (1 + (amount + index) % 5) + ","
            lasts = 5 + (amount * 7 + index * 31) % 90
            words.append(WordTime(len(text), len(text) + len(word), sample, sample + lasts))
            text += word + " "
            sample += lasts + (amount + index) % 2 * 10
        samples = list(range(self.value, self.value + sample))
        span = Span(reply, len(self.spans), text, words, samples)
        self.value += sample
        self.spans.append(span)
        self.where |= {value: (span, i) for i, value in enumerate(samples)}
        return span

    def feed(self, which: int, amount: int) -> None:
        growing = [span for span in self.spans if not span.ended]
        if growing:
            self.give(growing[which % len(growing)], amount)

    def give(self, span: Span, amount: int) -> None:
        until = min(span.fed + amount, len(span.samples))
        words = [w for w in span.words if span.fed <= w.sample_start < until]
        pcm = np.array(span.samples[span.fed : until], "<i2").tobytes()
        stale = self.playout.stale_bytes
        self.playout.append(span.reply, span.span, pcm, words)
        assert self.playout.stale_bytes - stale == len(pcm) * (span.reply in self.died)
        span.fed = until
        if until == len(span.samples):
            self.playout.end_span(span.reply, span.span)
            span.ended = True

    def end_reply(self, which: int, amount: int) -> None:
        if self.ended:
            reply = which % len(self.ended)
            self.ended[reply] = True
            self.playout.end_reply(reply)

    def release(self, which: int, amount: int) -> None:
        if self.ended:
            reply = which % len(self.ended)
            self.playout.release(reply)
            if reply not in self.order:
                self.order.append(reply)

    def drop(self, which: int, amount: int) -> None:
        if self.spans:
            span = self.spans[which % len(self.spans)]
            if self.playout.drop_span(span.reply, span.span):
                assert not any(self.where[value][0] is span for _, value in self.device.played)
                span.samples, span.words, span.ended = [], [], True

    def discard(self, which: int, amount: int) -> None:
        if self.ended:
            reply = which % len(self.ended)
            self.report()
            facts, must_clear = self.playout.discard(reply, self.now / RATE)
            self.note(facts)
            self.died.setdefault(reply, self.now)
            if must_clear:
                self.cut()

    def pause(self, which: int, amount: int) -> None:
        if which % 2 or self.timing.can_pause:
            self.report()
        must_clear = self.playout.pause(self.now / RATE)
        self.device.paused = self.timing.can_pause
        if must_clear:
            self.cut()

    def resume(self, which: int, amount: int) -> None:
        self.report()
        self.playout.resume(self.now / RATE)
        self.device.paused = False

    def clear(self, which: int, amount: int) -> None:
        self.report()
        self.note(self.playout.clear(self.now / RATE))
        if self.all_is_acknowledged:
            self.check_told_all()
        for reply in self.order:
            self.died.setdefault(reply, self.now)
        if self.timing.can_clear:
            self.cut()
        self.device.paused = False

    def run(self, which: int, amount: int) -> None:
        self.wait(1 + amount // 4)

    def stall(self, which: int, amount: int) -> None:
        self.wait(amount, stalled=True)

    def play_out(self) -> None:
        """Let all that lives be heard to its end."""
        for span in self.spans:
            if not span.ended:
                self.give(span, len(span.samples))
        for reply in range(len(self.ended)):
            self.end_reply(reply, 0)
            self.release(reply, 0)
        self.resume(0, 0)
        self.wait(100 + 2 * sum(len(span.samples) for span in self.spans))
        self.report()
        self.look()
        assert self.playout.is_idle
        assert self.playout.next_due(self.now / RATE) is None

    # What must be true

    @property
    def all_is_acknowledged(self) -> bool:
        """No sample is played of which the playout never learns."""
        return self.timing.acknowledges == "none" or self.timing.can_pause

    def played_of(self, span: Span) -> int:
        """Samples of the span that the device has played."""
        places = [self.where[value] for _, value in self.device.played]
        return max((i for other, i in places if other is span), default=-1) + 1

    def check_heard(self, fact: Heard) -> None:
        span = self.spans[fact.span]
        assert fact.reply == span.reply
        assert fact.estimated == (self.timing.acknowledges == "none")
        assert span.told < fact.chars <= span.chars(self.played_of(span))
        span.told = fact.chars

    def check_told_all(self) -> None:
        for span in self.spans:
            if span.reply in self.order and span.reply not in self.died:
                assert span.told == span.chars(self.played_of(span))

    def check_order(self) -> None:
        """Nothing is skipped or repeated, except from the word that a cut has interrupted."""
        previous, seen = None, set()
        for place, (_, value) in enumerate(self.device.played):
            span, index = self.where[value]
            if place in self.breaks:
                previous = self.before_cut(self.breaks[place])
            now = (self.order.index(span.reply), span.span, index)
            if previous is not None:
                assert now > previous
            assert index == 0 or value - 1 in seen
            seen.add(value)
            previous = now

    def before_cut(self, acknowledged: int | None) -> tuple[int, int, int] | None:
        if acknowledged is None:
            return None
        span, index = self.where[acknowledged]
        return self.order.index(span.reply), span.span, span.word_start(index + 1) - 1

    def check_deaths(self) -> None:
        """What ended by itself was played wholly; what was cut makes no sound any more."""
        finished = {fact.reply: fact.at for fact in self.facts if isinstance(fact, Finished)}
        grace = 0 if self.timing.can_clear else 20 + self.device.latency
        for reply, died in self.died.items():
            times = [t for t, value in self.device.played if self.where[value][0].reply == reply]
            assert not times or times[-1] < died + grace
            if reply in finished:
                spans = [span for span in self.spans if span.reply == reply]
                assert all(self.played_of(span) == len(span.samples) for span in spans)
                assert all(span.told == len(span.text) for span in spans if span.samples)

    def check_times(self) -> None:
        """What is said to have been heard was played, and then."""
        played = iter(self.device.played)
        for at, value in self.audio:
            assert any(
                value == other and (abs(at - t) < 0.01 or self.timing.acknowledges == "marks")
                for t, other in played
            )
        if self.all_is_acknowledged:
            assert len(self.audio) == len(self.device.played)

    def check_facts(self) -> None:
        """Replies start and finish exactly when the device plays them."""
        if not self.all_is_acknowledged:
            return
        for fact in self.facts:
            if isinstance(fact, Heard):
                continue
            times = [
                t / RATE
                for t, value in self.device.played
                if self.where[value][0].reply == fact.reply
            ]
            if isinstance(fact, Started):
                assert abs(fact.at - times[0]) < 1e-5
            elif isinstance(fact, Finished):
                assert not times or abs(fact.at - times[-1] - 1 / RATE) < 1e-5
            else:
                assert any(abs(fact.at - t - 1 / RATE) < 1e-5 for t in times)


Act = Callable[[World, int, int], None]
ACTS: list[Act] = [
    World.new_reply,
    World.open_span,
    World.feed,
    World.feed,
    World.feed,
    World.end_reply,
    World.release,
    World.release,
    World.drop,
    World.discard,
    World.pause,
    World.pause,
    World.resume,
    World.resume,
    World.clear,
    World.run,
    World.run,
    World.run,
    World.run,
    World.run,
    World.stall,
]
ACT = st.tuples(st.sampled_from(ACTS), st.integers(0, 7), st.integers(1, 300))


@pytest.mark.parametrize("timing", TIMINGS, ids=repr)
@settings(max_examples=30, derandomize=True)
@given(st.lists(ACT, min_size=10, max_size=40), st.sampled_from([1, 7, 40]))
def test_the_ear_hears_what_the_playout_says(
    timing: Timing, acts: list[tuple[Act, int, int]], report_every: int
) -> None:
    world = World(timing, report_every)
    world.begin()
    for act, which, amount in acts:
        act(world, which, amount)
    world.play_out()
    world.check_order()
    world.check_deaths()
    world.check_times()
    world.check_facts()
