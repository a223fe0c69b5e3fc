"""What was sent, and when it is heard. One sample lasts a millisecond."""

import pytest

from parley.audio.line import Line, Piece


def times(heard: list[Piece[str]]) -> list[tuple[str, int, int, float]]:
    return [(piece.source, piece.start, piece.end, round(piece.at, 6)) for piece in heard]


def test_samples_are_heard_as_early_as_possible() -> None:
    line: Line[str] = Line(1000, 0.05)
    assert line.hear(9.0) == []
    line.send("a", 0, 100, 1.0)
    line.send("b", 7, 27, 1.02)
    line.send("c", 0, 10, 2.0)
    assert line.hear(1.05) == []
    assert times(line.hear(1.1)) == [("a", 0, 50, 1.05)]
    assert times(line.hear(1.16)) == [("a", 50, 100, 1.1), ("b", 7, 17, 1.15)]
    assert times(line.hear(9.0)) == [("b", 17, 27, 1.16), ("c", 0, 10, 2.05)]
    assert line.heard_until == pytest.approx(2.06)
    assert (line.sent, line.passed) == (130, 130)


def test_the_room_is_what_the_lead_leaves() -> None:
    line: Line[str] = Line(1000, 0.5)
    assert line.room(1.0, 0.2) == 200
    line.send("a", 70, 220, 1.0)
    assert line.room(1.0, 0.2) == 50
    assert line.room(1.1, 0.2) == 150
    assert line.room(3.0, 0.2) == 200
    assert line.room(1.0, 0.1) == 0


def test_the_first_report_says_when_a_line_without_gap_began() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 100, 1.0)
    line.send("b", 0, 100, 1.0)
    assert times(line.reach(120, 1.4)) == [("a", 0, 100, 1.28), ("b", 0, 20, 1.38)]
    assert line.ends == pytest.approx(1.48)


def test_a_report_that_is_off_by_a_little_moves_nothing() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 400, 1.0)
    line.reach(100, 1.2)
    assert times(line.reach(150, 1.26)) == [("a", 100, 150, 1.2)]
    assert times(line.reach(200, 1.29)) == [("a", 150, 200, 1.25)]
    assert times(line.reach(250, 1.4)) == [("a", 200, 250, 1.35)]
    assert times(line.reach(300, 1.41)) == [("a", 250, 300, 1.4)]  # time does not run backwards


def test_a_gap_further_on_does_not_make_a_report_more_telling() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 100, 1.0)
    line.reach(50, 1.05)
    line.send("b", 0, 100, 2.0)
    assert times(line.reach(90, 1.1)) == [("a", 50, 90, 1.05)]


def test_a_report_may_reach_over_several_pieces() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 100, 150, 1.0)
    line.send("b", 30, 60, 1.2)
    line.send("c", 7, 17, 2.0)
    assert times(line.reach(80, 1.5)) == [("a", 100, 150, 1.27), ("b", 30, 60, 1.47)]
    assert line.heard_until == pytest.approx(1.5)
    assert times(line.reach(85, 2.5)) == [("c", 7, 12, 2.495)]
    assert times(line.reach(999, 2.505)) == [("c", 12, 17, 2.5)]


def test_times_are_rounded_to_samples() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 100, 0.1)
    heard = [line.hear(0.1 + n / 1000)[0].end for n in range(1, 101)]
    assert heard == list(range(1, 101))


def test_a_report_of_nothing_new_is_ignored() -> None:
    line: Line[str] = Line(1000, 0.0)
    assert line.reach(10, 1.0) == []
    line.send("a", 0, 100, 1.0)
    line.reach(50, 1.05)
    assert line.reach(50, 7.0) == []
    assert line.ends == pytest.approx(1.1)


def test_gaps_are_kept_when_a_report_moves_the_line() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 10, 1.0)
    line.send("b", 0, 20, 2.0)
    assert times(line.reach(20, 2.05)) == [("a", 0, 10, 1.04), ("b", 0, 10, 2.04)]


def test_a_report_says_how_full_the_transport_is() -> None:
    line: Line[str] = Line(1000, 0.1)
    line.send("a", 0, 200, 1.0)
    line.reach(50, 1.2)
    line.fill_from(1.2)
    assert line.full_until == pytest.approx(1.25)


def test_after_standing_still_a_line_goes_on_where_it_was() -> None:
    line: Line[str] = Line(1000, 0.3)
    line.send("a", 0, 100, 1.0)
    line.send("b", 0, 100, 1.25)
    line.hear(1.33)
    line.go_on(1.5)
    assert line.full_until == pytest.approx(1.37)
    assert times(line.hear(9.0)) == [("a", 30, 100, 1.5), ("b", 0, 100, 1.57)]


def test_what_arrives_only_after_a_standstill_is_not_late() -> None:
    line: Line[str] = Line(1000, 0.3)
    line.send("a", 0, 10, 1.0)
    line.go_on(1.2)
    assert line.full_until == pytest.approx(1.01)
    assert times(line.hear(9.0)) == [("a", 0, 10, 1.3)]


def test_a_cleared_line_holds_nothing_and_has_room() -> None:
    line: Line[str] = Line(1000, 0.0)
    line.send("a", 0, 100, 1.0)
    line.hear(1.03)
    assert times(line.clear(1.03)) == [("a", 30, 100, 1.03)]
    assert line.hear(9.0) == []
    assert (line.sent, line.passed) == (100, 100)
    assert line.room(1.03, 0.2) == 200
    line.send("b", 0, 100, 1.04)
    assert line.reach(100, 1.05) == []
    assert times(line.hear(1.05)) == [("b", 0, 10, 1.04)]


def test_what_is_coming_is_told_without_being_taken() -> None:
    line: Line[str] = Line(1000, 0.05)
    line.send("a", 0, 100, 1.0)
    line.send("b", 7, 27, 1.02)
    assert times(line.coming(1.04)) == []
    assert times(line.coming(1.1)) == [("a", 0, 50, 1.05)]
    everything = [("a", 0, 100, 1.05), ("b", 7, 27, 1.15)]
    assert times(line.coming(9.0)) == everything
    assert times(line.hear(9.0)) == everything
    assert line.coming(9.0) == []
