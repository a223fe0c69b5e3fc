"""Tells what cannot be echo: what is louder than all that can be left of it. Pure.

How much is left of an echo is known from how much was taken out, and that only once the
linear filter has learnt the room.
"""

from parley.audio.adaptive import BLOCK
from parley.audio.formats import INBOUND

WARM_UP_BLOCKS = 500
"""Blocks with sound from the loudspeaker (5 s) in which the filters are still learning."""

COLD_BLOCKS = 100
"""The first of them, in which nothing is known yet of the echo's level."""

COLD_MARGIN_DB = 3.0
"""So much louder than the loudspeaker somebody has to be then."""

VOICE_MARGIN_DB, MARGIN_DB, WARM_UP_MARGIN_DB = 14.0, 12.0, 6.0
"""What is so far below the echo that was taken out may be what is left of it: by the linear
filter, in the band of the voice; by AEC3; by either during the warm-up."""

ECHO_DECAY_DB_PER_S = 60.0
"""How fast an echo dies away at least: a room with a reverberation time of one second."""

SMOOTHING = 1 / 3
HOLD_BLOCKS, HOLD_DB = 6, 6.0
"""How fast the gate follows the level; how long it stays open after a caller was louder than
what the echo explains, and how much softer they may be then."""

SETTLE_BLOCKS = 30
"""After a silence the room, or a clock, may be another: for so many active blocks (0.3 s) what the
linear filter leaves is not believed."""

STOP_BLOCKS = 15
"""So long (0.15 s) neither when it stops or starts at once, as a pause does: what is said to be
played is some 20 ms ahead, so what was not played after all is taken from the sound as an echo,
and the first that is played is not known to be one."""

LOUDEST_DECAY_DB_PER_S = 6.0
"""After such a start nothing passes that is softer than the loudest echo of late, which is
forgotten so fast: an echo that is not known may be as loud."""

VOICE_SOFTEST_DBFS, SOFTEST_DBFS = -50.0, -60.0
"""Nobody who speaks over an echo is softer, in the band of the voice; and after AEC3."""

ACTIVE_DBFS, SILENT_DBFS = -50.0, -70.0
"""A loudspeaker that is louder than the one is active; a gate closes to the other."""


def _power_of(decibels: float) -> float:
    return float(10 ** (decibels / 10))


ACTIVE, SILENT = _power_of(ACTIVE_DBFS), _power_of(SILENT_DBFS)
_WARM_UP, _COLD, _HOLD = (_power_of(d) for d in (-WARM_UP_MARGIN_DB, COLD_MARGIN_DB, -HOLD_DB))
_DECAY, _LOUDEST_DECAY = (
    10 ** (-decibels / 10 * BLOCK / INBOUND.sample_rate)
    for decibels in (ECHO_DECAY_DB_PER_S, LOUDEST_DECAY_DB_PER_S)
)


class EchoGate:
    """Tells what cannot be echo, block by block. Powers are of 1 at full scale."""

    def __init__(self, margin_db: float, softest_dbfs: float, *, doubts: bool = False) -> None:
        """`doubts`: it is for what the linear filter leaves."""
        self._doubts = doubts
        self._settling = self._stopping = self._starting = 0
        self._played = False
        self._margin, self._softest = _power_of(-margin_db), _power_of(softest_dbfs)
        self._far = self._echo = self._loudest = self._level = 0.0
        self._active = 0
        self._open = 0

    def forget(self) -> None:
        """The filter begins to learn anew: so does this."""
        self._active = 0

    def lets(self, far: float, echo: float, left: float, *, believed: bool = True) -> bool:
        """Whether a block of power `left` may pass.

        `far` is the power of what was played, `echo` that of the echo that was taken out;
        `believed`: the filter knows the echo's path well.
        """
        self._far = max(far, self._far * _DECAY)
        self._echo = max(echo, self._echo * _DECAY)
        self._loudest = max(echo, self._loudest * _LOUDEST_DECAY)
        self._level += SMOOTHING * (left - self._level)
        self._active += far > ACTIVE
        self._settle(far)
        if self._far < SILENT:
            return True
        explained = self._explained()
        self._open = HOLD_BLOCKS if self._level > explained else self._open - 1
        is_open = self._open > 0 and self._level > explained * _HOLD
        return is_open and not (self._doubts and self._is_doubtful(believed))

    def _is_doubtful(self, believed: bool) -> bool:
        return not believed or self._settling + self._stopping + self._starting > 0

    def _settle(self, far: float) -> None:
        """Count how long after silence, and after a sudden change, the filter is not believed."""
        stops, starts = self._played and far == 0.0, not self._played and far > ACTIVE
        self._played = far > 0.0
        self._stopping = STOP_BLOCKS if stops else max(0, self._stopping - 1)
        self._starting = STOP_BLOCKS if starts else max(0, self._starting - 1)
        if self._far < SILENT:
            self._settling = SETTLE_BLOCKS
        elif far > ACTIVE:
            self._settling = max(0, self._settling - 1)

    def _explained(self) -> float:
        """The power that what is left of the echo may have."""
        left = self._echo * (_WARM_UP if self._active < WARM_UP_BLOCKS else self._margin)
        cold = self._far * _COLD if self._active < COLD_BLOCKS else 0.0
        unknown = self._loudest if self._starting else 0.0
        return max(left, cold, unknown, self._softest)
