"""How much a sound wants the floor: each fact by itself, and what they come to together."""

import pytest
from timeline import Call

from parley.core import CALLER, floor
from parley.core import actions as act
from parley.core import events as ev

STORY = "Once upon a time there was a miller who had three sons."
OWN_DBFS = -25.0


def telling(text: str = STORY, **changes: object) -> Call:
    """The agent speaks to a caller of whom it knows how loud they are."""
    call = Call(**changes).at(1).voice().at(1.4).measured(0.4, 0.95, OWN_DBFS).pause()
    call.at(1.5).final("Tell me.").at(1.9)
    return call.speaks(1, text).at(3).heard(1, 10)


def floor_of(call: Call) -> list[tuple[float, str]]:
    """Who got it, when and why."""
    kinds = act.FloorKept | act.FloorYielded
    return [(round(at, 3), a.reason) for at, a in call.done if isinstance(a, kinds)]


def pauses(call: Call) -> list[float]:
    return call.when(act.PausePlayout)


@pytest.mark.parametrize(
    ("speech", "level_dbfs", "verdict"),
    [
        (0.95, -25.0, (3.917, "voice")),  # clear, and as loud as the caller
        (0.95, -27.0, (3.917, "voice")),  # a little softer
        (0.9, -25.0, (4.0, "voice")),
        (0.6, -25.0, (4.23, "voice")),  # hardly clear: it takes longer
        (0.4, -25.0, (3.4, "hardly speech")),
        (0.95, -31.0, (4.156, "voice")),  # softer: it takes longer
        (0.95, -34.0, (3.4, "a soft voice")),
        (0.95, -60.0, (3.4, "a soft voice")),
    ],
)
def test_a_voice_by_itself(speech: float, level_dbfs: float, verdict: tuple[float, str]) -> None:
    call = telling().voice().at(3.2).measured(0.3, speech, level_dbfs).at(6)
    assert floor_of(call)[0] == verdict


@pytest.mark.parametrize(
    ("text", "speech", "level_dbfs", "taken"),
    [
        ("wait", 0.6, -25.0, True),
        ("wait", 0.95, -29.0, True),
        ("wait", 0.6, -38.0, False),
        ("but we could have come to you", 0.95, -33.0, True),
        ("but we could have come to you", 0.95, -45.0, False),
        ("yeah", 0.95, -25.0, False),
        ("yeah okay right", 0.95, -25.0, False),
        ("yeah but", 0.95, -25.0, True),
        ("no wait", 0.95, -25.0, True),
    ],
)
def test_words_of_a_voice(text: str, speech: float, level_dbfs: float, taken: bool) -> None:
    call = telling().voice().at(3.2).measured(0.3, speech, level_dbfs).at(3.3).partial(text)
    assert [reason for _, reason in floor_of(call)] == (["words"] if taken else [])


@pytest.mark.parametrize(
    ("single", "verdict"),
    [
        (None, (3.917, "voice")),
        (4.0, (3.917, "voice")),
        (-0.5, (3.917, "voice")),
        (-1.0, (4.091, "voice")),  # perhaps many: it takes longer
        (-2.0, (3.7, "many voices")),
        (-9.0, (3.7, "many voices")),
    ],
)
def test_many_voices_at_once_are_not_the_callers(
    single: float | None, verdict: tuple[float, str]
) -> None:
    call = telling().voice().at(3.7).measured(0.7, 0.95, -25.0, single).at(6)
    assert floor_of(call)[0] == verdict


def test_many_voices_are_not_heeded_again_while_they_last_but_the_caller_among_them_is() -> None:
    call = telling().voice().at(3.7).measured(0.7, 0.95, -25.0, -3.0)
    for at in (3.9, 4.2, 4.5):
        call.at(at).measured(at - 3.0, 0.98, -25.0, -2.0)
    assert floor_of(call) == [(3.7, "many voices")]
    assert pauses(call) == [3.0]
    call.at(4.6).measured(1.6, 0.98, -21.0, 1.0)
    assert floor_of(call)[-1] == (4.6, "voice")


