"""The wishes of a conversation, for the shell to carry out, in order.

The last group are entries for the record: nothing is to be done about them.
"""

from dataclasses import dataclass

from parley.core.events import Leg

# Listening


@dataclass(frozen=True, slots=True)
class Listen:
    """Open a recogniser for the leg and feed it from the first packet on."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class FinalizeTranscript:
    """Ask the recogniser for the final text of what was said so far."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class JudgeTurn:
    """Have the sound of the turn until now judged: is it over?

    `since` is its first voiced sample, `at` its last, in audio time.
    """

    leg: Leg
    since: float
    at: float


@dataclass(frozen=True, slots=True)
class DescribeVoice:
    """Have it described how the caller sounds in the turn until now.

    `since` is the turn's first voiced sample; `start` and `at` are the first and the last of
    the newest stretch of voice. `speaker`: the caller has consented to being compared with the
    voice that the call began with.
    """

    leg: Leg
    since: float
    start: float
    at: float
    speaker: bool


@dataclass(frozen=True, slots=True)
class RestartListening:
    """Replace the leg's recogniser; repeat to it what no final text covers."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Expect:
    """What the leg was asked, or nothing: have the recogniser listen for the answer.

    `kind`, `question` and `grammar` are those of `parley.core.events.ReplyExpects`.
    """

    leg: Leg
    kind: str
    question: str
    grammar: str


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """The leg was asked something, or has been told something since (`awaited`): whether a voice
    is to be noticed though it be faint.
    """

    leg: Leg
    awaited: bool


@dataclass(frozen=True, slots=True)
class StopListening:
    """Close the leg's recogniser."""

    leg: Leg


# Replies


@dataclass(frozen=True, slots=True)
class StartReply:
    """Ask the responder for an answer to `Conversation.messages(reply)`.

    Until it is promoted it is inaudible and runs no tool. `attempt` counts from 1.
    """

    reply: int
    attempt: int


@dataclass(frozen=True, slots=True)
class PromoteReply:
    """The reply is wanted: what it has changed so far holds."""

    reply: int


@dataclass(frozen=True, slots=True)
class PlayReply:
    """Let the leg hear the reply, after those that it already hears.

    `aside`: instead between them, as soon as nothing is heard.
    """

    reply: int
    leg: Leg
    aside: bool


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stop generating and synthesising; undo what the reply has changed."""

    reply: int


@dataclass(frozen=True, slots=True)
class Synthesize:
    """Speak a span. `cached`: from the phrases that were synthesised beforehand."""

    reply: int
    span: int
    text: str
    attempt: int
    cached: bool


@dataclass(frozen=True, slots=True)
class CancelSynthesis:
    """The span is not wanted any more; throw its audio away."""

    reply: int
    span: int


@dataclass(frozen=True, slots=True)
class CloseReply:
    """Generate no more: the reply ends when the audio that there is was heard."""

    reply: int


@dataclass(frozen=True, slots=True)
class ShortenReply:
    """The answer waits for the end of this phrase: end it after the word that plays.

    Unless it is nearly over anyway.
    """

    reply: int


@dataclass(frozen=True, slots=True)
class Backchannel:
    """Let the leg hear that we listen, from the phrases that were synthesised beforehand.

    `reply` is its number in the playout; it is no reply and nothing follows from its facts.
    `level_db` is relative to the level of the replies. What is not there is not said.
    """

    leg: Leg
    reply: int
    text: str
    level_db: float


# Playout


@dataclass(frozen=True, slots=True)
class PausePlayout:
    """Fall silent at once, at this very sample where the transport can."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class ResumePlayout:
    """Go on from the same word."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class ClearPlayout:
    """Throw away all that was not heard, in the transport too; then say `PlayoutCleared`."""

    leg: Leg


# Tools


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool once."""

    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CancelTool:
    """Stop waiting for a tool; nothing that it still does counts."""

    call: str


# The call


@dataclass(frozen=True, slots=True)
class EndCall:
    """Hang up and close everything. The last action of a conversation."""

    reason: str


# For the record


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """The caller's turn has ended; `text` is what was understood, `at` the last voiced sample.

    What was keyed in is a segment, too, with a number below zero; `at` is then when it
    was complete. `why` is the evidence for the end, in log-odds, and the pause that it
    asked for; empty in older traces.
    """

    leg: Leg
    turn: int
    text: str
    segments: tuple[int, ...]
    at: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class TurnReopened:
    """The caller went on before anything was heard: the turn's words join the next."""

    leg: Leg
    turn: int


@dataclass(frozen=True, slots=True)
class SegmentDropped:
    """A segment of the caller's speech does not become a turn, and why."""

    leg: Leg
    segment: int
    reason: str


@dataclass(frozen=True, slots=True)
class FloorKept:
    """A sound was not an interruption: the agent goes on."""

    leg: Leg
    reason: str


@dataclass(frozen=True, slots=True)
class FloorYielded:
    """A sound was an interruption: the agent stops."""

    leg: Leg
    reason: str


@dataclass(frozen=True, slots=True)
class HoldBegan:
    """The caller is away: a "sound" without words goes on, or they have "asked" to wait."""

    leg: Leg
    kind: str


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """They are back, or are not waited for any more, and why."""

    leg: Leg
    reason: str


@dataclass(frozen=True, slots=True)
class Understood:
    """Something is known of what the caller wants, or (an empty value) is not known any more."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """A reply has ended: done, cancelled or failed; `heard` is what the caller heard."""

    reply: int
    outcome: str
    heard: str


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool call has ended: done, failed, cancelled or timed out."""

    call: str
    outcome: str


Action = (
    Listen
    | FinalizeTranscript
    | JudgeTurn
    | DescribeVoice
    | RestartListening
    | Expect
    | AwaitAnswer
    | StopListening
    | StartReply
    | PromoteReply
    | PlayReply
    | CancelReply
    | Synthesize
    | CancelSynthesis
    | CloseReply
    | ShortenReply
    | Backchannel
    | PausePlayout
    | ResumePlayout
    | ClearPlayout
    | RunTool
    | CancelTool
    | EndCall
    | TurnCommitted
    | TurnReopened
    | SegmentDropped
    | FloorKept
    | FloorYielded
    | HoldBegan
    | HoldEnded
    | Understood
    | ReplyEnded
    | ToolEnded
)
