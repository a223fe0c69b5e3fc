"""How a conversation behaves. Times are seconds; every value is part of the trace."""

from dataclasses import dataclass, field

from parley.core.phrases import ACKNOWLEDGEMENTS, BACKCHANNELS, HESITATIONS, MOMENTS, ORDERS


@dataclass(frozen=True, slots=True)
class EndingRule:
    """A pause that is fixed where texts match: regular expressions; "" matches anything."""

    agent: str = ""
    """What the caller heard last."""

    caller: str = ""
    """What the caller has said in this turn."""

    wait_s: float = 1.0
    """The silence that ends the turn, whatever else speaks for its end."""


@dataclass(frozen=True, slots=True)
class EndingSettings:
    """What is evidence for the end of a turn, and how long a pause it takes to confirm it.

    The weights are log-odds, but of words and sounds that tell much the same: what they add up
    to is worth 0.45 of it, and 3 is four to one (docs/adr/0014).
    """

    shortest_s: float = 0.3
    """The pause that ends a turn which is certainly over."""

    longest_s: float = 2.0
    """The pause that ends one which certainly is not."""

    patience_s: float = 1.0
    """How much shorter a pause may be for each unit of log-odds for the end of the turn, and how
    much longer it must be for each against it that is more than `doubt`."""

    assurance: float = 0.0
    """So much evidence for the end does not make the pause shorter yet. With more of it only what
    is well assured is answered at once."""

    doubt: float = 3.5
    """So much evidence against the end is outweighed by a pause of `TurnSettings.wait_s`."""

    language: str = "en"
    """The language whose last words are known (`parley.core.lastwords`)."""

    words: float = 1.0
    """How much it counts how often sentences end with the last word."""

    hesitations: tuple[str, ...] = HESITATIONS
    """Sounds with which a speaker keeps the floor."""

    hesitation: float = 4.5
    """The weight of such a sound at the end."""

    dictation: float = 5.0
    """The weight of digits or letters that are spelled out one by one."""

    answer: float = 4.5
    """The weight of a whole answer to a question that wants yes or no."""

    short_answer: float = 1.5
    """The weight of a few words after another question, unless they are spelled out."""

    sound: float = 0.4
    """How much the log-odds count that the model of the sound gives: on recorded people it is
    two to four times less certain than it says (docs/adr/0006)."""

    cadence: float = 1.0
    """How much it counts how the voice came to the pause: whether it fell and faded."""

    recognizer: float = 1.0
    """How much the log-odds count that the recogniser gives, where it judges turns itself."""

    stop: float = 1.0
    """The weight of a full stop, a question mark or an exclamation mark at the end."""

    comma: float = 4.5
    """The weight of a comma or a dash at the end."""

    curve_s: tuple[float, ...] = ()
    """In the place of all these, and of `TurnSettings.wait_s`: the pause at each probability that
    the caller goes on, from 0 to 1, evenly, with straight lines between; none: they hold."""

    on_stop_s: float | None = None
    """In the place of `TurnSettings.wait_s` where the words end with a full stop or the like:
    the shortest pause then, whatever speaks for the end."""

    on_no_stop_s: float | None = None
    """The same where they do not."""

    on_number_s: float | None = None
    """The same where they end with a number, with a full stop or without."""

    rules: tuple[EndingRule, ...] = ()
    """The first that fits decides."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """When the caller's turn has ended."""

    wait_s: float = 1.15
    """Silence after the last voiced sample that ends a turn whose words are known, where
    nothing tells whether it is over."""

    unready_s: float = 1.0
    """Less does not end it while the reply to these words could not be heard yet; where
    `longest_s` is less, that does not."""

    ending: EndingSettings = EndingSettings()
    """What does."""

    push_to_talk: bool = False
    """Whether the caller's side says when they talk; a voice then begins and ends nothing."""

    judges: bool = False
    """Whether there is a model that judges by the sound whether the turn is over."""

    judge_after_s: float = 0.2
    """Silence after which it is asked; later where its answer could not end the turn yet, sooner
    where `wait_s` is short."""

    finalize_after_s: float = 0.15
    """Silence after which the recogniser is asked for its final text."""

    stable_partial_s: float = 0.25
    """A partial text that has not changed for so long, in a pause, starts a reply."""

    transcript_limit_s: float = 1.4
    """Silence after which missing words are no longer waited for."""

    unclear_voice_s: float = 0.8
    """A voice without words for at least so long is asked to repeat itself."""

    unclear_answer_s: float = 0.3
    """The same for a voice that answers a question: it may have been one short word."""

    unclear_limit: int = 2
    """How often in a row the caller is asked to repeat what was not understood."""

    utterance_limit_s: float = 60.0
    """A voice that does not pause for so long is taken for a turn, or for noise."""

    speculation_limit: int = 6
    """How many replies may be started for one turn before it has ended."""

    speculation_waste: float = 1.0
    """How many of them may come to nothing for each turn, on average over the call."""

    recognizer_finalizes: bool = True
    """Whether the recogniser answers a request for its final text."""

    recognizer_partials: bool = False
    """Whether the recogniser tells words while the caller speaks."""


