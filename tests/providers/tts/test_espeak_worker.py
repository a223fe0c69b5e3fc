from collections.abc import Sequence

from parley.providers.tts.espeak_worker import WORD, Aligner

TONE = b"\x01\x02"

Said = tuple[str, int, int]


def align(
    text: str, events: Sequence[tuple[int, int, int]], pcm: bytes
) -> tuple[list[Said], list[bytes]]:
    """Words as (text, first sample, end) and the pieces of audio, one sample at a time."""
    parts: list[bytes] = []
    aligner = Aligner(text, parts.append)
    heard = 0
    for position, length, sample in events:
        aligner.audio(pcm[2 * heard : 2 * sample + 2])
        heard = max(heard, sample + 1)
        aligner.word(position, length, sample)
    aligner.audio(pcm[2 * heard :])
    aligner.finish()
    words, pieces = [], []
    for part in parts:
        start, end, begin, stop = WORD.unpack_from(part)
        words.append((text[start:end], begin, stop))
        pieces.append(part[WORD.size :])
    return words, pieces


def said(text: str, events: Sequence[tuple[int, int, int]]) -> list[str]:
    return [word for word, _, _ in align(text, events, TONE * 100)[0]]


def test_each_word_comes_with_its_own_audio_and_none_is_lost() -> None:
    pcm = bytes(range(2, 200))
    words, pieces = align("one two three", [(1, 3, 0), (5, 3, 30), (9, 5, 70)], pcm)
    assert words == [("one", 0, 30), ("two", 30, 70), ("three", 70, 99)]
    assert pieces == [pcm[:60], pcm[60:140], pcm[140:]]


def test_a_pause_belongs_to_no_word() -> None:
    pcm = TONE * 10 + bytes(40) + b"\x05\x00" * 10 + bytes(20)
    words, pieces = align("One, two.", [(1, 3, 0), (6, 3, 30)], pcm)
    assert words == [("One,", 0, 10), ("two.", 30, 40)]
    assert b"".join(pieces) == pcm


def test_audio_before_the_first_word_is_kept() -> None:
    words, pieces = align("¿qué?", [(2, 3, 20)], bytes(40) + TONE * 20)
    assert words == [("qué?", 20, 40)]
    assert pieces == [bytes(40) + TONE * 20]


def test_a_number_read_as_several_words_is_one() -> None:
    events = [(1, 2, 0), (4, 4, 10), (5, 4, 20), (5, 4, 30), (9, 3, 50)]
    assert said("is 1234 fun", events) == ["is", "1234", "fun"]
    assert said("1,234 €", [(1, 2, 0), (2, 2, 5), (3, 4, 9), (4, 4, 15), (7, 1, 30)]) == [
        "1,",
        "234",
        "€",
    ]


def test_a_word_takes_in_what_follows_it_up_to_a_blank_or_the_next_word() -> None:
    assert said("don't go!", [(1, 3, 0), (7, 2, 9)]) == ["don't", "go!"]
    assert said("你好世界。", [(1, 1, 0), (3, 1, 10), (4, 1, 20)]) == ["你好", "世", "界。"]
    assert said('say "hi"', [(1, 3, 0), (6, 2, 9)]) == ["say", 'hi"']


def test_events_of_blanks_and_beyond_the_text_prolong_the_word() -> None:
    words, _ = align("👋 hi", [(1, 1, 0), (2, 1, 5), (3, 2, 10), (5, 3, 15)], TONE * 20)
    assert words == [("👋", 0, 10), ("hi", 10, 20)]


def test_where_nothing_is_said_there_is_nothing_to_hear() -> None:
    assert align("...", [], bytes(300)) == ([], [])
    assert align("   ", [(1, 1, 0)], bytes(300)) == ([], [])


def test_samples_never_run_backwards() -> None:
    words, pieces = align("a b c", [(1, 1, 0), (3, 1, 50), (5, 1, 40)], TONE * 60)
    assert words == [("a", 0, 50), ("b", 50, 50), ("c", 50, 60)]
    assert b"".join(pieces) == TONE * 60
