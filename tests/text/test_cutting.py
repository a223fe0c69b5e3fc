import pytest

from parley.errors import ConfigurationError
from parley.text.boundaries import Boundary
from parley.text.cutting import ChunkSettings, Cutter
from parley.text.orthography import orthography
from parley.text.words import Word

SIGNS = {
    "+": Boundary.JOINED,
    ",": Boundary.CLAUSE,
    "|": Boundary.SENTENCE,
}


def parsed(text: str) -> tuple[list[Word], list[Boundary]]:
    """Read words between spaces; a sign at the end of one is the boundary after it.

    "?" says that the boundary is not known; "~" that the word is an ideograph.
    """
    words, boundaries = [], []
    for at, run in enumerate(text.split()):
        core = run.rstrip("+,|?~")
        words.append(Word(at, at + 1, core, "", newline=False, ideograph="~" in run))
        if "?" not in run:
            boundaries.append(SIGNS.get(run[len(core) :].strip("~"), Boundary.WORD))
    return words, boundaries


def cut(
    text: str, *, first: bool = True, hopeful: bool = False, settings: ChunkSettings | None = None
) -> int | None:
    words, boundaries = parsed(text)
    cutter = Cutter(settings or ChunkSettings(), orthography("en"))
    return cutter.cut(words, boundaries, first=first, hopeful=hopeful)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c|", 3),
        ("a| b c|", 1),
        ("a b c ?", None),
        ("?", None),
        # a first clause has three words at least, and its successor is no item of a list
        ("a b, c d e f|", None),
        ("a b c, d e f g", 3),
        ("a b c, d e f?", None),
        ("a b c, d e f|", 3),
        ("a b c, d|", 3),
        ("a b c, d, e f g h", 4),
        ("a b c, d, and e f g h", None),
        ("a b c, d e f, g h i j", 6),
        ("a b c, d e f g, h", 3),
        # but the next clause may do
        ("a, b c, d e f g", 3),
        ("a b c, d, e f, g h i j", 6),
        ("a b c, d, e, and g h i", None),
        ("a b c d, e f g, and h i j", None),
        ("a b c d, e f g h, and i j k", 4),
        ("a b c d e f, and i j k", 6),
        ("a b c, d and e|", None),
        ("a b c, and d e|", None),
        ("a b c, d e and f|", 3),
        ("a b c, d or|", None),
        ("a b or, d|", 3),
        ("a or c, d|", 3),
        ("a b c, d| and e f g", 3),
        ("a, b c, and d e f g|", None),
        ("a b c, and d e f|", 3),
    ],
)
def test_the_first_chunk_may_end_at_a_clause(text: str, expected: int | None) -> None:
    _, boundaries = parsed(text)
    whole = boundaries.index(Boundary.SENTENCE) + 1 if Boundary.SENTENCE in boundaries else None
    assert cut(text) == (expected or whole)
    assert cut(text, first=False) == whole
    assert cut(text, settings=ChunkSettings(first_clause=False)) == whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c,", 3),
        ("a b,", None),
        ("a b c, d e f?", 3),
        ("a b c, d, e", None),
        ("a b c, d, e f, g", None),
        ("a b c, d, e f, g h i j", 6),
    ],
)
def test_hope_believes_in_one_clause_unseen(text: str, expected: int | None) -> None:
    assert cut(text, hopeful=True) == expected


def test_the_first_clause_has_as_many_words_as_are_set() -> None:
    settings = ChunkSettings(first_clause_words=1)
    assert cut("a, b c d e", settings=settings) == 1
    settings = ChunkSettings(first_clause_words=4)
    assert cut("a b c, d e f g", settings=settings) is None


FIFTEEN = "a b c d e f g h i j k l m n o "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FIFTEEN, None),
        (FIFTEEN + "p|", 16),
        (FIFTEEN + "p q r|", 18),
        (FIFTEEN + "p q ?", None),
        (FIFTEEN + "p q r", 15),
        (FIFTEEN + "p q r s|", 15),
        # the best place, and the last of the best
        ("a b c d e, f g h i j k l m n o p q r", 5),
        ("a b c d, f g h i j k l m n o p q r s", 15),
        ("a b c d e, f g h i, j k l m n o p q r", 9),
        ("a b c d e f g h i j k l m n o, p q r", 15),
        ("a b c d e f g h i j k l m n o p, q r", 15),
        # a clause, then a connective, then an item of a list, then a word
        ("a b c d e, f g h i j because l m n o p q r", 5),
        ("a b c d e f g h i j because l m n o p q r", 10),
        ("a b c d e f g h i Because with l m n o p q r", 10),
        ("a b c d e f g h i+ because k l m n o p q r", 15),
        ("a b c d e f, g, h, i, j, k, l, m, n, o, p, q, r, s,", 15),
        ("a b c d e f, g, or h i j k l m n o p q r", 7),
        ("a b c d e f, g, or h i j because l m n o p q r", 11),
        ("a b c d e because f, g, or h i j k l m n o p q", 5),
        ("a b c d e f g h i j k l m, n, o p q, r", 14),
        ("a b c d e f g h i j k l m n o+ p q r", 14),
    ],
)
def test_a_long_sentence_is_cut(text: str, expected: int | None) -> None:
    assert cut(text, first=False) == expected


@pytest.mark.parametrize("hopeful", [False, True])
def test_the_limit_is_set_and_ideographs_count_half(hopeful: bool) -> None:
    settings = ChunkSettings(max_words=2)
    assert cut("a b c d e", first=False, hopeful=hopeful, settings=settings) == 2
    assert cut("a~ b~ c~ d~ e~ f~ g", first=False, hopeful=hopeful, settings=settings) == 4
    settings = ChunkSettings(max_words=1)
    assert cut("a b c d", first=False, hopeful=hopeful, settings=settings) == 1


@pytest.mark.parametrize("wrong", [{"max_words": 0}, {"first_clause_words": 0}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        ChunkSettings(**wrong)  # type: ignore[arg-type]
