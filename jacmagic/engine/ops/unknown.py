"""What has slopes and no formula: names that conditions define, and functions of which nothing is known.

A node `unknown` has what it depends on for operands, and one of the two kinds here for data, which gives its slopes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from jacmagic.engine.entries import Entries, without_zeros
from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.engine.operation import Operation
from jacmagic.engine.ops.axes import LEAD, asked, every
from jacmagic.errors import ValueMistake
from jacmagic.functions.forms import ZERO


@dataclass(eq=False)
class Conditions:
    """Equations F = 0 that define as many names as they have entries; `implicit` finds what follows of them.

    names      the inputs that they define
    others     the inputs that these depend on
    residuals  F, of both
    slopes     d of each name by each of the others
    """

    names: Sequence[Node]
    others: Sequence[Node]
    residuals: Sequence[Node] = ()
    slopes: list[list[Node]] = field(default_factory=list)

    def unknown(self, g: Graph, k: int) -> Node:
        """The k-th name as what depends on the others."""
        return g.node("unknown", self.others, self.names[k].shape, Defined(self, k))


@dataclass(frozen=True)
class Defined:
    """One of the names that conditions define."""

    by: Conditions
    place: int

    @property
    def value(self) -> Node:
        """The input that has its value."""
        return self.by.names[self.place]


@dataclass(frozen=True)
class Undetermined:
    """A function of which nothing is known but its arguments; `orders` says how often it is differentiated by each."""

    key: str
    params: tuple[str, ...]
    orders: tuple[int, ...]


class Place(sp.Subs):
    """f_x(a, b). To SymPy's own class f_x(t, t) is f_y(t, t), as that names slots by their places."""

    def _hashable_content(self) -> tuple[Any, ...]:
        return tuple(self.args)


def slope(g: Graph, node: Node, k: int) -> Node:
    """d of an unknown by its operand k, in the shape of the one and then the other."""
    kind = node.data
    if isinstance(kind, Defined):
        return kind.by.slopes[kind.place][k]
    orders = tuple(n + (at == k) for at, n in enumerate(kind.orders))
    return g.node("unknown", node.args, (), Undetermined(kind.key, kind.params, orders))


def undetermined(roots: Sequence[Node]) -> list[str]:
    """The functions of which nothing is known that the roots need."""
    found = (node.data.key for node in ancestry(roots) if node.op == "unknown" and isinstance(node.data, Undetermined))
    return list(dict.fromkeys(found))


def _again(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    if isinstance(node.data, Defined) and any(one is not other for one, other in zip(args, node.args)):
        key = node.data.value.data
        raise ValueMistake(f"{key} is known where its conditions are solved, and not at another place.", None)
    return g.node("unknown", args, node.shape, node.data)


def _pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    return [(arg, _through(g, c, slope(g, node, k), (lead, len(node.shape)), True)) for k, arg in enumerate(node.args)]


def _push(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    ends = lead, len(node.shape)
    return g.add([_through(g, d, slope(g, node, k), ends, False) for k, d in enumerate(tangents) if d is not None])


def _through(g: Graph, carried: Node, slope: Node, ends: tuple[int, int], transpose: bool) -> Node:
    """A cotangent or a tangent times a slope of the shape of + by; `ends` are the leading axes, and those of `of`."""
    lead, axes = ends
    front, own = (LEAD,) * lead, every(slope)
    of, by = own[:axes], own[axes:]
    here, there = (of, by) if transpose else (by, of)
    return g.dot(carried, slope, front + here, own, front + there)


def _entries(node: Node, args: list[Entries], inputs: Mapping[str, Sequence[Any]]) -> Entries:
    """f(x, t) and its derivatives as SymPy has them; what conditions define by its value."""
    kind, values = node.data, [one.get(0, ZERO) for one in args]
    if isinstance(kind, Defined):
        return without_zeros(map(sp.sympify, inputs[kind.value.data]))
    function = sp.Function(kind.key, real=True)
    apart = len(set(values)) == len(values) and all(
        one.is_Symbol and (one.name == param or one.name not in (kind.key, *kind.params))
        for one, param in zip(values, kind.params))
    slots = values if apart else [sp.Symbol(param) for param in kind.params]  # no name of the block's, which are real
    by = [(one, n) for one, n in zip(slots, kind.orders) if n]
    if not by:
        return {0: function(*values)}
    found = sp.Derivative(function(*slots), *by)
    at = sp.Subs if len(values) == 1 else Place
    return {0: found if apart else at(found, tuple(slots), tuple(values))}


ROWS = (Operation("unknown", asked, _again, _pull, _push, _entries),)
