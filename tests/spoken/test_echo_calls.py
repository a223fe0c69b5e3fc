"""Calls in rooms that echo, in virtual time: the agent's own voice never takes the floor.

Pain 9: the echo is an interruption, or a turn.

The agent's voice and the voice detection are real. The recogniser is the worst that there
can be: it makes a word of whatever is loud for a moment.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from parley.audio.echo import HearingSettings
from parley.audio.formats import INBOUND, OUTBOUND
from parley.audio.framing import samples_of
from parley.audio.resampling import resample
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings, Settings, SilenceSettings, TurnSettings
from parley.providers import registry
from parley.providers.protocols import SttCapabilities, SttOptions, SttResult
from parley.providers.scripted import ScriptedLlm
from parley.runtime.agent import Agent
from parley.runtime.responders import ModelResponder
from parley.runtime.voice import Voice
from parley.runtime.vtime import run_virtual
from parley.sim.interrupting import Habits, InterruptingCaller
from parley.sim.room import InRoom, Room, RoomSettings
from parley.speech.shared import shared_vad

TALK = (
    "Good morning, and thank you for calling. I can make an appointment for you, change one that"
    " you have, or cancel it. The practice is in the main street, across from the station, and it"
    " is open from eight in the morning until six in the evening. On Friday it closes at noon."
    " Please bring your insurance card and a list of the medicines that you take."
)
ROOMS = {
    "laptop": RoomSettings(delay_s=0.04, t60_s=0.3, loss_db=12, seed=11),
    "speakerphone": RoomSettings(delay_s=0.06, t60_s=0.4, loss_db=6, seed=12),
    "far and live": RoomSettings(delay_s=0.12, t60_s=0.5, loss_db=10, seed=13),
    "drifting": RoomSettings(delay_s=0.02, t60_s=0.2, loss_db=8, drift_ppm=100, seed=14),
}
WORD_S, LOUD_DBFS, PAUSE_S = 0.3, -45.0, 0.3
"""What is so loud for so long is a word; the pause that ends an utterance."""

WORD = "the"
"""One with which nobody ends a turn: the pauses within what is said are not its end."""

SOON_S = {"laptop": 0.2, "speakerphone": 0.3, "far and live": 0.2}
"""By then the agent is silent: the louder the echo, the later a soft beginning is noticed."""


class EagerStt:
    """Hears a word in whatever is loud."""

    name = "eager"
    capabilities = SttCapabilities()

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to release."""

    async def open(self, options: SttOptions) -> "EagerStream":
        return EagerStream()


class EagerStream:
    def __init__(self) -> None:
        self._loud_s = self._quiet_s = 0.0
        self._words = self._segment = 0
        self._results: asyncio.Queue[SttResult] = asyncio.Queue()

    def push(self, pcm: bytes) -> None:
        seconds, level = INBOUND.seconds_in(pcm), np.mean(samples_of(pcm).astype(float) ** 2)
        if level > 32768**2 * 10 ** (LOUD_DBFS / 10):
            self._loud_s, self._quiet_s = self._loud_s + seconds, 0.0
        else:
            self._quiet_s += seconds
        if self._loud_s >= WORD_S:
            self._loud_s = 0.0
            self._words += 1
            self._tell(final=False)
        if self._quiet_s >= PAUSE_S and self._words:
            self.finalize()

    def _tell(self, *, final: bool) -> None:
        text = " ".join([WORD] * self._words)
        self._results.put_nowait(SttResult(self._segment, text, final=final))

    def expect(self, grammar: str | None) -> None:
        """It knows no grammars."""

    def finalize(self) -> None:
        self._tell(final=True)
        self._segment += 1
        self._words = 0

    async def __aiter__(self) -> AsyncIterator[SttResult]:
        while True:
            yield await self._results.get()

    async def aclose(self) -> None:
        """Nothing to release."""


@dataclass(slots=True)
class Watch:
    name = "watch"
    yields: list[float] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    stopped: list[float] = field(default_factory=list)
    paused_s: float = 0.0
    _since: float | None = None

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        for action in actions:
            match action:
                case act.PausePlayout():
                    self._since = now
                    self.stopped.append(now)
                case act.ResumePlayout() | act.ClearPlayout() if self._since is not None:
                    self.paused_s += now - self._since
                    self._since = None
                case act.FloorYielded():
                    self.yields.append(now)
                    self.stopped.append(now)
                case act.TurnCommitted():
                    self.turns.append(action.text)


def an_agent(echo: str) -> Agent:
    settings = Settings(
        greeting=TALK,
        turns=TurnSettings(ending=EndingSettings()),
        silence=SilenceSettings(prompt_after_s=1.0, prompts=(TALK,) * 10, end_after_s=600.0),
    )
    llm = ScriptedLlm([], then=TALK)
    return Agent(
        settings=settings,
        stt=EagerStt(),
        vad=shared_vad(),
        voice=Voice(registry.create("tts", "embedded")),
        responder=lambda: ModelResponder(llm),
        hearing=HearingSettings(echo=echo),  # type: ignore[arg-type]
    )


def hold(
    room: RoomSettings, utterances: Sequence[bytes] = (), *, lasts_s: float, echo: str = "auto"
) -> tuple[Watch, InterruptingCaller]:
    """A call in this room; times are seconds on the running loop's clock."""
    watch = Watch()
    caller = InterruptingCaller(utterances, Habits(lasts_s=lasts_s))

    async def call() -> None:
        agent = an_agent(echo)
        try:
            await agent.start()
            await agent.take(InRoom(caller, Room(room)), watch=[watch])
        finally:
            await agent.close()

    run_virtual(call())
    return watch, caller


def says(text: str) -> bytes:
    """Another synthetic voice, as loud as somebody near the microphone."""

    async def speak() -> bytes:
        voice = Voice(registry.create("tts", "espeak"), voice="en-us")
        spoken = b"".join([speech.pcm async for speech in voice.speak(text)])
        await voice.tts.aclose()
        return resample(spoken, OUTBOUND.sample_rate, INBOUND.sample_rate)

    sound = samples_of(asyncio.run(speak())).astype(float)
    sound *= 0.25 * 32768 / np.abs(sound).max()
    return sound.astype("<i2").tobytes()


@pytest.mark.parametrize("room", ROOMS)
def test_an_echo_alone_never_interrupts_and_is_never_a_turn(room: str) -> None:
    watch, caller = hold(ROOMS[room], lasts_s=60.0)
    assert caller.sounding_s > 45
    assert watch.yields == []
    assert watch.turns == []
    assert watch.paused_s <= 0.05 * caller.sounding_s


def test_without_a_canceller_it_does() -> None:
    watch, _ = hold(ROOMS["laptop"], lasts_s=20.0, echo="off")
    assert watch.yields
    assert watch.turns


@pytest.mark.parametrize("room", SOON_S)
def test_who_speaks_while_the_agent_does_takes_the_floor_and_is_understood(room: str) -> None:
    voice = says("no wait, I would like to ask something else first")
    watch, caller = hold(ROOMS[room], [voice] * 3, lasts_s=45.0)
    assert len(caller.spoke) == 3
    for begin, end in caller.spoke:
        assert any(begin < at < end for at in watch.yields)
        assert any(begin <= at < begin + SOON_S[room] for at in watch.stopped)
    assert len(watch.yields) == 3
    assert sum(turn.count(WORD) >= 3 for turn in watch.turns) >= 3
