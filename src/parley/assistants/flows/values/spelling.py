"""The name that was probably spelled: recognisers take letters for others that sound alike."""

from collections.abc import Iterable

_SOUND_ALIKE = ("bcdegptvz", "flmnsx", "ahjk", "iy", "qu")
"""Letters whose names differ in one sound."""

_CLASS = {letter: sound for sound in _SOUND_ALIKE for letter in sound}

_CONFUSED, _OTHER, _MISSED = 0.4, 1.0, 0.8
"""What it costs to take a letter for one that sounds like it, for any other, or for none."""

MOST = 0.4
"""What each letter of a name may cost on average for it to be the one."""


def likely(letters: str, names: Iterable[str]) -> str | None:
    """The name that these letters were most probably meant to be; None if none is close."""
    best: tuple[float, str] | None = None
    heard = set(letters)
    for name in names:
        most = MOST * len(name) if best is None else min(best[0], MOST * len(name))
        strange = max(len(heard.difference(name)), len(set(name) - heard))
        if max(abs(len(name) - len(letters)) * _MISSED, strange * _CONFUSED) > most:
            continue  # it costs at least so much
        cost = _cost(letters, name, most)
        if cost <= most and (best is None or (cost, name) < best):
            best = cost, name
    return best[1] if best else None


def _cost(heard: str, meant: str, most: float) -> float:
    """The least that it costs to hear the one for the other; any more than `most` where it is."""
    row = [_MISSED * n for n in range(len(meant) + 1)]
    for count, letter in enumerate(heard, 1):
        last, row = row, [_MISSED * count]
        for n, wanted in enumerate(meant):
            row.append(
                min(last[n] + _instead(letter, wanted), last[n + 1] + _MISSED, row[n] + _MISSED)
            )
        if min(row) > most:
            return min(row)
    return row[-1]


def _instead(letter: str, wanted: str) -> float:
    if letter == wanted:
        return 0.0
    return _CONFUSED if wanted in _CLASS.get(letter, "") else _OTHER
