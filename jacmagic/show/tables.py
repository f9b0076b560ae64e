"""The whole Jacobian: its labels and entries, the row of one function, the determinant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import sympy as sp

from jacmagic import sparse
from jacmagic.engine.graph import ancestry
from jacmagic.errors import LimitError
from jacmagic.language import tree as t
from jacmagic.language.layout import Layout
from jacmagic.language.printers import latex, text
from jacmagic.result import Result, symbols_of
from jacmagic.show.backward import layout_of
from jacmagic.show.chain import depends, paths, whole_forms
from jacmagic.show.convention import in_denominator
from jacmagic.show.determinants import determinant_of
from jacmagic.show.factors import by_sigmoid, local_entries, reciprocal
from jacmagic.show.pieces import (
    MAX_BESIDE,
    MAX_ENTRIES_TEX,
    MAX_FORMULA,
    MAX_OPERATIONS,
    MAX_SHOWN,
    MAX_WIDTH,
    Formula,
    Labels,
    equal,
    fitting,
    left_out,
    name_of,
)

MAX_READ = 99
"""Digits of a number that is read."""


def _operations(expr: sp.Basic) -> int:
    """About `count_ops`, which takes longer than all else that is done to a short formula."""
    return sum(len(part.args) for part in sp.preorder_traversal(expr))


@dataclass(frozen=True)
class Table:
    """The Jacobian as it is shown: labels, and the entries of the rows and columns that fit; None where they don't.

    Those that are `hidden` have a question mark in their place.
    """

    rows: Labels
    columns: Labels
    shown_rows: list[int]
    shown_columns: list[int]
    entries: list[list[sp.Expr]] | None
    layout: Layout
    hidden: frozenset[tuple[int, int]] = frozenset()

    @property
    def trees(self) -> list[list[t.Expr]] | None:
        """The shown entries as formulas, or None where they are too long to read."""
        return None if self._read is None else self._read[0]

    @cached_property
    def _read(self) -> tuple[list[list[t.Expr]], list[list[int]]] | None:
        """The formulas, and how long each is in a terminal."""
        if self.entries is None or sum(_operations(e) for row in self.entries for e in row) > MAX_FORMULA // 4:
            return None
        trees: list[list[t.Expr]] = [
            [UNKNOWN if (i, j) in self.hidden else self.layout(e) for j, e in zip(self.shown_columns, row)]
            for i, row in zip(self.shown_rows, self.entries)
        ]
        entries = [e for row in trees for e in row]
        if any(isinstance(one, t.Number) and len(one.text) > MAX_READ for e in entries for one in t.walk(e)):
            return None
        lengths = [[len(text(e)) for e in row] for row in trees]
        return None if sum(map(sum, lengths)) > MAX_FORMULA else (trees, lengths)

    @property
    def wide(self) -> bool:
        """True where a matrix of these entries would not fit on a line."""
        lengths = [] if self._read is None else self._read[1]
        return sum(max(column) + 2 for column in zip(*lengths)) > MAX_WIDTH

    def elided(self) -> list[list[t.Expr]]:
        """The shown entries, dots between them and the last row and column where something is left out."""
        cells = [list(row) for row in self.trees or []]
        if len(self.shown_columns) < len(self.columns):
            cells = [[*row[:-1], t.Dots(), row[-1]] for row in cells]
        if len(self.shown_rows) < len(self.rows):
            dotted: list[t.Expr] = [t.Dots("down")] * len(cells[0])
            if len(self.shown_columns) < len(self.columns):
                dotted[-2] = t.Dots("both")
            cells = [*cells[:-1], dotted, cells[-1]]
        return cells

    def labels(self, columns: bool) -> tuple[t.Expr, ...]:
        """The labels of the shown rows or columns, with dots likewise."""
        every, shown = (self.columns, self.shown_columns) if columns else (self.rows, self.shown_rows)
        out: list[t.Expr] = [every[k].tree for k in shown]
        return tuple([*out[:-1], t.Dots("across" if columns else "down"), out[-1]] if len(shown) < len(every) else out)

    @property
    def whole(self) -> bool:
        return len(self.shown_rows) == len(self.rows) and len(self.shown_columns) == len(self.columns)


UNKNOWN = t.Words("?")
"""What stands in the place of an entry that is asked for."""


def fit(count: int, most: int) -> list[int]:
    """Which of so many rows or columns are shown."""
    return list(range(count)) if count <= most else [*range(most - 2), count - 1]


def table(result: Result, most: int = MAX_SHOWN) -> Table:
    """The entries of the Jacobian that are typeset; only those are written out."""

    def make() -> Table:
        rows, columns = Labels(result, result.program.outputs), Labels(result, result.program.variables)
        some, others = fit(len(rows), most), fit(len(columns), most)
        entries: list[list[sp.Expr]] | None
        try:
            if result.program.net and most <= MAX_SHOWN:
                raise LimitError("")  # a net is shown layer by layer
            node = result.total(safe=False)[0]
            if len(some) < len(rows) or len(others) < len(columns):
                places = [i * len(columns) + j for i in some for j in others]
                node = result.program.graph.take(node, places, (len(some), len(others)))
            flat = result.slopes(node, MAX_OPERATIONS)
            entries = [flat[k : k + len(others)] for k in range(0, len(flat), len(others))]
        except LimitError:
            entries = None
        return Table(rows, columns, some, others, entries, layout_of(result))

    return result.once(("table", most), make)


def in_own_names(result: Result, found: Table) -> Table:
    """The table with the entries of a softmax or a norm in its own name, p₁ - p₁², x₁/n; else as it was."""
    if not found.whole or found.entries is None:
        return found
    entries = _by_sigmoids(result, found.entries) or _by_last_step(result, found.entries)
    return found if entries is None else replace(found, entries=entries)


def _by_sigmoids(result: Result, entries: list[list[sp.Expr]]) -> list[list[sp.Expr]] | None:
    """The rows that a sigmoid's own name shortens, s (1 - s), among the others; None where there is no such row."""
    p = result.program
    if not any(reciprocal(p.steps[of].expr) for of in p.outputs):
        return None
    own_names = [symbol for of in p.outputs for symbol in symbols_of(of, p.shape(of))]
    sigmoids = [by_sigmoid(*row) for row in zip(result.outputs, own_names, entries)]
    if all(row is None for row in sigmoids):
        return None
    return [own or row for own, row in zip(sigmoids, entries)]


