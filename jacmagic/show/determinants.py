"""Determinants of Jacobians, multiplied out in SymPy's polynomial ring, with sin² + cos² put together."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import sympy as sp
from sympy.polys.polyerrors import BasePolynomialError
from sympy.polys.rings import PolyElement, PolyRing


def determinant_of(matrix: sp.Matrix) -> sp.Expr:
    """The determinant, reduced where a cheap identity does it; never `simplify`."""
    powers = [e for e in matrix.atoms(sp.Pow) if e.base.is_Add and e.exp.is_Rational and e.exp not in (1, 2, 3)]
    roots = {base: sp.Dummy(positive=True) for base in {e.base for e in powers}}
    order = {base: sp.ilcm(1, *[e.exp.q for e in powers if e.base == base]) for base in roots}
    plain = matrix.xreplace({e: roots[e.base] ** (e.exp * order[e.base]) for e in powers})
    value = multiplied_out(plain)
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
        value = _in_ring(matrix)
    except (BasePolynomialError, ValueError):  # an entry that is no polynomial in names, sines, logarithms, …
        value = sp.expand(matrix.det(method="berkowitz"))
        return _pythagoras(value) if value.has(sp.sin, sp.cos) else value
    return _by_angles(value)


# ------------------------------------------------------------------ in the ring
def _in_ring(matrix: sp.Matrix) -> sp.Expr:
    """The same where all entries are polynomials over the rational numbers.

    Raises:
        ValueError: one is not.
    """
    entries = list(matrix)
    terms = [term for entry in entries for term in sp.Add.make_args(entry)]
    bases = {factor.as_base_exp()[0] for term in terms for factor in sp.Mul.make_args(term)}
    gens = sorted((base for base in bases if not base.is_number), key=sp.default_sort_key)
    if not gens or any(base.is_Add for base in bases) or any(entry.has(sp.Float) for entry in entries):
        raise ValueError
    ring = PolyRing(gens, sp.QQ)
    n = matrix.rows
    flat = [ring.from_expr(entry) for entry in entries]
    found = _by_minors([flat[k : k + n] for k in range(0, n * n, n)], ring)
    lengths = [1 + int(gen.count_ops()) for gen in gens]
    places = {gen: at for at, gen in enumerate(gens)}
    for angle in dict.fromkeys(gen.args[0] for gen in gens if isinstance(gen, (sp.sin, sp.cos))):
        for pair in ((sp.sin(angle), sp.cos(angle)), (sp.cos(angle), sp.sin(angle))):
            if pair[0] in places and pair[1] in places:
                shorter = _without_squares(found, places[pair[0]], places[pair[1]])
                found = min(found, shorter, key=lambda one: _length(one, lengths))
    return found.as_expr()


def _by_minors(rows: list[list[Any]], ring: PolyRing) -> Any:
    """A determinant by its first row."""
    if not rows:
        return ring.one
    total = ring.zero
    for k, entry in enumerate(rows[0]):
        if entry:
            total += (-1) ** k * entry * _by_minors([row[:k] + row[k + 1 :] for row in rows[1:]], ring)
    return total


def _without_squares(polynomial: PolyElement, one: int, other: int) -> PolyElement:
    """With 1 - other² for the square of one generator."""
    ring, total = polynomial.ring, polynomial.ring.zero
    for monomial, number in polynomial.terms():
        left = (*monomial[:one], monomial[one] % 2, *monomial[one + 1 :])
        total += ring.term_new(left, number) * (1 - ring.gens[other] ** 2) ** (monomial[one] // 2)
    return total


def _length(polynomial: PolyElement, lengths: list[int]) -> int:
    """About as many operations as its expression has; `lengths` are those of its generators, with what joins them."""
    return sum(
        1 + sum(length + (power > 1) for power, length in zip(monomial, lengths) if power) for monomial in polynomial
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
