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
    speaks: (which of its utterances, after how many seconds, what).
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
NAME = "your name|first name|which name"
SURE = "is that right|shall I book that|shall I move it|shall I cancel"
WHICH = "what should I change"
OFFER = "which would you like|which one would you like"
BYE = "No, thank you."

ANNA = "My name is Anna Smith."
TUESDAY, WEDNESDAY, THURSDAY = "2026-12-01", "2026-12-02", "2026-12-03"
"""Today is Monday, 2026-11-30."""

SCENES = (
    Scene(
        "one answer to each question",
        {HELP: "I would like to book an appointment.", DAY: "On Tuesday.", TIME: "At {free}.",
         NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "all in one sentence",
        {HELP: "Can I make an appointment on Tuesday at {free}?", NAME: ANNA, SURE: "Yes, please.",
         MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        voice="awb",
    ),
    Scene(
        "another day instead",
        {HELP: "I need an appointment.", DAY: "On Wednesday.", TIME: "{free}.", NAME: ANNA,
         SURE: ["No, Thursday.", "Yes."], MORE: BYE},
        [(THURSDAY, "{free}", "Anna Smith")],
        voice="kal16",
    ),
    Scene(
        "a plain no, then what is wrong",
        {HELP: "Book an appointment, please.", DAY: "Tuesday.", TIME: ["{other}.", "{free}."],
         NAME: ANNA, SURE: ["No.", "Yes."], WHICH: "The time.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "a person says yes",
        {HELP: "I would like an appointment.", DAY: "Next Tuesday.", TIME: "At {free}.",
         NAME: ANNA, SURE: yes("189cbabe_nohash_0"), MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        voice="awb",
    ),
    Scene(
        "a person says no, then yes",
        {HELP: "An appointment, please.", DAY: "Tuesday.", TIME: ["{other}.", "{free}."],
         NAME: ANNA, SURE: [no("94de6a6a_nohash_3"), yes("105a0eea_nohash_0")],
         WHICH: "the time", MORE: no("c0e0f834_nohash_0")},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "silence at first",
        {HELP: [Pause(12.0), "Book an appointment."], "still there": "I would like an appointment.",
         DAY: "Tuesday.", TIME: "{free}.", NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "an interruption of the greeting",
        {HELP: "I would like to make an appointment.", DAY: "Tuesday.", TIME: "At {free}.",
         NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        during=[(1, 1.2, "I would like to make an appointment.")],
    ),
    Scene(
        "a noisy line",
        {HELP: "I would like to book an appointment.", DAY: "On Tuesday.", TIME: "At {free}.",
         NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
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
         DAY: [Person("commands/ps_card_003.wav"), "Tuesday."], TIME: "{free}.", NAME: ANNA,
         SURE: "Yes.", "shall I": "No.", MORE: [BYE]},
        [(TUESDAY, "{free}", "Anna Smith")],
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
         TIME: "{free}.", NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        voice="awb",
    ),
    Scene(
        "a time that is taken",
        {HELP: "I would like an appointment.", DAY: "On Tuesday.", TIME: "At {taken}.",
         OFFER: "{near}, please.", NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{near}", "Anna Smith")],
    ),
    Scene(
        "a day on which it is closed",
        {HELP: "I would like an appointment.", DAY: ["On Sunday.", "On Tuesday."],
         TIME: ["{free}."], NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "the time keyed in",
        {HELP: "I would like an appointment.", DAY: "On Tuesday.", TIME: Keys("{keys}#"),
         NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        voice="kal16",
    ),
    Scene(
        "say it again, and start over",
        {HELP: "I would like an appointment.", DAY: ["Could you repeat that?", "Tuesday."],
         TIME: ["Start over.", "{free}."], NAME: ANNA, SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
    ),
    Scene(
        "a cough while the agent speaks",
        {HELP: "I would like an appointment.", DAY: "Tuesday.", TIME: "{free}.", NAME: ANNA,
         SURE: "Yes.", MORE: BYE},
        [(TUESDAY, "{free}", "Anna Smith")],
        during=[(1, 1.0, Person("human_nonspeech/cough/wadhwaniai_audios_2_0.wav"))],
    ),
)  # fmt: skip
