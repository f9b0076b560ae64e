"""A derivative with the current numbers in the place of its names, as the last line of worked examples has it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import prod

import numpy as np

from jacmagic import names
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
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


@dataclass(frozen=True)
class Moving:
    """The numbers behind a formula as a page has them: a name in the place of each, that it knows or has an array for.

    sides   the formula with its numbers put in, and what it is
    arrays  those of the names that are no names of the block: put:7[2] is the second entry of put:7
    """

    sides: tuple[t.Expr, ...]
    arrays: Mapping[str, Node]


def holes(node: Node) -> list[t.Expr]:
    """The names of a node's entries in a page."""
    return [t.Name(f"put:{node.number}[{k + 1}]") for k in range(node.size)]


def in_numbers(result: Result, tree: t.Expr, of: str, wrt: str) -> tuple[t.Expr, ...]:
    """The formula with the current values put in, and the number that it is; nothing where that is none."""
    with suppress(JacmagicError, ArithmeticError):
        with np.errstate(all="ignore"):
            value = float(np.asarray(result.at(of, wrt)))
            known = {**result.values._data, **result.forward()}
        flat = {names.entry(key, np.shape(one), at): float(v) for key, one in known.items() if np.size(one) <= 100
                for at, v in enumerate(np.ravel(one))}
        whole = numbered(tree, flat)
        if np.isfinite(value) and tree != digits(value):
            there = not any(isinstance(one, t.Name) for one in t.walk(whole)) and whole not in (tree, digits(value))
            return (whole, digits(value)) if there else (digits(value),)
    return ()


def in_moving_numbers(result: Result, tree: t.Expr, of: str, wrt: str, sides: int) -> Moving:
    """The same for a page, of as many sides: there the formula's names have their numbers."""
    node = c.arranged(result.program.graph, result.derivative(of, wrt, safe=True)[0], ())
    last = holes(node)[0]
    return Moving((tree, last)[-sides:], {f"put:{node.number}": node})


def form(result: Result, of: str, wrt: str) -> tuple[int, int]:
    """Rows and columns of a derivative; that of a number by a matrix has the matrix's."""
    rows, columns = (len(entry_names(result, one)) for one in (of, wrt))
    shape = result.program.shape(result.place(wrt)[0])
    return (shape[0], shape[1]) if rows == 1 < columns and len(shape) == 2 else (rows, columns)


def matrix_of_numbers(result: Result, tree: t.Expr, of: str, wrt: str) -> tuple[t.Expr, ...]:
    """The numbers of a derivative of up to sixteen entries, before them the formula with its arrays put in."""
    rows, columns = form(result, of, wrt)
    if rows * columns > MAX_BESIDE:
        return ()
    with suppress(JacmagicError, ArithmeticError), np.errstate(all="ignore"):
        values = np.reshape(steady(result, of, wrt), (rows, columns))
        if np.isfinite(values).all():
            last = whole(result, of, wrt, list(map(digits, values.ravel().tolist())))
            between = None if in_denominator(result) else Arrays(result).put_in(tree)
            return (last,) if between is None else (between, last)
    return ()


def whole(result: Result, of: str, wrt: str, entries: list[t.Expr]) -> t.Expr:
    """A derivative by its entries, row by row."""
    if all(at is not None or not result.program.shape(one) for one, at in map(result.place, (of, wrt))):
        return entries[0]
    width = form(result, of, wrt)[1]
    return t.Matrix(tuple(tuple(entries[k : k + width]) for k in range(0, len(entries), width)))


def moving_matrix(result: Result, tree: t.Expr, of: str, wrt: str, sides: int) -> Moving:
    """The same for a page, of as many sides."""
    node, arrays = result.derivative(of, wrt, safe=True)[0], Arrays(result, True)
    between = arrays.put_in(tree) if sides > 1 else None
    last = whole(result, of, wrt, holes(node))
    return Moving((last,) if between is None else (between, last), {**arrays.nodes, f"put:{node.number}": node})


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


def array(entries: np.ndarray) -> t.Expr:
    """A number, a column or a matrix of numbers or of names as a factor; what has one entry is a number."""
    shown = [one if isinstance(one, t.Expr) else digits(one + 0.0) for one in entries.ravel().tolist()]  # no −0
    if len(shown) == 1:
        return t.Paren(shown[0]) if isinstance(shown[0], t.Negative) else shown[0]
    width = entries.shape[-1] if entries.ndim > 1 else 1
    return t.Matrix(tuple(tuple(shown[k : k + width]) for k in range(0, len(shown), width)))


_NAMES = (t.Name, t.Delta, t.PreActivation, t.Partial, t.Total, t.Component, t.Call, t.Identity, t.Dots)
"""What has no numbers where none are known of it."""


class _Without(Exception):
    """A part that has no few numbers."""


