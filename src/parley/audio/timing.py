"""How a transport plays what it is given, and the facts that follow from it.

All times are seconds on the call's clock; all samples are the leg's outbound samples.
"""

from dataclasses import dataclass
from typing import Literal

Acknowledgement = Literal["exact", "marks", "none"]

UNCLEARABLE_LEAD_S = 0.02
"""The most that may be ahead in a buffer that cannot be cleared."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a transport can do with audio that it was given.

    `can_pause`: it stops at the very sample, keeps the rest, and goes on from there.
    `can_clear`: it throws away what it has not played yet.
    `acknowledges`: "exact": it reports how many samples it has played; "marks": it
    sends named marks back when they are reached; "none": what was heard is estimated
    from the clock.
    `latency_s`: the delay from sending a sample to hearing it in an idle transport, the
    report's way back included; not part of the lead.
    `lead_s`: how far what was sent may be ahead of what is heard.
    `push_to_talk`: its caller says when they talk, and sends audio then only.
    `cancels_echo`: what is played does not come back in what the caller says, because there
    is a canceller at the other end, or no way back.
    `continuous`: it carries sound all the time, and so a background between the replies.
    """

    can_pause: bool = False
    can_clear: bool = True
    acknowledges: Acknowledgement = "none"
    latency_s: float = 0.0
    lead_s: float = 0.2
    push_to_talk: bool = False
    cancels_echo: bool = True
    continuous: bool = False

    @property
    def allowed_lead_s(self) -> float:
        """`lead_s`, but 20 ms at most where the transport cannot be cleared."""
        return self.lead_s if self.can_clear else min(self.lead_s, UNCLEARABLE_LEAD_S)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Audio to hand to the transport now, then the marks to place after it."""

    pcm: bytes = b""
    marks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pcm)


@dataclass(frozen=True, slots=True)
class Started:
    """The reply's first sample, which belongs to `span`, was heard at `at`."""

    reply: int
    span: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The first `chars` characters of the span's source text were heard by `at`.

    `estimated` when the transport does not acknowledge what it plays.
    """

    reply: int
    span: int
    chars: int
    at: float
    estimated: bool


@dataclass(frozen=True, slots=True)
class Starved:
    """Playing ran dry at `at`, the end of the last sample, though the reply goes on."""

    reply: int
    at: float


@dataclass(frozen=True, slots=True)
class Finished:
    """All of an ended reply was heard; its last sample ended at `at`."""

    reply: int
    at: float


Fact = Started | Heard | Starved | Finished
