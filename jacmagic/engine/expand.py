"""Everything substituted: the entries of a node as SymPy expressions, under a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import sympy as sp

from jacmagic.engine.graph import Node, ancestry, slot
from jacmagic.engine.ops import IS_BEST, Shape
from jacmagic.engine.templates import ONE, ZERO
from jacmagic.errors import LimitError
from jacmagic.functions import by_cases, put_in, symbolic

MAX_WRITTEN = 400_000
"""Operations in a result with everything substituted. Instead: `r.at(…)`, or the local Jacobians in `r.layers`."""

MAX_CONDITION = 5_000
"""Operations in one condition with everything substituted. Instead: likewise."""

MAX_DEPTH = 100
"""Operations inside one another in a result with everything substituted. Instead: likewise."""

MAX_DIGITS = 2_000
"""Digits of a number that is written out. Instead: a name, or logarithms."""


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
        return sum(v is not ZERO for v in node.data) / max(node.size, 1)
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
            numbers[rest] = _short(numbers.get(rest, ZERO) + number)
        if list(numbers) == [ONE]:
            return numbers[ONE]
    return sp.Add(*terms) if len(terms) > 1 else terms[0] if terms else ZERO


def _short(expr: Any) -> Any:
    """The expression, if its number, or that in front of it, is not too long to write."""
    number = expr if expr.is_Rational else expr.args[0] if (expr.is_Mul or expr.is_Add) else ONE
    if number.is_Rational and max(number.p.bit_length(), number.q.bit_length()) > 3.33 * MAX_DIGITS:
        raise LimitError(
            "Written out, a number is too long. Use the numbers, r.at(…), or the local Jacobians, r.layers."
        )
    return expr


def _summed(parts: Mapping[int, list[Any]]) -> Entries:
    return {at: total for at, terms in parts.items() if (total := _added(terms)) is not ZERO}


def _listed(values: Entries, count: int) -> list[Any]:
    """All entries, zeros too."""
    return [values.get(at, ZERO) for at in range(count)]


def _without_zeros(values: Iterable[Any]) -> Entries:
    return {at: value for at, value in enumerate(values) if value is not ZERO}


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
            known[row] = _short(_best(*row) if expr == IS_BEST else _put(expr, dict(zip(names, row))))
        out.append(known[row])
    return _without_zeros(out)


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
    return b if a is ONE else a if b is ONE else a * b


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
    return {k * n + k: ONE for k in range(n)}


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
