"""map: an expression entry by entry, whose slopes are SymPy's; the operands' axes are turned and repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from jacmagic.engine.entries import Entries, listed, short, strides, summed, without_zeros
from jacmagic.engine.graph import Graph, Node, slot
from jacmagic.engine.nonzeros import Nonzeros, check_count, entries_at, joined, moved
from jacmagic.engine.operation import Operation, Shape
from jacmagic.engine.ops.axes import LEAD, asked, behind, every, shifted, times
from jacmagic.engine.safe import safe_form
from jacmagic.engine.templates import computed_gradient, gradient
from jacmagic.errors import LimitError
from jacmagic.functions import FUNCTIONS, by_cases, calculus, has_cases, symbolic
from jacmagic.functions.forms import ONE, ZERO, has, in_order, product, put_in

MAX_CONDITION = 5_000
"""Operations in one condition with everything substituted. Instead: `r.at(…)`, or the local Jacobians in `r.layers`."""

IS_BEST = by_cases((1, sp.Eq(slot(0), slot(1))), (0, True))
"""1 where an entry is the extreme one."""


def _again(g: Graph, node: Node, args: list[Node], safe: bool) -> Node:
    expr, axes = node.data
    operands = list(zip(args, axes))
    if safe:
        expr, operands = safe_form(g, expr, operands)
    return g.map(expr, operands, node.shape)


def _many(g: Graph, node: Node, args: list[Node], many: Sequence[bool]) -> Node:
    expr, axes = node.data
    count = next(arg.shape[0] for arg, has in zip(args, many) if has)
    own = [behind(one, 1) if has else shifted(one, 1) for one, has in zip(axes, many)]
    return g.map(expr, list(zip(args, own)), (count, *node.shape))


# ------------------------------------------------------------------ slopes
def _slope(g: Graph, node: Node, k: int, reuse: bool) -> Node | None:
    """d map / d operand k, entry by entry, with the map's own shape; None where it is 0.

    With `reuse`, for numbers, the value of the map itself stands for its expression where
    the derivative contains it: 1 - tanh(z)^2 is 1 - a^2 then.
    """
    expr, axes = node.data
    derivative = (computed_gradient if reuse else gradient)(expr).get(slot(k), ZERO)
    if derivative is ZERO:
        return None
    operands = list(zip(node.args, axes))
    if reuse and not expr.is_Symbol and has(derivative, expr):
        derivative = put_in(derivative, {expr: slot(len(operands))})
        operands.append((node, every(node)))
    return g.map(derivative, operands, node.shape)


def _pull(g: Graph, node: Node, c: Node, lead: int, reuse: bool) -> list[tuple[Node, Node]]:
    slopes = [(arg, axes, _slope(g, node, k, reuse)) for k, (arg, axes) in enumerate(zip(node.args, node.data[1]))]
    whole = {f.number: times(g, c, f, lead) for _, axes, f in slopes if f is not None and axes == every(node)}
    found = []
    for arg, axes, factor in slopes:
        if factor is None:
            continue
        if axes == every(node):
            found.append((arg, whole[factor.number]))
        else:
            summed_up = _over_others(g, node, c, factor, whole.get(factor.number), axes, lead)
            order = tuple(sorted(axes).index(a) for a in axes)
            found.append((arg, g.permute(summed_up, behind(order, lead))))
    return found


def _over_others(
    g: Graph, node: Node, c: Node, factor: Node, product: Node | None, axes: Shape, lead: int
) -> Node:
    """c times the slope, added up over the axes along which the operand is repeated; their product where it is made."""
    labels, front = every(node), (LEAD,) * lead
    if factor.op == "const" and len(set(factor.data)) == 1:
        product = g.scale(factor.data[0], c)
    if product is not None:
        return g.sum(product, tuple(a + lead for a in labels if a not in axes))
    return g.dot(c, factor, front + labels, labels, front + tuple(a for a in labels if a in axes))


def _push(g: Graph, node: Node, tangents: list[Node | None], lead: int, reuse: bool) -> Node | None:
    full = next(d.shape[:lead] for d in tangents if d is not None) + node.shape
    terms = []
    for k, (d, axes) in enumerate(zip(tangents, node.data[1])):
        factor = _slope(g, node, k, reuse) if d is not None else None
        if d is not None and factor is not None:
            operands = [(d, behind(axes, lead)), (factor, shifted(every(factor), lead))]
            terms.append(g.map(product(slot(0), slot(1)), operands, full))
    return g.add(terms) if terms else None


def _kinks(g: Graph, node: Node) -> list[tuple[str, Node]]:
    """Those of the functions in the expression, and the edges of its cases."""
    expr, axes = node.data
    found = []
    rows = {call: FUNCTIONS.get(type(call).__name__) for call in expr.atoms(sp.Function)}
    kinked = {call: (row.name, row.kinks) for call, row in rows.items() if row is not None and row.kinks is not None}
    for call in in_order(kinked):
        name, kinks = kinked[call]
        name = "max(0, z)" if name == "max" and len(call.args) == 2 and 0 in call.args else name
        found += [(name, vanishing) for vanishing in kinks(calculus, *call.args)]
    conditions = [when.atoms(Relational) for cases in expr.atoms(sp.Piecewise) for _, when in cases.args]
    edges = in_order({one.lhs - one.rhs for when in conditions for one in when})
    found += [("cases", edge) for edge in edges]
    return [(name, g.map(vanishing, list(zip(node.args, axes)), node.shape)) for name, vanishing in found]


# ------------------------------------------------------------------ entries
def _entries(node: Node, args: list[Entries], _: Any) -> Entries:
    expr, axes = node.data
    full = node.shape
    if terms := _bilinear(expr):
        parts: dict[int, list[Any]] = {}
        for factor, slots in terms:
            for at, value in _product(factor, [(args[k], node.args[k].shape, axes[k]) for k in slots], full):
                parts.setdefault(at, []).append(value)
        return summed(parts)
    columns = [_spread(listed(values, arg.size), arg.shape, own, full) for values, arg, own in
               zip(args, node.args, axes)]
    names = [slot(k) for k in range(len(columns))]
    known: dict[Any, sp.Expr] = {}  # many entries are the same
    out = []
    for row in zip(*columns) if columns else [()] * prod(full):
        if row not in known:
            known[row] = short(_best(*row) if expr == IS_BEST else _put(expr, dict(zip(names, row))))
        out.append(known[row])
    return without_zeros(out)


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


def _best(x: sp.Expr, best: sp.Expr) -> sp.Expr:
    """1 where x is the largest or smallest of several, compared with each: SymPy makes x = 7 - m of 7 - x = m."""
    kind = type(best)
    if kind not in (symbolic("max"), symbolic("min")) or x not in best.args:
        return _put(IS_BEST, {slot(0): x, slot(1): best})
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
            if factor is not ONE:
                factors.append(factor)
            yield at, product(*factors) if len(factors) > 1 else value


# ------------------------------------------------------------------ what may differ from 0
def _nonzeros(g: Graph, node: Node, args: list[Nonzeros | None]) -> Nonzeros | None:
    """Term by term: a product may differ from 0 where each of its factors does."""
    if all(some is None for some in args):
        return None
    expr, axes = node.data
    parts = []
    for term in sp.Add.make_args(expr):
        factors = {slot(k): some for k, some in enumerate(args) if some is not None}
        held = [int(base.name[1:]) for base in map(_vanishing, sp.Mul.make_args(term)) if base in factors]
        if not held:
            return None
        first, *others = sorted(held, key=lambda k: factors[slot(k)].places.size)
        places = _everywhere(factors[slot(first)].places, node.args[first].shape, axes[first], node.shape)
        for k in others:
            places = places[factors[slot(k)].find(_own(places, node, k))[0]]
        slots = [k for k in range(len(args)) if slot(k) in term.free_symbols]
        operands = [(entries_at(g, node.args[k], args[k], _own(places, node, k)), (0,)) for k in slots]
        values = g.map(term.xreplace({slot(k): slot(j) for j, k in enumerate(slots)}), operands, places.shape)
        parts.append(Nonzeros(places, values))
    return joined(g, parts)


def _vanishing(factor: sp.Expr) -> sp.Expr:
    """What a factor is 0 with: x of x and of x²."""
    base, exponent = factor.as_base_exp()
    return base if exponent.is_Number and exponent.is_positive else factor


def _own(places: np.ndarray, node: Node, k: int) -> np.ndarray:
    """Where an operand has the entries of the result at these places."""
    axes = node.data[1][k]
    return places if axes == every(node) else moved(places, node.shape, axes, strides(node.args[k].shape))


def _everywhere(places: np.ndarray, shape: Shape, axes: Shape, full: Shape) -> np.ndarray:
    """The places of the result that entries of an operand are repeated to."""
    there = strides(full)
    check_count(places.size * prod(n for axis, n in enumerate(full) if axis not in axes))
    found = moved(places, shape, range(len(shape)), [there[axis] for axis in axes])
    for axis, n in enumerate(full):
        if axis not in axes:
            found = (found[:, None] + np.arange(n) * there[axis]).ravel()
    return found


def _places(shape: Shape, axes: Shape, full: Shape) -> list[tuple[int, int, int]] | None:
    """How to find an operand's entry for one of the result: (stride there, length, stride here); None for the same."""
    if axes == tuple(range(len(full))):
        return None
    there = strides(full)
    return [(there[axis], full[axis], stride) for axis, stride in zip(axes, strides(shape))]


