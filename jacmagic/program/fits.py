"""One judgement of shapes: the rule by which those of a node's parts make that of the whole.

`shapes` asks the rules while it infers, of what is known so far, and `lowerer` when all is known: what
does not fit is a Misfit, which lowering tells in the words of the two parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

from jacmagic.program.known import Known, Row, Shape, columns_of, is_column, join, rows_of


class Misfit(Exception):
    """Parts that do not fit: the places of two of them, and the shape that the whole has by the first."""

    def __init__(self, first: int, second: int, whole: Shape) -> None:
        super().__init__()
        self.places, self.whole = (first, second), whole


def columns(shapes: Sequence[Known], always: bool = False) -> list[Any]:
    """The shapes, n×1 as a column where another one is a column; with `always` in any case."""
    if not (always or any(map(is_column, shapes))):
        return list(shapes)
    return [one[:1] if one and one[1:] == (1,) else one for one in shapes]


def same(shapes: Sequence[Known]) -> Known:
    """The one shape that all parts have that are known.

    Raises:
        Misfit: two differ.
    """
    known = [(k, shape) for k, shape in enumerate(shapes) if shape is not None]
    for k, shape in known:
        if shape != known[0][1]:
            raise Misfit(known[0][0], k, known[0][1])
    return known[0][1] if known else None


def alike(shapes: Sequence[Known]) -> Known:
    """The one shape of parts, numbers aside, which stand for each entry; None where it is not known."""
    arrays = [shape or None for shape in columns(shapes)]
    return same(arrays) or (None if None in shapes else ())


def times(pair: Sequence[Shape]) -> Shape:
    """The shape of a product: a column is n×1, a row 1×n, and what is 1×1 of two matrices a number."""
    a, b = pair
    if not a or not b:
        return a or b
    whole = join([a, b])
    if columns_of(a) != rows_of(b) or is_column(a) and is_column(b) or isinstance(a, Row) and isinstance(b, Row):
        raise Misfit(0, 1, whole)
    return () if whole == (1, 1) and len(a) == len(b) == 2 else whole


def inner(pair: Sequence[Shape], of: Shape | None = None, whole: Shape = ()) -> Shape:
    """u · v, of what is no column a product; `of` is what both have to be, if that is said."""
    a, b = pair if () in pair else columns(pair, always=True)
    if not (is_column(a) and is_column(b)):
        return times((a, b))
    if {a, b} != {of or a}:
        raise Misfit(0, 1, whole)
    return whole


def over(pair: Sequence[Shape]) -> Shape:
    """Division is by numbers; a number is divided by each entry of a column."""
    a, b = pair
    if b and (a or not is_column(b)):
        raise Misfit(0, 1, a)
    return a or b


Rule = Callable[[Sequence[Any]], Any]
"""From the shapes of the parts of a node to that of the whole, None where it is not known.

Raises:
    Misfit: they do not fit.
"""

OPERATORS: dict[str, Rule] = {
    "/": over, ".*": alike, "./": alike, "dot": inner, "cross": partial(inner, of=(3,), whole=(3,))}
"""The rule of each operator of a product that is none of matrices."""


def fitting(shapes: Sequence[Known], rule: Rule = alike) -> Known:
    """The shape that a rule gives, of what does not fit that by the first part: where it is lowered that is said."""
    try:
        found: Known = rule(shapes)
    except Misfit as misfit:
        return misfit.whole
    return found


def folded(shapes: Sequence[Known], operators: Sequence[str] = ()) -> Known:
    """The shape of a product whose factors are known, left to right; without operators, of one of matrices."""
    whole = shapes[0]
    for operator, shape in zip_longest(operators[1:], shapes[1:]):
        whole = fitting((whole, shape), OPERATORS.get(operator, times))
    return whole
