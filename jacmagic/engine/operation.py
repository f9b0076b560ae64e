"""The table OPERATIONS: a row is one operation of the graph, with all that anyone needs to know of it.

The mechanisms (the chain rule in `chain`, the writing out in `expand`, the writers in `code`) ask the row and name no
operation. Adding one is adding a row; `ops` has those that there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jacmagic.engine.entries import Entries
    from jacmagic.engine.graph import Graph, Node
    from jacmagic.engine.nonzeros import Nonzeros

Shape = tuple[int, ...]


def _lasting(node: Node, shares: Sequence[float]) -> float:
    return 1.0


def _one_of_each(node: Node, inner: Sequence[float]) -> tuple[float, float]:
    return 1.0, max(inner, default=1)


def _as_tangents(g: Graph, node: Node, args: list[Node], many: Sequence[bool]) -> Node:
    """A linear operation does to examples what it does to tangents."""
    whole = OPERATIONS[node.op].push(g, node, [*args], 1, False)
    assert whole is not None
    return whole


def _smooth(g: Graph, node: Node) -> list[tuple[str, Node]]:
    return []


def _anywhere(g: Graph, node: Node, args: list[Nonzeros | None]) -> None:
    return None


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    Attributes:
        name     as a node has it
        shape    the result's from those of the operands, the data, and the shape that was asked for where neither tells
        again    the same operation on other operands; where True is given, in the form that is safe far out
        pull     the cotangents of the operands from that of the node, x̄ = Jᵀ ȳ, each with as many leading axes; the
                 last argument is `reuse`, for numbers: a map's own value may stand in its slope
        push     the tangent of the node from those of the operands, ẏ = J ẋ, None being 0; at least one is not
        many     the same operation on operands of which those that are marked have the axis of examples in front
        entries  the entries as SymPy expressions from those of the operands, and the inputs by name
        cost     operations for one entry on the way, and in one entry written out, from those of the operands' entries
        zeros    the share of entries that may differ from 0, as from operands with their shares of them everywhere
        nonzeros the entries that may differ from 0, as nodes of their own, from those of the operands; None for all
        kinks    the places where a slope jumps: a function, and a node that is 0 there
        by       the same by other operations, for a dialect that has no line for it; for numbers, so safe far out
        spell    dialect -> its line: {0} is the operand. In a dialect of array modules an expression that holds
                 together; in one of flat arrays a statement that sets {1}, an array of zeros, also where the result is
                 a number: {2} is the length of the operand's last axis, {3} how many of these there are
    """

    name: str
    shape: Callable[[Sequence[Shape], Any, Shape], Shape]
    again: Callable[[Graph, Node, list[Node], bool], Node]
    pull: Callable[[Graph, Node, Node, int, bool], list[tuple[Node, Node]]]
    push: Callable[[Graph, Node, list[Node | None], int, bool], Node | None]
    entries: Callable[[Node, list[Entries], Mapping[str, Sequence[Any]]], Entries]
    many: Callable[[Graph, Node, list[Node], Sequence[bool]], Node] = _as_tangents
    cost: Callable[[Node, Sequence[float]], tuple[float, float]] = _one_of_each
    zeros: Callable[[Node, Sequence[float]], float] = _lasting
    nonzeros: Callable[[Graph, Node, list[Nonzeros | None]], Nonzeros | None] = _anywhere
    kinks: Callable[[Graph, Node], list[tuple[str, Node]]] = _smooth
    by: Callable[[Graph, list[Node], Any, Shape], Node] | None = None
    spell: Mapping[str, str] = field(default_factory=dict)


OPERATIONS: dict[str, Operation] = {}
"""The operations by name."""
