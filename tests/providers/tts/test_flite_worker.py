"""Words, cuts and files, without the library."""

from pathlib import Path

import pytest

from parley.providers.tts import flite_worker
from parley.providers.tts.flite_worker import (
    COUNT,
    WORD,
    Cutter,
    Flite,
    Said,
    Word,
    find_voices,
    folders,
    place,
)

SECOND = 16_000
LEAD_IN = 320


def placed(text: str, said: list[Said]) -> list[str]:
    return [text[start:end] for start, end, _, _ in place(text, said)]


def tokens(*names: str) -> list[Said]:
    return [(name, number + 0.5, number + 1.0) for number, name in enumerate(names)]


def cut(words: list[Word], pieces: list[bytes], pause: int = 0) -> list[tuple[list[Word], bytes]]:
    """What is sent: words with their samples, and audio."""
    parts: list[bytes] = []
    cutter = Cutter(list(words), pause, parts.append)
    start = 0
    for pcm in pieces:
        cutter.audio(start, pcm)
        start += len(pcm) // 2
    cutter.finish()
    sent = []
    for part in parts:
        (count,) = COUNT.unpack_from(part)
        end = COUNT.size + count * WORD.size
        sent.append((list(WORD.iter_unpack(part[COUNT.size : end])), part[end:]))
    return sent


def ramp(samples: int, start: int = 0) -> bytes:
    """Samples that say where they are."""
    return b"".join((number % 30_000).to_bytes(2, "little") for number in range(start, samples))


def test_words_are_found_in_their_order() -> None:
    words = place("one two one", [("one", 0.0, 0.5), ("two", 0.5, 1.0), ("one", 1.25, 2.0)])
    assert words == [(0, 3, 0, 8_000), (4, 7, 8_000, 16_000), (8, 11, 20_000, 32_000)]


def test_a_word_takes_in_what_follows_it_up_to_a_blank_or_the_next_word() -> None:
    text = '"Hello," (she said): a-b.'
    assert placed(text, tokens("Hello", "she", "said", "a-b")) == [
        'Hello,"',
        "she",
        "said):",
        "a-b.",
    ]
    assert placed("one(two)", tokens("one", "two")) == ["one(", "two)"]


def test_what_is_not_heard_is_no_word() -> None:
    text = "yes - no . *"
    said = [("yes", 0.0, 0.5), ("-", 0.0, 0.0), ("no", 0.5, 1.0), (".", 0.0, 0.0), ("*", 1.0, 1.5)]
    assert placed(text, said) == ["yes", "no", "*"]


def test_a_token_that_is_not_in_the_text_is_left_out() -> None:
    assert placed("one two", tokens("one", "three", "two")) == ["one", "two"]


def test_silence_before_the_first_word_is_left_out_and_the_pause_is_limited() -> None:
    audio = ramp(SECOND)
    word = (0, 3, 4_000, 8_000)
    assert cut([word], [audio]) == [([(0, 3, LEAD_IN, LEAD_IN + 4_000)], audio[2 * 3_680 : 16_000])]
    ((_, longer),) = cut([word], [audio], pause=100)
    assert longer == audio[2 * 3_680 : 2 * 8_100]
    ((_, rest),) = cut([word], [audio], pause=SECOND)
    assert rest == audio[2 * 3_680 :]


def test_words_come_with_the_audio_in_which_they_begin() -> None:
    audio = ramp(1_000)
    pieces = [audio[offset : offset + 400] for offset in range(0, 2_000, 400)]
    words = [(0, 1, 100, 450), (2, 3, 450, 500), (4, 5, 500, 900)]
    sent = cut(words, pieces)
    assert [[word[0] for word in found] for found, _ in sent] == [[0], [], [2, 4], [], []]
    assert b"".join(pcm for _, pcm in sent) == audio[: 2 * 900]


def test_the_first_word_may_begin_at_once() -> None:
    assert cut([(0, 1, 0, 10)], [ramp(10)]) == [([(0, 1, 0, 10)], ramp(10))]


def test_where_nothing_is_said_there_is_nothing_to_hear() -> None:
    assert cut([], [ramp(1_000)], pause=500) == []


def test_words_for_which_no_audio_came_are_at_its_end() -> None:
    sent = cut([(0, 1, 0, 50), (2, 3, 150, 200)], [ramp(100)])
    assert sent == [([(0, 1, 0, 50)], ramp(100)), ([(2, 3, 100, 100)], b"")]


def test_voices_are_found_by_their_files_and_the_best_one_is_first(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, name in [
        (first, "libflite_cmu_us_kal16.so.1"),
        (first, "libflite_cmu_us_clb.so"),
        (first, "libflite_cmu_us_kal.so.1"),  # 8 kHz
        (first, "libflite_cmu_time_awb.so.1"),  # can tell the time only
        (first, "libflite_cmu_us_rms.so.2.2"),
        (first, "libflite_cmu_us_rms.a"),
        (second, "libflite_cmu_us_slt.1.dylib"),
        (second, "libflite_cmu_us_kal16.so.1"),
    ]:
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    found = find_voices([first, tmp_path / "nowhere", second])
    assert list(found) == ["slt", "kal16", "clb"]
    assert found["kal16"] == first / "libflite_cmu_us_kal16.so.1"


def test_named_folders_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/one:/opt/two")
    found = folders()
    assert found[:2] == [Path("/opt/one"), Path("/opt/two")]
    assert Path("/usr/lib") in found
    assert Path() not in found


def test_without_a_voice_the_library_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flite_worker, "find_voices", dict)
    with pytest.raises(OSError, match="no voice of flite is installed"):
        Flite()
