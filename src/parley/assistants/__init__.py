"""The assistant's typed model, in Python, in files and on the wire."""

from parley.assistants.files import load_assistant
from parley.assistants.model import Assistant, default_assistant

__all__ = ["Assistant", "default_assistant", "load_assistant"]
