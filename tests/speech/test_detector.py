"""Edges of speech in audio time. One character of a picture is one window of 32 ms."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.speech.detector import (
    OFFSET_WINDOWS,
    ONSET_WINDOWS,
    WINDOW,
    DetectorSettings,
    SpeechDetector,
    SpeechOffset,
    SpeechOnset,
    Window,
)

KINDS = {
    # probability, level in dBFS
    ".": (0.02, -65.0),  # quiet
    "n": (0.02, -36.0),  # noise
    "S": (0.98, -20.0),  # voice
    "s": (0.98, -37.0),  # soft voice, within the range of voice
    "f": (0.20, -25.0),  # a consonant that the model does not know yet
    "?": (0.30, -22.0),  # voice, and the model hesitates
    "~": (0.90, -62.0),  # the voice has ended, the model has not noticed
    "m": (0.90, -35.0),  # the same in noise
}

Edge = tuple[str, float, int]


def windows(picture: str) -> list[Window]:
    rows = (KINDS[kind] for kind in picture)
    return [Window(p, level, (index + 1) * WINDOW) for index, (p, level) in enumerate(rows)]


def edges_of(
    seen: list[Window], settings: DetectorSettings | None = None, *, faint: bool = False
) -> list[Edge]:
    """Kind, place in windows, and index of the window that revealed it."""
    detector = SpeechDetector(settings, listens_for_faint=faint)
    edges = []
    for index, window in enumerate(seen):
        edge = detector.feed(window)
        if edge:
            kind = "onset" if isinstance(edge, SpeechOnset) else "offset"
            edges.append((kind, edge.at / WINDOW, index))
            assert detector.speaking == (kind == "onset")
    return edges


def listen(picture: str, settings: DetectorSettings | None = None) -> list[Edge]:
    return edges_of(windows(picture), settings)


def test_nothing_is_said() -> None:
    assert listen("....nnnn....ffff....") == []


def test_the_first_likely_window_begins_an_utterance() -> None:
    #             0123456
    assert listen("....SSS") == [("onset", 4, 4)]


def test_an_utterance_may_begin_with_the_stream() -> None:
    assert listen("SSSS.") == [("onset", 0, 0), ("offset", 4, 4)]


def test_an_onset_takes_in_the_consonant_before_it() -> None:
    #             01234567
    assert listen("....ffSS") == [("onset", 4, 6)]


def test_an_onset_lies_only_so_far_back() -> None:
    picture = "." * 4 + "f" * 20 + "S"
    assert listen(picture) == [("onset", 24 - ONSET_WINDOWS + 1, 24)]


def test_an_onset_is_found_within_its_window() -> None:
    quiet, begun = Window(0.0, -65, WINDOW), Window(0.9, -26, 2 * WINDOW, (-65, -65, -23, -23))
    assert edges_of([quiet, begun]) == [("onset", 1.5, 1)]


def test_a_quarter_of_quiet_does_not_part_an_onset_but_two_do() -> None:
    bridged = (-23.0, -65.0, -23.0, -23.0)
    parted = (-23.0, -65.0, -65.0, -23.0)
    assert edges_of([Window(0.9, -24, WINDOW, bridged)]) == [("onset", 0, 0)]
    assert edges_of([Window(0.9, -24, WINDOW, parted)]) == [("onset", 0.75, 0)]


def test_a_likely_window_without_a_loud_part_is_its_own_onset() -> None:
    """The last part of the window before may hold the voice; the model's word counts."""
    assert listen("nnnnnnnnnnnn~") == [("onset", 12, 12)]


def test_the_offset_is_where_the_voice_ended_not_where_the_model_let_go() -> None:
    #             0123456789012
    assert listen("...SSSS~~~...") == [("onset", 3, 3), ("offset", 7, 10)]


