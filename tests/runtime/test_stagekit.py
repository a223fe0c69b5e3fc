"""The stages that come with Parley, in calls."""

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from callers import ScriptedCaller
from support import Carried, an_agent, carry, run_cleanly
from voices import CHAR_S, tts

from parley.core import events as ev
from parley.errors import ConfigurationError
from parley.providers.protocols import Message
from parley.providers.scripted import Partial, ScriptedLlm, ScriptedStt
from parley.runtime.stagekit import Corrections, CurrentTime, Gain, Pronunciations
from parley.runtime.stages import Spoken, Stages


async def one_question(caller: ScriptedCaller) -> None:
    await caller.listen()
    await caller.say(1.0)
    await caller.listen()


def called(script: Any = one_question, *, stt: Any, llm: Any, **seams: Any) -> Carried:
    agent = an_agent(stt=stt, llm=llm, stages=lambda: Stages(**seams), voice=tts())
    call = carry(agent, ScriptedCaller(script))
    assert call.memory.events(ev.StageFailed) == []
    return call


# Pronunciations


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("I use SQL daily.", "I use sequel daily."),
        ("sql! Sql?", "sequel! sequel?"),
        ("MySQL and SQLite stay.", "MySQL and SQLite stay."),
        ("That is $5 please.", "That is five dollars please."),
        ("It costs $50.", "It costs $50."),
        ("C++ is not C.", "see plus plus is not C."),
        ("New York City", "the big apple City"),
        ("Nothing here.", "Nothing here."),
        ("", ""),
        ("SQL", "sequel"),
    ],
)
def test_words_are_found_whole_and_in_any_case(text: str, spoken: str) -> None:
    words = {"SQL": "sequel", "$5": "five dollars", "C++": "see plus plus"}
    stage = Pronunciations(words | {"York": "wrong", "New York": "the big apple"})
    assert stage.speakable(text).text == spoken


def test_each_part_stands_for_its_source() -> None:
    stage = Pronunciations({"$5": "five dollars", "um": ""})
    text = "So um $5 please"
    spoken = stage.speakable(text)
    told = [(spoken.text[a:b], text[c:d]) for (a, b), (c, d) in spoken.alignment]
    assert told == [
        ("So ", "So "),
        ("", "um"),
        (" ", " "),
        ("five dollars", "$5"),
        (" please", " please"),
    ]


@pytest.mark.parametrize("letter", ["ß", "ẞ", "İ", "ſ", "K", "ǅ"])
def test_letters_with_unusual_cases(letter: str) -> None:
    for word in (letter, letter.lower(), letter.upper(), letter.casefold()):
        assert Pronunciations({word: "x"}).speakable(f"a {letter} b").text in (
            "a x b",
            f"a {letter} b",
        )


def test_no_words_change_nothing() -> None:
    assert Pronunciations({}).speakable("Well.").text == "Well."


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        Pronunciations({" ": "x"})


@pytest.mark.parametrize(
    ("heard_s", "told"),
    [(12 * CHAR_S, "That is"), (19.7 * CHAR_S, "That is"), (20.2 * CHAR_S, "That is $5")],
)
def test_the_history_holds_what_was_written(heard_s: float, told: str) -> None:
    """ "five dollars" was heard, or it was not."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(1.0)
        await caller.until_speaking(for_s=0.04)
        began, _ = caller.speaker.played[-1]
        await caller.gap(began + heard_s - caller.now())

    call = called(
        script,
        stt=ScriptedStt(["how much"]),
        llm=ScriptedLlm(["That is $5 please"]),
        reply_text=[Pronunciations({"$5": "five dollars"})],
    )
    assert call.lines[-1] == ("agent", told)
    assert "five dol" in call.caller.text or heard_s < 1.0


# Corrections


def test_misheard_words_are_put_right_everywhere() -> None:
    stt = ScriptedStt(
        [Partial(1.6, "call par"), Partial(2.0, "call par lay"), "call par lay please"]
    )
    with ScriptedLlm(["Calling."]) as llm:
        call = called(stt=stt, llm=llm, transcript=[Corrections({"par lay": "Parley"})])
    heard = [event.text for event in call.memory.events(ev.Transcript)]
    assert heard == ["call par", "call Parley", "call Parley please"]
    assert ("caller", "call Parley please") in call.lines
    assert llm.requests[-1].messages[-1] == Message("user", "call Parley please")


# The time


def test_the_model_is_told_the_time() -> None:
    zone = timezone(timedelta(hours=1))
    now = datetime(2026, 3, 3, 14, 5, 59, tzinfo=zone)
    llm = ScriptedLlm(["Five past two."])
    call = called(
        stt=ScriptedStt(["what time is it"]), llm=llm, messages=[CurrentTime(lambda: now)]
    )
    assert [(m.role, m.text) for m in llm.requests[0].messages] == [
        ("system", "It is Tuesday, 03 March 2026, 14:05 (UTC+0100)."),
        ("assistant", "Hello."),
        ("user", "what time is it"),
    ]
    assert [who for who, _ in call.lines] == ["agent", "caller", "agent"]


async def lines_of(stage: CurrentTime) -> str:
    (note,) = await stage.messages([])
    return note.text


def test_the_time_is_this_machines_own_by_default() -> None:
    before = datetime.now().astimezone()
    told = run_cleanly(lines_of(CurrentTime()))
    after = datetime.now().astimezone()
    assert told in {f"It is {at:%A, %d %B %Y, %H:%M (UTC%z)}." for at in (before, after)}


# Gain


def samples(pcm: bytes) -> list[int]:
    return np.frombuffer(pcm, "<i2").tolist()


@pytest.mark.parametrize(
    ("decibels", "given", "louder"),
    [
        (0.0, [1, -32768, 32767], [1, -32768, 32767]),
        (20.0, [1, -1, 3000, 4000, -4000], [10, -10, 30000, 32767, -32768]),
        (-20.0, [10, 4, -15, 32767], [1, 0, -2, 3277]),
        (6.0206, [100], [200]),
    ],
)
def test_gain(decibels: float, given: list[int], louder: list[int]) -> None:
    assert samples(Gain(decibels).process(np.array(given, "<i2").tobytes())) == louder


def test_gain_in_a_call() -> None:
    """The caller is heard louder, the agent is played softer."""
    stt, llm = ScriptedStt(["hi"]), ScriptedLlm(["Hi."])
    call = called(stt=stt, llm=llm, audio_in=[Gain(6.0206)], audio_out=[Gain(-6.0206)])
    heard = {value for _, pcm in call.memory.heard for value in samples(pcm)}
    assert heard == {0, 2 * 0x1000}
    played = samples(call.caller.audio)
    assert max(played) == round(max(ord(c) for c in "Hello.Hi.") * 256 / 2)


def test_stages_of_one_seam_follow_one_another() -> None:
    first, second = Pronunciations({"SQL": "sequel"}), Pronunciations({"sequel": "ess queue ell"})
    spoken = Stages(reply_text=[first, second]).speakable("Use SQL now")
    assert spoken is not None
    assert spoken == Spoken(
        "Use ess queue ell now", (((0, 4), (0, 4)), ((4, 17), (4, 7)), ((17, 21), (7, 11)))
    )
