"""What a model is shown of a Python function."""

import dataclasses
import enum
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal, Optional

import pydantic
import pytest
from typing_extensions import TypedDict

from parley.errors import ToolError
from parley.tools.schema import ToolSchema, describe


class Meal(enum.Enum):
    LUNCH = "lunch"
    DINNER = "dinner"


@dataclasses.dataclass
class Guest:
    name: str
    title: str = ""


class Address(TypedDict):
    street: str


class Card(pydantic.BaseModel):
    number: str = pydantic.Field(description="16 digits")


def properties(function: Callable[..., Any]) -> dict[str, Any]:
    found = describe(function, description="Something.")[0].parameters["properties"]
    assert isinstance(found, dict)
    return found


def test_a_whole_schema() -> None:
    async def book(day: date, guests: int = 2) -> str:
        """Book a table,
        if there is one.

        It is held for a quarter of an hour.
        """
        return f"{day} {guests}"

    schema, parameters = describe(book)
    assert schema == ToolSchema(
        "book",
        "Book a table, if there is one.",
        {
            "type": "object",
            "properties": {
                "day": {"type": "string", "format": "date"},
                "guests": {"type": "integer", "default": 2},
            },
            "required": ["day"],
            "additionalProperties": False,
        },
    )
    assert parameters["day"].required
    assert not parameters["guests"].required


def test_a_function_without_parameters() -> None:
    def now() -> None:
        """Tell the time."""

    assert describe(now)[0].parameters == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_types() -> None:
    def function(
        text: str,
        count: int,
        share: float,
        sure: bool,
        many: list[str],
        few: dict[str, int],
        size: Literal["small", "large"],
        meal: Meal,
        note: Optional[str],  # noqa: UP045 - the old spelling must work too
        other: int | None,
        anything: Any,
    ) -> None: ...

    assert properties(function) == {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "sure": {"type": "boolean"},
        "many": {"type": "array", "items": {"type": "string"}},
        "few": {"type": "object", "additionalProperties": {"type": "integer"}},
        "size": {"type": "string", "enum": ["small", "large"]},
        "meal": {"$ref": "#/$defs/Meal"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "other": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "anything": {},
    }


def test_structures_share_their_definitions_and_keep_a_field_called_title() -> None:
    def function(guest: Guest, others: list[Guest], address: Address, card: Card) -> None:
        """Register."""

    parameters = describe(function)[0].parameters
    assert parameters["properties"] == {
        "guest": {"$ref": "#/$defs/Guest"},
        "others": {"type": "array", "items": {"$ref": "#/$defs/Guest"}},
        "address": {"$ref": "#/$defs/Address"},
        "card": {"$ref": "#/$defs/Card"},
    }
    assert parameters["$defs"] == {
        "Guest": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "title": {"type": "string", "default": ""}},
            "required": ["name"],
        },
        "Address": {
            "type": "object",
            "properties": {"street": {"type": "string"}},
            "required": ["street"],
        },
        "Card": {
            "type": "object",
            "properties": {"number": {"type": "string", "description": "16 digits"}},
            "required": ["number"],
        },
    }


def test_defaults_that_json_can_carry_are_shown() -> None:
    def function(
        a: Meal = Meal.LUNCH,
        b: list[int] = [1],  # noqa: B006
        c: int | None = None,
        d: Any = object(),  # noqa: B008
    ) -> None: ...

    defaults = {key: p.get("default", "hidden") for key, p in properties(function).items()}
    assert defaults == {"a": "lunch", "b": [1], "c": None, "d": "hidden"}


def test_descriptions_of_parameters() -> None:
    def function(
        a: Annotated[int, "from the type"],
        b: int,
        c: int,
        d: int,
        e: Annotated[int, pydantic.Field(description="from pydantic", ge=1)],
    ) -> None:
        """Do it.

        Args:
            a: not this one
            b (int): in one line
            c: in several
                lines: with a colon

                and a gap

        Returns:
            d: not this one either
        """

    assert {key: p.get("description") for key, p in properties(function).items()} == {
        "a": "from the type",
        "b": "in one line",
        "c": "in several lines: with a colon and a gap",
        "d": None,
        "e": "from pydantic",
    }


def test_the_description_ends_where_the_arguments_begin() -> None:
    def function(a: int) -> None:
        """Do it.
        Args:
            a: this
        """

    schema, _ = describe(function)
    assert schema.description == "Do it."
    assert schema.parameters["properties"]["a"]["description"] == "this"


def test_name_and_description_may_be_given() -> None:
    schema, _ = describe(lambda: None, "now", "Tell the time.")
    assert (schema.name, schema.description) == ("now", "Tell the time.")


def test_methods_partials_and_callable_objects() -> None:
    class Desk:
        def book(self, day: str, guests: int) -> None:
            """Book a table."""

        def __call__(self, day: str) -> None:
            """Ask the desk."""

    desk = Desk()
    assert list(describe(desk.book)[1]) == ["day", "guests"]
    assert list(describe(desk, "desk")[1]) == ["day"]
    schema, parameters = describe(partial(desk.book, "Monday"), "monday")
    assert schema.description == "Book a table."
    assert list(parameters) == ["guests"]


def bad_type(day: "NoSuchType") -> None:  # type: ignore[name-defined] # noqa: F821
    """Book."""


def bad_dataclass_field() -> Callable[..., None]:
    @dataclasses.dataclass
    class Inner:
        value: "NoSuchType"  # type: ignore[name-defined] # noqa: F821

    def book(day: Inner) -> None:
        """Book."""

    return book


def untyped(day) -> None:  # type: ignore[no-untyped-def]
    """Book."""


def by_position(day: int, /) -> None:
    """Book."""


def any_number(*day: int) -> None:
    """Book."""


def any_names(**day: int) -> None:
    """Book."""


def a_callback(day: Callable[[], None]) -> None:
    """Book."""


class Opaque: ...


def opaque(day: Opaque) -> None:
    """Book."""


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (bad_type, "the type 'NoSuchType' is unknown"),
        (bad_dataclass_field(), "Inner"),
        (untyped, "it has no type"),
        (by_position, "it cannot be given by name"),
        (any_number, "it cannot be given by name"),
        (any_names, "it cannot be given by name"),
        (a_callback, "no model can give it"),
        (opaque, "Opaque"),
    ],
)
def test_what_no_model_can_call_is_refused_by_name(
    function: Callable[..., Any], reason: str
) -> None:
    with pytest.raises(ToolError, match=f"the tool {function.__name__}, parameter 'day'") as e:
        describe(function)
    assert reason in str(e.value)
    assert e.value.remedy


@pytest.mark.parametrize("name", ["", "two words", "x" * 65, "<lambda>"])
def test_names_that_models_do_not_accept(name: str) -> None:
    def function() -> None:
        """Do it."""

    function.__name__ = name
    with pytest.raises(ToolError, match="cannot be named"):
        describe(function)


@pytest.mark.parametrize("doc", [None, "", "Args:\n    a: this"])
def test_a_tool_needs_a_description(doc: str | None) -> None:
    def function(a: int) -> None: ...

    function.__doc__ = doc
    with pytest.raises(ToolError, match="the tool function has no description"):
        describe(function)


def test_a_built_in_that_does_not_say_what_it_takes() -> None:
    with pytest.raises(ToolError, match="the tool getattr does not say what it takes"):
        describe(getattr)
