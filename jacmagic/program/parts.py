"""Terms and factors of a tree, what stands under its brackets, and the softmax that is written out in it."""

from __future__ import annotations

from collections.abc import Sequence

from jacmagic.language import tree as t
from jacmagic.program.maps import is_literal


def plain(expr: t.Expr) -> t.Expr:
    """The expression without brackets, and with exp(u) for e^u."""
    if isinstance(expr, t.Paren):
        return plain(expr.inner)
    if isinstance(expr, t.Vector) and len(expr.entries) == 1:  # -[y ln a + (1 - y) ln(1 - a)]
        return plain(expr.entries[0])
    if isinstance(expr, (t.Partial, t.Total, t.Gradient)) and isinstance(expr.of, t.Name):
        return t.Number("1")  # ∂L/∂W uses W no other way than L does
    if isinstance(expr, t.Power) and expr.base == t.Constant("e"):
        return t.Call("exp", (plain(expr.exponent),), span=expr.span)
    return t.rebuilt(expr, plain)


def terms_of(expr: t.Expr) -> Sequence[tuple[int, t.Expr]]:
    return expr.terms if isinstance(expr, t.Sum) else ((1, expr),)


def is_half(expr: t.Expr) -> bool:
    """True for 1/2, 0.5, -1/2: the exponent of a root."""
    one = t.inside(expr)
    while isinstance(one, t.Negative) or isinstance(one, t.Sum) and len(one.terms) == 1:
        one = t.inside(one.inner if isinstance(one, t.Negative) else one.terms[0][1])
    numbers = [each.text for each in t.walk(one) if isinstance(each, t.Number)]
    return is_literal(one) and numbers in (["0.5"], ["1", "2"], ["2", "1"], [".5"])


def core(expr: t.Expr) -> t.Expr:
    """What stands under brackets, signs, transposes and indices: y of y^T, (y), y[k], diag(y)."""
    while True:
        if isinstance(expr, (t.Paren, t.Negative)):
            expr = expr.inner
        elif isinstance(expr, (t.Transpose, t.Component)):
            expr = expr.base
        elif isinstance(expr, t.Call) and expr.function == "diag":
            expr = expr.arguments[0]
        else:
            return expr


def factors_of(expr: t.Expr) -> list[tuple[bool, t.Expr]] | None:
    """The factors of a product, a fraction, a dot product: (divides, factor); None of what is none of these."""
    if isinstance(expr, t.Product):
        return [(operator in ("/", "./"), factor) for operator, factor in expr.factors]
    if isinstance(expr, t.Fraction):
        return [(False, expr.above), (True, expr.below)]
    if isinstance(expr, t.Call) and expr.function == "dot":
        return [(False, one) for one in expr.arguments]
    return None


def softmax_exps(expr: t.Expr) -> list[t.Call]:
    """The exp(z/T) of a softmax that is written out: one over a sum of such."""
    found = []
    for whole in t.walk(expr):
        factors = factors_of(whole) or []
        sums = [one for divides, factor in factors if divides for one in t.walk(factor)]
        if any(isinstance(one, t.Call) and one.function == "exp" for one in sums):
            found += [one for one in t.walk(whole) if isinstance(one, t.Call) and one.function == "exp"]
    return found
