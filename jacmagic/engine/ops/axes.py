"""The axes of what is carried along a graph: a leading one, then a node's own."""

from __future__ import annotations

from collections.abc import Callable

from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.operation import Shape
from jacmagic.functions.forms import ONE

LEAD = 90
"""The label of the leading axis in products, where no other is larger."""

Carried = Callable[[Graph, Node, Node, int], Node]  # from a tangent or cotangent with leading axes to the other side's


def of_one(back: Carried, ahead: Carried) -> tuple[Callable[..., list[tuple[Node, Node]]], Callable[..., Node | None]]:
    """Jᵀ and J of an operation with one operand."""

    def pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
        return [(node.args[0], back(g, node, c, lead))]

    def push(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
        return tangents[0] and ahead(g, node, tangents[0], lead)

    return pull, push


def every(node: Node) -> Shape:
    return tuple(range(len(node.shape)))


def shifted(axes: Shape, lead: int) -> Shape:
    return tuple(a + lead for a in axes)


def behind(axes: Shape, lead: int) -> Shape:
    """The leading axes, and these behind them."""
    return tuple(range(lead)) + shifted(axes, lead)


def times(g: Graph, carried: Node, factor: Node, lead: int) -> Node:
    """carried (with its leading axis) times a factor without one, entry by entry."""
    if carried.value is ONE:
        return factor
    return g.map(
        slot(0) * slot(1), [(carried, every(carried)), (factor, shifted(every(factor), lead))], carried.shape
    )


def asked(shapes: object, data: object, shape: Shape) -> Shape:
    """The shape of a node that neither its operands nor its data tell."""
    return shape
