"""A caller who listens to the agent and answers what it asks, in virtual time."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from parley.audio.formats import INBOUND
from parley.core import actions as act
from parley.core import events as ev
from parley.transports.base import CallSide
from parley.transports.loopback import FRAME_S, SimulatedCaller

PAUSE_S = 0.7
"""The agent's silence after which the caller speaks."""

PATIENCE_S = 20.0
LONGEST_S = 300.0
KEY_S = 0.3

CORRECTION = "should I change"
AGAIN = "say it again|didn't get that|didn't catch|still there"


@dataclass(frozen=True, slots=True)
class Line:
    """What the caller does: waits, presses keys, speaks (PCM as `INBOUND`).

    `agrees`: it says yes to what the agent has read back.
    """

    pcm: bytes = b""
    keys: str = ""
    wait_s: float = 0.0
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class Interjection:
    """What the caller does while the agent speaks: `after_s` into its `reply`-th utterance."""

    reply: int
    after_s: float
    line: Line


@dataclass(slots=True)
class Script:
    """Answers to questions, each list in the order of being asked; the last one repeats.

    A question is a regular expression that is looked for in the agent's words. The caller
    agrees to nothing that is wrong: `wrong` names what is, in what the agent has read back,
    and `corrections` tell so. Asked to say it again, the caller does.
    """

    answers: Mapping[str, Sequence[Line]]
    wrong: Callable[[str], str | None]
    objection: Line
    corrections: Mapping[str, Line]
    interjections: Sequence[Interjection] = ()
    asked: dict[str, int] = field(default_factory=dict)
    mistake: str | None = None
    last: Line | None = None

    def answer(self, said: str) -> Line | None:
        """What to do about the last known question in what was said; None: nothing."""
        places = [(m.end(), q) for q in self.answers for m in re.finditer(q, said, re.IGNORECASE)]
        if re.search(CORRECTION, said) and self.mistake:
            self.last = self.corrections[self.mistake]
        elif places:
            question = max(places)[1]
            count = self.asked[question] = self.asked.get(question, 0) + 1
            lines = self.answers[question]
            self.last = lines[min(count, len(lines)) - 1]
            self.mistake = self.wrong(said) or self.mistake
            if self.last.agrees and self.wrong(said):
                self.last = self.objection
        elif not re.search(AGAIN, said):
            return None
        return self.last


class Hearing:
    """What the agent has said since the caller last spoke, and the story of the call."""

    name = "hearing"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.story: list[str] = []
        self.turns: list[tuple[str, str]] = []
        self.tools: list[tuple[str, list[tuple[str, str]]]] = []

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        for action in actions:
            match action:
                case act.ReplyEnded() if action.heard:
                    self.said.append(action.heard)
                    self.turns.append(("agent", action.heard))
                    self._note(now, f" agent: {action.heard} [{action.outcome}]")
                case act.TurnCommitted():
                    self.turns.append(("caller", action.text))
                    self._note(now, f"caller: {action.text}")
                case act.RunTool():
                    self.tools.append((action.name, list(self.turns)))
                    self._note(now, f"        {action.name}({action.arguments})")
                case act.Understood():
                    self._note(now, f"        {action.name} = {action.value}")
                case act.SegmentDropped() | act.FloorKept() | act.FloorYielded() | act.EndCall():
                    self._note(now, f"        {action}")

    def _note(self, now: float, what: str) -> None:
        self.story.append(f"{now:7.2f} {what}")


class ListeningCaller(SimulatedCaller):
    """A transport whose caller follows a script, over a line with noise on it."""

    def __init__(self, script: Script, hearing: Hearing, noise: bytes) -> None:
        super().__init__()
        self._script = script
        self._hearing = hearing
        self._noise = noise
        self._interjections = list(script.interjections)
        self._utterances = 0
        self._sounding_s = 0.0
        self._place = 0
        self._voice = b""
        self._silent_since = 0.0

    async def run(self, side: CallSide) -> None:
        """Listen and answer, until the agent hangs up or nobody says anything any more."""
        began = self._due = self._silent_since = self._now()
        side.connected()
        while self._now() - began < LONGEST_S:
            await self._frame(side)
            self._listen(side)
            quiet_s = self._now() - self._silent_since
            if quiet_s >= PAUSE_S and self._hearing.said:
                said, self._hearing.said = " ".join(self._hearing.said), []
                if line := self._script.answer(said):
                    await self._act(side, line)
            elif quiet_s > PATIENCE_S:
                break
        side.disconnected()

    def _listen(self, side: CallSide) -> None:
        if not self._speaker.is_sounding:
            self._sounding_s = 0.0
            if self._voice:
                self._silent_since = self._now()
            return
        self._silent_since = self._now()
        self._utterances += self._sounding_s == 0.0
        self._sounding_s += FRAME_S
        for it in list(self._interjections):
            if it.reply == self._utterances and self._sounding_s >= it.after_s:
                self._interjections.remove(it)
                self._voice = it.line.pcm
                self._hearing.said = []

    async def _act(self, side: CallSide, line: Line) -> None:
        await self._wait(side, line.wait_s)
        for key in line.keys:
            side.key(key)
            await self._wait(side, KEY_S)
        self._voice = line.pcm
        self._silent_since = self._now()

    async def _wait(self, side: CallSide, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_S)):
            await self._frame(side)

    async def _frame(self, side: CallSide) -> None:
        await self._tick()
        size = INBOUND.bytes_for(FRAME_S)
        voice, self._voice = self._voice[:size], self._voice[size:]
        place = self._place % (len(self._noise) - size)
        self._place += size
        line = samples(self._noise[place : place + size]) + samples(voice.ljust(size, b"\0"))
        side.audio(pcm16(line))


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def pcm16(line: np.ndarray) -> bytes:
    return np.clip(np.round(line), -32768, 32767).astype("<i2").tobytes()


def at_level(pcm: bytes, db: float) -> bytes:
    """The audio with its loud parts at a level below full scale."""
    line = samples(pcm)
    loud = line[np.abs(line) > 0.1 * np.abs(line).max()]
    return pcm16(line * 32768 * 10 ** (db / 20) / np.sqrt(np.mean(loud**2)))


def white_noise(db: float, seconds: float = 7.0) -> bytes:
    """Noise at a level below full scale; the same every time."""
    count = INBOUND.samples_in(bytes(INBOUND.bytes_for(seconds)))
    return pcm16(np.random.default_rng(1).normal(0, 32768 * 10 ** (db / 20), count))
