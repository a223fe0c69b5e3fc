"""How a process that some calls share answers what is asked of their recognisers."""

from collections.abc import Callable

import pytest

from parley.providers.stt.requests import (
    AUDIO,
    EXPECT,
    FINALIZE,
    OPEN,
    SLICE_S,
    Steps,
    UnusableGrammar,
    at_once,
    work,
)
from parley.providers.turns import AT_WORK, LEAVE
from request_pipe import RequestPipe, Told

Answers = list[tuple[str, str]]


def answers(call: int, *asked: tuple[int, str]) -> Answers:
    """What one call is told until there is nothing to come."""
    pipe = RequestPipe((kind, payload.encode()) for kind, payload in asked)
    pipe.served(lambda channel: work(channel, Ears))
    return pipe.told_to(call)


class Ears:
    """Hears what it is given, for as long as that is no nonsense."""

    said = ""

    def open(self, grammar: str) -> None:
        if grammar == "bad":
            raise ValueError("no grammar")

    def expect(self, grammar: str) -> None:
        self.open(grammar)

    def heard(self, pcm: bytes, *, more: bool) -> bytes:
        self.said += pcm.decode()
        if not more:
            self._understand()
        return b""

    def final(self) -> bytes:
        self._understand()
        return self.said.encode()

    def _understand(self) -> None:
        if self.said == "bug":
            raise ValueError("no text")
        if self.said == "much":
            raise UnusableGrammar("too much")


def test_each_call_has_ears_of_its_own_and_is_told_what_it_asked_for() -> None:
    asked = [(OPEN, "1 good"), (OPEN, "2 bad"), (AUDIO, "1 a"), (EXPECT, "1 bad"), (AUDIO, "1 b")]
    asked += [(FINALIZE, "1 "), (LEAVE, "2 ")]
    nothing, refused = ("answer", ""), ("refused", "no grammar")
    assert answers(1, *asked) == [nothing, nothing, refused, nothing, ("answer", "ab")]
    assert answers(2, *asked) == [nothing, nothing]  # who has left is told nothing else
    assert answers(2, *asked[:-1]) == [refused]


@pytest.mark.parametrize("last", [AUDIO, FINALIZE])
def test_a_grammar_that_turns_out_to_be_unusable_ends_one_call_alone(last: int) -> None:
    first = [(AUDIO, "1 much")] if last == FINALIZE else []
    asked = [(OPEN, "1 "), (OPEN, "2 "), *first, (last, "1 " if first else "1 much")]
    asked += [(AUDIO, "2 fine"), (FINALIZE, "2 ")]
    nothing = ("answer", "")
    assert answers(1, *asked) == [nothing, *[nothing] * len(first), ("refused", "too much")]
    assert answers(2, *asked) == [nothing, nothing, ("answer", "fine")]


def test_what_is_wrong_with_the_engine_is_no_grammars_fault() -> None:
    with pytest.raises(ValueError, match="no text"):
        answers(1, (OPEN, "1 "), (AUDIO, "1 bug"))


STEP_S = 0.03


class Slow(Ears):
    """Whatever is asked with a number takes so many steps."""

    def __init__(self, clock: list[float]) -> None:
        self._clock = clock

    def expect(self, grammar: str) -> Steps[None]:  # type: ignore[override]
        yield from self._toil(grammar)

    def heard(self, pcm: bytes, *, more: bool) -> Steps[bytes]:  # type: ignore[override]
        yield from self._toil(pcm.decode())
        return super().heard(pcm, more=more)

    def final(self) -> Steps[bytes]:  # type: ignore[override]
        yield from ()
        return super().final()

    def _toil(self, much: str) -> Steps[None]:
        for _ in range(int(much) if much.isdigit() else 1):
            self._clock[0] += STEP_S
            yield
        if much == "99":
            raise UnusableGrammar("too much")


def slow(*asked: tuple[int, str]) -> list[Told]:
    """What calls are told with a clock that only work moves."""
    pipe, clock = RequestPipe((kind, payload.encode()) for kind, payload in asked), [0.0]
    make: Callable[[], Slow] = lambda: Slow(clock)  # noqa: E731
    return pipe.served(lambda channel: work(channel, make, lambda: clock[0]))[1:]


def test_what_takes_long_is_put_off_for_everybody_else() -> None:
    a_slice = 4
    assert 3 * STEP_S < SLICE_S < a_slice * STEP_S
    told = slow((OPEN, "1 "), (OPEN, "2 "), (EXPECT, "1 20"), (AUDIO, "2 a"), (FINALIZE, "2 "),
                (AUDIO, "2 b"), (FINALIZE, "1 "))  # fmt: skip
    assert told[:2] == [("answer", b"1 "), ("answer", b"2 ")]
    assert [what for _, what in told[2:]] == [
        AT_WORK,  # then whoever waits, with all that they said before
        b"2 ",
        b"2 a",
        b"2 ",  # and who waits for nothing
        *[AT_WORK] * (20 // a_slice - 1),
        b"1 ",
        b"1 ",
    ]


def test_the_others_have_as_much_time_as_what_is_put_off() -> None:
    hears = [(AUDIO, f"2 {n}") for n in "1111111"]
    told = slow((OPEN, "1 "), (OPEN, "2 "), (EXPECT, "1 8"), *hears)
    whose = [what[:1] for _, what in told[2:]]
    assert b"".join(whose) == b" 2222 222" + b"1"


def test_a_call_that_is_put_off_is_answered_in_order() -> None:
    told = slow((OPEN, "1 "), (EXPECT, "1 9"), (AUDIO, "1 a"), (EXPECT, "1 99"), (FINALIZE, "1 "))
    assert [t for t in told if t[1] != AT_WORK] == [
        *[("answer", b"1 ")] * 3,
        ("refused", b"1 too much"),
        ("answer", b"1 a"),
    ]


def test_who_leaves_is_worked_for_no_longer() -> None:
    told = slow((OPEN, "1 "), (EXPECT, "1 1000"), (LEAVE, "1 "))
    assert told == [("answer", b"1 ")] * 3
    assert ("part", AT_WORK) in slow((OPEN, "1 "), (EXPECT, "1 1000"))


def test_steps_may_be_done_at_once() -> None:
    assert at_once(Slow([0.0]).heard(b"7", more=False)) == b""
