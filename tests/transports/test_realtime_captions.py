"""The caller's words as they become known."""

from parley.core import actions as act
from parley.core import events as ev
from parley.core.events import CALLER
from parley.transports.realtime.captions import Caption, Captions


def heard(it: Captions, segment: int, text: str, *, final: bool = False) -> Caption | None:
    it.heard(ev.Transcript(CALLER, segment, text, final))
    return it.changed()


def commit(it: Captions, turn: int, *segments: int) -> None:
    it.committed(act.TurnCommitted(CALLER, turn, "…", segments, 1.0))


def drop(it: Captions, segment: int) -> Caption | None:
    it.dropped(act.SegmentDropped(CALLER, segment, "acknowledgement"))
    return it.changed()


def test_each_guess_replaces_the_one_before() -> None:
    it = Captions()
    assert heard(it, 0, "I") == Caption("I", final=False)
    assert heard(it, 0, "I would") == Caption("I would", final=False)
    assert heard(it, 0, "I would") is None
    assert heard(it, 0, "I would like", final=True) == Caption("I would like", final=False)


def test_marks_without_a_word_are_not_shown() -> None:
    it = Captions()
    assert heard(it, 0, "…") is None
    assert heard(it, 0, "Yes") == Caption("Yes", final=False)
    assert heard(it, 0, ".", final=True) == Caption("", final=True)


def test_segments_of_one_turn_are_shown_together() -> None:
    it = Captions()
    heard(it, 0, "I would like", final=True)
    assert heard(it, 1, "a table") == Caption("I would like a table", final=False)


def test_a_committed_turn_is_not_shown_again() -> None:
    it = Captions()
    heard(it, 0, "Yes.", final=True)
    commit(it, 1, 0)
    assert it.changed() is None
    assert heard(it, 1, "And") == Caption("And", final=False)


def test_of_a_segment_that_goes_on_only_what_is_new_is_shown() -> None:
    it = Captions()
    heard(it, 0, "Good morning")
    commit(it, 1, 0)
    assert heard(it, 0, "Good morning is it") == Caption("is it", final=False)
    commit(it, 2, 0)
    assert heard(it, 0, "Good morning is it open", final=True) == Caption("open", final=False)


def test_what_is_dropped_ends_with_nothing() -> None:
    it = Captions()
    heard(it, 0, "mm-hmm")
    assert drop(it, 0) == Caption("", final=True)
    assert heard(it, 0, "mm-hmm wait") == Caption("wait", final=False)
    assert drop(it, 7) is None


def test_a_reopened_turn_is_shown_with_what_follows() -> None:
    it = Captions()
    heard(it, 0, "I would like", final=True)
    commit(it, 1, 0)
    it.reopened(act.TurnReopened(CALLER, 1))
    assert it.changed() == Caption("I would like", final=False)
    assert heard(it, 1, "a table") == Caption("I would like a table", final=False)


def test_a_segment_that_is_closed_does_not_change() -> None:
    it = Captions()
    heard(it, 0, "Yes.", final=True)
    assert heard(it, 0, "No.") is None


def test_turns_of_long_ago_are_forgotten() -> None:
    it = Captions()
    for turn in range(10):
        heard(it, turn, "Yes.", final=True)
        commit(it, turn, turn)
    it.reopened(act.TurnReopened(CALLER, 0))
    assert it.changed() is None
