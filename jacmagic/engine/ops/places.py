"""Entries picked out, put into zeros, and joined: take, put, stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from jacmagic.engine.entries import Entries, summed
from jacmagic.engine.graph import Graph, Node
from jacmagic.engine.nonzeros import Nonzeros, at_places, joined, matches, picked, whole
from jacmagic.engine.operation import Operation, Shape
from jacmagic.engine.ops.axes import every, shifted

Inputs = Mapping[str, Sequence[Any]]


def _behind_the_lead(shapes: Sequence[Shape], data: Any, shape: Shape) -> Shape:
    """The leading axes of the operand, and what was asked for behind them."""
    lead = data if isinstance(data, int) else data[0]
    return shapes[0][:lead] + shape[lead:]


def _pull_take(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    (x,), (inner, indices) = node.args, node.data
    return [(x, g.put(c, indices, x.shape[inner:], lead + inner))]


def _push_take(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    (d,), (inner, indices) = tangents, node.data
    return d and g.take(d, indices, node.shape[inner:], lead + inner)


def _take_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    lead, indices = node.data
    width = prod(node.args[0].shape[lead:])
    wanted: dict[int, list[int]] = {}
    for k, index in enumerate(indices):
        wanted.setdefault(index, []).append(k)
    found = {}
    for at, value in args[0].items():
        row, index = divmod(at, width)
        for k in wanted.get(index, ()):
            found[row * len(indices) + k] = value
    return found


def _taken(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    (some,), (lead, indices) = args, node.data
    if some is None:
        return None
    row, index = np.divmod(some.places, prod(node.args[0].shape[lead:]))
    which, k = matches(index, np.asarray(indices, np.int64))
    return Nonzeros(row[which] * len(indices) + k, picked(g, some.values, which))


def _pull_put(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    (x,), (inner, indices) = node.args, node.data
    return [(x, g.take(c, indices, x.shape[inner:], lead + inner))]


def _push_put(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    (d,), (inner, indices) = tangents, node.data
    return d and g.put(d, indices, node.shape[inner:], lead + inner)


def _put_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    lead, indices = node.data
    width, own = prod(node.shape[lead:]), len(indices)
    parts: dict[int, list[Any]] = {}
    for at, value in args[0].items():
        row, k = divmod(at, own)
        parts.setdefault(row * width + indices[k], []).append(value)
    return summed(parts)


def _put_among_zeros(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros:
    lead, indices = node.data
    some = whole(g, node.args[0], args[0])
    row, k = np.divmod(some.places, max(len(indices), 1))
    return at_places(g, row * prod(node.shape[lead:]) + np.asarray(indices, np.int64)[k], some.values)


def _pull_stack(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    inner, found, at = node.data, [], 0
    for arg in node.args:
        own = arg.shape[inner:]
        found.append((arg, g.take(c, range(at, at + prod(own)), own, lead + inner)))
        at += prod(own)
    return found


def _push_stack(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    front = next(d.shape[:lead] for d in tangents if d is not None)
    parts = [d if d is not None else g.zeros(front + arg.shape) for d, arg in zip(tangents, node.args)]
    return g.stack(parts, node.shape[node.data :], lead + node.data)


def _many_stacks(g: Graph, node: Node, args: list[Node], many: Sequence[bool]) -> Node:
    count = next(arg.shape[0] for arg, has in zip(args, many) if has)
    parts = [
        arg if has else g.broadcast(arg, shifted(every(arg), 1), (count, *arg.shape)) for arg, has in zip(args, many)
    ]
    return g.stack(parts, node.shape[node.data :], node.data + 1)


def _stack_entries(node: Node, args: list[Entries], _: Inputs) -> Entries:
    width = prod(node.shape[node.data :])
    found: Entries = {}
    begin = 0
    for arg, values in zip(node.args, args):
        own = prod(arg.shape[node.data :])
        for at, value in values.items():
            row, k = divmod(at, own)
            found[row * width + begin + k] = value
        begin += own
    return found


def _stacked(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    if all(some is None for some in args):
        return None
    width, begin, parts = prod(node.shape[node.data :]), 0, []
    for arg, found in zip(node.args, args):
        own, some = prod(arg.shape[node.data :]), whole(g, arg, found)
        row, k = np.divmod(some.places, max(own, 1))
        parts.append(Nonzeros(row * width + begin + k, some.values))
        begin += own
    return joined(g, parts)


ROWS = (
    Operation(
        "take", _behind_the_lead,
        again=lambda g, node, args, _: g.take(args[0], node.data[1], node.shape[node.data[0] :], node.data[0]),
        pull=_pull_take, push=_push_take, entries=_take_entries,
        zeros=lambda node, shares: shares[0], nonzeros=_taken,
    ),
    Operation(
        "put", _behind_the_lead,
        again=lambda g, node, args, _: g.put(args[0], node.data[1], node.shape[node.data[0] :], node.data[0]),
        pull=_pull_put, push=_push_put, entries=_put_entries,
        zeros=lambda node, shares: shares[0] * min(1.0, node.args[0].size / max(node.size, 1)),
        nonzeros=_put_among_zeros,
    ),
    Operation(
        "stack", _behind_the_lead,
        again=lambda g, node, args, _: g.stack(args, node.shape[node.data :], node.data),
        pull=_pull_stack, push=_push_stack, many=_many_stacks, entries=_stack_entries,
        zeros=lambda node, shares: sum(s * a.size for s, a in zip(shares, node.args)) / max(node.size, 1),
        nonzeros=_stacked,
    ),
)
