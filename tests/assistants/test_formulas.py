"""Functions of one number as text."""

import math

import pytest

from parley.assistants.formulas import DEEPEST, FUNCTIONS, LONGEST, POINTS, formula, tabulated


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("70 + 4000 * x", 0.5, 2070.0),
        ("20 + 500 * sqrt(x) + 2500 * x^3", 0.25, 20 + 250 + 2500 / 64),
        ("4000 * (1 - cos(pi * x))", 1.0, 8000.0),
        ("2000 / (1 + exp(-10 * (x - 0.5)))", 0.5, 1000.0),
        ("(20 + 500 * sqrt(x) + 2500 * x^3 + 700 + 4000 * max(0, x-0.5)) / 2", 1.0, 2860.0),
        ("-x^2", 3.0, -9.0),
        ("2^3^2", 0.0, 512.0),
        ("2 ** -1 + .5e1 - 1.", 0.0, 4.5),
        ("+x - -x", 1.5, 3.0),
        ("log(e) + log(8, 2) + log10(100) + log2(8)", 0.0, 9.0),
        ("pow(2, 3) + abs(-2) + min(1, 2, x)", 7.0, 11.0),
        ("floor(1.5) + ceil(1.5) + round(2.5)", 0.0, 6.0),
        ("cbrt(-8) + sin(0) + tan(0) + tanh(0)", 0.0, -2.0),
        ("\n x \n", 2.0, 2.0),
    ],
)
def test_what_is_understood(text: str, at: float, value: float) -> None:
    assert formula(text)(at) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no expression"),
        ("x +", "no expression"),
        ("2 x", "no expression; between two factors there is a *"),
        ("2x", "cannot be read from character 1 on"),
        ("x ? 1 : 2", "character 3"),
        ("x; y", "character 2"),
        ("x.real", "character 2"),
        ("x[0]", "character 2"),
        ("'x'", "character 1"),
        ("0x10", "character 1"),
        ("1_000", "character 1"),
        ("t * 3", "t is not known"),
        ("__import__(x)", "character 1"),
        ("eval(x)", "eval is no function"),
        ("sqrt", "sqrt is not known"),
        ("sqrt(x, x)", "sqrt does not take 2"),
        ("max()", "max does not take 0"),
        ("max(*x)", "something else"),
        ("exp(x)(x)", "something else"),
        ("x, x", "something else"),
        ("x if x else x", "something else"),
        ("lambda e", "no expression"),
        ("True * x", "something else"),
        ("x // 2", "something else"),
        ("1" * 310, "longer"),
        ("9" * 299 + "e99", "longer"),
        ("007", "no expression"),
        ("-" * (DEEPEST + 1) + "x", "within each other"),
        ("(" * 149 + "x" + ")" * 149, ""),
        ("x" * (LONGEST + 1), "longer than 300 characters"),
    ],
)
def test_what_is_not(text: str, why: str) -> None:
    if why:
        with pytest.raises(ValueError, match=r"^\w") as caught:
            formula(text)
        assert why in str(caught.value)
    else:
        assert formula(text)(1.0) == 1.0


def test_no_function_is_reached_but_those_that_are_named() -> None:
    assert all(name.isalnum() for name in FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("log(x)", "0"),
        ("1 / (x - 0.5)", "0.5"),
        ("sqrt(0.255 - x)", "0.26"),
        ("exp(1000 * x)", "0.71"),
        ("9^9^9^9", "0"),
        ("1e999", "0"),
        ("1e308 * 10 * x - 1e308 * 10", "0"),
    ],
)
def test_where_it_has_no_value(text: str, where: str) -> None:
    with pytest.raises(ValueError, match=f"no value where x is {where}$"):
        tabulated(text)


def test_its_values_are_even_places() -> None:
    values = tabulated("x * x")
    assert len(values) == POINTS
    assert values[:2] + values[-1:] == pytest.approx((0.0, 0.0001, 1.0))
    assert math.isclose(values[50], 0.25)
