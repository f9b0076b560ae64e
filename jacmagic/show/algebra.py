"""Matrix algebra on formulas: what a textbook does with a product before it writes it down.

A Form is a sum of Terms, each a scalar in front of a product of Factors. Scalars go
to the front, identities are dropped, transposes stand at the leaves, 1ᵀ diag(v) is
vᵀ, a number's transpose is itself, equal products are added up and what several
products begin or end with is put in front of or behind a bracket. Entries of columns
and diagonals, and the scalars, are SymPy expressions, so that p (1 - p) (y/p) is what
it is; `tree` lays all of it out as a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import sympy as sp

from jacmagic.language import tree as t

_ONE, _ZERO = sp.S.One, sp.S.Zero


@dataclass(frozen=True)
class Factor:
    """One matrix of a product, of the size that it has as it stands there.

    kind      what it is and what `what` holds: "matrix" a tree; "column" and "diag" the entry, a SymPy
              expression; "unit" the index k of e_k, from 1; "sum" a Form; "eye" and "ones" nothing
    flipped   True where it stands transposed
    """

    kind: str
    what: Any
    rows: int
    columns: int
    flipped: bool = False

    @property
    def transposed(self) -> Factor:
        if self.kind in ("diag", "eye") or self.rows == self.columns == 1:
            return self
        if self.kind == "matrix" and symmetric(self.what):
            return self
        if self.kind == "sum" and self.rows > 1 < self.columns:
            return replace(self, what=self.what.transposed, rows=self.columns, columns=self.rows)
        return replace(self, rows=self.columns, columns=self.rows, flipped=not self.flipped)


def symmetric(tree: t.Expr) -> bool:
    """True for a matrix that is its own transpose, whatever its names are: Xᵀ X, (λ I + Xᵀ X)⁻¹."""
    tree = t.inside(tree)
    base = t.inverted(tree)
    if base is not None:
        return symmetric(base)
    if isinstance(tree, t.Sum):
        return all(symmetric(one) for _, one in tree.terms)
    if not isinstance(tree, t.Product) or any(op not in ("", "*") for op, _ in tree.factors):
        return isinstance(tree, (t.Identity, t.Diag))
    factors = [t.inside(one) for _, one in tree.factors]
    pairs = zip(factors[: len(factors) // 2], reversed(factors))
    middle = factors[len(factors) // 2 : (len(factors) + 1) // 2]
    return all(turned(one) == other for one, other in pairs) and all(map(symmetric, middle))


@dataclass(frozen=True)
class Term:
    """A scalar times factors, left to right; without factors a number."""

    scale: sp.Expr
    factors: tuple[Factor, ...] = ()

    @property
    def transposed(self) -> Term:
        return Term(self.scale, tuple(one.transposed for one in reversed(self.factors)))


@dataclass(frozen=True)
class Form:
    """A sum of products, rows × columns; a number is 1×1."""

    terms: tuple[Term, ...]
    rows: int = 1
    columns: int = 1

    @property
    def transposed(self) -> Form:
        return Form(tuple(term.transposed for term in self.terms), self.columns, self.rows)

    def times(self, scale: sp.Expr) -> Form:
        return Form(tuple(replace(term, scale=scale * term.scale) for term in self.terms), self.rows, self.columns)

    @property
    def scalar(self) -> sp.Expr | None:
        """The number that it is, where it is one without matrices."""
        return sp.Add(*(one.scale for one in self.terms)) if not any(one.factors for one in self.terms) else None


def number(value: Any) -> Form:
    value = sp.sympify(value)
    return Form((Term(value),) if value != 0 else ())


def single(factor: Factor, scale: sp.Expr = _ONE) -> Form:
    return Form((Term(scale, (factor,)),), factor.rows, factor.columns)


def matrix(tree: t.Expr, rows: int, columns: int) -> Form:
    return single(Factor("matrix", tree, rows, columns))


def eye(n: int) -> Form:
    return single(Factor("eye", None, n, n))


def ones(n: int) -> Form:
    return single(Factor("ones", None, n, 1)) if n > 1 else number(1)


def unit(k: int, n: int) -> Form:
    """e_k, k counted from 1."""
    return single(Factor("unit", k, n, 1)) if n > 1 else number(1)


def column(entry: sp.Expr, n: int) -> Form:
    scale, rest = _content(entry)
    return ones(n).times(scale) if rest is _ONE else single(Factor("column", rest, n, 1), scale)


def diag(entry: sp.Expr, n: int) -> Form:
    scale, rest = _content(entry)
    return eye(n).times(scale) if rest is _ONE else single(Factor("diag", rest, n, n), scale)


def _content(entry: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The number in front of an entry, and the rest: 2 and o - y of 2o - 2y."""
    if not entry.is_Add:
        scale, rest = entry.as_coeff_Mul()
        if rest.is_Mul:
            parts = [_content(one) if one.is_Add else (_ONE, one) for one in rest.args]
            return scale * sp.Mul(*(one for one, _ in parts)), sp.Mul(*(one for _, one in parts))
        return scale, rest
    scale, rest = entry.primitive()
    if all(map(_negative, rest.args)) or (scale.is_negative and any(map(_negative, rest.args))):
        scale, rest = -scale, -rest
    return scale, rest


