"""The history holds what was heard: no word more, no word less."""

import re

import pytest
from callers import CLEARING, DEAF, MARKING, PAUSING, UNCLEARABLE, ScriptedCaller
from support import SETTINGS, Carried, Memory, an_agent, carry
from voices import CHAR, letters, read

from parley.audio.timing import Timing
from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.providers.scripted import ScriptedLlm, ScriptedStt

SPANS = ("One two three.", "Four hundred and five, or six.", "Seven.")
ANSWER = " ".join(SPANS)
SPOKEN = "".join(SPANS)
GREETING = SETTINGS.greeting
LENGTH_S = len(SPOKEN) * CHAR / 24_000
MARK_S = 0.1
"""Marks are so far apart, where half of the lead is refilled at a time."""

TIMINGS = {
    "pausing": PAUSING,
    "clearing": CLEARING,
    "marks": MARKING,
    "deaf": DEAF,
    "unclearable": UNCLEARABLE,
}


def disturbed(timing: Timing, moment: float, sound_s: float, words: str) -> Carried:
    """The caller makes a sound when they have heard the answer for `moment` seconds."""

    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        await caller.until_speaking()
        await caller.quiet(moment)
        await caller.say(sound_s)
        await caller.listen(silence_s=1.0, within_s=8.0)

    stt = ScriptedStt(["count", words], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm([ANSWER], then="Yes."))
    return carry(agent, ScriptedCaller(script, timing))


def heard_words(samples: int) -> str:
    """The words of the answer that lie within so many of its samples."""
    told, begin = [], 0
    for span in SPANS:
        ends = [m.end() for m in re.finditer(r"\S+", span) if begin + m.end() * CHAR <= samples]
        told += [span[: ends[-1]]] if ends else []
        begin += len(span) * CHAR
    return " ".join(told)


def answer_heard(call: Carried) -> int:
    """Samples of the answer that the caller heard, which was cut off."""
    follows = call.caller.text.endswith("Yes.")
    others = len(GREETING) + 4 * follows
    return len(call.caller.audio) // 2 - others * CHAR


# Interruptions


@pytest.mark.parametrize("name", TIMINGS)
def test_an_interrupted_answer_ends_with_the_last_word_heard(name: str) -> None:
    for tick in range(3, int(LENGTH_S / 0.02) - 12, 5):
        call = disturbed(TIMINGS[name], tick * 0.02, 1.2, "no that is not it")
        lines = [line for line in call.outcome.transcript if line.interrupted]
        told = lines[0].text if lines else ""
        samples = answer_heard(call)
        if name == "marks":
            latest = max(0, samples - round((MARK_S + 0.001) * 24_000))
            assert told in {heard_words(n) for n in range(latest, samples + 1, 240)}
        else:
            assert told == heard_words(samples), f"at {tick * 0.02:.2f} s"
        assert ("caller", "count " * (not told) + "no that is not it") in call.lines
        estimates = {it.estimated for it in call.memory.events(ev.Heard)}
        assert estimates == {name == "deaf"}


def test_what_was_heard_is_known_before_what_the_caller_does() -> None:
    """A sound is judged by what they had heard until then, to the word."""
    for tick in range(3, int(LENGTH_S / 0.02) - 12, 7):
        call = disturbed(PAUSING, tick * 0.02, 1.2, "no that is not it")
        told = dict.fromkeys(range(len(SPANS)), 0)
        for step in call.memory.steps:
            if isinstance(step.event, ev.Heard) and step.event.reply > 1:
                told[step.event.span] = step.event.chars
            if act.PausePlayout(CALLER) in step.actions:
                break
        known = [span[: told[n]] for n, span in enumerate(SPANS) if told[n]]
        assert " ".join(known) == heard_words(answer_heard(call)), f"at {tick * 0.02:.2f} s"


@pytest.mark.parametrize("name", ["pausing", "clearing", "deaf"])
def test_who_hangs_up_has_heard_what_they_have_heard(name: str) -> None:
    for tick in range(1, 60):

        async def script(caller: ScriptedCaller, tick: int = tick) -> None:
            await caller.listen()
            await caller.say(0.8)
            await caller.until_speaking(for_s=0.04)
            began, _ = caller.speaker.played[-1]
            await caller.gap(began + tick * 0.0537 - caller.now())

        agent = an_agent(stt=ScriptedStt(["count"]), llm=ScriptedLlm([ANSWER]), gap_s=None)
        call = carry(agent, ScriptedCaller(script, TIMINGS[name]))
        heard = len(call.caller.audio) // 2 - len(GREETING) * CHAR
        assert heard > 0
        assert call.lines[2:] == [("agent", heard_words(heard))] * bool(heard_words(heard))