@dataclass(frozen=True, slots=True)
class InterruptionSettings:
    """When a sound takes the floor from the agent.

    The weights are log-odds: what is for it and what is against it adds up.
    """

    voice_s: float = 1.0
    """A clear voice, as loud as the caller's own, takes the floor after so long by itself."""

    by_voice: bool = True
    """Whether a voice takes the floor that says too few words, or none."""

    wordless_s: float = 0.3
    """So much longer it must last where the recogniser tells words meanwhile, and told none."""

    length: float = 3.0
    """The weight of each doubling of that length; less for a shorter voice."""

    length_least: float = 1.5
    """The most that is against a voice because it is short."""

    length_most: float = 1.0
    """The most that is for a voice because it is long."""

    speech: float = 0.5
    """How much the log-odds count that the sound is speech."""

    clear: float = 0.9
    """The average probability of speech that is neither for nor against it."""

    unjudged: float = 0.9
    """The probability of speech that a sound is taken to have before it is judged."""

    level: float = 0.5
    """The weight of each decibel that is missing to the caller's own level."""

    level_range_db: float = 4.0
    """So much softer than usual the caller's own voice may be."""

    level_most: float = 12.0
    """The most that is against a voice because it is soft."""

    unknown_dbfs: float = -36.0
    """The caller's level before anything was heard of them."""

    crowd: float = 1.5
    """The weight of the log-odds that many talk at once, and not one person."""

    crowd_least: float = 0.5
    """So much of them is not yet against a voice."""

    crowd_most: float = 6.0
    """The most that they are against it."""

    single: float = 0.0
    """The log-odds of one person from which a sound that was dismissed as many is one after all."""

    line: float = 3.0
    """The weight of a level that is no more than that of a steady sound which was dismissed."""

    line_range_db: float = 6.0
    """A voice so much louder than that sound is not taken for it."""

    false_alarm: float = 0.25
    """The weight of each sound that was dismissed lately, against the next one."""

    false_alarm_s: float = 0.15
    """So much longer the next sound must last before the agent falls silent for it."""

    false_alarms: float = 3.0
    """More of them than this do not count."""

    forgets_s: float = 20.0
    """How long what was dismissed counts, less and less."""

    word: float = 6.0
    """The weight of words that are no acknowledgement, if they are as many as `words`."""

    more_words: float = 1.0
    """The weight of each further word."""

    most_words: int = 3
    """More further words than this do not count."""

    order: float = 6.0
    """The weight of nothing but phrases of `orders`: hardly any noise sounds like them."""

    command: float = 12.0
    """The weight of a phrase of `commands`."""

    acknowledgement: float = 5.0
    """The weight of nothing but acknowledgements, against it."""

    doubt_s: float = 0.4
    """A voice that can only take the floor by its words is dismissed after so long."""

    blip_s: float = 0.12
    """A sound shorter than this is dismissed without waiting for words."""

    verdict_s: float = 0.5
    """How long after a short sound its words are waited for; less if it hardly was speech."""

    beginning_s: float = 0.1
    """How long it is waited whether a word's beginning becomes an acknowledgement."""

    acknowledged_s: float = 0.15
    """How long it is waited whether an acknowledgement goes on."""

    words: int = 1
    """How many words that are no acknowledgement take the floor."""

    acknowledgements: tuple[str, ...] = ACKNOWLEDGEMENTS
    """Phrases of a listener that do not take the floor."""

    orders: tuple[str, ...] = ORDERS
    """Phrases that stop who speaks."""

    commands: tuple[str, ...] = ()
    """Phrases that take the floor wherever they occur, however few words are said."""

    answer_chars: int = 20
    """Within so many characters of the end, an acknowledgement answers what was asked."""

    answer_s: float = 1.5
    """What is said over a question, and does not take the floor, is the answer to it if that has
    been heard to its end within so long."""

    backoff_s: float = 0.0
    """How long the agent says nothing after it was interrupted."""


