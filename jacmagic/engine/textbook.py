"""Slopes in the textbook's form: quotients put together, differences the way round in which they were written.

SymPy's `simplify` would do the same and much else, in up to ten times the time of the rest of a cell.
Here only sums of fractions, sums below a fraction bar, |u| and differences are looked at, and only while they
are short.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import lru_cache, reduce
from math import prod
from operator import or_

import sympy as sp

from jacmagic.functions import symbolic

MAX_NODES, MAX_ALL_NODES = 60, 400
"""Parts of an expression that is looked at, and of all of a Jacobian's; longer ones nobody reads."""
MAX_TERMS = 20
"""Terms that a numerator may have on the way."""


def in_textbook_form(slopes: list[sp.Expr], functions: Callable[[], list[sp.Expr]]) -> list[sp.Expr]:
    """The slopes of functions, equal where they are defined, written as a textbook does."""
    promising = {slope for slope in slopes if _promising(slope)}
    sizes = {slope: sum(1 for _ in sp.preorder_traversal(slope)) for slope in promising}
    few = sum(sizes.values()) <= MAX_ALL_NODES
    shorter = [_shortened(one) if few and sizes.get(one, MAX_NODES + 1) <= MAX_NODES else one for one in slopes]
    if not any(_signed(slope) for slope in shorter):
        return shorter
    written: Set[sp.Basic] = reduce(or_, (one.atoms(sp.Add) for one in functions()), set())
    return [as_written(slope, written) for slope in shorter]


def of_equations(slope: sp.Expr) -> sp.Expr:
    """A slope −F_x/F_y as a textbook has it: sin² + cos² is 1 in it, and −(1 − 3x²)/(2y) is (3x² − 1)/(2y)."""
    if sum(1 for _ in sp.preorder_traversal(slope)) > MAX_ALL_NODES:
        return slope
    if slope.has(sp.sin) and slope.has(sp.cos):
        for _ in range(2):  # sin³ t + sin t cos² t is sin t (sin² t + cos² t)
            slope = sp.factor_terms(slope).replace(
                lambda one: one.is_Add and one.has(sp.sin) and one.has(sp.cos), _by_pythagoras)
    slope = min(slope, sp.factor_terms(slope), key=_length)
    number, rest = slope.as_coeff_Mul()
    turned = [one for one in sp.Mul.make_args(rest) if one.is_Add and one.args[0].is_Number and one.args[0] > 0
              and all(term.as_coeff_Mul()[0] < 0 for term in one.args[1:])]
    if number < 0 and len(turned) == 1:
        return sp.Mul(-number, *[-one if one is turned[0] else one for one in sp.Mul.make_args(rest)])
    return slope


def _by_pythagoras(total: sp.Expr) -> sp.Expr:
    """r for r cos² t + r sin² t, in a sum."""
    angles = sorted({one.args[0] for one in total.atoms(sp.sin)}, key=sp.default_sort_key)
    for angle in angles:
        whole = sp.expand(total)
        sine, cosine = whole.coeff(sp.sin(angle), 2), whole.coeff(sp.cos(angle), 2)
        if sine == cosine != 0:
            total = sp.expand(whole - sine * sp.sin(angle) ** 2 - cosine * sp.cos(angle) ** 2 + sine)
    return total


def _promising(slope: sp.Expr) -> bool:
    if slope.is_Symbol or slope.is_Number:
        return False
    powers = [p for p in slope.atoms(sp.Pow) if p.exp.is_Number and p.exp.is_negative]
    divided = slope.is_Add and powers or any(p.base.is_Add for p in powers)
    return bool(divided or slope.has(symbolic("abs"), sp.tan, sp.tanh)) and not slope.has(sp.Float, sp.Piecewise)


@lru_cache(maxsize=1024)
def _shortened(slope: sp.Expr) -> sp.Expr:
    """The shortest of the slope, its quotients over one denominator, and each of its terms so."""
    powers = sorted(slope.atoms(sp.exp), key=sp.default_sort_key)
    held = {power: sp.Dummy(positive=True) for power in powers}
    back = {name: power for power, name in held.items()}
    bare = slope.xreplace(held)
    terms = sp.Add.make_args(bare)
    fractions = [term for term in terms if sp.fraction(term)[1] != 1]
    beside = sp.Add(*[term for term in terms if term not in fractions], _over_one(sp.Add(*fractions))).xreplace(back)
    ways = [slope, sp.Add(*map(_over_one, terms)).xreplace(back), _over_one(bare).xreplace(back)]
    if not any(power.exp.could_extract_minus_sign() for power in powers):
        ways.append(_over_one(slope))  # to SymPy e^-x is 1/e^x, and it would put e^x below
    best = min([beside, *ways] if len(fractions) > 1 else ways, key=_length)
    if not best.is_Mul or len(best.args) == 2 and best.args[0].is_Number:
        return best
    return sp.Mul(*[one for factor in best.args for one in _primitive(factor)])


