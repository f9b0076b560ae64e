"""What expressions mean: each block's Jacobian against a formula written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from share import some

import jacmagic
from jacmagic.functions import FUNCTIONS, calculus
from jacmagic.language.reading import Reader
from jacmagic.language.words import Scope

x, y, z, t, a, b, c, d, k, n, m = sp.symbols("x y z t a b c d k n m", real=True)
x1, x2, x3, mu, sg, th, om, al, be = sp.symbols("x1 x2 x3 mu sigma theta omega alpha beta", real=True)
r, e, pi = sp.symbols("r", real=True), sp.E, sp.pi

# the right side of f, and what it is; differentiated by SymPy, the oracle
FORMULAS = [
    # powers
    ("x^2 y", x**2 * y), ("x²y", x**2 * y), ("x^{2}y", x**2 * y), ("x^-1 + y", 1 / x + y), ("x⁻¹ + y", 1 / x + y),
    ("e^-x y", sp.exp(-x) * y), ("x^y^2", x ** (y**2)), ("x^(2y)", x ** (2 * y)), ("-x^2 y", -(x**2) * y),
    ("2^-x y", 2**-x * y), ("2*-x + y", -2 * x + y), ("x - -y", x + y), ("--x y", x * y), ("e^(-t) cos x", sp.exp(-t) * sp.cos(x)),
    ("e^-sin(x) + y", sp.exp(-sp.sin(x)) + y), ("x^n y", x**n * y), ("xⁿ y", x**n * y),
    (r"x^\frac12 + y", sp.sqrt(x) + y), (r"\sqrt[4]{x} + y", x ** sp.Rational(1, 4) + y), (r"x^2\sin y", x**2 * sp.sin(y)),
    # bare application
    ("sin x + y", sp.sin(x) + y), ("sin 2x + y", sp.sin(2 * x) + y), ("sin x^2 + y", sp.sin(x**2) + y),
    ("sin^2 x + y", sp.sin(x) ** 2 + y), ("sin²x + y", sp.sin(x) ** 2 + y), ("sin^2x + y", sp.sin(x) ** 2 + y),
    ("sin(x)^2 + y", sp.sin(x) ** 2 + y), ("sin (x)^2 + y", sp.sin(x) ** 2 + y), ("sin x cos y", sp.sin(x) * sp.cos(y)),
    ("sin 2x cos 3y", sp.sin(2 * x) * sp.cos(3 * y)), ("sin^2 2x + y", sp.sin(2 * x) ** 2 + y), ("√x + y", sp.sqrt(x) + y),
    ("√(x+1) y", sp.sqrt(x + 1) * y), ("2√x + y", 2 * sp.sqrt(x) + y), ("x√2 + y", x * sp.sqrt(2) + y), ("∛x + y", x ** sp.Rational(1, 3) + y),
    ("sin x * y", sp.sin(x) * y), ("ln |x| + y", sp.log(sp.Abs(x)) + y), ("log_2 x + y", sp.log(x, 2) + y), ("log₁₀(x) + y", sp.log(x, 10) + y),
    (r"\sin\left(x\right) y", sp.sin(x) * y), (r"\cos\frac{x}{2} + y", sp.cos(x / 2) + y), (r"r\sin\theta\cos x", r * sp.sin(th) * sp.cos(x)),
    # logarithms to any base, roots of any degree, degrees, hyperbolic functions
    ("log_b(x) y", sp.log(x) / sp.log(b) * y), ("log_3 x + y", sp.log(x) / sp.log(3) + y), ("log(x, b + y)", sp.log(x) / sp.log(b + y)),
    (r"\log_{b}\left(x\right) + y", sp.log(x) / sp.log(b) + y), ("log_b^2 x + y", (sp.log(x) / sp.log(b)) ** 2 + y), ("log_b(x)^2 + y", (sp.log(x) / sp.log(b)) ** 2 + y),
    ("log(x, 2) + log(y, 10)", sp.log(x, 2) + sp.log(y, 10)), ("root(x, 3) + y", x ** sp.Rational(1, 3) + y), ("root(x, 2) y", sp.sqrt(x) * y),
    ("root(x + y, 5)", (x + y) ** sp.Rational(1, 5)), ("root(x, n) y", x ** (1 / n) * y), ("x sin 30° + y", x / 2 + y), ("cos(x°) + y", sp.cos(x * pi / 180) + y),
    ("x y/90°", 2 * x * y / pi), ("(x + y)°", (x + y) * pi / 180), (r"\sin(30^\circ) x + 60^{\circ} y", x / 2 + y * pi / 3),
    ("coth(x) + sech y", sp.coth(x) + sp.sech(y)), ("csch x + acoth(y + 1)", sp.csch(x) + sp.acoth(y + 1)), (r"\coth x + \operatorname{sech}\left(y\right)", sp.coth(x) + sp.sech(y)),
    ("asech(x/4) + acsch(y)", sp.asech(x / 4) + sp.acsch(y)), ("erfc(x) y", sp.erfc(x) * y),
    # products and division
    ("2x y", 2 * x * y), ("2(x+1) y", 2 * (x + 1) * y), ("(x+1)(y+1)", (x + 1) * (y + 1)), ("x(y+1)", x * (y + 1)), ("x*y·2", 2 * x * y),
    ("x/y/2", x / y / 2), ("x/y*2", 2 * x / y), ("1/2 (x - y)^2", (x - y) ** 2 / 2), ("3/4 x^2 y", sp.Rational(3, 4) * x**2 * y),
    ("1/(2σ^2) (x - μ)^2 + y", (x - mu) ** 2 / (2 * sg**2) + y), ("1/√(2π) e^x + y", sp.exp(x) / sp.sqrt(2 * pi) + y),
    ("x y/x", y), ("x/-2 + y", -x / 2 + y), (r"\frac{x^2}{y}", x**2 / y), (r"\frac{1}{2\sigma^2}(x-\mu)^2 y", (x - mu) ** 2 * y / (2 * sg**2)),
    ("-y/a sin x", -y / a * sp.sin(x)), ("y/a (x - b)^2", y / a * (x - b) ** 2), ("y/a e^(-x/b) x", y / a * sp.exp(-x / b) * x),
    ("y/a √x", y / a * sp.sqrt(x)), ("y/a e^-x x", y / a * sp.exp(-x) * x), ("y/2 (x + 1)", y / 2 * (x + 1)),
    ("6.6*10^-3/x + y", sp.Rational(66, 10000) / x + y), ("e^x/a + x^2/2 + y", sp.exp(x) / a + x**2 / 2 + y), ("e^(-x)/2 + x⁻¹/2 + e^{-y}/2", sp.exp(-x) / 2 + 1 / (2 * x) + sp.exp(-y) / 2),
    ("ln 2x + y", sp.log(2 * x) + y), ("ln 2 sin x + y", sp.log(2) * sp.sin(x) + y),
    ("mu (1 - x^2) y", mu * (1 - x**2) * y), ("2e^x y", 2 * sp.exp(x) * y), ("2e3 x + y", 2000 * x + y), ("1e-3x y", x * y / 1000),
    ("0.1x^3 + .5 y", x**3 / 10 + y / 2), ("πx + e y", pi * x + e * y), (r"3\cdot10^{-3}x + y", 3 * x / 1000 + y),
    # words
    ("xy", x * y), ("xy^2", x * y**2), ("3xy^2", 3 * x * y**2), ("mx + b y", m * x + b * y), ("ax^2 + y", a * x**2 + y), ("xe^x + y", x * sp.exp(x) + y),
    ("ωt x y", om * t * x * y), ("αx - βxy", al * x - be * x * y), ("alphax - beta xy", al * x - be * x * y), ("πr^2 x y", pi * r**2 * x * y),
    # bars and conditions
    ("2|x| + y", 2 * sp.Abs(x) + y), ("|x| |y|", sp.Abs(x) * sp.Abs(y)), ("x|y|", x * sp.Abs(y)), ("||x|| y", sp.Abs(x) * y),
    ("x^2 if x > y else y", sp.Piecewise((x**2, x > y), (y, True))), ("x if 0 < x < 1 else y", sp.Piecewise((x, (x > 0) & (x < 1)), (y, True))),
    ("x if x > 0 and not y > 1 else x y", sp.Piecewise((x, (x > 0) & ~(y > 1)), (x * y, True))),
    ("x y 1[x > 0]", sp.Piecewise((x * y, x > 0), (0, True))), (r"\mathbf{1}\left[x > 0\right] x y", sp.Piecewise((x * y, x > 0), (0, True))),
    (r"\begin{cases} x y & x \ge 1 \\ x & -1 \le x < 1 \\ y & x < -1 \end{cases}", sp.Piecewise((x * y, x >= 1), (x, x >= -1), (y, True))),
    # LaTeX as it is pasted
    (r"\frac{\hat{k}}{2} x + y", sp.Symbol("k_hat", real=True) * x / 2 + y), (r"\sqrt{\bar{k}} x y", sp.sqrt(sp.Symbol("k_bar", real=True)) * x * y),
    (r"\Delta t x y", sp.Symbol("Deltat", real=True) * x * y), ("Δt^2 x y", sp.Symbol("Deltat", real=True) ** 2 * x * y), ("Δ*y x", sp.Symbol("Delta", real=True) * x * y),
    (r"\ell x y", sp.Symbol("ell", real=True) * x * y), (r"{\hat {k}}_{1} x y", sp.Symbol("k_hat_1", real=True) * x * y),
    (r"\mathbf {x} _{1} x y", x1 * x * y), ("sin(Δt) x y", sp.sin(sp.Symbol("Deltat", real=True)) * x * y),
    (r"\alpha*x + \beta**2 y", al * x + be**2 * y), (r"\pi*x^2 y", pi * x**2 * y), (r"{\displaystyle {\frac {x}{2}}y}", x * y / 2),
    (r"\operatorname { c o s } x + y", sp.cos(x) + y), (r"\operatorname { s i n } ( x y )", sp.sin(x * y)), (r"{\rm sin} x + y", sp.sin(x) + y), (r"\sin{xy} + \sin{x} y + \cos^2{x} y", sp.sin(x * y) + sp.sin(x) * y + sp.cos(x) ** 2 * y), (r"\Delta{t} x y", sp.Symbol("Deltat", real=True) * x * y),
    (r"\operatorname*{cos} x + \mathop{\mathrm{sin}} y", sp.cos(x) + sp.sin(y)),
    (r"{{x}^{2}}{y}", x**2 * y), (r"\sin{\left(x \right)}^{2} y", sp.sin(x) ** 2 * y),
    (r"\operatorname{atan}_{2}{\left(y,x \right)}", sp.atan2(y, x)), (r"\mathbf {x} ^{2}y", x**2 * y),
    # sums over indices
    ("sum(x^i y for i = 1..3)", x * y + x**2 * y + x**3 * y), ("prod(x + i y for i = 1..2)", (x + y) * (x + 2 * y)),
    (r"\sum_{i=1}^{3} i x^i + y", x + 2 * x**2 + 3 * x**3 + y), (r"\frac{1}{2}\sum_{i=1}^2 (x - i y)^2", ((x - y) ** 2 + (x - 2 * y) ** 2) / 2),
    ("sum((x^i/i) y for i = 1..3)", y * (x + x**2 / 2 + x**3 / 3)), ("sum(|x - i| for i = 1..2) + y", sp.Abs(x - 1) + sp.Abs(x - 2) + y),
    ("sum(x for i = 3..2) + y", y), ("prod(x for i = 3..2) y", y), ("sum(sum(i j x y for j = 1..i) for i = 1..3)", (1 + 2 * 3 + 3 * 6) * x * y),
    ("sum^2(x^i for i = 1..2) y", (x + x**2) ** 2 * y), ("prod^3(x + i for i = 1..2) + y", ((x + 1) * (x + 2)) ** 3 + y),
    # functions of several arguments
    ("max(x, y, 0.1)", sp.Max(x, y, sp.Rational(1, 10))), ("atan2(y, x)", sp.atan2(y, x)), ("sum(x, y, 2)", x + y + 2), ("mean(x, y)", (x + y) / 2),
]


@pytest.mark.parametrize(("text", "formula"), FORMULAS, ids=[text for text, _ in FORMULAS])
def test_a_formula_is_read_as_on_a_blackboard(text: str, formula: sp.Expr) -> None:
    result = jacmagic.jacobian(f"f(x, y) = {text}")
    names = sorted((formula.free_symbols | result.matrix.free_symbols | {x, y}), key=str)
    rng = np.random.default_rng(7)
    for _ in range(4):
        point = dict(zip(names, map(float, rng.uniform(0.2, 1.8, len(names)))))
        value = result.forward(**{s.name: v for s, v in point.items() if s.name in result.values})["f"]
        np.testing.assert_allclose(float(value), float(formula.subs(point)), rtol=1e-12)
        got = result.at(**{s.name: v for s, v in point.items() if s.name in result.values})
        h = 1e-6
        slope = [
            (float(formula.subs({**point, v: point[v] + h})) - float(formula.subs({**point, v: point[v] - h}))) / (2 * h) for v in (x, y)
        ]
        np.testing.assert_allclose(got[0], slope, rtol=1e-6, atol=1e-7)


# a block and the Jacobian of its outputs, by hand; and its columns
BLOCKS = [
    ("x in R^2\nf = x^T x", [[2 * x1, 2 * x2]], "x1 x2"),
    ("x in R^2\nf = x_1^2 x2", [[2 * x1 * x2, x1**2]], "x1 x2"),
    ("x in R^2\nf(x) = x_1^2 + x_2", [[2 * x1, 1]], "x1 x2"),
    ("f(x, y) = (x^2 y, 5x)", [[2 * x * y, x**2], [5, 0]], "x y"),
    ("f(x, y) = [x y; x]", [[y, x], [1, 0]], "x y"),
    ("u = [x, y]\nf = [u, u, 1]", [[1, 0], [0, 1], [1, 0], [0, 1], [0, 0]], "x y"),
    ("f(x, y) = [x, y]·[y, x]", [[2 * y, 2 * x]], "x y"),
    ("f(x, y) = [x, y, 1]×[y, x, 2]", [[-1, 2], [-2, 1], [2 * x, -2 * y]], "x y"),
    ("f(x, y) = [x, y] ./ [y, 2]", [[1 / y, -x / y**2], [0, sp.Rational(1, 2)]], "x y"),
    ("f(x, y) = 1 - [x, y]^[2, 3]", [[-2 * x, 0], [0, -3 * y**2]], "x y"),
    ("f(x, y) = [1, 2; 3, 4] [x, y]", [[1, 2], [3, 4]], "x y"),
    ("f(x, y) = [[x, y], [y, x]]", [[1, 0], [0, 1], [0, 1], [1, 0]], "x y"),
    ("f(x, y) = [x, y][1]", [[1, 0]], "x y"),
    ("x in R^3\nf = [x_i x_{i+1} for i = 1..2]", [[x2, x1, 0], [0, x3, x2]], "x1 x2 x3"),
    ("x in R^3\nf = [x[i]/i + 2^i for i = 1..3]", [[1, 0, 0], [0, sp.Rational(1, 2), 0], [0, 0, sp.Rational(1, 3)]], "x1 x2 x3"),
    ("n = 3\nh = 1/(n+1)\nx in R^n\nf = [x[i] + h^2 for i = 1..n-1]", [[1, 0, 0], [0, 1, 0]], "x1 x2 x3"),
    ("x in R^3\nf = [x[i] + sum(x[j] for j = 1..3) for i = 1..3]", [[2, 1, 1], [1, 2, 1], [1, 1, 2]], "x1 x2 x3"),
    ("x in R^3\nf = [sum(x[j] for j = 1..i-1) for i = 1..3]", [[0, 0, 0], [1, 0, 0], [1, 1, 0]], "x1 x2 x3"),
    ("x in R^2\ng(t) = t^2 + x[1]\nf = [g(x[i]) for i = 1..2]", [[2 * x1 + 1, 0], [1, 2 * x2]], "x1 x2"),
    ("x in R^2\nf = [x[i]^i for i = 1..2]", [[1, 0], [0, 2 * x2]], "x1 x2"),
    ("x ∈ ℝ²\nf = x^T x", [[2 * x1, 2 * x2]], "x1 x2"),
    (r"x \in \mathbb{R}^2" "\nf = x^T x", [[2 * x1, 2 * x2]], "x1 x2"),
    ("W in R²ˣ³\nf = W[1,2]^2", None, "W_{1,1} W_{1,2} W_{1,3} W_{2,1} W_{2,2} W_{2,3}"),
    ("x in Rⁿ\nn = 2\nf = x^T x", [[2 * x1, 2 * x2]], "x1 x2"),
    ("x in R^3\nf = [x_k xₖ₊₁ for k = 1..2]", [[x2, x1, 0], [0, x3, x2]], "x1 x2 x3"),
    ("x in R^2\nW in R^(2x2)\nf = [[W_ij x_j for j = 1..2] for i = 1..2]", None, "W_{1,1} W_{1,2} W_{2,1} W_{2,2} x1 x2"),
    ("f(x, y) = [x^2, y]_1", [[2 * x, 0]], "x y"),
    ("f(x, y) = [x^2, y]_{2}", [[0, 1]], "x y"),
    ("x in R^2\nf = 3^x[2]", [[0, 3**x2 * sp.log(3)]], "x1 x2"),
    (r"f(x) = \sum_{i=1}³ x^i", [[3 * x**2 + 2 * x + 1]], "x"),
    (r"f(x, y) = \begin{bmatrix} x^2 \\[2pt] y \end{bmatrix}", [[2 * x, 0], [0, 1]], "x y"),
    (r"\[ f(x) = x^2 \]", [[2 * x]], "x"),
    ("f(x) = x\n\\\\\ng(x) = x^2", [[1], [2 * x]], "x"),
    ("f(x̂₁) = x̂_1^2", [[2 * sp.Symbol("x_hat_1", real=True)]], "x_hat_1"),
    # LaTeX sizes brackets
    (r"f(x) = \exp\left[-x^2\right]", [[-2 * x * sp.exp(-(x**2))]], "x"),
    (r"f(x) = 3\left[1 - x\right]^2", [[-6 * (1 - x)]], "x"),
    (r"f(x, y) = \left[x y, 1\right]", [[y, x], [0, 0]], "x y"),
    (r"f(x) = \left[\begin{matrix} x \\ 2x \end{matrix}\right]", [[1], [2]], "x"),
    ("x' = y, y' = -sin x", [[0, 1], [-sp.cos(x), 0]], "x y"),
    # derivatives in time, however they are written
    ("x_dot = y\ny_dot = -3x", [[0, 1], [-3, 0]], "x y"), ("xdot = y; ydot = -3x + xdot", [[0, 1], [-3, 1]], "x y"),
    ("\\dot{x}(t) = y(t)\n\\dot{y}(t) = -x(t)^2 + \\dot{x}(t)", [[0, 1], [-2 * x, 1]], "x y"),
    ("\\frac{dx(t)}{dt} = x{\\left(t\\right)} y(t)\n\\frac{d}{dt} y(t) = - \\frac{dx(t)}{dt}", [[y, x], [-y, -x]], "x y"),
    ("x = x(t)\ny = y(t)\nx' = x(t) y (t), y' = x", [[y, x], [1, 0]], "x y"), ("u = u(t)\nx' = -x + u(t)", [[-1]], "x"),
    ("x' = y\ny' = 4 dx/dt x + e^-x' + sin x'", [[0, 1], [4 * y, 4 * x - sp.exp(-y) + sp.cos(y)]], "x y"),
    ("x' = y\nu = 2x'\ny' = u x", [[0, 1], [2 * y, 2 * x]], "x y"), ("d = 0.5\nx' = a x - dxy\ny' = -dy", [[a - d * y, -d * x], [0, -d]], "x y"),
    ("x' = y(1-t)\ny' = x (t)", [[0, 1 - t], [1, 0]], "x y"),
    # second derivatives
    ("ẍ = -x + ẋ", [[0, 1], [-1, 1]], "x v"), ("L(q, q̈) = q q̈", None, "q q_ddot"),
    ("x'' = -x", [[0, 1], [-1, 0]], "x v"), ("θ'' = -k sin(θ) - c θ'", [[0, 1], [-k * sp.cos(th), -c]], "theta v"),
    (r"\ddot{θ} = -k θ - c \dot{θ}", [[0, 1], [-k, -c]], "theta v"), ("x1'' = -x1 + x2', x2'' = -x2", [[0, 1, 0, 0], [-1, 0, 0, 1], [0, 0, 0, 1], [0, 0, -1, 0]], "x1 v1 x2 v2"),
    ("x'' = -k x, y'' = -x", [[0, 1, 0, 0], [-k, 0, 0, 0], [0, 0, 0, 1], [-1, 0, 0, 0]], "x v y w"), ("x'' = -v x", [[0, 1], [-sp.Symbol("v", real=True), 0]], "x w"),
    ("x in R^2\nK = [2, 1; 1, 2]\nx'' = -K x", None, "x1 x2 v1 v2"),
    ("x'' = (-c x' - k x)/m", [[0, 1], [-k / m, -c / m]], "x v"), ("θ'' = (-m g sin θ)/(m l)", None, "theta v"),
    # a value times a vector that holds no range of it
    ("v = 3 [4, 5]\nf = v x", None, "x"),
    # a name of its own
    (r"L = k x - \dot{x}^2", None, "k x x_dot"), ("L(x, ẋ) = ẋ^2 x\nẋ = 3", None, "x x_dot"), ("L = c ẋ^2 - k x^2\nẋ = 3", None, "c k x"),
    ("f(x, xdot) = x xdot\nxdot = 3", None, "x xdot"),
    ("x in R^2, k in R\nf(x) = k x^T x", None, "x1 x2"),
    # x' has the size of x
    ("x in R^2\nx' = A x", None, "x1 x2"), ("x in R^2\nu in R\nx' = A x + B u", None, "x1 x2"),
    # conditions; LaTeX's cases compare with = and ≠
    ("f(x) = x^2 if x > 0 ∧ x < 1 ∨ ¬(x < 2) else 1", [[sp.Piecewise((2 * x, ((x > 0) & (x < 1)) | (x >= 2)), (0, True))]], "x"),
    (r"f(x) = \begin{cases} x^2 & x \neq 0 \\ 1 & x = 0 \end{cases}", [[sp.Piecewise((2 * x, sp.Ne(x, 0)), (0, True))]], "x"),
    (r"f(x) = \begin{cases} x^2 & x > 0 \\ 1 & x = 0 \\ x & x < 0 \end{cases}", [[sp.Piecewise((2 * x, x > 0), (0, sp.Eq(x, 0)), (1, True))]], "x"),
    (r"f(x, y) = \begin{cases} x^2 & x = y \\ y & x \ne y \end{cases}", [[sp.Piecewise((2 * x, sp.Eq(x, y)), (0, True)), sp.Piecewise((0, sp.Eq(x, y)), (1, True))]], "x y"),
    (r"f(x, y) = \begin{cases} x & x \ne y = 2 \\ y & \text{otherwise} \end{cases}", [[sp.Piecewise((1, sp.Ne(x, y) & sp.Eq(y, 2)), (0, True)), sp.Piecewise((0, sp.Ne(x, y) & sp.Eq(y, 2)), (1, True))]], "x y"),
    # functions
    ("g(x) = x^2\nf = g(g(x))", [[4 * x**3]], "x"),
    ("g(x) = x^2\nf = 2g(x)^2 + g (x+1)", [[8 * x**3 + 2 * (x + 1)]], "x"),
    ("f(x, y) = [x^2 y, 5x]\ng(u, v) = [u + v, u v]\nh = g(f(x, y))", [[2 * x * y + 5, x**2], [15 * x**2 * y, 5 * x**3]], "x y"),
    ("f(x, y) = [x^2 y, 5x]\ng(u, v) = [u + v, u v]\nh = g(f)", [[2 * x * y + 5, x**2], [15 * x**2 * y, 5 * x**3]], "x y"),
    ("x = r cos t\ny = r sin t\nf(x, y) = x y", None, "r t"),
    ("x in R^2\nf(x) = x^T x\ng(x) = f(2x)", [[8 * x1, 8 * x2]], "x1 x2"),
    # systems
    # probabilities that are not called so, and powers of negative numbers that are real
    ("f(p, y) = bce(p, y)", None, "p y"), ("f(x) = bce((1 + tanh x)/2, 1)", None, "x"), ("f(x) = bce(1 - e^(-e^x), 1)", None, "x"),
    ("f(x) = bce(1/(1 + e^-x), 0)", None, "x"), ("f(a, p, q) = bce(a p + (1 - a) q, 1)", None, "a p q"), ("f(x) = bce(max(0, min(1, x)), 1)", None, "x"),
    ("z in R^3\nf = cross_entropy(exp(z)/sum(exp(z)), [1, 0, 0])", None, "z1 z2 z3"), ("z in R^2\nf = cross_entropy(exp(log_softmax(z)), [1, 0])", None, "z1 z2"),
    ("z in R^2\nf = cross_entropy(0.9 softmax(2z) + 0.05, [1, 0])", None, "z1 z2"),
    ("f(x) = sum((-1)^k x^k for k = 1..3)", [[-1 + 2 * x - 3 * x**2]], "x"), ("n = 3\nx in R^n\nf = (-1)^(n + 1) x[1]", [[1, 0, 0]], "x1 x2 x3"),
    ("f(x) = (-x^2)^3", [[-6 * x**5]], "x"), ("f(x) = ln(x - 1) + ln(-x)", None, "x"),
    # names that look like slips, where a line or another spelling says that they are none
    ("X = 3\nf(x) = x + X", [[1]], "x"), ("f(x) = x + X", [[1]], "x"), ("f(x) = 3x_2 + 2x", [[2]], "x"), ("f(x, x2) = 3x2 + x", [[1, 3]], "x x2"),
    ("f(x) = x1 + x2 + x", [[1]], "x"), ("f(x) = x2^2 + x", [[1]], "x"), ("i, j in R\nf(x, y) = x i + y j", [[sp.Symbol("i", real=True), sp.Symbol("j", real=True)]], "x y"),
    ("f(x) = x E^n", [[sp.Symbol("E", real=True) ** n]], "x"), ("E = 2\nf(x) = E^x", [[sp.Symbol("E", real=True) ** x * sp.log(sp.Symbol("E", real=True))]], "x"),
    ("n in R\nf(x) = 1n x", [[n]], "x"), ("f(x) = Σx", [[sp.Symbol("Sigma", real=True)]], "x"), ("x in R^2\nf(x) = x^T Σ x", None, "x1 x2"),
    ("f(x, y) = x^2 y\ng(x, y) = f(x, y) f_z", None, "x y"), ("f(x) = {x}^2 + e^{x}", [[2 * x + sp.exp(x)]], "x"), ("dt in R\nd = v*dt", None, "dt v"),
    ("x' = y\ny' = -sin x", [[0, 1], [-sp.cos(x), 0]], "x y"),
    (r"\dot{x}_1 = x_2" "\n" r"\dot{x}_2 = -x_1", [[0, 1], [-1, 0]], "x1 x2"),
    ("dθ/dt = ω\ndω/dt = -sin θ", [[0, 1], [-sp.cos(th), 0]], "theta omega"),
    ("A = [0, 1; -1, 0]\nx in R^2\nx' = A x", None, "x1 x2"),
    ("Δx = 3\nf(x) = x^2 Δx", [[2 * x * sp.Symbol("Deltax", real=True)]], "x"),
]


# LaTeX round whole lines, which the page of the grammar leaves out: block, matrix, columns
PASTED = [
    (r"{\displaystyle f(x)={\frac {x^{2}}{2}},}", [[x]], "x"), (r"$$y={\frac {x}{2}}$$", [[sp.Rational(1, 2)]], "x"), (r"\[ f(x) = x^2. \]", [[2 * x]], "x"),
    ("{\\displaystyle y=x^{2}}\n{\\displaystyle z=x^{3}}", [[2 * x], [3 * x**2]], "x"), (r"{f(x)} = {x^2}", [[2 * x]], "x"), (r"f{\left(x,y \right)} = x y", [[y, x]], "x y"),
    (r"\begin{align} f(x) &= x^2,\\ g(x) &=\\ & x^3. \end{align}", [[2 * x], [3 * x**2]], "x"), ("f(x, y) = x y\ng(x, y) = f{\\left(x, y \\right)}^{2}", [[2 * x * y**2, 2 * x**2 * y]], "x y"),
    ("\\Delta t = 0.1\nf(x) = x + Δt x^2", None, "x"), ("f(x, Δx) = x Δx", None, "x Deltax"),
    (r"f(x, y) = x^2 y,\quad", [[2 * x * y, x**2]], "x y"), (r"f(x) = x y^{2}\,.", [[y**2]], "x"), (r"f(x, y) = \frac{x}{y} \label{eq:1} \tag{1}", None, "x y"),
    ("f(x, y) =\n x y", [[y, x]], "x y"), (r"f(x) = \\ x^{2}", [[2 * x]], "x"), ("f(ℓ, ℓ_1) = ℓ^2 ℓ_1", None, "ell ell1"),
]


@pytest.mark.parametrize(("block", "matrix", "columns"), BLOCKS + PASTED, ids=[repr(one[0])[:60] for one in BLOCKS + PASTED])
def test_the_jacobian_of_a_block(block: str, matrix: list[list[sp.Expr]] | None, columns: str) -> None:
    result = jacmagic.jacobian(block)
    assert " ".join(v.name for v in result.variables) == columns
    if matrix is not None:
        assert result.matrix.shape == (len(matrix), len(matrix[0]))
        assert sp.simplify(result.matrix - sp.Matrix(matrix)).is_zero_matrix


@pytest.mark.parametrize("name", some(name for name, row in FUNCTIONS.items() if row.kind == "entrywise"))
def test_sympys_own_latex_of_every_function_reads_back(name: str) -> None:
    row = FUNCTIONS[name]
    plain = [x, y, z][: row.arity[0] if row.arity[1] else 3]
    function = getattr(calculus, name)
    point = {"x": 1.37, "y": 0.61, "z": 0.29}
    for made, typed in (
        (function(*plain), f"{name}({', '.join(map(str, plain))})"),
        (function(*plain) ** 2 * y, f"{name}({', '.join(map(str, plain))})^2 y"),
        (function(*(a / 9 + 1 for a in plain)) + y, f"{name}({', '.join(f'{a}/9 + 1' for a in plain)}) + y"),
    ):
        both = [jacmagic.jacobian(f"f(x, y, z) = {text}").forward(**point)["f"] for text in (sp.latex(made), typed)]
        assert both[0] == pytest.approx(both[1], rel=1e-13, nan_ok=True)


@pytest.mark.parametrize(("word", "names", "ways"), [
    ("xy", "x y", ["x y"]), ("x1x2", "x1 x2", ["x1 x2"]), ("abc", "a ab bc c", ["a bc", "ab c"]), ("abc", "a b c", ["a b c"]),
    ("mx", "x", ["m x"]), ("dx", "x", []), ("rate", "x", []), ("xyz", "x", []), ("ratex", "rate x", ["rate x"]), ("pix", "x", ["pi x"]),
    ("a" * 60, "a aa", ["a " * 59 + "a", "a " * 58 + "aa"]), ("xx", "x", ["x x"]),
])
def test_how_a_word_splits(word: str, names: str, ways: list[str]) -> None:
    from jacmagic.language.statements import parse

    found = Reader(word, Scope(names=set(names.split()))).ways(parse(word)[0].expr.items[0].atom)
    assert [" ".join(piece.text for piece in way) for way in found] == ways


@pytest.mark.parametrize(("block", "wanted"), [
    ("r = x^2\nf(x) = r x\ng = f(2x)", "24*x**2"),
    ("r = x^2\ns = r + 1\nf(x) = s x\ng = f(3) x", "30"),
    ("r = x^2\ng(s) = r s\nf(x) = g(x) + 1\nh = f(2x)", "24*x**2"),
    ("h(s) = s^2\nr = h(x)\nf(x) = r x\ng = f(2x)", "24*x**2"),
    ("f(x) = k x\ng = f(2x)\nk = 5", "2*k"),
    ("r = k^2\nf(x) = r x\ng = f(3x)\nk = 5", "3*k**2"),
    ("r = x^2 y\nf(x) = r x\ng = f(2x) + y", "24*x**2*y, 8*x**3 + 1"),
])
def test_what_a_function_uses_moves_with_its_argument(block: str, wanted: str) -> None:
    """With r = x², f(x) = r x is x³, also at 2x: as its derivative has it."""
    found = jacmagic.jacobian(block, wrt="x, y" if "y" in block else "x").matrix
    names = {one.name: one for one in found.free_symbols}
    for entry, text in zip(found, wanted.split(", "), strict=True):
        assert sp.simplify(entry - sp.sympify(text, names)) == 0
