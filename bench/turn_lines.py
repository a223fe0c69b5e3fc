"""The lines on which the end of a turn is measured: clean, noise, babble, telephone, room, echo.

Signal-to-noise ratios are relative to the active level of the speech (ITU-T P.56). Babble
is six speakers who are not the caller. Everything is the same in every run.
"""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import utterances
from parley.audio.echo import is_installed
from parley.sim import acoustics
from scripted import work
from turn_echo import echoed
from turn_trials import TurnTrial
from utterances import Audio

NOISE_SNR_DB = 10.0
BABBLE_SNR_DB = (10.0, 5.0)
VOICES = 6
SPOKEN = ("transcribed", "accented", "speakers")

Line = Callable[[TurnTrial, Audio], Audio]


def lines(folder: Path) -> dict[str, Line]:
    """All lines by name, the clean one first."""
    items = utterances.manifest(folder)
    beds = [item for item in items if item["category"] == "noise"]
    rooms = [item for item in items if item["category"] == "rir"]
    found: dict[str, Line] = {"clean": lambda trial, audio: audio}
    found["telephone"] = lambda trial, audio: acoustics.telephone(audio)
    voices = _voices(folder)
    for snr_db in BABBLE_SNR_DB:
        found[f"babble {snr_db:g} dB"] = _babble(voices, snr_db)
    for item in beds:
        found[f"noise {Path(item['file']).stem}"] = _noise(folder, item["file"])
    for item in rooms[:1]:
        found["room"] = _room(folder, item["file"])
    if is_installed():
        found["echo"] = lambda trial, audio: echoed(audio, work.LEAD, _seed(trial))
    return found


def heard(trial: TurnTrial, line: Line) -> bytes:
    """All that Parley gets of a trial."""
    audio = np.frombuffer(trial.pcm, "<i2")
    return line(trial, audio).astype("<i2").tobytes()


def _read(folder: Path, file: str) -> Audio:
    return np.frombuffer(utterances.read_recording(folder / file).pcm, "<i2")


def _seed(trial: TurnTrial) -> int:
    return zlib.crc32(f"{trial.name} {trial.pause}".encode())


def _noise(folder: Path, file: str) -> Line:
    bed = _read(folder, file)
    return lambda trial, audio: acoustics.add_noise(audio, bed, NOISE_SNR_DB, seed=_seed(trial))


def _room(folder: Path, file: str) -> Line:
    impulse = _read(folder, file)
    return lambda trial, audio: acoustics.reverberate(audio, impulse)


def _voices(folder: Path) -> Sequence[tuple[str, Audio]]:
    items = [item for item in utterances.manifest(folder) if item["category"] in SPOKEN]
    return [(Path(item["file"]).stem, utterances.load(folder, item)) for item in items]


def _babble(voices: Sequence[tuple[str, Audio]], snr_db: float) -> Line:
    def line(trial: TurnTrial, audio: Audio) -> Audio:
        dice = np.random.default_rng(_seed(trial))
        others = [voice for name, voice in voices if name != trial.name]
        chosen = [others[n] for n in dice.choice(len(others), VOICES, replace=False)]
        bed = acoustics.babble(chosen, len(audio), _seed(trial) % 1000)
        return acoustics.add_noise(audio, bed, snr_db, seed=0)

    return line
