"""A derivative with the current numbers in the place of its names, as the last line of worked examples has it."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.engine.implicit import put_in
from jacmagic.errors import JacmagicError
from jacmagic.language import tree as t
from jacmagic.result import Result
from jacmagic.rounding import steady
from jacmagic.show.backward import Names, backward
from jacmagic.show.convention import in_denominator
from jacmagic.show.pieces import MAX_BESIDE, entry_names
from jacmagic.show.remarks import local_numbers


def digits(value: float) -> t.Expr:
    """A number as it is shown: four significant digits."""
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    shown = t.Number(mantissa.lstrip("-") + (f"e{int(exponent)}" if exponent else ""))
    return t.Negative(shown) if mantissa.startswith("-") else shown


def in_numbers(result: Result, tree: t.Expr, of: str, wrt: str) -> tuple[t.Expr, ...]:
    """The formula with the current values put in, and the number that it is; nothing where that is none."""
    with suppress(JacmagicError, ArithmeticError):
        with np.errstate(all="ignore"):
            value = float(np.asarray(result.at(of, wrt)))
            known = {**result.values._data, **result.forward()}
        flat = {names.entry(key, np.shape(one), at): float(v) for key, one in known.items() if np.size(one) <= 100
                for at, v in enumerate(np.ravel(one))}
        whole = numbered(tree, flat)
        if np.isfinite(value):
            there = not any(isinstance(one, t.Name) for one in t.walk(whole)) and whole not in (tree, digits(value))
            return (whole, digits(value)) if there else (digits(value),)
    return ()


def form(result: Result, of: str, wrt: str) -> tuple[int, int]:
    """Rows and columns of a derivative; that of a number by a matrix has the matrix's."""
    rows, columns = (len(entry_names(result, one)) for one in (of, wrt))
    shape = result.program.shape(result.place(wrt)[0])
    return (shape[0], shape[1]) if rows == 1 < columns and len(shape) == 2 else (rows, columns)


def matrix_of_numbers(result: Result, tree: t.Expr, key: str, by: str) -> tuple[t.Expr, ...]:
    """The numbers of a derivative of up to sixteen entries, before them the formula with its arrays put in."""
    rows, columns = form(result, key, by)
    if rows * columns > MAX_BESIDE:
        return ()
    with suppress(JacmagicError, ArithmeticError), np.errstate(all="ignore"):
        values = np.reshape(steady(result, key, by), (rows, columns))
        if np.isfinite(values).all():
            single = all(at is not None or not result.program.shape(one) for one, at in map(result.place, (key, by)))
            entries = tuple(tuple(map(digits, row)) for row in values.tolist())
            last = entries[0][0] if single else t.Matrix(entries)
            between = None if in_denominator(result) else Arrays(result).put_in(tree)
            return (last,) if between is None else (between, last)
    return ()


def numbered(tree: t.Expr, known: dict[str, float]) -> t.Expr:
    """The formula with numbers for its names, a dot between those that would run together."""
    if isinstance(tree, t.Name):
        if tree.key not in known:
            return tree
        shown = digits(known[tree.key])
        return t.Paren(shown) if isinstance(shown, t.Negative) else shown
    if isinstance(tree, t.Product):
        factors = [(op, numbered(one, known)) for op, one in tree.factors]
        return t.Product(tuple(
            ("dot" if k and op in ("", "*") and begins(one) else op, one) for k, (op, one) in enumerate(factors)))
    return t.rebuilt(tree, lambda one: numbered(one, known))


def begins(tree: t.Expr) -> bool:
    """True where a formula begins with a digit or a bracket."""
    while isinstance(tree, (t.Product, t.Power)):
        tree = tree.factors[0][1] if isinstance(tree, t.Product) else tree.base
    return isinstance(tree, (t.Number, t.Paren, t.Fraction))


def array(values: np.ndarray) -> t.Expr:
    """A number, a column or a matrix as a factor; what has one entry is a number."""
    values = values + 0.0  # no −0
    if values.size == 1:
        shown = digits(values.item())
        return t.Paren(shown) if isinstance(shown, t.Negative) else shown
    return t.Matrix(tuple(tuple(map(digits, np.atleast_1d(row).tolist())) for row in values))


_NAMES = (t.Name, t.Delta, t.PreActivation, t.Partial, t.Total, t.Component, t.Call, t.Identity, t.Dots)
"""What has no numbers where none are known of it."""


class _Without(Exception):
    """A part that has no few numbers."""


class Arrays:
    """The arrays of a net at the current point that stand in its backward pass and its chain rule: a, δ_a, ∂a/∂x."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.known = {**result.values._data, **result.forward()}

    def put_in(self, tree: t.Expr) -> t.Expr | None:
        """The formula of few numbers; None where a part of it has many, or none, and of one name alone."""
        try:
            return None if self.value(t.inside(tree)) is not None else self.of(tree)
        except (_Without, JacmagicError, KeyError, ArithmeticError):  # u, v of a rule are no names of the block
            return None

    def of(self, tree: t.Expr) -> t.Expr:
        found = self.value(tree)
        if found is not None:
            if found.size > MAX_BESIDE or not np.isfinite(found).all():
                raise _Without
            return array(found)
        if isinstance(tree, _NAMES):
            raise _Without
        if isinstance(tree, t.Product):
            factors = [(op, self.of(one)) for op, one in tree.factors]
            return t.Product(tuple(
                ("dot" if k and op in ("", "*") and not isinstance(one, t.Matrix) and begins(one) else op, one)
                for k, (op, one) in enumerate(factors)))
        return t.rebuilt(tree, self.of)

    def value(self, tree: t.Expr) -> np.ndarray | None:
        """What a name, δ_a or a local Jacobian is here, or an entry of one."""
        if isinstance(tree, t.Name):
            return self.named(tree.key)
        if isinstance(tree, t.Component):
            base, places = self.value(tree.base), [int(one.text) for one in tree.indices if isinstance(one, t.Number)]
            return None if base is None or len(places) < base.ndim else base[tuple(k - 1 for k in places)]
        if isinstance(tree, t.Delta) and isinstance(tree.of, t.Name):
            return self.delta(tree.of.key)
        if isinstance(tree, t.Partial) and len(tree.by) == 1:
            of, by = tree.of, tree.by[0]
            pair = (of.key, by.key) if isinstance(of, t.Name) and isinstance(by, t.Name) else ("", "")
            return local_numbers(self.result).get(pair)
        return None

    def named(self, key: str) -> np.ndarray | None:
        whole, at = self.result.place(key) if key not in self.known else (key, None)
        value = np.asarray(self.known[whole], dtype=float) if whole in self.known else None
        return value if value is None or at is None else np.ravel(value)[at]

    def delta(self, key: str) -> np.ndarray | None:
        """δ of a layer: ∂L/∂a as a column, or that by the pre-activation, by the slope of the layer's function."""
        line = next((one for step in backward(self.result) for one in step if one.left == t.Delta(t.Name(key))), None)
        if line is None:
            return None
        back = np.reshape(self.result.at(self.result.program.outputs[-1], key), self.result.program.shape(key))
        if not line.at_z:
            return back
        g, found = self.result.program.graph, self.result.once("names", lambda: Names(self.result))
        parts = found.splits[key]
        assert parts is not None
        slope = put_in(g, c.jacobian(g, parts.outer, parts.z), {parts.z.data: parts.inner})
        rows = self.result.compile_nodes({"slope": slope})(**self.result.point({}))["slope"]
        return np.reshape(np.ravel(back) @ np.reshape(rows, (back.size, -1)), parts.z.shape)
