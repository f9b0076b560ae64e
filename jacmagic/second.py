"""Second derivatives of a Result, and products with its Jacobian, which is not formed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from jacmagic import code
from jacmagic.code import Compiled
from jacmagic.engine import chain as c
from jacmagic.engine.expand import MAX_WRITTEN
from jacmagic.engine.graph import Node
from jacmagic.reals import reals
from jacmagic.solving import FLAT, extremum
from jacmagic.values import identifier

if TYPE_CHECKING:
    from jacmagic.result import Result


MAX_BENT = 1_600
"""Entries of a Hessian that is evaluated whole, with its eigenvalues. Instead: `r.hessian("L", "x", "x")`."""


def functions(result: Result) -> list[tuple[str, int]]:
    """The functions whose second derivatives there are, one for each row of J: a name, and which entry of it."""
    return [(key, k) for key in result.program.outputs for k in range(prod(result.program.shape(key)))]


def hessians(result: Result) -> sp.ImmutableMatrix | dict[str, sp.ImmutableMatrix]:
    """The matrix of second derivatives by all variables; of several functions {name: matrix}.

    Raises:
        LimitError: written out it is too long.
    """
    every = range(len(result.variables))
    found = {
        result.entry_symbols(key)[k].name: sp.ImmutableMatrix(entries(result, key, k, every))
        for key, k in functions(result)
    }
    return next(iter(found.values())) if len(found) == 1 else found


def entries(result: Result, key: str, k: int, some: Sequence[int], most: int = MAX_WRITTEN) -> list[list[sp.Expr]]:
    """Some rows and the same columns of the Hessian of one function; above the diagonal as below it."""
    g, (gradient, targets) = result.program.graph, _gradient(result, key, k, safe=False)
    parts = [
        g.stack(c.jacobians(g, g.take(gradient, (i,), ()), targets, reuse=False), gradient.shape) for i in some
    ]
    upper = [g.take(part, some[at:], (len(some) - at,)) for at, part in enumerate(parts)]
    flat = iter(result.slopes(g.stack(upper, (sum(one.size for one in upper),)), most))
    rows = [[next(flat) for _ in some[at:]] for at in range(len(some))]
    return [[rows[min(i, j)][abs(i - j)] for j in range(len(some))] for i in range(len(some))]


def _gradient(result: Result, key: str, k: int, safe: bool) -> tuple[Node, list[Node]]:
    """The gradient (n,) of an entry of a function, and the variables; those that the block defines are cut out."""
    p, g = result.program, result.program.graph
    targets = [g.input(one, p.shape(one)) for one in p.variables]
    cut = [one for one in p.variables if one in p.steps]
    root = g.input(key, p.shape(key)) if key in cut else c.rebuild(g, [p.node(key)], cut, safe)[0][0]
    slopes = c.jacobians(g, g.take(root, (k,), ()) if root.shape else root, targets, reuse=safe)
    return g.stack(slopes, (sum(one.size for one in targets),)), targets


def bent(result: Result, key: str, k: int) -> tuple[Node, Node]:
    """The gradient (n,) and the Hessian (n, n) of a function, for numbers."""

    def make() -> tuple[Node, Node]:
        g, (gradient, targets) = result.program.graph, _gradient(result, key, k, safe=True)
        n = gradient.size
        blocks = [c.arranged(g, one, (n, one.size // n)) for one in c.jacobians(g, gradient, targets)]
        return gradient, g.stack(blocks, (n,), 1)

    return result.once(("bent", key, k), make)


@dataclass(frozen=True)
class Bend:
    """How a function bends at a point.

    Attributes:
        hessian      (n, n)
        eigenvalues  of it, the largest first
        word         "positive definite", …; where the gradient is 0 also "minimum", "maximum", "saddle"; "" of NaN
    """

    hessian: np.ndarray
    eigenvalues: np.ndarray
    word: str


def bends(result: Result) -> list[Bend]:
    """How each function bends at the current point."""

    def make() -> Compiled:
        found = enumerate(bent(result, *one) for one in functions(result))
        return result.compile_nodes({f"{kind}{i}": node for i, both in found for kind, node in zip("gh", both)})

    run = result.once("bends", make)
    point = result.point({})
    with np.errstate(all="ignore"):
        out = run(**point)
    at = [point[identifier(key)] for key in result.program.variables if key in result.program.inputs]
    reach = 1 + max((float(np.max(np.abs(one), initial=0)) for one in at), default=0.0)
    return [
        bend(np.asarray(out[f"g{i}"], float), np.asarray(out[f"h{i}"], float), reach)
        for i in range(len(functions(result)))
    ]


def bend(gradient: np.ndarray, hessian: np.ndarray, reach: float) -> Bend:
    """The words for a gradient and a Hessian; `reach` is the size of the point.

    The gradient counts as 0 where in each eigenvector's direction a step of Newton's method is rounding beside `reach`.
    """
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return Bend(hessian, np.full(len(hessian), np.nan), "")
    found, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    largest = np.max(np.abs(found), initial=0)
    allowed = reach * np.maximum(1e-9 * np.abs(found), 1e-14 * largest)
    word = definite(found)
    if (np.abs(vectors.T @ gradient) <= allowed).all():
        word = ", ".join(filter(None, [word, extremum(found / (largest or 1))]))
    return Bend(hessian, found[::-1], word)


def definite(eigenvalues: np.ndarray) -> str:
    """What a symmetric matrix is by the signs of its eigenvalues; of one number, how the function bends."""
    size = float(np.max(np.abs(eigenvalues), initial=0))
    low, high = bool((eigenvalues < -FLAT * size).any()), bool((eigenvalues > FLAT * size).any())
    if not (low or high):
        return "zero"
    if len(eigenvalues) == 1:
        return "concave here" if low else "convex here"
    if low and high:
        return "indefinite"
    half = "semidefinite" if bool((np.abs(eigenvalues) <= FLAT * size).any()) else "definite"
    return f"{'negative' if low else 'positive'} {half}"


def hessian_at(result: Result, of: str, a: str, b: str, values: Mapping[str, Any]) -> np.ndarray:
    """The derivative of one name by a second and by a third, in numbers: of.shape + a.shape + b.shape.

    Raises:
        KeyError: a name that the block does not have, or one entry of a vector.
        LimitError: too many entries.
    """
    p, g = result.program, result.program.graph
    for name in (of, a, b):
        if result.place(name)[1] is not None:
            raise KeyError(f"{name!r} is one entry; a second derivative is of whole names")
    of, a, b = (result.place(name)[0] for name in (of, a, b))

    def make() -> Compiled:
        cut = [key for key in (a, b) if key in p.steps and key != of]
        (root,), labels = c.rebuild(g, [p.node(of)], cut, True)
        node = c.derivative(g, root, *(g.input(key, p.shape(key)) for key in (a, b)))
        return code.compiled("numpy", *result._of_inputs(node, labels), result._defaults(), name="hessian")

    result._check_size(of, p.shape(of), a, p.shape(a) + p.shape(b))
    return np.asarray(result.once(("hessian", of, a, b), make)(**result.point(values)))


def jvp(result: Result, direction: Any, values: Mapping[str, Any]) -> np.ndarray:
    """J v, one number for each function: the slopes along a direction with an entry for each variable."""
    p, g = result.program, result.program.graph
    targets = _targets(result)
    names = [f"_v{k}" for k in range(len(targets))]

    def make() -> Compiled:
        roots, labels = c.rebuild(g, [p.node(key) for key in p.outputs], (), True)
        along = [g.input(name, one.shape) for name, one in zip(names, targets)]
        pushed = c.pushed(g, roots, dict(zip(targets, along)))
        return _compiled(result, g.stack(pushed, (sum(one.size for one in pushed),)), labels, names, targets)

    return _times(result, "jvp", make, direction, names, targets, values)


def vjp(result: Result, weights: Any, values: Mapping[str, Any]) -> np.ndarray:
    """Jᵀ u, one number for each variable: the gradient of the functions weighed by u."""
    p, g = result.program, result.program.graph
    targets = _targets(result)
    outputs = [p.node(key) for key in p.outputs]
    names = [f"_v{k}" for k in range(len(outputs))]

    def make() -> Compiled:
        roots, labels = c.rebuild(g, outputs, (), True)
        along = [g.input(name, one.shape) for name, one in zip(names, outputs)]
        parts = [c.sweep(g, root, start, targets) for root, start in zip(roots, along)]
        pulled = [g.add(one) for one in zip(*parts)]
        return _compiled(result, g.stack(pulled, (sum(one.size for one in pulled),)), labels, names, outputs)

    return _times(result, "vjp", make, weights, names, outputs, values)


def _targets(result: Result) -> list[Node]:
    p = result.program
    if defined := [key for key in p.variables if key in p.steps]:
        raise ValueError(f"{defined[0]} is defined by the block; here the variables are names that have no definition")
    return [p.graph.input(key, p.shape(key)) for key in p.variables]


def _compiled(
    result: Result, node: Node, labels: Mapping[int, str], names: list[str], like: list[Node]
) -> Compiled:
    """A node that reads other names besides the block's, each as large as one of these nodes."""
    inputs, root, labels = result._of_inputs(node, labels)
    inputs = [*inputs, *((name, one.shape) for name, one in zip(names, like))]
    defaults = result._defaults() | {name: np.zeros(one.shape).tolist() for name, one in zip(names, like)}
    return code.compiled("numpy", inputs, root, labels, defaults, name="product")


