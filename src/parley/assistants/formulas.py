"""A function of one number as text, as VAPI's `waitFunction` is: an expression of mathjs.

Of those are understood: numbers, x, pi and e, + - * / ^ (or **), parentheses and the functions of
`FUNCTIONS`. Nothing of a text is run as a program. Where it is not defined it has no value.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "cbrt": lambda x: math.copysign(abs(x) ** (1.0 / 3.0), x),
    "ceil": lambda x: float(math.ceil(x)),
    "cos": math.cos,
    "exp": math.exp,
    "floor": lambda x: float(math.floor(x)),
    "log": math.log,
    "log10": math.log10,
    "log2": math.log2,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
    "pow": math.pow,
    "round": lambda x: float(math.floor(x + 0.5)),
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
    "tanh": math.tanh,
}

_ARGUMENTS = {"log": (1, 2), "pow": (2, 2), "max": (1, 9), "min": (1, 9)}
_OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_NAMES = {"pi": math.pi, "e": math.e}

LONGEST = 300
"""Characters."""

DEEPEST = 50
"""Expressions within expressions."""

POINTS = 101
"""So many values of a function are kept, evenly over 0 to 1."""

_TOKENS = re.compile(
    r"(?:\s|[-+*/^(),]|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])|[a-zA-Z]\w*)*"
)

Formula = Callable[[float], float]


def formula(text: str) -> Formula:
    """The function that a text describes. Raises ValueError, with the reason, for another text.

    It raises ArithmeticError or ValueError where it is not defined.
    """
    if len(text) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    known = _TOKENS.match(text)
    if known is None or known.end() < len(text):
        raise ValueError(f"it cannot be read from character {known.end() + 1 if known else 1} on")
    try:
        read = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("it is no expression; between two factors there is a *") from None
    return _read(read.body, DEEPEST)


def tabulated(text: str) -> tuple[float, ...]:
    """The function's values at `POINTS` places, evenly from 0 to 1.

    Raises ValueError, with the reason, for a text that is none, and where there is no value.
    """
    described = formula(text)
    places = [point / (POINTS - 1) for point in range(POINTS)]
    return tuple(_value(described, x) for x in places)


def _value(described: Formula, x: float) -> float:
    try:
        value = described(x)
    except (ArithmeticError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"it has no value where x is {x:g}")
    return value


def _read(node: ast.AST, deeper: int) -> Formula:
    if not deeper:
        raise ValueError(f"more than {DEEPEST} expressions are within each other")
    if isinstance(node, ast.Constant):
        number = _number(node.value)
        return lambda x: number
    if isinstance(node, ast.Name):
        return _named(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return _signed(_read(node.operand, deeper - 1), isinstance(node.op, ast.USub))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        parts = [_read(node.left, deeper - 1), _read(node.right, deeper - 1)]
        return _applied(_OPERATORS[type(node.op)], parts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        parts = [_read(argument, deeper - 1) for argument in node.args]
        return _applied(_function(node.func.id, len(parts)), parts)
    raise ValueError("it has something else than numbers, x, + - * / ^ and functions")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("it has something else than numbers")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number is too large") from None


def _named(name: str) -> Formula:
    if name == "x":
        return lambda x: x
    if name not in _NAMES:
        raise ValueError(f"{name[:20]} is not known; what is, is x, pi and e")
    constant = _NAMES[name]
    return lambda x: constant


def _signed(inner: Formula, negative: bool) -> Formula:
    return (lambda x: -inner(x)) if negative else inner


def _applied(function: Callable[..., float], parts: Sequence[Formula]) -> Formula:
    return lambda x: function(*(part(x) for part in parts))


def _function(name: str, arguments: int) -> Callable[..., float]:
    if name not in FUNCTIONS:
        raise ValueError(f"{name[:20]} is no function that is known: {', '.join(FUNCTIONS)}")
    least, most = _ARGUMENTS.get(name, (1, 1))
    if not least <= arguments <= most:
        raise ValueError(f"{name} does not take {arguments} arguments")
    return FUNCTIONS[name]
