"""What a conversation knows: plain records, changed by the small machines only."""

from dataclasses import dataclass, field

from parley.core.actions import Action
from parley.core.events import CALLER, Leg, SoundJudged, Transcript, TurnJudged, VoiceDescribed
from parley.core.machines import CALL, FLOOR, HEARING, LISTENING, REPLY, TOOL, Machine
from parley.core.phrases import spoken
from parley.core.settings import Settings


@dataclass(slots=True)
class Segment:
    """A piece of what the caller said, as the recogniser cut it, or keyed in: `id` < 0."""

    id: int
    text: str


@dataclass(slots=True)
class Press:
    """A key to talk that is pressed while a turn waits: what is told of it meanwhile.

    `asked` is when its final text was asked for, and `answered` whether that has come.
    """

    at: float
    until: float | None = None
    wanted: bool = True
    words: list[Transcript] = field(default_factory=list)
    asked: float | None = None
    answered: bool = False


@dataclass(slots=True)
class Ear:
    """One leg as a listener hears it: voice, words, and the turn that they become."""

    leg: Leg
    listening: Machine = field(default_factory=lambda: Machine(LISTENING))
    hearing: Machine = field(default_factory=lambda: Machine(HEARING))
    hearing_since: float = 0.0
    failures: int = 0
    began: float | None = None
    onset: float = 0.0
    onset_known: float = 0.0
    onset_before: float = 0.0
    anchor: float = 0.0
    voiced_s: float = 0.0
    finals: list[Segment] = field(default_factory=list)
    partial: Segment | None = None
    partial_since: float = 0.0
    taken: Segment | None = None
    taken_by_turn: bool = False
    closed: set[int] = field(default_factory=set)
    final_known: float = -1.0
    finalize_asked: float | None = None
    judge_asked: float | None = None
    judged: TurnJudged | None = None
    over: float | None = None
    lost_since: float = 0.0
    cut_off: bool = False
    speculations: int = 0
    unclear: int = 0
    talking: bool = False
    voice_until: float = 0.0
    later: list[Press] = field(default_factory=list)
    unwanted: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    reopened: set[int] = field(default_factory=set)
    keys: str = ""
    keyed: int = 0
    key_since: float = 0.0
    keys_complete: bool = False
    withdrawn: bool = False
    took_floor: bool = False
    answer_until: float | None = None
    attended_s: float = 0.0
    voice: VoiceDescribed | None = None
    sound: SoundJudged | None = None
    loudest_dbfs: float | None = None

    @property
    def idle(self) -> bool:
        """Whether the caller neither speaks nor keys anything in."""
        return self.listening.state == "quiet" and not self.keys

    @property
    def segments(self) -> list[Segment]:
        """The pieces of the turn so far."""
        return [*self.finals, self.partial] if self.partial else list(self.finals)

    @property
    def text(self) -> str:
        """All words of the turn so far."""
        return " ".join(s.text for s in self.segments)

    @property
    def later_words(self) -> list[Segment]:
        """Pieces of what is heard once the turn has been dealt with."""
        heard = [words for press in self.later for words in press.words]
        return [Segment(words.segment, words.text) for words in heard if spoken(words.text)]

    def take(self, partial: Segment, *, by_turn: bool) -> None:
        """Words of a segment that goes on are a turn's now, or are dropped."""
        known = self.taken.text + " " if self.taken and self.taken.id == partial.id else ""
        self.taken = Segment(partial.id, known + partial.text)
        self.taken_by_turn = by_turn

    @property
    def settled(self) -> bool:
        """Whether the final text covers all that was said."""
        return (
            self.partial is None
            and self.finalize_asked is None
            and self.final_known >= self.onset_known
        )


@dataclass(slots=True)
class Span:
    """A piece of a reply that is spoken by itself; `asked` is when its audio was asked for."""

    id: int
    text: str
    start: int
    end: int
    asked: float | None = None
    attempt: int = 1
    ready: bool = False
    synthesized: bool = False
    complete: float = 0.0
    chars: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the caller was asked."""

    kind: str = ""
    question: str = ""
    grammar: str = ""
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of the caller's wish: values by name, each with its label; and the question."""

    slots: dict[str, tuple[str, str]] = field(default_factory=dict)
    expects: Expectation = Expectation()