def _by_last_step(result: Result, entries: list[list[sp.Expr]]) -> list[list[sp.Expr]] | None:
    """The entries as the local Jacobians of softmaxes and norms have them; None where that is not much shorter."""
    own: list[list[sp.Expr]] = []
    for of in result.program.outputs:
        rows = _local_rows(result, of)
        if rows is None:
            return None
        own += rows
    length, full = (sum(e.count_ops() for row in rows for e in row) for rows in (own, entries))
    return own if 2 * length < full else None


def _local_rows(result: Result, of: str) -> list[list[sp.Expr]] | None:
    """The rows of a softmax or a norm of the variables in its own name; None of any other function."""
    p = result.program
    below = list(ancestry([result.inner(of)]))
    on_others = any(node.op == "input" and node.data in p.steps for node in below)
    if on_others or not any(node.op in ("softmax", "norm") for node in below):
        return None
    blocks = [local_entries(result, of, wrt, MAX_SHOWN) for wrt in p.variables]
    found = [block for block in blocks if block is not None]
    if len(found) < len(blocks):
        return None
    return [[entry for part in parts for entry in part] for parts in zip(*found)]


def jacobian_name(result: Result) -> t.Jacobian:
    """J_f for one function, J for several."""
    outputs = result.program.outputs
    return t.Jacobian(name_of(result, outputs[0]) if len(outputs) == 1 else None)


def total(result: Result, most: int = MAX_SHOWN) -> Iterator[Formula]:
    """The derivative, the partial derivatives with their row and gradient, or the labelled Jacobian."""
    if result.program.net and most <= MAX_SHOWN:
        return  # a layer's Jacobian is written in that layer's own names: the chain says it
    found = in_own_names(result, table(result, most))
    m, n = len(found.rows), len(found.columns)
    if (found.trees is None or found.wide) and told_by_factors(result):
        return
    if found.trees is None or found.wide and m * n > MAX_BESIDE and most <= MAX_SHOWN and any(whole_forms(result)):
        yield from in_parts(result, found)
        return
    yield from stated(result, found)


def asking(result: Result, hidden: frozenset[tuple[int, int]]) -> Iterator[Formula]:
    """The same with question marks in the place of some entries; nothing where it is no table."""
    if result.program.net:
        return
    found = replace(in_own_names(result, table(result)), hidden=hidden)
    if found.trees is not None and found.whole:
        yield from stated(result, found)