@dataclass(frozen=True, slots=True)
class AttendingSettings:
    """How the agent shows that it listens while the caller tells something long."""

    enabled: bool = False
    """Whether it says anything then."""

    words: tuple[str, ...] = BACKCHANNELS
    """What it says, one after the other."""

    frequency: float = 1.0
    """The share of the places for it at which it is said, 0 to 1."""

    voice_s: float = 4.5
    """How much voice of the caller there must be since the turn began, or since the last one."""

    gap_s: float = 7.0
    """The time between one and the next."""

    pause_s: float = 0.25
    """The pause of the caller into which it is said."""

    latest_s: float = 0.45
    """Later in a pause it is not said: the caller is about to go on."""

    room_s: float = 0.5
    """It is only said where the turn cannot end within so long: it is to be over by then."""

    goes_on: float = 0.9
    """The evidence, in log-odds, that the caller goes on, without which it is not said."""

    level_db: float = -8.0
    """Its level, relative to that of the replies."""


@dataclass(frozen=True, slots=True)
class KeypadSettings:
    """When what was keyed in is complete."""

    enabled: bool = True
    """Whether keys are input."""

    wait_s: float = 2.0
    """Time after the last key after which the keys are taken for a turn."""

    end_keys: str = "#"
    """Keys that end the input at once, and are no part of it."""

    max_keys: int = 64
    """So many keys are an input that is complete."""


@dataclass(frozen=True, slots=True)
class SilenceSettings:
    """What happens when nobody speaks."""

    prompt_after_s: float = 10.0
    """Silence after which the caller is asked whether they are there."""

    prompts: tuple[str, ...] = ("Are you still there?",)
    """What is said then, the first time, the second time, and so on."""

    end_after_s: float = 30.0
    """The caller's silence after which the call ends, prompts notwithstanding."""


@dataclass(frozen=True, slots=True)
class HoldSettings:
    """How long the agent waits for a caller who is away (`parley.core.holding`)."""

    sound_s: float = 8.0
    """A voice without words for so long in all is music, a recording or a noise."""

    gap_s: float = 5.0
    """After so long a silence that is counted anew."""

    quiet_s: float = 10.0
    """The sound is over when it stays away for so long: whoever is there is silent then."""

    limit_s: float = 300.0
    """After so long on hold the call ends."""

    phrases: tuple[str, ...] = MOMENTS
    """What a caller says who asks for a moment."""

    patience_s: float = 60.0
    """Silence after which such a caller is asked whether they are there."""


@dataclass(frozen=True, slots=True)
class RecoverySettings:
    """What happens when a provider fails, stalls or answers nonsense."""

    model_timeout_s: float = 6.0
    """A responder that says nothing new for so long has failed."""

    voice_timeout_s: float = 2.5
    """A voice that brings no audio for a span for so long has failed."""

    recognizer_timeout_s: float = 3.0
    """A recogniser that does not open for so long has failed."""

    filler_after_s: float = 1.5
    """Silence in which an answer is owed after which a filler is said: longer than most people
    leave between turns, and than usual answers take."""

    filler_put_off_s: float = 0.4
    """A filler is put off by so much at most when text or a voice is on its way: the answer's
    first audio comes within so long of its text."""

    filler_again_s: float = 4.0
    """Silence after which another filler is said."""

    starved_s: float = 1.5
    """A pause in the middle of a span for so long means that the voice has failed."""

    stuck_s: float = 8.0
    """A transport that acknowledges nothing for so long while playing has failed."""

    clear_s: float = 1.0
    """How long a transport may take to confirm that it was cleared."""

    failed_turns: int = 2
    """After so many failed turns in a row the call ends."""

    media_timeout_s: float = 15.0
    """Audio that stays away for so long means that the connection is lost."""

    tool_rounds: int = 5
    """How often in a row tool results may lead to further tool calls."""


@dataclass(frozen=True, slots=True)
class ToolPhrase:
    """What is said while a tool runs."""

    tool: str = ""
    """The tool's name; empty: those that have no phrases of their own."""

    text: str = ""
    """A short text."""

    after_s: float = 0.0
    """How long the tool must have run. 0: said at once, unless the reply that wanted the tool
    has said something."""