def test_a_voice_that_was_taken_for_many_is_heeded_again() -> None:
    """Its length counts from its beginning, and nothing was learned of the line."""
    call = telling().voice().at(3.7).measured(0.7, 0.99, OWN_DBFS, -3.0)
    assert floor_of(call) == [(3.7, "many voices")]
    call.at(3.8).measured(0.8, 0.99, OWN_DBFS, -0.5)
    assert pauses(call) == [3.0]
    call.at(3.9).measured(0.9, 0.99, OWN_DBFS, 1.0)
    assert pauses(call) == [3.0, 3.9]
    assert floor_of(call.at(6))[1] == (pytest.approx(3.95, abs=0.1), "voice")
    line = call.conversation.state.line
    assert (line.steady_at, line.false_alarms) == (None, 0.0)


def test_what_follows_many_voices_is_another_sound() -> None:
    call = telling().voice().at(3.7).measured(0.7, 0.95, -25.0, -3.0).pause().at(4.2).voice()
    call.at(4.3).measured(0.1, 0.95, -45.0).at(4.9).measured(0.7, 0.95, -45.0, 9.0)
    assert pauses(call) == [3.0]  # a soft voice
    assert call.conversation.state.line.false_alarms > 0.9


def wordless(partials: bool, **changes: object) -> Call:
    turns = {"recognizer_partials": partials}
    return telling(turns=turns, **changes).voice().at(3.2).measured(0.3, 0.95, -25.0)


def test_a_voice_without_words_lasts_longer_where_the_recogniser_tells_words() -> None:
    assert floor_of(wordless(partials=False).at(6)) == [(3.917, "voice")]
    assert floor_of(wordless(partials=True).at(6)) == [(4.192, "voice")]
    told = wordless(partials=True, interruption={"words": 3}).at(3.5).partial("I mean")
    assert floor_of(told.at(6)) == [(3.917, "voice")]


def test_a_recogniser_that_has_failed_could_tell_no_words() -> None:
    call = wordless(partials=True).tell(ev.ListeningFailed(CALLER, "unavailable", permanent=False))
    assert floor_of(call.at(3.95)) == [(3.917, "voice")]


def test_a_word_that_becomes_no_acknowledgement_counts_when_the_voice_is_over_too() -> None:
    call = telling().voice().at(3.3).pause().at(3.35).partial("go").at(5)
    assert floor_of(call) == [(3.45, "words")]


def test_a_soft_voice_with_words_takes_the_floor_when_it_lasts() -> None:
    call = telling().voice().at(3.2).measured(0.3, 0.9, -41.0).at(3.3).partial("I mean")
    assert floor_of(call.at(5)) == [(3.794, "words")]


def test_the_beginning_of_an_acknowledgement_waits_a_little() -> None:
    call = telling().voice().at(3.3).partial("uh")
    assert floor_of(call) == []
    assert floor_of(call.at(3.39).partial("uh huh").at(4)) == [(3.54, "acknowledgement")]
    call = telling().voice().at(3.3).partial("al").at(4)
    assert floor_of(call) == [(3.4, "words")]


@pytest.mark.parametrize("text", ["Uh.", "um", "Um, uh..."])
def test_a_hesitation_is_no_word_that_interrupts(text: str) -> None:
    for late in (0.05, 0.8):
        call = telling().voice().at(3.3).partial(text).pause().after(late).final(text).at(8)
        assert not call.did(act.FloorYielded)
        assert call.turns() == ["Tell me."]
    said = telling().voice().at(3.3).partial(f"{text} Monday").at(3.5)
    assert floor_of(said) == [(3.3, "words")]
    assert floor_of(telling().voice().at(3.3).partial(text).at(5))[0][1] == "voice"


def test_a_hesitation_without_an_agent_that_speaks_is_a_turn() -> None:
    assert Call().at(1).says("Um.").turns() == ["Um."]


def test_a_sound_that_is_over_waits_less_for_words_the_less_it_was_speech() -> None:
    for speech, level_dbfs, kept_at in [(0.9, -25, 3.8), (0.5, -25, 3.525), (0.3, -40, 3.4)]:
        call = telling().voice().at(3.2).measured(0.3, speech, level_dbfs).at(3.3).pause().at(5)
        assert floor_of(call)[0][0] == kept_at


def test_the_agent_that_thinks_yields_sooner_but_not_to_a_cough() -> None:
    call = Call().at(1).says("Hello.").at(2.2).voice().at(2.4).measured(0.3, 0.9, -25).at(3)
    assert floor_of(call) == [(2.8, "voice")]
    call = Call().at(1).says("Hello.").at(2.2).voice().at(2.4).measured(0.3, 0.3, -25).at(3)
    assert floor_of(call) == [(2.6, "hardly speech")]
    assert call.outcome(1) == "live"


