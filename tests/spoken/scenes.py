"""Twenty calls to the clinic's front desk, as lists of what is said when.

A text is spoken by the scene's voice; `person(...)` is a recording of somebody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A recording from the folder of recorded speech."""

    file: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the key-pad."""

    keys: str


@dataclass(frozen=True, slots=True)
class Pause:
    """The caller says nothing for so long."""

    seconds: float


Act = str | Person | Keys | Pause
Row = tuple[str, str, str]
"""Day, time and name of an appointment."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A call: who calls, what they answer to what, and what the calendar holds after it.

    `before` are appointments that the caller has already. `during` is said while the agent
    speaks: (which of its utterances, after how many seconds, what). Of the voices, awb is hard
    to understand: its "yes" by itself is "dressed".
    """

    name: str
    answers: Mapping[str, Act | Sequence[Act]]
    after: Sequence[Row]
    before: Sequence[Row] = ()
    voice: str = "rms"
    noise_db: float = -65.0
    noise: str = ""
    during: Sequence[tuple[int, float, Act]] = field(default_factory=tuple)


def yes(clip: str) -> Person:
    return Person(f"answers/yes/gsc_{clip}.wav")


def no(clip: str) -> Person:
    return Person(f"answers/no/gsc_{clip}.wav")


# The agent's questions

HELP = "how can I help you|you can book an appointment|please say book"
MORE = "do anything else|or say goodbye"
DAY = "which day"
TIME = "what time|say a time"
NAME = "your name, please|which name"
SURE = "is that right|shall I book that|shall I move it|shall I cancel"
OTHER_NAME = "another name"
SPELLED_FIRST, SPELLED_LAST = "spell your first name", "spell your last name"
OFFER = "which would you like|which one would you like"
BYE = "No, thank you."

TUESDAY, WEDNESDAY, THURSDAY = "2026-12-01", "2026-12-02", "2026-12-03"
"""Today is Monday, 2026-11-30."""

SCENES = (
    Scene(
        "one answer to each question",
        {HELP: "I would like to book an appointment.", DAY: "On Tuesday.", TIME: "At {free}.",
         NAME: "Anna Smith.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "all in one sentence",
        {HELP: "Can I make an appointment on Tuesday at {free}?", NAME: "It's John Brown.",
         SURE: "Yes, please.",
         MORE: BYE},
        [(TUESDAY, "{free}", "John Brown")],
        voice="awb",
    ),
    Scene(
        "another day instead",
        {HELP: "I need an appointment.", DAY: "On Wednesday.", TIME: "{free}.",
         NAME: "My name is Mary Jones.",
         SURE: ["No, Thursday.", "Yes."], MORE: BYE},
        [(THURSDAY, "{free}", "Mary Jones")],
        voice="kal16",
    ),
    Scene(
        "a plain no, then what is wrong",
        {HELP: "Book an appointment, please.", DAY: "Tuesday.", TIME: ["{other}.", "{free}."],
         NAME: "Peter Johnson.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Peter Johnson")],
    ),
    Scene(
        "a person says yes",
        {HELP: "I would like an appointment.", DAY: ["Next Tuesday.", "Tomorrow."],
         TIME: "At {free}.",
         NAME: "It's Sarah Miller.", SURE: yes("189cbabe_nohash_0"), MORE: BYE},
        [(TUESDAY, "{free}", "Sarah Miller")],
        voice="slt",
    ),
    Scene(
        "a person says no, then yes",
        {HELP: "An appointment, please.", DAY: "Tuesday.", TIME: ["{other}.", "{free}."],
         NAME: "My name is David Wilson.",
         SURE: [no("94de6a6a_nohash_3"), yes("105a0eea_nohash_0")],
         MORE: no("c0e0f834_nohash_0")},
        [(TUESDAY, "{free}", "David Wilson")],
    ),
    Scene(
        "silence at first",
        {HELP: [Pause(12.0), "Book an appointment."], "still there": "I would like an appointment.",
         DAY: "Tuesday.", TIME: "{free}.", NAME: "Emily Taylor.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Emily Taylor")],
    ),
    Scene(
        "an interruption of the greeting",
        {HELP: "I would like to make an appointment.", DAY: "Tuesday.", TIME: "At {free}.",
         NAME: "It's James Clark.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "James Clark")],
        during=[(1, 1.2, "I would like to make an appointment.")],
    ),
    Scene(
        "a noisy line",
        {HELP: "I would like to book an appointment.", DAY: "On Tuesday.", TIME: "At {free}.",
         NAME: "My name is Laura Davis.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Laura Davis")],
        noise_db=-48.0,
    ),
    Scene(
        "rain on the window",
        {HELP: "I need to see a doctor.", DAY: "Tomorrow.", TIME: "{free}.",
         NAME: "It's John Brown.", SURE: "Yes, that's right.", MORE: BYE},
        [(TUESDAY, "{free}", "John Brown")],
        noise="noise/amb_indoors_rain.wav", noise_db=-45.0,
    ),
    Scene(
        "nothing sensible at first",
        {HELP: [Person("commands/g_brooklyn.wav"), "I would like an appointment."],
         DAY: [Person("commands/ps_card_003.wav"), "Tuesday."], TIME: "{free}.",
         NAME: "Michael Young.",
         SURE: "Yes.", "shall I": "No.", MORE: [BYE]},
        [(TUESDAY, "{free}", "Michael Young")],
    ),
    Scene(
        "an appointment is moved",
        {HELP: "I want to move my appointment.", NAME: "Anna Smith.", DAY: "To Thursday.",
         TIME: "At {free}.", SURE: "Yes.", MORE: BYE},
        [(THURSDAY, "{free}", "Anna Smith")],
        before=[(WEDNESDAY, "{free}", "Anna Smith")],
        voice="awb",
    ),
    Scene(
        "an appointment is cancelled",
        {HELP: "I have to cancel my appointment.", NAME: "John Brown.", SURE: "Yes.", MORE: BYE},
        [],
        before=[(WEDNESDAY, "{free}", "John Brown")],
    ),
    Scene(
        "not cancelled after all",
        {HELP: "Cancel my appointment.", NAME: "Mary Jones.", SURE: "No.", MORE: "Goodbye."},
        [(WEDNESDAY, "{free}", "Mary Jones")],
        before=[(WEDNESDAY, "{free}", "Mary Jones")],
        voice="kal16",
    ),
    Scene(
        "only a question",
        {HELP: "What are your opening hours?", MORE: ["Are you open on Sunday?", BYE]},
        [],
    ),
    Scene(
        "a question in between",
        {HELP: "I would like an appointment.", DAY: ["Is there parking?", "On Tuesday."],
         TIME: "{free}.", NAME: "It's Susan Lewis.", SURE: "Yes, please.", MORE: BYE},
        [(TUESDAY, "{free}", "Susan Lewis")],
        voice="awb",
    ),
    Scene(
        "a time that is taken",
        {HELP: "I would like an appointment.", DAY: "On Tuesday.", TIME: "At {taken}.",
         OFFER: "{near}, please.", NAME: "My name is Robert Walker.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{near}", "Robert Walker")],
    ),
    Scene(
        "a day on which it is closed",
        {HELP: "I would like an appointment.", DAY: ["On Sunday.", "On Tuesday."],
         TIME: ["{free}."], NAME: "Helen Martin.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Helen Martin")],
    ),
    Scene(
        "the time keyed in",
        {HELP: "I would like an appointment.", DAY: "On Tuesday.", TIME: Keys("{keys}#"),
         NAME: "It's Thomas Hall.", SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Thomas Hall")],
        voice="kal16",
    ),
    Scene(
        "say it again, and start over",
        {HELP: "I would like an appointment.", DAY: ["Could you repeat that?", "Tuesday."],
         TIME: ["Start over.", "{free}."], NAME: "My name is Alice Cooper.", SURE: "Yes.",
         MORE: BYE},
        [(TUESDAY, "{free}", "Alice Cooper")],
    ),
    Scene(
        "a cough while the agent speaks",
        {HELP: "I would like an appointment.", DAY: "Tuesday.", TIME: "{free}.",
         NAME: "George Baker.",
         SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "George Baker")],
        during=[(1, 1.0, Person("human_nonspeech/cough/wadhwaniai_audios_2_0.wav"))],
    ),
)  # fmt: skip