@dataclass(frozen=True, slots=True)
class PhraseSettings:
    """What is said when there is nothing else to say. Synthesised beforehand."""

    fillers: tuple[str, ...] = ("Let me see.", "Let me think.")
    """While the responder thinks; none: nothing."""

    working: tuple[str, ...] = ("Let me check that.", "One moment.")
    """While a tool runs; none: nothing."""

    still: tuple[str, ...] = ("Still working on it.", "Just a moment.")
    """When one of those was said before, in the same turn."""

    tools: tuple[ToolPhrase, ...] = ()
    """While a certain tool runs, each once, in the order of their times."""

    unclear: str = "Sorry, I didn't catch that. Could you say it again?"
    """To a voice without words."""

    apology: str = "Sorry, something went wrong on my side. Could you say that again?"
    """When there is no answer."""

    lost_thread: str = "Sorry, I lost my thread. Could you ask me again?"
    """When an answer breaks off."""

    gap: str = "Sorry, you were cut off. Could you repeat that?"
    """To a caller whose sound has stopped in the middle."""

    failure_goodbye: str = "Sorry, I can't go on right now. Please call again later. Goodbye."
    """Before failures end the call."""

    silence_goodbye: str = "I can't hear anybody, so I'll hang up now. Goodbye."
    """Before silence ends the call."""

    duration_goodbye: str = "Our time is up, so I have to end the call here. Goodbye."
    """When the call has lasted for `max_duration_s`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    greeting: str = ""
    """What the agent says first; empty: it waits for the caller."""

    greeting_interruptible: bool = True
    """Whether the caller may interrupt the greeting, or what the responder says first."""

    greeting_generated: bool = False
    """Whether the responder speaks first, before the caller has said anything."""

    greeting_kind: str = ""
    """The type of the answer that the greeting asks for; empty: it asks for nothing."""

    greeting_question: str = ""
    """The words of the greeting that ask for it."""

    greeting_grammar: str = ""
    """All that may sensibly be said after the greeting, in JSGF; empty: anything."""

    greeting_digits: int = 0
    """How many digits the answer has; 0: it is no string of digits."""

    end_phrases: tuple[str, ...] = ()
    """Phrases of the agent after which the call ends."""

    must_be_heard: tuple[str, ...] = ()
    """Phrases of the agent: a reply that holds one is not interrupted any more, and what the caller
    says meanwhile is a turn after it."""

    end_message: str = ""
    """What is said before the agent hangs up."""

    max_duration_s: float = 600.0
    """How long the call may last."""

    ending_limit_s: float = 12.0
    """How long a goodbye may take."""

    tail_s: float = 0.2
    """Silence between the last word heard and hanging up."""

    voice_facts: tuple[str, ...] = ()
    """What of the caller's voice goes with a turn: `parley.core.voicing.FACTS`; nothing of it is
    measured or kept that is not named here."""

    turns: TurnSettings = field(default_factory=TurnSettings)
    interruption: InterruptionSettings = field(default_factory=InterruptionSettings)
    """While the agent is heard."""

    thinking: InterruptionSettings = field(
        default_factory=lambda: InterruptionSettings(voice_s=0.6, false_alarm_s=0.0)
    )
    """While an answer is owed of which nothing was heard: yielding costs little."""
    attending: AttendingSettings = field(default_factory=AttendingSettings)
    keypad: KeypadSettings = field(default_factory=KeypadSettings)
    silence: SilenceSettings = field(default_factory=SilenceSettings)
    holding: HoldSettings = field(default_factory=HoldSettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)
    phrases: PhraseSettings = field(default_factory=PhraseSettings)


def cached_phrases(settings: Settings) -> tuple[str, ...]:
    """All texts that the core may ask to be spoken from the cache."""
    p = settings.phrases
    fixed = (
        p.unclear,
        p.apology,
        p.lost_thread,
        p.gap,
        p.failure_goodbye,
        p.silence_goodbye,
        p.duration_goodbye,
    )
    waiting = (*p.fillers, *p.working, *p.still, *(phrase.text for phrase in p.tools))
    listening = settings.attending.words if settings.attending.enabled else ()
    prompts = settings.silence.prompts
    said = (settings.greeting, settings.end_message, *waiting, *listening, *prompts)
    return tuple(dict.fromkeys(text for text in (*said, *fixed) if text))
