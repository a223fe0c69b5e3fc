"""A dialogue flow as it is written down: what can be known, and what is said and asked when.

    flow:
      start: day
      slots:
        day: {type: date, label: Day}
      nodes:
        day:
          ask: day
          say: [For which day?, "Which day? You can say, for example, next Tuesday."]
          next: done
        done: {say: "{day} it is. Goodbye.", end: true}

Texts may hold `{slot}`, which is spoken as a value of its type, and `{name|type}` for what
a tool has returned. `parley.assistants.flows.checking` finds what is wrong with a flow
before it runs.
"""

from typing import Any, Literal

from pydantic import Field, field_validator

from parley.assistants.sections import ProviderSection, Section

Kind = Literal["yes_no", "number", "date", "time", "name", "choice", "text"]


class Slot(ProviderSection):
    """Something that can be known of what the caller wants.

    Its other fields are settings of its type (`parley.assistants.flows.values`): `options`
    of a choice, `earliest` and `latest` of a time, `min` and `max` of a number, and so on.
    """

    type: Kind = Field(description="yes_no, number, date, time, name, choice or text")
    label: str | None = Field(default=None, description="its name for people")

    def _reason(self, meant: str) -> str:
        return ""


class Case(Section):
    """Where to go on when values are as given: a value, a list of which one must fit, null for
    none, or an empty list for itself."""

    when: dict[str, Any] = Field(default={}, description="names with the values they must have")
    go: str = Field(description="the name of a node")


class Command(Section):
    """Something that the caller may say to go on elsewhere."""

    phrases: list[str] = Field(min_length=1, description="ways in which it is said")
    go: str = Field(description="the name of a node")


class Node(Section):
    """A step of the conversation. It does one thing: ask, confirm, call, hand over, or end.

    What it says comes before that. A node that only speaks goes on at once.
    """

    say: list[str] = Field(
        default=[],
        description="a text, or a list: at first, then each time it is asked again",
    )
    interruptible: bool = Field(
        default=True,
        description="false where what it says must be heard to its end, such as a legal notice",
    )
    ask: str | None = Field(default=None, description="the slot that the caller is to fill")
    also: list[str] = Field(
        default=[], description="other slots that the caller may fill in the same sentence"
    )
    offered: str | None = Field(
        default=None,
        description='the name of a list of values, one of which may be chosen by "the first one"',
    )
    confirm: list[str] = Field(default=[], description="the slots that the caller is to confirm")
    which: str | None = Field(default=None, description="what is asked after a plain no")
    changed: str | None = Field(
        default=None, description="the node to go on with when the caller has corrected a slot"
    )
    instead: dict[str, Command] = Field(
        default={},
        description="what the caller may say in place of an answer, by name; one that is also in"
        " the flow's `anywhere` stands for that one here",
    )
    call: str | None = Field(default=None, description="the name of a tool")
    arguments: dict[str, Any] = Field(
        default={}, description="the tool's arguments; {slot} stands for a value"
    )
    save: dict[str, str] = Field(
        default={}, description="keys of the tool's result, each with the name to keep it under"
    )
    failed: str | None = Field(
        default=None, description="the node to go on with when the tool failed; {error} says why"
    )
    put: dict[str, Any] = Field(
        default={}, description="names with values to set, after it has spoken"
    )
    forget: list[str] = Field(default=[], description="names to forget, after it has spoken")
    wrong: list[str] = Field(
        default=[],
        description="slots whose values have turned out to be wrong: they are forgotten, and a"
        " name is not taken for the same one again",
    )
    next: str | dict[str, str] | list[Case] | None = Field(
        default=None,
        description="the name of a node; or one for each value; or a list of cases",
    )
    hand_over: str | None = Field(default=None, description="who goes on with the call: model")
    end: bool = Field(default=False, description="true to end the call once this was heard")

    @field_validator("say", mode="before")
    @classmethod
    def _one_text_or_several(cls, say: Any) -> Any:
        return [say] if isinstance(say, str) else say


class Answer(Section):
    """A question that the caller may ask at any time. The open question is asked again after it."""

    questions: list[str] = Field(min_length=1, description="ways in which it is asked")
    say: str = Field(description="the answer")


class Flow(Section):
    """All of it."""

    start: str = Field(description="the node with which the call begins")
    slots: dict[str, Slot] = Field(default={}, description="what can be known, by name")
    nodes: dict[str, Node] = Field(min_length=1, description="the steps, by name")
    answers: list[Answer] = Field(default=[], description="questions with their answers")
    anywhere: dict[str, Command] = Field(
        default={}, description="what the caller may say at any time, by name"
    )
    changed: str | None = Field(
        default=None,
        description="the node to go on with when the caller has corrected an earlier slot",
    )
    give_up: str | None = Field(
        default=None,
        description="the node to go on with when the caller was not understood several times",
    )
    help: str | None = Field(default=None, description="what is said when the caller asks for help")
