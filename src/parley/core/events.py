"""The facts that a conversation is told. Each is a value; none is a command.

`at` is audio time: seconds on the call's clock at which something was said or heard.
The `now` that `Conversation.handle` takes is when the fact became known, on the same
clock. `leg` names whose ear or mouth it is: the caller, a human to whom the call is
transferred, a supervisor.
"""

from dataclasses import dataclass

Leg = str

CALLER: Leg = "caller"


@dataclass(frozen=True, slots=True)
class Tick:
    """The time that `Conversation.next_deadline` named has come."""


# The call


@dataclass(frozen=True, slots=True)
class Connected:
    """Media flows in both directions."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The leg is gone: it hung up, or its connection closed."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class EndRequested:
    """Somebody outside the conversation wants it to end; `reason` is an `EndReason`."""

    reason: str


@dataclass(frozen=True, slots=True)
class MediaLost:
    """No audio arrives from the leg, though it is connected."""

    leg: Leg
    at: float


@dataclass(frozen=True, slots=True)
class MediaRestored:
    """Audio arrives again."""

    leg: Leg
    at: float


# Listening


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A voice was detected; `at` is its first voiced sample."""

    leg: Leg
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The voice has paused; `at` is its last voiced sample."""

    leg: Leg
    at: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the recogniser understood of one segment: so far, or for good.

    A final text may be empty: nothing was said. `over` is how probable the recogniser holds
    it to be, 0 to 1, that the turn ends with these words; None where it does not say.
    """

    leg: Leg
    segment: int
    text: str
    final: bool
    over: float | None = None


@dataclass(frozen=True, slots=True)
class TurnJudged:
    """How probable it is, by the sound, that the turn is over: 0 to 1.

    `at` is the last voiced sample before the pause that was judged. `cadence` is what speaks
    for the end in how the voice came to it, in log-odds.
    """

    leg: Leg
    at: float
    probability: float
    cadence: float = 0.0


@dataclass(frozen=True, slots=True)
class SoundJudged:
    """What a voice that goes on sounds like, from its first voiced sample until `at`.

    `voiced_s` is its length, `speech` how probable it is, on average, that it is speech (0 to
    1), and `level_dbfs` how loud its loud parts are. `single` is the log-odds that one person
    speaks, and not many at once; None where that is not told.
    """

    leg: Leg
    at: float
    voiced_s: float
    speech: float
    level_dbfs: float
    single: float | None = None


@dataclass(frozen=True, slots=True)
class VoiceDescribed:
    """How the caller sounds in the turn until `at`, its last voiced sample; None: not known.

    Compared with the same caller's earlier turns: `loudness` in dB, `pitch` in semitones above
    what is usual, `rate` as a ratio (1.2 is a fifth faster). `hesitation` is the share of the
    turn that is pauses and drawn-out sounds, 0 to 1. `emotion` is "calm", "neutral" or
    "agitated", with its confidence, 0 to 1. `language` is a BCP 47 tag, where the recogniser
    tells it. `same_speaker` is the probability that it is the voice that the call began with.
    """

    leg: Leg
    at: float
    loudness: float | None = None
    pitch: float | None = None
    rate: float | None = None
    hesitation: float | None = None
    emotion: str | None = None
    emotion_confidence: float | None = None
    language: str | None = None
    same_speaker: float | None = None


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    """The caller has consented to something, or has taken that back (`given` False).

    `what` is "same_speaker": their voice may be compared with the beginning of the call.
    `evidence` says how it is known: the words, a reference.
    """

    leg: Leg
    what: str
    given: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class ListeningFailed:
    """The recogniser broke down; `category` as in `parley.errors.ProviderError`."""

    leg: Leg
    category: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class ListeningReady:
    """The recogniser listens, at first or again."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """Push-to-talk: the caller's side says that they talk from now on."""

    leg: Leg
    at: float


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """Push-to-talk: they have finished. What was said is a turn, or not `wanted` after all."""

    leg: Leg
    at: float
    wanted: bool


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The caller's side wants the agent to stop speaking."""

    leg: Leg


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the key-pad was pressed: one of 0 to 9, * and #."""

    leg: Leg
    key: str
    at: float


# Replies


