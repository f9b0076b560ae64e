"""The chain rule over a graph. The only file that differentiates.

SymPy differentiates each map node, a template in its own slots; everything else is
linear in each operand, so that its derivative is a product with the other. The
local derivatives are nodes of the same graph, multiplied along its paths, in
reverse where the output is smaller than the input and forward otherwise. Nothing
is ever substituted; `expand` does that on request, under a budget.

Layout: numerator layout. d of / d wrt has the shape of(shape) + wrt(shape).

Source: Griewank & Walther, Evaluating Derivatives (2008), ch. 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from jacmagic.engine.graph import Graph, Node, ancestry, is_zero, slot
from jacmagic.errors import LimitError
from jacmagic.functions import FUNCTIONS, by_cases, calculus, put_in, symbolic
from jacmagic.functions import slope as slope_of

MAX_WRITTEN = 400_000
"""Operations in a result with everything substituted. Instead: `r.at(…)`, or the local Jacobians in `r.layers`."""

MAX_CONDITION = 5_000
"""Operations in one condition with everything substituted. Instead: likewise."""

MAX_DEPTH = 100
"""Operations inside one another in a result with everything substituted. Instead: likewise."""

MAX_DIGITS = 2_000
"""Digits of a number that is written out. Instead: a name, or logarithms."""

MAX_JACOBIAN = 20_000_000
"""Entries of one Jacobian. Instead: that of one component, or of a sum."""

Shape = tuple[int, ...]

_ZERO, _ONE = sp.S.Zero, sp.S.One  # SymPy's only 0 and 1: `is` finds them, and costs nothing


# ------------------------------------------------------------------ one template
@lru_cache(maxsize=4096)
def gradient(expr: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives of a template by each of its slots; slots that do not occur are left out."""
    parts: dict[sp.Symbol, list[sp.Expr]] = {}
    for term in expr.args if expr.is_Add else (expr,):
        for symbol in term.free_symbols:
            parts.setdefault(symbol, []).append(_differentiate(term, symbol))
    return {symbol: sp.Add(*terms) for symbol, terms in parts.items()}