def stated(result: Result, found: Table) -> Iterator[Formula]:
    """A table that fits, as a formula or an entry a line."""
    m, n, trees = len(found.rows), len(found.columns), found.trees or []
    step = result.program.steps[result.program.outputs[0]]
    single = len(result.program.outputs) == 1 and step.shape == ()
    if single and n == 1:
        yield Formula("result", equal(derivative_name(result, found.columns[0].tree), trees[0][0]))
    elif single:
        yield from row(result, found)
    elif found.wide:
        for i, one in zip(found.shown_rows, trees):
            for j, entry in zip(found.shown_columns, one):
                yield Formula("result", equal(t.Partial(found.rows[i].tree, (found.columns[j].tree,)), entry))
    else:
        cells = tuple(map(tuple, found.elided()))
        yield Formula("result", equal(
            jacobian_name(result), t.LabelledMatrix(cells, found.labels(False), found.labels(True))
        ), "" if found.whole else f"{m}×{n}; .matrix has all entries")


def told_by_factors(result: Result) -> bool:
    """True where a chain rule says what the whole Jacobian is."""
    p, links = result.program, depends(result)
    worked = any(n in p.steps for reads in links.values() for n in reads)
    return worked and len(p.outputs) <= 3 and all(paths(result, of) is not None for of in p.outputs)


def in_parts(result: Result, found: Table) -> Iterator[Formula]:
    """A Jacobian that is too long for one formula: as a product of matrices, or entry by entry."""
    if any(whole_forms(result)):
        return  # they say it
    m, n = len(found.rows), len(found.columns)
    name, size = jacobian_name(result), t.Space((m, n))
    note = "too long for one formula: the numbers are in .at(), everything in .matrix"
    if not sparse.fits(result):
        note = "too long for one formula: what is not 0 is in .at(sparse=True), as symbols in .sparse()"
    if found.entries is None or m * n > MAX_SHOWN:
        yield Formula("result", t.Equation((name, size), ("∈",)), note)
        return
    layout = layout_of(result)
    for i, entries in zip(found.shown_rows, found.entries):
        for j, entry in zip(found.shown_columns, entries):
            short = fitting(layout(entry), MAX_ENTRIES_TEX) if _operations(entry) < MAX_FORMULA // 4 else t.Dots()
            yield Formula("result", equal(t.Partial(found.rows[i].tree, (found.columns[j].tree,)), short),
                          note if isinstance(short, t.Dots) else "")


def derivative_name(result: Result, x: t.Expr) -> t.Expr:
    """f'(x) of a function, dy/dx of a definition, ∂y/∂x where there are parameters beside."""
    of = result.program.outputs[0]
    step, f = result.program.steps[of], name_of(result, of)
    if result.program.parameters and not step.params:
        return t.Partial(f, (x,))
    if step.kind in ("equation", "unknown") or step.kind != "function" and not step.params:
        return t.Total(f, (x,))
    return t.Slope(t.UserCall(of, (x,)))


def row(result: Result, found: Table) -> Iterator[Formula]:
    """The partial derivatives of one function, their row, and the gradient."""
    f = found.rows[0].tree
    for k, j in enumerate(found.shown_columns):
        if k and (more := j - found.shown_columns[k - 1] - 1):
            yield left_out("partial", more)
        yield Formula("partial", equal(t.Partial(f, (found.columns[j].tree,)), (found.trees or [])[0][k]))
    if found.wide:
        return
    (cells,) = found.elided()
    across, same = ("column", "the same") if in_denominator(result) else ("row", "its transpose")
    yield Formula("result", equal(jacobian_name(result), t.Matrix((tuple(cells),))),
                  f"the {across} of partial derivatives")
    column = tuple(t.Dots("down") if isinstance(one, t.Dots) else one for one in cells)
    yield Formula("gradient", equal(t.Gradient(f), t.Vector(column)), f"the gradient, {same}")


def determinant(result: Result) -> Iterator[Formula]:
    """The determinant of a square Jacobian, with sin² + cos² put together."""
    p = result.program
    n = sum(prod(p.shape(key)) for key in p.outputs)
    if p.net or not 2 <= n <= 4 or n != sum(prod(p.shape(key)) for key in p.variables):
        return
    found = table(result)
    if found.entries is None or found.trees is None:
        return
    matrix = result.matrix if p.conditions is None else sp.Matrix(found.entries)
    shown = layout_of(result)(determinant_of(matrix))
    if len(latex(shown)) < MAX_FORMULA // 8:
        yield Formula("determinant", equal(t.Call("det", (t.Jacobian(),), bare=True), shown))
