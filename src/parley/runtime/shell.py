"""Drives a conversation: one bounded inbox, one timer, one place where actions go out."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from parley.core.actions import Action
from parley.core.conversation import Conversation
from parley.core.events import EndRequested, Event, Heard, ReplyUsed, Tick
from parley.core.reasons import EndReason

log = logging.getLogger(__name__)

INBOX_LIMIT = 1000
"""Facts that may wait. Beyond it progress reports are left out; anything else ends the call."""

Dispatch = Callable[[Action], None]
Observe = Callable[[float, Event, Sequence[Action]], None]


class Shell:
    """Tells a conversation its facts, one at a time, and has its wishes carried out.

    `dispatch` gets every action, in order; `observe` every step. Both return at once
    and may post. `crashed` is called when the core or the dispatch is broken.
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        dispatch: Dispatch,
        observe: Observe,
        crashed: Callable[[], None],
    ) -> None:
        self.conversation = conversation
        self._dispatch = dispatch
        self._observe = observe
        self._crashed = crashed
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        self._inbox: deque[Event] = deque()
        self._draining: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._passed = 0.0
        self._closed = False

    def now(self) -> float:
        """The call's clock: seconds since the shell was made."""
        return self._loop.time() - self._origin

    def post(self, event: Event) -> None:
        """Hand over a fact; it is dealt with as soon as the event loop turns."""
        if self._closed:
            return
        if len(self._inbox) >= INBOX_LIMIT:
            if isinstance(event, Heard):
                return
            log.error("a call's inbox is full; the call ends")
            self._inbox.clear()
            event = EndRequested(EndReason.OVERLOADED)
        self._inbox.append(event)
        if self._draining is None:
            self._draining = self._loop.call_soon(self.drain)

    def drain(self) -> None:
        """Deal with all facts that wait."""
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None
        try:
            while self._inbox:
                self._step(self._inbox.popleft())
        except Exception:
            log.exception("a call's core is broken; the call ends")
            crashed = self._crashed
            self.close()
            crashed()
            return
        self._arm()

    def close(self) -> None:
        """Deal with nothing more, and let go of the call: no cycle is left to be collected."""
        self._closed = True
        self._dispatch = self._observe = self._crashed = _ignore
        self._inbox.clear()
        for handle in (self._timer, self._draining):
            if handle is not None:
                handle.cancel()
        self._timer = self._draining = None

    def _step(self, event: Event) -> None:
        if self.conversation.ended and not isinstance(event, ReplyUsed):
            return  # what a reply has cost is known when the end has cut it off
        now = max(self.now(), self._passed)
        actions = self.conversation.handle(event, now)
        self._observe(now, event, actions)
        for action in actions:
            self._dispatch(action)

    def _arm(self) -> None:
        deadline = self.conversation.next_deadline()
        if deadline == self._deadline and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._deadline = deadline
        if deadline is not None:
            self._timer = self._loop.call_at(self._origin + deadline, self._tick)

    def _tick(self) -> None:
        """Timers may fire early by what the loop's clock resolves."""
        self._timer = None
        self._passed = self._deadline or 0.0
        self.post(Tick())
        self.drain()


def _ignore(*_: object) -> None:
    """What a closed shell does with everything."""