def test_before_the_caller_has_spoken_only_a_very_soft_voice_is_weak() -> None:
    for level_dbfs, verdict in [(-38.0, (1.917, "voice")), (-48.0, (1.4, "a soft voice"))]:
        call = Call(greeting=STORY).synthesized(1).started(1).at(1).voice()
        assert floor_of(call.at(1.2).measured(0.3, 0.95, level_dbfs).at(4))[0] == verdict


def test_the_callers_level_is_that_of_their_turns() -> None:
    call = telling()
    assert call.conversation.state.line.caller_dbfs == OWN_DBFS
    call.voice().at(3.3).measured(0.3, 0.95, -23).measured(0.4, 0.95, -27).partial("No.").cleared()
    call.at(3.6).pause().final("No.").at(5)
    assert call.conversation.state.line.caller_dbfs == -24.0
    call.voice().at(5.2).measured(0.3, 0.95, -60).pause().final("No.").at(6)
    assert call.conversation.state.line.caller_dbfs == -24.0


def noisy(call: Call, at: float, length_s: float = 0.3, speech: float = 0.8) -> Call:
    """A short sound without words."""
    call.at(at).voice().at(at + 0.1).measured(0.1, speech, OWN_DBFS).at(at + length_s).pause()
    return call.at(at + 0.8).heard(1, 10)


def test_false_alarms_raise_the_bar() -> None:
    call = telling()
    for at in (3, 4, 5):
        noisy(call, at, length_s=0.4, speech=0.9)
    assert pauses(call) == [3.0, 4.149, 5.291]
    noisy(call, 6, length_s=0.3, speech=0.9)
    assert len(pauses(call)) == 3


def test_what_is_hardly_speech_is_not_heeded_after_a_false_alarm() -> None:
    call = noisy(noisy(telling(), 3), 4, speech=0.4)
    assert pauses(call) == [3.0]
    call.at(5).voice().at(5.1).measured(0.1, 0.4, OWN_DBFS).at(5.3).measured(0.3, 0.9, OWN_DBFS)
    assert pauses(call.at(6)) == [3.0, 5.385]


def test_what_is_dismissed_is_forgotten() -> None:
    call = noisy(telling(), 3)
    for at in range(4, 24, 4):
        call.at(at).heard(1, 10)
    assert pauses(noisy(call, 24)) == [3.0, 24.0]


def test_an_interruption_lowers_the_bar_again() -> None:
    call = noisy(telling(), 3).voice().at(4.2).measured(0.4, 0.95, -25).at(4.4).partial("no wait")
    call.cleared().at(4.5).pause().final("no wait").at(5.2).speaks(2, STORY)
    assert pauses(call.at(6).voice())[-1] == 6.0


def test_a_voice_like_the_callers_own_is_heeded_at_once_on_a_noisy_line() -> None:
    call = noisy(telling(), 3).at(4).voice().at(4.05).measured(0.1, 0.95, -25)
    assert pauses(call) == [3.0, 4.05]


def test_a_steady_sound_of_the_line_does_not_make_the_agent_stutter() -> None:
    call = telling().voice().at(3.2).measured(0.3, 0.9, -35).at(8)
    assert floor_of(call) == [(3.4, "a soft voice")]
    call.heard(1, 10).pause().final("").at(9.5).voice().at(9.6).measured(0.1, 0.9, -36).at(
        12
    ).pause()
    assert pauses(call) == [3.0]
    call.heard(1, 10).final("").at(12.5).voice().at(12.6).measured(0.1, 0.95, -24)
    assert pauses(call) == [3.0, 12.6]


def test_what_is_hardly_louder_than_the_steady_sound_may_be_that_sound() -> None:
    call = telling().voice().at(3.2).measured(0.3, 0.9, -36).at(5).pause()
    call.at(6).voice().at(6.1).measured(0.1, 0.6, -35).at(7)
    assert pauses(call) == [3.0]
    assert floor.weakest(call.conversation._ctx) == "the line's own sound"


DOUBTS = {"word": 1.5, "more_words": 0.5, "most_words": 2, "false_alarm": 1.0, "speech": 1.5}
DOUBTS |= {"unjudged": 0.5}
"""Of words that a recogniser may have made of noise."""


