"""Labels and differences that the form of a term shows, wherever it stands: nothing but a loss is written so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import TypeGuard

from jacmagic.language import tree as t
from jacmagic.program.parts import factors_of

Step = Callable[[t.Expr], t.Expr | None]


def labelled(one: t.Expr, step: Step) -> Iterator[t.Expr]:
    """y of y p + (1 - y)(1 - p), of sum(y) + sum(p), and A and q of min(r A, clip(r, 1 - ε, 1 + ε) A) with r = p/q."""
    if isinstance(one, t.Sum):
        yield from _of_sum(one)
    elif isinstance(one, t.Call) and one.function == "min":
        yield from _of_clip(one, step)


def _of_sum(one: t.Sum) -> Iterator[t.Expr]:
    every = [list(_factors(term)) for _, term in one.terms]
    for first, second in permutations(every, 2):
        labels = [factor for factor in first if any(_is_rest(other, factor) for other in second)]
        turned = [factor for factor in first if any(_is_rest(factor, other) for other in second)]
        if len(labels) + len(turned) > 1:
            yield from labels
    totals = [term.arguments[0] for _, term in one.terms if isinstance(term, t.Call) and term.function == "sum"]
    if len(totals) == 2:
        yield from totals


def _factors(term: t.Expr) -> Iterator[t.Expr]:
    """The factors of a term, those below a sum too."""
    for _, factor in factors_of(term) or []:
        if isinstance(factor, t.Call) and factor.function == "sum":
            yield from _factors(factor.arguments[0])
        else:
            yield factor


def _is_rest(expr: t.Expr, of: t.Expr) -> bool:
    """True for 1 - y of y."""
    one = t.inside(expr)
    return isinstance(one, t.Sum) and [(sign, t.inside(term)) for sign, term in one.terms] == [
        (1, t.Number("1")), (-1, t.inside(of))]


def _of_clip(one: t.Call, step: Step) -> Iterator[t.Expr]:
    pieces = [[factor for _, factor in factors_of(piece) or []] for piece in one.arguments]
    clipped = [factor.arguments[0] for piece in pieces for factor in piece
               if isinstance(factor, t.Call) and factor.function == "clip"]
    if clipped and len(pieces) == 2:
        yield from (factor for factor in pieces[0] if factor in pieces[1])
        ratio = step(clipped[0]) or clipped[0]
        yield from (factor for divides, factor in factors_of(t.inside(ratio)) or [] if divides)


def opposite(one: t.Sum) -> t.Sum:
    return t.Sum(tuple((-sign, term) for sign, term in one.terms)[::-1])


def kink(
    one: t.Expr, difference: Callable[[t.Expr], t.Sum | None], constant: Callable[[t.Expr], bool],
) -> t.Sum | None:
    """y - q of max(τ (y - q), (τ - 1) (y - q)): what all pieces are multiples of, two of them by the same number."""
    pieces = _pieces(one)
    if len(pieces) < 2:
        return None
    found, names = [], []
    for piece in pieces:
        sum_ = difference(piece)
        others = [factor for _, factor in factors_of(piece) or [] if constant(factor)]
        if sum_ is None:
            return None
        found.append(sum_)
        names.append({name for factor in others for name in t.names_below(factor)})
    alike = all(each in (found[0], opposite(found[0])) for each in found)
    return found[0] if alike and names[0] & names[1] else None


def _pieces(one: t.Expr) -> list[t.Expr]:
    """The pieces of max(a, b), a if c else b, a max(0, r) + b max(0, -r), r (τ - 1[r < 0])."""
    if isinstance(one, t.Call) and one.function in ("max", "min"):
        return list(one.arguments)
    if isinstance(one, t.Case):
        return [*(value for value, _ in one.branches), one.otherwise]
    if isinstance(one, t.Sum):
        opened = [each for _, term in one.terms if (each := _opened(term)) is not None]
        return opened * (len(opened) == len(one.terms))
    factors = [factor for _, factor in factors_of(one) or []]
    return _switched(*factors) if len(factors) == 2 else []


def _switched(first: t.Expr, second: t.Expr) -> list[t.Expr]:
    """τ r twice, of r (τ - 1[r < 0])."""
    residual, switch = (first, second) if is_switch(second) else (second, first)
    numbers = [term for _, term in switch.terms if not isinstance(term, t.Indicator)] if is_switch(switch) else []
    return [t.Product((("*", numbers[0]), ("*", residual)))] * 2 if len(numbers) == 1 else []


def is_switch(expr: t.Expr) -> TypeGuard[t.Sum]:
    """True for τ - 1[y < q], which weighs a difference by its sign."""
    return isinstance(expr, t.Sum) and any(isinstance(term, t.Indicator) for _, term in expr.terms)


def _opened(term: t.Expr) -> t.Expr | None:
    """τ r of τ max(0, r); None of what has no such factor."""
    factors = factors_of(term) or [(False, term)]
    opened: list[tuple[str, t.Expr]] = []
    hinges = 0
    for divides, factor in factors:
        if isinstance(factor, t.Call) and factor.function in ("relu", "max"):
            inner = [arg for arg in factor.arguments if arg != t.Number("0")]
            hinges += len(inner) == 1
            factor = inner[0]
        opened.append(("/" if divides else "*", factor))
    return t.Product(tuple(opened)) if hinges == 1 else None
