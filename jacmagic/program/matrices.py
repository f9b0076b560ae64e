"""Functions of matrices: each a row of MATRICES with its lowering and the size of its value.

tr and what adds up along an axis are sums, vec and flatten rearrange, kron is a product with four
indices; the inverse and the determinant are operations of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from jacmagic.engine.graph import Node, slot
from jacmagic.errors import ShapeError
from jacmagic.language import tree as t
from jacmagic.program.arithmetic import square
from jacmagic.program.lowerer import Lowerer, Shape, Value

Lowering = Callable[[Lowerer, t.Call, list[Value]], Value]


@dataclass(frozen=True)
class Row:
    """How a function of matrices is lowered, and the shape of its value by those of its arguments.

    keeps  True where the value has the shape of the argument, so that one tells the other
    """

    lower: Lowering
    shape: Callable[..., Shape | None]
    keeps: bool = False


def of_square(op: str) -> Lowering:
    """An operation of the graph on a square matrix."""
    return lambda low, expr, values: low.of_node(low.graph.along(op, square(low, expr, expr.arguments[0], values[0])))


def trace(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    node = square(low, expr, expr.arguments[0], values[0])
    n = node.shape[0]
    return low.of_node(low.graph.sum(low.graph.take(node, range(0, n * n, n + 1), (n,)), (0,)))


def array(low: Lowerer, expr: t.Call, value: Value, at: int = 0) -> Node:
    """A matrix; a column and a row as one, too."""
    if value.shape == ():
        low.number_alone(expr.arguments[at], expr.span)
        found = low.describe(expr.arguments[at], value)
        raise ShapeError(f"{expr.function} is of a matrix, but {found}.", expr.span)
    node = low.node(value)
    if len(node.shape) == 2:
        return node
    return low.graph.take(node, range(node.size), (1, node.size) if value.row else (node.size, 1))


def vec(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    node = low.graph.permute(array(low, expr, values[0]), (1, 0))
    return low.of_node(low.graph.take(node, range(node.size), (node.size,)))


def flatten(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    node = array(low, expr, values[0])
    return low.of_node(low.graph.take(node, range(node.size), (node.size,)))


def kron(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    """a_ij B in the place of each a_ij; of two columns a column."""
    a, b = (array(low, expr, value, at) for at, value in enumerate(values))
    (m, n), (p, q) = a.shape, b.shape
    low.entries(a.size * b.size, expr.span)
    product = low.graph.map(slot(0) * slot(1), [(a, (0, 2)), (b, (1, 3))], (m, p, n, q))
    flat = all(len(value.shape) == 1 and not value.row for value in values)
    return low.of_node(low.graph.take(product, range(product.size), (m * p,) if flat else (m * p, n * q)))


def along(axis: int, mean: bool = False) -> Lowering:
    """The sums, or the means, along an axis of a matrix, as a column."""

    def lower(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
        if len(values[0].shape) == 1:
            shown = low.source(expr.arguments[0].span)
            whole = "mean" if mean else "sum"
            raise ShapeError(f"{expr.function} is of a matrix, but {low.describe(expr.arguments[0], values[0])}.",
                             expr.span, (f"{whole}({shown})",))
        node = array(low, expr, values[0])
        total = low.of_node(low.graph.sum(node, (axis,)))
        return Value(total.expr / node.shape[axis], total.shape) if mean else total

    return lower


def kron_shape(a: Shape, b: Shape) -> Shape:
    if len(a) == len(b) == 1:
        return (a[0] * b[0],)
    (m, n), (p, q) = ((*one, 1)[:2] for one in (a, b))
    return m * p, n * q


MATRICES: dict[str, Row] = {
    "inv": Row(of_square("inv"), lambda a: a, keeps=True),
    "det": Row(of_square("det"), lambda a: ()),
    "logdet": Row(of_square("logdet"), lambda a: ()),
    "tr": Row(trace, lambda a: ()),
    "vec": Row(vec, lambda a: (prod(a),)),
    "flatten": Row(flatten, lambda a: (prod(a),)),
    "kron": Row(kron, kron_shape),
    "sum_rows": Row(along(1), lambda a: a[:1]),
    "sum_cols": Row(along(0), lambda a: a[1:]),
    "mean_rows": Row(along(1, mean=True), lambda a: a[:1]),
    "mean_cols": Row(along(0, mean=True), lambda a: a[1:]),
}
