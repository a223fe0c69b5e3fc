"""Why a call ended: a closed list, each with who was at fault."""

from enum import StrEnum


class EndReason(StrEnum):
    """The reasons for which a call can end."""

    CALLER_HUNG_UP = "caller-hung-up"
    AGENT_ENDED = "agent-ended"
    OPERATOR_ENDED = "operator-ended"
    SILENCE_TIMEOUT = "silence-timeout"
    MAX_DURATION = "max-duration"
    CONNECTION_LOST = "connection-lost"
    TRANSCRIBER_FAILED = "transcriber-failed"
    MODEL_FAILED = "model-failed"
    VOICE_FAILED = "voice-failed"
    TRANSPORT_FAILED = "transport-failed"
    OVERLOADED = "overloaded"
    SHUTDOWN = "shutdown"
    PROCESS_DIED = "process-died"
    INTERNAL_ERROR = "internal-error"


AT_FAULT = {
    EndReason.CALLER_HUNG_UP: "nobody",
    EndReason.AGENT_ENDED: "nobody",
    EndReason.OPERATOR_ENDED: "nobody",
    EndReason.SILENCE_TIMEOUT: "caller",
    EndReason.MAX_DURATION: "nobody",
    EndReason.CONNECTION_LOST: "network",
    EndReason.TRANSCRIBER_FAILED: "transcriber",
    EndReason.MODEL_FAILED: "model",
    EndReason.VOICE_FAILED: "voice",
    EndReason.TRANSPORT_FAILED: "transport",
    EndReason.OVERLOADED: "platform",
    EndReason.SHUTDOWN: "platform",
    EndReason.PROCESS_DIED: "platform",
    EndReason.INTERNAL_ERROR: "platform",
}
"""Whose fault each ending is."""