@pytest.mark.parametrize("name", ["pausing", "clearing", "marks", "deaf"])
def test_the_agent_is_silent_as_soon_as_the_voice_is_known(name: str) -> None:
    call = disturbed(TIMINGS[name], 1.0, 1.2, "no that is not it")
    onset, *_ = call.memory.when(act.PausePlayout)
    last = call.caller.speaker.played[1]
    ended = last[0] + len(last[1]) / 2 / 24_000
    assert ended == pytest.approx(onset, abs=1e-4)
    assert read(bytes(last[1])) == SPOKEN[: round((ended - last[0]) / 0.06)]


def test_what_cannot_be_cleared_is_hardly_ahead() -> None:
    call = disturbed(UNCLEARABLE, 1.0, 1.2, "no that is not it")
    onset, *_ = call.memory.when(act.PausePlayout)
    last = call.caller.speaker.played[1]
    assert last[0] + len(last[1]) / 2 / 24_000 <= onset + 0.0201


# Sounds that are none


@pytest.mark.parametrize("name", ["pausing", "unclearable"])
def test_the_answer_goes_on_from_the_same_sample(name: str) -> None:
    for tick in range(1, int(LENGTH_S / 0.02), 5):
        call = disturbed(TIMINGS[name], tick * 0.02, 0.24, "mm-hmm")
        heard = call.caller.audio.removeprefix(letters(GREETING))
        assert heard.removesuffix(letters("Yes.")) == letters(SPOKEN), f"at {tick * 0.02:.2f} s"
        assert ("agent", ANSWER) in call.lines


@pytest.mark.parametrize("name", ["clearing", "marks", "deaf"])
def test_the_answer_goes_on_from_the_word_that_was_cut(name: str) -> None:
    """At most one word comes again, whole, and none is left out."""
    for tick in range(3, int(LENGTH_S / 0.02) - 12, 5):
        call = disturbed(TIMINGS[name], tick * 0.02, 0.24, "mm-hmm")
        pieces = [bytes(pcm) for _, pcm in call.caller.speaker.played]
        answer = b"".join(pieces).removeprefix(letters(GREETING)).removesuffix(letters("Yes."))
        before = pieces[1]
        after = answer[len(before) :]
        whole = letters(SPOKEN)
        assert whole.startswith(before), f"at {tick * 0.02:.2f} s"
        assert whole.endswith(after), f"at {tick * 0.02:.2f} s"
        again = len(before) + len(after) - len(whole)
        assert again >= 0, f"at {tick * 0.02:.2f} s"
        if again:
            assert not cuts_a_word((len(whole) - len(after)) // 2), f"at {tick * 0.02:.2f} s"
            assert len(read(whole[len(whole) - len(after) : len(before)]).split()) <= 1
        assert ("agent", ANSWER) in call.lines


def cuts_a_word(sample: int) -> bool:
    """Whether a sample of the answer lies within a word, its first sample left out."""
    begin = 0
    for span in SPANS:
        for word in re.finditer(r"\S+", span):
            if (begin + word.start()) * CHAR < sample < (begin + word.end()) * CHAR:
                return True
        begin += len(span)
    return False


def test_two_sounds_in_one_answer() -> None:
    async def script(caller: ScriptedCaller) -> None:
        await caller.listen()
        await caller.say(0.8)
        for pause in (0.9, 0.7):
            await caller.until_speaking(for_s=pause)
            await caller.say(0.2)
            await caller.quiet(0.4)
        await caller.listen()

    stt = ScriptedStt(["count", "mm-hmm", "uh-huh"], then="")
    agent = an_agent(stt=stt, llm=ScriptedLlm([ANSWER]))
    call = carry(agent, ScriptedCaller(script))
    assert len(call.memory.actions(act.FloorKept)) == 2
    assert call.caller.audio == letters(GREETING + SPOKEN)


# The recording


SOUNDS = {"an interruption": (1.2, "no that is not it"), "none": (0.24, "mm-hmm")}


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("name", TIMINGS)
def test_the_recording_holds_what_was_heard_when_it_was_heard(name: str, sound: str) -> None:
    call = disturbed(TIMINGS[name], 1.03, *SOUNDS[sound])
    played = [(at, bytes(pcm)) for at, pcm in call.caller.speaker.played]
    recorded = joined(call.memory)
    assert len(recorded) == len(played)
    for (at, pcm), (recorded_at, recorded_pcm) in zip(played, recorded, strict=True):
        lost = (len(pcm) - len(recorded_pcm)) / 2 / 24_000
        assert pcm.startswith(recorded_pcm)
        assert lost <= (MARK_S if name == "marks" else 0.0)
        assert recorded_at == pytest.approx(at, abs=0.001)


def joined(memory: Memory) -> list[tuple[float, bytes]]:
    """What was recorded of the agent, without seams."""
    pieces: list[tuple[float, bytes]] = []
    for at, pcm in memory.said:
        if pieces and abs(pieces[-1][0] + len(pieces[-1][1]) / 48_000 - at) < 1e-4:
            pieces[-1] = pieces[-1][0], pieces[-1][1] + pcm
        else:
            pieces.append((at, pcm))
    return pieces
