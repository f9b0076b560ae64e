"""A graph over a whole batch: the examples' axis is one of the graph's own, so that their mean is part of it.

What is summed over the examples is then a contraction like any other, and the gradient of a layer's weights is
δᵀ a / n, one product of matrices, never a matrix for each example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from jacmagic.engine.graph import Graph, Node, ancestry
from jacmagic.engine.operation import OPERATIONS


def mean(g: Graph, root: Node, examples: Mapping[str, int]) -> Node:
    """The mean of a number over a batch; `examples` says of which inputs there are several, and how many.

    Shapes: an input of `examples` gets the axis of the examples in front of its own; the result is a number.
    """
    (whole,) = batched(g, [root], examples)
    if whole is root:
        return root
    count = whole.shape[0]
    if whole.op == "sum":  # over the entries of an example, and then over the examples: at once
        whole, axes = whole.args[0], whole.data
    else:
        axes = ()
    return g.scale(sp.Rational(1, count), g.sum(whole, tuple({0, *axes})))


def batched(g: Graph, roots: Sequence[Node], examples: Mapping[str, int]) -> list[Node]:
    """The same roots for several examples at once: those that depend on them have their axis in front.

    Nodes that no example reaches stay as they are, and so are computed once.
    """
    new: dict[int, Node] = {}
    for node in ancestry(roots):
        if node.op == "input" and node.data in examples:
            new[node.number] = g.input(node.data, (examples[node.data], *node.shape))
            continue
        many = [new[a.number] is not a for a in node.args]
        args = [new[a.number] for a in node.args]
        new[node.number] = OPERATIONS[node.op].many(g, node, args, many) if any(many) else node
    return [new[root.number] for root in roots]