def test_a_caller_in_a_noisy_place_is_not_taken_for_the_noise_afterwards() -> None:
    """Their own voice was once taken for many; their level is not that of the line."""
    call = telling(interruption=DOUBTS).voice().at(3.1).measured(0.1, 0.95, OWN_DBFS)
    call.at(3.7).measured(0.7, 0.95, OWN_DBFS, -2.0).at(4)
    assert floor_of(call) == [(3.7, "many voices")]
    call.pause().at(4.1).final("").at(9).heard(1, 12).at(14).heard(1, 14).at(17).heard(1, 16)
    call.voice().at(17.6).measured(0.6, 0.97, OWN_DBFS, 2.0).partial("no not today")
    assert floor_of(call)[-1] == (17.6, "words")


def test_a_dismissed_voice_that_becomes_clear_is_heeded_again() -> None:
    call = telling().voice().at(3.2).measured(0.3, 0.3, -25).at(4).measured(1.0, 0.95, -24)
    assert pauses(call) == [3.0, 4.0]
    assert floor_of(call.at(6)) == [(3.4, "hardly speech"), (4.97, "voice")]


def test_who_interrupts_nothing_is_not_heeded() -> None:
    call = telling().at(3.5).finished(1).at(4).voice().at(4.2).measured(0.3, 0.95, -25)
    assert pauses(call) == []


def test_a_sound_is_judged_only_while_it_lasts() -> None:
    call = telling().measured(0.3, 0.95, -25)
    assert pauses(call) == []
    assert call.conversation.state.ear.sound is None or call.now == 3


def test_the_pause_is_not_made_up_for_when_the_reply_has_ended() -> None:
    call = noisy(telling(), 3).at(4).voice().at(4.05).finished(1).at(6)
    assert pauses(call) == [3.0]


def test_what_must_be_heard_in_the_middle_keeps_the_callers_words() -> None:
    call = telling()
    call.conversation.state.replies[1].interruptible = False
    call.voice().at(3.4).measured(0.4, 0.95, -25).partial("no wait").at(4.5).pause().final(
        "no wait"
    )
    assert not call.did(act.PausePlayout, act.FloorYielded, act.SegmentDropped)
    assert call.at(8).turns() == ["Tell me."]
    assert call.heard(1, len(STORY)).finished(1).at(9).turns() == ["Tell me.", "no wait"]


def test_after_an_interruption_the_agent_may_wait() -> None:
    call = telling(interruption={"backoff_s": 2.0}).voice().at(3.3).partial("no wait").cleared()
    call.at(3.5).pause().final("no wait").at(4.1).answers(2, "Yes?")
    assert "back-off" in call.awaits()
    assert call.at(5.2).when(act.PlayReply)[-1] < 3
    assert call.at(6).when(act.PlayReply)[-1] == 5.3


def test_a_voice_of_no_length_takes_the_floor_at_once() -> None:
    call = telling(interruption={"voice_s": 0.0, "length_least": -1.0}).voice()
    assert floor_of(call) == [(3.0, "voice")]


def test_the_facts_are_named() -> None:
    call = telling().voice().at(3.2).measured(0.3, 0.9, -31).partial("wait a")
    found = floor.facts(call.conversation._ctx)
    assert {name: round(value, 2) for name, value in found.items()} == {
        "voice": -1.5,
        "words": 7.0,
        "speech": 0.0,
        "level": -1.0,
        "crowd": 0.0,
        "line": 0.0,
        "false alarms": 0.0,
    }


def test_a_judgement_without_a_voice_changes_nothing() -> None:
    call = Call().tell(ev.SoundJudged(CALLER, 0.0, 0.5, 0.9, -20.0))
    assert call.conversation.state.ear.sound is None
    floor.hear_steady(call.conversation._ctx)
    assert call.conversation.state.line.steady_at is None


def test_what_is_overheard_while_the_agent_speaks_is_no_turn() -> None:
    call = telling().voice().at(3.3).measured(0.3, 0.9, -45).at(3.5).partial("and the weather")
    call.at(4).pause().final("and the weather").at(6)
    assert not call.did(act.FloorYielded)
    assert call.turns() == ["Tell me."]
    assert call.did(act.SegmentDropped)[-1].reason == "overheard"


DOUBTED = {"word": 0.75, "speech": 1.5, "unjudged": 0.5}


