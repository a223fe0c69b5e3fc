"""Recorded people answer yes or no: every answer is a turn, soon, and none is turned round.

Pain 7: short answers are lost, or wait for seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from clinic_calls import SPEECH, TODAY, VOICE_DB
from listening_caller import Hearing, Line, ListeningCaller, Script, at_level, white_noise

import parley
from parley.audio.files import read_recording
from parley.core import actions as act
from parley.core import events as ev
from parley.runtime.building import build_agent
from parley.runtime.stages import Stages
from parley.runtime.vtime import run_virtual

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not SPEECH.is_dir(),
        reason="the folder of recorded speech is not here (PARLEY_SPEECH names it)",
    ),
]

FLOW = """
firstMessage: Hello. Is that right?
flow:
  start: sure
  give_up: bye
  slots: {sure: {type: yes_no}}
  nodes:
    sure: {ask: sure, say: "Is that right?", next: bye}
    bye: {say: Goodbye., end: true}
"""

EACH = 2
"""Every second recording is heard: 16 of yes, 14 of no."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one: how often a turn was committed, how soon, and what was understood."""

    wanted: str
    delays_s: Sequence[float]
    understood: str


class Listener(Hearing):
    """Notes when turns are committed, and what is understood."""

    def __init__(self) -> None:
        super().__init__()
        self.delays_s: list[float] = []
        self.understood = ""

    def step(self, now: float, event: ev.Event, actions: Sequence[act.Action]) -> None:
        super().step(now, event, actions)
        for action in actions:
            if isinstance(action, act.TurnCommitted):
                self.delays_s.append(now - action.at)
            elif isinstance(action, act.Understood):
                self.understood = action.value or self.understood


async def answers(description: Path) -> list[Answer]:
    found = []
    for wanted in ("yes", "no"):
        for file in sorted((SPEECH / "answers" / wanted).glob("*.wav"))[::EACH]:
            listener = Listener()
            agent = build_agent(
                parley.load_assistant(description),
                stages=lambda it=listener: Stages(events=[it]),
                today=lambda: TODAY,
            )
            line = Line(at_level(read_recording(file).pcm, VOICE_DB))
            script = Script({"right": [line, Line()]}, lambda _: None, Line(), {})
            try:
                await agent.start()
                caller = ListeningCaller(script, listener, white_noise(-65.0))
                await agent.take(caller, simulated=True)
            finally:
                await agent.close()
            found.append(Answer(wanted, listener.delays_s, listener.understood))
    return found


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    description = tmp_path_factory.mktemp("short") / "sure.yaml"
    description.write_text(FLOW)
    return run_virtual(answers(description))


def test_every_short_answer_is_a_turn(heard: list[Answer]) -> None:
    assert len(heard) == 30
    assert [a.wanted for a in heard if len(a.delays_s) != 1] == []


def test_short_answers_end_sooner_than_sentences(heard: list[Answer]) -> None:
    delays = [delay for answer in heard for delay in answer.delays_s]
    assert median(delays) < 0.5
    assert max(delays) < 1.4


def test_nearly_all_are_understood_and_none_is_turned_round(heard: list[Answer]) -> None:
    assert [a for a in heard if a.understood not in ("", a.wanted)] == []
    assert sum(a.understood == a.wanted for a in heard) >= 26
