"""On hold: what is no voice of the caller, and who asks for a moment."""

from typing import Any

import pytest
from timeline import Call as CallOfSettings
from timeline import Changes

from parley.core import CALLER, EndReason
from parley.core import actions as act
from parley.core import events as ev
from parley.core.holding import alike, asks_to_wait
from parley.core.listeners import WAITING, moments
from parley.core.phrases import MOMENTS


class Call(CallOfSettings):
    """With a recogniser that tells words as they come."""

    def __init__(self, *, turns: Changes | None = None, **changes: Any) -> None:
        super().__init__(turns={"recognizer_partials": True, **(turns or {})}, **changes)


PLEASE_HOLD = "All our lines are busy, please hold the line."
UNCLEAR = "Sorry, I didn't catch that. Could you say it again?"
THERE = "Are you still there?"
GOODBYE = "I can't hear anybody, so I'll hang up now. Goodbye."


def music(call: Call, seconds: float, *, bar: float = 3.0, rest: float = 2.0) -> Call:
    """Sounds that are taken for a voice, and pauses; none has words. The agent's voice works."""
    until = call.now + seconds
    while call.now < until:
        call.voice().after(bar).pause().after(0.2).final("").after(rest - 0.2)
        for reply in list(call.conversation.state.queue):
            call.says_phrase(reply)
    return call


def hears_out(call: Call) -> Call:
    """What the agent says is heard."""
    for reply in list(call.conversation.state.queue):
        call.speaks(reply, "Of course.").finished(reply)
    return call


def holds(call: Call) -> list[tuple[float, str]]:
    told = call.done
    return [
        (round(at, 2), a.kind if isinstance(a, act.HoldBegan) else a.reason)
        for at, a in told
        if isinstance(a, act.HoldBegan | act.HoldEnded)
    ]


# A sound


def test_a_voice_that_goes_on_without_words_is_a_hold() -> None:
    call = Call().at(1).voice().at(20)
    assert holds(call) == [(9.0, "sound")]


def test_so_is_one_that_keeps_coming_back() -> None:
    call = music(Call().at(1), 15)
    assert holds(call) == [(13.0, "sound")]


def test_a_recogniser_that_tells_words_after_the_voice_leaves_it_open() -> None:
    call = Call(turns={"recognizer_partials": False}).at(1).voice().at(12).pause()
    call.at(12.3).final("Well, it all began when my sister moved to the coast.").at(15)
    assert holds(call) == []
    assert [a.text for _, a in call.done if isinstance(a, act.TurnCommitted)]
    silent = music(Call(turns={"recognizer_partials": False}).at(1), 20)
    assert holds(silent) == [(16.0, "sound")], "what was written down without words is known"


def test_who_has_words_again_is_back_when_the_hold_reaches_its_limit() -> None:
    call = music(Call(holding={"limit_s": 30.0}).at(1), 30).voice().after(2).partial("I am back")
    call.after(40)
    assert GOODBYE not in call.said()
    call.pause().after(0.2).final("I am back now, sorry.").after(2)
    assert [what for _, what in holds(call)] == ["sound", "words"]


def test_a_voice_with_words_is_none() -> None:
    assert holds(Call().at(1).voice().at(8).partial("so").at(60)) == []


def test_words_that_were_said_do_not_count_as_sound() -> None:
    call = Call().at(1).voice().at(4).final("one two three").at(5).pause()
    assert call.conversation.state.hold.heard_s == 0.0


def test_a_cough_now_and_then_is_none() -> None:
    call = Call(silence={"prompts": (), "end_after_s": 999.0}).at(1)
    for _ in range(20):
        call.voice().after(0.7).pause().after(0.2).final("").after(6)
    assert holds(call) == []


def test_on_hold_nothing_is_said_but_once() -> None:
    call = music(Call().at(1), 100)
    assert call.said() == [UNCLEAR] * 2
    assert call.when(act.Synthesize)[-1] < call.when(act.HoldBegan)[0]
    call = Call().at(1).voice().at(12).pause().at(12.2).final("").at(14)
    assert call.said() == [UNCLEAR]
    assert music(call, 60).said() == [UNCLEAR]


def test_the_caller_comes_back_and_is_answered() -> None:
    call = music(Call().at(1), 60).says("Hello, are you there?")
    assert holds(call)[1:] == [(round(call.now, 2), "words")]
    assert call.turns() == ["Hello, are you there?"]
    assert call.conversation.messages(call.newest)[-1].text == "Hello, are you there?"


