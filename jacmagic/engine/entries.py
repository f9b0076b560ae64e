"""The entries of an array as SymPy expressions: put together, and kept short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jacmagic.engine.operation import Shape
from jacmagic.errors import LimitError
from jacmagic.functions.forms import ONE, ZERO, total

MAX_DIGITS = 2_000
"""Digits of a number that is written out. Instead: a name, or logarithms."""

Entries = dict[int, Any]
"""The entries of an array that are not 0, by their flat index: most entries of a Jacobian are 0."""


def added(terms: list[Any]) -> Any:
    if len(terms) > 9:  # one by one, so that a number that gets too long is noticed in time
        numbers: dict[Any, Any] = {}
        for number, rest in (term.as_coeff_Mul() for term in terms):
            numbers[rest] = short(numbers.get(rest, ZERO) + number)
        if list(numbers) == [ONE]:
            return numbers[ONE]
    return total(*terms) if len(terms) > 1 else terms[0] if terms else ZERO


def short(expr: Any) -> Any:
    """The expression, if its number, or that in front of it, is not too long to write."""
    number = expr if expr.is_Rational else expr.args[0] if (expr.is_Mul or expr.is_Add) else ONE
    if number.is_Rational and max(number.p.bit_length(), number.q.bit_length()) > 3.33 * MAX_DIGITS:
        raise LimitError(
            "Written out, a number is too long. Use the numbers, r.at(…), or the local Jacobians, r.layers."
        )
    return expr


def summed(parts: Mapping[int, list[Any]]) -> Entries:
    """The sums of what meets at one place."""
    return {at: total for at, terms in parts.items() if (total := added(terms)) is not ZERO}


def listed(values: Entries, count: int) -> list[Any]:
    """All entries, zeros too."""
    return [values.get(at, ZERO) for at in range(count)]


def without_zeros(values: Iterable[Any]) -> Entries:
    return {at: value for at, value in enumerate(values) if value is not ZERO}


def strides(shape: Shape) -> list[int]:
    """How far apart neighbours along each axis lie in the flat array."""
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= n
    return out[::-1]