def _negative(term: sp.Expr) -> bool:
    return bool(term.as_coeff_Mul()[0].is_negative)


# ------------------------------------------------------------------ sums
def add(forms: Iterable[Form]) -> Form:
    """The sum, equal products put together."""
    forms = list(forms)
    totals: dict[tuple[Factor, ...], sp.Expr] = {}
    for term in (term for form in forms for term in form.terms):
        totals[term.factors] = totals.get(term.factors, _ZERO) + term.scale
    terms = tuple(Term(scale, factors) for factors, scale in totals.items() if scale != 0)
    return Form(terms, forms[0].rows, forms[0].columns)


def factored(form: Form) -> Form:
    """What several products begin or end with in front of or behind a bracket: (δ_a + δ_b) xᵀ, W (z xᵀ + x zᵀ)."""
    terms = list(form.terms)
    while found := _shared(terms):
        chosen, count, left = found
        ends, rests = zip(*(_cut(terms[k], count, left) for k in chosen))
        shared = ends[0]
        size = shared[-1].columns if left else shared[0].rows
        whole = add(_product(terms[k].scale, rest, size) for k, rest in zip(chosen, rests))
        inside = _as_product(factored(whole))
        joined = [] if inside is None else [
            tidy(Term(inside.scale, shared + inside.factors if left else inside.factors + shared))]
        at = chosen[0]
        terms = [one for k, one in enumerate(terms) if k not in chosen]
        terms[at:at] = joined
    return Form(tuple(terms), form.rows, form.columns)


def _cut(term: Term, count: int, left: bool) -> tuple[tuple[Factor, ...], tuple[Factor, ...]]:
    """So many factors of a product at one end, and its others."""
    factors = term.factors
    return (factors[:count], factors[count:]) if left else (factors[-count:], factors[:-count])


def _as_product(form: Form) -> Term | None:
    """A sum as one product, a bracket behind what its terms have in common; None of nothing."""
    scale, rest = common(form)
    if len(rest.terms) > 1:
        return Term(scale, (Factor("sum", rest, rest.rows, rest.columns),))
    return Term(scale * rest.terms[0].scale, rest.terms[0].factors) if rest.terms else None


def _product(scale: sp.Expr, factors: tuple[Factor, ...], size: int) -> Form:
    if not factors:
        return eye(size).times(scale) if size > 1 else number(scale)
    return Form((Term(scale, factors),), factors[0].rows, factors[-1].columns)


def _shared(terms: Sequence[Term]) -> tuple[list[int], int, bool] | None:
    """Which terms have most in common at one end: their places, how many factors, and whether these are the first."""
    several = (one for one in _ends(terms) if len(one[0]) > 1)
    return max(several, key=lambda one: (len(one[0]) * one[1], one[1]), default=None)


def _ends(terms: Sequence[Term]) -> Iterator[tuple[list[int], int, bool]]:
    """What each term begins and ends with, likewise: the places of it and of the later ones that do so, too."""
    for left, (k, one) in product((True, False), enumerate(terms)):
        for count in range(1, len(one.factors) + 1):
            end, _ = _cut(one, count, left)
            if all(factor.kind in ("eye", "ones") or factor.rows == factor.columns == 1 for factor in end):
                continue
            yield [k + j for j, other in enumerate(terms[k:]) if _cut(other, count, left)[0] == end and (
                len(other.factors) > count or (other.scale / one.scale).is_Rational)], count, left


def common(form: Form) -> tuple[sp.Expr, Form]:
    """The scalar that all terms have in front, and the sum without it."""
    if len(form.terms) < 2:
        return _ONE, form
    first = form.terms[0].scale
    ratios = [one.scale / first for one in form.terms]
    if not all(ratio.is_Rational for ratio in ratios):
        return _ONE, form
    base = first / first.as_coeff_Mul()[0]
    numbers = [one.scale / base for one in form.terms]
    if not all(one.is_Rational for one in numbers):
        return _ONE, form
    content = abs(numbers[0]) if len(set(map(abs, numbers))) == 1 else _ONE
    content *= -1 if all(one.is_negative for one in numbers) else 1
    terms = tuple(replace(one, scale=n / content) for one, n in zip(form.terms, numbers))
    return base * content, replace(form, terms=terms)


