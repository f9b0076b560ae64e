"""Numbers, names, sums, products, powers and norms, lowered to the graph."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import inf, log
from operator import gt
from typing import Any

import sympy as sp

from jacmagic.engine.entries import MAX_DIGITS
from jacmagic.engine.graph import Node
from jacmagic.errors import LimitError, ShapeError, Span, ValueMistake
from jacmagic.functions import forms, leaves, symbolic, varies
from jacmagic.language import tree as t
from jacmagic.program.fits import OPERATORS, alike, times
from jacmagic.program.known import Row, Shape, is_column
from jacmagic.program.lowerer import Lowerer, Says, Unroll, Value


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
    if low.vector_index is not None and value.shape != () and expr.key not in low.family_arguments:
        raise Unroll
    return value


def paren(low: Lowerer, expr: t.Paren) -> Value:
    return low.lower(expr.inner)


def negative(low: Lowerer, expr: t.Negative) -> Value:
    inner = low.lower(expr.inner)
    return replace(inner, expr=forms.product(sp.S.NegativeOne, inner.expr))


def sum_of_terms(low: Lowerer, expr: t.Sum) -> Value:
    terms = [term for _, term in expr.terms]
    values = low.columns(to_each_example(low, expr, terms, [low.lower(term) for term in terms]))
    shape = low.fit(alike, terms, values)
    if shape != () and not low.in_family:  # a number is added to each entry
        low.unsaid.spread |= {term.span for (_, term), value in zip(expr.terms, values)
                              if value.shape == () and not value.literal}
    total = forms.total(*(
        value.expr if sign > 0 else forms.product(sp.S.NegativeOne, value.expr)
        for (sign, _), value in zip(expr.terms, values)))
    return Value(low.check_small(total, expr.span), shape, all(v.literal for v in values))


def to_each_example(low: Lowerer, expr: t.Expr, terms: Sequence[t.Expr], values: Sequence[Value]) -> list[Value]:
    """What is added or multiplied entry by entry, a column of an example's size repeated for each: 𝟏 bᵀ, b 𝟏ᵀ."""
    axis = low.batches.of(expr)
    shape = next((value.shape for value in values if len(value.shape) == 2), None)
    if axis is None or shape is None or low.in_family:
        return list(values)
    out = []
    for term, value in zip(terms, values):
        if len(value.shape) == 1 and not value.row and value.shape[0] == shape[1 - axis]:
            low.unsaid.biases[term.span] = axis
            value = low.of_node(low.graph.broadcast(low.node(value), (1 - axis,), shape))
        out.append(value)
    return out


def product(low: Lowerer, expr: t.Product) -> Value:
    total, seen = low.lower(expr.factors[0][1]), expr.factors[0][1]
    scalars: list[sp.Expr] = []
    for operator, factor in expr.factors[1:]:
        if isinstance(factor, t.Ones):
            continue  # μ 𝟏, as the echo has it
        value = low.lower(factor)
        if operator in (".*", "./"):
            total, value = to_each_example(low, expr, (seen, factor), (total, value))
        scalar = forms.power(value.expr, sp.S.NegativeOne) if operator in ("/", "./") else value.expr
        if total.shape == () and value.shape == () and sp.zoo not in leaves(scalar):
            total = replace(total, literal=total.literal and value.literal)
            scalars.append(scalar)  # collected, so that a long product is not built again and again
        else:
            if scalars:
                total, scalars = replace(total, expr=forms.product(total.expr, *scalars)), []
            total = multiply(low, operator, seen, total, factor, value)
        span = seen.span.to(factor.span)
        seen = t.Paren(factor, span=span)
    if scalars:
        total = replace(total, expr=forms.product(total.expr, *scalars))
    return replace(total, expr=low.check_small(total.expr, expr.span))


def fraction(low: Lowerer, expr: t.Fraction) -> Value:
    above, below = low.lower(expr.above), low.lower(expr.below)
    return multiply(low, "/", expr.above, above, expr.below, below, partial(no_division, fraction=expr.span))


