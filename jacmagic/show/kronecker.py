"""The Jacobian of a matrix, its entries row by row, as Kronecker products where it is one: of A X B by X it is A ⊗ Bᵀ.

The slope of the number uᵀ F v by X is a sum of products L u vᵀ R, with u and v that stand for nothing else; the
Jacobian of F is the sum of Lᵀ ⊗ R. Entry by entry, diag(u) M diag(v), it is diag(flatten(M)). Where Xᵀ stands in F
there are products L v uᵀ R, for which it is (R ⊗ Lᵀ) K: no Kronecker product alone can be that.

Source: Magnus & Neudecker, The Commutation Matrix, Annals of Statistics 7 (1979).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.language import tree as t
from jacmagic.names import name
from jacmagic.result import Result
from jacmagic.show import algebra as a
from jacmagic.show.atoms import bracketed
from jacmagic.show.backward import Names
from jacmagic.show.formula import NoForm, Reader
from jacmagic.show.grouped import times
from jacmagic.show.norms import pull

LEFT, RIGHT = "\u27e8u\u27e9", "\u27e8v\u27e9"  # names that no block has


def of_matrix(result: Result, root: Node, target: Node) -> tuple[t.Expr, str]:
    """The Jacobian of a matrix by an input: by a number a matrix, by a matrix one row an entry.

    Raises:
        NoForm: it is no sum of Kronecker products.
    """
    if len(target.shape) == 1:
        raise NoForm
    g = result.program.graph
    u, v = g.input(LEFT, root.shape[:1]), g.input(RIGHT, root.shape[1:])
    number = g.dot(u, times(g, root, v, False), (0,), (0,), ())
    (node,) = c.sweep(g, number, g.const(1), [target], True, pull)
    reader: Reader = result.once("names", lambda: Names(result)).reader([node])
    form = _opened(reader.form(node))
    if 1 in root.shape or 1 in target.shape:
        raise NoForm
    write = partial(_entry, x=target) if target.shape else _of_number
    terms = [write(reader, term, root) for term in form.terms]
    if not terms:
        raise NoForm
    shown = reader.shown(a.add(terms))
    if not any(isinstance(one, t.Commutation) for one in t.walk(shown)):
        return shown, ""
    if "K" in result.known:
        raise NoForm
    x = name(target.data).text
    return shown, f"K flatten({x}) = flatten({x}ᵀ), the commutation matrix"


def _opened(form: a.Form) -> a.Form:
    """A sum of products without brackets round the sums that have u and v in them."""
    out: list[a.Form] = []
    for term in form.terms:
        at = next((k for k, one in enumerate(term.factors) if one.kind == "sum"), None)
        if at is None:
            out.append(a.Form((term,), form.rows, form.columns))
            continue
        inside = term.factors[at]
        whole = inside.what.transposed if inside.flipped else inside.what
        spread = [a.tidy(a.Term(term.scale * one.scale, term.factors[:at] + one.factors + term.factors[at + 1 :]))
                  for one in whole.terms]
        out.append(_opened(a.Form(tuple(spread), form.rows, form.columns)))
    return a.add(out) if out else form


def _places(term: a.Term, reader: Reader) -> tuple[int, int]:
    """Where u and v stand, each by itself and once."""
    found = []
    for own in (LEFT, RIGHT):
        at = [k for k, one in enumerate(term.factors) if one.kind in ("column", "diag") and any(
            reader.atoms[symbol][0].data == own for symbol in one.what.free_symbols)]
        if len(at) != 1 or not term.factors[at[0]].what.is_Symbol:
            raise NoForm
        found.append(at[0])
    if any(reader.atoms[one][0].data in (LEFT, RIGHT) for one in term.scale.free_symbols if one in reader.atoms):
        raise NoForm
    return found[0], found[1]


def _product(factors: tuple[a.Factor, ...], size: int) -> a.Form:
    return a.Form((a.Term(sp.S.One, factors),), factors[0].rows, factors[-1].columns) if factors else a.eye(size)


def _entry(reader: Reader, term: a.Term, root: Node, x: Node) -> a.Form:
    """L u vᵀ R is Lᵀ ⊗ R, L v uᵀ R is (R ⊗ Lᵀ) K, diag(u) M diag(v) is diag(flatten(M))."""
    at, then = _places(term, reader)
    u, v = term.factors[at], term.factors[then]
    if u.kind == v.kind == "diag" and (at, then) == (0, 2) and len(term.factors) == 3:
        inner = t.Call("flatten", (reader.shown(_product(term.factors[1:2], 0)),))
        n = root.shape[0] * root.shape[1]
        return a.matrix(t.Diag(inner), n, n).times(term.scale)
    m, n = root.shape
    if u.kind == v.kind == "column" and u.flipped and not v.flipped and at == then + 1:
        left, right = _product(term.factors[:then], n), _product(term.factors[at + 1 :], m)
        turns = a.matrix(t.Commutation(t.Name(x.data)), x.size, x.size)
        if not term.factors[:then] and not term.factors[at + 1 :]:
            return turns.times(term.scale)
        both = t.Kronecker(bracketed(reader.shown(right)), bracketed(reader.shown(left.transposed)))
        return a.multiply(a.matrix(both, m * n, x.size), turns).times(term.scale)
    if u.kind != "column" or v.kind != "column" or u.flipped or not v.flipped or then != at + 1:
        raise NoForm
    left, right = _product(term.factors[:at], m), _product(term.factors[then + 1 :], n)
    if not term.factors[:at] and not term.factors[then + 1 :]:
        return a.eye(m * n).times(term.scale)
    shown = t.Kronecker(bracketed(reader.shown(left.transposed)), bracketed(reader.shown(right)))
    return a.matrix(shown, left.columns * right.rows, left.rows * right.columns).times(term.scale)


def _of_number(reader: Reader, term: a.Term, root: Node) -> a.Form:
    """uᵀ M v is M."""
    at, then = _places(term, reader)
    if (at, then) != (0, len(term.factors) - 1) or not term.factors[at].flipped:
        raise NoForm
    m, _ = root.shape
    return a.multiply(_product(term.factors[1:-1], m)).times(term.scale)
