"""The computation graph: a dozen array operations, all that a Program is made of.

Both the functions of a block and their derivatives are graphs of these nodes;
`chain` turns the first into the second, and every backend (NumPy, PyTorch,
JAX, JavaScript, SymPy) knows how to carry out the same operations.

A node has an operation, operands, a shape and operation data. Shapes are
() for scalars, (n,) for columns, (m, n) for matrices; cotangents and tangents
carry one more axis in front. A batch puts further axes in front of all of them;
no operation looks at those.

    op            operands  data                        result
    input         -         name                        the value of a block's name
    const         -         flat tuple of numbers       an array of exact SymPy numbers
    eye           -         -                           (k, *s): the identity, k = prod(s)
    map           k         (expr, axes)                expr with slot _i standing for operand i, entry by
                                                        entry; axes[i] says to which axes of the result the
                                                        axes of operand i belong, the others are broadcast
    dot           2         (la, lb, lo)                products summed over the labels missing in lo,
                                                        as in einsum: tuples of small integers
    sum           1         axes                        sum over these axes
    permute       1         permutation                 as numpy.transpose
    take          1         (lead, indices)             entries of the operand, its axes from `lead` on
                                                        flattened, at flat indices; shape[lead:] gives
                                                        their arrangement
    put           1         (lead, indices)             the transpose of take: entries added to zeros at
                                                        flat indices of shape[lead:]
    stack         k         lead                        operands flattened from axis `lead` on, joined,
                                                        and arranged as shape[lead:]
    softmax       1         -                           along the last axis, safe for any argument
    log_softmax   1         -                           likewise
    amax, amin    1         -                           the extreme entry of the last axis
    logsumexp     1         -                           over the last axis, safe for any argument
    norm          1         -                           the 2-norm over the last axis
    prod          1         -                           the product over the last axis
    others        1         -                           along the last axis, the product of all other entries
    inv, cof      1         -                           the inverse and the cofactors of a square matrix
    det, logdet   1         -                           the determinant, and the logarithm of a positive one
    unknown       k         kind                        without a formula, of `unknown`: of these operands, all else
                                                        is said by their slopes
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from math import prod
from typing import Any, Protocol, TypeVar

import sympy as sp

from jacmagic.engine.operation import OPERATIONS, Shape
from jacmagic.functions import leaves
from jacmagic.functions.forms import product, put_in, total


class Node:
    """One operation of the graph; equal nodes of one Graph are one object."""

    __slots__ = ("args", "data", "number", "op", "shape")

    def __init__(self, op: str, args: tuple[Node, ...], shape: Shape, data: Any, number: int) -> None:
        self.op, self.args, self.shape, self.data, self.number = op, args, shape, data, number

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def value(self) -> sp.Expr | None:
        """The number of a scalar constant, else None."""
        return self.data[0] if self.op == "const" and self.shape == () else None

    def __repr__(self) -> str:
        inside = ", ".join([f"#{a.number}" for a in self.args] + ([str(self.data)] if self.data is not None else []))
        return f"#{self.number} {self.op}({inside}): {self.shape}"


@cache
def slot(k: int) -> sp.Symbol:
    """The symbol that stands for operand k in the expression of a map."""
    return sp.Symbol(f"_{k}", real=True)


MAX_ZEROS = 10_000
"""Zeros that are written as numbers; more are an array in which nothing is put."""

MANY = 64
"""From so many entries on, an array that is mostly zeros is put together of the others."""


@lru_cache(maxsize=4096)
def free_slots(expr: sp.Expr) -> frozenset[sp.Symbol]:
    """The symbols in an expression: the slots of a template."""
    return frozenset(one for one in leaves(expr) if one.is_Symbol)


class Graph:
    """Makes nodes, each different one once, and folds what is plainly constant."""

    def __init__(self) -> None:
        self._known: dict[Any, Node] = {}
        self._zeros: dict[Shape, Node] = {}

    def node(self, op: str, args: Sequence[Node] = (), shape: Shape = (), data: Any = None) -> Node:
        key = (op, tuple(a.number for a in args), shape, data)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Node(op, tuple(args), shape, data, len(self._known))
        return found

    def input(self, name: str, shape: Shape) -> Node:
        return self.node("input", (), shape, name)

    def const(self, values: Any, shape: Shape = ()) -> Node:
        """An array of exact numbers, given flat; one number alone is a scalar, or fills the shape."""
        many = isinstance(values, (list, tuple))
        flat = tuple(map(sp.sympify, values)) if many else (sp.sympify(values),) * prod(shape)
        return self.node("const", (), shape, flat)

    def zeros(self, shape: Shape) -> Node:
        if shape not in self._zeros:
            nothing = self.const((), (0,))
            large = prod(shape) > MAX_ZEROS
            self._zeros[shape] = self.node("put", (nothing,), shape, (0, ())) if large else self.const(sp.S.Zero, shape)
        return self._zeros[shape]

    def eye(self, shape: Shape) -> Node:
        return self.node("eye", (), (prod(shape), *shape))

    def map(
        self, expr: sp.Expr, operands: Sequence[tuple[Node, Shape]], shape: Shape, fold: bool = True
    ) -> Node:
        """Entry by entry: expr in slots _0, _1, … of operands with their axes in the result.

        With `fold`, operands that are one number are put into the expression.
        """
        free = free_slots(expr)
        kept, swap = _different(operands, free, fold)
        try:
            put = put_in(expr, swap) if swap else expr
        except TypeError:  # a condition on 1/0
            if not fold:
                raise
            put = sp.nan
        if fold and len(kept) < len(free) and leaves(put) & {sp.zoo, sp.nan}:
            # 1/0 is no number for SymPy, and infinity in floating point, which conditions compare with
            return self.map(expr, operands, shape, fold=False)
        expr = put
        every = tuple(range(len(shape)))
        if not kept and expr.is_number:
            return self.const(expr, shape)
        if len(kept) == 1 and expr == slot(0) and kept[0][1] == every:
            return kept[0][0]
        still = free_slots(expr)
        if any(slot(k) not in still for k in range(len(kept))):
            return self.map(expr, kept, shape, fold)
        return self.node("map", [n for n, _ in kept], shape, (expr, tuple(a for _, a in kept)))

    def scale(self, factor: sp.Expr, node: Node) -> Node:
        return self.map(product(sp.sympify(factor), slot(0)), [(node, tuple(range(len(node.shape))))], node.shape)

    def broadcast(self, node: Node, axes: Shape, shape: Shape) -> Node:
        """The node repeated along the axes of `shape` that are not in `axes`."""
        return self.map(slot(0), [(node, axes)], shape)

    def add(self, nodes: Iterable[Node]) -> Node:
        """The sum of nodes of one shape."""
        nodes = list(nodes)
        terms = [n for n in nodes if not is_zero(n)]
        if not terms:
            return nodes[0]
        if len(terms) == 1:
            return terms[0]
        every = tuple(range(len(terms[0].shape)))
        return self.map(total(*(slot(k) for k in range(len(terms)))), [(n, every) for n in terms], terms[0].shape)

    def dot(self, a: Node, b: Node, la: Shape, lb: Shape, lo: Shape) -> Node:
        """Products summed over the labels that `lo` lacks."""
        (a, la), (b, lb) = self.diagonal(a, la), self.diagonal(b, lb)
        sizes = dict(zip(la, a.shape)) | dict(zip(lb, b.shape))
        shape = tuple(sizes[label] for label in lo)
        if is_zero(a) or is_zero(b):
            return self.zeros(shape)
        if a.op == "eye" and len(la) == 2 and la[0] in lo and la[1] in lb and la[1] not in lo:
            return self.dot_eye(b, la[1], la[0], lb, lo)
        for (own, labels), (other, theirs) in (((a, la), (b, lb)), ((b, lb), (a, la))):
            if is_diagonal(own) and labels[1] in theirs and labels[0] not in theirs and labels[1] not in lo:
                kept = tuple(labels[0] if label == labels[1] else label for label in theirs)
                return self.dot(own.args[0], other, labels[:1], kept, lo)  # diag(v) b is v times b, entry by entry
        if set(la) | set(lb) == set(lo):  # nothing is summed: an entrywise product with broadcasting
            return self.map(
                product(slot(0), slot(1)),
                [(self.ordered(a, la, lo), tuple(lo.index(i) for i in lo if i in la)),
                 (self.ordered(b, lb, lo), tuple(lo.index(i) for i in lo if i in lb))],
                shape,
            )
        return self.node("dot", (a, b), shape, (la, lb, lo))

    def diagonal(self, node: Node, labels: Shape) -> tuple[Node, Shape]:
        """The entries whose indices agree where a label stands twice: of (0, 0) the diagonal."""
        own = tuple(dict.fromkeys(labels))
        if len(own) == len(labels):
            return node, labels
        shape = tuple(node.shape[labels.index(label)] for label in own)
        steps = [sum(prod(node.shape[k + 1 :]) for k, one in enumerate(labels) if one == label) for label in own]
        indices = [0]
        for n, step in zip(shape, steps):
            indices = [at + k * step for at in indices for k in range(n)]
        return self.take(node, indices, shape), own

    def dot_eye(self, b: Node, summed: int, kept: int, lb: Shape, lo: Shape) -> Node:
        """The identity times b: b itself, its axes named and ordered as the result wants them."""
        return self.ordered(b, tuple(kept if i == summed else i for i in lb), lo)

    def ordered(self, node: Node, labels: Shape, order: Shape) -> Node:
        """The node with its axes in the order in which their labels stand in `order`."""
        wanted = tuple(i for i in order if i in labels)
        return self.permute(node, tuple(labels.index(i) for i in wanted))

    def sum(self, node: Node, axes: Shape) -> Node:
        if not axes:
            return node
        shape = tuple(n for k, n in enumerate(node.shape) if k not in axes)
        if is_zero(node):
            return self.zeros(shape)
        return self.node("sum", (node,), shape, axes)

    def permute(self, node: Node, order: Shape) -> Node:
        if order == tuple(range(len(order))):
            return node
        return self.node("permute", (node,), tuple(node.shape[k] for k in order), order)

    def take(self, node: Node, indices: Sequence[int], shape: Shape, lead: int = 0) -> Node:
        """Entries at flat indices (those of `node.shape[lead:]`), arranged as `shape`."""
        full = node.shape[:lead] + shape
        indices = tuple(indices)
        if shape == node.shape[lead:] and indices == tuple(range(len(indices))):
            return node
        if is_zero(node):
            return self.zeros(full)
        if node.op == "stack" and node.data == lead and len(indices) == 1:
            k = indices[0]
            for part in node.args:
                size = prod(part.shape[lead:])
                if k < size:
                    return self.take(part, (k,), shape, lead)
                k -= size
        if node.op == "const" and lead == 0:
            return self.const([node.data[k] for k in indices], shape)
        if node.op == "take" and node.data[0] == lead:
            inner = node.data[1]
            return self.take(node.args[0], [inner[k] for k in indices], shape, lead)
        return self.node("take", (node,), full, (lead, indices))

    def put(self, node: Node, indices: Sequence[int], shape: Shape, lead: int = 0) -> Node:
        """Entries added to zeros of `shape` at flat indices: the transpose of `take`."""
        full = node.shape[:lead] + shape
        indices = tuple(indices)
        if is_zero(node) or not indices:
            return self.zeros(full)
        if is_in_order(indices, prod(shape)):
            return self.take(node, indices, shape, lead)
        if node.op == "const" and lead == 0 and not is_mostly_zero(len(indices), prod(shape)):
            entries = [sp.S.Zero] * prod(shape)
            for k, value in zip(indices, node.data):
                entries[k] += value
            n = shape[0]
            if shape == (n, n) and indices == tuple(range(0, n * n, n + 1)) and set(node.data) == {sp.S.One}:
                return self.eye((n,))
            return self.const(entries, shape)
        return self.node("put", (node,), full, (lead, indices))

    def stack(self, parts: Sequence[Node], shape: Shape, lead: int = 0) -> Node:
        """Parts flattened from axis `lead` on, joined, and arranged as `shape`."""
        if len(parts) == 1 and parts[0].shape[lead:] == shape:
            return parts[0]
        if lead == 0 and all(part.op == "const" for part in parts):
            return self.const([v for part in parts for v in part.data], shape)
        if lead == 0 and any(part.op == "stack" and part.data == 0 for part in parts):
            parts = [q for part in parts for q in (part.args if part.op == "stack" and part.data == 0 else (part,))]
        return self.node("stack", parts, parts[0].shape[:lead] + shape, lead)

    def along(self, op: str, *args: Node) -> Node:
        """An operation whose shape follows from its operands: along the last axis softmax, norm, prod, …"""
        return self.node(op, args, OPERATIONS[op].shape([arg.shape for arg in args], None, ()))


def _different(
    operands: Sequence[tuple[Node, Shape]], free: frozenset[sp.Symbol], fold: bool
) -> tuple[list[tuple[Node, Shape]], dict[sp.Symbol, sp.Expr]]:
    """The operands that a template reads, each once and with `fold` no numbers, and what changes in it for that."""
    swap: dict[sp.Symbol, sp.Expr] = {}
    kept: list[tuple[Node, Shape]] = []
    places: dict[tuple[int, Shape], int] = {}
    for k, (node, axes) in enumerate(operands):
        if slot(k) not in free:
            continue
        uniform = node.data[0] if node.op == "const" and node.data and len(set(node.data)) == 1 else None
        if uniform is not None and fold:
            swap[slot(k)] = uniform
            continue
        place = places.setdefault((node.number, axes), len(kept))
        if place == len(kept):
            kept.append((node, axes))
        if place != k:
            swap[slot(k)] = slot(place)
    return kept, swap


def is_zero(node: Node) -> bool:
    return node.op == "const" and all(v == 0 for v in node.data) or node.op == "put" and not node.data[1]


def is_in_order(indices: Sequence[int], size: int) -> bool:
    """True for the places of all entries, one after the other."""
    return len(indices) == size and tuple(indices) == tuple(range(size))


def is_mostly_zero(entries: int, size: int) -> bool:
    """True where so few entries of an array are not 0 that the others are better left out."""
    return MANY < size > 4 * entries


def is_diagonal(node: Node) -> bool:
    """True for diag(v)."""
    n = node.shape[0] if len(node.shape) == 2 else 0
    return node.op == "put" and node.shape == (n, n) and node.args[0].shape == (n,) and (
        node.data == (0, tuple(k * (n + 1) for k in range(n))))


class Numbered(Protocol):
    """A node of a graph, or of one written as code; its operands have lower numbers."""

    number: int
    args: Any


Below = TypeVar("Below", bound=Numbered)


def ancestry(roots: Iterable[Below], cut: Callable[[Below], bool] | None = None) -> list[Below]:
    """All nodes that the roots need, operands first, none beyond those that are cut; without recursion."""
    needed: dict[int, Below] = {}
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node.number not in needed:
            needed[node.number] = node
            if cut is None or not cut(node):
                todo.extend(node.args)
    return [needed[k] for k in sorted(needed)]
