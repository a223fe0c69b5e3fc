"""Where speech begins and ends, in audio time, from one call's VAD windows. Pure.

A window that is likely to hold speech begins an utterance at once: later stages
confirm it. The voice activity model lets go about 0.1 s after the voice has ended,
so the end is looked for in the sound's level: the last part of a window that is
neither far below the utterance's level nor close to the noise. Speech of others in the
background begins no utterance, and an utterance ends when only they are heard
(`parley.speech.nearness`).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from parley.audio.formats import INBOUND
from parley.speech.nearness import LIKELY, UNLIKELY, Nearness

WINDOW = 512
"""Samples that are judged at a time."""

QUIET_DBFS = -70.0
"""The noise floor that is assumed before anything was heard."""

FLOOR_RATE = 0.2
LEVEL_RATE = 0.1
"""How far one window moves the noise floor and the utterance's level, 0 to 1."""

ONSET_WINDOWS = 5
"""An onset lies at most this many windows back: 0.16 s, the length of an /s/."""

DIGITAL_DBFS = -95.0
"""Below that nothing was recorded: on a line that is not that silent by itself, it was lost."""

STEADY_S = 0.12
"""After less voice one quiet window may be the stop of a consonant with which a word begins."""

FLOOR_WINDOWS = 10
"""After so many windows the noise floor is known well enough for a faint utterance."""

FAINT_WINDOWS = 5
"""A faint utterance is told so many windows later (0.16 s): a word may become clear meanwhile."""

FAINT_AFTER_S = 1.0
"""A faint utterance begins no sooner after another: that may be no more than its last breath."""

GAP = 256
"""Quiet of so many samples (16 ms) parts an onset from what was before."""

OFFSET_WINDOWS = 8
"""An offset lies at most this many windows back, or before those that are not near: the model's
hang-over is 0.2 s at most."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is known of 512 samples of `parley.audio.formats.INBOUND`.

    `probability` of speech, 0 to 1. `rms_dbfs` is the level, 0 for a full-scale
    square wave; `quarters_dbfs` the levels of equal parts in order, empty where
    unknown. `end_sample` counts from the stream's first sample. `single` is what
    `parley.speech.crowd` says of it, None where it is not asked.
    """

    probability: float
    rms_dbfs: float
    end_sample: int
    quarters_dbfs: tuple[float, ...] = ()
    single: float | None = None


@dataclass(frozen=True, slots=True)
class SpeechOnset:
    """The caller began to speak: `at` is the first voiced sample."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechOffset:
    """The caller fell silent: `at` is the end of the last voiced sample."""

    at: int


SpeechEdge = SpeechOnset | SpeechOffset


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """When speech begins and ends."""

    onset_probability: float = LIKELY
    """A window that holds speech with this probability begins an utterance."""

    offset_probability: float = 0.25
    """A window below this probability may end one."""

    offset_windows: int = 2
    """So many of them in a row do end it. Of a voice that has lasted one is enough in which nothing
    is as loud as voice."""

    level_range_db: float = 22.0
    """Sound further below the utterance's level than this is not voice."""

    noise_margin_db: float = 5.0
    """Sound less above the noise floor than this is not voice."""

    faint_probability: float = 0.06
    faint_db: float = 30.0
    """Two windows of that probability, so far above the noise floor, begin an utterance where a
    faint one is listened for: over a telephone a short word may sound little like speech."""

    far_windows: int = 10
    """So many windows in a row that are not near end an utterance, although they are speech."""


