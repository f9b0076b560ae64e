"""Functions of matrices: each a row of MATRICES with its lowering and the size of its value.

tr and what adds up along an axis are sums, vec and flatten rearrange, kron is a product with four
indices; the inverse and the determinant are operations of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from jacmagic.engine.graph import Node, slot
from jacmagic.errors import ShapeError, ValueMistake
from jacmagic.functions import FUNCTIONS
from jacmagic.language import tree as t
from jacmagic.program.arithmetic import square
from jacmagic.program.fits import columns
from jacmagic.program.known import Shape
from jacmagic.program.lowerer import Lowerer, Value

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
    """The sum of the diagonal; of a Kronecker product of squares the product of their traces."""
    inner = t.inside(expr.arguments[0])
    if isinstance(inner, t.Call) and inner.function == "kron" and len(inner.arguments) == 2:
        parts = [low.node(low.lower(one)) for one in inner.arguments]
        if all(len(one.shape) == 2 and one.shape[0] == one.shape[1] for one in parts):
            return Value(diagonal_sum(low, parts[0]).expr * diagonal_sum(low, parts[1]).expr)
    return diagonal_sum(low, square(low, expr, expr.arguments[0], values[0]))


def diagonal_sum(low: Lowerer, node: Node) -> Value:
    n = node.shape[0]
    return low.of_node(low.graph.sum(low.graph.take(node, range(0, n * n, n + 1), (n,)), (0,)))


def array(low: Lowerer, expr: t.Call, value: Value, at: int = 0) -> Node:
    """A matrix; a column and a row as one, too."""
    if value.shape == ():
        low.number_alone(expr.arguments[at], value, expr.span)
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


def windows(shape: Shape, size: Shape, stride: int = 1) -> tuple[list[int], Shape]:
    """The flat places of all parts of an array that are as large as `size`, row by row, and how many there are."""
    counts = tuple((n - k) // stride + 1 for n, k in zip(shape, size))
    steps = (*(shape[1:] and (shape[1],)), 1)
    inside = [0]
    for k, step in zip(size, steps):
        inside = [at + j * step for at in inside for j in range(k)]
    places = [0]
    for count, step in zip(counts, steps):
        places = [at + i * stride * step for at in places for i in range(count)]
    return [at + more for at in places for more in inside], counts


def conv(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    """y_i = Σ_j x_{i+j-1} w_j: each part of the signal that is as large as the kernel, times it."""
    for argument, value in zip(expr.arguments, values):
        low.number_alone(argument, value, expr.span)
    (x, w), g = (low.node(value) for value in low.columns(values)), low.graph
    if len(x.shape) != len(w.shape) or not x.shape or any(value.row for value in values):
        raise low.clash(expr.arguments[0], values[0], expr.arguments[1], values[1])
    if any(k > n for n, k in zip(x.shape, w.shape)):
        shown = [low.source(one.span) for one in expr.arguments]
        raise ShapeError(f"The kernel {shown[1]} does not fit into {shown[0]}: "
                         f"{low.describe(expr.arguments[0], values[0])}, {low.describe(expr.arguments[1], values[1])}.",
                         expr.span)
    places, counts = windows(x.shape, w.shape)
    low.entries(len(places), expr.span)
    parts = g.take(x, places, (prod(counts), w.size))
    flat = g.take(w, range(w.size), (w.size,))
    return low.of_node(g.take(g.dot(parts, flat, (0, 1), (1,), (0,)), range(prod(counts)), counts))


def maxpool(low: Lowerer, expr: t.Call, values: list[Value]) -> Value:
    """The largest entry of each part of k entries, or k×k, side by side."""
    (value,) = low.columns(values[:1], always=True)
    if value.row or not value.shape:
        array(low, expr, value)
        raise ShapeError(f"maxpool is of a column or a matrix: {low.describe(expr.arguments[0], value)}.", expr.span)
    k, x, g = low.whole_of(expr.arguments[1]), low.node(value), low.graph
    if k < 1 or k > min(x.shape):
        raise ValueMistake(f"maxpool takes parts of 1 to {min(x.shape)} here, not of {k}.", expr.arguments[1].span)
    if k == 1:
        return value
    places, counts = windows(x.shape, (k,) * len(x.shape), k)
    parts = g.take(x, places, (prod(counts), k ** len(x.shape)))
    return low.of_node(g.take(g.along("amax", parts), range(prod(counts)), counts))


def conv_shape(x: Shape, w: Shape) -> Shape | None:
    x, w = columns((x, w))
    return tuple(max(n - k + 1, 0) for n, k in zip(x, w)) if len(x) == len(w) else None


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
    "conv": Row(conv, conv_shape),
    "maxpool": Row(maxpool, lambda a, k: tuple(n // k for n in a)),
}


def shape_of(
    expr: t.Call, want: Shape | None, up: Callable[..., Shape | None], whole: Callable[[t.Expr], int | None]
) -> Shape | None:
    """The shape of a call by those of its arguments, which `up` finds; `want` is what the whole must be, if known."""
    row, args = MATRICES[expr.function], expr.arguments
    if FUNCTIONS[expr.function].whole and len(args) == 2:
        base, count = up(args[0]), whole(args[1])
        return row.shape(base, count) if base and count else None
    shapes = [up(arg, want if row.keeps else None) for arg in args]
    if expr.function == "conv" and want and shapes.count(None) == 1:  # w of y = conv(x, w) in R^3
        at = shapes.index(None)
        shapes[at] = up(args[at], conv_shape(next(one for one in shapes if one is not None), want))
    known = [one for one in shapes if one]
    if len(known) == len(shapes) == FUNCTIONS[expr.function].arity[0]:
        return row.shape(*known)
    return () if FUNCTIONS[expr.function].kind == "square" and not row.keeps else None
