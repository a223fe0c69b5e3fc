"""One response: what the agent says in one go, as a client sees it."""

import base64
from typing import Any

from parley.transports.realtime.items import Items, agent_item
from parley.transports.realtime.wire import Event, Ids


class Response:
    """A response with one item that has one part, which is audio and its transcript.

    `output` is the session's audio output. `reply` is the core's number of what is said.
    """

    def __init__(self, ids: Ids, items: Items, output: dict[str, Any], reply: int) -> None:
        self.id = ids.new("resp")
        self.item = ids.new("item")
        self.reply = reply
        self.text = ""
        self.ms = 0.0
        self._items = items
        self._output = {"format": output["format"], "voice": output["voice"]}

    def opened(self) -> list[Event]:
        """It begins."""
        item = agent_item(self.item, "in_progress", None)
        return [
            {"type": "response.created", "response": self._resource("in_progress", None, [])},
            self._here("response.output_item.added", item=item, part=False),
            self._items.added(item),
            self._here("response.content_part.added", part={"type": "audio", "transcript": ""}),
        ]

    def written(self, text: str) -> Event:
        """More of its text."""
        self.text += text
        return self._here("response.output_audio_transcript.delta", delta=text)

    def sounded(self, audio: bytes, ms: float) -> Event:
        """More of its audio, in the client's format, for `ms` milliseconds."""
        self.ms += ms
        delta = base64.b64encode(audio).decode("ascii")
        return self._here("response.output_audio.delta", delta=delta)

    def closed(self, status: str, details: dict[str, Any] | None, kept: str) -> list[Event]:
        """It ends: "completed", "cancelled" or "failed"; `kept` is what counts as said."""
        item_status = "completed" if status == "completed" else "incomplete"
        item = agent_item(self.item, item_status, kept)
        part = {"type": "audio", "transcript": self.text}
        return [
            self._here("response.output_audio.done"),
            self._here("response.output_audio_transcript.done", transcript=self.text),
            self._here("response.content_part.done", part=part),
            self._items.done(item),
            self._here("response.output_item.done", item=item, part=False),
            {"type": "response.done", "response": self._resource(status, details, [item])},
        ]

    def _resource(
        self, status: str, details: dict[str, Any] | None, output: list[Any]
    ) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": output,
            "output_modalities": ["audio"],
            "audio": {"output": self._output},
            "usage": None,
            "metadata": None,
        }

    def _here(self, kind: str, *, part: Any = True, **more: Any) -> Event:
        """An event of this response; `part` is False where it concerns the whole item."""
        event = {"type": kind, "response_id": self.id, "output_index": 0}
        if part is not False:
            event |= {"item_id": self.item, "content_index": 0}
        if part not in (True, False):
            event["part"] = part
        return event | more
