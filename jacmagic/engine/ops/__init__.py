"""The operations one by one, each with its slopes, its entries and its lines: the rows of OPERATIONS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.engine.operation import OPERATIONS
from jacmagic.engine.ops import along, leaves, maps, places, products, square, unknown

MODULES = (leaves, maps, products, places, along, square, unknown)
OPERATIONS.update({row.name: row for module in MODULES for row in module.ROWS})


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


def by_others(roots: Sequence[Node], has: Callable[[str], bool]) -> tuple[list[Node], dict[int, int]]:
    """The roots, and every node's new number, with each operation that is not there written by others.

    Raises:
        TypeError: an operation that cannot be written by others.
    """
    order = ancestry(roots)
    moved = {node.number: node.number for node in order}
    while missing := [node.op for node in order if not has(node.op)]:
        if unknown := [op for op in missing if OPERATIONS[op].by is None]:
            raise TypeError(f"{unknown[0]} has no line here, and is not written by other operations")
        g, new = Graph(), dict[int, Node]()
        for node in order:
            args, by = [new[arg.number] for arg in node.args], OPERATIONS[node.op].by
            new[node.number] = g.node(node.op, args, node.shape, node.data) if has(node.op) or by is None else by(
                g, args, node.data, node.shape)
        moved = {old: new[at].number for old, at in moved.items()}
        roots = [new[root.number] for root in roots]
        order = ancestry(roots)
    return list(roots), moved
