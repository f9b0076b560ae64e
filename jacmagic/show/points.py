"""What is said at the points of lines `at x = γ/β`: the Jacobian, its trace, determinant and eigenvalues there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from math import prod

import sympy as sp

from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.printers import text
from jacmagic.result import Result
from jacmagic.show.backward import layout_of
from jacmagic.show.determinants import determinant_of
from jacmagic.show.pieces import MAX_SHOWN, Formula, equal, name_of
from jacmagic.show.tables import jacobian_name

MAX_SHORT = 80
"""Characters of an eigenvalue at a point, as text; a longer one is left to the numbers. Instead: `r.at(…)`."""

MAX_PARTS = 200
"""Parts of an entry that is put together at a point; a longer one stands as it is. Instead: likewise."""


def placed(result: Result) -> Iterator[Formula]:
    """The Jacobian at each point that a line says, and of a square one what is short of it."""
    p = result.program
    size = [sum(prod(p.shape(key)) for key in keys) for keys in (p.outputs, p.variables)]
    if not p.points or max(size) > MAX_SHOWN:
        return
    with suppress(LimitError):
        matrix = sp.Matrix(result.matrix)
        for point in p.points:
            places = {
                symbol: value for key, (_, node) in point.values.items()
                for symbol, value in zip(result.entry_symbols(key), result.entries(node))
            }
            there = matrix.subs(places, simultaneous=True).applyfunc(together)
            yield from at(result, there, named(result, point.values))


def named(result: Result, values: object) -> t.Expr:
    """x = γ/β, y = α/β."""
    assert isinstance(values, dict)
    return t.Listing(tuple(equal(name_of(result, key), tree) for key, (tree, _) in values.items()))


def at(result: Result, matrix: sp.Matrix, place: t.Expr) -> Iterator[Formula]:
    """J |_{x = a} = …, its trace, determinant and eigenvalues."""
    p, layout = result.program, layout_of(result)
    if matrix.has(sp.zoo, sp.nan, sp.oo, -sp.oo):
        yield Formula("point", t.Phrase((t.Evaluated(jacobian_name(result), place), t.Words(" is not finite"))))
        return
    rows = tuple(tuple(map(layout, matrix.row(i))) for i in range(matrix.rows))
    shown = rows[0][0] if matrix.shape == (1, 1) else t.Matrix(rows)
    yield Formula("point", equal(t.Evaluated(jacobian_name(result), place), shown), arrays=p.arrays)
    if matrix.rows != matrix.cols or matrix.rows < 2:
        return
    trace, det = together(matrix.trace()), together(determinant_of(matrix))
    parts = [equal(t.Call("tr", (t.Jacobian(),), bare=True), layout(trace)),
             equal(t.Call("det", (t.Jacobian(),), bare=True), layout(det))]
    found = [] if "i" in result.known else eigenvalues(matrix, trace, det)
    values = [layout(one.subs(sp.I, sp.Symbol("i", real=True))) for one in found]
    if values and all(len(text(one)) <= MAX_SHORT for one in values):
        parts += [equal(t.Name(f"lam{k + 1}"), one) for k, one in enumerate(values)]
    yield Formula("point", t.Listing(tuple(parts)), arrays=p.arrays)


def eigenvalues(matrix: sp.Matrix, trace: sp.Expr, det: sp.Expr) -> list[sp.Expr]:
    """Those of a 2×2 matrix by its trace and determinant, those of a triangular one its diagonal; else none."""
    if matrix.is_upper or matrix.is_lower:
        return list(matrix.diagonal())
    if matrix.rows != 2:
        return []
    root = sp.sqrt(sp.factor(trace**2 - 4 * det))
    return [together((trace + sign * root) / 2) for sign in (1, -1)]


def together(expr: sp.Expr) -> sp.Expr:
    """A short expression over one denominator, in lowest terms; a sum of roots as it is."""
    if sum(1 for _ in sp.preorder_traversal(expr)) > MAX_PARTS:
        return expr
    with suppress(sp.PolynomialError):
        return min((expr, sp.cancel(expr), sp.factor(expr)), key=sp.count_ops)
    return expr
