"""Products of matrices with a vector at their end, taken from the right: (A B) x is A (B x).

The same number by other brackets: then no matrix on the way depends on x, and its derivative needs no third axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from jacmagic.engine.graph import Graph, Node, ancestry, slot
from jacmagic.engine.ops import again


def vectors_first(g: Graph, root: Node) -> Node:
    """The node with every product of matrices that ends in a vector grouped from the right."""
    new: dict[int, Node] = {}
    for node in ancestry([root]):
        made = again(g, node, [new[one.number] for one in node.args], False)
        if made.op == "dot":
            (one, other), (la, lb, lo) = made.args, made.data
            if len(la) == 1 and len(lb) == 2:
                one, other, la, lb = other, one, lb, la
            if len(la) == 2 and len(lb) == 1 and len(lo) == 1 and lb[0] in la:
                made = times(g, one, other, la[0] == lb[0])
        new[node.number] = made
    return new[root.number]


def times(g: Graph, matrix: Node, vector: Node, turned: bool) -> Node:
    """M v, or Mᵀ v, where M is a product or a sum of them by the parts of M."""
    if matrix.op == "permute":
        return times(g, matrix.args[0], vector, not turned)
    if matrix.op == "dot" and (found := _through(g, matrix, vector, turned)) is not None:
        return found
    if matrix.op == "map" and (found := _by_terms(g, matrix, vector, turned)) is not None:
        return found
    return g.dot(matrix, vector, (0, 1), (0,) if turned else (1,), (1,) if turned else (0,))


def _through(g: Graph, matrix: Node, vector: Node, turned: bool) -> Node | None:
    """(A B) v = A (B v)."""
    (a, b), (la, lb, lo) = matrix.args, matrix.data
    shared = [label for label in la if label in lb]
    if not (len(la) == len(lb) == 2 and len(shared) == 1 and shared[0] not in lo):
        return None
    last = lo[0] if turned else lo[1]  # the axis that meets the vector
    (first, lf), (second, ls) = ((a, la), (b, lb)) if last in lb else ((b, lb), (a, la))
    inner = times(g, second, vector, ls[0] == last)
    return times(g, first, inner, lf[0] == shared[0])


def _by_terms(g: Graph, matrix: Node, vector: Node, turned: bool) -> Node | None:
    """(s A + u wᵀ) v = s (A v) + u (wᵀ v)."""
    parts = []
    for term in sp.Add.make_args(matrix.data[0]):
        part = _by_factors(g, matrix, sp.Mul.make_args(term), vector, turned)
        if part is None:
            return None
        parts.append(part)
    return g.add(parts)


def _by_factors(g: Graph, matrix: Node, factors: Sequence[sp.Expr], vector: Node, turned: bool) -> Node | None:
    """(s A) v = s (A v) and (s u wᵀ) v = s u (wᵀ v): each factor meets v, stays in front, or is a number."""
    places = {slot(k): operand for k, operand in enumerate(zip(matrix.args, matrix.data[1]))}
    stay, met = (1, 0) if turned else (0, 1)
    if any(one not in places and one.free_symbols for one in factors):
        return None
    scale = sp.Mul(*(one for one in factors if one not in places))
    parts = [places[one] for one in factors if one in places]
    whole = [(node, own) for node, own in parts if len(own) == 2]
    stays = [node for node, own in parts if own == (stay,)]
    meets = [node for node, own in parts if own == (met,)]
    numbers = [node for node, own in parts if not own]
    if len(whole) > 1 or not (whole or stays or meets):
        return None
    inner = vector
    for node in meets if whole else meets[1:]:
        inner = g.map(slot(0) * slot(1), [(node, (0,)), (inner, (0,))], inner.shape)
    if whole:
        node, own = whole[0]
        column = times(g, node, inner, (own == (1, 0)) != turned)
    else:
        column = g.dot(meets[0], inner, (0,), (0,), ()) if meets else g.sum(inner, (0,))
    operands = [(column, (0,) if whole else ()), *((node, (0,)) for node in stays), *((node, ()) for node in numbers)]
    product = sp.Mul(scale, *(slot(k) for k in range(len(operands))))
    return g.map(product, operands, (matrix.shape[stay],))