def _repeated(values: Entries, shape: Shape, axes: Shape, full: Shape) -> Iterator[tuple[int, Any]]:
    """Entries of an operand repeated over the axes it lacks."""
    if axes == tuple(range(len(full))):
        yield from values.items()
        return
    there = strides(full)
    shifts = [0]
    for axis, n in enumerate(full):
        if axis not in axes:
            shifts = [shift + k * there[axis] for shift in shifts for k in range(n)]
    moves = [(stride, n, there[axis]) for axis, n, stride in zip(axes, shape, strides(shape))]
    for at, value in values.items():
        start = sum(at // stride % n * step for stride, n, step in moves)
        for shift in shifts:
            yield start + shift, value


def _spread(values: list[Any], shape: Shape, axes: Shape, full: Shape) -> list[Any]:
    """Flat entries of an operand, zeros too, repeated over the axes it lacks."""
    if axes == tuple(range(len(full))):
        return values
    step = [0] * len(full)
    for axis, stride in zip(axes, strides(shape)):
        step[axis] = stride
    out = [0]
    for n, stride in zip(full, step):
        out = [at + k * stride for at in out for k in range(n)]
    return [values[at] for at in out]


def _put(expr: sp.Expr, table: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """Operands put in for slots; no condition is left with cases inside, which SymPy would try to solve."""
    if not (has_cases(expr) and any(value.has(sp.Piecewise) for value in table.values())):
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


def _zeros(node: Node, shares: Sequence[float]) -> float:
    terms = _bilinear(node.data[0])
    return min(1.0, sum(min(shares[k] for k in slots) for _, slots in terms)) if terms else 1.0


ROWS = (
    Operation(
        "map", asked, _again, _pull, _push, _entries, many=_many,
        cost=lambda node, inner: (_length(node.data[0], [0] * len(inner)), _length(node.data[0], inner)),
        zeros=_zeros, nonzeros=_nonzeros, kinks=_kinks,
    ),
)
