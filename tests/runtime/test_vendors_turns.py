"""A vendor's own end of turn is a fact among the others, in whole calls."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from callers import ScriptedCaller
from support import SETTINGS, Carried, an_agent, carry

from parley.assistants.model import Assistant
from parley.core import actions as act
from parley.core import events as ev
from parley.core.settings import EndingSettings, Settings, TurnSettings
from parley.errors import ConfigurationError
from parley.providers import registry
from parley.providers.protocols import SpeechToText
from parley.providers.scripted import ScriptedLlm
from parley.providers.stt import hosted
from parley.providers.stt.assemblyai import AssemblyAiStt
from parley.providers.stt.deepgram import DeepgramStt
from parley.runtime.building import build_agent, settings_for

sys.path.append(str(Path(__file__).parents[1] / "providers" / "stt"))
from vendors import KEY, Engine, Flux, Leave, Say, Step, Universal, Wire


def wired(monkeypatch: pytest.MonkeyPatch, *engines: Engine) -> list[Wire]:
    """Every connection reaches the next engine, after one with which the agent warms up."""
    wires, left = list[Wire](), [type(engines[0])(), *engines]

    async def connect_to(*_: object) -> Wire:
        wire = Wire(left.pop(0))
        if wire.engine in engines:
            wires.append(wire)
        return wire

    monkeypatch.setattr(hosted, "connect_to", connect_to)
    return wires


def settings_of(stt: SpeechToText, **turns: Any) -> Settings:
    """The usual ones, for this recogniser."""
    can = stt.capabilities
    heeding = TurnSettings(
        recognizer_finalizes=can.finalizes,
        recognizer_partials=can.partials,
        finalize_after_s=can.finalize_after_s,
        **turns,
    )
    return replace(SETTINGS, turns=heeding)


async def one_question(caller: ScriptedCaller) -> None:
    """The voice is from 1 to 2 s."""
    await caller.quiet(1.0)
    await caller.say(1.0)
    await caller.listen()


def called(stt: SpeechToText, script: Any = one_question, **turns: Any) -> Carried:
    turns = {"unready_s": 0.0, "ending": EndingSettings(words=0.0), **turns}
    llm = ScriptedLlm([], then="Yes.")
    return carry(
        an_agent(stt=stt, llm=llm, settings=settings_of(stt, **turns)), ScriptedCaller(script)
    )


def ended(call: Carried) -> tuple[float, str, str]:
    """The pause that ended the first turn, its words and why."""
    turn = call.memory.actions(act.TurnCommitted)[0]
    return call.memory.when(act.TurnCommitted)[0] - turn.at, turn.text, turn.why


FLUX: list[Step] = [Say(1.36, "StartOfTurn", "on"), Say(2.0, "Update", "on Tuesday", 0.5)]
AAI: list[Step] = [Say(1.5, "", "on"), Say(2.0, "", "on tuesday")]


@pytest.mark.parametrize(
    ("says", "pause_s", "evidence"),
    [
        # it is certain: after the least pause
        (
            [Say(2.24, "EndOfTurn", "on Tuesday", 0.95, {"trigger": "model"})],
            0.3,
            "recogniser +2.9",
        ),
        (
            [Say(2.48, "EndOfTurn", "on Tuesday", 0.72, {"trigger": "model"})],
            0.48,
            "recogniser +0.9",
        ),
        # it was about to end the turn, and did
        (
            [
                Say(2.16, "EagerEndOfTurn", "on Tuesday", 0.5),
                Say(2.4, "EndOfTurn", "on Tuesday", 0.8, {"trigger": "model"}),
            ],
            0.4,
            "recogniser +1.4",
        ),
        # it does not know: we ask for the text, and end the turn as usual
        ([Say(2.4, "Update", "on Tuesday", 0.5)], 1.15, "no evidence"),
        # it thinks that the caller goes on: for longer than usual
        ([Say(2.4, "Update", "on Tuesday", 0.1)], 1.15, "recogniser -2.2"),
        ([Say(2.4, "Update", "on Tuesday", 0.02)], 1.54, "recogniser -3.9"),
    ],
)
def test_flux_ends_a_turn_sooner_or_later(
    says: Sequence[Step], pause_s: float, evidence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wire,) = [wired(monkeypatch, Flux([*FLUX, *says]))]
    call = called(DeepgramStt(api_key=KEY))
    pause, text, why = ended(call)
    assert text == "on Tuesday"
    assert pause == pytest.approx(pause_s, abs=0.1)
    assert why.startswith(evidence)
    forced = [told["type"] for told in wire[0].engine.control]
    natural = any(isinstance(say, Say) and say.event == "EndOfTurn" for say in says)
    assert forced == ([] if natural else ["ForceEndTurn"])
    assert wire[0].farewells == ['{"type":"CloseStream"}']


@pytest.mark.parametrize(
    ("says", "pause_s", "evidence"),
    [
        ([Say(2.3, "end_of_turn", "on tuesday", 0.45)], 0.3, "recogniser +0.8"),
        ([Say(2.5, "", "on tuesday", 0.3)], 1.15, "recogniser -0.8"),
        ([Say(2.5, "", "on tuesday", 0.02)], 1.54, "recogniser -3.9"),
    ],
)
def test_assemblyai_ends_a_turn_sooner_or_later(
    says: Sequence[Step], pause_s: float, evidence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wire,) = [wired(monkeypatch, Universal([*AAI, *says]))]
    pause, text, why = ended(called(AssemblyAiStt(api_key=KEY)))
    assert text == "on tuesday"
    assert pause == pytest.approx(pause_s, abs=0.1)
    assert why.startswith(evidence)
    assert wire[0].farewells == ['{"type":"Terminate"}']


def test_other_facts_outweigh_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flux takes for over what ends with a word with which nobody ends."""
    end = Say(2.24, "EndOfTurn", "I would like to", 0.55, {"trigger": "model"})
    wired(monkeypatch, Flux([*FLUX, end]))
    pause, _, why = ended(called(DeepgramStt(api_key=KEY), ending=EndingSettings()))
    assert pause > TurnSettings().wait_s + 0.1
    assert why.startswith("last words -")
    assert "recogniser +0.2" in why


