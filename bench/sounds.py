"""What a caller utters while the agent speaks: real interruptions, listeners, noises, beds.

Sound is int16 at 16 kHz. A typical caller's voice has -26 dBFS; everything else is levelled
to that. A listener's response has the level relative to its speaker's own that the corpus
gives, where it does. What is not known of the words stands in for them: "something".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

import utterances
from parley.audio.files import read_recording
from utterances import RATE, Audio

CALLER_DBFS = -26.0
LONGEST_S = 3.0
"""Of an utterance so much is said."""

KNOWN_S = 0.1
"""A recogniser knows a word so long after its end."""

CLOSES_S = 0.3
"""It closes a segment so long after the last one."""

SECTION_S = 30.0
GREETED = ", in the greeting"
BABBLE = {"babble": 8, "four voices": 4, "babble" + GREETED: 8, "four voices" + GREETED: 4}
"""Voices at once, by the name of the bed."""

BABBLES = 20
"""Half minutes of each."""

CROWDED, CROWDED_S, CROWDED_DB = "utterance in babble", 3.0, -10.0
"""What is said in a crowd, how long that is heard before, and how much softer it is."""

OVERLAID = "backchannel among another's words"
"""Of meetings: whose turn it is is heard in the same channel, and a recogniser recognises it."""

UTTERED = ("transcribed", "accented", "speakers", "spontaneous", "commands", "pause", "telephony")
LISTENING = ("yes", "right", "wow")
"""Short answers that a listener gives, too."""

BEDS_DB = (-10.0, -5.0)
"""The beds' levels relative to the caller's."""

ASIDE_DB = -12.0
"""Somebody else in the room, or a television."""

ECHO_DB = -20.0
"""What a canceller leaves of the agent's own voice."""

BACKCHANNEL_EVERY_S = 10.0

Text = tuple[float, str, bool]


@dataclass(frozen=True, slots=True)
class Uttered:
    """A sound, its first audible sample in seconds, and the recogniser's texts with their times.

    `half` splits the corpus by speaker or source: what is fitted is fitted on "a" only.
    `first`: it comes in the greeting, before anything was heard of the caller.
    """

    name: str
    group: str
    half: str
    audio: Audio
    onset: float
    texts: tuple[Text, ...] = ()
    first: bool = False


def all_of(folder: Path) -> Iterator[Uttered]:
    """Every sound of the corpus that is uttered once in a call."""
    for item in utterances.manifest(folder):
        category = item["category"]
        if category == "interruption":
            yield _interruption(folder, item)
        elif _is_uttered(item):
            yield _utterance(folder, item)
        elif category == "answer" and item["transcript"].isalpha():
            yield _answer(folder, item)
        elif category == "backchannel":
            yield from _backchannel(folder, item)
        elif category in ("human_nonspeech", "transient"):
            group = "transient" if category == "transient" else _noise(item)
            yield _placed(item, group, _levelled(read(folder, item), CALLER_DBFS))


def crowded(folder: Path) -> Iterator[Uttered]:
    """The utterances again, where eight others talk all the time."""
    english = [i for i in utterances.manifest(folder) if _is_uttered(i)]
    beds = {bed.half: bed.audio for bed in _babble(folder, english, "babble", 8)}
    for item in utterances.manifest(folder):
        if _is_uttered(item):
            one = _utterance(folder, item)
            before = round(CROWDED_S * RATE)
            bed = np.resize(beds["ab"[one.half == "a"]], before + len(one.audio))
            audio = _levelled(bed, CALLER_DBFS + CROWDED_DB).astype(np.int32)
            audio[before:] += one.audio
            texts = tuple((at + CROWDED_S, text, final) for at, text, final in one.texts)
            name, onset = f"{one.name} in babble", one.onset + CROWDED_S
            mixed = np.clip(audio, -32768, 32767).astype(np.int16)
            yield replace(one, name=name, group=CROWDED, audio=mixed, onset=onset, texts=texts)


def _is_uttered(item: dict[str, Any]) -> bool:
    return item["category"] in UTTERED and bool(item["transcript"]) and item["lang"] == "en"


