"""What is linear in each operand and adds up or turns axes: dot, sum, permute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from jacmagic.engine.entries import Entries, strides, summed
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.nonzeros import Nonzeros, at_places, matches, moved, picked, whole
from jacmagic.engine.operation import Operation, Shape
from jacmagic.engine.ops.axes import LEAD, behind, shifted
from jacmagic.functions.forms import ONE

Inputs = Mapping[str, Sequence[Any]]


# ------------------------------------------------------------------ dot
def _sizes(shapes: Sequence[Shape], data: tuple[Shape, ...]) -> dict[int, int]:
    return dict(zip(data[0], shapes[0])) | dict(zip(data[1], shapes[1]))


def _dot_shape(shapes: Sequence[Shape], data: tuple[Shape, ...], _: Shape) -> Shape:
    sizes = _sizes(shapes, data)
    return tuple(sizes[label] for label in data[2])


def _front_of(node: Node, lead: int) -> Shape:
    """The labels of leading axes in front of a product's own, of which one differentiated before may have some."""
    return (max(LEAD, 1 + max((label for labels in node.data for label in labels), default=0)),) * lead


def _pull_dot(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    (a, b), (la, lb, lo), front = node.args, node.data, _front_of(node, lead)
    return [(a, _pull_factor(g, c, b, front, lo, lb, a, la)), (b, _pull_factor(g, c, a, front, lo, la, b, lb))]


def _pull_factor(
    g: Graph, c: Node, other: Node, front: Shape, lo: Shape, l_other: Shape, own: Node, l_own: Shape
) -> Node:
    """The cotangent of one factor of a product; the same along axes that the product sums over in it alone."""
    kept = tuple(label for label in l_own if label in lo or label in l_other)
    pulled = g.dot(c, other, front + lo, l_other, front + kept)
    if kept == l_own:
        return pulled
    lead = len(front)
    at = behind(tuple(l_own.index(label) for label in kept), lead)
    return g.broadcast(pulled, at, c.shape[:lead] + own.shape)


def _push_dot(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    (a, b), (la, lb, lo), front = node.args, node.data, _front_of(node, lead)
    terms = []
    if tangents[0] is not None:
        terms.append(g.dot(tangents[0], b, front + la, lb, front + lo))
    if tangents[1] is not None:
        terms.append(g.dot(a, tangents[1], la, front + lb, front + lo))
    return g.add(terms)


def _many_dots(g: Graph, node: Node, args: list[Node], many: Sequence[bool]) -> Node:
    front = _front_of(node, 1)
    la, lb = ((front if has else ()) + labels for labels, has in zip(node.data[:2], many))
    return g.dot(args[0], args[1], la, lb, front + node.data[2])


def _dot_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    la, lb, lo = node.data
    out = dict(zip(lo, strides(node.shape)))
    shared = [label for label in la if label in lb]

    def split(values: Entries, shape: Shape, labels: Shape, own: Shape) -> Iterator[tuple[tuple[int, ...], int, Any]]:
        """Each entry with its indices of the shared labels and its own part of the place in the result."""
        axes = dict(zip(labels, zip(strides(shape), shape)))
        meet = [axes[label] for label in shared]
        move = [(*axes[label], out[label]) for label in own if label in out]
        for at, value in values.items():
            yield (tuple([at // stride % n for stride, n in meet]),
                   sum(at // stride % n * step for stride, n, step in move), value)

    partners: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
    for key, place, value in split(args[1], node.args[1].shape, lb, tuple(label for label in lb if label not in la)):
        partners.setdefault(key, []).append((place, value))
    parts: dict[int, list[Any]] = {}
    for key, place, value in split(args[0], node.args[0].shape, la, la):
        for other, factor in partners.get(key, ()):
            parts.setdefault(place + other, []).append(_multiplied(value, factor))
    return summed(parts)


def _dotted(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    if all(some is None for some in args):
        return None
    la, lb, lo = node.data
    sizes, out = _sizes([arg.shape for arg in node.args], node.data), dict(zip(lo, strides(node.shape)))
    shared = [label for label in la if label in lb]
    meet = dict(zip(shared, strides(tuple(sizes[label] for label in shared))))
    keys, places, values = [], [], []
    for arg, found, labels, apart in zip(node.args, args, (la, lb), ((), la)):
        some = whole(g, arg, found)
        keys.append(moved(some.places, arg.shape, range(len(labels)), [meet.get(label, 0) for label in labels]))
        own = [0 if label in apart else out.get(label, 0) for label in labels]
        places.append(moved(some.places, arg.shape, range(len(labels)), own))
        values.append(some.values)
    left, right = matches(*keys)
    products = [(picked(g, values[0], left), (0,)), (picked(g, values[1], right), (0,))]
    return at_places(g, places[0][left] + places[1][right], g.map(slot(0) * slot(1), products, left.shape))


def _multiplied(a: Any, b: Any) -> Any:
    return b if a is ONE else a if b is ONE else a * b


def _dot_cost(node: Node, inner: Sequence[float]) -> tuple[float, float]:
    sizes = _sizes([a.shape for a in node.args], node.data)
    lean = any(a.op == "eye" for a in node.args)
    own = 1 if lean else prod(n for label, n in sizes.items() if label not in node.data[2])
    return own, own * sum(inner)


# ------------------------------------------------------------------ sum, permute
def _pull_sum(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    (x,) = node.args
    axes = behind(tuple(k for k in range(len(x.shape)) if k not in node.data), lead)
    return [(x, g.broadcast(c, axes, c.shape[:lead] + x.shape))]


def _pull_permute(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    inverse = tuple(node.data.index(k) for k in range(len(node.data)))
    return [(node.args[0], g.permute(c, behind(inverse, lead)))]


def _moved(node: Node, kept: Sequence[int]) -> list[tuple[int, int, int]]:
    """Of each axis that is kept: (stride in the operand, length, stride in the result)."""
    (x,) = node.args
    there = strides(x.shape)
    return [(there[k], x.shape[k], step) for k, step in zip(kept, strides(node.shape))]


def _sum_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    moves = _moved(node, [k for k in range(len(node.args[0].shape)) if k not in node.data])
    parts: dict[int, list[Any]] = {}
    for at, value in args[0].items():
        parts.setdefault(sum(at // stride % n * step for stride, n, step in moves), []).append(value)
    return summed(parts)


def _permute_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    moves = _moved(node, node.data)
    return {sum(at // stride % n * step for stride, n, step in moves): value for at, value in args[0].items()}


def _rearranged(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    """Of a sum or a permutation, from the axes that are kept, in their order."""
    (x,), (some,) = node.args, args
    kept = node.data if node.op == "permute" else [k for k in range(len(x.shape)) if k not in node.data]
    return some and at_places(g, moved(some.places, x.shape, kept, strides(node.shape)), some.values)


def _sum_cost(node: Node, inner: Sequence[float]) -> tuple[float, float]:
    own = node.args[0].size / max(node.size, 1)
    return own, inner[0] * own


ROWS = (
    Operation(
        "dot", _dot_shape,
        again=lambda g, node, args, _: g.dot(args[0], args[1], *node.data),
        pull=_pull_dot, push=_push_dot, many=_many_dots, entries=_dot_entries, cost=_dot_cost,
        nonzeros=_dotted,
    ),
    Operation(
        "sum",
        shape=lambda shapes, axes, _: tuple(n for k, n in enumerate(shapes[0]) if k not in axes),
        again=lambda g, node, args, _: g.sum(args[0], node.data),
        pull=_pull_sum,
        push=lambda g, node, tangents, lead, _: tangents[0] and g.sum(tangents[0], shifted(node.data, lead)),
        entries=_sum_entries, cost=_sum_cost, nonzeros=_rearranged,
    ),
    Operation(
        "permute",
        shape=lambda shapes, order, _: tuple(shapes[0][k] for k in order),
        again=lambda g, node, args, _: g.permute(args[0], node.data),
        pull=_pull_permute,
        push=lambda g, node, tangents, lead, _: tangents[0] and g.permute(tangents[0], behind(node.data, lead)),
        entries=_permute_entries,
        zeros=lambda node, shares: shares[0], nonzeros=_rearranged,
    ),
)
