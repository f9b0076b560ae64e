"""conv and maxpool known again in the graph, where they are products with parts of an array, and extremes of these."""

from __future__ import annotations

from math import isqrt

from jacmagic.engine.graph import Node, is_in_order
from jacmagic.program.matrices import windows


def convolved(node: Node) -> tuple[Node, Node] | None:
    """The x and w of a node that is conv(x, w), its result being flat or arranged as a matrix.

    The slope by the kernel of conv(x, w) is one, too: conv(x, δ).
    """
    product, shape = whole_of(node), node.shape
    if product.op != "dot" or not shape:
        return None
    for parts, flat, own, other in ((*product.args, *product.data[:2]), (*product.args[::-1], *product.data[1::-1])):
        w = whole_of(flat)
        if parts.op != "take" or parts.data[0] or len(parts.shape) != 2 or len(other) != 1 or len(own) != 2:
            continue
        (x,) = parts.args
        forward = own[1] == other[0]  # each part times the kernel; else each place in the parts times δ
        size = w.shape if forward else shape
        fits = len(w.shape) == len(shape) == len(x.shape) and own[0 if forward else 1] == product.data[2][0]
        if fits and all(k <= n for n, k in zip(x.shape, size)) and parts.data[1] == tuple(windows(x.shape, size)[0]):
            return x, w
    return None


def pooled(node: Node) -> tuple[Node, int] | None:
    """The x and k of a node that is maxpool(x, k), its result being flat or arranged as a matrix."""
    best = whole_of(node)
    if best.op != "amax" or best.args[0].op != "take" or best.args[0].data[0] or len(best.args[0].shape) != 2:
        return None
    (parts,) = best.args
    (x,) = parts.args
    k = parts.shape[1] if len(x.shape) == 1 else isqrt(parts.shape[1])
    sizes = (k,) * len(x.shape)
    fits = 1 <= len(x.shape) <= 2 and k <= min(x.shape) and parts.data[1] == tuple(windows(x.shape, sizes, k)[0])
    return (x, k) if fits and len(node.shape) == len(x.shape) else None


def of_diagonal(node: Node) -> Node | None:
    """The square matrix whose diagonal a vector is."""
    if node.op != "take" or node.data[0] or len(node.args[0].shape) != 2:
        return None
    (x,) = node.args
    n = x.shape[0]
    return x if x.shape == (n, n) and node.data[1] == tuple(range(0, n * n, n + 1)) and n > 1 else None


def whole_of(node: Node) -> Node:
    """What a node is only arranged of."""
    while node.op == "take" and node.data[0] == 0 and is_in_order(node.data[1], node.args[0].size):
        (node,) = node.args
    return node