def test_when_the_sound_is_over_it_is_the_caller_who_is_silent() -> None:
    call = music(Call().at(1), 60)
    last = call.conversation.state.hold.until
    call.at(last + 25)
    assert holds(call)[-1] == (round(last + 10, 2), "quiet")
    assert call.said()[-1] == THERE
    assert call.when(act.Synthesize)[-1] == round(last + 20, 3)
    assert call.says_phrase(call.newest).at(last + 41).said()[-1] == GOODBYE


def test_a_hold_ends_the_call_at_last() -> None:
    call = music(Call(max_duration_s=9999.0), 315)
    assert call.when(act.HoldEnded) == [call.when(act.HoldBegan)[0] + 300.0]
    assert call.did(act.HoldEnded) == [act.HoldEnded(CALLER, "the call is ending")]
    assert call.after(15).ending() == [EndReason.SILENCE_TIMEOUT]


def test_a_hold_that_never_pauses_ends_too() -> None:
    call = Call(max_duration_s=9999.0, holding={"limit_s": 100.0}).at(1).voice().at(108.9)
    assert call.said() == []
    assert call.at(109).said() == [GOODBYE]


def test_who_hangs_up_on_hold() -> None:
    call = Call().at(1).voice().at(12).tell(ev.Disconnected(CALLER))
    assert call.did(act.HoldEnded) == [act.HoldEnded(CALLER, "the call has ended")]


def test_who_pushes_to_talk_is_never_a_sound() -> None:
    call = Call(turns={"push_to_talk": True}).at(1).tell(ev.TalkStarted(CALLER, 1.0)).at(30)
    assert holds(call) == []
    for _ in range(3):
        call.final(PLEASE_HOLD).after(7).tell(ev.TalkEnded(CALLER, call.now, True)).after(1)
        hears_out(call).after(8).tell(ev.TalkStarted(CALLER, call.now))
    assert call.turns() == [PLEASE_HOLD] * 3


# A recording


def test_a_recording_between_the_music_is_answered_once() -> None:
    call = music(Call().at(1), 20).says(PLEASE_HOLD)
    for _ in range(6):
        music(hears_out(call), 20).says(PLEASE_HOLD)
    assert call.turns() == [PLEASE_HOLD]
    assert [d.reason for d in call.did(act.SegmentDropped)] == ["a recording"] * 6
    assert music(call, 10).says("Good morning, how can I help?").turns()[1:] == [
        "Good morning, how can I help?"
    ]


def test_a_recording_without_music_is_answered_twice() -> None:
    call = Call().at(1)
    for _ in range(4):
        hears_out(call.says(PLEASE_HOLD)).after(7)
    assert call.turns() == [PLEASE_HOLD] * 2
    assert holds(call)[0][1] == "sound"