@dataclass(frozen=True, slots=True)
class ReplyToken:
    """The first piece of the reply's text has arrived."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplySpan:
    """A piece of the reply that can be spoken: characters [start, end) of its text."""

    reply: int
    span: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpanRetracted:
    """The piece's boundary was premature; other spans will hold its text."""

    reply: int
    span: int


@dataclass(frozen=True, slots=True)
class ReplyToolCall:
    """The responder wants a tool to run. `call` is unique within the conversation."""

    reply: int
    call: str
    name: str
    arguments: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class ReplyEndsCall:
    """The responder wants the call to end once this reply was heard."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyMustBeHeard:
    """The responder wants the reply heard to its end: once it is wanted, nothing interrupts it.

    What the caller says meanwhile becomes a turn afterwards.
    """

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyUnderstood:
    """What the responder has taken from the caller's words; an empty value: it was forgotten.

    `name` identifies it, `label` is for people.
    """

    reply: int
    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ReplyExpects:
    """What the caller is asked with this reply.

    `kind` is the answer's type ("date"), `question` the words that ask for it, and
    `grammar` (JSGF) all that may sensibly be said next, or nothing. `digits` is how many the
    answer has when it is a string of them, or 0.
    """

    reply: int
    kind: str
    question: str
    grammar: str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class ReplyGenerated:
    """All of the reply's text and tool calls are known."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """The responder broke down; `category` as in `parley.errors.ProviderError`."""

    reply: int
    category: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class ReplyUsed:
    """What generating the reply has cost, in tokens, whatever became of it.

    `estimated` where the model gave no account: `output_tokens` are then the pieces of
    text that came, and `input_tokens` is 0.
    """

    reply: int
    input_tokens: int
    output_tokens: int
    estimated: bool


# Synthesis


@dataclass(frozen=True, slots=True)
class SpanAudio:
    """The first audio of a span exists, or audio comes again after the reply has run dry."""

    reply: int
    span: int


@dataclass(frozen=True, slots=True)
class SpanSynthesized:
    """All audio of a span exists: `seconds` of it."""

    reply: int
    span: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SpanFailed:
    """The voice broke down in a span; `category` as in `parley.errors.ProviderError`."""

    reply: int
    span: int
    category: str
    permanent: bool


# Playout


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The reply's first sample was heard."""

    leg: Leg
    reply: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The first `chars` characters of a span were heard.

    `estimated` when the transport does not acknowledge what it plays.
    """

    leg: Leg
    reply: int
    span: int
    chars: int
    at: float
    estimated: bool


@dataclass(frozen=True, slots=True)
class PlayoutStarved:
    """Playing ran dry at `at` although the reply has not ended."""

    leg: Leg
    reply: int
    at: float


@dataclass(frozen=True, slots=True)
class PlayoutFinished:
    """The reply's last sample was heard."""

    leg: Leg
    reply: int
    at: float


@dataclass(frozen=True, slots=True)
class PlayoutCleared:
    """The transport has thrown away what was not heard; what was heard has been told."""

    leg: Leg


# Tools


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool has returned."""

    call: str
    result: str


@dataclass(frozen=True, slots=True)
class ToolFailed:
    """A tool has failed; `error` is worded for the model."""

    call: str
    error: str


# Stages


@dataclass(frozen=True, slots=True)
class StageFailed:
    """A custom stage was passed over: it raised, or took longer than its deadline."""

    stage: str
    seam: str
    error: str


Event = (
    Tick
    | Connected
    | Disconnected
    | EndRequested
    | MediaLost
    | MediaRestored
    | SpeechStarted
    | SpeechStopped
    | Transcript
    | ListeningFailed
    | ListeningReady
    | TurnJudged
    | TalkStarted
    | TalkEnded
    | StopRequested
    | VoiceDescribed
    | ConsentRecorded
    | SoundJudged
    | KeyPressed
    | ReplyToken
    | ReplySpan
    | SpanRetracted
    | ReplyToolCall
    | ReplyEndsCall
    | ReplyMustBeHeard
    | ReplyUnderstood
    | ReplyExpects
    | ReplyGenerated
    | ReplyFailed
    | ReplyUsed
    | SpanAudio
    | SpanSynthesized
    | SpanFailed
    | PlayoutStarted
    | Heard
    | PlayoutStarved
    | PlayoutFinished
    | PlayoutCleared
    | ToolFinished
    | ToolFailed
    | StageFailed
)
