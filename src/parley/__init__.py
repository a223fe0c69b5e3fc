"""Parley: a self-hosted platform for real-time voice agents.

    import parley

    assistant = parley.Assistant(first_message="Hello, how can I help?")
    parley.run(assistant, ["caller.wav"])

What this module offers is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.assistants.files import load_assistant as load_assistant
    from parley.assistants.model import Assistant as Assistant
    from parley.assistants.model import Model as Model
    from parley.assistants.model import Transcriber as Transcriber
    from parley.assistants.model import Voice as Voice
    from parley.errors import ParleyError as ParleyError
    from parley.runtime.building import build_agent as build_agent
    from parley.runtime.consent import record_consent as record_consent
    from parley.runtime.running import run as run
    from parley.tools.runner import tool as tool

__version__ = "0.1.0"

_HOMES = {
    "Assistant": "parley.assistants.model",
    "Model": "parley.assistants.model",
    "ParleyError": "parley.errors",
    "Transcriber": "parley.assistants.model",
    "Voice": "parley.assistants.model",
    "build_agent": "parley.runtime.building",
    "load_assistant": "parley.assistants.files",
    "record_consent": "parley.runtime.consent",
    "run": "parley.runtime.running",
    "tool": "parley.tools.runner",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'parley' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
