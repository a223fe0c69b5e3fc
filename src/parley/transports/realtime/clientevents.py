"""What a client may say, and what it is told when it says something else."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from parley.transports.realtime.wire import Event

NAME_CHARS = 512
"""A client's own names may have so many characters, and so many are repeated of a wrong one."""

Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARS)]


class _Named(msgspec.Struct, tag_field="type", frozen=True, kw_only=True):
    """`event_id` is the client's own, and comes back in the error that the event causes."""

    event_id: Name | None = None


class SessionUpdate(_Named, tag="session.update", frozen=True, kw_only=True):
    """Change the session; see `sessions`."""

    session: dict[str, Any]


class Append(_Named, tag="input_audio_buffer.append", frozen=True, kw_only=True):
    """The caller's next audio, in the session's input format."""

    audio: bytes


class Commit(_Named, tag="input_audio_buffer.commit", frozen=True, kw_only=True):
    """The caller's turn is to end now."""


class Clear(_Named, tag="input_audio_buffer.clear", frozen=True, kw_only=True):
    """What was said since the last turn is to be forgotten."""


class ItemCreate(_Named, tag="conversation.item.create", frozen=True, kw_only=True):
    """Add something to the conversation."""

    item: dict[str, Any]
    previous_item_id: str | None = None


class ItemTruncate(_Named, tag="conversation.item.truncate", frozen=True, kw_only=True):
    """Of the agent's item, only so much was played."""

    item_id: str
    content_index: int
    audio_end_ms: int


class ItemDelete(_Named, tag="conversation.item.delete", frozen=True, kw_only=True):
    """Take something out of the conversation."""

    item_id: str


class ItemRetrieve(_Named, tag="conversation.item.retrieve", frozen=True, kw_only=True):
    """Show an item."""

    item_id: str


class ResponseCreate(_Named, tag="response.create", frozen=True, kw_only=True):
    """The agent is to say something."""

    response: dict[str, Any] | None = None


class ResponseCancel(_Named, tag="response.cancel", frozen=True, kw_only=True):
    """The agent is to stop."""

    response_id: str | None = None


class OutputClear(_Named, tag="output_audio_buffer.clear", frozen=True, kw_only=True):
    """The agent's audio is to be thrown away; for WebRTC."""


class Introduction(_Named, tag="parley.client", frozen=True, kw_only=True):
    """The client knows the extensions. With "marks" it obeys and acknowledges playback.

    `cancels_echo`: what it plays does not come back in what it sends.
    """

    playback: Literal["marks"] | None = None
    cancels_echo: bool | None = None


class Marked(_Named, tag="parley.marked", frozen=True, kw_only=True):
    """The audio sent before this mark was played, or cleared."""

    name: Name


class Key(_Named, tag="parley.key", frozen=True, kw_only=True):
    """A key of the key-pad was pressed."""

    key: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]


class HangUp(_Named, tag="parley.hangup", frozen=True, kw_only=True):
    """The caller hangs up."""


ClientEvent = (
    SessionUpdate
    | Append
    | Commit
    | Clear
    | ItemCreate
    | ItemTruncate
    | ItemDelete
    | ItemRetrieve
    | ResponseCreate
    | ResponseCancel
    | OutputClear
    | Introduction
    | Marked
    | Key
    | HangUp
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done. `param` names the field, `event_id` the client's event.

    `kind` is "invalid_request_error" where the client must change something, else
    "server_error".
    """

    code: str
    message: str
    param: str | None = None
    event_id: str | None = None
    kind: str = "invalid_request_error"

    def event(self) -> Event:
        """As the client is told."""
        error = {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "event_id": self.event_id,
        }
        return {"type": "error", "error": error}


class _Header(msgspec.Struct):
    type: Any = None
    event_id: Any = None


_decoder = msgspec.json.Decoder(ClientEvent)
_header = msgspec.json.Decoder(_Header)


def read(text: str) -> ClientEvent | Refusal:
    """Understand one event, or say why not."""
    try:
        event: ClientEvent = _decoder.decode(text)
    except msgspec.ValidationError as error:
        return _refused(text, str(error))
    except (msgspec.DecodeError, UnicodeError) as error:
        return Refusal("invalid_json", f"The message is not valid JSON: {error}")
    except RecursionError:
        return Refusal("invalid_json", "The message is nested too deeply.")
    return event


def _refused(text: str, why: str) -> Refusal:
    """`why` is msgspec's: what is wrong, and the path to it."""
    try:
        header = _header.decode(text)
    except (msgspec.DecodeError, RecursionError):
        header = _Header()
    known = isinstance(header.event_id, str) and len(header.event_id) <= NAME_CHARS
    event_id = header.event_id if known else None
    what, _, path = why.partition(" - at `$")
    param = path.rstrip("`").lstrip(".") or None
    if param is None and "required field `" in what:
        param = what.split("`")[1]
    if param == "type" and isinstance(header.type, str):
        named = header.type[:NAME_CHARS]
        message = f"There is no client event {named!r}. Known are: {', '.join(_KNOWN)}."
        return Refusal("unknown_event", message, "type", event_id)
    code = "missing_required_parameter" if "required field" in what else "invalid_value"
    return Refusal(code, f"{what}.", param, event_id)


_KNOWN = tuple(str(kind.__struct_config__.tag) for kind in ClientEvent.__args__)