def test_who_says_the_same_again_because_nobody_listens_is_no_recording() -> None:
    call = Call().at(1)
    for _ in range(5):
        hears_out(call.says("I want to speak to a human being.")).after(1)
    assert len(call.turns()) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (PLEASE_HOLD, "all our lines are busy please hold the line", True),
        (PLEASE_HOLD, "all our lines are busy please hold the wine", True),
        (PLEASE_HOLD, "your call is important to us please hold the line", False),
        ("hello are you there", "hello are you there", False),
        ("", "", False),
    ],
)
def test_what_is_the_same_sentence(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


# A moment


def test_who_asks_for_a_moment_is_given_one_and_then_asked() -> None:
    call = hears_out(Call().at(1).says("Just a moment, please."))
    heard = call.now
    call.at(heard + 59.9)
    assert (call.said(), call.conversation.state.call.state) == ([], "active")
    call.at(heard + 60)
    assert call.said() == [THERE]
    assert holds(call)[-1] == (round(heard + 60, 2), "time is up")
    assert call.says_phrase(call.newest).at(heard + 91).said()[-1] == GOODBYE


def test_where_nothing_is_asked_the_usual_silence_begins() -> None:
    call = hears_out(Call(silence={"prompts": ()}).at(1).says("One second."))
    heard = call.now
    assert call.at(heard + 89).said() == []
    assert call.at(heard + 91).said() == [GOODBYE]


def test_who_is_back_is_answered() -> None:
    call = hears_out(Call().at(1).says("Hang on.")).after(30).says("Here I am.")
    assert call.turns() == ["Hang on.", "Here I am."]
    assert [what for _, what in holds(call)] == ["asked", "words"]
    assert hears_out(call).after(11).said() == [THERE]


def test_noises_meanwhile_are_not_asked_about() -> None:
    call = hears_out(Call().at(1).says("Hang on."))
    call.after(3).voice().after(1.5).pause().after(0.2).final("").after(5)
    assert call.said() == []


def test_a_noise_does_not_end_the_patience_with_who_asked_for_a_moment() -> None:
    call = hears_out(Call().at(1).says("Just a moment, please."))
    heard, began = call.now, call.when(act.HoldBegan)[0]
    call.after(2).voice().after(9).pause().after(0.2).final("").at(began + 59.9)
    assert [what for _, what in holds(call)] == ["asked", "another hold", "sound", "quiet", "asked"]
    assert call.said() == []
    assert call.at(heard + 60).said() == [THERE]


def test_nor_do_several() -> None:
    call = hears_out(Call().at(1).says("Just a moment, please."))
    for _ in range(2):
        call.after(2).voice().after(9).pause().after(0.2).final("").after(10)
    assert (call.conversation.state.hold.kind, call.said()) == ("asked", [])
    assert hears_out(call.says("Here I am.")).after(1).said() == []
    assert call.after(10).said() == [THERE]


def test_who_puts_us_on_hold_gets_the_longer_time() -> None:
    call = music(hears_out(Call().at(1).says("I'll put you on hold.")), 100)
    assert [what for _, what in holds(call)] == ["asked", "another hold", "sound"]
    assert call.said() == []


def test_keys_bring_the_caller_back() -> None:
    call = hears_out(Call().at(1).says("Hang on.")).after(3).key("1#")
    assert [what for _, what in holds(call)] == ["asked", "words"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Hold on.", True),
        ("Can you hold on please?", True),
        ("Uh, one moment, let me check.", True),
        ("Just a second, let me find my card.", True),
        ("Let me check, hold on.", True),
        ("Yes, hold on a second for me, thanks.", True),
        ("Just a minute, let me ask my wife.", True),
        ("Let me get it.", True),
        ("Hold on, I would like Tuesday instead.", False),
        ("Hold on, I said Monday.", False),
        ("Hold on. Monday.", False),
        ("One moment, that's wrong.", False),
        ("Let me see, Monday at ten.", False),
        ("Let me check, the tenth is a Monday and that works.", False),
        ("Tuesday at ten.", False),
        ("", False),
    ],
)
def test_what_asks_for_a_moment(text: str, asks: bool) -> None:
    assert asks_to_wait(text, MOMENTS) is asks


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de-DE", "Einen Moment bitte."),
        ("es", "Un momento, por favor."),
        ("fr", "Ne quittez pas."),
        ("it", "Aspetti un attimo."),
        ("pt-BR", "Só um momento."),
        ("nl", "Wacht even alstublieft."),
        ("zh", "请等一下。"),
        ("ja", "少々お待ちください。"),
        ("hi", "एक मिनट रुकिए।"),
        ("de", "Ich schaue mal in meinem Kalender."),
        ("fr", "Un instant, s'il vous plaît, merci."),
        ("zh", "等一下，好吗？"),
        ("ja", "ちょっと待ってね"),
        ("hi", "एक मिनट प्लीज़"),
    ],
)
def test_they_do_in_each_language(language: str, text: str) -> None:
    assert asks_to_wait(text, moments(language))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Moment, ich sagte Montag."),
        ("es", "Espere, es el lunes."),
        ("fr", "Attendez, c'est lundi."),
        ("zh", "等一下，是周一"),
        ("ja", "待って、月曜"),
    ],
)
def test_who_goes_on_after_that_asks_for_none(language: str, text: str) -> None:
    assert not asks_to_wait(text, moments(language))


def test_who_is_told_something_after_hold_on_does_not_wait() -> None:
    call = hears_out(Call().at(1).says("Hold on, I said Monday."))
    assert holds(call) == []
    assert call.after(11).said() == [THERE]


def test_every_phrase_asks_for_a_moment() -> None:
    for phrases in WAITING.values():
        assert all(asks_to_wait(phrase, phrases) for phrase in phrases)
    assert moments("tlh") == ()
