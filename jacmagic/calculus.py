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

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import sympy as sp

from jacmagic.errors import LimitError, ValueMistake
from jacmagic.functions import FUNCTIONS, calculus, symbolic
from jacmagic.graph import Graph, Node, ancestry, is_zero, slot

MAX_WRITTEN = 400_000
"""Operations in a result with everything substituted."""

MAX_CONDITION = 5_000
"""Operations in one condition with everything substituted."""

MAX_JACOBIAN = 20_000_000
"""Entries of one Jacobian."""

Shape = tuple[int, ...]


# ------------------------------------------------------------------ one template
@lru_cache(maxsize=4096)
def gradient(expr: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives of a template by each of its slots; slots that do not occur are left out."""
    parts: dict[sp.Symbol, list[sp.Expr]] = {}
    for term in expr.args if expr.is_Add else (expr,):
        for symbol in term.free_symbols:
            parts.setdefault(symbol, []).append(_differentiate(term, symbol))
    return {symbol: sp.Add(*terms) for symbol, terms in parts.items()}


def _differentiate(expr: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    result = expr.diff(symbol)
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
            expr = expr.xreplace({log: -softplus(-inner.args[0])})
        elif isinstance(minus, sigmoid):
            expr = expr.xreplace({log: -softplus(minus.args[0])})
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
                expr = expr.xreplace({log: slot(len(operands) - 1)})
    return expr, operands


# ------------------------------------------------------------------ local derivatives
def every(node: Node) -> Shape:
    return tuple(range(len(node.shape)))


def shifted(axes: Shape, lead: int) -> Shape:
    return tuple(a + lead for a in axes)


def local(g: Graph, node: Node, k: int, reuse: bool) -> Node | None:
    """d map / d operand k, entry by entry, with the map's own shape; None where it is 0.

    With `reuse` the value of the map itself stands for its expression where the
    derivative contains it: 1 - tanh(z)^2 is 1 - a^2 then.
    """
    expr, axes = node.data
    derivative = gradient(expr).get(slot(k), sp.S.Zero)
    if derivative.is_zero:
        return None
    operands = list(zip(node.args, axes))
    if reuse and not expr.is_Symbol and derivative.has(expr):
        derivative = derivative.xreplace({expr: slot(len(operands))})
        operands.append((node, every(node)))
    return g.map(derivative, operands, node.shape)


def times(g: Graph, carried: Node, factor: Node, lead: int) -> Node:
    """carried (with its leading axis) times a factor without one, entry by entry."""
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
        return [(a, g.dot(c, b, front + lo, lb, front + la)), (b, g.dot(c, a, front + lo, la, front + lb))]
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


def share_of(g: Graph, node: Node) -> Node:
    """The gradient of amax, amin, norm and prod by the vector they reduce."""
    (x,) = node.args
    last = len(x.shape) - 1
    outer = tuple(range(last))
    pair = [(x, every(x)), (node, outer)]
    if node.op in ("amax", "amin"):
        # a tie among k entries gives each 1/k, as torch.amax has it
        mask = g.map(sp.Piecewise((1, sp.Eq(slot(0), slot(1))), (0, True)), pair, x.shape)
        count = g.sum(mask, (last,))
        return g.map(slot(0) / slot(1), [(mask, every(mask)), (count, outer)], x.shape)
    if node.op == "norm":
        # 0 at 0, as PyTorch has it
        return g.map(sp.Piecewise((slot(0) / slot(1), slot(1) > 0), (0, True)), pair, x.shape)
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
    order = ancestry([of])
    depending = _depending(order, wrts)
    ends = {wrt.number for wrt in wrts}
    lead = 1 if of.shape else 0
    cotangents: dict[int, list[Node]] = {of.number: [g.eye(of.shape) if lead else g.const(1)]}
    for node in reversed(order):
        if node.number in ends or node.number not in cotangents or node.number not in depending:
            continue
        total = collect(g, cotangents.pop(node.number))
        for arg, part in pull(g, node, total, lead, reuse):
            if arg.number in depending:
                cotangents.setdefault(arg.number, []).append(part)
    return [
        _arranged(g, collect(g, cotangents[wrt.number]), of.shape + wrt.shape) if wrt.number in cotangents
        else g.zeros(of.shape + wrt.shape)
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
def expand(roots: Sequence[Node], inputs: Mapping[str, Sequence[sp.Expr]]) -> list[list[sp.Expr]]:
    """The entries of nodes as SymPy expressions of the inputs' entries, everything substituted.

    Ask `check_length` first: what is too long to write takes minutes here.

    Raises:
        ValueMistake: a condition compares what is not a real number, as (-1)^(1/2) < x.
    """
    order = ancestry(roots)
    values: dict[int, list[Any]] = {}
    try:
        for node in order:
            expand_one = _EXPAND.get(node.op, _expand_along)
            values[node.number] = expand_one(node, [values[a.number] for a in node.args], inputs)
    except TypeError as error:
        if "non-real" not in str(error):
            raise
        raise ValueMistake("Written out, a condition compares a number that is not real; use the numbers, r.at(…).") \
            from None
    return [list(values[root.number]) for root in roots]


def check_length(roots: Sequence[Node]) -> None:
    """Refuse what would be too long to write, before any of it is written.

    Raises:
        LimitError: with what to do instead.
    """
    order = ancestry(roots)
    size: dict[int, float] = {}  # operations in one entry
    dense: dict[int, float] = {}  # the share of entries that are not 0
    for node in order:
        inner = [size[a.number] for a in node.args]
        shares = [dense[a.number] for a in node.args]
        dense[node.number] = 1.0
        if node.op == "eye":
            dense[node.number] = 1 / max(node.shape[0], 1)
        elif node.op in ("permute", "take", "stack"):
            dense[node.number] = max(shares)
        elif node.op == "map" and node.data[0].is_Mul:
            dense[node.number] = min(shares, default=1.0)
        if node.op == "map":
            expr = node.data[0]
            counts = [expr.count(slot(k)) for k in range(len(inner))]
            size[node.number] = 1 + min(expr.count_ops(), 10**6) + sum(c * s for c, s in zip(counts, inner))
        elif node.op == "dot":
            la, lb, lo = node.data
            sizes = dict(zip(la, node.args[0].shape)) | dict(zip(lb, node.args[1].shape))
            summed = prod(n for label, n in sizes.items() if label not in lo)
            lean = any(a.op in ("eye",) for a in node.args)
            size[node.number] = (1 if lean else summed) * sum(inner)
        elif node.op == "sum":
            (x,) = node.args
            size[node.number] = inner[0] * (x.size / max(node.size, 1))
        elif node.op in ("softmax", "log_softmax", "amax", "amin", "norm", "prod", "others"):
            size[node.number] = inner[0] * 2 * node.args[0].shape[-1]
        else:
            size[node.number] = max(inner, default=1)
    total = sum((size[root.number] * dense[root.number] + 1) * root.size for root in roots)
    if total > MAX_WRITTEN:
        raise LimitError(
            "Written out with everything substituted this is too long. Use the numbers, r.at(…), or the local "
            "Jacobians, r.layers."
        )


def _expand_map(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    expr, axes = node.data
    if expr == slot(0) * slot(1) and len(args) == 2:
        return _expand_product(node, args)
    count = prod(node.shape)
    if all(a == every(node) for a in axes):
        columns = args
    else:
        columns = [_spread(values, arg.shape, own, node.shape) for values, arg, own in zip(args, node.args, axes)]
    slots = [slot(k) for k in range(len(columns))]
    if expr.is_Symbol:
        return list(columns[0])
    if expr.is_Add and all(term.is_Symbol for term in expr.args):
        return [_added([v for v in row if v is not _ZERO]) for row in zip(*columns)]
    known: dict[Any, sp.Expr] = {}  # most entries of a Jacobian are 0, or the same
    out = []
    for row in zip(*columns) if columns else [()] * count:
        if row not in known:
            known[row] = _put(expr, dict(zip(slots, row)))
        out.append(known[row])
    return out


def _put(expr: sp.Expr, table: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """Operands put in for slots; no condition is left with cases inside, which SymPy would try to solve."""
    if not (expr.has(sp.Piecewise) and any(value.has(sp.Piecewise) for value in table.values())):
        return expr.xreplace(table)
    if not expr.is_Piecewise:
        return expr.func(*[_put(arg, table) for arg in expr.args]) if expr.args else table.get(expr, expr)
    budget = [MAX_CONDITION]
    return sp.Piecewise(*[(_put(value, table), _split(when.xreplace(table), budget)) for value, when in expr.args])


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
        ways.append(sp.And(here, _split(condition.xreplace({cases: value}), budget)))
        earlier.append(sp.Not(when))
    return sp.Or(*ways)


_ZERO, _ONE = sp.S.Zero, sp.S.One  # SymPy's only 0 and 1: `is` finds them, and costs nothing


def _added(terms: list[Any]) -> Any:
    return sp.Add(*terms) if len(terms) > 1 else terms[0] if terms else _ZERO


def _multiplied(a: Any, b: Any) -> Any:
    if a is _ZERO or b is _ZERO:
        return _ZERO
    return b if a is _ONE else a if b is _ONE else a * b


def _expand_product(node: Node, args: list[list[Any]]) -> list[Any]:
    axes = node.data[1]
    left, right = (_spread(v, a.shape, own, node.shape) for v, a, own in zip(args, node.args, axes))
    return [_multiplied(a, b) for a, b in zip(left, right)]


def _strides(shape: Shape) -> list[int]:
    out, step = [], 1
    for n in reversed(shape):
        out.append(step)
        step *= n
    return out[::-1]


def _spread(values: list[Any], shape: Shape, axes: Shape, full: Shape) -> list[Any]:
    """Flat entries of an operand repeated over the axes it lacks."""
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


def _expand_dot(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    la, lb, lo = node.data
    a, b = node.args
    sizes = dict(zip(la, a.shape)) | dict(zip(lb, b.shape))
    summed = tuple(label for label in sizes if label not in lo)
    order = lo + summed
    full = tuple(sizes[label] for label in order)
    left = _spread(args[0], a.shape, tuple(order.index(i) for i in la), full)
    right = _spread(args[1], b.shape, tuple(order.index(i) for i in lb), full)
    inner = prod(sizes[label] for label in summed)
    out = []
    for start in range(0, len(left), inner):
        pairs = zip(left[start : start + inner], right[start : start + inner])
        out.append(_added([_multiplied(a, b) for a, b in pairs if a is not _ZERO and b is not _ZERO]))
    return out


def _expand_sum(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    (x,) = node.args
    kept = tuple(k for k in range(len(x.shape)) if k not in node.data)
    strides = _strides(x.shape)
    out: list[list[Any]] = [[] for _ in range(node.size)]
    own = _strides(node.shape)
    for at, value in enumerate(args[0]):
        place = sum((at // strides[k]) % x.shape[k] * step for k, step in zip(kept, own))
        if value is not _ZERO:
            out[place].append(value)
    return [_added(terms) for terms in out]


def _expand_permute(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    inverse = tuple(node.data.index(k) for k in range(len(node.data)))
    return _spread(args[0], node.args[0].shape, inverse, node.shape)


def _expand_take(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    lead, indices = node.data
    width = prod(node.args[0].shape[lead:])
    return [args[0][row * width + k] for row in range(prod(node.shape[:lead])) for k in indices]


def _expand_put(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    lead, indices = node.data
    rows, width, own = prod(node.shape[:lead]), prod(node.shape[lead:]), len(indices)
    out: list[Any] = [_ZERO] * (rows * width)
    for row in range(rows):
        for k, place in enumerate(indices):
            value = args[0][row * own + k]
            if value is not _ZERO:
                at = row * width + place
                out[at] = value if out[at] is _ZERO else out[at] + value
    return out


def _expand_stack(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    rows = prod(node.shape[: node.data])
    widths = [len(values) // rows for values in args]
    return [
        v for row in range(rows) for values, width in zip(args, widths) for v in values[row * width : (row + 1) * width]
    ]


def _expand_eye(node: Node, _args: Any, _: Any) -> list[Any]:
    n = node.shape[0]
    return [_ONE if i == j else _ZERO for i in range(n) for j in range(n)]


def _expand_along(node: Node, args: list[list[Any]], _: Any) -> list[Any]:
    (x,) = node.args
    n = x.shape[-1]
    out: list[Any] = []
    for start in range(0, x.size, n):
        row = args[0][start : start + n]
        if node.op == "softmax":
            total = sp.Add(*(sp.exp(v) for v in row))
            out += [sp.exp(v) / total for v in row]
        elif node.op == "log_softmax":
            total = sp.log(sp.Add(*(sp.exp(v) for v in row)))
            out += [v - total for v in row]
        elif node.op in ("amax", "amin"):
            out.append(symbolic("max" if node.op == "amax" else "min")(*row))
        elif node.op == "norm":
            out.append(sp.sqrt(sp.Add(*(v**2 for v in row))))
        elif node.op == "prod":
            out.append(sp.Mul(*row))
        elif node.op == "others":
            out += [sp.Mul(*row[:k], *row[k + 1 :]) for k in range(n)]
        else:
            raise AssertionError(node.op)
    return out


_EXPAND: dict[str, Any] = {
    "input": lambda node, _, inputs: [sp.sympify(v) for v in inputs[node.data]],
    "const": lambda node, _, __: [sp.sympify(v) for v in node.data],
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
                found += [
                    (row.name, g.map(vanishing, list(zip(node.args, axes)), node.shape))
                    for vanishing in row.kinks(calculus, *call.args)
                ]
        elif node.op == "norm":
            found.append(("norm", node))
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
