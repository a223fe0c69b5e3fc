"""Consent that a caller gives during a call, recorded by one of the assistant's tools."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial

from parley.core.voicing import SAME_SPEAKER
from parley.errors import ToolError

Record = Callable[[str, bool, str], None]

_record: ContextVar[Record | None] = ContextVar("parley_consent", default=None)


def record_consent(evidence: str, *, what: str = SAME_SPEAKER, given: bool = True) -> None:
    """Record that the caller of this call has consented, or with `given` False has taken it back.

    Called by a tool while it runs, in any thread: a tool runs for replies that count only, so
    no speculation ever consents. `evidence` says how it is known, and stays in the trace: the
    caller's words, the question, a reference. `what`: "same_speaker", that their voice may be
    compared with the beginning of the call. Raises ToolError outside a tool, or where there is
    no evidence.
    """
    record = _record.get()
    if record is None:
        raise ToolError("there is no call to record a consent in", remedy="Call it in a tool.")
    if what != SAME_SPEAKER or not evidence.strip():
        raise ToolError(
            "a consent was not recorded",
            remedy=f'Say to what ("{SAME_SPEAKER}"), and how it is known (evidence).',
        )
    record(what, given, evidence)


@contextmanager
def consenting(record: Record) -> Iterator[None]:
    """What runs in the block may record consents in one call; `record` runs in its event loop."""
    loop = asyncio.get_running_loop()
    token = _record.set(lambda *consent: _hand_over(loop, partial(record, *consent)))
    try:
        yield
    finally:
        _record.reset(token)


def _hand_over(loop: asyncio.AbstractEventLoop, record: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop was closed meanwhile: the call is over
        loop.call_soon_threadsafe(record)
