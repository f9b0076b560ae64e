"""The operations one by one: their slopes applied to tangents and cotangents, and the same again on other operands."""

from __future__ import annotations

from math import prod

import sympy as sp

from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.safe import safe_form
from jacmagic.engine.templates import ONE, ZERO, computed_gradient, gradient
from jacmagic.functions import by_cases, put_in

Shape = tuple[int, ...]


def again(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    """The same operation on other operands."""
    if node.op == "map":
        expr, axes = node.data
        operands = list(zip(args, axes))
        if safe:
            expr, operands = safe_form(g, expr, operands)
        return g.map(expr, operands, node.shape)
    if node.op in ("input", "const", "eye"):
        return node
    if node.op == "dot":
        return g.dot(args[0], args[1], *node.data)
    if node.op == "sum":
        return g.sum(args[0], node.data)
    if node.op == "permute":
        return g.permute(args[0], node.data)
    if node.op in ("take", "put"):
        lead, indices = node.data
        return g.take(args[0], indices, node.shape[lead:], lead) if node.op == "take" else g.put(
            args[0], indices, node.shape[lead:], lead)
    if node.op == "label":
        return g.node("label", args, node.shape, node.data)
    if node.op == "stack":
        return g.stack(args, node.shape[node.data :], node.data)
    return g.along(node.op, args[0])


def every(node: Node) -> Shape:
    return tuple(range(len(node.shape)))


def shifted(axes: Shape, lead: int) -> Shape:
    return tuple(a + lead for a in axes)


def local(g: Graph, node: Node, k: int, reuse: bool) -> Node | None:
    """d map / d operand k, entry by entry, with the map's own shape; None where it is 0.

    With `reuse`, for numbers, the value of the map itself stands for its expression where
    the derivative contains it: 1 - tanh(z)^2 is 1 - a^2 then.
    """
    expr, axes = node.data
    derivative = (computed_gradient if reuse else gradient)(expr).get(slot(k), ZERO)
    if derivative is ZERO:
        return None
    operands = list(zip(node.args, axes))
    if reuse and not expr.is_Symbol and derivative.has(expr):
        derivative = put_in(derivative, {expr: slot(len(operands))})
        operands.append((node, every(node)))
    return g.map(derivative, operands, node.shape)


def times(g: Graph, carried: Node, factor: Node, lead: int) -> Node:
    """carried (with its leading axis) times a factor without one, entry by entry."""
    if carried.value is ONE:
        return factor
    return g.map(
        slot(0) * slot(1), [(carried, every(carried)), (factor, shifted(every(factor), lead))], carried.shape
    )


LEAD = 90
"""The label of the leading axis in products, where no other is larger."""


def front_of(node: Node, lead: int) -> Shape:
    """The labels of leading axes in front of a product's own, of which one differentiated before may have some."""
    return (max(LEAD, 1 + max((label for labels in node.data for label in labels), default=0)),) * lead


def pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    """The cotangents of a node's operands from its own: x̄ = Jᵀ ȳ.

    Shapes: c is (lead?) + node.shape, each result (lead?) + operand.shape.
    """
    op, args = node.op, node.args
    if op == "label":
        return [(args[0], c)]
    if op == "map":
        front = (LEAD,) * lead
        found = []
        for k, (arg, axes) in enumerate(zip(args, node.data[1])):
            factor = local(g, node, k, reuse)
            if factor is None:
                continue
            if axes == every(node):
                found.append((arg, times(g, c, factor, lead)))
            else:
                labels = every(node)
                uniform = factor.op == "const" and len(set(factor.data)) == 1
                if uniform:
                    missing = tuple(a + lead for a in labels if a not in axes)
                    summed = g.sum(g.scale(factor.data[0], c), missing)
                else:
                    kept = tuple(a for a in labels if a in axes)
                    summed = g.dot(c, factor, front + labels, labels, front + kept)
                order = tuple(sorted(axes).index(a) for a in axes)
                found.append((arg, g.permute(summed, tuple(range(lead)) + shifted(order, lead))))
        return found
    if op == "dot":
        la, lb, lo = node.data
        a, b = args
        front = front_of(node, lead)
        return [(a, pull_factor(g, c, b, front, lo, lb, a, la)), (b, pull_factor(g, c, a, front, lo, la, b, lb))]
    if op == "sum":
        (x,) = args
        axes = tuple(range(lead)) + tuple(k + lead for k in range(len(x.shape)) if k not in node.data)
        return [(x, g.broadcast(c, axes, c.shape[:lead] + x.shape))]
    if op == "permute":
        inverse = tuple(node.data.index(k) for k in range(len(node.data)))
        return [(args[0], g.permute(c, tuple(range(lead)) + shifted(inverse, lead)))]
    if op == "take":
        inner, indices = node.data
        return [(args[0], g.put(c, indices, args[0].shape[inner:], lead + inner))]
    if op == "put":
        inner, indices = node.data
        return [(args[0], g.take(c, indices, args[0].shape[inner:], lead + inner))]
    if op == "stack":
        inner, found, at = node.data, [], 0
        for arg in args:
            own = arg.shape[inner:]
            found.append((arg, g.take(c, range(at, at + prod(own)), own, lead + inner)))
            at += prod(own)
        return found
    return [(args[0], _along(g, node, c, lead, transpose=True))]


def pull_factor(
    g: Graph, c: Node, other: Node, front: Shape, lo: Shape, l_other: Shape, own: Node, l_own: Shape
) -> Node:
    """The cotangent of one factor of a product; the same along axes that the product sums over in it alone."""
    kept = tuple(label for label in l_own if label in lo or label in l_other)
    pulled = g.dot(c, other, front + lo, l_other, front + kept)
    if kept == l_own:
        return pulled
    lead = len(front)
    at = tuple(range(lead)) + tuple(l_own.index(label) + lead for label in kept)
    return g.broadcast(pulled, at, c.shape[:lead] + own.shape)


def push(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    """The tangent of a node from those of its operands (None where one is 0): ẏ = J ẋ."""
    op, args = node.op, node.args
    full = next((d.shape[:lead] for d in tangents if d is not None), ()) + node.shape
    terms: list[Node] = []
    if op == "map":
        for k, (d, axes) in enumerate(zip(tangents, node.data[1])):
            factor = local(g, node, k, reuse) if d is not None else None
            if d is None or factor is None:
                continue
            terms.append(
                g.map(
                    slot(0) * slot(1),
                    [(d, tuple(range(lead)) + shifted(axes, lead)), (factor, shifted(every(factor), lead))],
                    full,
                )
            )
        return g.add(terms) if terms else None
    if op == "dot":
        la, lb, lo = node.data
        front = front_of(node, lead)
        if tangents[0] is not None:
            terms.append(g.dot(tangents[0], args[1], front + la, lb, front + lo))
        if tangents[1] is not None:
            terms.append(g.dot(args[0], tangents[1], la, front + lb, front + lo))
        return g.add(terms) if terms else None
    if op == "stack":
        parts = [
            d if d is not None else g.zeros(full[:lead] + arg.shape) for d, arg in zip(tangents, args)
        ]
        return g.stack(parts, node.shape[node.data :], lead + node.data)
    d = tangents[0]
    if d is None or op == "label":
        return d
    if op == "sum":
        return g.sum(d, shifted(node.data, lead))
    if op == "permute":
        return g.permute(d, tuple(range(lead)) + shifted(node.data, lead))
    if op in ("take", "put"):
        inner, indices = node.data
        select = g.take if op == "take" else g.put
        return select(d, indices, node.shape[inner:], lead + inner)
    return _along(g, node, d, lead, transpose=False)


def _along(g: Graph, node: Node, c: Node, lead: int, transpose: bool) -> Node:
    """Operations along the last axis: their Jacobians, or the transposes, applied."""
    (x,) = node.args
    last = len(x.shape) - 1
    rest = tuple(range(lead)) + shifted(tuple(range(last)), lead)
    if node.op in ("softmax", "log_softmax"):
        # softmax: J = diag(s) - s sᵀ, symmetric; log_softmax: J = I - 1 sᵀ
        s = node if node.op == "softmax" else g.along("softmax", x)
        if node.op == "softmax":
            weighted = times(g, c, s, lead)
            total = g.sum(weighted, (last + lead,))
            return g.map(
                slot(0) - slot(1) * slot(2),
                [(weighted, every(weighted)), (s, shifted(every(s), lead)), (total, rest)], c.shape,
            )
        if transpose:
            total = g.sum(c, (last + lead,))
            return g.map(
                slot(0) - slot(1) * slot(2),
                [(c, every(c)), (s, shifted(every(s), lead)), (total, rest)], c.shape,
            )
        total = g.sum(times(g, c, s, lead), (last + lead,))
        return g.map(slot(0) - slot(1), [(c, every(c)), (total, rest)], c.shape)
    if node.op == "others":
        return _products_of_others(g, x, c, lead)
    share = share_of(g, node)
    if transpose:
        shape = c.shape[:lead] + x.shape
        return g.map(slot(0) * slot(1), [(c, rest), (share, shifted(every(share), lead))], shape)
    return g.sum(times(g, c, share, lead), (last + lead,))


def _products_of_others(g: Graph, x: Node, c: Node, lead: int) -> Node:
    """Of the products of all entries but one, the symmetric Jacobian applied.

    others(x)_i is the product over row i of a square of x's, with a 1 on its diagonal; so the products of all
    entries but two are its `others`, and no entry is divided by, which may be 0.
    """
    n, last = x.shape[-1], len(x.shape) - 1
    square = x.shape + (n,)
    outer = tuple(range(last))
    one = (g.eye((n,)), (last, last + 1))
    rows = g.map(slot(0) * (1 - slot(1)) + slot(1), [(x, (*outer, last + 1)), one], square)
    slopes = g.map(slot(0) * (1 - slot(1)), [(g.along("others", rows), (*outer, last, last + 1)), one], square)
    front = (LEAD,) * lead
    return g.dot(c, slopes, (*front, *outer, last), (*outer, last, last + 1), (*front, *outer, last + 1))


IS_BEST = by_cases((1, sp.Eq(slot(0), slot(1))), (0, True))


def share_of(g: Graph, node: Node) -> Node:
    """The gradient of logsumexp, amax, amin, norm and prod by the vector they reduce."""
    (x,) = node.args
    last = len(x.shape) - 1
    outer = tuple(range(last))
    pair = [(x, every(x)), (node, outer)]
    if node.op == "logsumexp":
        return g.along("softmax", x)
    if node.op in ("amax", "amin"):
        # a tie among k entries gives each 1/k, as torch.amax has it
        mask = g.map(IS_BEST, pair, x.shape)
        count = g.sum(mask, (last,))
        return g.map(slot(0) / slot(1), [(mask, every(mask)), (count, outer)], x.shape)
    if node.op == "norm":
        # 0 at 0, as PyTorch has it
        return g.map(by_cases((slot(0) / slot(1), slot(1) > 0), (0, True)), pair, x.shape)
    assert node.op == "prod"
    return g.along("others", x)