# ------------------------------------------------------------------ products
def brings_out(form: Form) -> bool:
    """True where a bracket is better for what its products share: (D + Dᵀ) (X b + c), but Wᵀ W x - x as it is."""
    return form.rows > 1 < form.columns or all(len(term.factors) > 1 for term in form.terms)


def multiply(*forms: Form) -> Form:
    """The product, left to right; sums in it stay together in brackets."""
    scale, factors = _ONE, []
    for form in forms:
        if not form.terms:
            return Form((), forms[0].rows, forms[-1].columns)
        if len(form.terms) > 1:
            outside, form = common(factored(form) if brings_out(form) else form)
            if len(form.terms) > 1:
                scale *= outside
                row = form.rows == 1 < form.columns  # (A x - b)ᵀ, as a whole
                one = form.transposed if row else form
                factor = Factor("sum", one, one.rows, one.columns)
                factors.append(factor.transposed if row else factor)
                continue
            scale *= outside
        scale *= form.terms[0].scale
        factors += form.terms[0].factors
    term = tidy(Term(scale, tuple(factors)))
    return Form((term,) if term.scale != 0 else (), forms[0].rows, forms[-1].columns)


def tidy(term: Term) -> Term:
    """A product with what two neighbours make of each other."""
    scale, factors = term.scale, list(term.factors)
    k = 0
    while k < len(factors):
        if factors[k].kind == "eye" and len(factors) > 1:
            del factors[k]
            k = max(k - 1, 0)
            continue
        met = _meet(factors[k], factors[k + 1]) if k + 1 < len(factors) else None
        if met is None:
            k += 1
            continue
        scale *= met.scale
        factors[k : k + 2] = met.factors
        k = max(k - 1, 0)
    return Term(scale, tuple(factors))


def _meet(a: Factor, b: Factor) -> Term | None:
    """What two neighbours make of each other; None where they stay."""
    if a.kind == b.kind == "diag" and a.columns == b.rows:
        return _only(diag(a.what * b.what, a.rows))
    if {a.kind, b.kind} == {"diag", "ones"} and a.columns == b.rows:
        made = column((a if a.kind == "diag" else b).what, a.columns)
        return _only(made if b.kind == "ones" else made.transposed)
    if a.kind == b.kind == "ones" and a.flipped and not b.flipped:
        return Term(sp.Integer(a.columns))
    if a.kind == b.kind == "unit" and a.flipped and not b.flipped:
        return Term(_ONE if a.what == b.what else _ZERO)
    if a.kind == b.kind == "matrix" and a.flipped == b.flipped and (
        t.inverted(a.what) == b.what or t.inverted(b.what) == a.what
    ):
        return _only(eye(a.rows))
    if {a.kind, b.kind} == {"diag", "column"} and a.columns == b.rows:
        both = shorter(a.what * b.what)
        if both.count_ops() < a.what.count_ops() + b.what.count_ops():
            made = column(both, a.columns)
            return _only(made if b.kind == "column" else made.transposed)
    return None


def _only(form: Form) -> Term:
    return form.terms[0] if form.terms else Term(_ZERO)


def shorter(entry: sp.Expr) -> sp.Expr:
    """A product of quotients, cancelled where that shortens it: p - y of p (1 - p) (p - y)/(p (1 - p))."""
    if entry.count_ops() > 60 or entry.has(sp.Piecewise):
        return entry
    if not any(part.is_Add for part in entry.atoms(sp.Add, sp.Mul, sp.Pow)):
        return entry
    forms = [entry, sp.expand_mul(entry)]
    with suppress(sp.PolynomialError, NotImplementedError):
        if any(power.exp.is_negative for power in entry.atoms(sp.Pow)):
            forms.append(sp.cancel(entry))
        if entry.is_Add and entry.has(sp.Mul) and entry.count_ops() < 30:
            forms.append(sp.factor(entry))
    best = _below(min(forms, key=sp.count_ops), entry.atoms(sp.Add))
    front, rest = best.as_coeff_Mul()
    sums = [one for one in rest.args if one.is_Add and any(map(_negative, one.args))] if rest.is_Mul else []
    if front.is_negative and sums:  # p - y, not -(y - p)
        return sp.Mul(-front, *(-one if one is sums[0] else one for one in rest.args))
    return best


