"""A coarse tag, with no more confidence than it is worth."""

import pytest

from parley.speech.arousal import MOST_CONFIDENCE, arousal


@pytest.mark.parametrize(
    ("deviations", "tag"),
    [
        ((2.0, 2.0, 2.0), "agitated"),
        ((-2.0, -2.0, -2.0), "calm"),
        ((0.1, -0.2, 0.0), "neutral"),
        ((2.5, -2.5, 0.0), "neutral"),
        ((1.5, 1.5, None), "agitated"),
        ((90.0, 0.5, 0.5), "neutral"),
        ((-90.0, 0.0, 0.5), "neutral"),
        ((3.0, -3.0, None), "neutral"),
        ((3.0, 0.5, None), "neutral"),
        ((-1.5, None, -1.5), "calm"),
    ],
)
def test_measures_that_agree_make_the_tag(deviations: tuple[float | None, ...], tag: str) -> None:
    found = arousal(deviations)
    assert found is not None
    assert found[0] == tag
    assert 0 <= found[1] <= MOST_CONFIDENCE


def test_one_measure_is_too_little() -> None:
    assert arousal((3.0, None, None)) is None
    assert arousal((None, None, None)) is None


def test_confidence_grows_with_the_distance_and_with_what_is_known() -> None:
    found = [arousal(d) for d in ((1.2, 1.2, 1.2), (2.5, 2.5, 2.5), (2.5, 2.5, None))]
    near, far, fewer = (it[1] for it in found if it)
    assert near < fewer < far == MOST_CONFIDENCE
