"""Slopes as a textbook writes them, equal to SymPy's own wherever those are defined."""

from __future__ import annotations

import random

import pytest
import sympy as sp

import jacmagic
from jacmagic.engine.textbook import in_textbook_form

# block, the lines of its Jacobian
WRITTEN: list[tuple[str, list[str]]] = [
    ("f(x, y) = atan(y/x)", ["-y/(x² + y²)", "x/(x² + y²)"]),
    ("f(x) = x/(1 + x^2)", ["(1 - x²)/(1 + x²)²"]),
    ("f(x) = (x^2 + 1)/(x^2 - 1)", ["-4x/(x² - 1)²"]),
    ("f(x) = (a x + b)/(c x + d)", ["(a d - b c)/(c x + d)²"]),
    ("f(x, y) = (x - y)/(x + y)", ["2y/(x + y)²", "-2x/(x + y)²"]),
    ("f(x, y) = x y/(x^2 + y^2)", ["y (y² - x²)/(x² + y²)²", "x (x² - y²)/(x² + y²)²"]),
    ("f(x) = x/sqrt(1 + x^2)", ["1/(1 + x²)^(3/2)"]),
    ("f(x) = ln(x + sqrt(x^2 + 1))", ["1/√(x² + 1)"]),
    ("f(x, y) = (x^y)^(-1/2)", ["-ln(x)/(2 √(x^y))"]),
    ("f(x) = ln(x/(1 - x))", ["1/(x (1 - x))"]),
    ("f(x) = 1/(1 + 1/(1 + 1/x))", ["1/(2x + 1)²"]),
    ("f(x) = (e^x - e^-x)/(e^x + e^-x)", ["4/(e^x + e^(-x))²"]),
    ("f(x) = 1/(1 + e^-x)", ["f'(x) = f (1 - f)"]),
    ("f(x) = e^x/(1 + e^x)", ["e^x/(1 + e^x)²"]),
    ("f(x) = (ln x)/x", ["(1 - ln(x))/x²"]),
    ("f(x) = sin(x)/x", ["(x cos(x) - sin(x))/x²"]),
    ("f(x) = x + 1/x", ["1 - 1/x²"]),
    ("F(x, y) = x^2 y e^-y + ln(x)/x", ["2x y e^(-y) + (1 - ln(x))/x²"]),
    ("f(x) = ln|x|", ["1/x"]),
    ("f(x) = x |x|", ["2 |x|"]),
    ("f(x) = tan(x)^2", ["2 tan(x) (1 + tan²(x))"]),
    ("f(x) = tanh(x)^2", ["2 tanh(x) (1 - tanh²(x))"]),
    ("f(x, y) = tanh(3x) + sigmoid(y)^2", ["3 (1 - tanh²(3x))", "2 sigmoid(y)² (1 - sigmoid(y))"]),
    ("f(x, y) = x tan(2x) - cot(2y)", ["2x (1 + tan²(2x)) + tan(2x)", "2 (1 + cot²(2y))"]),
    ("f(x, mu) = (x - mu)^2/2", ["x - μ", "μ - x"]),
    ("f(x, mu) = (-x + mu)^2/2", ["x - μ", "-x + μ"]),
    ("f(x, mu) = -(x - mu)^2/(2s^2)", ["-(x - μ)/s²", "(x - μ)/s²"]),
    ("f(w, b) = (y - w x - b)^2", ["-2x (y - w x - b)", "-2 (y - w x - b)"]),
    ("f(x, y) = 100 (y - x^2)^2", ["-400x (y - x²)", "200 (y - x²)"]),
    ("P(V, T) = n R T/(V - n b) - a n^2/V^2", ["-n R T/(V - n b)² + 2a n²/V³", "n R/(V - n b)"]),
]


@pytest.mark.parametrize(("block", "entries"), WRITTEN)
def test_a_slope_is_written_as_in_a_textbook(block: str, entries: list[str]) -> None:
    r = jacmagic.jacobian(block)
    text = r._repr_mimebundle_()["text/plain"]
    for entry in entries:
        assert entry in text
    flat = r.slopes(r.total(safe=False)[0])
    for written, raw in zip(flat, r.matrix, strict=True):
        assert agree(written, raw)


def agree(a: sp.Expr, b: sp.Expr) -> bool:
    names = sorted(a.free_symbols | b.free_symbols, key=str)
    rng = random.Random(1)
    for _ in range(4):
        at = {name: sp.Rational(rng.randint(20, 60), 100) for name in names}
        if sp.Abs((a - b).xreplace(at)).evalf(30) > 1e-20:
            return False
    return True


x, y = sp.symbols("x y", real=True)


def test_what_is_long_or_rounded_is_left_as_it_is() -> None:
    many = sp.Add(*[k / (x + k) ** 2 for k in range(1, 40)])
    rounded = x / (x**2 + sp.Float(0.1)) - 1 / (x**2 + sp.Float(0.1))
    assert in_textbook_form([many, rounded], list) == [many, rounded]


def test_numerators_are_not_multiplied_out_where_that_makes_them_long() -> None:
    slope = sp.Add(*[1 / (x + k * y + 1) ** 3 for k in range(2, 9)])
    assert in_textbook_form([slope], list) == [slope]
