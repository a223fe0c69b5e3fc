"""What the end-of-turn model sees: Whisper's log-mel spectrogram of eight seconds.

The method is that of OpenAI's Whisper (`whisper/audio.py`; Radford et al. 2022, 2.2):
16 kHz, windows of 400 samples, a hop of 160, 80 triangular filters on Slaney's mel scale
with Slaney's norm (`librosa.filters.mel`), the logarithm cut off 80 dB below its peak and
scaled. Before it, the waveform gets zero mean and unit variance, as the publisher of Smart
Turn does it (`pipecat/audio/turn/smart_turn/_whisper_features.py` in pipecat-ai 1.14.0).
"""

from functools import cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
SAMPLES = 8 * SAMPLE_RATE
WINDOW = 400
HOP = 160
MELS = 80
FRAMES = SAMPLES // HOP

LEAST_VARIANCE = 1e-7
LEAST_POWER = 1e-10
RANGE = 8.0
"""Decades of power under the loudest value; what is fainter is raised to there."""

# Above 262144 multiplications OpenBLAS waits for threads on other cores.
_FRAMES_A_PRODUCT = 16

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


def log_mel(samples: Floats) -> Floats:
    """The features `[80, 800]`, about -1 to 1, of 128,000 samples at 16 kHz."""
    scaled = (samples - samples.mean()) / np.sqrt(samples.var() + LEAST_VARIANCE)
    padded = np.pad(scaled.astype(np.float64), WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:SAMPLES:HOP]
    window, filters = _constants()
    spectrum = np.fft.rfft(frames * window)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power.reshape(-1, _FRAMES_A_PRODUCT, WINDOW // 2 + 1) @ filters
    logarithm = np.log10(np.maximum(mel.reshape(FRAMES, MELS), LEAST_POWER))
    logarithm = np.maximum(logarithm, logarithm.max() - RANGE)
    return np.ascontiguousarray(((logarithm + 4) / 4).T, np.float32)


@cache
def _constants() -> tuple[Doubles, Doubles]:
    return np.hanning(WINDOW + 1)[:-1], mel_filters()


def mel_filters() -> Doubles:
    """`[201, 80]`: what each bin of the spectrum adds to each mel band.

    Triangles with their corners at equal distances in mel from 0 to 8 kHz, each of unit
    area over hertz, up to a factor of two.
    """
    corners = _hertz(np.linspace(0, _mel(SAMPLE_RATE / 2), MELS + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)[:, np.newaxis]
    low, middle, high = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles: Doubles = np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)
    return triangles


# Slaney's scale: linear up to 1 kHz, 15 mel; from there a factor of 6.4 is 27 mel.


def _mel(hertz: float) -> float:
    return 15 + 27 * float(np.log(hertz / 1000) / np.log(6.4)) if hertz > 1000 else hertz * 3 / 200


def _hertz(mel: Doubles) -> Doubles:
    return np.where(mel > 15, 1000 * 6.4 ** ((mel - 15) / 27), mel * 200 / 3)
