"""The operations one by one, each with its slopes, its entries and its lines: the rows of OPERATIONS."""

from __future__ import annotations

from jacmagic.engine.graph import Graph, Node
from jacmagic.engine.operation import OPERATIONS
from jacmagic.engine.ops import along, leaves, maps, places, products

OPERATIONS.update({row.name: row for module in (leaves, maps, products, places, along) for row in module.ROWS})


def again(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    """The same operation on other operands."""
    return OPERATIONS[node.op].again(g, node, args, safe)


def pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    """The cotangents of a node's operands from its own: x̄ = Jᵀ ȳ.

    Shapes: c is (lead?) + node.shape, each result (lead?) + operand.shape.
    """
    return OPERATIONS[node.op].pull(g, node, c, lead, reuse)


def push(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    """The tangent of a node from those of its operands (None where one is 0): ẏ = J ẋ."""
    return OPERATIONS[node.op].push(g, node, tangents, lead, reuse) if any(d is not None for d in tangents) else None
