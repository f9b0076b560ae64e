"""The lines of a block as they are shown again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from jacmagic.language import tree as t
from jacmagic.program.block import Settled, Sized
from jacmagic.program.lowerer import Unsaid
from jacmagic.program.model import Line, Shape, Step


def lines(block: Sized, steps: Mapping[str, Step], shapes: Mapping[str, Shape]) -> tuple[Line, ...]:
    out = []
    said = block.said
    for key, step in sorted(steps.items(), key=lambda one: one[1].span.start):
        stated = step.shape if key in block.sizes or block.net else None
        zero = key in said.zeros or bool(said.implicit) and step.kind == "residual"
        params = () if step.kind == "unknown" else step.params
        equation = step.kind == "equation"
        out.append(Line("step", key, params, step.expr, stated, equation=equation, zero=zero, note=step.note))
    for key, draft in block.drafts.items():
        if key in steps:
            continue
        ends = None
        if draft.range is not None:
            ends = (block.reader.value(draft.range[1].low), block.reader.value(draft.range[1].high))
        if key in block.values or ends is not None or draft.size is not None:
            expr = block.trees.get(key)
            size = shapes.get(key) if draft.size is not None else None
            out.append(Line("value", key, (), expr, size, ends, python=key in block.evaluated))
    return tuple(out)


def has_decimals(block: Settled) -> bool:
    trees = [*block.trees.values(), *(call for _, _, call in block.asked)]
    numbers = [one.text for tree in trees for one in t.walk(tree) if isinstance(one, t.Number)]
    return any("." in text or "e-" in text for text in numbers)


def bias(term: t.Expr, axis: int | None) -> t.Expr:
    """𝟏 bᵀ where the examples are rows, b 𝟏ᵀ where they are columns; the term itself where it is added to none."""
    if axis is None:
        return term
    whole = term if isinstance(term, (t.Name, t.Call, t.Component)) else t.Paren(term, span=term.span)
    pair = (whole, t.Transpose(t.Ones())) if axis else (t.Ones(), t.Transpose(whole, span=term.span))
    return t.Product(tuple(("", one) for one in pair), span=term.span)


def mean_loss(call: t.Call, visit: Callable[[t.Expr], t.Expr], count: int) -> t.Expr:
    """-1/N sum(Y .* ln(P)) of cross_entropy(P, Y)."""
    p, y = map(visit, call.arguments)
    y = y if isinstance(y, (t.Name, t.Paren, t.Call)) else t.Paren(y, span=y.span)
    total = t.Call("sum", (t.Product((("", y), (".*", t.Call("ln", (p,))))),))
    share = t.Fraction(t.Number("1"), t.Number(str(count)))
    return t.Negative(t.Product((("", share), ("", total))), span=call.span)


def sums_of(one: t.Expr, visit: Callable[[t.Expr], t.Expr], unsaid: Unsaid) -> t.Expr | None:
    """What is a sum by another name, as that sum."""
    if one.span in unsaid.sums:
        return magnitudes(one, visit)
    if one.span in unsaid.means and isinstance(one, t.Call):
        return mean_loss(one, visit, unsaid.means[one.span])
    return None


def magnitudes(norm: t.Expr, visit: Callable[[t.Expr], t.Expr]) -> t.Expr:
    """sum(abs(W)) of ||W||_1 and norm1(W)."""
    inner = norm.inner if isinstance(norm, t.Norm) else t.children(norm)[0]
    return t.Call("sum", (t.Call("abs", (visit(inner),), span=norm.span),), span=norm.span)


def factor_of(operator: str, factor: t.Expr, visit: Callable[[t.Expr], t.Expr], unsaid: Unsaid) -> tuple[str, t.Expr]:
    """(𝟏 γᵀ) of the γ that a batch is multiplied by, example by example; ./ where a number is divided by a vector."""
    axis, whole = unsaid.biases.get(factor.span), visit(factor)
    whole = whole if axis is None else t.Paren(bias(whole, axis), span=factor.span)
    return "./" if operator == "/" and whole.span in unsaid.divisors else operator, whole


def spelt_out(expr: t.Expr, unsaid: Unsaid) -> t.Expr:
    """An expression with what blackboards leave out: x - μ 𝟏 of a number μ, 1 ./ (1 + e^-z), X[2,:] of a row."""
    if not unsaid:
        return expr

    def visit(one: t.Expr) -> t.Expr:
        if (whole := sums_of(one, visit, unsaid)) is not None:
            return whole
        if isinstance(one, t.Component) and one.span in unsaid.rows:
            return replace(one, base=visit(one.base), indices=(*one.indices, t.Slice()))
        if isinstance(one, t.Sum):
            return replace(one, terms=tuple((sign, ones(visit(term))) for sign, term in one.terms))
        if isinstance(one, t.Product):
            return replace(one, factors=tuple(factor_of(*pair, visit, unsaid) for pair in one.factors))
        if isinstance(one, t.Fraction) and one.below.span in unsaid.divisors:
            below = visit(one.below)
            below = below if isinstance(below, (t.Name, t.Paren, t.Call)) else t.Paren(below, span=below.span)
            return t.Product((("", visit(one.above)), ("./", below)), span=one.span)
        return t.rebuilt(one, visit)

    def ones(term: t.Expr) -> t.Expr:
        if term.span not in unsaid.spread:
            return bias(term, unsaid.biases.get(term.span))
        plain = isinstance(term, t.Product) and all(operator in ("", "*") for operator, _ in term.factors)
        factors = term.factors if isinstance(term, t.Product) and plain else (("", term),)
        return t.Product((*factors, ("", t.Ones())), span=term.span)

    return visit(expr)
