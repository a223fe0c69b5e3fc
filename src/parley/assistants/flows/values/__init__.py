"""Typed values that a caller says."""

from parley.assistants.flows.values.base import Found, Grammar, Value, ValueType
from parley.assistants.flows.values.corrections import correction
from parley.assistants.flows.values.grammar import compose
from parley.assistants.flows.values.making import make

__all__ = ["Found", "Grammar", "Value", "ValueType", "compose", "correction", "make"]