def test_the_offset_is_found_within_its_window() -> None:
    seen = windows("..SSSS")
    seen.append(Window(0.98, -23, 7 * WINDOW, (-20, -20, -20, -60)))
    seen += [Window(0.02, -65, 8 * WINDOW), Window(0.02, -65, 9 * WINDOW)]
    assert edges_of(seen)[1] == ("offset", 6.75, 7)


def test_soft_voice_is_voice() -> None:
    #             0123456789
    assert listen("..SSSSss..") == [("onset", 2, 2), ("offset", 8, 8)]


def test_in_noise_the_offset_is_where_only_noise_remains() -> None:
    #             0         1         2
    #             01234567890123456789012
    assert listen("nnnnnnnnnnnnSSSSmmmnnnn") == [("onset", 12, 12), ("offset", 16, 19)]


def test_where_the_level_says_nothing_the_model_is_believed() -> None:
    quiet, hang_over = "." * 20, "~" * OFFSET_WINDOWS
    end = 24 + OFFSET_WINDOWS
    assert listen(f"{quiet}SSSS{hang_over}..") == [("onset", 20, 20), ("offset", end, end)]


def test_one_unlikely_window_is_a_dip_where_something_is_loud() -> None:
    #             0123456789012
    assert listen("..SSSSfSSSfSS") == [("onset", 2, 2)]
    assert listen("..SSSSffff") == [("onset", 2, 2), ("offset", 6, 7)]
    assert listen("..SSSS.SSS") == [("onset", 2, 2), ("offset", 6, 6), ("onset", 7, 7)]


def test_a_voice_that_has_just_begun_ends_after_two_windows() -> None:
    #             012345678
    assert listen("..SS.SSS") == [("onset", 2, 2)]
    assert listen("..SSS..") == [("onset", 2, 2), ("offset", 5, 6)]


def test_a_gap_of_lost_packets_is_not_the_end_of_a_voice() -> None:
    lost = Window(0.1, -120.0, 7 * WINDOW, (-120.0,) * 4)
    again = Window(0.98, -20.0, 8 * WINDOW)
    assert edges_of([*windows("..SSSS"), lost, again]) == [("onset", 2, 2)]
    partly = replace(lost, rms_dbfs=-70.0, quarters_dbfs=(-66.0, -120.0, -120.0, -120.0))
    assert edges_of([*windows("..SSSS"), partly, again]) == [("onset", 2, 2)]


def test_digital_silence_ends_a_voice_where_the_line_is_that_silent() -> None:
    silence = [Window(0.0, -120.0, (n + 1) * WINDOW, (-120.0,) * 4) for n in range(20)]
    voice = [replace(w, end_sample=w.end_sample + 20 * WINDOW) for w in windows("SSSS")]
    after = replace(silence[0], end_sample=25 * WINDOW)
    assert edges_of([*silence, *voice, after]) == [("onset", 20, 20), ("offset", 24, 24)]


def test_an_unlikely_window_is_not_quiet_while_a_part_of_it_is_loud() -> None:
    last = Window(0.1, -46, 7 * WINDOW, (-70, -70, -70, -40))
    assert edges_of([*windows("..SSSS"), last]) == [("onset", 2, 2)]
    soft = Window(0.1, -46, 7 * WINDOW, (-46, -46, -46, -46))
    assert edges_of([*windows("..SSSS"), soft]) == [("onset", 2, 2), ("offset", 6, 6)]


def test_hesitation_holds_the_state_that_there_is() -> None:
    assert listen("..????..") == []
    assert listen("..SS??????SS") == [("onset", 2, 2)]


def test_a_faint_voice_counts_where_an_answer_is_awaited() -> None:
    seen = windows("..........fff.........")
    assert edges_of(seen) == []
    assert edges_of(seen, faint=True) == [("onset", 10, 16), ("offset", 13, 18)]


def test_it_does_not_count_before_the_noise_of_the_line_is_known() -> None:
    assert edges_of(windows("ffffffff............."), faint=True) == []


