"""Sums, products, powers and calls that are built in the form they have are those that SymPy makes of the same parts."""

from __future__ import annotations

import random

import pytest
import sympy as sp

from jacmagic.engine.templates import gradient
from jacmagic.functions import FUNCTIONS, forms, slope, symbolic

X, Y, Z = sp.symbols("x y z", real=True)
NAMES = [name for name, row in FUNCTIONS.items() if row.kind == "entrywise" and row.arity == (1, 1)]
NUMBERS = [sp.Integer(n) for n in (-3, -1, 0, 1, 2)] + [
    sp.Rational(1, 2), sp.Rational(-2, 3), sp.Float(0.5), sp.pi, sp.E, sp.sqrt(2), sp.I, sp.nan, sp.oo, sp.zoo,
    1 + sp.sqrt(2)]
PARTS = [
    X, Y, Z, X**2, X**-1, sp.sqrt(X), Y**sp.Rational(-3, 2), X**Y, 2**X, sp.exp(X), sp.exp(-X), sp.exp(X) ** 2, sp.sin(X),
    sp.sin(X) ** 2, 1 / sp.cos(Y), sp.tanh(2 * X), sp.Abs(X), sp.Abs(X) ** 3, sp.sign(X), X + 1, 2 * X + 2, X - Y, (X - Y) ** 2,
    1 / (X + 1), sp.sqrt(X**2 + 1), (1 + sp.sqrt(2)) ** 2, 2 * X, -X, X * Y, 3 * X * Y, sp.Rational(1, 2) * X, -sp.sin(X),
    2 * (X + Y) * Z, sp.Mul(2, X + 1, evaluate=False), sp.Pow(sp.Mul(X, Y), sp.Rational(1, 2)), sp.Max(X, Y), sp.log(X),
    sp.Piecewise((X, X > 0), (0, True)), sp.Max(X, 0), sp.Symbol("p", positive=True), sp.atan2(Y, X), sp.floor(X),
]


def same(a: sp.Basic, b: sp.Basic) -> bool:
    """Equal to the last part and its place, and of the same kind."""
    return a == b and type(a) is type(b) and sp.srepr(a) == sp.srepr(b) and str(a) == str(b)


@pytest.mark.parametrize("seed", range(10))
def test_sums_and_products_are_those_of_sympy(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        parts = rng.choices(PARTS, k=rng.randint(0, 4)) + rng.choices(NUMBERS, k=rng.choice((0, 0, 1, 1, 2)))
        rng.shuffle(parts)
        assert same(forms.product(*parts), sp.Mul(*parts)), parts
        assert same(forms.total(*parts), sp.Add(*parts)), parts


@pytest.mark.parametrize("base", PARTS, ids=str)
def test_powers_are_those_of_sympy(base: sp.Expr) -> None:
    for exponent in (*NUMBERS[:8], X, -X):
        assert same(forms.power(base, exponent), sp.Pow(base, exponent)), exponent


@pytest.mark.parametrize("name", [*NAMES, "max"])
def test_calls_are_those_of_sympy(name: str) -> None:
    kind = symbolic(name)
    for argument in (X, Y, 2 * X, -X, X + 1, sp.Integer(0), sp.Integer(1), sp.Symbol("p", positive=True), sp.Symbol("u"),
                     sp.asin(X)):
        mine, theirs = forms.applied(kind, argument), kind(argument)
        assert same(mine, theirs), argument
        assert getattr(mine, "nargs", None) == getattr(theirs, "nargs", None)
        assert mine.is_commutative
        assert hash(mine) == hash(theirs)


@pytest.mark.parametrize("seed", range(6))
def test_parts_put_into_an_expression_make_what_sympy_makes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(20):
        expr = sp.Add(*(sp.Mul(*rng.choices(PARTS[:20], k=2)) for _ in range(2)))
        swap = dict(zip((X, Y), rng.choices([X, Y, Z, 2 * X, sp.sin(Z), sp.Integer(2), Z**2], k=2)))
        assert same(forms.put_in(expr, swap), expr.xreplace(swap)), (expr, swap)


@pytest.mark.parametrize("name", NAMES)
def test_the_slope_of_a_call_of_a_name_is_the_same_for_every_name(name: str) -> None:
    call = symbolic(name)(Y)
    if call.is_Function:
        assert same(gradient(call)[Y], slope(call, 1))


def test_parts_are_found_wherever_they_stand() -> None:
    expr = sp.sin(X * Y) + 2 * sp.sign(X)
    assert forms.has(expr, X * Y)
    assert not forms.has(expr, X + Y)
    assert forms.has(expr, (sp.sign, sp.tan))
    assert not forms.has(expr, (sp.tan,))
