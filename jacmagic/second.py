"""Second derivatives of a Result, and products with its Jacobian, which is not formed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from jacmagic import code
from jacmagic.code import Compiled
from jacmagic.engine import chain as c
from jacmagic.engine.graph import Node
from jacmagic.reals import reals

if TYPE_CHECKING:
    from jacmagic.result import Result


def hessians(result: Result) -> sp.ImmutableMatrix | dict[str, sp.ImmutableMatrix]:
    """The matrix of second derivatives by all variables; of several functions {name: matrix}.

    Raises:
        ValueError: a variable that the block defines, as by wrt="u".
        LimitError: written out it is too long.
    """
    p, g = result.program, result.program.graph
    targets = _targets(result)
    n = sum(one.size for one in targets)
    found = {}
    for key in p.outputs:
        root = c.rebuild(g, [p.node(key)])[0][0]
        for k, symbol in enumerate(result.entry_symbols(key)):
            gradient = g.stack(c.jacobians(g, g.take(root, (k,), ()), targets, reuse=False), (n,))
            rows = [g.stack(c.jacobians(g, g.take(gradient, (i,), ()), targets, reuse=False), (n,)) for i in range(n)]
            found[symbol.name] = sp.ImmutableMatrix(n, n, result.slopes(g.stack(rows, (n, n))))
    return next(iter(found.values())) if len(found) == 1 else found


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