def test_a_word_that_becomes_clear_begins_as_any_other() -> None:
    for picture in ("..........fffSSSS......", "..........fff..SSSS...."):
        seen = windows(picture)
        assert edges_of(seen, faint=True) == edges_of(seen)


def test_what_is_soft_or_follows_a_voice_is_no_faint_answer() -> None:
    for picture in ("..........nnnn........", "..........f...........", "SSSS....fff........."):
        seen = windows(picture)
        assert edges_of(seen, faint=True) == edges_of(seen)
    assert len(edges_of(windows("SSSS" + 34 * "." + "fff........."), faint=True)) == 4


def test_two_utterances_have_four_edges() -> None:
    #             0123456789012
    assert listen("..SSSS....SSSS.") == [
        ("onset", 2, 2),
        ("offset", 6, 6),
        ("onset", 10, 10),
        ("offset", 14, 14),
    ]


def test_an_onset_does_not_reach_into_the_utterance_before() -> None:
    #             0123456
    assert listen("..SS..S", DetectorSettings(offset_windows=1)) == [
        ("onset", 2, 2),
        ("offset", 4, 4),
        ("onset", 6, 6),
    ]
    seen = [*windows("..SS"), Window(0.1, -20, 5 * WINDOW), Window(0.9, -20, 6 * WINDOW)]
    assert edges_of(seen, DetectorSettings(offset_windows=1))[1:] == [
        ("offset", 4, 4),
        ("onset", 4, 5),
    ]


@pytest.mark.parametrize(
    ("picture", "settings", "expected"),
    [
        ("..??..", DetectorSettings(onset_probability=0.3), [("onset", 2, 2), ("offset", 4, 5)]),
        (
            "..SSfSS",
            DetectorSettings(offset_windows=1),
            [("onset", 2, 2), ("offset", 4, 4), ("onset", 4, 5)],
        ),
        ("..SSffSSfff", DetectorSettings(offset_windows=3), [("onset", 2, 2), ("offset", 8, 10)]),
        ("..SS??", DetectorSettings(offset_probability=0.35), [("onset", 2, 2), ("offset", 4, 5)]),
        ("..SSss..", DetectorSettings(level_range_db=10), [("onset", 2, 2), ("offset", 4, 7)]),
        (
            "nnnnnnnnnnnnSSmm..",
            DetectorSettings(noise_margin_db=2),
            [("onset", 8, 12), ("offset", 16, 16)],
        ),
    ],
)
def test_settings(picture: str, settings: DetectorSettings, expected: list[Edge]) -> None:
    assert listen(picture, settings) == expected
    assert listen(picture) != expected


def test_voice_is_counted_without_the_hang_over() -> None:
    detector = SpeechDetector()
    counts = []
    for window in windows("..SSSS~~~....SS"):
        detector.feed(window)
        counts.append(round(detector.voiced_s * 1000))
    assert counts == [0, 0, 32, 64, 96] + [128] * 8 + [32, 64]


LEVELS = st.floats(-100, 0)


@st.composite
def streams(draw: st.DrawFn) -> list[Window]:
    rows = draw(st.lists(st.tuples(st.floats(0, 1), LEVELS, st.tuples(*[LEVELS] * 4)), max_size=60))
    return [
        Window(p, level, (index + 1) * WINDOW, parts)
        for index, (p, level, parts) in enumerate(rows)
    ]


@given(streams(), st.booleans())
def test_edges_alternate_and_never_go_back_or_ahead(seen: list[Window], faint: bool) -> None:
    detector = SpeechDetector(listens_for_faint=faint)
    edges: list[SpeechOnset | SpeechOffset] = []
    for window in seen:
        if edge := detector.feed(window):
            edges.append(edge)
            assert edge.at <= window.end_sample
        assert detector.voiced_s <= window.end_sample / 16_000
    assert all(type(a) is not type(b) and a.at <= b.at for a, b in pairwise(edges))
    assert not edges or isinstance(edges[0], SpeechOnset)
