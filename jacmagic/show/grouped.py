"""Products of matrices with a vector at their end, taken from the right: (A B) x is A (B x).

The same number by other brackets: then no matrix on the way depends on x, and its derivative needs no third axis.
"""

from __future__ import annotations

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
    expr, axes = matrix.data
    places = {slot(k): (arg, own) for k, (arg, own) in enumerate(zip(matrix.args, axes))}
    stay, met = (1, 0) if turned else (0, 1)
    parts = []
    for term in sp.Add.make_args(expr):
        factors = sp.Mul.make_args(term)
        if not all(one.is_Symbol and one in places or not one.free_symbols for one in factors):
            return None
        whole = [one for one in factors if one in places and len(places[one][1]) == 2]
        stays = [one for one in factors if one in places and places[one][1] == (stay,)]
        meets = [one for one in factors if one in places and places[one][1] == (met,)]
        if len(whole) > 1 or not (whole or stays or meets):
            return None
        inner, there = vector, tuple(range(len(whole)))
        for one in meets if whole else meets[1:]:
            inner = g.map(slot(0) * slot(1), [(places[one][0], (0,)), (inner, (0,))], inner.shape)
        if whole:
            node, own = places[whole[0]]
            column = times(g, node, inner, (own == (1, 0)) != turned)
        else:
            column = g.dot(places[meets[0]][0], inner, (0,), (0,), ()) if meets else g.sum(inner, (0,))
        scale = sp.Mul(*(one for one in factors if one not in places))
        numbers = [places[one][0] for one in factors if one in places and not places[one][1]]
        operands = [(column, there), *((places[one][0], (0,)) for one in stays), *((one, ()) for one in numbers)]
        product = sp.Mul(scale, *(slot(k) for k in range(len(operands))))
        parts.append(g.map(product, operands, (matrix.shape[stay],)))
    return g.add(parts)
