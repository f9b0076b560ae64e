"""Second derivatives of a Result, and products with its Jacobian, which is not formed for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from jacmagic.solving import FLAT, extremum, variables
from jacmagic.values import fitted, identifier

if TYPE_CHECKING:
    from jacmagic.result import Result


MAX_BENT = 1_600
"""Entries of a Hessian that is evaluated whole, with its eigenvalues. Instead: `r.hessian('L', 'x', 'x')`."""


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


def rooted(result: Result, key: str, k: int, safe: bool) -> tuple[Node, list[Node]]:
    """An entry of a function, and the variables; those that the block defines are cut out."""
    p, g = result.program, result.program.graph
    targets = [g.input(one, p.shape(one)) for one in p.variables]
    cut = [one for one in p.variables if one in p.steps]
    root = g.input(key, p.shape(key)) if key in cut else c.rebuild(g, [p.node(key)], cut, safe)[0][0]
    return g.take(root, (k,), ()) if root.shape else root, targets


def _gradient(result: Result, key: str, k: int, safe: bool) -> tuple[Node, list[Node]]:
    """Its gradient (n,), and the variables."""
    root, targets = rooted(result, key, k, safe)
    slopes = c.jacobians(result.program.graph, root, targets, reuse=safe)
    return result.program.graph.stack(slopes, (sum(one.size for one in targets),)), targets


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
        return code.compiled("numpy", *result._of_inputs(node, labels), name="hessian")

    result._check_size(of, p.shape(of), a, p.shape(a) + p.shape(b))
    return np.asarray(result.once(("hessian", of, a, b), make)(**result.point(values)))


Direction = Mapping[str, Any] | Any
"""A flat array with an entry for each variable (function), or {name: array}; names that are left out stand still."""


def jvp(result: Result, direction: Direction, values: Mapping[str, Any]) -> np.ndarray:
    """J v, one number for each function: the slopes along a direction, of the variables or of any names."""
    g, along = result.program.graph, _along(result, "v", direction)

    def make() -> Compiled:
        roots, labels = result.rebuilt(safe=True)
        pushed = c.pushed(g, roots, {g.input(key, one.shape): one for key, one in along.nodes.items()})
        return along.compiled(g.stack(pushed, (sum(one.size for one in pushed),)), labels)

    return along.times("jvp", make, values)


def vjp(result: Result, weights: Direction, values: Mapping[str, Any]) -> np.ndarray:
    """Jᵀ u, one number for each variable: the gradient of the functions weighed by u."""
    p, g = result.program, result.program.graph
    targets, along = variables(result, "here the variables"), _along(result, "u", weights)

    def make() -> Compiled:
        roots, labels = c.rebuild(g, [p.node(key) for key in along.nodes], (), True)
        parts = [c.sweep(g, root, start, targets) for root, start in zip(roots, along.nodes.values())]
        pulled = [g.add(one) for one in zip(*parts)]
        return along.compiled(g.stack(pulled, (sum(one.size for one in pulled),)), labels)

    return along.times("vjp", make, values)


def hvp(result: Result, direction: Direction, values: Mapping[str, Any]) -> np.ndarray | dict[str, np.ndarray]:
    """H v of the one function, flat; by names {name: array of its shape}: the gradient's slopes along v.

    The Hessian is not formed: a sweep in reverse, and one forward through it. Source: Pearlmutter (1994).

    Raises:
        ValueError: several functions, or one that is no number.
    """
    p, g = result.program, result.program.graph
    if len(functions(result)) != 1:
        raise ValueError("a Hessian-vector product is of one function whose value is a number")
    along = _along(result, "v", direction)

    def make() -> Compiled:
        (root,), labels = c.rebuild(g, [p.node(p.outputs[0])], (), True)
        targets = [g.input(key, one.shape) for key, one in along.nodes.items()]
        slopes = c.jacobians(g, g.take(root, (0,), ()) if root.shape else root, targets)
        pushed = c.pushed(g, slopes, dict(zip(targets, along.nodes.values())))
        return along.compiled(g.stack(pushed, (sum(one.size for one in pushed),)), labels)

    flat = along.times("hvp", make, values)
    return along.parts(flat) if isinstance(direction, Mapping) else flat


@dataclass(frozen=True)
class _Along:
    """A direction: the nodes that generated code reads it from, by the names that move, and its arrays."""

    result: Result
    nodes: dict[str, Node]
    arrays: dict[str, np.ndarray]

    def compiled(self, node: Node, labels: Mapping[int, str]) -> Compiled:
        """A node that reads the direction besides the block's names."""
        inputs, root, labels = self.result._of_inputs(node, labels)
        inputs = [*inputs, *((one.data, one.shape) for one in self.nodes.values())]
        return code.compiled("numpy", inputs, root, labels, name="product")

    def times(self, word: str, make: Callable[[], Compiled], values: Mapping[str, Any]) -> np.ndarray:
        run = self.result.once((word, *self.nodes), make)
        given = {one.data: self.arrays[key] for key, one in self.nodes.items()}
        return np.asarray(run(**self.result.point(values), **given))

    def parts(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """The entries of each name, in its shape."""
        ends = np.cumsum([one.size for one in self.nodes.values()])[:-1]
        return {key: part.reshape(self.nodes[key].shape) for key, part in zip(self.nodes, np.split(flat, ends))}


def _along(result: Result, word: str, given: Direction) -> _Along:
    """The direction that is given: v of names without a definition, u of functions."""
    p, g = result.program, result.program.graph
    if not isinstance(given, Mapping):
        keys = p.outputs if word == "u" else [one.data for one in variables(result, "here the variables")]
        along = _Along(result, {key: g.input(f"_v{k}", p.shape(key)) for k, key in enumerate(keys)}, {})
        flat = np.asarray(reals(word, given), dtype=float)
        size = sum(one.size for one in along.nodes.values())
        if flat.shape != (size,):
            raise ValueError(f"a vector of {size} entries is expected; this has the shape {flat.shape}")
        return replace(along, arrays=along.parts(flat))
    arrays = {}
    for name, value in given.items():
        key, entry = result.place(name)
        if entry is not None or (key not in p.outputs if word == "u" else key not in p.inputs):
            raise KeyError(f"{name!r} is no {'function' if word == 'u' else 'name without a definition'} of this block")
        arrays[key] = fitted(reals(name, value), p.shape(key))
    return _Along(result, {key: g.input(f"_v{k}", p.shape(key)) for k, key in enumerate(arrays)}, arrays)


@dataclass(frozen=True)
class Linear:
    """The best linear function at a point: a ↦ f(p) + J(p) (a - p). Printed with its error against the distance.

    Attributes:
        point     p, one entry for each variable
        value     f(p), one for each function
        jacobian  J(p)
        function  f
    """

    point: np.ndarray
    value: np.ndarray
    jacobian: np.ndarray
    function: Callable[[np.ndarray], np.ndarray]

    def __call__(self, a: Any) -> np.ndarray:
        """Its value at one point (n,), or at several (…, n)."""
        return np.asarray(self.value + (np.asarray(a, dtype=float) - self.point) @ self.jacobian.T)

    def error(self, distance: float) -> float:
        """The largest error at this distance of the point, along the axes and the diagonals, to both sides."""
        n = len(self.point)
        ones = np.ones(n)
        ways = np.array([*np.eye(n)[:MAX_WAYS], ones / np.sqrt(n), ones * (-1.0) ** np.arange(n) / np.sqrt(n)])
        with np.errstate(all="ignore"):
            return float(max(
                np.linalg.norm(self.function(a) - self(a)) for way in ways for a in (
                    self.point + distance * way, self.point - distance * way)
            ))

    def __repr__(self) -> str:
        rows = [f"{h:<10g}{self.error(h):.4g}" for h in (1.0, 0.1, 0.01, 0.001)]
        point = f"p = {np.array2string(self.point, separator=', ', precision=6)}"
        return "\n".join([f"f(p) + J(p) (a - p) at {point}", "distance  largest error", *rows])


MAX_WAYS = 20
"""Axes along which the error of a linear function is looked for. Instead: `r.linear()(a)`."""
