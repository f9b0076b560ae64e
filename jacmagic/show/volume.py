"""Change of variables in an integral: dx dy = |det J| dr dφ, as a formula and in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import sympy as sp

from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.printers import latex, text
from jacmagic.result import Result
from jacmagic.rounding import steady
from jacmagic.show.backward import layout_of
from jacmagic.show.determinants import determinant_of
from jacmagic.show.pieces import MAX_FORMULA, Formula, Labels
from jacmagic.show.tables import derivative_name

MAX_VOLUME = 4
"""Variables of an integral whose change is shown. Instead: `r.at()`, whose determinant NumPy has."""


def size(result: Result) -> tuple[int, int]:
    p = result.program
    rows, columns = (sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables))
    return rows, columns


def changes(result: Result) -> bool:
    """Whether it is asked for, and there is a map from as many variables as it has functions."""
    m, n = size(result)
    return "integral" in result.besides and m == n <= MAX_VOLUME


def element(labels: Labels) -> t.Expr:
    """dx dy, of the names of rows or columns."""
    return t.Phrase(tuple(part for k, one in enumerate(labels) for part in (t.Words(" d" if k else "d"), one.tree)))


def integral(result: Result) -> Iterator[Formula]:
    """dx dy = |det J| dr dφ = r dr dφ, where it is asked for."""
    if "integral" not in result.besides:
        return
    m, n = size(result)
    if not changes(result):
        why = f"it is {m}×{n}" if m != n else f"here are {n}"
        words = f"|det J| is of as many functions as variables, {MAX_VOLUME} at most; {why}"
        yield Formula("integral", t.Words(words))
        return
    p = result.program
    columns = Labels(result, p.variables)
    old, new = element(Labels(result, p.outputs)), element(columns)
    of = derivative_name(result, columns[0].tree) if n == 1 else t.Call("det", (t.Jacobian(),), bare=True)
    sides = [old, stretched(t.Absolute(of), new)]
    try:
        det = determinant_of(result.matrix)
        shown = layout_of(result)(det if det.is_nonnegative else sp.Abs(det))
        if len(latex(shown)) < MAX_FORMULA // 8:
            sides.append(stretched(shown, new))
    except LimitError:  # written out it is too long
        pass
    yield Formula("integral", t.Equation(tuple(sides), ("=",) * (len(sides) - 1)), arrays=p.arrays)


def stretched(factor: t.Expr, by: t.Expr) -> t.Expr:
    """A factor in front of dx dy; 1 is not written."""
    if factor == t.Number("1"):
        return by
    bare = isinstance(factor, (t.Sum, t.Negative))  # a phrase puts no brackets
    parts = (t.Words("("), factor, t.Words(") ")) if bare else (factor, t.Words(" "))
    return t.Phrase((*parts, by))


def volumes(result: Result) -> list[str]:
    """The number of |det J| at the current point, in a line of text."""
    if not changes(result) or result.undetermined:
        return []
    p = result.program
    old, new = (text(element(Labels(result, keys))) for keys in (p.outputs, p.variables))
    return [f"{old} = {abs(np.linalg.det(steady(result))):.4g} {new} at this point"]