def _below(expr: sp.Expr, written: set[sp.Basic]) -> sp.Expr:
    """o (1 - o) below a fraction bar, not o² - o, where 1 - o was written."""
    factors: list[sp.Expr] = []
    for factor in sp.Mul.make_args(expr):
        base, exponent = factor.as_base_exp()
        if not (base.is_Add and exponent.is_Integer and exponent.is_negative):
            factors.append(factor)
            continue
        for part in sp.Mul.make_args(sp.factor_terms(base)):
            turned = part.is_Add and part not in written and -part in written
            factors += [sp.S.NegativeOne**exponent, (-part) ** exponent] if turned else [part**exponent]
    return sp.Mul(*factors)


# ------------------------------------------------------------------ the formula
Writer = Callable[[sp.Expr, int], t.Expr]
"""Lays a SymPy expression out, the entry of a column of that many entries, or of a number (0)."""


def tree(form: Form, write: Writer) -> t.Expr:
    """The formula that a Form is."""
    scale, form = common(form)
    if not form.terms:
        return t.Number("0")
    if len(form.terms) > 1:
        inside = _sum(form.terms, write)
        if scale == 1:
            return inside
        shown = _scaled(scale, [inside], write)
        return t.Negative(shown[1]) if shown[0] < 0 else shown[1]
    sign, one = _term(form.terms[0], write)
    return t.Negative(one) if sign < 0 else one


def _sum(terms: Sequence[Term], write: Writer) -> t.Expr:
    shown = [_term(term, write) for term in terms]
    front = next((k for k, (sign, _) in enumerate(shown) if sign > 0), 0)
    shown = [shown[front], *shown[:front], *shown[front + 1 :]]
    return t.Sum(tuple(part for sign, one in shown for part in _flat(sign, one)))


def _flat(sign: int, one: t.Expr) -> list[tuple[int, t.Expr]]:
    """The terms of a sum that stands in a sum."""
    return [(sign * s, term) for s, term in one.terms] if isinstance(one, t.Sum) else [(sign, one)]


def _term(term: Term, write: Writer) -> tuple[int, t.Expr]:
    """The sign of a product, and the product without it."""
    return _scaled(term.scale, [shown(factor, write) for factor in term.factors], write)


def _scaled(scale: sp.Expr, factors: list[t.Expr], write: Writer) -> tuple[int, t.Expr]:
    front = write(scale, 0)
    sign = 1
    if isinstance(front, t.Negative):
        sign, front = -1, front.inner
    elif isinstance(front, t.Sum) and not factors and len(front.terms) and front.terms[0][0] < 0:
        sign, front = -1, write(-scale, 0)
    if scale in (1, -1) and factors:
        return sign, times(factors)
    if not factors:
        return sign, front
    if isinstance(front, t.Fraction) and front.above == t.Number("1") and not scale.is_Rational and (
        sum(map(_size, factors)) < 4 and not isinstance(factors[0], (t.Diag, t.Identity))
    ):
        return sign, t.Fraction(times(factors), front.below)
    return sign, times([front, *factors])


def _size(factor: t.Expr) -> int:
    return 1 if isinstance(factor, (t.Name, t.Delta, t.Ones, t.Unit)) else (
        _size(factor.base) if isinstance(factor, t.Transpose) else 4 if isinstance(factor, t.Sum) else 2)


def times(factors: Sequence[t.Expr]) -> t.Expr:
    """Factors side by side; those of a product that stands in it among them."""
    flat: list[t.Expr] = []
    for factor in factors:
        inner = isinstance(factor, t.Product) and all(op in ("", "*") for op, _ in factor.factors)
        flat += [one for _, one in factor.factors] if inner and isinstance(factor, t.Product) else [factor]
    if len(flat) < 2:
        return flat[0] if flat else t.Number("1")
    return t.Product(tuple(("", factor) for factor in flat))


def shown(factor: Factor, write: Writer) -> t.Expr:
    """One factor as a formula."""
    if factor.kind == "eye":
        return t.Identity(factor.rows) if factor.rows > 1 else t.Number("1")
    if factor.kind == "diag":
        inner = write(factor.what, factor.rows)
        return t.Diag(inner) if factor.rows > 1 else inner
    n = max(factor.rows, factor.columns)
    plain = {
        "sum": lambda: _sum(factor.what.terms, write), "ones": t.Ones,
        "unit": lambda: t.Unit(t.Number(str(factor.what))),
        "column": lambda: write(factor.what, n), "matrix": lambda: factor.what,
    }[factor.kind]()
    return turned(plain) if factor.flipped else plain


def turned(tree: t.Expr) -> t.Expr:
    """The transpose of a formula."""
    return tree.base if isinstance(tree, t.Transpose) else t.Transpose(tree)
