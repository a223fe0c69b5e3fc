"""An agent starts its engines, takes calls, and lets go of everything."""

import asyncio
from typing import Any

import pytest
from callers import ScriptedCaller
from support import SETTINGS, an_agent, run_cleanly
from voices import tts

from parley.core.settings import cached_phrases
from parley.errors import ProviderUnavailable
from parley.providers.scripted import Fail, ScriptedLlm, ScriptedStt
from parley.runtime.responders import ModelResponder
from parley.runtime.stages import Stages
from parley.text.speakable.english.numbers import cardinal

GONE = ProviderUnavailable("the engine", "gone")


async def one_question(caller: ScriptedCaller) -> None:
    await caller.listen()
    await caller.say(0.8)
    await caller.listen()


def test_it_warms_its_engines_and_prepares_its_phrases_before_the_first_call() -> None:
    stt, llm, voice = ScriptedStt(["hi"]), ScriptedLlm(["Yes."]), tts()
    agent = an_agent(stt=stt, llm=llm, voice=voice, phrases=False)

    async def main() -> list[int]:
        await agent.start()
        prepared = list(voice.texts)
        assert prepared == list(cached_phrases(SETTINGS))
        caller = ScriptedCaller(one_question)
        await agent.take(caller)
        assert caller.text == "Hello.Yes."
        assert voice.texts == [*prepared, "Yes."]
        await agent.close()
        return [engine.warmed + engine.closed for engine in (stt, llm, voice.scripted)]

    assert run_cleanly(main()) == [2, 2, 2]


def test_it_may_be_started_again() -> None:
    voice = tts()
    agent = an_agent(stt=ScriptedStt([]), llm=ScriptedLlm([]), voice=voice, phrases=False)

    async def main() -> int:
        await agent.start()
        before = len(voice.texts)
        await agent.start()
        return len(voice.texts) - before

    assert run_cleanly(main()) == 0


@pytest.mark.parametrize("who", ["stt", "llm"])
def test_an_engine_that_is_absent_keeps_it_from_starting(who: str) -> None:
    """With the engine's own words; and what did start can be closed."""

    class Absent:
        async def warm(self) -> None:
            raise GONE

    engines: dict[str, Any] = {"stt": ScriptedStt([]), "llm": ScriptedLlm([])}
    engines[who].warm = Absent().warm
    agent = an_agent(**engines)

    async def main() -> None:
        with pytest.raises(ProviderUnavailable, match="the engine: gone"):
            await agent.start()
        await agent.close()

    run_cleanly(main())
    assert [engine.closed for engine in engines.values()] == [1, 1]


def test_phrases_that_cannot_be_had_do_not(caplog: pytest.LogCaptureFixture) -> None:
    voice = tts(steps={0: Fail(GONE)})
    stt, llm = ScriptedStt(["hi"]), ScriptedLlm(["Yes."])
    agent = an_agent(stt=stt, llm=llm, voice=voice, phrases=False)
    caller = ScriptedCaller(one_question)

    async def main() -> None:
        await agent.start()
        await agent.take(caller)

    run_cleanly(main())
    assert "1 phrases could not be synthesised beforehand" in caplog.text
    assert caller.text == "Hello.Yes."  # the greeting was synthesised in the call


def test_each_call_has_its_own_responder_and_stages() -> None:
    made: list[object] = []

    def responder() -> ModelResponder:
        made.append(ModelResponder(ScriptedLlm([], then="Yes.")))
        return made[-1]  # type: ignore[return-value]

    def stages() -> Stages:
        made.append(Stages())
        return made[-1]  # type: ignore[return-value]

    stt = ScriptedStt([], then="hi")
    agent = an_agent(stt=stt, responder=responder, stages=stages)

    async def main() -> None:
        await asyncio.gather(*(agent.take(ScriptedCaller(one_question)) for _ in range(3)))

    run_cleanly(main())
    assert [type(it).__name__ for it in made] == ["ModelResponder", "Stages"] * 3


def test_many_calls_at_a_time_do_not_mix() -> None:
    """Each caller hears the answers to their own questions, and nothing else."""

    async def main() -> list[tuple[str, list[str]]]:
        callers = [ScriptedCaller(one_question) for _ in range(20)]
        agents = [
            an_agent(stt=ScriptedStt([f"number {n}"]), llm=ScriptedLlm([f"You are number {n}."]))
            for n in range(len(callers))
        ]
        takes = (a.take(c) for a, c in zip(agents, callers, strict=True))
        records = await asyncio.gather(*takes)
        transcripts = [[line.text for line in r.outcome.transcript] for r in records]
        return list(zip([c.text for c in callers], transcripts, strict=True))

    for n, (heard, lines) in enumerate(run_cleanly(main())):
        assert heard == f"Hello.You are number {cardinal(n)}."
        assert lines == ["Hello.", f"number {n}", f"You are number {n}."]
