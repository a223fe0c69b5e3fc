"""The playout against a naive device that plays one sample per millisecond."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.audio.formats import AudioFormat
from parley.audio.ledger import WordTime
from parley.audio.playout import Playout
from parley.audio.timing import Finished, Heard, Started, Starved, Timing

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

    timing: Timing
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
    """A span whose words are known to the voice, and whose samples are all different."""

    reply: int
    span: int
    text: str
    words: list[WordTime]
    samples: list[int]
    fed: int = 0
    ended: bool = False
    told: int = 0

    @property
    def pcm(self) -> bytes:
        return np.array(self.samples, "<i2").tobytes()

    def word_start(self, sample: int) -> int:
        for word in self.words:
            if word.sample_start <= sample < word.sample_end:
                return word.sample_start
        return sample

    def chars(self, played: int) -> int:
        if self.ended and played >= self.fed and played:
            return len(self.text)
        return max([w.char_end for w in self.words if w.sample_end <= played], default=0)


class World:
    """A playout, its device, and what an onlooker knows of both."""

    def __init__(self, timing: Timing, report_every: int) -> None:
        self.timing, self.report_every = timing, report_every
        self.playout = Playout(timing, audio_format=AudioFormat(RATE))
        self.device = Device(timing, round(timing.latency_s * RATE))
        self.now = 0
        self.spans: dict[tuple[int, int], Span] = {}
        self.where: dict[int, tuple[Span, int]] = {}  # by the value of a sample
        self.replies: dict[int, bool] = {}  # by number: ended
        self.order: list[int] = []
        self.dead: dict[int, int] = {}  # by number: since when
        self.facts: list[tuple[int, object]] = []
        self.audio: list[tuple[float, int]] = []
        self.breaks: dict[int, tuple[Span, int] | None] = {}
        self.value = 200

    # What the shell does

    def report(self) -> None:
        if self.timing.acknowledges == "exact":
            self.playout.acknowledge(self.device.passed, self.now / RATE)
        for mark in self.device.marks:
            self.playout.marked(mark, self.now / RATE)
        self.device.marks.clear()

    def note(self, facts: list[object]) -> None:
        for fact in facts:
            self.facts.append((self.now, fact))
            assert fact.reply not in self.dead
            assert not isinstance(fact, Heard) or self.is_true(fact)
            if isinstance(fact, Finished):
                self.dead[fact.reply] = self.now

    def look(self) -> None:
        self.note(self.playout.poll(self.now / RATE))
        for at, pcm in self.playout.heard_audio(self.now / RATE):
            values = np.frombuffer(pcm, "<i2").tolist()
            self.audio += [(at + i / RATE, value) for i, value in enumerate(values)]

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

    # What is true

    def is_true(self, fact: Heard) -> bool:
        span = self.spans[fact.reply, fact.span]
        assert fact.chars > span.told
        assert fact.estimated == (self.timing.acknowledges == "none")
        span.told = fact.chars
        indices = [i for s, i in (self.where[v] for _, v in self.device.played) if s is span]
        return fact.chars <= span.chars(max(indices, default=-1) + 1)

    # What may happen

    def new_reply(self, which: int, amount: int) -> None:
        self.replies[len(self.replies) + 1] = False
        self.open_span(0, amount)

    def open_span(self, which: int, amount: int) -> None:
        living = [r for r, ended in self.replies.items() if not ended and r not in self.dead]
        if not living:
            return
        reply = living[which % len(living)]
        number = sum(key[0] == reply for key in self.spans)
        words, text, sample = [], "", amount % 3 * 10
        for index in range(1 + amount % 4):
            length, lasts = 1 + (amount + index) % 5, 5 + (amount * 7 + index * 31) % 90
            begin = len(text)
            text += "w" * length + ", "
            words.append(WordTime(begin, begin + length, sample, sample + lasts))
            text = text[: begin + length + 2]
            sample += lasts + (amount + index) % 2 * 10
        values = list(range(self.value, self.value + sample))
        self.value += sample
        span = Span(reply, number, text, words, values)
        span.words = [WordTime(w.char_start, w.char_end + 1, w.sample_start, w.sample_end) for w in words]
        self.spans[reply, number] = span
        self.where |= {value: (span, i) for i, value in enumerate(values)}
        self.playout.open_span(reply, number, text)

    def feed(self, which: int, amount: int) -> None:
        growing = [s for s in self.spans.values() if not s.ended]
        if growing:
            self.give(growing[which % len(growing)], amount)

    def give(self, span: Span, amount: int) -> None:
        until = min(span.fed + amount, len(span.samples))
        words = [w for w in span.words if span.fed <= w.sample_start < until]
        pcm = span.pcm[2 * span.fed : 2 * until]
        stale = self.playout.stale_bytes
        self.playout.append(span.reply, span.span, pcm, words)
        assert self.playout.stale_bytes - stale == (len(pcm) if span.reply in self.dead else 0)
        span.fed = until
        if until == len(span.samples):
            self.playout.end_span(span.reply, span.span)
            span.ended = True

    def end_reply(self, which: int, amount: int) -> None:
        reply = 1 + which % max(1, len(self.replies))
        self.replies[reply] = True
        self.playout.end_reply(reply)

    def release(self, which: int, amount: int) -> None:
        reply = 1 + which % max(1, len(self.replies))
        self.playout.release(reply)
        if reply not in self.order:
            self.order.append(reply)

    def drop(self, which: int, amount: int) -> None:
        if not self.spans:
            return
        key = list(self.spans)[which % len(self.spans)]
        begun = self.playout.has_begun(*key)
        if self.playout.drop_span(*key):
            assert not begun
            span = self.spans[key]
            assert not any(self.where[v][0] is span for _, v in self.device.played)
            span.samples, span.ended, span.words = [], True, []

    def discard(self, which: int, amount: int) -> None:
        reply = 1 + which % max(1, len(self.replies))
        self.report()
        facts, must_clear = self.playout.discard(reply, self.now / RATE)
        self.note(facts)
        self.dead.setdefault(reply, self.now)
        if must_clear:
            self.device.clear()
            self.breaks[len(self.device.played)] = None

    def pause(self, which: int, amount: int) -> None:
        if which % 2:
            self.report()
        must_clear = self.playout.pause(self.now / RATE)
        self.device.paused = self.timing.can_pause
        if must_clear:
            self.device.clear()
            self.breaks[len(self.device.played)] = None

    def resume(self, which: int, amount: int) -> None:
        self.report()
        self.playout.resume(self.now / RATE)
        self.device.paused = False

    def clear(self, which: int, amount: int) -> None:
        self.report()
        self.note(self.playout.clear(self.now / RATE))
        if self.timing.can_clear:
            self.device.clear()
        for reply in self.order:
            self.dead.setdefault(reply, self.now)
        self.device.paused = False

    def pass_time(self, which: int, amount: int) -> None:
        self.wait(amount)

    def stall(self, which: int, amount: int) -> None:
        self.wait(amount, stalled=True)