class SpeechDetector:
    """Turns one stream's windows into edges. Edges never go back in time.

    `speaking`: an utterance is open. `voiced_s`: seconds of voice in it, or in the
    last one. `listens_for_faint`: a short answer is awaited, and may be a faint one.
    """

    def __init__(
        self, settings: DetectorSettings | None = None, *, listens_for_faint: bool = False
    ) -> None:
        self.speaking = False
        self.voiced_s = 0.0
        self.listens_for_faint = listens_for_faint
        self._settings = settings or DetectorSettings()
        kept = OFFSET_WINDOWS + self._settings.far_windows
        self._recent: deque[Window] = deque(maxlen=kept)  # newest first
        self._nearness = Nearness()
        self._far = 0
        self._floor = QUIET_DBFS
        self._level = QUIET_DBFS
        self._unlikely = 0
        self._faint = 0
        self._last_edge = 0

    def feed(self, window: Window) -> SpeechEdge | None:
        """Take the next window; the edge that it reveals, if any."""
        self._recent.appendleft(window)
        near = self._nearness.feed(window.probability, window.rms_dbfs)
        self._far = 0 if near else self._far + 1
        edge = self._while_speaking(window) if self.speaking else self._while_silent(window)
        if edge:
            self._last_edge = edge.at
        return edge

    def _while_silent(self, window: Window) -> SpeechOnset | None:
        if window.probability < UNLIKELY:
            self._floor += FLOOR_RATE * (window.rms_dbfs - self._floor)
        if self._far:
            return None
        if window.probability >= self._settings.onset_probability:
            return self._begin(1)
        return self._begin(FAINT_WINDOWS + 2) if self._is_faint_voice() else None

    def _begin(self, windows: int) -> SpeechOnset:
        """An utterance begins, of which there were so many windows."""
        self.speaking = True
        self.voiced_s = 0.0
        self._unlikely = self._faint = 0
        known = list(islice(self._recent, windows))
        self._level = max(window.rms_dbfs for window in known)
        for window in known:
            self._count(window)
        return SpeechOnset(max(self._first_voiced(windows - 1), self._last_edge))

    def _is_faint_voice(self) -> bool:
        """Whether what was far louder than the noise, after silence, was not said any clearer."""
        if self._faint == 0 and self.listens_for_faint and self._may_be_voice():
            self._faint = FAINT_WINDOWS
        elif self._faint:
            self._faint -= 1
            return self._faint == 0
        return False

    def _may_be_voice(self) -> bool:
        it, newest = self._settings, list(islice(self._recent, 2))
        since = newest[0].end_sample - self._last_edge
        soon = self._last_edge > 0 and since < FAINT_AFTER_S * INBOUND.sample_rate
        if soon or len(self._recent) < FLOOR_WINDOWS:
            return False
        return all(
            window.rms_dbfs >= self._floor + it.faint_db
            and window.probability >= it.faint_probability
            for window in newest
        )

    def _while_speaking(self, window: Window) -> SpeechOffset | None:
        if window.probability >= self._settings.onset_probability:
            self._level += LEVEL_RATE * (window.rms_dbfs - self._level)
            self._count(window)
        unlikely = window.probability < self._settings.offset_probability
        self._unlikely = self._unlikely + 1 if unlikely else 0
        lasted = self.voiced_s >= STEADY_S
        enough = 1 if lasted and self._is_quiet(window) else self._settings.offset_windows
        if self._unlikely >= enough:
            return self._end(self._unlikely)
        return self._end(self._far) if self._far >= self._settings.far_windows else None

    def _end(self, after: int) -> SpeechOffset:
        self.speaking = False
        return SpeechOffset(max(self._last_voiced(after), self._last_edge))

    def _count(self, window: Window) -> None:
        if window.rms_dbfs >= self._threshold():
            self.voiced_s += WINDOW / INBOUND.sample_rate

    def _is_quiet(self, window: Window) -> bool:
        levels = window.quarters_dbfs or (window.rms_dbfs,)
        is_lost = min(levels) < DIGITAL_DBFS < self._floor
        return not is_lost and max(levels) < self._threshold()

    def _threshold(self) -> float:
        """The least level of voice, in dBFS."""
        above_noise = self._floor + self._settings.noise_margin_db
        return max(above_noise, self._level - self._settings.level_range_db)

    def _first_voiced(self, windows: int) -> int:
        """Back from so many windows ago, over loud parts, to where only quiet lies before them."""
        threshold, first = self._threshold(), None
        for start, _, level in _parts(islice(self._recent, windows, windows + ONSET_WINDOWS)):
            if level >= threshold:
                first = start
            elif first is not None and first - start >= GAP:
                break
        return self._recent[windows].end_sample - WINDOW if first is None else first

    def _last_voiced(self, after: int) -> int:
        """Back to a loud part before the last windows; else the model's word counts."""
        threshold = self._threshold()
        back = OFFSET_WINDOWS - self._settings.offset_windows
        for _, end, level in _parts(islice(self._recent, after, after + back)):
            if level >= threshold:
                return end
        return self._recent[0].end_sample - after * WINDOW


def _parts(windows: Iterator[Window]) -> Iterator[tuple[int, int, float]]:
    """Start, end and level of each part of the windows, newest first."""
    for window in windows:
        levels = window.quarters_dbfs or (window.rms_dbfs,)
        size = WINDOW // len(levels)
        end = window.end_sample
        for level in reversed(levels):
            yield end - size, end, level
            end -= size
