"""Whose request comes next in a process that several users share."""

from collections import deque
from typing import cast

import pytest

from parley.providers.engine_process import Channel
from parley.providers.turns import LEAVE, SOON, Turns

AUDIO, FINAL = 1, 2


class Pipe:
    """A channel: what has come of requests, and what was answered."""

    def __init__(self) -> None:
        self.come: deque[tuple[int, bytes]] = deque()
        self.answers: list[tuple[str, str]] = []

    def ask(self, user: int, kind: int, *payloads: str) -> None:
        self.come.extend((kind, f"{user} {payload}".encode()) for payload in payloads or ("",))

    def has_request(self) -> bool:
        return bool(self.come)

    def receive(self) -> tuple[int, bytes]:
        if not self.come:
            raise EOFError
        return self.come.popleft()

    def answer(self, payload: bytes = b"") -> None:
        self.answers.append(("answer", payload.decode()))

    def refuse(self, why: str) -> None:
        self.answers.append(("refused", why))


class Desk:
    """Turns at a pipe."""

    def __init__(self) -> None:
        self.pipe = Pipe()
        self.turns = Turns(cast("Channel", self.pipe), patient=AUDIO)

    def order(self, count: int) -> str:
        """The next requests, by their users and what they say."""
        asked = [self.turns.next() for _ in range(count)]
        return " ".join(f"{request.user}{request.payload.decode()}" for request in asked)


def test_one_users_requests_are_dealt_with_in_their_order() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a", "b")
    desk.pipe.ask(1, FINAL, "c")
    desk.pipe.ask(1, AUDIO, "d e", "f")
    assert desk.order(5) == "1a 1b 1c 1d e 1f"
    with pytest.raises(EOFError):
        desk.turns.next()


def test_a_request_tells_whether_there_is_more() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a", "b")
    desk.pipe.ask(2, FINAL)
    assert [desk.turns.next().more for _ in range(2)] == [False, True]
    desk.pipe.ask(1, FINAL)
    assert [desk.turns.next().more for _ in range(2)] == [True, False]


def test_users_who_wait_for_nothing_take_turns() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a", "b", "c")
    desk.pipe.ask(2, AUDIO, "x", "y")
    assert desk.order(2) == "1a 2x"
    desk.pipe.ask(3, AUDIO, "o")
    assert desk.order(4) == "1b 2y 3o 1c"


def test_who_waits_for_an_answer_goes_first_with_what_it_said_before() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a", "b", "c")
    desk.pipe.ask(2, AUDIO, "x", "y")
    desk.pipe.ask(2, FINAL, "z")
    desk.pipe.ask(2, AUDIO, "w")
    assert desk.order(4) == "2x 2y 2z 1a"
    desk.pipe.ask(3, FINAL, "o")
    assert desk.order(4) == "3o 2w 1b 1c"


def test_of_those_who_wait_the_one_with_the_least_to_do_goes_first() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a", "b")
    desk.pipe.ask(1, FINAL, "c")
    desk.pipe.ask(2, AUDIO, "x")
    desk.pipe.ask(2, FINAL, "y")
    assert desk.order(5) == "2x 2y 1a 1b 1c"


@pytest.mark.parametrize(("before", "first"), [(SOON - 1, 2), (SOON, 1)])
def test_who_has_said_too_much_waits_for_its_turn(before: int, first: int) -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a")
    desk.pipe.ask(2, AUDIO, *"x" * before)
    desk.pipe.ask(2, FINAL)
    assert desk.turns.next().user == first


def test_what_is_left_undone_by_who_leaves_is_answered_at_once() -> None:
    desk = Desk()
    desk.pipe.ask(1, AUDIO, "a")
    desk.pipe.ask(2, AUDIO, *"xyz")
    desk.pipe.ask(2, LEAVE, "!")
    assert desk.order(1) == "2!"
    assert desk.pipe.answers == [("answer", "2 ")] * 3
    assert desk.order(1) == "1a"


def test_answers_begin_with_their_users_number() -> None:
    desk = Desk()
    desk.turns.answer(3)
    desk.turns.answer(12, b"it is")
    desk.turns.refuse(3, "why ü")
    answers = [("answer", "3 "), ("answer", "12 it is"), ("refused", "3 why ü")]
    assert desk.pipe.answers == answers
