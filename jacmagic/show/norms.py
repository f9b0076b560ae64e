"""layer_norm, rms_norm and var, known again in the graph that they were lowered to, and their slopes in one piece."""

from __future__ import annotations

import sympy as sp

from jacmagic.engine import ops
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.ops.axes import LEAD


def normed(node: Node) -> tuple[str, Node] | None:
    """The name and the z of a node that is layer_norm(z) or rms_norm(z), as they are lowered."""
    if node.op != "map" or node.data[0] != slot(0) / slot(1) or len(node.args) != 2:
        return None
    above, below = node.args
    if below.op != "map" or squared(below.args[0]) is not above:
        return None
    for name, epsilon, z in (
        ("layer_norm", sp.Rational(1, 100000), centred(above)), ("rms_norm", sp.Rational(1, 2**52), above),
    ):
        if below.data[0] == sp.sqrt(slot(0) / node.size + epsilon) and z is not None:
            return name, z
    return None


def squared(node: Node) -> Node | None:
    """The z of a node that is Σ z²."""
    if node.op != "sum" or node.args[0].op != "map" or node.args[0].data[0] != slot(0) ** 2:
        return None
    return node.args[0].args[0]


def centred(node: Node) -> Node | None:
    """The z of a node that is z - mean(z)."""
    if node.op != "map" or node.data[0] != slot(0) - slot(1) or len(node.args) != 2:
        return None
    z, mean = node.args
    if node.size > 1:
        if mean.op != "map" or mean.data[0] != slot(0) / node.size:
            return None
        (mean,) = mean.args
    return z if mean.op == "sum" and mean.args[0] is z else None


def pull(g: Graph, node: Node, cotangent: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    """The engine's, and in one piece var, 2 (z - mean z)/n, and layer_norm, (c - mean c - a (a·c)/n)/√(var + ε)."""
    norm, distances = normed(node), squared(node)
    outer = tuple(range(lead))
    if distances is not None and (z := centred(distances)) is not None:
        pair = [(cotangent, outer), (distances, (lead,))]
        return [(z, g.map(2 * slot(0) * slot(1), pair, cotangent.shape + z.shape))]
    if norm is None:
        return ops.pull(g, node, cotangent, lead, reuse)
    name, z = norm
    n, axes = node.size, tuple(range(lead + 1))
    front = (LEAD,) * lead
    total = g.sum(cotangent, (lead,)) if name == "layer_norm" else g.zeros(cotangent.shape[:lead])
    along = g.dot(node, cotangent, (0,), (*front, 0), front)
    pulled = g.map(
        (slot(0) - (slot(1) + slot(2) * slot(3)) / n) / slot(4),
        [(cotangent, axes), (total, outer), (node, (lead,)), (along, outer), (node.args[1], ())], cotangent.shape,
    )
    return [(z, pulled)]
