"""Determinants of Jacobians, multiplied out as polynomials, with sin² + cos² put together."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from fractions import Fraction
from math import comb
from operator import add
from typing import Any

import sympy as sp


def determinant_of(matrix: sp.Matrix) -> sp.Expr:
    """The determinant, reduced where a cheap identity does it; never `simplify`."""
    powers = [e for e in matrix.atoms(sp.Pow) if e.base.is_Add and e.exp.is_Rational and e.exp not in (1, 2, 3)]
    roots = {base: sp.Dummy(positive=True) for base in {e.base for e in powers}}
    order = {base: sp.ilcm(1, *[e.exp.q for e in powers if e.base == base]) for base in roots}
    swap = {e: roots[e.base] ** (e.exp * order[e.base]) for e in powers}
    value = multiplied_out(matrix.xreplace(swap) if swap else matrix)
    forms = [value]
    if roots:  # a norm's square in a numerator is the one in the denominator
        above, below = sp.fraction(sp.together(value))
        identities = [base - root ** order[base] for base, root in roots.items()]
        with suppress(sp.PolynomialError):
            gens = sp.parallel_poly_from_expr([above, *identities])[1].gens
            ordered = sorted(gens, key=lambda one: (one in roots.values(), str(one)))
            forms.append(sp.reduced(above, identities, *ordered)[1] / below)
    back = {root: base ** sp.Rational(1, order[base]) for base, root in roots.items()}
    forms = [one.xreplace(back) for one in forms]
    if roots and forms[-1].count_ops() < 100:
        forms.append(sp.factor(forms[-1]))
    return min([*forms, *map(sp.factor_terms, forms)], key=sp.count_ops)


def multiplied_out(matrix: sp.Matrix) -> sp.Expr:
    """The determinant as a sum of products, sin² + cos² put together where that is shorter."""
    try:
        value = _as_polynomial(matrix)
    except ValueError:  # an entry that is no polynomial in names, sines, logarithms, …
        value = sp.expand(matrix.det(method="berkowitz"))
        return _pythagoras(value) if value.has(sp.sin, sp.cos) else value
    return _by_angles(value)


# ------------------------------------------------------------------ as polynomials
Polynomial = dict[tuple[int, ...], Any]
"""{the powers of the generators: the number in front}, as SymPy's rings have it: to make one takes them longer than a
determinant."""


def _as_polynomial(matrix: sp.Matrix) -> sp.Expr:
    """The same where all entries are polynomials over the rational numbers.

    Raises:
        ValueError: one is not.
    """
    places: dict[sp.Expr, int] = {}  # of the generators
    entries = [[_term(term, places) for term in sp.Add.make_args(entry)] for entry in matrix]
    gens, n = list(places), matrix.rows
    flat: list[Polynomial] = []
    for terms in entries:
        flat.append({})
        for number, held in terms:
            _add(flat[-1], {(0,) * len(gens): number}, tuple(held[k] for k in range(len(gens))), 1)
    found = _by_minors([flat[k : k + n] for k in range(0, n * n, n)], (0,) * len(gens))
    sines, cosines = (
        {gen.args[0]: k for gen, k in places.items() if isinstance(gen, kind)} for kind in (sp.sin, sp.cos))
    angles = sines.keys() & cosines.keys()
    lengths = [1 + int(gen.count_ops()) for gen in gens] if angles else []
    for angle in sorted(angles, key=sp.default_sort_key):
        one, other = sines[angle], cosines[angle]
        for pair in ((one, other), (other, one)):
            found = min(found, _without_squares(found, *pair), key=lambda one: _length(one, lengths))
    return sp.Add(*(
        sp.Mul(number, *(gen**power for gen, power in zip(gens, powers) if power)) for powers, number in found.items()
    ))


def _term(term: sp.Expr, places: dict[sp.Expr, int]) -> tuple[Any, Counter[int]]:
    """The number of a product, and the powers of its generators, which get their places."""
    number: Any = 1
    held: Counter[int] = Counter()
    for factor in sp.Mul.make_args(term):
        base, power = factor.args if factor.is_Pow else (factor, sp.S.One)
        if factor.is_Rational:
            number *= factor.p if factor.q == 1 else Fraction(factor.p, factor.q)
        elif base.is_Add or base.is_number or not power.is_Integer or power.p < 0 or isinstance(base, sp.exp):
            raise ValueError
        else:
            held[places.setdefault(base, len(places))] += power.p
    return number, held


def _add(total: Polynomial, part: Polynomial, factor: tuple[int, ...], number: Any) -> None:
    """Add a polynomial times a term to another one."""
    for powers, own in part.items():
        at = tuple(map(add, powers, factor))
        total[at] = total.get(at, 0) + number * own
        if not total[at]:
            del total[at]


def _by_minors(rows: list[list[Polynomial]], one: tuple[int, ...]) -> Polynomial:
    """A determinant by its first row; `one` is the term without generators."""
    if not rows:
        return {one: 1}
    total: Polynomial = {}
    for k, entry in enumerate(rows[0]):
        minor = _by_minors([row[:k] + row[k + 1 :] for row in rows[1:]], one) if entry else {}
        for powers, number in entry.items():
            _add(total, minor, powers, (-1) ** k * number)
    return total


def _without_squares(polynomial: Polynomial, one: int, other: int) -> Polynomial:
    """With 1 - other² for the square of one generator."""
    total: Polynomial = {}
    for powers, number in polynomial.items():
        half, odd = divmod(powers[one], 2)
        left = (*powers[:one], odd, *powers[one + 1 :])
        for k in range(half + 1):
            raised = (*left[:other], left[other] + 2 * k, *left[other + 1 :])
            _add(total, {raised: number}, (0,) * len(raised), (-1) ** k * comb(half, k))
    return total


def _length(polynomial: Polynomial, lengths: list[int]) -> int:
    """About as many operations as its expression has; `lengths` are those of its generators, with what joins them."""
    return sum(
        1 + sum(length + (power > 1) for power, length in zip(powers, lengths) if power) for powers in polynomial
    )


# ------------------------------------------------------------------ as expressions
def _pythagoras(expr: sp.Expr) -> sp.Expr:
    """sin² + cos² = 1 wherever it shortens a polynomial in sines and cosines."""
    best = expr
    for angle in {e.args[0] for e in expr.atoms(sp.sin, sp.cos)}:
        for one, other in ((sp.sin, sp.cos), (sp.cos, sp.sin)):
            rest = best.replace(
                lambda e, one=one, angle=angle: e.is_Pow and e.base == one(angle) and e.exp.is_Integer and e.exp >= 2,
                lambda e, one=one, other=other, angle=angle: (1 - other(angle) ** 2) ** (e.exp // 2)
                * one(angle) ** (e.exp % 2),
            )
            rest = sp.expand(rest)
            if rest.count_ops() < best.count_ops():
                best = rest
    return _by_angles(best)


def _by_angles(best: sp.Expr) -> sp.Expr:
    """Two terms with several angles as the sine or cosine of their sum, where that is shorter."""
    angles = {e.args[0] for e in best.atoms(sp.sin, sp.cos)}
    if len(angles) > 1 and best.is_Add and len(best.args) == 2:
        combined = sp.expand(sp.trigsimp(best, method="matching")) if best.count_ops() < 30 else best
        shorter = sp.powsimp(combined)
        if shorter.count_ops() < best.count_ops():
            return shorter
    return best
