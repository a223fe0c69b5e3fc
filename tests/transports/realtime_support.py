"""What the tests of the client door share: the official SDK's idea of its events."""

import json
from collections.abc import Iterable
from typing import Any, get_args

from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import BaseModel

SERVED_BY_ALL = {"id", "object"}
"""What the service itself sends with a session, though the SDK's type has no field for it."""


def _kinds() -> dict[str, type[BaseModel]]:
    union = get_args(RealtimeServerEvent)[0]
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(union)}


KINDS = _kinds()


def validated(event: dict[str, Any]) -> dict[str, Any]:
    """Assert that the SDK knows this event, each of its fields and their types."""
    kind = event["type"]
    assert isinstance(event["event_id"], str)
    if kind.startswith("parley."):
        return event
    model = KINDS[kind].model_validate(event, strict=True)
    for found in _within(model):
        extra = set(found.model_extra or {})
        if type(found).__name__ == "RealtimeSessionCreateRequest":
            extra -= SERVED_BY_ALL
        assert not extra, f"{kind}: {type(found).__name__} has no {extra}"
    return event


def _within(value: Any) -> Iterable[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _within(getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            yield from _within(item)


def parsed(text: str) -> dict[str, Any]:
    """A validated event out of a frame."""
    event: dict[str, Any] = json.loads(text)
    return validated(event)


def kinds(events: Iterable[dict[str, Any]]) -> list[str]:
    """Only what they are."""
    return [event["type"] for event in events]


def of(events: Iterable[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [event for event in events if event["type"] == kind]