def test_who_goes_on_after_an_eager_end_is_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def goes_on(caller: ScriptedCaller) -> None:
        await caller.quiet(1.0)
        await caller.say(1.0)
        await caller.quiet(0.5)
        await caller.say(0.5)
        await caller.listen()

    script = [
        *FLUX,
        Say(2.24, "EagerEndOfTurn", "on Tuesday", 0.45),
        Say(2.72, "TurnResumed", "on Tuesday", 0.1),
        Say(3.04, "Update", "on Tuesday at nine"),
        Say(3.28, "EndOfTurn", "on Tuesday at nine", 0.9, {"trigger": "model"}),
    ]
    wired(monkeypatch, Flux(script))
    call = called(DeepgramStt(api_key=KEY), goes_on)
    assert [line for who, line in call.lines if who == "caller"] == ["on Tuesday at nine"]


@pytest.mark.parametrize("leave", [Leave(1.92), Leave(2.16), Leave(2.4, 1011)])
def test_a_connection_that_breaks_in_the_middle_of_a_turn_loses_no_word(
    leave: Leave, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another connection hears again what no final text covers."""
    again = [*FLUX, Say(2.48, "EndOfTurn", "on Tuesday", 0.9, {"trigger": "model"})]
    wires = wired(monkeypatch, Flux([*FLUX[:1], leave]), Flux(again))
    call = called(DeepgramStt(api_key=KEY))
    first, second = (bytes(wire.engine.audio) for wire in wires)
    assert second.startswith(first)
    assert ended(call)[1] == "on Tuesday"
    assert call.lines[1:] == [("caller", "on Tuesday"), ("agent", "Yes.")]
    assert len(call.memory.events(ev.ListeningFailed)) == 1


def test_a_voice_without_words_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no turn to be ended, which is answer enough: the recogniser is not restarted."""
    for engine, stt in ((Flux(), DeepgramStt), (Universal(), AssemblyAiStt)):
        wires = wired(monkeypatch, engine)
        call = called(stt(api_key=KEY))
        assert len(wires) == 1
        assert call.memory.events(ev.ListeningFailed) == []
        assert call.memory.actions(act.TurnCommitted) == []
        assert SETTINGS.phrases.unclear in [line for _, line in call.lines]


def test_an_engine_that_answers_late_loses_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The turn is what is known of it; the rest is told when it comes."""
    late = Say(4.0, "EndOfTurn", "on Tuesday at nine", 0.9, {"trigger": "model"})
    wired(monkeypatch, Flux([*FLUX, late], mute=True))
    call = called(DeepgramStt(api_key=KEY))
    pause, text, why = ended(call)
    assert (text, pause) == ("on Tuesday", pytest.approx(1.4, abs=0.02))
    assert why.endswith("the last words were missing")
    words = " ".join(line for who, line in call.lines if who == "caller")
    assert words == "on Tuesday at nine"


def test_a_server_that_does_not_know_how_to_end_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    wires = wired(monkeypatch, Flux(FLUX))
    pause, text, why = ended(called(DeepgramStt(api_key=KEY, force_end_turn=False)))
    assert (text, pause) == ("on Tuesday", pytest.approx(1.4, abs=0.02))
    assert why.endswith("the last words were missing")
    assert wires[0].engine.control == []


def test_an_engine_that_says_nothing_at_all_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one hears again what was said to it."""
    again = [*FLUX, Say(3.0, "EndOfTurn", "on Tuesday", 0.9, {"trigger": "model"})]
    wires = wired(monkeypatch, Flux(mute=True), Flux(again))
    call = called(DeepgramStt(api_key=KEY))
    assert bytes(wires[1].engine.audio).startswith(bytes(wires[0].engine.audio))
    assert ("caller", "on Tuesday") in call.lines


# What an assistant says of it, in VAPI's words


def test_vapis_words_for_deepgram(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    described = {
        "provider": "deepgram",
        "model": "flux-general-multi",
        "language": "en",
        "languages": ["en", "es"],
        "eotThreshold": 0.8,
        "eagerEotThreshold": 0.4,
        "eotTimeoutMs": 5000,
        "keyterm": ["Hermione"],
    }
    assistant = Assistant.parse({"firstMessage": "Hi.", "transcriber": described})
    assert assistant.warnings == ()
    assert described.items() <= assistant.wire()["transcriber"].items()
    stt = registry.create("stt", "deepgram", assistant.transcriber.settings())
    assert isinstance(stt, DeepgramStt)
    turns = settings_for(assistant, stt.capabilities).turns
    assert (turns.recognizer_finalizes, turns.recognizer_partials) == (True, True)
    assert turns.finalize_after_s == hosted.FINALIZE_AFTER_S < turns.wait_s
    assert turns.finalize_after_s + hosted.ANSWER_S < turns.transcript_limit_s


def test_vapis_words_for_assemblyai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSEMBLYAI_API_KEY", KEY)
    described = {
        "provider": "assembly-ai",
        "speechModel": "universal-streaming-english",
        "endOfTurnConfidenceThreshold": 0.7,
        "minEndOfTurnSilenceWhenConfident": 160,
        "maxTurnSilence": 400,
        "formatTurns": False,
        "keytermsPrompt": ["Hermione"],
    }
    assistant = Assistant.parse({"firstMessage": "Hi.", "transcriber": described})
    assert assistant.warnings == ()
    assert described.items() <= assistant.wire()["transcriber"].items()
    stt = registry.create("stt", "assembly-ai", assistant.transcriber.settings())
    assert isinstance(stt, AssemblyAiStt)


def test_without_a_key_no_agent_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    described = {"provider": "deepgram", "model": "flux-general-en"}
    with pytest.raises(ConfigurationError, match="DEEPGRAM_API_KEY"):
        build_agent(Assistant.parse({"transcriber": described}))
