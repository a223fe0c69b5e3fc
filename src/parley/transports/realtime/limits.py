"""How much a client may send."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one connection. Beyond them it is told so and closed."""

    events_per_s: float = 500.0
    """Events in the long run. A browser that sends each 128 samples sends 375."""

    events_at_once: int = 1000
    """Events beyond that which may come in one burst."""

    backlog_s: float = 20.0
    """So much more audio than time has passed may be sent, in seconds."""

    idle_s: float = 30.0
    """A connection without audio is kept for so many seconds."""

    write_s: float = 5.0
    """One event may take so many seconds to be sent."""

    queue_bytes: int = 1_000_000
    """So many bytes may wait to be sent: about 15 s of audio."""


class Allowance:
    """Something that may be spent at `per_s` in the long run, and `burst` at once."""

    def __init__(self, per_s: float, burst: float, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at = now

    def spend(self, amount: float, now: float) -> bool:
        """Take `amount`; False where there is not so much left."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
