"""Where a caller's audio comes from and goes to."""

from typing import Protocol

from parley.audio.formats import AudioFormat
from parley.audio.timing import Timing


class CallSide(Protocol):
    """The call, as its transport sees it. Every method returns at once."""

    def connected(self) -> None:
        """Media flows in both directions."""

    def audio(self, pcm: bytes, played: bytes | None = None) -> None:
        """The next audio from the caller, in the transport's input format.

        `played`: what the transport played meanwhile, in the same format and as long, where
        one clock drives both: the echo canceller needs no other account of it then.
        """

    def key(self, key: str) -> None:
        """The caller pressed a key of the key-pad: one of 0 to 9, * and #."""

    def talk(self) -> None:
        """Push-to-talk: the caller talks from now on."""

    def talked(self, *, wanted: bool = True) -> None:
        """Push-to-talk: the caller has finished; or takes back what they have said."""

    def stop(self) -> None:
        """The caller wants the agent to stop speaking."""

    def marked(self, name: str) -> None:
        """A mark came back: what was played before it was heard (or cleared)."""

    def drained(self) -> None:
        """The transport's own buffer has run empty, or its position has changed for good."""

    def disconnected(self) -> None:
        """The caller is gone."""


class Transport(Protocol):
    """One caller's connection.

    `play`, `clear`, `pause` and `resume` return at once. What `timing` says that the
    transport cannot do is never asked of it. Audio is in `output` format.
    """

    input: AudioFormat
    output: AudioFormat
    timing: Timing

    async def run(self, side: CallSide) -> None:
        """Carry the call until the caller is gone, or until cancelled.

        Raises TransportError when the connection breaks.
        """

    def play(self, pcm: bytes, marks: tuple[str, ...]) -> None:
        """Play after what was given before; then send the marks back."""

    def clear(self) -> None:
        """Throw away what was not played yet."""

    def pause(self) -> None:
        """Stop playing at this very sample."""

    def resume(self) -> None:
        """Go on from there."""

    def position(self) -> int:
        """Samples passed of all that were given to `play`; cleared ones count as passed."""

    async def close(self) -> None:
        """Hang up."""