def _times(
    result: Result, key: str, make: Any, flat: Any, names: list[str], like: list[Node], values: Mapping[str, Any]
) -> np.ndarray:
    """The product with a flat array, whose parts are as large as these nodes."""
    array = np.asarray(reals("v" if key == "jvp" else "u", flat), dtype=float)
    sizes = [prod(one.shape) for one in like]
    if array.shape != (sum(sizes),):
        raise ValueError(f"a vector of {sum(sizes)} entries is expected; this has the shape {array.shape}")
    parts = np.split(array, np.cumsum(sizes)[:-1])
    given = {name: part.reshape(one.shape) for name, part, one in zip(names, parts, like)}
    return np.asarray(result.once(key, make)(**result.point(values), **given))


@dataclass(frozen=True)
class Linear:
    """The best linear function at a point: a ↦ f(p) + J(p) (a - p).

    Attributes:
        point     p, one entry for each variable
        value     f(p), one for each function
        jacobian  J(p)
    """

    point: np.ndarray
    value: np.ndarray
    jacobian: np.ndarray

    def __call__(self, a: Any) -> np.ndarray:
        """Its value at one point (n,), or at several (…, n)."""
        return np.asarray(self.value + (np.asarray(a, dtype=float) - self.point) @ self.jacobian.T)