def test_a_word_of_a_doubted_recogniser_does_not_count_before_its_sound_is_judged() -> None:
    rules = {"word": 2.0, "speech": 1.5}
    believed, doubted = telling(interruption=rules), telling(interruption=rules | {"unjudged": 0.5})
    for call in (believed, doubted):
        call.voice().at(3.2).partial("but").at(3.25)
    assert floor_of(believed) == [(3.2, "words")]
    assert floor_of(doubted) == []
    doubted.measured(0.25, 0.95, OWN_DBFS).at(3.3)
    assert floor_of(doubted) == [(3.25, "words")]


@pytest.mark.parametrize(("speech", "turns"), [(0.8, ["Tell me."]), (0.95, ["Tell me.", "two"])])
def test_words_that_do_not_win_the_floor_are_no_turn(speech: float, turns: list[str]) -> None:
    call = telling(interruption=DOUBTED).voice().at(3.3).measured(0.3, speech, OWN_DBFS)
    assert call.at(3.5).pause().at(3.55).final("two").at(6).turns() == turns


@pytest.mark.parametrize(
    ("text", "level_dbfs", "taken"),
    [
        ("Stop!", OWN_DBFS, True),
        ("no, wait.", OWN_DBFS, True),
        ("six", OWN_DBFS, False),
        ("no idea", OWN_DBFS, False),
        ("stop", OWN_DBFS - 20.0, False),
    ],
)
def test_a_doubted_recogniser_is_believed_that_the_agent_is_to_stop(
    text: str, level_dbfs: float, taken: bool
) -> None:
    call = telling(interruption=DOUBTED).voice().at(3.2).measured(0.2, 0.7, level_dbfs)
    assert floor_of(call.at(3.3).partial(text)) == ([(3.3, "words")] if taken else [])


def test_what_is_said_with_a_pressed_key_is_judged_by_no_sound() -> None:
    call = Call(greeting=STORY, turns={"push_to_talk": True}, interruption=DOUBTED).at(0.5)
    call.synthesized(1).started(1).at(1).heard(1, 10).final("two").at(4)
    assert call.turns() == ["two"]


def test_a_sound_that_ended_with_the_media_is_not_heeded_later() -> None:
    call = noisy(telling(), 3).voice().at(4.05).tell(ev.MediaLost(CALLER, 4.05))
    call.pause().at(4.1).tell(ev.MediaRestored(CALLER, 4.1))
    paused = len(call.did(act.PausePlayout))
    assert len(call.at(8).did(act.PausePlayout)) == paused


def test_the_longest_back_off_is_not_taken_for_a_transport_that_fails() -> None:
    call = telling(interruption={"backoff_s": 10.0}).voice().at(3.3).partial("no wait").cleared()
    call.at(4).pause().final("no wait").at(5)
    reply = call.answers(call.newest, "Sure.").newest
    call.at(14.5).started(reply).at(15)
    assert not call.did(act.EndCall)
    assert call.conversation.state.replies[reply].live


def test_nobody_waits_for_the_back_off_where_nobody_has_interrupted() -> None:
    call = telling(interruption={"backoff_s": 5.0}, max_duration_s=4.0).at(4).cleared()
    goodbye = call.synthesized(call.newest).newest
    assert [a.reply for a in call.did(act.PlayReply)][-1] == goodbye
    assert call.when(act.PlayReply)[-1] == 4.0


def test_a_goodbye_waits_for_no_back_off_whoever_had_the_floor() -> None:
    call = telling(interruption={"backoff_s": 5.0}, max_duration_s=4.0).voice().at(3.3)
    call.partial("no wait").cleared().at(3.5).pause().at(4)
    goodbye = call.synthesized(call.newest).newest
    assert [a.reply for a in call.did(act.PlayReply)][-1] == goodbye
    assert call.when(act.PlayReply)[-1] == 4.0


def test_words_that_a_gap_cuts_off_before_their_verdict_are_asked_for_again() -> None:
    call = telling(interruption={"words": 3}).voice().at(3.3).partial("no wait").pause().at(3.4)
    call.tell(ev.MediaLost(CALLER, 3.4))
    assert call.conversation.state.ear.cut_off
    call = telling(interruption={"words": 3}).voice().at(3.3).pause().at(3.4)
    call.tell(ev.MediaLost(CALLER, 3.4))
    assert not call.conversation.state.ear.cut_off, "a sound without words is not asked about"
