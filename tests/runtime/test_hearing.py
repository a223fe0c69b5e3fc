"""The canceller in a call: what it is told of the playout, and who gets one."""

from dataclasses import replace
from typing import Any

import pytest
from callers import CLEARING, DEAF, MARKING, PAUSING, SILENT, ScriptedCaller
from support import SETTINGS, Memory, an_agent, carry

from parley.assistants.model import Assistant
from parley.audio import echo
from parley.audio.echo import HearingSettings
from parley.audio.farend import FarEnd
from parley.errors import AssistantError, MissingExtraError
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.runtime.building import build_agent


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When something loud was read of the reference. The microphone's sound stays as it is."""
    times: list[float] = []
    read = FarEnd.read

    def spied(self: FarEnd, end_s: float, samples: int) -> Any:
        found = read(self, end_s, samples)
        if abs(found).max() > 1000:
            times.append(end_s)
        return found

    monkeypatch.setattr(FarEnd, "read", spied)
    monkeypatch.setattr(echo.EchoCanceller, "process", lambda self, near, far: near)
    return times


@pytest.mark.parametrize("timing", [PAUSING, CLEARING, MARKING, DEAF])
def test_the_reference_is_what_is_really_heard(timing: Any, loud: list[float]) -> None:
    """Read with the microphone's frames, it begins and ends with the greeting."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.quiet(3.0)
        caller.speaker.advance()

    agent = an_agent(stt=ScriptedStt([]), llm=ScriptedLlm([]))
    carried = carry(agent, ScriptedCaller(script, replace(timing, cancels_echo=False)), Memory())
    played = carried.caller.speaker.played
    assert loud[0] == pytest.approx(played[0][0], abs=0.05)
    assert loud[-1] == pytest.approx(played[-1][0] + len(played[-1][1]) / 48_000, abs=0.05)


def test_a_pause_and_a_clear_are_silent_in_the_reference(loud: list[float]) -> None:

    async def script(caller: ScriptedCaller) -> None:
        await caller.until_speaking(0.5)
        await caller.say(1.2)
        await caller.quiet(2.0)

    settings = replace(SETTINGS, greeting="This is a rather long greeting, all of it.")
    agent = an_agent(stt=ScriptedStt([]), llm=ScriptedLlm([]), settings=settings)
    caller = ScriptedCaller(script, replace(PAUSING, cancels_echo=False))
    carry(agent, caller)
    start, pcm = caller.speaker.played[0]
    ended = start + len(pcm) / 48_000
    spoke = [at for at in loud if at < ended + 0.5]
    assert spoke[-1] == pytest.approx(ended, abs=0.06)


def test_a_call_without_an_echo_has_no_canceller(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(echo, "Hearing", made.append)

    async def script(caller: ScriptedCaller) -> None:
        await caller.send(SILENT)

    carry(an_agent(stt=ScriptedStt([]), llm=ScriptedLlm([])), ScriptedCaller(script))
    assert made == []


# The assistant's settings


def test_the_settings_of_an_assistant() -> None:
    assert build_agent(Assistant()).hearing == HearingSettings()
    wanted = Assistant.parse(
        {
            "echoCancellation": True,
            "backgroundSpeechDenoisingPlan": {"smartDenoisingPlan": {"enabled": True}},
            "automaticGainControlEnabled": True,
        }
    )
    assert build_agent(wanted).hearing == HearingSettings("on", True, True)
    assert Assistant.parse({"echo_cancellation": False}).echo_cancellation == "off"
    with pytest.raises(AssistantError, match="echo_cancellation"):
        Assistant.parse({"echo_cancellation": "perhaps"})


def test_what_is_wanted_and_not_installed_is_said_before_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, echo.MODULE, None)
    with pytest.raises(MissingExtraError, match=r"parley\[echo\]"):
        build_agent(Assistant(echo_cancellation="on"))
    assert build_agent(Assistant()).hearing.echo == "auto"