@dataclass(slots=True)
class Reply:
    """One thing that the agent says, from the wish for it to its end."""

    id: int
    kind: str
    leg: Leg
    turn: int | None
    asked: float
    basis: str = ""
    attempt: int = 1
    phase: Machine = field(default_factory=lambda: Machine(REPLY))
    spans: dict[int, Span] = field(default_factory=dict)
    unsaid: list[Span] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    progress: float = 0.0
    generated: bool = False
    closed: bool = False
    broken: str = ""
    permanent: bool = False
    interruptible: bool = True
    ends_call: str = ""
    play_asked: bool = False
    tells: list[str] = field(default_factory=list)
    understood: dict[str, tuple[str, str]] = field(default_factory=dict)
    expects: Expectation | None = None
    heard_at: float = 0.0
    starved: float | None = None
    excused: bool = False
    stopping_since: float = 0.0
    interrupted: bool = False
    reopens: bool = False
    shortened: bool = False

    @property
    def live(self) -> bool:
        """Whether anything can still come of it."""
        return self.phase.state not in REPLY.rest

    @property
    def fixed(self) -> bool:
        """Whether its text is one of the phrases that were synthesised beforehand."""
        return self.kind not in ("answer", "continuation")

    @property
    def ready(self) -> bool:
        """Whether there is audio of its beginning."""
        return bool(self.spans) and self.spans[min(self.spans)].ready

    @property
    def preparing(self) -> bool:
        """Whether it is held and could not be heard yet."""
        unready = not (self.ready or self.tools or self.generated)
        return self.phase.state == "held" and unready

    @property
    def heard(self) -> str:
        """What of its text was heard."""
        said = ""
        end = 0
        for span in sorted(self.spans.values(), key=lambda s: s.id):
            piece = span.text[: span.chars].rstrip()
            if piece:
                said += (" " if said and span.start > end else "") + piece
            end = span.end
        return said

    @property
    def text(self) -> str:
        """All of its text so far, heard or not."""
        said = ""
        end = 0
        for span in sorted(self.spans.values(), key=lambda s: s.id):
            said += (" " if said and span.start > end else "") + span.text
            end = span.end
        return said


@dataclass(slots=True)
class Tool:
    """One run of a tool."""

    id: str
    reply: int
    name: str
    arguments: str
    timeout_s: float
    phase: Machine = field(default_factory=lambda: Machine(TOOL))
    ran: bool = False
    since: float = 0.0
    result: str = ""
    told: bool = False
    phrases: int = 0


@dataclass(slots=True)
class CallerTurn:
    """An entry of the history: what the caller said in one turn."""

    turn: int
    segments: list[Segment]
    voice: VoiceDescribed | None = None

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(s.text for s in self.segments)


@dataclass(slots=True)
class AgentTurn:
    """An entry of the history: what was heard of a reply, and the tools that it called."""

    reply: int


@dataclass(slots=True)
class Attending:
    """Backchannels: how many places there were, how many were said, when the last one was.

    `passed` is the last voiced sample before the pause that was looked at last.
    """

    places: int = 0
    said: int = 0
    at: float | None = None
    passed: float | None = None


@dataclass(slots=True)
class Line:
    """What is known of how the caller sounds, and of what else is heard on their line."""

    caller_dbfs: float | None = None
    steady_dbfs: float = 0.0
    steady_at: float | None = None
    false_alarms: float = 0.0
    false_alarm_at: float = 0.0
    before: "Line | None" = None
    """Without the sound that goes on, where that was dismissed as many voices."""


@dataclass(slots=True)
class Hold:
    """Whether the caller is away (`kind`), since when, and what sounds like a voice meanwhile.

    `asked` is when they have asked to wait. `heard_s` is how much voice there was lately without a
    word, `until` its last sample, and `words_at` when there was a word. `recordings` are
    sentences that were heard on hold.
    """

    kind: str = ""
    asked: float | None = None
    since: float = 0.0
    heard_s: float = 0.0
    until: float = 0.0
    words_at: float = 0.0
    recordings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """All of it."""

    call: Machine = field(default_factory=lambda: Machine(CALL))
    floor: Machine = field(default_factory=lambda: Machine(FLOOR))
    ear: Ear = field(default_factory=lambda: Ear(CALLER))
    replies: dict[int, Reply] = field(default_factory=dict)
    live: dict[int, Reply] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)
    tools: dict[str, Tool] = field(default_factory=dict)
    history: list[CallerTurn | AgentTurn] = field(default_factory=list)
    certain: Knowledge = field(default_factory=Knowledge)
    told: Knowledge = field(default_factory=Knowledge)
    knowing: list[int] = field(default_factory=list)
    question: bool = False
    awaited: bool = False
    consents: set[str] = field(default_factory=set)
    next_reply: int = 1
    next_turn: int = 1
    held: int | None = None
    started: float = 0.0
    end_reason: str = ""
    goodbye: str = ""
    ending_since: float = 0.0
    tail_since: float | None = None
    candidate_at: float = 0.0
    judged_since: float = 0.0
    candidate_voiced: float = 0.0
    pause_due: float | None = None
    yielded_at: float | None = None
    line: Line = field(default_factory=Line)
    quiet_since: float = 0.0
    caller_since: float = 0.0
    owed_since: float = 0.0
    prompts: int = 0
    fillers: int = 0
    filler_kind: str = ""
    last_filler: str = ""
    attending: Attending = field(default_factory=Attending)
    hold: Hold = field(default_factory=Hold)
    failed_turns: int = 0
    withdrawn: int = 0
    rounds: int = 0


@dataclass(slots=True)
class Context:
    """What one step may read and change: the state, the settings, now, and the wishes so far."""

    settings: Settings
    state: State
    now: float = 0.0
    actions: list[Action] = field(default_factory=list)

    def do(self, action: Action) -> None:
        """Wish for something."""
        self.actions.append(action)
