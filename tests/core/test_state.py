from parley.core.machines import REPLY
from parley.core.state import CallerTurn, Ear, Reply, Segment, Span


def reply_of(*spans: Span) -> Reply:
    return Reply(1, "answer", "caller", 1, asked=0.0, spans={s.id: s for s in spans})


def test_what_was_heard_is_joined_as_in_the_whole_text() -> None:
    reply = reply_of(
        Span(1, "Two.", 5, 9, asked=0.0, chars=4),
        Span(0, "One.", 0, 4, asked=0.0, chars=4),
        Span(2, "Three.", 9, 15, asked=0.0, chars=0),
        Span(3, "Four", 16, 20, asked=0.0, chars=2),
    )
    assert reply.text == "One. Two.Three. Four"
    assert reply.heard == "One. Two. Fo"
    reply = reply_of(
        Span(0, "One,", 1, 5, asked=0.0, chars=4), Span(1, "two.", 5, 9, asked=0.0, chars=4)
    )
    assert reply.text == reply.heard == "One,two."


def test_a_space_at_the_cut_was_not_heard() -> None:
    assert reply_of(Span(0, "One two", 0, 7, asked=0.0, chars=4)).heard == "One"


def test_a_reply_lives_until_its_machine_rests() -> None:
    reply = reply_of()
    assert reply.live
    reply.phase.fire("cancel")
    assert not reply.live
    assert reply.phase.state in REPLY.rest


def test_phrases_are_fixed() -> None:
    kinds = ["answer", "continuation", "filler", "greeting"]
    assert [Reply(1, k, "caller", 1, asked=0.0).fixed for k in kinds] == [False, False, True, True]


def test_the_text_of_a_turn() -> None:
    ear = Ear("caller", finals=[Segment(1, "I want"), Segment(2, "to go")])
    assert ear.text == "I want to go"
    ear.partial = Segment(3, "home")
    assert ear.text == "I want to go home"
    assert CallerTurn(1, ear.segments).text == ear.text


def test_a_turn_is_settled_when_nothing_is_missing() -> None:
    ear = Ear("caller")
    assert not ear.settled  # no final text has ever come
    ear.final_known = 1.0
    assert ear.settled
    ear.onset_known = 1.5
    assert not ear.settled
    ear.final_known = 2.0
    ear.partial = Segment(1, "more")
    assert not ear.settled
    ear.partial, ear.finalize_asked = None, 2.1
    assert not ear.settled


def test_taking_a_segment_that_goes_on_adds_up() -> None:
    ear = Ear("caller")
    ear.take(Segment(4, "I want"), by_turn=True)
    assert ear.taken_by_turn
    ear.take(Segment(4, "to go"), by_turn=True)
    assert ear.taken == Segment(4, "I want to go")
    ear.take(Segment(5, "home"), by_turn=False)
    assert ear.taken == Segment(5, "home")
    assert not ear.taken_by_turn