def sections(folder: Path) -> Iterator[Uttered]:
    """Half minutes of noise, of babble, of somebody else, of echo and of listening."""
    items = utterances.manifest(folder)
    for item in items:
        if item["category"] == "noise":
            for level in BEDS_DB:
                bed = np.resize(read(folder, item), round(SECTION_S * RATE))
                yield _placed(item, "noise", _levelled(bed, CALLER_DBFS + level), f" {level:g} dB")
    english = [i for i in items if i["category"] in UTTERED and i["lang"] == "en"]
    for group, talkers in BABBLE.items():
        yield from _babble(folder, english, group, talkers)
    voices = [voice_of(folder, i) for i in english]
    dice = np.random.default_rng(4)
    for number in range(10):
        one = _row(voices, dice)
        yield _section("somebody else", number, _levelled(one, CALLER_DBFS + ASIDE_DB))
        yield _section("echo", number, _levelled(one, CALLER_DBFS + ECHO_DB))
    yield from _listening(folder, items)


def _babble(
    folder: Path, items: list[dict[str, Any]], group: str, talkers: int
) -> Iterator[Uttered]:
    """Ten minutes of so many voices at once, cut out of the middle of what they say.

    No speaker is heard in both halves.
    """
    voices = {h: [voice_of(folder, i) for i in items if half_of(i) == h] for h in "ab"}
    dice = np.random.default_rng(talkers)
    for number in range(BABBLES):
        level = BEDS_DB[number % 2]
        rows = [_row(voices["ab"[number // 2 % 2]], dice) for _ in range(talkers)]
        begun = [np.roll(row, dice.integers(len(row))) for row in rows]
        mix = np.sum(begun, axis=0, dtype=np.float64)
        section = _section(group, number, _levelled(mix, CALLER_DBFS + level))
        yield replace(section, first=group.endswith(GREETED))


def _listening(folder: Path, items: list[dict[str, Any]]) -> Iterator[Uttered]:
    """A listener who responds every ten seconds."""
    responses = [i for i in items if i["category"] == "backchannel" and not _is_overlaid(i)]
    found = [next(_backchannel(folder, item)) for item in responses]
    count = round(SECTION_S / BACKCHANNEL_EVERY_S)
    for number in range(len(found) // count):
        audio = np.zeros(round(SECTION_S * RATE), np.int16)
        texts: list[Text] = []
        for place, one in enumerate(found[number * count : (number + 1) * count]):
            begin = place * BACKCHANNEL_EVERY_S
            at = round(begin * RATE)
            audio[at : at + len(one.audio)] = one.audio
            texts += [(begin + t, text, final) for t, text, final in one.texts]
        name, half = f"listening {number}", "ab"[number % 2]
        yield Uttered(name, "listening", half, audio, 0.0, tuple(texts))


def opening(folder: Path) -> Audio:
    """What the caller says first, and has their level known by."""
    return _levelled(read(folder, _named(folder, "transcribed/arctic_a0024.wav")), CALLER_DBFS)


def _named(folder: Path, file: str) -> dict[str, Any]:
    return next(item for item in utterances.manifest(folder) if item["file"] == file)


def _interruption(folder: Path, item: dict[str, Any]) -> Uttered:
    labels = item["labels"]
    channel = labels["channels"].index("caller") if "channels" in labels else None
    audio = read(folder, item, channel)[round(labels["onset"] * RATE) :]
    audio = _levelled(audio[: round(LONGEST_S * RATE)], CALLER_DBFS)
    onset = _onset(audio)
    ends = onset + np.arange(0.4, len(audio) / RATE - onset, 0.4)
    sub = "takes floor" if labels["sub"] == "overlap_takes_floor" else "competes"
    texts = _spoken([(end, "something") for end in ends])
    return _placed(item, "interruption", audio, f" ({sub})", texts)


def _utterance(folder: Path, item: dict[str, Any]) -> Uttered:
    take = utterances.take(folder, item, "utterance")
    begin = max(0, take.spans[0][0] - RATE // 10)
    audio = _levelled(take.audio[begin : begin + round(LONGEST_S * RATE)], CALLER_DBFS)
    words = [(end - begin / RATE, w) for _, end, w in take.words]
    if not words:
        words = [(0.1 + 0.4 * n, "something") for n in range(1, 8)]
    texts = _spoken([word for word in words if word[0] <= len(audio) / RATE])
    return _placed(item, "utterance", audio, "", texts)


def _answer(folder: Path, item: dict[str, Any]) -> Uttered:
    audio = _levelled(read(folder, item), CALLER_DBFS)
    group = "listener's word" if item["transcript"] in LISTENING else "command"
    return _placed(item, group, audio, "", _spoken([(_end(audio), item["transcript"])]))


def _backchannel(folder: Path, item: dict[str, Any]) -> Iterator[Uttered]:
    level = (item["labels"] or {}).get("level_rel_db", 0.0)
    audio = _levelled(read(folder, item), CALLER_DBFS + level)
    texts = _spoken([(_end(audio), "mhm")])
    group = OVERLAID if _is_overlaid(item) else "backchannel"
    yield _placed(item, f"{group}, understood", audio, "", texts)
    yield _placed(item, f"{group}, no words", audio)


def _is_overlaid(item: dict[str, Any]) -> bool:
    return bool(item["labels"]["overlaps_other_speech"])


def _noise(item: dict[str, Any]) -> str:
    sound = item["labels"]["sound"]
    speech = sound in ("mumble", "whisper", "baby_cry")
    return f"other voice ({sound})" if speech else "cough, laugh, breath"


def _spoken(words: list[tuple[float, str]]) -> tuple[Text, ...]:
    """A partial text after each word, and the final one after the last."""
    texts = [
        (end + KNOWN_S, " ".join(w for _, w in words[: n + 1]), False)
        for n, (end, _) in enumerate(words)
    ]
    return (*texts, (words[-1][0] + CLOSES_S, texts[-1][1], True)) if words else ()


def _placed(
    item: dict[str, Any], group: str, audio: Audio, more: str = "", texts: tuple[Text, ...] = ()
) -> Uttered:
    name = Path(item["file"]).stem + more
    return Uttered(name, group, half_of(item), audio, _onset(audio), texts)


def half_of(item: dict[str, Any]) -> str:
    speaker = (item["speaker"] or item["source_path"] or item["file"]).split("_")[0]
    return "ab"[crc32(f"{speaker}{item['source_repo']}".encode()) % 2]


def _section(group: str, number: int, audio: Audio) -> Uttered:
    return Uttered(f"{group} {number}", group, "ab"[number // 2 % 2], audio, 0.0)


def _row(voices: list[Audio], dice: np.random.Generator) -> Audio:
    order = dice.permutation(len(voices))
    row = np.concatenate([voices[n] for n in order[:12]])
    return np.resize(row, round(SECTION_S * RATE))


def voice_of(folder: Path, item: dict[str, Any]) -> Audio:
    return _levelled(read(folder, item), CALLER_DBFS)


def read(folder: Path, item: dict[str, Any], channel: int | None = None) -> Audio:
    pcm = read_recording(folder / item["file"], channel).pcm
    return np.frombuffer(pcm, "<i2")


def _levels(audio: Audio) -> np.ndarray[Any, np.dtype[np.float64]]:
    frames = audio[: len(audio) // 160 * 160].reshape(-1, 160).astype(np.float64)
    return np.asarray(10 * np.log10((frames**2).mean(axis=1) / 32768**2 + 1e-12))


def _levelled(audio: Any, dbfs: float) -> Audio:
    levels = _levels(audio)
    loud = levels[levels > levels.max() - 30]
    now = 10 * np.log10((10 ** (loud / 10)).mean())
    scaled = audio.astype(np.float64) * 10 ** ((dbfs - now) / 20)
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def _onset(audio: Audio) -> float:
    """Where it is audible: the first of 50 ms that are well above the recording's own noise."""
    return float(_audible(audio)[0] / 100)


def _end(audio: Audio) -> float:
    return float((_audible(audio)[-1] + 5) / 100)


def _audible(audio: Audio) -> Any:
    levels = _levels(audio)
    noise = float(np.percentile(levels, 10)) + 10
    loud = levels > min(max(levels.max() - 25, noise), levels.max() - 12)
    lasting = np.convolve(loud, np.ones(5), "valid") >= 4
    return np.flatnonzero(lasting) if lasting.any() else np.flatnonzero(loud)
