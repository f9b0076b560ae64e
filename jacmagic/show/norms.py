"""layer_norm, rms_norm and var, known again in the graph that they were lowered to, and their slopes in one piece."""

from __future__ import annotations

import sympy as sp

from jacmagic.engine import ops
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.ops.axes import LEAD


def normed(node: Node) -> tuple[str, Node] | None:
    """The name and the z of a node that is layer_norm(z) or rms_norm(z), as they are lowered; of a matrix by rows."""
    if node.op != "map" or node.data[0] != slot(0) / slot(1) or len(node.args) != 2 or not node.shape:
        return None
    above, below = node.args
    if below.op != "map" or below.shape != node.shape[:-1] or squared(below.args[0]) is not above:
        return None
    for name, epsilon, z in (
        ("layer_norm", sp.Rational(1, 100000), centred(above)), ("rms_norm", sp.Rational(1, 2**52), above),
    ):
        if below.data[0] == sp.sqrt(slot(0) / node.shape[-1] + epsilon) and z is not None:
            return name, z
    return None


def squared(node: Node) -> Node | None:
    """The z of a node that is Σ z² along the last axis."""
    if node.op != "sum" or node.args[0].op != "map" or node.args[0].data[0] != slot(0) ** 2:
        return None
    z = node.args[0].args[0]
    return z if node.data == (len(z.shape) - 1,) else None


def centred(node: Node) -> Node | None:
    """The z of a node that is z - mean(z), along the last axis."""
    if node.op != "map" or node.data[0] != slot(0) - slot(1) or len(node.args) != 2 or not node.shape:
        return None
    z, mean = node.args
    if node.shape[-1] > 1:
        if mean.op != "map" or mean.data[0] != slot(0) / node.shape[-1]:
            return None
        (mean,) = mean.args
    return z if mean.op == "sum" and mean.args[0] is z and mean.data == (len(z.shape) - 1,) else None


def pull(g: Graph, node: Node, cotangent: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    """The engine's, and in one piece var, 2 (z - mean z)/n, and layer_norm, (c - mean c - a (a·c)/n)/√(var + ε)."""
    norm, distances = normed(node), squared(node)
    outer = tuple(range(lead))
    if not node.shape and distances is not None and (z := centred(distances)) is not None:
        pair = [(cotangent, outer), (distances, (lead,))]
        return [(z, g.map(2 * slot(0) * slot(1), pair, cotangent.shape + z.shape))]
    if norm is None:
        return ops.pull(g, node, cotangent, lead, reuse)
    name, z = norm
    own = tuple(range(len(node.shape)))
    n, axes = node.shape[-1], tuple(range(len(cotangent.shape)))
    front, behind = (LEAD,) * lead, tuple(axis + lead for axis in own)
    total = g.sum(cotangent, axes[-1:]) if name == "layer_norm" else g.zeros(cotangent.shape[:-1])
    along = g.dot(node, cotangent, own, (*front, *own), (*front, *own[:-1]))
    pulled = g.map(
        (slot(0) - (slot(1) + slot(2) * slot(3)) / n) / slot(4),
        [(cotangent, axes), (total, axes[:-1]), (node, behind), (along, axes[:-1]), (node.args[1], behind[:-1])],
        cotangent.shape,
    )
    return [(z, pulled)]
