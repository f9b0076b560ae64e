"""The entries of an array that may differ from 0, without the array: where they are, and a node with their values.

The Jacobian of a family of 100,000 members has 10^10 entries and a few for each member. Its graph is as small as the
family's, since an operation is one node whatever its shape; each row of OPERATIONS says which entries of the result
may differ from 0, and how those are made of the operands'. What comes of it is a graph without large arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jacmagic.engine.entries import strides
from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.engine.operation import OPERATIONS, Shape
from jacmagic.errors import LimitError

MAX_NONZEROS = 20_000_000
"""Entries that are not 0, of a Jacobian and on the way. Instead: products with it, `r.jvp(v)`, `r.vjp(u)`."""


@dataclass(frozen=True)
class Nonzeros:
    """Entries of an array, all others being 0.

    Shapes:
        places  (k,), flat, each one once, in any order
        values  a node (k,)
    """

    places: np.ndarray
    values: Node

    @cached_property
    def order(self) -> np.ndarray:
        """What sorts the places."""
        return np.argsort(self.places, kind="stable")

    @cached_property
    def sorted(self) -> np.ndarray:
        return self.places[self.order]

    def find(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of the places are here, and where: (…,) of bool, and the positions of those that are."""
        if not self.places.size:
            return np.zeros(places.shape, bool), np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.sorted, places), self.places.size - 1)
        met = self.sorted[at] == places
        return met, self.order[at[met]]


def nonzeros(g: Graph, root: Node) -> Nonzeros:
    """Those of a node, found without any array that is larger than they are many.

    Raises:
        LimitError: there are too many.
    """
    found: dict[int, Nonzeros | None] = {}
    for node in ancestry([root]):
        found[node.number] = OPERATIONS[node.op].nonzeros(g, node, [found[arg.number] for arg in node.args])
    some = whole(g, root, found[root.number])
    for node in ancestry([some.values]):  # of an operation that makes all entries of its result
        check_count(node.size)
    return some


def check_count(count: int) -> None:
    if count > MAX_NONZEROS:
        raise LimitError(
            f"Here {count:,} entries may differ from 0; there are at most {MAX_NONZEROS:,}. "
            "The products with a Jacobian, r.jvp(v) and r.vjp(u), do without it."
        )


# ------------------------------------------------------------------ nodes of some entries
def at_places(g: Graph, places: Sequence[int] | np.ndarray, values: Node) -> Nonzeros:
    """Values at flat places, added up where these meet."""
    check_count(len(places))
    where = np.asarray(places, np.int64)
    once, which = np.unique(where, return_inverse=True)
    if once.size == where.size:
        return Nonzeros(where, values)
    return Nonzeros(once, g.put(values, which.tolist(), (once.size,)))


def whole(g: Graph, node: Node, some: Nonzeros | None) -> Nonzeros:
    """All entries of a node of which nothing else is known."""
    if some is not None:
        return some
    check_count(node.size)
    values = g.take(node, range(node.size), (node.size,)) if node.shape else spread(g, node, 1)
    return Nonzeros(np.arange(node.size), values)


def spread(g: Graph, node: Node, count: int) -> Node:
    """A number, so many times."""
    return g.broadcast(node, (), (count,))


def picked(g: Graph, values: Node, at: np.ndarray) -> Node:
    """Values at some positions."""
    return g.take(values, at.tolist(), (at.size,))


def entries_at(g: Graph, node: Node, some: Nonzeros | None, places: np.ndarray) -> Node:
    """The entries of a node at flat places, 0 where it has none."""
    count = places.size
    if not node.shape:
        return spread(g, node, count)
    if some is None:
        return picked(g, node, places)
    met, at = some.find(places)
    values = picked(g, some.values, at)
    return values if at.size == count else g.put(values, np.flatnonzero(met).tolist(), (count,))


def joined(g: Graph, parts: Sequence[Nonzeros]) -> Nonzeros:
    """All of the parts, added up where they meet."""
    parts = [one for one in parts if one.places.size] or list(parts[:1])
    if len(parts) == 1:
        return parts[0]
    places = np.concatenate([one.places for one in parts])
    return at_places(g, places, g.stack([one.values for one in parts], places.shape))


# ------------------------------------------------------------------ places
def moved(places: np.ndarray, shape: Shape, axes: Sequence[int], steps: Sequence[int]) -> np.ndarray:
    """Where entries come to stand, whose index along each of these axes counts so much in the new flat place."""
    there = strides(shape)
    out = np.zeros_like(places)
    for axis, step in zip(axes, steps):
        out += places // there[axis] % shape[axis] * step
    return out


def matches(keys: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of positions at which two arrays have the same number."""
    order = np.argsort(among, kind="stable")
    held = among[order]
    first, last = np.searchsorted(held, keys), np.searchsorted(held, keys, "right")
    count = last - first
    check_count(int(count.sum()))
    left = np.repeat(np.arange(keys.size), count)
    behind = np.arange(left.size) - np.repeat(np.cumsum(count) - count, count)
    return left, order[np.repeat(first, count) + behind]
