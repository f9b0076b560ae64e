"""Numbers, names, sums, products, powers and norms, lowered to the graph."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from math import inf, log
from typing import Any

import sympy as sp

from jacmagic.engine.entries import MAX_DIGITS
from jacmagic.engine.graph import Node
from jacmagic.errors import LimitError, ShapeError, Span, ValueMistake
from jacmagic.functions import symbolic
from jacmagic.language import tree as t
from jacmagic.program.lowerer import Lowerer, Shape, Unroll, Value


def number(low: Lowerer, expr: t.Number) -> Value:
    return Value(low.number(expr), literal=True)


def constant(low: Lowerer, expr: t.Constant) -> Value:
    return Value(sp.E if expr.name == "e" else sp.pi, literal=True)


def name(low: Lowerer, expr: t.Name) -> Value:
    if expr.key in low.indices:
        return Value(sp.Integer(low.indices[expr.key]), literal=True)
    if low.vector_index is not None and expr.key == low.vector_index[0]:
        values = low.vector_index[1]
        return low.of_node(low.graph.const([sp.Integer(v) for v in values], (len(values),)))
    value = low.env[expr.key]
    if low.vector_index is not None and value.shape != () and not low.in_family_env(expr.key):
        raise Unroll
    return value


def paren(low: Lowerer, expr: t.Paren) -> Value:
    return low.lower(expr.inner)


def negative(low: Lowerer, expr: t.Negative) -> Value:
    inner = low.lower(expr.inner)
    return replace(inner, expr=-inner.expr)


def sum_of_terms(low: Lowerer, expr: t.Sum) -> Value:
    values = low.columns(to_each_example(low, expr, [low.lower(term) for _, term in expr.terms]))
    shape: Shape = ()
    row, solid = False, None
    for (_, term), value in zip(expr.terms, values):
        if value.shape == ():
            continue
        if solid is None:
            solid, shape, row = (term, value), value.shape, value.row
        elif (value.shape, value.row) != (shape, row) and not low.in_family:
            sum_clash(low, *solid, term, value)
    if shape != () and not low.in_family:  # a number is added to each entry
        low.unsaid.spread |= {term.span for (_, term), value in zip(expr.terms, values)
                              if value.shape == () and not value.literal}
    total = sp.Add(*(value.expr if sign > 0 else -value.expr for (sign, _), value in zip(expr.terms, values)))
    return Value(low.check_small(total, expr.span), shape, row, all(v.literal for v in values))


def to_each_example(low: Lowerer, expr: t.Sum, values: list[Value]) -> list[Value]:
    """The terms of a sum with a batch in it, a column of an example's size repeated for each: 𝟏 bᵀ, b 𝟏ᵀ."""
    axis = low.batches.of(expr)
    shape = next((value.shape for value in values if len(value.shape) == 2), None)
    if axis is None or shape is None or low.in_family:
        return values
    out = []
    for (_, term), value in zip(expr.terms, values):
        if len(value.shape) == 1 and not value.row and value.shape[0] == shape[1 - axis]:
            low.unsaid.biases[term.span] = axis
            value = low.of_node(low.graph.broadcast(low.node(value), (1 - axis,), shape))
        out.append(value)
    return out