def _length(expr: sp.Expr) -> int:
    return int(expr.count_ops())


def _over_one(expr: sp.Expr) -> sp.Expr:
    """One fraction, with none above or below it."""
    if expr.is_Mul:
        return without_signs(sp.Mul(*[one for arg in expr.args for one in _primitive(_over_one(arg))]))
    if expr.is_Pow and expr.exp.is_Integer:
        return sp.Pow(_over_one(expr.base), expr.exp)
    if not expr.is_Add:
        return expr
    terms = [_over_one(term) for term in expr.args]
    total = sp.Add(*terms)
    above, below = sp.fraction(sp.together(total))
    if below.is_Number:
        return total
    if sum(map(_terms, sp.Add.make_args(above))) <= MAX_TERMS:
        above = min(above, sp.factor_terms(sp.expand(above)), key=_length)
    return above / below


def _terms(product: sp.Expr) -> int:
    """How many terms a product has, multiplied out."""
    return prod(
        len(f.base.args) ** int(f.exp) if f.is_Pow and f.base.is_Add and f.exp.is_Integer and f.exp.is_positive
        else len(f.args) if f.is_Add else 1
        for f in sp.Mul.make_args(product)
    )


def _primitive(factor: sp.Expr) -> tuple[sp.Expr, ...]:
    """2 and tan² + 1 of 2 tan² + 2."""
    return tuple(factor.primitive()) if factor.is_Add else (factor,)


def without_signs(product: sp.Expr) -> sp.Expr:
    """1/u for sign(u)/|u|, and |u| for u sign(u)."""
    factors = list(sp.Mul.make_args(product))
    for one in [f for f in factors if isinstance(f, symbolic("sign"))]:
        u = one.args[0]
        for other in factors:
            base, exponent = other.as_base_exp()
            if base == symbolic("abs")(u) and exponent.is_Integer and exponent % 2:
                return sp.Mul(*[f for f in factors if f not in (one, other)], u**exponent)
            if other == u:
                return sp.Mul(*[f for f in factors if f not in (one, other)], symbolic("abs")(u))
    return product


def _signed(slope: sp.Expr) -> bool:
    """True where a sum is a factor, or is one of multiples: what may have been written as a difference."""
    if slope.is_Add and (_own(slope) or all(term.is_Mul and term.args[0].is_Integer for term in slope.args)):
        return True
    return any(term.is_Mul and any(f.is_Add for f in term.args) for term in sp.Add.make_args(slope))


def as_written(slope: sp.Expr, written: Set[sp.Basic]) -> sp.Expr:
    """(x - μ)/σ² for -(μ - x)/σ², and 2 (x - μ) for 2x - 2μ, where x - μ is what the function has."""
    if not _signed(slope):
        return slope
    if slope.is_Add:
        number, difference = _found(slope, written)
        if difference is not slope:
            return sp.Mul(number, difference, evaluate=False)
        return sp.Add(*[as_written(term, written) if term.is_Mul else term for term in slope.args])
    factors: list[sp.Expr] = []
    for factor in slope.args:
        factors += _found(factor, written) if factor.is_Add else (factor,)
    return sp.Mul(*factors) if len(factors) > len(slope.args) else slope


def _found(total: sp.Expr, written: Set[sp.Basic]) -> tuple[sp.Expr, sp.Expr]:
    """A sum as a number and a sum that the function has; 1 and itself, where there is none."""
    number, rest = total.primitive()
    if total in written:
        return sp.S.One, total
    if rest in written or _own(rest):
        return number, rest
    opposite = -rest
    return (-number, opposite) if opposite in written or _own(opposite) else (sp.S.One, total)


def _own(total: sp.Expr) -> bool:
    """True of 1 - tanh²(u) and 1 - σ(u), and of multiples: sums that a function has for its slope."""
    one, (number, base) = total.as_coeff_Add()[0], total.as_coeff_Add()[1].as_coeff_Mul()
    function, power = base.as_base_exp()
    square = isinstance(function, (sp.tan, sp.cot, sp.tanh)) and power == 2
    return bool(one) and abs(one) == abs(number) and (square or isinstance(base, symbolic("sigmoid")))