def _slope(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    """The derivative as `expr.diff(symbol)` builds it, that of x^y as y x^(y-1).

    It is built without asking whether each part of it is positive or zero.
    These questions take SymPy up to ten times as long as the derivative itself.
    """
    if expr.is_Symbol or expr.is_Number:
        return _ONE if expr == symbol else _ZERO
    if expr.is_Add:
        return sp.Add(*[_slope(term, symbol) for term in expr.args])
    if expr.is_Mul:
        args = expr.args
        slopes = [(k, slope) for k, arg in enumerate(args) if (slope := _slope(arg, symbol)) is not _ZERO]
        return sp.Add(*[sp.Mul(*args[:k], slope, *args[k + 1 :]) for k, slope in slopes])
    if expr.is_Pow and expr.exp.is_Number:
        if expr.base == symbol:
            return sp.Mul(expr.exp, sp.Pow(symbol, expr.exp - 1))
        slope = _slope(expr.base, symbol)
        return _ZERO if slope is _ZERO else expr * (slope * expr.exp / expr.base)
    if expr.is_Pow and expr.base is _ZERO:
        return _ZERO  # 0^x is 0 wherever it has a slope
    if expr.is_Pow and not (expr.base == symbol and symbol in expr.exp.free_symbols):  # x^x: x^x (ln x + 1)
        base, exponent = (_slope(part, symbol) for part in expr.args)
        lower = sp.Pow(expr.base, expr.exp - 1)  # and not expr/base, which is 0/0 where the base is 0
        return sp.Add(sp.Mul(expr.exp, lower, base), sp.Mul(expr, sp.log(expr.base), exponent))
    if isinstance(expr, sp.Function) and type(expr)._eval_derivative is sp.Function._eval_derivative:
        slopes = [(k, slope) for k, arg in enumerate(expr.args, 1) if (slope := _slope(arg, symbol)) is not _ZERO]
        return sp.Add(*[slope_of(expr, k) if slope is _ONE else slope_of(expr, k) * slope for k, slope in slopes])
    return expr.diff(symbol)


def _differentiate(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    result = _slope(expr, symbol)
    if result.has(sp.sign, sp.DiracDelta):
        result = result.replace(sp.DiracDelta, lambda *_: sp.S.Zero).replace(sp.sign, symbolic("sign"))
    if any(power.exp.free_symbols for power in expr.atoms(sp.Pow)):
        result = join_powers(result)
    return result


def join_powers(expr: sp.Expr) -> sp.Expr:
    """x^y/x becomes x^(y-1), so that the derivative of x^y is y x^(y-1), also at x = 0."""

    def join(product: sp.Expr) -> sp.Expr:
        symbolic_powers = {p.base: p.exp for p in product.args if p.is_Pow and p.exp.free_symbols}
        other: list[sp.Expr] = []
        extra: dict[sp.Expr, sp.Expr] = {}
        for factor in product.args:
            base, exponent = factor.as_base_exp()
            if base in symbolic_powers and not exponent.free_symbols and base != sp.E:
                extra[base] = extra.get(base, sp.S.Zero) + exponent
            else:
                other.append(factor)
        if not extra:
            return product
        joined = [
            sp.Pow(f.base, f.exp + extra.pop(f.base)) if f.is_Pow and f.exp.free_symbols and f.base in extra else f
            for f in other
        ]
        return sp.Mul(*joined)

    return expr.replace(lambda e: e.is_Mul, join)


@lru_cache(maxsize=4096)
def _computed_gradient(expr: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives as they are computed: that of x^y by y, x^y ln x, is 0 at x = 0 for y > 0, not 0 · ∞."""
    found = gradient(expr)
    swap = {
        sp.log(power.base): sp.log(by_cases((1, sp.And(sp.Eq(power.base, 0), power.exp > 0)), (power.base, True)))
        for power in expr.atoms(sp.Pow) if power.exp.free_symbols and power.base.free_symbols
    }
    return {symbol: put_in(derivative, swap) for symbol, derivative in found.items()} if swap else found


# ------------------------------------------------------------------ rebuilding
def rebuild(
    g: Graph, roots: Sequence[Node], cut: Iterable[str] = (), safe: bool = False
) -> tuple[list[Node], dict[int, str]]:
    """The graph below some roots without labels; definitions in `cut` become inputs.

    With `safe`, what a block writes by hand is computed without overflow: ln softmax(z) as
    log_softmax(z), ln σ(z) as -softplus(-z), ln(1 + e^z) as softplus(z), 1/(1 + e^-z) as σ(z).

    Returns the new roots and the names of the nodes that are definitions.
    """
    new: dict[int, Node] = {}
    labels: dict[int, str] = {}
    cut = set(cut)
    # Definitions that are cut need nothing below them.
    for node in _ancestry_until(roots, cut):
        args = [new[a.number] for a in node.args if a.number in new]
        if node.op == "label":
            if node.data in cut:
                new[node.number] = g.input(node.data, node.shape)
            else:
                new[node.number] = args[0]
                if args[0].op != "input":  # u = x gives x no other name
                    labels.setdefault(args[0].number, node.data)
        else:
            new[node.number] = again(g, node, args, safe)
    return [new[root.number] for root in roots], labels


def _ancestry_until(roots: Sequence[Node], cut: set[str]) -> list[Node]:
    needed: dict[int, Node] = {}
    todo = list(roots)
    while todo:
        node = todo.pop()
        if node.number not in needed:
            needed[node.number] = node
            if not (node.op == "label" and node.data in cut):
                todo.extend(node.args)
    return [needed[k] for k in sorted(needed)]


def again(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    """The same operation on other operands."""
    if node.op == "map":
        expr, axes = node.data
        operands = list(zip(args, axes))
        if safe:
            expr, operands = _safe_logarithms(g, expr, operands)
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
    if node.op == "stack":
        return g.stack(args, node.shape[node.data :], node.data)
    return g.along(node.op, args[0])


def _exponent(expr: sp.Expr) -> sp.Expr | None:
    """z where the expression is 1 + e^z."""
    rest = expr - 1 if expr.is_Add and len(expr.args) == 2 else None
    return rest.args[0] if isinstance(rest, sp.exp) else None


def _is_log_one_plus_exp(expr: sp.Expr) -> bool:
    return isinstance(expr, sp.log) and _exponent(expr.args[0]) is not None


def _safe_logarithms(
    g: Graph, expr: sp.Expr, operands: list[tuple[Node, Shape]]
) -> tuple[sp.Expr, list[tuple[Node, Shape]]]:
    sigmoid, softplus = symbolic("sigmoid"), symbolic("softplus")
    if expr.has(sp.exp):  # written by hand: ln(1 + e^z) and 1/(1 + e^-z), whose slopes would be ∞/∞ far out
        expr = expr.replace(_is_log_one_plus_exp, lambda e: softplus(_exponent(e.args[0])))
        expr = expr.replace(
            lambda e: e.is_Pow and e.exp.is_Integer and e.exp < 0 and _exponent(e.base) is not None,
            lambda e: sigmoid(-(e.base - 1).args[0]) ** -e.exp,
        )
    for log in list(expr.atoms(sp.log)):
        inner = log.args[0]
        minus = 1 - inner
        if isinstance(inner, sigmoid):
            expr = put_in(expr, {log: -softplus(-inner.args[0])})
        elif isinstance(minus, sigmoid):
            expr = put_in(expr, {log: -softplus(minus.args[0])})
        for wanted, sign in ((inner, -1), (minus, 1)):
            if not (wanted.is_Symbol and str(wanted).startswith("_")):
                continue
            node, axes = operands[int(str(wanted)[1:])]
            better = None
            if node.op == "map" and isinstance(node.data[0], sigmoid):
                better = g.map(-softplus(sign * node.data[0].args[0]), list(zip(node.args, node.data[1])), node.shape)
            elif node.op == "softmax" and sign < 0:
                better = g.along("log_softmax", node.args[0])
            elif node.op == "take" and node.args[0].op == "softmax" and sign < 0:
                lead, indices = node.data
                better = g.take(g.along("log_softmax", node.args[0].args[0]), indices, node.shape[lead:], lead)
            if better is not None:
                operands = [*operands, (better, axes)]
                expr = put_in(expr, {log: slot(len(operands) - 1)})
    return expr, operands


# ------------------------------------------------------------------ local derivatives
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
    derivative = (_computed_gradient if reuse else gradient)(expr).get(slot(k), _ZERO)
    if derivative is _ZERO:
        return None
    operands = list(zip(node.args, axes))
    if reuse and not expr.is_Symbol and derivative.has(expr):
        derivative = put_in(derivative, {expr: slot(len(operands))})
        operands.append((node, every(node)))
    return g.map(derivative, operands, node.shape)


def times(g: Graph, carried: Node, factor: Node, lead: int) -> Node:
    """carried (with its leading axis) times a factor without one, entry by entry."""
    if carried.value is _ONE:
        return factor
    return g.map(
        slot(0) * slot(1), [(carried, every(carried)), (factor, shifted(every(factor), lead))], carried.shape
    )


LEAD = 90
"""The label of the leading axis in products."""


def pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    """The cotangents of a node's operands from its own: x̄ = Jᵀ ȳ.

    Shapes: c is (lead?) + node.shape, each result (lead?) + operand.shape.
    """
    op, args = node.op, node.args
    front = (LEAD,) * lead
    if op == "map":
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
        if inner:
            raise NotImplementedError("take with leading axes has no cotangent; first derivatives never ask for one")
        return [(args[0], g.put(c, indices, args[0].shape, lead))]
    if op == "put":
        return [(args[0], g.take(c, node.data[1], args[0].shape, lead))]
    if op == "stack":
        found, at = [], 0
        for arg in args:
            found.append((arg, g.take(c, range(at, at + arg.size), arg.shape, lead)))
            at += arg.size
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
    front = (LEAD,) * lead
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
        if tangents[0] is not None:
            terms.append(g.dot(tangents[0], args[1], front + la, lb, front + lo))
        if tangents[1] is not None:
            terms.append(g.dot(args[0], tangents[1], la, front + lb, front + lo))
        return g.add(terms) if terms else None
    if op == "stack":
        parts = [
            d if d is not None else g.zeros(full[:lead] + arg.shape) for d, arg in zip(tangents, args)
        ]
        return g.stack(parts, node.shape, lead)
    d = tangents[0]
    if d is None:
        return None
    if op == "sum":
        return g.sum(d, shifted(node.data, lead))
    if op == "permute":
        return g.permute(d, tuple(range(lead)) + shifted(node.data, lead))
    if op == "take":
        return g.take(d, node.data[1], node.shape, lead)
    if op == "put":
        return g.put(d, node.data[1], node.shape, lead)
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
    share = share_of(g, node)
    if transpose:
        shape = c.shape[:lead] + x.shape
        return g.map(slot(0) * slot(1), [(c, rest), (share, shifted(every(share), lead))], shape)
    return g.sum(times(g, c, share, lead), (last + lead,))


_IS_BEST = by_cases((1, sp.Eq(slot(0), slot(1))), (0, True))


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
        mask = g.map(_IS_BEST, pair, x.shape)
        count = g.sum(mask, (last,))
        return g.map(slot(0) / slot(1), [(mask, every(mask)), (count, outer)], x.shape)
    if node.op == "norm":
        # 0 at 0, as PyTorch has it
        return g.map(by_cases((slot(0) / slot(1), slot(1) > 0), (0, True)), pair, x.shape)
    assert node.op == "prod"
    return g.along("others", x)


# ------------------------------------------------------------------ the chain rule
def jacobian(g: Graph, of: Node, wrt: Node, reuse: bool = True) -> Node:
    """d of / d wrt, shape of.shape + wrt.shape, for an input or cut definition `wrt`."""
    return jacobians(g, of, [wrt], reuse)[0]


def jacobians(g: Graph, of: Node, wrts: Sequence[Node], reuse: bool = True) -> list[Node]:
    """d of / d wrt for each of several inputs.

    Rows of a stack are differentiated one by one, so that each costs only what it
    depends on; else one sweep in reverse, for all that are not smaller than `of`, and
    one forward for each that is.
    """
    if of.op == "stack" and of.data == 0 and (of.size <= 64 or any(part.shape == () for part in of.args)):
        rows = [jacobians(g, part, wrts, reuse) for part in of.args]
        return [g.stack(parts, of.shape + wrt.shape) for parts, wrt in zip(zip(*rows), wrts)]
    below = {node.number for node in ancestry([of])}
    swept = [wrt for wrt in wrts if wrt is not of and wrt.number in below and of.size <= wrt.size]
    found = dict(zip(swept, _reverse(g, of, swept, reuse))) if swept else {}
    out = []
    for wrt in wrts:
        if wrt in found:
            out.append(found[wrt])
        elif wrt is of:
            out.append(_arranged(g, g.eye(of.shape), of.shape + wrt.shape) if of.shape else g.const(1))
        elif wrt.number in below:
            out.append(_forward(g, of, wrt, reuse))
        else:
            out.append(g.zeros(of.shape + wrt.shape))
    return out


def _arranged(g: Graph, node: Node, shape: Shape) -> Node:
    """The same entries in another arrangement."""
    return node if node.shape == shape else g.take(node, range(node.size), shape)


def _depending(order: Sequence[Node], wrts: Iterable[Node]) -> set[int]:
    found = {wrt.number for wrt in wrts}
    for node in order:
        if any(a.number in found for a in node.args):
            found.add(node.number)
    return found


def _reverse(g: Graph, of: Node, wrts: Sequence[Node], reuse: bool) -> list[Node]:
    start = g.eye(of.shape) if of.shape else g.const(1)
    return [_arranged(g, node, of.shape + wrt.shape) for node, wrt in zip(sweep(g, of, start, wrts, reuse), wrts)]


Pull = Callable[[Graph, Node, Node, int, bool], list[tuple[Node, Node]]]


def sweep(
    g: Graph, of: Node, start: Node, wrts: Sequence[Node], reuse: bool = True, through: Pull = pull
) -> list[Node]:
    """The cotangents of inputs from that of `of`: (lead?) + wrt.shape each. `through` says how one passes a node."""
    order = ancestry([of])
    depending = _depending(order, wrts)
    ends = {wrt.number for wrt in wrts}
    lead = len(start.shape) - len(of.shape)
    cotangents: dict[int, list[Node]] = {of.number: [start]}
    for node in reversed(order):
        if node.number in ends or node.number not in cotangents or node.number not in depending:
            continue
        total = collect(g, cotangents.pop(node.number))
        for arg, part in through(g, node, total, lead, reuse):
            if arg.number in depending:
                cotangents.setdefault(arg.number, []).append(part)
    return [
        collect(g, cotangents[wrt.number]) if wrt.number in cotangents
        else g.zeros(start.shape[:lead] + wrt.shape)
        for wrt in wrts
    ]


def _forward(g: Graph, of: Node, wrt: Node, reuse: bool) -> Node:
    lead = 1 if wrt.shape else 0
    tangents: dict[int, Node] = {wrt.number: g.eye(wrt.shape) if lead else g.const(1)}
    for node in ancestry([of]):
        if node is wrt or not any(a.number in tangents for a in node.args):
            continue
        d = push(g, node, [tangents.get(a.number) for a in node.args], lead, reuse)
        if d is not None:
            tangents[node.number] = d
    if of.number not in tangents:
        return g.zeros(of.shape + wrt.shape)
    d = tangents[of.number]
    if lead:
        d = g.permute(d, (*range(1, len(d.shape)), 0))
    return _arranged(g, d, of.shape + wrt.shape)


def collect(g: Graph, parts: list[Node]) -> Node:
    """The sum of cotangents; single entries put into zeros are stacked instead of added."""
    parts = [part for part in parts if not is_zero(part)] or parts[:1]
    if len(parts) > 1 and all(p.op == "put" and p.args[0].shape == () for p in parts):
        entries: dict[int, list[Node]] = {}
        for part in parts:
            entries.setdefault(part.data[1][0], []).append(part.args[0])
        zero = g.const(0)
        return g.stack([g.add(entries[k]) if k in entries else zero for k in range(parts[0].size)], parts[0].shape)
    return g.add(parts)


# ------------------------------------------------------------------ everything substituted
Entries = dict[int, Any]
"""The entries of an array that are not 0, by their flat index: most entries of a Jacobian are 0."""


def expand(roots: Sequence[Node], inputs: Mapping[str, Sequence[sp.Expr]]) -> list[Entries]:
    """The entries of nodes as SymPy expressions of the inputs' entries, everything substituted; zeros left out.

    Ask `check_length` first: what is too long to write takes minutes here.

    Raises:
        LimitError: a condition compares what is not a real number, as (-1)^(1/2) < x, or a case divides by 0.
    """
    order = ancestry(roots)
    values: dict[int, Entries] = {}
    try:
        for node in order:
            expand_one = _EXPAND.get(node.op, _expand_along)
            values[node.number] = expand_one(node, [values[a.number] for a in node.args], inputs)
    except RecursionError:
        raise LimitError("Written out, this is nested too deep. Use the numbers, r.at(…), or r.layers.") from None
    except TypeError as error:
        if "non-real" not in str(error):
            raise
        raise LimitError("Written out, a condition compares a number that is not real; use the numbers, r.at(…).") \
            from None
    found = [{at: _without_idle_cases(entry) for at, entry in values[root.number].items()} for root in roots]
    if any(entry.has(sp.zoo) for entries in found for entry in entries.values()):
        raise LimitError("Written out, one case divides by 0; use the numbers, r.at(…), or r.layers.")
    return found


def _without_idle_cases(expr: sp.Expr) -> sp.Expr:
    """Without the cases of a product that divides by r anyway: (v if r > 0 else 0)/r is v/r, where it is defined."""
    idle: dict[sp.Expr, sp.Expr] = {}
    for product in expr.atoms(sp.Mul) if expr.has(sp.Piecewise) else ():
        cases = [factor for factor in product.args if factor.is_Piecewise]
        others = [factor for factor in product.args if not factor.is_Piecewise]
        divisors = {e.base for factor in others for e in factor.atoms(sp.Pow) if e.exp.is_negative}
        for factor in cases:
            (value, when), *rest = factor.args
            if rest == [(0, True)] and isinstance(when, sp.Gt) and when.rhs == 0 \
                    and when.lhs.as_base_exp()[0] in divisors:
                idle[product] = idle.get(product, product).xreplace({factor: value})
    return expr.xreplace(idle) if idle else expr


def check_length(roots: Sequence[Node], sparse: bool = False, most: int = MAX_WRITTEN) -> None:
    """Refuse what would be too long to write, before any of it is written; with `sparse`, zeros are not written.

    With fewer operations at the `most`, as for a formula that has to fit on a page, the arrays on the way count, too.

    Raises:
        LimitError: with what to do instead.
    """
    order = ancestry(roots)
    size: dict[int, float] = {}  # operations in one entry
    work = 0.0  # operands of all entries on the way
    dense: dict[int, float] = {}  # the share of entries that are not 0
    depth: dict[int, int] = {}  # nodes inside one another
    for node in order:
        depth[node.number] = 1 + max((depth[a.number] for a in node.args), default=0)
        inner = [size[a.number] for a in node.args]
        shares = [dense[a.number] for a in node.args]
        dense[node.number] = _share(node, shares)
        own = 1.0
        if node.op == "map":
            own = _length(node.data[0], [0] * len(inner))
            size[node.number] = _length(node.data[0], inner)
        elif node.op == "dot":
            la, lb, lo = node.data
            sizes = dict(zip(la, node.args[0].shape)) | dict(zip(lb, node.args[1].shape))
            summed = prod(n for label, n in sizes.items() if label not in lo)
            lean = any(a.op in ("eye",) for a in node.args)
            own = 1 if lean else summed
            size[node.number] = own * sum(inner)
        elif node.op == "sum":
            (x,) = node.args
            own = x.size / max(node.size, 1)
            size[node.number] = inner[0] * own
        elif node.op in ("softmax", "log_softmax", "logsumexp", "amax", "amin", "norm", "prod", "others"):
            own = node.args[0].shape[-1]
            size[node.number] = inner[0] * 2 * own
        else:
            size[node.number] = max(inner, default=1)
        work += node.size * dense[node.number] * own
    total = sum((size[root.number] * dense[root.number] + (not sparse)) * root.size for root in roots)
    if most < MAX_WRITTEN:
        total = max(total, work / 2)
    if total > most or max(depth.values(), default=0) > MAX_DEPTH:
        raise LimitError(
            "Written out with everything substituted this is too long. Use the numbers, r.at(…), or the local "
            "Jacobians, r.layers."
        )


def _length(expr: sp.Expr, inner: Sequence[float]) -> float:
    """Operations of a template whose slots have this many themselves."""
    total, todo = 1.0, [expr]
    while todo:
        one = todo.pop()
        if one.args:
            total += max(1, len(one.args) - 1)
            todo.extend(one.args)
        elif one.is_Symbol:
            total += inner[int(one.name[1:])]
    return total


def _share(node: Node, shares: Sequence[float]) -> float:
    """At most this share of a node's entries is not 0, where it is so of its operands."""
    if node.op == "eye":
        return 1 / max(node.shape[0], 1)
    if node.op == "const":
        return sum(v is not _ZERO for v in node.data) / max(node.size, 1)
    if node.op in ("permute", "take"):
        return max(shares)
    if node.op == "put":
        return shares[0] * min(1.0, node.args[0].size / max(node.size, 1))
    if node.op == "stack":
        return sum(share * arg.size for share, arg in zip(shares, node.args)) / max(node.size, 1)
    if node.op == "map" and (terms := _bilinear(node.data[0])):
        return min(1.0, sum(min(shares[k] for k in slots) for _, slots in terms))
    return 1.0


def _put(expr: sp.Expr, table: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """Operands put in for slots; no condition is left with cases inside, which SymPy would try to solve."""
    if not (expr.has(sp.Piecewise) and any(value.has(sp.Piecewise) for value in table.values())):
        return put_in(expr, table)
    if not expr.is_Piecewise:
        return expr.func(*[_put(arg, table) for arg in expr.args]) if expr.args else table.get(expr, expr)
    budget = [MAX_CONDITION]
    return by_cases(*[(_put(value, table), _split(put_in(when, table), budget)) for value, when in expr.args])


def _split(condition: sp.Basic, budget: list[int]) -> sp.Basic:
    """A condition on a value given by cases: case 1 and the condition on its value, or case 2 and …"""
    inner = [one for one in condition.atoms(sp.Piecewise) if not any(a.has(sp.Piecewise) for a in one.args)]
    if not inner:
        return condition
    cases = min(inner, key=sp.default_sort_key)
    earlier: list[sp.Basic] = []
    ways = []
    for value, when in cases.args:
        budget[0] -= condition.count_ops()
        if budget[0] < 0:
            raise LimitError(
                "Written out with everything substituted, a condition falls into too many cases. Use the numbers, "
                "r.at(…), or the local Jacobians, r.layers."
            )
        here = sp.And(when, *earlier)
        ways.append(sp.And(here, _split(put_in(condition, {cases: value}), budget)))
        earlier.append(sp.Not(when))
    return sp.Or(*ways)


def _added(terms: list[Any]) -> Any:
    if len(terms) > 9:  # one by one, so that a number that gets too long is noticed in time
        numbers: dict[Any, Any] = {}
        for number, rest in (term.as_coeff_Mul() for term in terms):
            numbers[rest] = _short(numbers.get(rest, _ZERO) + number)
        if list(numbers) == [_ONE]:
            return numbers[_ONE]
    return sp.Add(*terms) if len(terms) > 1 else terms[0] if terms else _ZERO


def _short(expr: Any) -> Any:
    """The expression, if its number, or that in front of it, is not too long to write."""
    number = expr if expr.is_Rational else expr.args[0] if (expr.is_Mul or expr.is_Add) else _ONE
    if number.is_Rational and max(number.p.bit_length(), number.q.bit_length()) > 3.33 * MAX_DIGITS:
        raise LimitError(
            "Written out, a number is too long. Use the numbers, r.at(…), or the local Jacobians, r.layers."
        )
    return expr


def _summed(parts: Mapping[int, list[Any]]) -> Entries:
    return {at: total for at, terms in parts.items() if (total := _added(terms)) is not _ZERO}


def _listed(values: Entries, count: int) -> list[Any]:
    """All entries, zeros too."""
    return [values.get(at, _ZERO) for at in range(count)]


def _without_zeros(values: Iterable[Any]) -> Entries:
    return {at: value for at, value in enumerate(values) if value is not _ZERO}


@lru_cache(maxsize=4096)
def _bilinear(expr: sp.Expr) -> tuple[tuple[sp.Expr, tuple[int, ...]], ...]:
    """A template that is 0 wherever all its slots are, and how: (factor, slots) of each product that is added up.

    () for every other: one with a function, a power, a quotient or a constant term.
    """
    found = []
    for term in sp.Add.make_args(expr):
        factor, symbols = term.as_coeff_mul()
        if not symbols or not all(symbol.is_Symbol for symbol in symbols):
            return ()
        found.append((factor, tuple(int(symbol.name[1:]) for symbol in symbols)))
    return tuple(found)


def _expand_map(node: Node, args: list[Entries], _: Any) -> Entries:
    expr, axes = node.data
    full = node.shape
    if terms := _bilinear(expr):
        parts: dict[int, list[Any]] = {}
        for factor, slots in terms:
            for at, value in _product(factor, [(args[k], node.args[k].shape, axes[k]) for k in slots], full):
                parts.setdefault(at, []).append(value)
        return _summed(parts)
    columns = [_spread(_listed(values, arg.size), arg.shape, own, full) for values, arg, own in
               zip(args, node.args, axes)]
    names = [slot(k) for k in range(len(columns))]
    known: dict[Any, sp.Expr] = {}  # many entries are the same
    out = []
    for row in zip(*columns) if columns else [()] * prod(full):
        if row not in known:
            known[row] = _short(_best(*row) if expr == _IS_BEST else _put(expr, dict(zip(names, row))))
        out.append(known[row])
    return _without_zeros(out)


def _best(x: sp.Expr, best: sp.Expr) -> sp.Expr:
    """1 where x is the largest or smallest of several, compared with each: SymPy makes x = 7 - m of 7 - x = m."""
    kind = type(best)
    if kind not in (symbolic("max"), symbolic("min")) or x not in best.args:
        return _put(_IS_BEST, {slot(0): x, slot(1): best})
    others = [other for other in best.args if other != x]
    slots = [slot(k + 1) for k in range(len(others))]
    ahead = [slot(0) >= one if kind is symbolic("max") else slot(0) <= one for one in slots]
    return _put(by_cases((1, sp.And(*ahead)), (0, True)), {slot(0): x, **dict(zip(slots, others))})


def _product(factor: sp.Expr, operands: list[tuple[Entries, Shape, Shape]], full: Shape) -> Iterator[tuple[int, Any]]:
    """A product of broadcast operands, entry by entry, at the places where the emptiest of them is not 0."""
    first, *others = sorted(
        operands, key=lambda one: len(one[0]) * prod(n for axis, n in enumerate(full) if axis not in one[2])
    )
    looks = [(values, _places(shape, axes, full)) for values, shape, axes in others]
    for at, value in _repeated(*first, full):
        factors = [value]
        for values, places in looks:
            index = at if places is None else sum(at // step % n * stride for step, n, stride in places)
            if index not in values:
                break
            factors.append(values[index])
        else:
            if factor is not _ONE:
                factors.append(factor)
            yield at, sp.Mul(*factors) if len(factors) > 1 else value


def _places(shape: Shape, axes: Shape, full: Shape) -> list[tuple[int, int, int]] | None:
    """How to find an operand's entry for one of the result: (stride there, length, stride here); None for the same."""
    if axes == tuple(range(len(full))):
        return None
    there = _strides(full)
    return [(there[axis], full[axis], stride) for axis, stride in zip(axes, _strides(shape))]


def _repeated(values: Entries, shape: Shape, axes: Shape, full: Shape) -> Iterator[tuple[int, Any]]:
    """Entries of an operand repeated over the axes it lacks."""
    if axes == tuple(range(len(full))):
        yield from values.items()
        return
    there = _strides(full)
    shifts = [0]
    for axis, n in enumerate(full):
        if axis not in axes:
            shifts = [shift + k * there[axis] for shift in shifts for k in range(n)]
    moves = [(stride, n, there[axis]) for axis, n, stride in zip(axes, shape, _strides(shape))]
    for at, value in values.items():
        start = sum(at // stride % n * step for stride, n, step in moves)
        for shift in shifts:
            yield start + shift, value


def _strides(shape: Shape) -> list[int]:
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= n
    return out[::-1]


def _spread(values: list[Any], shape: Shape, axes: Shape, full: Shape) -> list[Any]:
    """Flat entries of an operand, zeros too, repeated over the axes it lacks."""
    if axes == tuple(range(len(full))):
        return values
    strides = _strides(shape)
    step = [0] * len(full)
    for axis, stride in zip(axes, strides):
        step[axis] = stride
    out = [0]
    for n, stride in zip(full, step):
        out = [at + k * stride for at in out for k in range(n)]
    return [values[at] for at in out]


def _expand_dot(node: Node, args: list[Entries], _: Any) -> Entries:
    la, lb, lo = node.data
    out = dict(zip(lo, _strides(node.shape)))
    shared = [label for label in la if label in lb]

    def split(values: Entries, shape: Shape, labels: Shape, own: Shape) -> Iterator[tuple[tuple[int, ...], int, Any]]:
        """Each entry with its indices of the shared labels and its own part of the place in the result."""
        axes = dict(zip(labels, zip(_strides(shape), shape)))
        meet = [axes[label] for label in shared]
        move = [(*axes[label], out[label]) for label in own if label in out]
        for at, value in values.items():
            yield (tuple([at // stride % n for stride, n in meet]),
                   sum(at // stride % n * step for stride, n, step in move), value)

    partners: dict[tuple[int, ...], list[tuple[int, Any]]] = {}
    for key, place, value in split(args[1], node.args[1].shape, lb, tuple(label for label in lb if label not in la)):
        partners.setdefault(key, []).append((place, value))
    parts: dict[int, list[Any]] = {}
    for key, place, value in split(args[0], node.args[0].shape, la, la):
        for other, factor in partners.get(key, ()):
            parts.setdefault(place + other, []).append(_multiplied(value, factor))
    return _summed(parts)


def _multiplied(a: Any, b: Any) -> Any:
    return b if a is _ONE else a if b is _ONE else a * b


def _expand_sum(node: Node, args: list[Entries], _: Any) -> Entries:
    (x,) = node.args
    kept = [k for k in range(len(x.shape)) if k not in node.data]
    strides = _strides(x.shape)
    moves = [(strides[k], x.shape[k], step) for k, step in zip(kept, _strides(node.shape))]
    parts: dict[int, list[Any]] = {}
    for at, value in args[0].items():
        parts.setdefault(sum(at // stride % n * step for stride, n, step in moves), []).append(value)
    return _summed(parts)


def _expand_permute(node: Node, args: list[Entries], _: Any) -> Entries:
    (x,) = node.args
    strides = _strides(x.shape)
    moves = [(strides[k], x.shape[k], step) for k, step in zip(node.data, _strides(node.shape))]
    return {sum(at // stride % n * step for stride, n, step in moves): value for at, value in args[0].items()}


def _expand_take(node: Node, args: list[Entries], _: Any) -> Entries:
    lead, indices = node.data
    width = prod(node.args[0].shape[lead:])
    wanted: dict[int, list[int]] = {}
    for k, index in enumerate(indices):
        wanted.setdefault(index, []).append(k)
    found = {}
    for at, value in args[0].items():
        row, index = divmod(at, width)
        for k in wanted.get(index, ()):
            found[row * len(indices) + k] = value
    return found


def _expand_put(node: Node, args: list[Entries], _: Any) -> Entries:
    lead, indices = node.data
    width, own = prod(node.shape[lead:]), len(indices)
    parts: dict[int, list[Any]] = {}
    for at, value in args[0].items():
        row, k = divmod(at, own)
        parts.setdefault(row * width + indices[k], []).append(value)
    return _summed(parts)


def _expand_stack(node: Node, args: list[Entries], _: Any) -> Entries:
    width = prod(node.shape[node.data :])
    found: Entries = {}
    begin = 0
    for arg, values in zip(node.args, args):
        own = prod(arg.shape[node.data :])
        for at, value in values.items():
            row, k = divmod(at, own)
            found[row * width + begin + k] = value
        begin += own
    return found


def _expand_eye(node: Node, _args: Any, _: Any) -> Entries:
    n = node.shape[0]
    return {k * n + k: _ONE for k in range(n)}


def _expand_along(node: Node, args: list[Entries], _: Any) -> Entries:
    (x,) = node.args
    n = x.shape[-1]
    entries = _listed(args[0], x.size)
    out: list[Any] = []
    for start in range(0, x.size, n):
        row = entries[start : start + n]
        if node.op in ("softmax", "log_softmax", "logsumexp") and any(v.is_Rational and abs(v) > 1000 for v in row):
            raise LimitError("Written out, a power of e is too large. Use the numbers, r.at(…).")
        if node.op == "softmax":
            total = sp.Add(*(sp.exp(v) for v in row))
            out += [sp.exp(v) / total for v in row]
        elif node.op == "log_softmax":
            total = sp.log(sp.Add(*(sp.exp(v) for v in row)))
            out += [v - total for v in row]
        elif node.op == "logsumexp":
            out.append(sp.log(sp.Add(*(sp.exp(v) for v in row))))
        elif node.op in ("amax", "amin"):
            out.append(symbolic("max" if node.op == "amax" else "min")(*row))
        elif node.op == "norm":
            out.append(sp.sqrt(sp.Add(*(v**2 for v in row))))
        elif node.op == "prod":
            out.append(_short(sp.Mul(*row)))
        elif node.op == "others":
            out += [_short(sp.Mul(*row[:k], *row[k + 1 :])) for k in range(n)]
        else:
            raise AssertionError(node.op)
    return _without_zeros(out)


_EXPAND: dict[str, Any] = {
    "input": lambda node, _, inputs: _without_zeros(map(sp.sympify, inputs[node.data])),
    "const": lambda node, _, __: _without_zeros(map(sp.sympify, node.data)),
    "label": lambda node, args, _: args[0],
    "eye": _expand_eye,
    "map": _expand_map,
    "dot": _expand_dot,
    "sum": _expand_sum,
    "permute": _expand_permute,
    "take": _expand_take,
    "put": _expand_put,
    "stack": _expand_stack,
}


# ------------------------------------------------------------------ kinks
def kinks(g: Graph, roots: Sequence[Node]) -> list[tuple[str, Node]]:
    """The places where a derivative jumps: (function, node that is 0 there), of all nodes below the roots."""
    found: list[tuple[str, Node]] = []
    for node in ancestry(roots):
        if node.op == "map":
            expr, axes = node.data
            for call in sorted(expr.atoms(sp.Function), key=str):
                row = FUNCTIONS.get(type(call).__name__)
                if row is None or row.kinks is None:
                    continue
                name = "max(0, z)" if row.name == "max" and len(call.args) == 2 and 0 in call.args else row.name
                found += [
                    (name, g.map(vanishing, list(zip(node.args, axes)), node.shape))
                    for vanishing in row.kinks(calculus, *call.args)
                ]
            edges = [when.atoms(Relational) for cases in expr.atoms(sp.Piecewise) for _, when in cases.args]
            found += [
                ("cases", g.map(edge, list(zip(node.args, axes)), node.shape))
                for edge in sorted({one.lhs - one.rhs for when in edges for one in when}, key=str)
            ]
        elif node.op == "norm":
            found.append(("norm", node))
        elif node.op in ("amax", "amin"):
            share = share_of(g, node)  # between 0 and 1 where it is a tie
            tied = by_cases((0, sp.And(slot(0) > 0, slot(0) < 1)), (1, True))
            found.append((node.op[1:], g.map(tied, [(share, every(share))], share.shape)))
    return found


def replace_inputs(g: Graph, roots: Sequence[Node], swap: Mapping[str, Node]) -> list[Node]:
    """The same roots with other nodes in the place of inputs."""
    new: dict[int, Node] = {}
    for node in ancestry(roots):
        if node.op == "input" and node.data in swap:
            new[node.number] = swap[node.data]
        else:
            new[node.number] = again(g, node, [new[a.number] for a in node.args], False)
    return [new[root.number] for root in roots]


def replace_root(g: Graph, root: Node, old: Node, new_node: Node) -> Node:
    """The same root with one node in the place of another: 1 - tanh(z)² as 1 - a², a being tanh(z)."""
    new: dict[int, Node] = {old.number: new_node}
    for node in ancestry([root]):
        if node.number not in new:
            new[node.number] = again(g, node, [new[a.number] for a in node.args], False)
    return new[root.number]