def sum_clash(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> None:
    span = a.span.to(b.span)
    if va.row != vb.row and va.shape == vb.shape:
        raise ShapeError(f"{low.source(a.span)} and {low.source(b.span)}: one is a column, one a row.", span)
    raise low.clash(a, va, b, vb)


def product(low: Lowerer, expr: t.Product) -> Value:
    total, seen = low.lower(expr.factors[0][1]), expr.factors[0][1]
    scalars: list[sp.Expr] = []
    for operator, factor in expr.factors[1:]:
        value = low.lower(factor)
        scalar = 1 / value.expr if operator in ("/", "./") else value.expr
        if total.shape == () and value.shape == () and not scalar.has(sp.zoo):
            total = replace(total, literal=total.literal and value.literal)
            scalars.append(scalar)  # collected, so that a long product is not built again and again
        else:
            if scalars:
                total, scalars = replace(total, expr=sp.Mul(total.expr, *scalars)), []
            total = multiply(low, operator, seen, total, factor, value)
        span = seen.span.to(factor.span)
        seen = t.Paren(factor, span=span)
    if scalars:
        total = replace(total, expr=sp.Mul(total.expr, *scalars))
    return replace(total, expr=low.check_small(total.expr, expr.span))


def fraction(low: Lowerer, expr: t.Fraction) -> Value:
    above, below = low.lower(expr.above), low.lower(expr.below)
    if below.shape != () and above.shape == below.shape and not low.in_family:
        parts = [low.source(one.span) for one in (expr.above, expr.below)]
        raise ShapeError(f"Division is by numbers: {low.describe(expr.below, below)}.", expr.span,
                         (f"({parts[0]}) ./ ({parts[1]})",))
    return multiply(low, "/", expr.above, above, expr.below, below)


def divisor(low: Lowerer, value: Value) -> Value:
    """What is divided by, as a node of its own where SymPy would divide case by case, and one case is 0."""
    return value if value.expr.is_zero or not (1 / value.expr).has(sp.zoo) else low.apart(value)


def multiply(low: Lowerer, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
    literal = va.literal and vb.literal
    if operator in ("/", "./"):
        vb = divisor(low, vb)
    if operator == "/":
        if vb.shape != () and not low.in_family:
            if va.shape != () or len(vb.shape) != 1 or vb.row:
                hint = (f"{low.source(a.span)} ./ {low.source(b.span)}",) if va.shape in ((), vb.shape) else ()
                raise ShapeError(f"Division is by numbers: {low.describe(b, vb)}.", a.span.to(b.span), hint)
            low.unsaid.divisors.add(b.span)
        if vb.expr.is_zero:
            raise ValueMistake("This divides by 0.", a.span.to(b.span))
        return Value(va.expr / vb.expr, va.shape or vb.shape, va.row, literal)
    if operator in (".*", "./"):
        va, vb = low.columns([va, vb])
        if () not in (va.shape, vb.shape) and (va.shape, va.row) != (vb.shape, vb.row):
            raise low.clash(a, va, b, vb)
        if operator == "./" and vb.expr.is_zero:
            raise ValueMistake("This divides by 0.", a.span.to(b.span))
        expr = va.expr * vb.expr if operator == ".*" else va.expr / vb.expr
        return Value(expr, va.shape or vb.shape, va.row or vb.row, literal)
    if () in (va.shape, vb.shape) or low.in_family:
        return Value(va.expr * vb.expr, va.shape or vb.shape, va.row or vb.row, literal)
    return contract(low, operator, a, va, b, vb)


def contract(low: Lowerer, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
    """A product of two arrays that are not numbers."""
    g = low.graph
    if operator in ("dot", "cross"):
        va, vb = low.columns([va, vb], True)
    ra, rb = len(va.shape), len(vb.shape)
    na, nb = low.node(va), low.node(vb)
    if ra == rb == 1 and not va.row and not vb.row:
        return two_columns(low, operator, a, va, b, vb)
    if ra == 1 and va.row:
        if rb == 1 and vb.row:
            raise ShapeError("Two rows side by side have no product.", a.span.to(b.span))
        if va.shape[0] != vb.shape[0]:
            raise low.clash(a, va, b, vb)
        if rb == 1:
            return low.of_node(g.dot(na, nb, (0,), (0,), ()))
        return low.of_node(g.dot(na, nb, (0,), (0, 1), (1,)), row=True)
    if ra == 1:  # a column
        if rb == 1:
            low.entries(va.shape[0] * vb.shape[0], a.span.to(b.span))
            return low.of_node(g.dot(na, nb, (0,), (1,), (0, 1)))
        if vb.shape[0] != 1:
            raise low.clash(a, va, b, vb)
        return low.of_node(g.dot(na, nb, (0,), (2, 1), (0, 1)))
    if rb == 1 and vb.row:
        if va.shape[1] != 1:
            raise low.clash(a, va, b, vb)
        return low.of_node(g.dot(na, nb, (0, 2), (1,), (0, 1)))
    if va.shape[1] != vb.shape[0]:
        raise misfit(low, a, va, b, vb)
    if rb == 1:
        return low.of_node(g.dot(na, nb, (0, 1), (1,), (0,)))
    product = g.dot(na, nb, (0, 1), (1, 2), (0, 2))
    if product.shape == (1, 1):
        return low.of_node(g.take(product, (0,), ()))
    return low.of_node(product)


def two_columns(low: Lowerer, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
    """The inner product, the cross product, or the question which of them is meant."""
    if operator == "dot" or (operator == "cross" and va.shape != (3,)):
        if va.shape != vb.shape:
            raise low.clash(a, va, b, vb)
        if operator == "dot":
            return low.of_node(low.graph.dot(low.node(va), low.node(vb), (0,), (0,), ()))
    if operator == "cross":
        return cross(low, a, va, b, vb)
    first = t.inside(a)
    if isinstance(first, t.Name) and (given := low.as_row.get(first.key)):
        text = low.source(given)
        raise ShapeError(
            f"{low.source(a.span)} is a column, and a column times a column is none; a row is [{text}].",
            given, (f"[{text}]",),
        )
    u, v = low.source(a.span), low.source(b.span)
    if a.span == b.span:
        raise ShapeError(f"{low.describe(a, va)}, but {low.describe(b, vb)}.", a.span)
    raise ShapeError(
        f"Two columns side by side: {u} and {v}. Is it the inner product or entry by entry? "
        f"(cross({u}, {v}) and {u} {v}^T are the others.)", a.span.to(b.span),
        (f"dot({u}, {v})", f"{u} .* {v}"),
    )


def misfit(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
    """`W has 2 columns, but x has 3 entries`, with the sizes that would fit."""
    m = va.shape[1]
    left = f"{low.source(a.span)} has {m} {'column' if m == 1 else 'columns'}"
    place = low.place(a)
    right = low.describe(b, vb) if len(vb.shape) == 1 else f"{low.source(b.span)} has {vb.shape[0]} rows{low.place(b)}"
    hints = []
    if isinstance(t.inside(a), t.Name) and isinstance(t.inside(b), t.Name):
        hints = [f"{low.source(t.inside(a).span)} in R^({va.shape[0]}x{vb.shape[0]})"]
        if len(vb.shape) == 1:
            hints.append(f"{low.source(t.inside(b).span)} in R^{va.shape[1]}")
    return ShapeError(f"{left}{place}, but {right}.", a.span.to(b.span), hints)


def cross(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> Value:
    if va.shape != (3,) or vb.shape != (3,):
        raise ShapeError(
            f"A cross product is of two vectors of 3 entries: {low.describe(a, va)}, {low.describe(b, vb)}.",
            a.span.to(b.span),
        )
    g, (na, nb) = low.graph, (low.node(va), low.node(vb))
    left = [low.of_node(g.take(n, k, (3,))).expr for n, k in
            ((na, (1, 2, 0)), (nb, (2, 0, 1)), (na, (2, 0, 1)), (nb, (1, 2, 0)))]
    return Value(left[0] * left[1] - left[2] * left[3], (3,))


def power(low: Lowerer, expr: t.Power) -> Value:
    base, exponent = low.lower(expr.base), low.lower(expr.exponent)
    if len(base.shape) == 2 and not expr.entrywise:
        if exponent.expr == -1:
            return inverse(low, expr, expr.base, base)
        text = low.source(expr.span)
        fix = re.sub(r"\s*(\^|\*\*)\s*", " .^", text, count=1)
        call = t.inside(expr.base)
        if expr.on_name and isinstance(call, t.Call) and len(call.arguments) == 1:  # sin² A
            argument = low.source(t.inside(call.arguments[0]).span)
            power = unicodedata.normalize("NFKC", low.source(expr.exponent.span))
            fix = f"{call.function}({argument}) .^" + (power if power.isalnum() else f"({power})")
        raise ShapeError(
            "A power of a matrix could be a product or entry by entry.", expr.span,
            (fix,) if fix != text else (f"{low.source(expr.base.span)} .^2",),
        )
    if exponent.shape not in ((), base.shape) and base.shape != ():
        raise low.clash(expr.base, base, expr.exponent, exponent)
    literal = base.literal and exponent.literal
    shape = base.shape or exponent.shape
    length = low.nodes.get(base.expr)
    if length is not None and length.op == "norm" and exponent.expr.is_Integer and exponent.expr.is_even:
        (x,) = length.args  # ||x||^2 is x·x, which has a slope at 0
        base, exponent = low.of_node(low.graph.dot(x, x, (0,), (0,), ())), Value(exponent.expr / 2)
    check_power(low, base.expr, exponent.expr, expr.span)
    value = base.expr**exponent.expr
    if value.has(sp.zoo) and base.expr.has(sp.Piecewise):
        base = low.apart(base)
        value = base.expr**exponent.expr
    if value.has(sp.I, sp.zoo, sp.nan) or (literal and not value.is_extended_real):
        low.check(value, expr.span)
        raise ValueMistake(f"{low.source(expr.span)} is not a real number.", expr.span)
    return Value(low.check_small(value, expr.span), shape, base.row or exponent.row, literal)


def inverse(low: Lowerer, expr: t.Expr, base: t.Expr, value: Value) -> Value:
    """The inverse of a square matrix."""
    return low.of_node(low.graph.along("inv", square(low, expr, base, value)))


def square(low: Lowerer, expr: t.Expr, base: t.Expr, value: Value) -> Node:
    """The node of a square matrix."""
    shape = value.shape
    if value.row or len(shape) != 2 or shape[0] != shape[1]:
        found, shown = low.describe(base, value), low.source(expr.span)
        hints: tuple[str, ...] = ()
        inner = t.inside(base)
        if shape == () and isinstance(inner, t.Name) and not low.where(inner.key):
            hints = (f"{low.source(inner.span)} in R^(2x2)",)
        raise ShapeError(f"{shown} is of a square matrix, but {found}.", expr.span, hints)
    return low.node(value)


def check_power(low: Lowerer, base: sp.Expr, exponent: sp.Expr, span: Span) -> None:
    """Refuse powers that would be written out at impossible length."""
    too_long = LimitError("This power is too large to be written out.", span)
    highest, largest = extreme(low, exponent), extreme(low, base)
    if highest is not None and largest is not None and not (base.is_Rational and exponent.is_Rational):
        if abs(highest) * abs(log(largest or 1)) > 2.31 * MAX_DIGITS:
            raise too_long
    if not exponent.is_Rational:
        return
    size = abs(exponent)
    coefficient = base.as_coeff_Mul()[0]
    bits = max(coefficient.p.bit_length(), coefficient.q.bit_length()) if coefficient.is_Rational else 1
    if coefficient in (1, -1, 0):
        bits = 0 if size.q == 1 else 1
    if size > 10**9 or bits * size > 3.33 * MAX_DIGITS:
        raise too_long
    if exponent < 0 and base.is_zero:
        raise ValueMistake("This divides by 0.", span)


def extreme(low: Lowerer, expr: sp.Expr) -> float | None:
    """The largest magnitude among a constant's entries: infinity beyond all floats, None where it has names."""
    node = low.nodes.get(expr)
    entries = node.data if node is not None and node.op == "const" else (expr,)
    if any(entry.free_symbols for entry in entries):
        return None
    try:
        return max(abs(float(entry)) for entry in entries)
    except (OverflowError, TypeError, ValueError):
        return inf


def transpose(low: Lowerer, expr: t.Transpose) -> Value:
    base = low.lower(expr.base)
    if base.shape == () and not low.in_family:
        low.number_alone(expr.base, expr.span)
    if base.shape == () or low.in_family:
        return base
    if len(base.shape) == 1:
        return replace(base, row=not base.row)
    return low.of_node(low.graph.permute(low.node(base), (1, 0)))


def absolute(low: Lowerer, expr: t.Absolute) -> Value:
    inner = low.lower(expr.inner)
    if inner.shape != () and not low.in_family:
        shown = low.source(expr.inner.span)
        norm = f"||{shown}||" if len(inner.shape) == 1 else f"||{shown}||_F"
        if len(inner.shape) == 2 and len(set(inner.shape)) == 1:
            raise ShapeError(
                f"{low.describe(expr.inner, inner)}: its determinant, its norm, or the absolute value of each entry, "
                f"abs({shown})?", expr.span, (f"det({shown})", norm),
            )
        raise ShapeError(
            f"{low.describe(expr.inner, inner)}: its norm, or the absolute value of each entry?", expr.span,
            (norm, f"abs({shown})"),
        )
    return Value(symbolic("abs")(inner.expr), inner.shape, literal=inner.literal)


def norm_bars(low: Lowerer, expr: t.Norm) -> Value:
    inner = low.lower(expr.inner)
    return norm(low, expr, expr.inner, inner, expr.order)


def norm(low: Lowerer, expr: t.Expr, argument: t.Expr, inner: Value, order: str) -> Value:
    g = low.graph
    if inner.shape == () or low.in_family:
        return Value(symbolic("abs")(inner.expr), inner.shape, literal=inner.literal)
    if order != "F":
        (inner,) = low.columns([inner], True)
    if len(inner.shape) == 2 and order == "1":
        low.unsaid.sums.add(expr.span)
        low.arrays.add(expr.span)
    elif len(inner.shape) == 2 and order != "F":
        shown = low.source(argument.span)
        told = f"{low.describe(argument, inner)}; the norm of a matrix is ||{shown}||_F here"
        plain = order == "2" and not re.search(r"_\s*\{?\s*2\s*\}?$", low.source(expr.span))
        raise ShapeError(f"{told}.", expr.span, (f"||{shown}||_F",) if plain else ())
    flat = low.flat(inner)
    if order in ("2", "F"):
        return low.of_node(g.along("norm", flat))
    magnitude = low.node(Value(symbolic("abs")(low.symbol(flat)), flat.shape))
    return low.of_node(g.sum(magnitude, (0,)) if order == "1" else g.along("amax", magnitude))


RULES: dict[type[t.Expr], Callable[[Lowerer, Any], Value]] = {
    t.Number: number, t.Constant: constant, t.Name: name, t.Paren: paren, t.Negative: negative, t.Sum: sum_of_terms,
    t.Product: product, t.Fraction: fraction, t.Power: power, t.Transpose: transpose, t.Absolute: absolute,
    t.Norm: norm_bars, t.Degrees: lambda low, expr: product(low, expr.radians),
}