def divisor(low: Lowerer, value: Value) -> Value:
    """What is divided by, as a node of its own where SymPy would divide case by case, and one case is 0."""
    return value if value.expr.is_zero or not (1 / value.expr).has(sp.zoo) else low.apart(value)


def multiply(
    low: Lowerer, operator: str, a: t.Expr, va: Value, b: t.Expr, vb: Value, says: Says | None = None
) -> Value:
    literal, numbers = va.literal and vb.literal, () in (va.shape, vb.shape) or low.in_family
    if operator in ("/", "./"):
        vb = divisor(low, vb)
    if operator in (".*", "./") or operator in ("dot", "cross") and not numbers:
        va, vb = low.columns((va, vb), always=operator in ("dot", "cross"))
    shape = low.fit(OPERATORS.get(operator, times), (a, b), (va, vb), says or WORDS.get(operator, no_product))
    if operator in ("/", "./"):
        if vb.expr.is_zero:
            raise ValueMistake("This divides by 0.", a.span.to(b.span))
        if operator == "/" and vb.shape != () and not low.in_family:
            low.unsaid.divisors.add(b.span)
        return Value(va.expr / vb.expr, shape, literal)
    if numbers or operator == ".*":
        return Value(forms.product(va.expr, vb.expr), shape, literal)
    return contract(low, operator, va, vb, shape)


def contract(low: Lowerer, operator: str, va: Value, vb: Value, shape: Shape) -> Value:
    """A product of two arrays that are not numbers."""
    na, nb, both = low.node(va), low.node(vb), is_column(va.shape) and is_column(vb.shape)
    if both and operator == "cross":
        return crossed(low, na, nb)
    la = (1,) if va.row or both else (0, 1)[: len(va.shape)]  # 0 the rows of a, 2 the columns of b, 1 between them
    lb = (2,) if vb.row else (1, 2)[: len(vb.shape)]
    order = list(dict.fromkeys(la + lb))
    labels = [tuple(map(order.index, one)) for one in (la, lb, [k for k in order if k != 1])]
    return low.of_node(low.graph.dot(na, nb, *labels), shape)


def no_division(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value, fraction: Span | None = None) -> ShapeError:
    form = "{} ./ {}" if fraction is None else "({}) ./ ({})"
    fix = (form.format(low.source(a.span), low.source(b.span)),) if va.shape in ((), vb.shape) else ()
    return ShapeError(f"Division is by numbers: {low.describe(b, vb)}.", fraction or a.span.to(b.span), fix)


def no_product(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value, columns: Says | None = None) -> ShapeError:
    """What to say of two arrays that have no product, or several; `columns` does so of two columns."""
    if is_column(va.shape) and is_column(vb.shape):
        return (columns or two_columns)(low, a, va, b, vb)
    if va.row and vb.row:
        return ShapeError("Two rows side by side have no product.", a.span.to(b.span))
    if len(va.shape) == 2 and not vb.row:
        return misfit(low, a, va, b, vb)
    error = low.clash(a, va, b, vb)
    return turned(low, error, a, va, b, vb) if is_column(va.shape) and len(vb.shape) == 2 else error


