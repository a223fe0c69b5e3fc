"""What is written is spoken in words, and the history holds what is written."""

from dataclasses import replace
from typing import Any

import pytest
from callers import ScriptedCaller
from support import Carried, an_agent, carry
from voices import CHAR_S, SpellingTts, tts

from parley.core.settings import PhraseSettings, Settings
from parley.providers.scripted import ScriptedLlm, ScriptedStt
from parley.runtime.stagekit import Pronunciations
from parley.runtime.stages import Stages
from parley.runtime.voice import Voice

ANSWER = "We are open at 10:30 on **Dec. 3** my dear."
SPOKEN = "We are open at ten thirty on December third my dear."


async def one_question(caller: ScriptedCaller) -> None:
    await caller.listen()
    await caller.say(1.0)
    await caller.listen()


def called(answer: str, voice: SpellingTts | None = None, **parts: Any) -> Carried:
    agent = an_agent(
        stt=ScriptedStt(["when"]), llm=ScriptedLlm([answer]), voice=voice or tts(), **parts
    )
    return carry(agent, ScriptedCaller(one_question))


def test_a_reply_is_spoken_in_words_and_remembered_as_it_was_written() -> None:
    call = called(ANSWER)
    assert call.caller.text == f"Hello.{SPOKEN}"
    assert call.lines[-1] == ("agent", ANSWER)


@pytest.mark.parametrize("word_times", [True, False])
@pytest.mark.parametrize(
    ("heard", "told"),
    [
        ("We are open at te", "We are open at"),
        ("We are open at ten thi", "We are open at"),
        ("We are open at ten thirty o", "We are open at 10:30"),
        ("We are open at ten thirty on December th", "We are open at 10:30 on"),
        ("We are open at ten thirty on December third m", "We are open at 10:30 on **Dec. 3**"),
    ],
)
def test_an_interruption_in_the_middle_of_a_time(heard: str, told: str, word_times: bool) -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(1.0)
        await caller.until_speaking(for_s=0.04)
        began, _ = caller.speaker.played[-1]
        await caller.gap(began + (len(heard) + 0.5) * CHAR_S - caller.now())

    agent = an_agent(
        stt=ScriptedStt(["when"]),
        llm=ScriptedLlm([ANSWER]),
        voice=SpellingTts(tts(word_times=word_times).scripted),
    )
    call = carry(agent, ScriptedCaller(script))
    assert call.lines[-1] == ("agent", told)


def test_stages_come_first_and_their_words_are_read_out_too() -> None:
    def stages() -> Stages:
        return Stages(reply_text=[Pronunciations({"SQL": "sequel 5"})])

    call = called("Use SQL 7 now.", stages=stages)
    assert call.caller.text == "Hello.Use sequel five seven now."
    assert call.lines[-1] == ("agent", "Use SQL 7 now.")


def test_a_phrase_is_prepared_in_the_words_in_which_it_is_spoken() -> None:
    settings = Settings(greeting="It is 10:30.", phrases=PhraseSettings())
    voice = tts()
    call = called("Yes.", voice, settings=settings, phrases=False)
    assert call.caller.text == "It is ten thirty.Yes."
    assert voice.texts.count("It is ten thirty.") == 1
    assert "It is 10:30." not in voice.texts


@pytest.mark.parametrize(("language", "said"), [("en-GB", "first of February"), ("tlh", "1/2/26")])
def test_the_language_is_that_of_the_voice(language: str, said: str) -> None:
    settings = Settings(greeting="On 1/2/26.", phrases=PhraseSettings())
    agent = replace(
        an_agent(stt=ScriptedStt([]), settings=settings), voice=Voice(tts(), language=language)
    )
    assert any(said in phrase for phrase in agent._phrases())


def test_what_has_nothing_to_say_is_silence() -> None:
    call = called("One.\n\n😀\n\n---\n\nTwo.")
    assert call.caller.text == "Hello.One.Two."