class Arrays:
    """The arrays of a net at the current point that stand in its backward pass and its chain rule: a, δ_a, ∂a/∂x.

    moving  names that a page has numbers for in the place of numbers; `nodes` has those that are no names of the block
    """

    def __init__(self, result: Result, moving: bool = False) -> None:
        self.result, self.moving = result, moving
        self.known = {**result.values._data, **result.forward()}
        self.nodes: dict[str, Node] = {}

    def put_in(self, tree: t.Expr) -> t.Expr | None:
        """The formula of few numbers; None where a part of it has many, or none, and of one name alone."""
        try:
            return None if self.value(t.inside(tree)) is not None else self.of(tree)
        except (_Without, JacmagicError, KeyError, ArithmeticError):  # u, v of a rule are no names of the block
            return None

    def beside(self, left: t.Expr, right: t.Expr) -> tuple[t.Expr, ...]:
        """The formula with its arrays put in, and what it is; nothing of many numbers."""
        with suppress(_Without, JacmagicError, ArithmeticError), np.errstate(all="ignore"):
            last, between = t.inside(self.of(left)), self.put_in(right)
            return (last,) if between is None else (between, last)
        return ()

    def of(self, tree: t.Expr) -> t.Expr:
        found = self.value(tree)
        if found is not None:
            if found.size > MAX_BESIDE or found.ndim > 2 or not np.isfinite(found).all():
                raise _Without
            return array(self.names(tree) if self.moving else found)
        if isinstance(tree, _NAMES):
            raise _Without
        if isinstance(tree, t.Product):
            factors = [(op, self.of(one)) for op, one in tree.factors]
            return t.Product(tuple(
                ("dot" if k and op in ("", "*") and not isinstance(one, t.Matrix) and begins(one) else op, one)
                for k, (op, one) in enumerate(factors)))
        return t.rebuilt(tree, self.of)

    def value(self, tree: t.Expr) -> np.ndarray | None:
        """What a name, z_a, δ_a or a local Jacobian is here, or an entry of one."""
        if isinstance(tree, t.Name):
            whole, at = self.place(tree)
            found = np.asarray(self.known[whole], dtype=float) if whole in self.known else None
            return found if found is None or at is None else np.ravel(found)[at]
        if isinstance(tree, t.Component):
            base, places = self.value(tree.base), _places(tree)
            return None if base is None or len(places) < base.ndim else base[places]
        if isinstance(tree, t.Partial) and len(tree.by) == 1:
            return local_numbers(self.result).get(_pair(tree))
        node = self.node(tree)
        if node is None:
            return None
        run = self.result.once(f"put:{node.number}", lambda: self.result.compile_nodes({"put": node}))
        return np.asarray(run(**self.result.point({}))["put"])

    def names(self, tree: t.Expr) -> np.ndarray:
        """The names of the entries of what has a value."""
        if isinstance(tree, t.Component):
            return np.array(self.names(tree.base)[_places(tree)], dtype=object)
        if isinstance(tree, t.Name):
            (whole, at), found = self.place(tree), np.empty(len(entry_names(self.result, tree.key)), dtype=object)
            found[:] = [t.Name(one) for one in entry_names(self.result, tree.key)]
            return found if at is not None else found.reshape(self.result.program.shape(whole))
        node = self.node(tree)
        assert node is not None
        self.nodes[f"put:{node.number}"] = node
        found = np.empty(node.size, dtype=object)
        found[:] = holes(node)
        return found.reshape(node.shape)

    def place(self, name: t.Name) -> tuple[str, int | None]:
        return (name.key, None) if name.key in self.known else self.result.place(name.key)

    def node(self, tree: t.Expr) -> Node | None:
        """The node of z_a, δ_a or a local Jacobian."""
        p, g = self.result.program, self.result.program.graph
        if isinstance(tree, t.Partial):
            of, by = _pair(tree)
            return c.arranged(g, c.jacobian(g, self.result.inner(of), g.input(by, p.shape(by))),
                              (prod(p.shape(of)), prod(p.shape(by))))
        if not isinstance(tree, (t.Delta, t.PreActivation)) or not isinstance(tree.of, t.Name):
            return None
        key = tree.of.key
        parts = self.result.once("names", lambda: Names(self.result)).splits.get(key)
        if isinstance(tree, t.PreActivation):
            return None if parts is None else parts.inner
        line = next((one for step in backward(self.result) for one in step if one.left == t.Delta(t.Name(key))), None)
        if line is None:
            return None
        back = c.arranged(g, self.result.derivative(p.outputs[-1], key, safe=True)[0], p.shape(key))
        if not line.at_z:
            return back
        assert parts is not None
        (by_z,) = c.sweep(g, parts.outer, back, [parts.z])
        return put_in(g, by_z, {parts.z.data: parts.inner})


def _places(tree: t.Component) -> tuple[int, ...]:
    return tuple(int(one.text) - 1 for one in tree.indices if isinstance(one, t.Number))


def _pair(tree: t.Partial) -> tuple[str, str]:
    of, by = tree.of, tree.by[0]
    return (of.key, by.key) if isinstance(of, t.Name) and isinstance(by, t.Name) else ("", "")
