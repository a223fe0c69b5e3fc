"""Calls to the demo's front desk: its calendar, its callers' voices, and how a call went."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from listening_caller import (
    Hearing,
    Interjection,
    Line,
    ListeningCaller,
    Script,
    at_level,
    white_noise,
)
from scenes import OTHER_NAME, SPELLED_FIRST, SPELLED_LAST, Act, Keys, Pause, Person, Row, Scene

import parley
from parley.assistants.flows.values import make
from parley.assistants.model import Assistant
from parley.audio.files import read_recording
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.resampling import resample
from parley.demo import clinic
from parley.providers import registry
from parley.runtime.agent import CallRecord
from parley.runtime.building import build_agent
from parley.runtime.stages import Stages
from parley.runtime.voice import Voice
from parley.runtime.vtime import run_virtual

SPEECH = Path(os.environ.get("PARLEY_SPEECH", Path(__file__).parents[3] / "shared" / "speech"))
DESK = Path(parley.__file__).parent / "demo" / "front_desk.yaml"
NOW = "2026-11-30T08:00"
TODAY = date(2026, 11, 30)
VOICE_DB = -22.0

CONSENT = ("yes", "yeah", "yep", "right", "correct", "sure", "okay", "please")


@dataclass(frozen=True, slots=True)
class Times:
    """Times of the scenes' days: two that are free on all of them, one that is taken."""

    free: str
    other: str
    taken: str
    near: str

    def spoken(self, text: str) -> str:
        kind = make("time")
        said = {n: kind.spoken(getattr(self, n), TODAY) for n in ("free", "other", "taken", "near")}
        return text.format(**said, keys=self.free.replace(":", ""))

    def written(self, rows: Sequence[Row]) -> list[Row]:
        plain = {n: getattr(self, n) for n in ("free", "other", "taken", "near")}
        return [(day, time.format(**plain), name) for day, time, name in rows]


def times_of(days: Sequence[str]) -> Times:
    """Choose times by what the calendar holds."""
    free = [set(clinic.free_times(day)["times"]) for day in days]
    first, *rest = sorted(set.intersection(*free), key=lambda t: (t[3:], t))
    taken = next(
        time
        for time in ("10:00", "11:00", "14:00", "15:00", "16:00", "09:00", "10:30", "11:30")
        if time not in free[0]
    )
    near = clinic.check_time(days[0], taken)["alternatives"][0]
    return Times(first, rest[-1], taken, near)


def appointments() -> set[Row]:
    """All that is in the calendar."""
    with closing(sqlite3.connect(os.environ["PARLEY_DEMO_DB"])) as db:
        return set(db.execute("SELECT day, time, name FROM appointments"))


async def speak(voice: str, text: str) -> bytes:
    """A text in one of flite's voices, as `INBOUND`."""
    speaker = Voice(registry.create("tts", "flite"), voice=voice)
    try:
        pcm = b"".join([piece.pcm async for piece in speaker.speak(text)])
    finally:
        await speaker.tts.aclose()
    return at_level(resample(pcm, OUTBOUND.sample_rate, INBOUND.sample_rate), VOICE_DB)


async def line_of(scene: Scene, it: Act, times: Times) -> Line:
    if isinstance(it, Pause):
        return Line(wait_s=it.seconds)
    if isinstance(it, Keys):
        return Line(keys=times.spoken(it.keys))
    if isinstance(it, Person):
        return Line(
            at_level(read_recording(SPEECH / it.file).pcm, VOICE_DB), agrees="/yes/" in it.file
        )
    spoken = await speak(scene.voice, times.spoken(it))
    return Line(spoken, agrees=it.lower().startswith("yes"))


def mistake(said: str, wanted: Row) -> str | None:
    """What a caller who wants this hears to be wrong: day, time or name."""
    for kind, value in zip(("date", "time", "name"), wanted, strict=True):
        heard = [found.value for found in make(kind).find(said, TODAY)]
        if heard and value not in heard:
            return kind
    return None


async def script_of(scene: Scene, times: Times) -> Script:
    wanted, *_ = [*times.written(scene.after or scene.before), ("", "", "")]
    spelled = [f"{', '.join(part.upper())}." for part in wanted[2].split()]
    common = dict(zip((SPELLED_FIRST, SPELLED_LAST), spelled, strict=False))
    common[OTHER_NAME] = "Sure."
    answers = {
        question: [
            await line_of(scene, it, times)
            for it in (acts if isinstance(acts, Sequence) and not isinstance(acts, str) else [acts])
        ]
        for question, acts in {**common, **scene.answers}.items()
    }
    during = [
        Interjection(reply, after_s, await line_of(scene, it, times))
        for reply, after_s, it in scene.during
    ]
    corrections = {
        kind: await line_of(scene, f"The {word}.", times)
        for kind, word in (("date", "day"), ("time", "time"), ("name", "name"))
    }
    objection = await line_of(scene, "No.", times)
    return Script(answers, lambda said: mistake(said, wanted), objection, corrections, during)


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that is over."""

    record: CallRecord
    hearing: Hearing
    rows: Sequence[Row]
    expected: Sequence[Row]

    @property
    def succeeded(self) -> bool:
        """Whether the calendar holds what the caller wanted, and the agent said goodbye."""
        return self.ended_well and list(self.rows) == list(self.expected)

    @property
    def ended_well(self) -> bool:
        return self.record.outcome.reason == "agent-ended"

    @property
    def unconfirmed(self) -> list[str]:
        """Changes of the calendar that were not agreed to just before."""
        return [
            name
            for name, turns in self.hearing.tools
            if name in ("book", "move", "cancel") and not _agreed(turns)
        ]

    @property
    def story(self) -> str:
        ending = f"{self.record.outcome.reason}; {list(self.rows)}, wanted {list(self.expected)}"
        return "\n".join([*self.hearing.story, ending])


def _agreed(turns: Sequence[tuple[str, str]]) -> bool:
    asked = [text for who, text in turns[:-1] if who == "agent"][-1:]
    who, said = turns[-1] if turns else ("", "")
    question = bool(asked) and asked[0].rstrip().endswith(("?", "yes or no."))
    return who == "caller" and question and any(word in said.lower() for word in CONSENT)


def desk() -> Assistant:
    return parley.load_assistant(DESK)


def hold(scene: Scene, folder: Path) -> Held:
    """Let a scene happen in virtual time. The environment names a calendar of its own."""
    times = times_of(("2026-12-01", "2026-12-02", "2026-12-03"))
    others = appointments()
    for day, time, name in times.written(scene.before):
        clinic.book(day, time, name)
    hearing = Hearing()
    agent = build_agent(desk(), stages=lambda: Stages(events=[hearing]), today=lambda: TODAY)
    noise = white_noise(scene.noise_db)
    if scene.noise:
        noise = at_level(read_recording(SPEECH / scene.noise).pcm, scene.noise_db)

    async def call() -> CallRecord:
        caller = ListeningCaller(await script_of(scene, times), hearing, noise)
        try:
            await agent.start()
            return await agent.take(caller, folder, simulated=True)
        finally:
            await agent.close()

    record = run_virtual(call())
    made = sorted(appointments() - others)
    return Held(record, hearing, made, times.written(scene.after))
