"""When an assistant takes its turn, and when it gives the floor: fields of `Assistant`."""

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from parley.assistants.formulas import tabulated
from parley.assistants.regexes import searchable
from parley.assistants.sections import Section, Whole
from parley.core import searching

LONGEST_S = 10.0
"""No `wait_function` makes a pause longer."""


class SmartEndpointingPlan(Section):
    """Which model judges by the sound whether the caller has finished.

    One that is named, be it VAPI's, takes precedence over `transcription_endpointing_plan`, and
    so does `wait_function`, VAPI's for LiveKit's model; x is the probability that follows from all
    evidence.
    """

    provider: Literal[
        "auto", "smart-turn", "off", "vapi", "livekit", "custom-endpointing-model"
    ] = Field(
        default="auto", description="smart-turn, off, or auto: smart-turn where it was fetched"
    )
    wait_function: str | None = Field(
        default=None,
        description="the milliseconds of silence that end a turn, as an expression of x, the"
        " probability (0 to 1) that the caller goes on, such as 200 + 8000 * x",
    )

    @field_validator("wait_function")
    @classmethod
    def _can_be_evaluated(cls, expression: str | None) -> str | None:
        if expression is not None:
            tabulated(expression)
        return expression

    def curve_s(self, least_s: float) -> tuple[float, ...]:
        """The pauses of `wait_function`, evenly over x, of `least_s` to 10 s; none without one."""
        values = tabulated(self.wait_function) if self.wait_function is not None else ()
        return tuple(round(min(max(ms / 1000, least_s), LONGEST_S), 3) for ms in values)


class TranscriptionEndpointingPlan(Section):
    """The silence that ends a caller's turn, by how the transcript ends.

    No less than `wait_seconds`; more where the words are surely not all.
    """

    on_punctuation_seconds: float = Field(
        default=0.1, ge=0, le=3, description="after a full stop or the like, 0 to 3 seconds"
    )
    on_no_punctuation_seconds: float = Field(
        default=1.5, ge=0, le=3, description="where there is none, 0 to 3 seconds"
    )
    on_number_seconds: float = Field(
        default=0.5, ge=0, le=3, description="after a number, 0 to 3 seconds"
    )


class RegexOption(Section):
    """How a regular expression is searched for."""

    type: Literal["ignore-case", "whole-word", "multi-line"] = Field(
        description="ignore-case, whole-word or multi-line"
    )
    enabled: bool = Field(default=False, description="true or false")


class EndpointingRule(Section):
    """A silence that is fixed where regular expressions match: the first rule that fits.

    It is no less than `wait_seconds`, before which VAPI does not speak either. The expressions are
    JavaScript's, and options that are not enabled are off.
    """

    type: Literal["assistant", "customer", "both"] = Field(
        description="assistant, customer or both: whose words must match"
    )
    regex: str = Field(default="", description="a regular expression, for one of them")
    assistant_regex: str = Field(default="", description="a regular expression, for both")
    customer_regex: str = Field(default="", description="a regular expression, for both")
    regex_options: list[RegexOption] = Field(
        default=[], description="a list of options of regex, each with type and enabled"
    )
    assistant_regex_options: list[RegexOption] = Field(
        default=[], description="those of assistant_regex"
    )
    customer_regex_options: list[RegexOption] = Field(
        default=[], description="those of customer_regex"
    )
    timeout_seconds: float = Field(ge=0, le=15, description="0 to 15 seconds")

    @field_validator("regex", "assistant_regex", "customer_regex")
    @classmethod
    def _can_be_searched_for(cls, regex: str) -> str:
        searching.check(searchable(regex))
        return regex

    @model_validator(mode="after")
    def _names_what_it_looks_for(self) -> Self:
        """A rule without its expression would fit everything."""
        if self.type == "both" and (
            self.regex or not (self.assistant_regex or self.customer_regex)
        ):
            raise PydanticCustomError(
                "rule", "a rule of type both has assistant_regex and customer_regex, and no regex"
            )
        if self.type != "both" and (not self.regex or self.assistant_regex or self.customer_regex):
            raise PydanticCustomError(
                "rule", "a rule of type assistant or customer has a regex, and no other"
            )
        for regex in self.searched():
            searching.check(regex)
        return self

    def searched(self) -> tuple[str, str]:
        """Expressions to search for in what the assistant and the caller have said; "" fits
        anything."""
        own = searchable(self.regex, _enabled(self.regex_options))
        if self.type == "assistant":
            return own, ""
        if self.type == "customer":
            return "", own
        return (
            searchable(self.assistant_regex, _enabled(self.assistant_regex_options)),
            searchable(self.customer_regex, _enabled(self.customer_regex_options)),
        )


def _enabled(options: list[RegexOption]) -> set[str]:
    return {option.type for option in options if option.enabled}


class StartSpeakingPlan(Section):
    """When the assistant takes its turn."""

    meant: ClassVar[Mapping[str, str]] = {"shortest_seconds": "wait_seconds"}

    wait_seconds: float = Field(
        default=0.3,
        ge=0,
        le=5,
        description="the silence that ends a caller's turn which is certainly over; none ends"
        " sooner, 0 to 5 seconds",
    )
    unsure_seconds: float = Field(
        default=1.15,
        ge=0,
        le=5,
        description="the silence that ends a turn where nothing tells whether it is over, 0 to"
        " 5 seconds",
    )
    longest_seconds: float = Field(
        default=2.0,
        ge=0,
        le=10,
        description="the silence that ends one which certainly is not, 0 to 10 seconds",
    )
    patience_seconds: float = Field(
        default=1.0,
        ge=0,
        le=5,
        description="how much shorter than unsure_seconds it may be for each unit of evidence"
        " (log-odds) that the caller has finished, and longer for each of strong evidence that"
        " they go on, 0 to 5 seconds",
    )
    assurance: float = Field(
        default=0.0,
        ge=0,
        le=5,
        description="so much evidence (log-odds) that the caller has finished does not make it"
        " shorter yet, 0 to 5: with more, only what is well assured is answered at once",
    )
    speculation_limit: Whole = Field(
        default=6,
        ge=0,
        le=10,
        description="how many answers may be begun for one turn before it has ended, 0 to 10;"
        " 0: none is, and each comes later",
    )
    speculation_waste: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="how many of them may come to nothing for each turn, on average over the call,"
        " 0 to 10",
    )
    smart_endpointing_plan: SmartEndpointingPlan = Field(
        default=SmartEndpointingPlan(), description="provider"
    )
    transcription_endpointing_plan: TranscriptionEndpointingPlan | None = Field(
        default=None, description="on_punctuation_seconds and others, in place of unsure_seconds"
    )
    custom_endpointing_rules: list[EndpointingRule] = Field(
        default=[], description="a list of rules, each with type, regex and timeout_seconds"
    )


class StopSpeakingPlan(Section):
    """When the caller's voice interrupts the assistant.

    It falls silent at the first sound; this is about whether it then goes on. A voice of None
    is a second while it speaks and less while it thinks; phrases of None are the built-in ones
    of the language.
    """

    num_words: Whole = Field(default=1, ge=0, le=10, description="words that interrupt, 0 to 10")
    voice_seconds: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="the length of a clear voice that interrupts by itself, 0 to 2 seconds; with"
        " num_words of 2 or more none does",
    )
    backoff_seconds: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="how long the assistant is silent after an interruption, 0 to 10 seconds",
    )
    acknowledgement_phrases: list[str] | None = Field(
        default=None, description="a list of phrases that never interrupt"
    )
    interruption_phrases: list[str] | None = Field(
        default=None, description="a list of phrases that always interrupt"
    )
