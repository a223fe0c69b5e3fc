"""Server events as they go over the wire."""

import json
from typing import Any

import msgspec

Event = dict[str, Any]
"""A server event without its `event_id`."""

_encoder = msgspec.json.Encoder()


class Ids:
    """Names like `item_4f2a_00012`: unique by a count, and by the session's own part.

    `session` is that part, letters and digits.
    """

    def __init__(self, session: str) -> None:
        self._session = session
        self._count = 0

    def new(self, kind: str) -> str:
        """The next name; `kind` says what it names."""
        self._count += 1
        return f"{kind}_{self._session}_{self._count:05d}"


def encode(event: Event, event_id: str) -> str:
    """The event as a JSON text. What has no place in UTF-8 (half an emoji) is escaped."""
    named = {"type": event["type"], "event_id": event_id, **event}
    try:
        return _encoder.encode(named).decode()
    except UnicodeEncodeError:
        return json.dumps(named)