def turned(low: Lowerer, error: ShapeError, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
    """The error of x W of a column x, which is a row in many papers: Wᵀ x, and W x where that fits."""
    row, matrix = (low.source(one.span) for one in (a, b))
    plain = isinstance(t.inside(b), t.Name)
    fixes = (f"{matrix}^T {row}", f"{matrix} {row}") if plain else ()
    hints = [fix for fix, n in zip(fixes, vb.shape) if n == va.shape[0]]
    return ShapeError(f"{error.message} Vectors are columns, and stand behind a matrix.", error.span, hints)


def two_columns(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
    """The question which product of two columns is meant."""
    first = t.inside(a)
    if isinstance(first, t.Name) and (given := low.as_row.get(first.key)):
        text = low.source(given)
        return ShapeError(
            f"{low.source(a.span)} is a column, and a column times a column is none; a row is [{text}].",
            given, (f"[{text}]",),
        )
    if a.span == b.span:
        return low.clash(a, va, b, vb)
    u, v = low.source(a.span), low.source(b.span)
    fixes = (f"dot({u}, {v})", f"{u} .* {v}")
    if low.text[a.span.stop : b.span.start].strip() == "*":  # NumPy's is entry by entry
        fixes = fixes[::-1]
    return ShapeError(
        f"Two columns side by side: {u} and {v}. Is it the inner product or entry by entry? "
        f"(cross({u}, {v}) and {u} {v}^T are the others.)", a.span.to(b.span), fixes,
    )


def misfit(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
    """`W has 2 columns, but x has 3 entries`, with the sizes that would fit."""
    m = va.shape[1]
    left = f"{low.source(a.span)} has {m} {'column' if m == 1 else 'columns'}"
    place = low.place(a)
    right = low.describe(b, vb) if len(vb.shape) == 1 else f"{low.source(b.span)} has {vb.shape[0]} rows{low.place(b)}"
    hints = []
    star = low.text[a.span.stop : b.span.start].strip() in ("*", "∗", "\\ast") and len(vb.shape) == 2
    pairs = ((a, va, b, vb), (b, vb, a, va)) if star else ()
    of_kernel = [(x, w) for x, vx, w, vw in pairs if all(map(gt, vx.shape, vw.shape))]  # papers have w * x
    if of_kernel:
        hints = [f"conv({', '.join(low.source(one.span) for one in of_kernel[0])})"]
    elif isinstance(t.inside(a), t.Name) and isinstance(t.inside(b), t.Name):
        hints = [f"{low.source(t.inside(a).span)} in R^({va.shape[0]}x{vb.shape[0]})"]
        if len(vb.shape) == 1:
            hints.append(f"{low.source(t.inside(b).span)} in R^{va.shape[1]}")
    return ShapeError(f"{left}{place}, but {right}.", a.span.to(b.span), hints)


def no_cross(low: Lowerer, a: t.Expr, va: Value, b: t.Expr, vb: Value) -> ShapeError:
    found = f"{low.describe(a, va)}, {low.describe(b, vb)}"
    return ShapeError(f"A cross product is of two vectors of 3 entries: {found}.", a.span.to(b.span))


WORDS: dict[str, Says] = {
    "/": no_division, ".*": Lowerer.clash, "./": Lowerer.clash, "dot": partial(no_product, columns=Lowerer.clash),
    "cross": partial(no_product, columns=no_cross),
}
"""What is said where the operands of an operator do not fit, which is no product of matrices."""


def crossed(low: Lowerer, a: Node, b: Node) -> Value:
    left = [low.of_node(low.graph.take(n, k, (3,))).expr for n, k in
            ((a, (1, 2, 0)), (b, (2, 0, 1)), (a, (2, 0, 1)), (b, (1, 2, 0)))]
    return Value(left[0] * left[1] - left[2] * left[3], (3,))


def power(low: Lowerer, expr: t.Power) -> Value:
    base, exponent = low.lower(expr.base), low.lower(expr.exponent)
    if len(base.shape) == 2 and not expr.entrywise:
        if exponent.expr == -1:
            return inverse(low, expr, expr.base, base)
        call, whole = t.inside(expr.base), low.source(expr.base.span)
        if exponent.expr.is_Rational and not exponent.expr.is_Integer and base.shape[0] == base.shape[1]:
            shown = low.source(t.inside(expr.exponent).span)
            root = f"{whole}[i,i]^({shown[1:-1] if shown[0] in '{(' else shown})"  # D^{-1/2}
            raise ShapeError(
                "A root of a matrix is that of a diagonal one here.", expr.span,
                (f"diag([{root} for i = 1..{base.shape[0]}])",) if isinstance(call, t.Name) else (),
            )
        if expr.on_name and isinstance(call, t.Call) and len(call.arguments) == 1:  # sin² A
            whole = f"{call.function}({low.source(t.inside(call.arguments[0]).span)})"
        power = unicodedata.normalize("NFKC", low.source(t.inside(expr.exponent).span))
        fix = f"{whole} .^" + (power if power.lstrip("-−").isalnum() else f"({power})")
        raise ShapeError("A power of a matrix could be a product or entry by entry.", expr.span, (fix,))
    shape = low.fit(alike, (expr.base, expr.exponent), (base, exponent))
    literal = base.literal and exponent.literal
    length = low.nodes.get(base.expr)
    if length is not None and length.op == "norm" and exponent.expr.is_Integer and exponent.expr.is_even:
        (x,) = length.args  # ||x||^2 is x·x, which has a slope at 0
        base, exponent = low.of_node(low.graph.dot(x, x, (0,), (0,), ())), Value(exponent.expr / 2)
    check_power(low, base.expr, exponent.expr, expr.span)
    value = forms.power(base.expr, exponent.expr)
    if sp.zoo in leaves(value) and base.expr.has(sp.Piecewise):
        base = low.apart(base)
        value = forms.power(base.expr, exponent.expr)
    if leaves(value) & {sp.I, sp.zoo, sp.nan} or (literal and not value.is_extended_real):
        low.check(value, expr.span)
        raise ValueMistake(f"{low.source(expr.span)} is not a real number.", expr.span)
    return Value(low.check_small(value, expr.span), shape, literal)


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
    largest = extreme(low, base)
    if largest is not None and not (base.is_Rational and exponent.is_Rational):
        highest = extreme(low, exponent)
        if highest is not None and abs(highest) * abs(log(largest or 1)) > 2.31 * MAX_DIGITS:
            raise too_long
    if not exponent.is_Rational:
        return
    above, below = abs(exponent.p), exponent.q
    coefficient = base.as_coeff_Mul()[0]
    bits = max(coefficient.p.bit_length(), coefficient.q.bit_length()) if coefficient.is_Rational else 1
    if coefficient.is_Integer and abs(coefficient.p) <= 1:
        bits = 0 if below == 1 else 1
    if above > 10**9 * below or 100 * bits * above > 333 * MAX_DIGITS * below:
        raise too_long
    if exponent.p < 0 and base.is_zero:
        raise ValueMistake("This divides by 0.", span)


def extreme(low: Lowerer, expr: sp.Expr) -> float | None:
    """The largest magnitude among a constant's entries: infinity beyond all floats, None where it has names."""
    node = low.nodes.get(expr)
    entries = node.data if node is not None and node.op == "const" else (expr,)
    if any(map(varies, entries)):
        return None
    try:
        return max(abs(float(entry)) for entry in entries)
    except (OverflowError, TypeError, ValueError):
        return inf


def transpose(low: Lowerer, expr: t.Transpose) -> Value:
    base = low.lower(expr.base)
    low.number_alone(expr.base, base, expr.span)
    if base.shape == () or low.in_family:
        return base
    if len(base.shape) == 1:
        return replace(base, shape=tuple(base.shape) if base.row else Row(base.shape))
    return low.of_node(low.graph.permute(low.node(base), (1, 0)))


def absolute(low: Lowerer, expr: t.Absolute) -> Value:
    inner = low.lower(expr.inner)
    if inner.shape != () and not low.in_family:
        shown = low.source(expr.inner.span)
        norm = f"||{shown}||" if len(inner.shape) == 1 else f"||{shown}||_F"
        if len(inner.shape) == 2 and len(set(inner.shape)) == 1:
            behind_word = low.text[: expr.span.start].rstrip()[-1:].isalpha()  # ln|X|
            raise ShapeError(
                f"{low.describe(expr.inner, inner)}: its determinant, its norm, or the absolute value of each entry, "
                f"abs({shown})?", expr.span,
                (f"(det({shown}))" if behind_word else f"det({shown})", norm),
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
        plain = order == "2" and "_" not in low.source(Span(argument.span.stop, expr.span.stop))
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
