"""What is printed: LaTeX and text that look as a textbook has them, and read back as the same expression."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import pytest
import sympy as sp

import jacmagic
from jacmagic.functions import symbolic as function
from jacmagic.language import layout, printers
from jacmagic.language import tree as t
from jacmagic.language.reading import Reader
from jacmagic.language.statements import parse
from jacmagic.language.words import Scope
from jacmagic.show import views

x, y, z, k, a, b = sp.symbols("x y z k a b", real=True)
x1, x2, x10, theta, lam, c11, W12, xmax, rate, yhat = (
    sp.Symbol(n, real=True) for n in ("x1", "x2", "x10", "theta2", "lam", "c1_1", "W_{1,2}", "x_max", "rate", "y_hat")
)
sigmoid, relu, step, absolute, cbrt = map(function, ("sigmoid", "relu", "step", "abs", "cbrt"))
SYMBOLS = {s.name: s for s in (x, y, z, k, a, b, x1, x2, x10, theta, lam, c11, W12, xmax, rate, yhat)}


def read(text: str, **scope: Any) -> t.Expr:
    """The tree of an expression of the block language."""
    whole = f"u = {text}"
    statement = parse(whole)[0]
    assert statement.expr is not None
    return Reader(whole, Scope(names={"rate", "W1_hat"}, **scope)).read(statement.expr)


def value(e: t.Expr) -> Any:
    """The SymPy expression of a tree of scalars: an oracle that knows nothing of printing."""
    match e:
        case t.Paren(inner):
            return value(inner)
        case t.Number(text):
            return sp.Rational(text)
        case t.Constant(name):
            return sp.E if name == "e" else sp.pi
        case t.Name(key):
            return SYMBOLS[key]
        case t.Component(base, (t.Number(i),)):
            return SYMBOLS[f"{_key(base)}_{i}"]
        case t.Component(base, (t.Number(i), t.Number(j))):
            return SYMBOLS[f"{_key(base)}_{{{i},{j}}}"]
        case t.Negative(inner):
            return -value(inner)
        case t.Sum(terms):
            return sum(sign * value(term) for sign, term in terms)
        case t.Product(factors):
            return reduce(
                lambda done, f: done / value(f[1]) if f[0] == "/" else done * value(f[1]), factors, sp.Integer(1)
            )
        case t.Fraction(above, below):
            return value(above) / value(below)
        case t.Power(base, exponent):
            return value(base) ** value(exponent)
        case t.Absolute(inner):
            return absolute(value(inner))
        case t.Call(name, arguments):
            return function(name)(*map(value, arguments))
        case t.Compare(operands, relations):
            makers = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq}
            v = [value(o) for o in operands]
            return sp.And(*(makers[r](v[i], v[i + 1]) for i, r in enumerate(relations)))
        case t.Logic(operator, operands):
            return {"and": sp.And, "or": sp.Or, "not": sp.Not}[operator](*map(value, operands))
        case t.Case(branches, otherwise):
            return sp.Piecewise(*((value(v), value(c)) for v, c in branches), (value(otherwise), True))
        case t.Indicator(condition):
            return sp.Piecewise((1, value(condition)), (0, True))
    raise AssertionError(e)


def _key(base: t.Expr) -> str:
    while isinstance(base, t.Paren):
        base = base.inner
    assert isinstance(base, t.Name)
    return base.key


def same(one: Any, other: Any) -> bool:
    """Equality at a few points, kinks of the usual size on both sides."""
    for shift in (0.3, -0.8, 1.9):
        point = {s: shift + 0.17 * i * (-1) ** i for i, s in enumerate(SYMBOLS.values())}
        p, q = (sp.sympify(e).xreplace({s: sp.Float(v, 30) for s, v in point.items()}) for e in (one, other))
        p, q = complex(sp.N(p, 20)), complex(sp.N(q, 20))
        if not (abs(p - q) <= 1e-12 * max(1, abs(p)) or (math.isnan(p.real) and math.isnan(q.real))):
            return False
    return True


def latex(expr: Any, decimals: bool = False, *order: str) -> str:
    return printers.latex(layout.tree(expr, decimals, layout.Order(map(read, order))))


def text(expr: Any, decimals: bool = False, *order: str) -> str:
    return printers.text(layout.tree(expr, decimals, layout.Order(map(read, order))))


# ------------------------------------------------------------------ as the block was written
WRITTEN = [
    ("2x1 x2^2 + 3x1 + 2x2", "2 x_{1} x_{2}^{2} + 3 x_{1} + 2 x_{2}", "2x₁ x₂² + 3x₁ + 2x₂"),
    ("x1^2 sin x2", r"x_{1}^{2} \sin x_{2}", "x₁² sin(x₂)"),
    ("x/y*2", r"\frac{x}{y} \cdot 2", "x/y * 2"),
    ("x/y*z", r"\frac{x}{y} z", "x/y * z"),
    ("a/b/x", r"\frac{\frac{a}{b}}{x}", "a/b/x"),
    ("1/2 (a-y)^2", r"\frac{1}{2} (a - y)^{2}", "1/2 (a - y)²"),
    ("1/(2x^2) (a - y)^2", r"\frac{1}{2 x^{2}} (a - y)^{2}", "1/(2x²) (a - y)²"),
    (r"\frac{x}{y} z", r"\frac{x}{y} z", "(x/y) z"),
    ("(x+1)/(y-1)", r"\frac{x + 1}{y - 1}", "(x + 1)/(y - 1)"),
    ("sqrt(x+1) + cbrt(x)", r"\sqrt{x + 1} + \sqrt[3]{x}", "√(x + 1) + ∛(x)"),
    ("√(x) y", r"\sqrt{x} y", "√(x) y"),
    ("|x| |y|", r"\left|x\right| \left|y\right|", "|x| |y|"),
    ("abs(1 + abs(x))", r"\left|1 + \operatorname{abs}\left(x\right)\right|", "|1 + abs(x)|"),
    ("x e^-x", "x e^{-x}", "x e^(-x)"),
    ("x^(2y)", "x^{2 y}", "x^(2y)"),
    ("x^2^3", "x^{2^{3}}", "x^(2³)"),
    ("(x^2)^3", "(x^{2})^{3}", "(x²)³"),
    ("-x^2", "-x^{2}", "-x²"),
    ("a - (b - x)", "a - (b - x)", "a - (b - x)"),
    ("2*-x", "2 (-x)", "2 (-x)"),
    ("2*x*y", "2 x y", "2x y"),
    ("k*(x+1)", r"k \cdot (x + 1)", "k * (x + 1)"),
    ("k (x+1)", "k (x + 1)", "k (x + 1)"),
    ("rate x", r"\mathrm{rate} \, x", "rate x"),
    ("sin x cos y", r"\sin x \cos y", "sin(x) cos(y)"),
    ("sin 2x * y", r"\sin 2 x \cdot y", "sin(2x) * y"),
    ("sin x sqrt(y)", r"\sin\left(x\right) \sqrt{y}", "sin(x) √(y)"),
    ("sin^2 x", r"\sin^{2} x", "sin²(x)"),
    ("sin^2(x+1)", r"\sin^{2}\left(x + 1\right)", "sin²(x + 1)"),
    ("sin(x)^2", r"\sin\left(x\right)^{2}", "sin(x)²"),
    ("1e-3 x", "10^{-3} x", "1e-3 x"),
    ("1.5e-7 x^.5", r"1.5 \cdot 10^{-7} x^{0.5}", "1.5e-7 x^0.5"),
    ("relu(x)", r"\operatorname{ReLU}\left(x\right)", "relu(x)"),
    ("max(x, y)", r"\max\left(x, y\right)", "max(x, y)"),
    ("log2(x)", r"\log_2\left(x\right)", "log2(x)"),
    ("leaky_relu(x)", r"\operatorname{leaky\_relu}\left(x\right)", "leaky_relu(x)"),
    ("x^2 if x > 0 else -x", r"\begin{cases} x^{2} & \text{if } x > 0 \\ -x & \text{otherwise} \end{cases}",
     "x² if x > 0 else -x"),
    ("x if x > 0 and (y < 0 or y >= 1) else 0",
     r"\begin{cases} x & \text{if } x > 0 \text{ and } (y < 0 \text{ or } y \ge 1) \\ 0 & \text{otherwise} \end{cases}",
     "x if x > 0 and (y < 0 or y ≥ 1) else 0"),
    ("2(x if x > 0 else 0) + 1",
     r"2 \left(\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}\right) + 1",
     "2 (x if x > 0 else 0) + 1"),
    ("π x", r"\pi x", "π x"),
]


@pytest.mark.parametrize(("typed", "tex", "plain"), WRITTEN)
def test_an_expression_prints_as_it_was_written(typed: str, tex: str, plain: str) -> None:
    tree = read(typed)
    assert printers.latex(tree) == tex
    assert printers.text(tree) == plain
    assert same(value(read(tex)), value(tree))
    assert same(value(read(plain)), value(tree))


def shape(e: Any) -> Any:
    """A tree without its spans and brackets."""
    if isinstance(e, t.Paren):
        return shape(e.inner)
    if isinstance(e, t.Expr):
        return (type(e).__name__, *(shape(v) for key, v in vars(e).items() if key not in ("span", "bare")))
    return tuple(map(shape, e)) if isinstance(e, tuple) else e


@pytest.mark.parametrize(("typed", "tex", "plain"), [
    ("[1, 2; 3, 4]", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[1, 2; 3, 4]"),
    ("[[1, 2]]", r"\begin{bmatrix} 1 & 2 \end{bmatrix}", "[[1, 2]]"),
    ("[a, b]", r"\begin{bmatrix} a \\ b \end{bmatrix}", "[a; b]"),
    ("W^T v", r"W^{\top} v", "Wᵀ v"),
    ("(W v)^T", r"(W v)^{\top}", "(W v)ᵀ"),
    ("u .* v", r"u \odot v", "u .* v"),
    ("u × v", r"u \times v", "u × v"),
    ("u · v", r"u \cdot v", "u · v"),
    ("tanh(W1 v + c1)", r"\tanh\left(W_{1} v + c_{1}\right)", "tanh(W₁ v + c₁)"),
    ("||v||_1 + ||v||^2 + ||v||_∞", r"\left\|v\right\|_{1} + \left\|v\right\|^{2} + \left\|v\right\|_{\infty}",
     "‖v‖_1 + ‖v‖² + ‖v‖_∞"),
    ("v[2] + v[n] + v[2i] + v[i,j]", "v_{2} + v_{(n)} + v_{(2 i)} + v_{i,j}", "v₂ + v[n] + v[2i] + v[i,j]"),
    ("c1[2]", "(c_{1})_{2}", "c1[2]"),
    ("[v[i]^2 - v[i-1] for i = 2..n]", r"\left[v_{i}^{2} - v_{i-1} \;\text{ for } i = 2 \ldots n\right]",
     "[v[i]² - v[i - 1] for i = 2..n]"),
    ("2 sum(v[i]^2 for i = 1..n) + 1", r"2 \sum_{i=1}^{n} v_{i}^{2} + 1", "2 sum(v[i]² for i = 1..n) + 1"),
    ("prod(v[i] for i = 1..n) x", r"\left(\prod_{i=1}^{n} v_{i}\right) x", "prod(v[i] for i = 1..n) x"),
])
def test_arrays_print_and_read_back(typed: str, tex: str, plain: str) -> None:
    tree = read(typed, vectors={"v", "c1"})
    assert printers.latex(tree) == tex
    assert printers.text(tree) == plain
    assert shape(read(printers.text(tree), vectors={"v", "c1"})) == shape(tree)
    assert shape(read(tex, vectors={"v", "c1"})) == shape(tree)


@pytest.mark.parametrize("typed", ["u ./ v", "W .^ 2", "1[x > 0]"])
def test_entry_by_entry_operators_and_indicators_read_back(typed: str) -> None:
    tree = read(typed)
    assert shape(read(printers.latex(tree))) == shape(tree)


# ------------------------------------------------------------------ SymPy expressions
half = sp.Rational(1, 2)
SYMBOLIC = [
    (2 * x2**2 + k, "2 x_{2}^{2} + k", "2x₂² + k"),
    (4 * x1 * x2, "4 x_{1} x_{2}", "4x₁ x₂"),
    (2 * x1 * sp.sin(x2), r"2 x_{1} \sin x_{2}", "2x₁ sin(x₂)"),
    (x1**2 * sp.cos(x2), r"x_{1}^{2} \cos x_{2}", "x₁² cos(x₂)"),
    (1 + x + x**2, "x^{2} + x + 1", "x² + x + 1"),
    (x1 * x10 + x1 * x2 + x2**2 + x1**2, "x_{1}^{2} + x_{1} x_{2} + x_{1} x_{10} + x_{2}^{2}",
     "x₁² + x₁ x₂ + x₁ x₁₀ + x₂²"),
    (y - x, "y - x", "y - x"),
    (-(x**2) + 3 * x + 1, "-x^{2} + 3 x + 1", "-x² + 3x + 1"),
    (1 - sp.tanh(z) ** 2, r"1 - \tanh^{2} z", "1 - tanh²(z)"),
    (1 + sp.tan(z) ** 2, r"1 + \tan^{2} z", "1 + tan²(z)"),
    (sigmoid(z) * (1 - sigmoid(z)),
     r"\operatorname{\sigma}\left(z\right) (1 - \operatorname{\sigma}\left(z\right))", "sigmoid(z) (1 - sigmoid(z))"),
    (1 / (1 + sp.exp(-z)), r"\frac{1}{1 + e^{-z}}", "1/(1 + e^(-z))"),
    (sp.sin(x) * sp.cos(y), r"\sin x \cos y", "sin(x) cos(y)"),
    (sp.sin(x) * absolute(y), r"\left|y\right| \sin x", "|y| sin(x)"),
    (sp.sin(x) * (1 + sp.cos(x)), r"\sin\left(x\right) (1 + \cos\left(x\right))", "sin(x) (1 + cos(x))"),
    (sp.sin(c11), r"\sin\left((c_{1})_{1}\right)", "sin(c1[1])"),
    (sp.sin(x + 1) ** 2, r"\sin^{2}\left(x + 1\right)", "sin²(x + 1)"),
    (sp.log(x) + 1 / x, r"\ln x + \frac{1}{x}", "ln(x) + 1/x"),
    (sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi), r"\frac{e^{-\frac{x^{2}}{2}}}{\sqrt{2 \pi}}", "e^(-x²/2)/√(2π)"),
    (x * sp.exp(-(x**2) / 2), r"x e^{-\frac{x^{2}}{2}}", "x e^(-x²/2)"),
    (x / y, r"\frac{x}{y}", "x/y"),
    (-x / (2 * y**2), r"-\frac{x}{2 y^{2}}", "-x/(2y²)"),
    (3 * x / 10, r"\frac{3}{10} x", "3/10 x"),
    (x / 2, r"\frac{x}{2}", "x/2"),
    ((x - y) ** 2 / 2, r"\frac{1}{2} (x - y)^{2}", "1/2 (x - y)²"),
    (sp.sqrt(x) + sp.sqrt(2) * y, r"\sqrt{2} y + \sqrt{x}", "√(2) y + √(x)"),
    (1 / sp.sqrt(x**2 + 1), r"\frac{1}{\sqrt{x^{2} + 1}}", "1/√(x² + 1)"),
    (abs(x) ** sp.Rational(3, 2), r"\left|x\right|^{\frac{3}{2}}", "|x|^(3/2)"),
    (3 * 2**x, r"3 \cdot 2^{x}", "3 * 2^x"),
    ((x**2 + 1) ** y, "(x^{2} + 1)^{y}", "(x² + 1)^y"),
    (sp.pi * x**2 * 2, r"2 \pi x^{2}", "2π x²"),
    (sp.Mul(2, x + 1, evaluate=False), "2 (x + 1)", "2 (x + 1)"),
    ((x + 1) * (y + 1) * x, "x (x + 1) (y + 1)", "x (x + 1) (y + 1)"),
    (-sp.csch(x) ** 2, r"-\operatorname{csch}^{2}\left(x\right)", "-csch²(x)"),
    (sp.Integer(0), "0", "0"),
    (sp.Rational(-3, 4), r"-\frac{3}{4}", "-3/4"),
    (rate * x, r"\mathrm{rate} \, x", "rate x"),
    (W12 * yhat**2 * lam, r"W_{1,2} \lambda \hat{y}^{2}", "W[1,2] λ ŷ²"),
    (xmax**2 + theta, r"x_{\text{max}}^{2} + \theta_{2}", "x_max² + θ₂"),
    (absolute(1 + absolute(x)), r"\left|1 + \operatorname{abs}\left(x\right)\right|", "|1 + abs(x)|"),
    (cbrt(x) ** -2 / 3, r"\frac{1}{3 \sqrt[3]{x}^{2}}", "1/(3 ∛(x)²)"),
    (sp.Piecewise((x**2, x > 0), (-x, True)),
     r"\begin{cases} x^{2} & \text{if } x > 0 \\ -x & \text{otherwise} \end{cases}", "x² if x > 0 else -x"),
    (2 * y * sp.Piecewise((1, sp.And(x > -1, x < 1)), (0, True)),
     r"2 y \left(\begin{cases} 1 & \text{if } x > -1 \text{ and } x < 1 \\ 0 & \text{otherwise} \end{cases}\right)",
     "2y (1 if x > -1 and x < 1 else 0)"),
    (sp.Piecewise((half, sp.Eq(x, y)), (0, sp.Ne(x, z)), (y, True)),
     r"\begin{cases} \frac{1}{2} & \text{if } x = y \\ 0 & \text{if } x \ne z \\ y & \text{otherwise} "
     r"\end{cases}", "1/2 if x == y else 0 if not x == z else y"),
]


@pytest.mark.parametrize(("expr", "tex", "plain"), SYMBOLIC, ids=[s[2] for s in SYMBOLIC])
def test_a_sympy_expression_prints_as_in_a_textbook_and_reads_back(expr: Any, tex: str, plain: str) -> None:
    assert latex(expr) == tex
    assert text(expr) == plain
    assert same(value(read(tex)), expr)
    assert same(value(read(plain)), expr)


@pytest.mark.parametrize(("expr", "tex", "plain"), [
    (3 * x**2 / 10, "0.3 x^{2}", "0.3x²"),
    (x / 2 + y / 3, r"0.5 x + \frac{y}{3}", "0.5x + y/3"),
    (sp.Rational("1.5e-7") * x, r"1.5 \cdot 10^{-7} x", "1.5e-7 x"),
    (sp.Rational("1e-5") * x, "10^{-5} x", "1e-5 x"),
    (sp.Rational("0.0001") * x, "0.0001 x", "0.0001x"),
    (sp.Integer(10) ** 6 * x, "1000000 x", "1000000x"),
    (sp.Integer(25) * 10**6 * x, r"2.5 \cdot 10^{7} x", "2.5e7 x"),
    (sp.Integer(12345678), "12345678", "12345678"),
    (x / (2 * y), r"\frac{x}{2 y}", "x/(2y)"),
    (3 * x / (10 * y), r"\frac{0.3 x}{y}", "0.3x/y"),
    (y - x / 8, "y - 0.125 x", "y - 0.125x"),
    (-sp.Rational("2.75"), "-2.75", "-2.75"),
    (x**half + y ** sp.Rational(3, 2), r"y^{1.5} + \sqrt{x}", "y^1.5 + √(x)"),
])
def test_fractions_that_end_print_as_decimals_where_asked(expr: Any, tex: str, plain: str) -> None:
    assert latex(expr, decimals=True) == tex
    assert text(expr, decimals=True) == plain
    assert same(value(read(tex)).xreplace({}), expr)
    assert same(value(read(plain)), expr)


def test_a_step_prints_as_an_indicator_never_as_heaviside() -> None:
    assert latex(x * step(z)) == r"x \cdot \mathbf{1}[z > 0]"
    assert latex(sp.Heaviside(z)) == r"\mathbf{1}[z > 0]"
    assert same(value(read(text(x * step(z)))), x * sp.Piecewise((1, z > 0), (0, True)))


def pieces() -> list[Any]:
    """Factors and terms of every kind."""
    return [
        x, y**2, 1 / x, sp.sin(x), sp.sin(x) ** 2, sp.sin(x + y), sp.exp(-x), sp.sqrt(x + 3), abs(x), absolute(x + y),
        x + 1, (x + 1) ** 2, 1 / (y + 3), sp.Rational(3, 10), sp.pi, sp.sqrt(2), sp.log(x**2 + 1), sigmoid(z) ** 2, c11,
        sp.Piecewise((x, x > 0), (0, True)), rate, 2**x, x**y, -x, 1 - sp.tanh(x) ** 2, (x / y) ** z, cbrt(z),
        sp.cos(x) / x, sp.Max(x, y), relu(x),
    ]


@pytest.mark.parametrize(
    "left", [pytest.param(left, marks=[pytest.mark.long] if k % 12 else []) for k, left in enumerate(pieces())], ids=str
)
def test_every_product_sum_and_power_of_two_kinds_reads_back(left: Any) -> None:
    for right in pieces():
        for whole in (left * right, left + right, left / right, sp.sin(left) * right, sp.exp(left) - right):
            if whole.has(sp.zoo, sp.nan, sp.oo):
                continue
            for printed in (latex(whole), text(whole), latex(whole, decimals=True)):
                assert same(value(read(printed)), whole), (whole, printed)


def test_what_no_block_contains_prints_with_the_names_of_the_block() -> None:
    W, v = sp.MatrixSymbol("W1", 2, 2), sp.MatrixSymbol("x", 2, 1)
    assert latex(W * v) == "W_{1} x"
    assert latex(W.T) == r"W_{1}^{\top}"
    assert latex(sp.oo) == r"\infty"
    assert latex(sp.Matrix([[x1, 2]])) == r"\begin{bmatrix} x_{1} & 2 \end{bmatrix}"
    assert latex(3) == "3"


# ------------------------------------------------------------------ the order of the block
r, phi = sp.symbols("r phi", real=True)
th = sp.Symbol("theta", real=True)


@pytest.mark.parametrize(("block", "expr", "plain"), [
    ("r sin theta cos phi", r * sp.cos(th) * sp.cos(phi), "r cos(θ) cos(φ)"),
    ("y x k", y * k, "y k"),
    ("a e^x + b x^2 + x", a * sp.exp(x) + 2 * b * x + 1, "a e^x + 2b x + 1"),
    ("1 + x + x^2 + x^3", 3 * x**2 + 2 * x + 1, "1 + 2x + 3x²"),
    ("3x + x^2", 2 * x + 3, "3 + 2x"),
    ("x^2 y + 5x + sin y", 2 * x * y + 5, "2x y + 5"),
    ("x^2 y + 5x + sin y", x**2 + sp.cos(y), "x² + cos(y)"),
    ("1/(1 + x^2)", -2 * x / (1 + x**2) ** 2, "-2x/(1 + x²)²"),
    ("a x - b x y", a - b * y, "a - b y"),
    ("x y + x^2 z", y + 2 * x * z, "y + 2x z"),
    ("sin x cos x", sp.cos(x) ** 2 - sp.sin(x) ** 2, "cos²(x) - sin²(x)"),
    ("x1 x10 + x2", x1 + x10, "x₁ + x₁₀"),
    ("e^x y", y * sp.exp(x), "e^x y"), ("e^x y + z", y * sp.exp(x), "e^x y"), ("sin(x) y z", z * sp.cos(x), "cos(x) z"),
    ("ln x sin(y) z", z * sp.log(x) * sp.cos(y), "ln(x) cos(y) z"), ("e^(x y) y x", x * y**2 * sp.exp(x * y), "e^(x y) y² x"),
    ("(x + y) e^x", sp.exp(x) * (x + y), "(x + y) e^x"), ("y^2 e^(-x^2 y)", sp.exp(-(x**2) * y) * y, "y e^(-x² y)"),
    ("x^k", k * x ** (k - 1), "k x^(k - 1)"), ("a x^k y", a * k * x ** (k - 1) * y, "a k x^(k - 1) y"),
    ("e^x - e^-x", sp.exp(x) + sp.exp(-x), "e^x + e^(-x)"),
    ("y x + b z", x * b, "x b"),  # in no product of the block together: as they first come
])
def test_factors_and_terms_stand_as_in_the_block(block: str, expr: Any, plain: str) -> None:
    assert text(expr, False, block) == plain


def test_a_component_stands_where_its_vector_does() -> None:
    assert text(c11 * a, False, "c1 a") == "c1[1] a"
    assert text(c11 * a, False, "a c1") == "a c1[1]"


@pytest.mark.parametrize(("expr", "tex"), [
    (sp.sin(x) * (1 + sp.cos(x)), r"\sin\left(x\right) (1 + \cos\left(x\right))"),
    (sp.sin(x) * sp.cos(y + 1), r"\sin x \cos\left(y + 1\right)"),
    (sp.sin(x) + sp.sqrt(y) * sp.cos(x), r"\sqrt{y} \cos x + \sin x"),
])
def test_one_formula_has_one_style_of_application(expr: Any, tex: str) -> None:
    assert latex(expr) == tex


# ------------------------------------------------------------------ tables
def test_a_table_for_the_terminal_is_aligned() -> None:
    assert printers.table([["2x₂² + 3", "4x₁ x₂"], ["ŷ", "x₁² cos(x₂)"]], ["f₁", "f₂"], ["x₁", "x₂"]) == (
        "     x₁        x₂\n"
        "f₁ ⎡ 2x₂² + 3  4x₁ x₂      ⎤\n"
        "f₂ ⎣ ŷ         x₁² cos(x₂) ⎦"
    )
    assert printers.table([["1"]]) == "[ 1 ]"


@pytest.mark.parametrize(("block", "shown"), [
    ("f(x) = Δt x", r"\mathrm{Δt}"), ("f(θ) = Δθ θ", r"\mathrm{Δθ}"), ("Δ = 2\nf(x) = Δ*t x^2", r"\Delta \cdot t"), ("f(x) = ℓ x + ℓ_1", r"\ell"),
    ("f(x) = q̈ x", r"\ddot{q}"),
])
def test_differences_and_letters_of_their_own_read_back(block: str, shown: str) -> None:
    result = jacmagic.jacobian(block)
    printed = [one for one in views.formulas(result) if one.kind == "echo"][0]
    assert shown in printed.latex
    values = "\n".join(line for line in block.split("\n")[:-1])
    for text in (printed.latex, printed.text):
        assert jacmagic.jacobian(f"{values}\n{text}").matrix == result.matrix
