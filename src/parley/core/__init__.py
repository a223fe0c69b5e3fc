"""The conversation as a pure state machine: no await, no clock, no randomness, no I/O."""

from parley.core.conversation import VERSION, Conversation
from parley.core.events import CALLER
from parley.core.reasons import AT_FAULT, EndReason
from parley.core.settings import Settings

__all__ = ["AT_FAULT", "CALLER", "VERSION", "Conversation", "EndReason", "Settings"]
