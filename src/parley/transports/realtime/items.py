"""The conversation's items, in order."""

from typing import Any

from parley.transports.realtime.wire import Event

Item = dict[str, Any]


def caller_item(identity: str, transcript: str | None) -> Item:
    """What the caller said in one turn."""
    return _message(identity, "user", "completed", "input_audio", transcript)


def agent_item(identity: str, status: str, transcript: str | None) -> Item:
    """What the agent said; `status` is "in_progress", "completed" or "incomplete"."""
    return _message(identity, "assistant", status, "output_audio", transcript)


def _message(identity: str, role: str, status: str, kind: str, transcript: str | None) -> Item:
    return {
        "id": identity,
        "object": "realtime.item",
        "type": "message",
        "role": role,
        "status": status,
        "content": [] if transcript is None else [{"type": kind, "transcript": transcript}],
    }


class Items:
    """All that was said. Each item knows the one before it."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._before: dict[str, str | None] = {}
        self._last: str | None = None

    @property
    def last(self) -> str | None:
        """The newest item."""
        return self._last

    def get(self, identity: str) -> Item | None:
        """The item of that name."""
        return self._items.get(identity)

    def added(self, item: Item) -> Event:
        """Put an item at the end."""
        identity = item["id"]
        self._before[identity] = self._last
        self._last = identity
        self._items[identity] = item
        return self._event("conversation.item.added", item)

    def done(self, item: Item) -> Event:
        """An item is complete."""
        self._items[item["id"]] = item
        return self._event("conversation.item.done", item)

    def deleted(self, identity: str) -> Event:
        """Take an item out again."""
        del self._items[identity]
        before = self._before.pop(identity)
        for item, previous in self._before.items():
            if previous == identity:
                self._before[item] = before
        if self._last == identity:
            self._last = before
        return {"type": "conversation.item.deleted", "item_id": identity}

    def _event(self, kind: str, item: Item) -> Event:
        return {"type": kind, "item": item, "previous_item_id": self._before[item["id"]]}
