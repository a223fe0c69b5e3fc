"""Dialogue flows: conversations that are written down, and need no model."""

from parley.assistants.flows.checking import Problem, problems
from parley.assistants.flows.dialogue import Dialogue
from parley.assistants.flows.model import Flow

__all__ = ["Dialogue", "Flow", "Problem", "problems"]
