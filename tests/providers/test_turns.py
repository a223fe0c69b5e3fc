"""Whose request comes next in a process that several users share."""

from typing import cast

import pytest

from parley.providers.engine_process import Channel
from parley.providers.turns import AT_WORK, LEAVE, SOON, Turns
from request_pipe import RequestPipe

AUDIO, FINAL = 1, 2


class Desk:
    """Turns at a pipe."""

    def __init__(self) -> None:
        self.pipe = RequestPipe()
        self.turns = Turns(cast("Channel", self.pipe), patient=AUDIO)

    def ask(self, user: int, kind: int, *payloads: str) -> None:
        self.pipe.ask(user, kind, *(payload.encode() for payload in payloads))

    def order(self, count: int) -> str:
        """The next requests, by their users and what they say."""
        asked = [self.turns.next() for _ in range(count)]
        return " ".join(f"{request.user}{request.payload.decode()}" for request in asked)


def test_one_users_requests_are_dealt_with_in_their_order() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a", "b")
    desk.ask(1, FINAL, "c")
    desk.ask(1, AUDIO, "d e", "f")
    assert desk.order(5) == "1a 1b 1c 1d e 1f"
    with pytest.raises(EOFError):
        desk.turns.next()


def test_a_request_tells_whether_there_is_more() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a", "b")
    desk.ask(2, FINAL)
    assert [desk.turns.next().more for _ in range(2)] == [False, True]
    desk.ask(1, FINAL)
    assert [desk.turns.next().more for _ in range(2)] == [True, False]


def test_users_who_wait_for_nothing_take_turns() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a", "b", "c")
    desk.ask(2, AUDIO, "x", "y")
    assert desk.order(2) == "1a 2x"
    desk.ask(3, AUDIO, "o")
    assert desk.order(4) == "1b 2y 3o 1c"


def test_who_waits_for_an_answer_goes_first_with_what_it_said_before() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a", "b", "c")
    desk.ask(2, AUDIO, "x", "y")
    desk.ask(2, FINAL, "z")
    desk.ask(2, AUDIO, "w")
    assert desk.order(4) == "2x 2y 2z 1a"
    desk.ask(3, FINAL, "o")
    assert desk.order(4) == "3o 2w 1b 1c"


def test_of_those_who_wait_the_one_with_the_least_to_do_goes_first() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a", "b")
    desk.ask(1, FINAL, "c")
    desk.ask(2, AUDIO, "x")
    desk.ask(2, FINAL, "y")
    assert desk.order(5) == "2x 2y 1a 1b 1c"


@pytest.mark.parametrize(("before", "first"), [(SOON - 1, 2), (SOON, 1)])
def test_who_has_said_too_much_waits_for_its_turn(before: int, first: int) -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a")
    desk.ask(2, AUDIO, *"x" * before)
    desk.ask(2, FINAL)
    assert desk.turns.next().user == first


def test_what_is_left_undone_by_who_leaves_is_answered_at_once() -> None:
    desk = Desk()
    desk.ask(1, AUDIO, "a")
    desk.ask(2, AUDIO, *"xyz")
    desk.ask(2, LEAVE, "!")
    assert desk.order(1) == "2!"
    assert desk.pipe.told == [("answer", b"2 ")] * 3
    assert desk.order(1) == "1a"


def test_answers_begin_with_their_users_number() -> None:
    desk = Desk()
    desk.turns.answer(3)
    desk.turns.answer(12, b"it is")
    desk.turns.refuse(3, "why ü")
    answers = [("answer", b"3 "), ("answer", b"12 it is"), ("refused", "3 why ü".encode())]
    assert desk.pipe.told == answers


def test_what_is_put_off_goes_on_when_the_others_had_a_turn() -> None:
    desk = Desk()
    desk.ask(1, FINAL, "a", "b")
    request = desk.turns.next()
    desk.turns.put_off(request)
    assert desk.pipe.told == [("part", AT_WORK)]
    assert desk.turns.next() == request._replace(begun=True)  # there is nobody else
    desk.turns.put_off(request)
    desk.ask(2, AUDIO, "x", "y")
    desk.ask(3, AUDIO, "o")
    desk.ask(3, FINAL, "p")
    assert desk.order(2) == "3o 3p"  # who waits goes first
    desk.turns.put_off(desk.turns.next())
    assert desk.order(2) == "2x 1a"  # and it is in turn with who does not
    desk.turns.put_off(desk.turns.next())
    assert desk.turns.next(go_on=False).user == 2  # not even that
    assert desk.turns.next(go_on=False).payload == b"b"  # there is nobody else


def test_what_was_put_off_is_not_done_for_who_leaves() -> None:
    desk = Desk()
    desk.ask(1, FINAL, "a", "b")
    desk.turns.put_off(desk.turns.next())
    desk.ask(1, LEAVE, "!")
    assert desk.order(1) == "1!"
    assert desk.pipe.told[1:] == [("answer", b"1 ")] * 2
