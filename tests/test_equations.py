"""Equations, the functions that they define, maps, and functions of which nothing is known."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

import jacmagic
from jacmagic.show import tables
from jacmagic.show.views import plain_text

x, y, z, t, s, c = sp.symbols("x y z t s c", real=True)


@pytest.mark.parametrize(("block", "name", "residual"), [
    ("x^2 + y^2 = 1", "F", x**2 + y**2 - 1), ("x y + e^y = 3", "F", x * y + sp.exp(y) - 3), ("0 = x^2 - y", "F", y - x**2),
    ("sin x = y", "F", sp.sin(x) - y), ("sin(x + y) = 1", "F", sp.sin(x + y) - 1), ("exp(x y) = x", "F", sp.exp(x * y) - x),
    ("sqrt(x + 1) = y", "F", sp.sqrt(x + 1) - y), ("-x = 3 y", "F", -x - 3 * y), ("x (y + 1) = 3", "F", x * (y + 1) - 3),
    (r"\frac{x^2}{4} + \frac{y^2}{9} = 1", "F", x**2 / 4 + y**2 / 9 - 1),
    ("F = 2\nx^2 = y F", "G", None), ("x^2 if x > 0 else -x = y", "F", None), ("f(x, y) = x^2 y\nf(x, y) = 3", "F", x**2 * y - 3),
    ("f(x, y) = x^2 y\nf(y, x) = 0", "F", y**2 * x), ("f(x, y) = x^2 y\nf(x + 1, 2) = y", "F", 2 * (x + 1) ** 2 - y),
])
def test_an_equation_is_left_minus_right_side(block: str, name: str, residual: sp.Expr | None) -> None:
    r = jacmagic.jacobian(block, "x, y" if residual is not None else None)
    assert r.program.outputs == (name,)
    if residual is not None:
        assert sp.simplify(r.outputs[0] - residual) == 0
        assert r.matrix == sp.ImmutableMatrix([[residual.diff(x), residual.diff(y)]]) or sp.simplify(
            r.matrix - sp.Matrix([[residual.diff(x), residual.diff(y)]])) == sp.zeros(1, 2)


def test_several_residuals_are_numbered_and_echoed() -> None:
    r = jacmagic.jacobian("x + y = 3\nx y = 2")
    assert r.program.outputs == ("F1", "F2")
    assert plain_text(r).startswith("F₁ = x + y - 3")
    assert r.matrix == sp.Matrix([[1, 1], [y, x]])


def test_zero_below_a_function_says_that_it_is_0() -> None:
    r = jacmagic.jacobian("F(x, y) = x^2 + y^2 - 1\nF(x, y) = 0")
    assert r.program.outputs == r.program.zeros == ("F",)
    assert plain_text(r).startswith("F(x, y) = x² + y² - 1 = 0")


@pytest.mark.parametrize(("block", "of"), [
    ("(x, y) = (r cos t, r sin t)", ("x", "y")), ("[u; v] = [a b; a + b]", ("u", "v")), ("A in R^(2x2)\nw in R^2\n(u, v) = A w", ("u", "v")),
    (r"\begin{pmatrix} u \\ v \end{pmatrix} = \begin{pmatrix} a b \\ a + b \end{pmatrix}", ("u", "v")),
])
def test_several_names_are_several_definitions(block: str, of: tuple[str, ...]) -> None:
    assert jacmagic.jacobian(block).program.outputs == of


@pytest.mark.parametrize(("block", "variables", "matrix"), [
    ("x_{n+1} = a x_n (1 - x_n)", ("x_n",), [["a - 2*a*x_n"]]),
    ("x_{n+1} = y_n\ny_{n+1} = -b x_n + y_n^2", ("x_n", "y_n"), [["0", "1"], ["-b", "2*y_n"]]),
    ("p_{k+1} = p_k - h q_k\nq_{k+1} = q_k + h p_{k+1}", ("p_k", "q_k"), [["1", "-h"], ["h", "1 - h**2"]]),
    ("f(x) = a x (1 - x)\nx_{n+1} = f(x_n)", ("x_n",), [["a - 2*a*x_n"]]),
])
def test_a_map_goes_from_one_step_to_the_next(block: str, variables: tuple[str, ...], matrix: list[list[str]]) -> None:
    r = jacmagic.jacobian(block)
    assert r.program.variables == variables
    expected = sp.Matrix([[sp.sympify(entry, locals=dict(r.symbols)) for entry in row] for row in matrix])
    assert sp.simplify(r.matrix - expected) == sp.zeros(*expected.shape)


@pytest.mark.parametrize(("block", "variables", "matrix"), [
    ("V(x) = x^4/4\nx'' = -V'(x) - c x'", ("x", "v"), [["0", "1"], ["-3*x**2", "-c"]]),
    ("f(x) = x^2\nx' = f(x) - y\ny' = x", ("x", "y"), [["2*x", "-1"], ["1", "0"]]),
    ("H(q, p) = p^2/(2m) + q^4\nq' = ∂H/∂p\np' = -∂H/∂q", ("q", "p"), [["0", "1/m"], ["-12*q**2", "0"]]),
    ("y' = x\nx' = -y\nE(x, y) = x^2 + y^2", ("y", "x"), [["0", "1"], ["-1", "0"], ["2*y", "2*x"]]),
])
def test_the_variables_of_a_system_are_what_changes_beside_functions_too(
    block: str, variables: tuple[str, ...], matrix: list[list[str]]
) -> None:
    r = jacmagic.jacobian(block)
    assert r.program.variables == variables
    expected = sp.Matrix([[sp.sympify(entry, locals=dict(r.symbols)) for entry in row] for row in matrix])
    assert sp.simplify(r.matrix - expected) == sp.zeros(*expected.shape)


def test_a_trajectory_starts_at_the_point_that_is_shown() -> None:
    assert jacmagic.jacobian("x' = y\ny' = -x\nx(0) = 2").values["x"] == 2
    assert jacmagic.jacobian("x_{n+1} = a x_n (1 - x_n)\nx(0) = 0.3").values["x_n"] == 0.3
    assert dict(jacmagic.jacobian("x_{n+1} = a x_n (1 - x_n)\na = 3.2\nx = 0.3 in [0, 1]").values) == {"a": 3.2, "x_n": 0.3}
    assert dict(jacmagic.jacobian("x_{n+1} = y_n\ny_{n+1} = x_n^2\nx_0 = 0.3\ny_0 = 2").values) == {"x_n": 0.3, "y_n": 2}
    assert dict(jacmagic.jacobian("x_{n+1} = x_n^2 + x_0\nx_0 = 0.3").values) == {"x_n": 1, "x0": 0.3}  # what is read stays
    assert jacmagic.jacobian("x' = y\ny' = -x\nx(0) = 2\nx = 1").values["x"] == 1


# ------------------------------------------------------------------ what equations define
IMPLICIT = [
    ("x^2 + y^2 = 1\ny = y(x)", {"x": 0.6, "y": 0.8}), ("y^3 + x y = 2x\ny = y(x)", {"x": 1.3, "y": 1.0}),
    ("x y + e^y = 3\ny = y(x)", {"x": 0.7, "y": 0.5}), ("w^2 u + w v^3 = k\nw = w(u, v)", {"u": 2.0, "v": 1.0, "w": 1.0, "k": 3.0}),
    ("u + v = x\nu v = y\nu = u(x, y)\nv = v(x, y)", {"u": 3.0, "v": 1.0, "x": 4.0, "y": 3.0}),
    ("F(x, y, z) = x e^z + y z - 2\nF(x, y, z) = 0\nz = z(x, y)", {"x": 1.1, "y": 0.4, "z": 0.5}),
    ("F(x, y, z) = x e^z + y z - 2\nF(y, x, z) = 1\nz = z(x, y)", {"x": 1.1, "y": 0.4, "z": 0.5}),
    ("r(x, y) = x^2 + y^2\nr(x, y)^2 = x y\ny = y(x)\nw = y^2", {"x": 0.4, "y": 0.6}),
    ("F(x, u, v) = x u + v\nG(x, u, v) = u^2 - v\nF(x, u, v) = 1\nG(x, u, v) = 2\nu = u(x)\nv = v(x)",
     {"x": 1.2, "u": 1.3, "v": 0.3}),
    ("A in R^(2x2)\ny in R^2\nA y + y.^3 = b\ny = y(b)", {"A": [[2.0, 0.3], [0.1, 1.5]], "b": [1.0, -0.4], "y": [0.4, -0.2]}),
    ("p = x^2 + y^2\np y = 3\ny = y(x)\nq = x y", {"x": 0.5, "y": 1.2}), ("y = y(x)\ny + sin y = x", {"x": 1.0, "y": 0.5}),
    ("a + b + d = s\na b = t\na - d^2 = 1\na = a(s, t)\nb = b(s, t)\nd = d(s, t)", {"a": 2.0, "b": 0.7, "d": 0.9, "s": 3.6, "t": 1.4}),
]


@pytest.mark.parametrize(("block", "point"), IMPLICIT, ids=[block[:30] for block, _ in IMPLICIT])
def test_the_slope_of_what_equations_define_is_that_of_the_solved_equations(block: str, point: dict[str, object]) -> None:
    r = jacmagic.jacobian(block)
    slopes, rows = r.at(**point), []
    for key in r.program.variables:
        value = np.asarray(point[key], dtype=float)
        for k in range(value.size):
            ends = []
            for h in (1e-4, -1e-4, 2e-4, -2e-4):
                moved = value.copy()
                moved.flat[k] += h
                found = r.forward(**{**point, key: moved})
                assert all(abs(found[one]).max() < 1e-12 for one in r.program.zeros), "Newton's method ends on the equations"
                ends.append(np.concatenate([np.ravel(found[of]) for of in r.program.outputs]))
            rows.append((8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * 1e-4))
    assert slopes == pytest.approx(np.array(rows).T, rel=1e-8, abs=1e-9)
    exact = r.matrix.subs({r.symbols[name]: value for name, value in flat(r, point).items()})
    assert np.array(exact, dtype=float) == pytest.approx(slopes, rel=1e-10)


def test_what_equations_make_0_is_0_and_a_small_number_stays() -> None:
    r = jacmagic.jacobian("x e^y + y e^x = 1\ny = y(x)")
    assert r.point({"x": 1.0, "y": 1.0})["y"] == 0
    assert "y = 0" in plain_text(r).splitlines()[-1]
    small = jacmagic.jacobian("y (1 + y^2) = x\ny = y(x)")
    assert small.point({"x": 1e-13, "y": 1.0})["y"] == pytest.approx(1e-13, rel=1e-12)


def flat(r: object, point: dict[str, object]) -> dict[str, float]:
    """The entries of all names where the equations hold."""
    whole = r.point(point)
    return {
        symbol.name: float(number) for key in r.program.inputs
        for symbol, number in zip(r.entry_symbols(key), np.ravel(whole[key]))
    }


def test_the_formula_is_the_textbook_s() -> None:
    text = plain_text(jacmagic.jacobian("p^3 + p q = 2q\np = p(q)"))
    assert "dp/dq = -(p - 2)/(3p² + q)" in text
    assert "∂F/∂p = 3p² + q" in text
    assert "dp/dq = -(∂F/∂q)/(∂F/∂p)" in text
    r = jacmagic.jacobian("x^2 + y^2 = 1\ny = y(x)\ns = dy/dx")
    assert sp.simplify(r.matrix[0] + 1 / sp.Symbol("y", real=True) ** 3 * (x**2 + y**2)) == 0
    assert r.hessian("y", "x", "x", x=0.6, y=0.8) == pytest.approx(-1 / 0.8 - 0.36 / 0.512)


def test_the_point_moves_with_the_variables_on_its_own_branch() -> None:
    r = jacmagic.jacobian("x^2 + y^2 = 1\ny = y(x)\nx = 0.1\ny = -0.5")
    assert r.values["y"] == pytest.approx(-np.sqrt(0.99))
    r.set(x=0.6)
    assert r.values["y"] == pytest.approx(-0.8)
    r.set(y=0.7)
    assert r.values["y"] == pytest.approx(0.8)
    assert r.at(x=[0.6, 0.8], y=1.0).shape == (2, 1, 1)
    assert r.at(x=[0.6, 0.8]).ravel() == pytest.approx([-0.75, -4 / 3])
    again = pickle.loads(pickle.dumps(r))
    assert again.at() == pytest.approx(r.at())
    assert np.isnan(r.at(x=2)).all()
    assert np.isnan(r.at(x=1)).all(), "where the tangent is upright there is no slope"
    assert "or ∂F/∂y is 0" in plain_text(jacmagic.jacobian("x^2 + y^2 = 1\ny = y(x)\nx = 1\ny = 0"))
    r.set(x=2)
    assert "no point is found from here where the equations define a function" in plain_text(r)


@pytest.mark.parametrize("seed", range(12))
def test_random_equations_against_their_own_partial_derivatives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(1, 4, 6)
    block = f"{a[0]} y^3 + {a[1]} x y + {a[2]} sin(x + y) = {a[3]} x^2 + {a[4]}\ny = y(x)"
    F = a[0] * y**3 + a[1] * x * y + a[2] * sp.sin(x + y) - a[3] * x**2 - a[4]
    assert sp.simplify(jacmagic.jacobian(block).matrix[0] + F.diff(x) / F.diff(y)) == 0


# ------------------------------------------------------------------ nothing is known
def test_the_chain_rule_is_found_for_functions_of_which_nothing_is_known() -> None:
    r = jacmagic.jacobian("f = f(x, y)\nx = x(t)\ny = y(t)\nz = f(x(t), y(t))")
    assert "dz/dt = dx/dt ∂f/∂x + dy/dt ∂f/∂y" in plain_text(r)
    fun, one, two = (sp.Function(name, real=True) for name in "fxy")
    known = r.matrix[0].subs(fun, sp.Lambda((x, y), x**2 * sp.sin(y))).subs({one: sp.Lambda(t, t**3), two: sp.Lambda(t, sp.exp(t))})
    assert sp.simplify(known.doit() - sp.diff(t**6 * sp.sin(sp.exp(t)), t)) == 0


def test_waves_of_any_form_solve_the_wave_equation() -> None:
    r = jacmagic.jacobian("f = f(s)\ng = g(s)\nu(x, t) = f(x - c t) + g(x + c t)\nw = ∂²u/∂t² - c^2 ∂²u/∂x²")
    assert r.outputs[0].expand() == 0
    shown = jacmagic.jacobian("f = f(s)\ng = g(s)\nu(x, t) = f(x - c t) + g(x + c t)")
    assert "f'(x - c t) + g'(x + c t)" in plain_text(shown)
    names: dict[str, object] = {}
    exec(shown.code("sympy"), names)
    assert names["J"] == shown.matrix


@pytest.mark.parametrize(("line", "shown"), [
    ("h(s) = f(s, s)", "∂f/∂x(s, s) + ∂f/∂y(s, s)"), ("h(s) = f(s^2, s^2)", "∂f/∂x(s², s²) + ∂f/∂y(s², s²)"),
    ("h = f(y, x)", "[∂f/∂y(y, x), ∂f/∂x(y, x)]"), ("h = ∂f/∂x(y, x)", "[∂²f/∂x∂y(y, x), ∂²f/∂x²(y, x)]"),
    ("h(s) = f_xy(s, s)", "∂³f/∂x∂y²(s, s) + ∂³f/∂x²∂y(s, s)"), ("h = f(f, y)", "∂h/∂f = ∂f/∂x(f, y)"),
    ("h(s) = f_x(s, s) f_y(s, s)", "∂²f/∂x∂y(s, s)"), ("h = f(y, x + 1)", "∂f/∂y(y, x + 1)"),
])
def test_a_function_of_which_nothing_is_known_is_differentiated_where_its_arguments_repeat_or_change_places(
    line: str, shown: str,
) -> None:
    r = jacmagic.jacobian(f"f = f(x, y)\n{line}")
    assert shown in plain_text(r)
    source: dict[str, sp.Matrix] = {}
    exec(r.code("sympy"), source)

    def known(expr: sp.Expr) -> sp.Expr:
        return expr.replace(lambda one: isinstance(one, sp.core.function.AppliedUndef),
                            lambda one: sp.sin(one.args[0]) * one.args[1] ** 3 + one.args[0]).doit()

    at = {one: 0.3 + k for k, one in enumerate(r.variables)}
    for k, one in enumerate(r.variables):
        right = float(known(known(r.outputs[0])).diff(one).subs(at))
        for found in (r.matrix[k], source["J"][k]):
            assert float(known(known(found)).subs(at)) == pytest.approx(right)
        assert float(known(known(r.matrix[k].subs(at)))) == pytest.approx(right)


def test_a_product_s_rule_and_an_equation_of_heat() -> None:
    assert "dh/dx = dg/dx f(x) + df/dx g(x)" in plain_text(jacmagic.jacobian("f = f(x)\ng = g(x)\nh = f g"))
    heat = jacmagic.jacobian("u = u(x, t)\n∂u/∂t - k ∂²u/∂x² = 0")
    assert heat.program.outputs == ("F",)
    u, k = sp.Function("u", real=True)(x, t), heat.symbols["k"]
    assert sp.simplify(heat.matrix[0] - (u.diff(t, x) - k * u.diff(x, 3))) == 0


def test_without_numbers_there_is_no_panel() -> None:
    r = jacmagic.jacobian("u = u(x, t)\nr = u^2")
    assert "data-jacmagic" not in r.html()
    assert "J = " not in plain_text(r)
    with pytest.raises(jacmagic.JacmagicError, match="Nothing is known of u"):
        r.at()


@pytest.mark.parametrize(("block", "line", "text", "words", "fixes"), [
    ("2 = x", 1, "2 = x", "left of =", ("x = 2",)), ("2 = 3", 1, "2 = 3", "constants", ()), ("f = x\n2 + π = 5", 2, "2 + π = 5", "constants", ()),
    ("f(x, y) = x y\nxy = 1", 2, "xy = 1", "x y = 1", ("x y = 1",)), ("x^2 + y^2 = 1\ny = y(x)\ny = 2x", 3, "y", "an equation defines it", ()),
    ("x + y + z = 1\ny = y(x)\nz = z(x)", 2, "y = y(x)", "1 equation cannot define 2 numbers", ()),
    ("f = x\nx(0) = 1", 2, "x(0)", "a point is given as x = 3", ()), ("x' = y\nz(0) = 1", 2, "z(0)", "No line says how z changes", ()),
    ("u = u(x, x)", 1, "u = u(x, x)", "different names", ()), ("u = u(x, t)\n∂u/∂t = u", 2, "∂u/∂t = u", "is a derivative", ("∂u/∂t - u = 0",)),
    ("(x, y) = (a, b, d)", 1, "(x, y) = (a, b, d)", "2 names", ()),
    ("x[1] = 3\nf = x", 1, "x[1]", "whole vectors", ()), ("f(2) = x", 1, "f(2)", "arguments", ()),
])
def test_an_error_points_at_what_is_no_equation(block: str, line: int, text: str, words: str, fixes: tuple[str, ...]) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block)
    error = caught.value
    assert (error.line, block[error.span.start : error.span.stop]) == (line, text)
    assert words in str(error)
    assert error.hints == fixes


@pytest.mark.parametrize(("block", "line"), [
    ("x in R^2\nx[1]^2 + x[2]^2 = 1\no = x", 2), ("f(x, y) = x^2 y\nf(x, y) = 3", 2), ("f(x, y) = x^2 y\nf(y, x) = 0", 2),
    ("F(x, y) = x y - 1\nF(x, y) = 0", 2),
])
def test_a_net_has_no_equations(block: str, line: int) -> None:
    with pytest.raises(jacmagic.JacmagicError, match="no layer of a net") as caught:
        jacmagic.nnchain(block)
    assert caught.value.line == line


LAGRANGE = "f(x, y) = x^2 y\ng(x, y) = x^2 + x y^2\n"


@pytest.mark.parametrize(("block", "residuals"), [
    (LAGRANGE + "f_x = λ g_x\nf_y = λ g_y\ng(x, y) = 1", ["2*x*y - lam*(2*x + y**2)", "x**2 - lam*2*x*y", "x**2 + x*y**2 - 1"]),
    (LAGRANGE + "grad f = λ grad g\ng(x, y) = 1", ["2*x*y - lam*(2*x + y**2)", "x**2 - lam*2*x*y", "x**2 + x*y**2 - 1"]),
    (LAGRANGE + "∇f = -λ ∇g", ["2*x*y + lam*(2*x + y**2)", "x**2 + lam*2*x*y"]), (LAGRANGE + "∂f/∂x = λ ∂g/∂x + y", ["2*x*y - lam*(2*x + y**2) - y"]),
    (LAGRANGE + "f_xy = f_yx", ["0"]), (LAGRANGE + "f_x(x, y) = 0", ["-2*x*y"]), (LAGRANGE + "f_x = 3", ["2*x*y - 3"]), (LAGRANGE + "∇f = [1, 2]", ["2*x*y - 1", "x**2 - 2"]),
    ("f(x) = x^3 - x\nf'(x) = 0", ["1 - 3*x**2"]), ("f(x) = x^3 - x\nf'(x) = 2 - x", ["3*x**2 - 3 + x"]), ("f(x) = x^3 - x\nf' = 1", ["3*x**2 - 2"]), ("f(x) = x^3 - x\nf'' = e^-x", ["6*x - exp(-x)"]),
    ("f(x) = x^3 - x\ndf/dx = x", ["3*x**2 - 1 - x"]), ("u(x, y) = x^2 - y^2\nv(x, y) = x y\nu_x = v_y\nu_y = -v_x", ["2*x - x", "-2*y + y"]),
])
def test_an_equation_with_a_derivative_alone_on_the_left_has_a_fix_that_means_it(block: str, residuals: list[str]) -> None:
    for _ in range(3):
        try:
            r = jacmagic.jacobian(block, "x, y" if "y" in block else "x")
            break
        except jacmagic.JacmagicError as error:
            block = block[: error.span.start] + error.hints[0] + block[error.span.stop :]
    names = {**r.symbols, "exp": sp.exp, "lam": r.symbols.get("lam", 0)}
    assert [sp.simplify(one - sp.sympify(text, names)) for one, text in zip([*r.outputs][-len(residuals) :], residuals, strict=True)] == [0] * len(residuals)


@pytest.mark.parametrize(("block", "fix", "name"), [
    ("f(x) = x^2\nf_x = 3 x", "f_x - 3 x = 0", "p_x = 3 x"), ("u = u(x, t)\nu_t = c^2 u_xx", "u_t - c^2 u_xx = 0", "p_t = c^2 u_xx"),
    ("y = y(x)\ny' = -k y", "y' - (-k y) = 0", None), ("y = y(x)\ndy/dx = x y", "dy/dx - x y = 0", None), ("y = y(x)\ny'' = 0", "0 = y''", None),
])
def test_both_readings_of_a_derivative_on_the_left_are_offered_where_there_are_two(block: str, fix: str, name: str | None) -> None:
    with pytest.raises(jacmagic.JacmagicError) as caught:
        jacmagic.jacobian(block)
    error = caught.value
    assert (block[error.span.start : error.span.stop], error.hints) == (block.split("\n")[1], (fix,) if name is None else (fix, name))
    for one in error.hints:
        jacmagic.jacobian(block[: error.span.start] + one)


@pytest.mark.parametrize(("equation", "zero"), [
    ("u_t + u u_x = ν u_xx", lambda u, x, t, k: u.diff(t) + u * u.diff(x) - k * u.diff(x, 2)), ("u u_xt = u_x^2", lambda u, x, t, k: u * u.diff(x, t) - u.diff(x) ** 2),
    ("du/dx - x u = 0", lambda u, x, t, k: u.diff(x) - x * u), (r"\frac{d^2 u}{d x^2} - x u = 0", lambda u, x, t, k: u.diff(x, 2) - x * u), ("0 = d u/d x - u^2", lambda u, x, t, k: u**2 - u.diff(x)),
])
def test_a_differential_equation_defines_no_function(equation: str, zero: Callable[..., sp.Expr]) -> None:
    by = (x, t) if "_" in equation else (x,)
    r = jacmagic.jacobian(f"u = u({', '.join(map(str, by))})\n{equation}")
    u = sp.Function("u", real=True)(*by)
    assert sp.simplify(r.matrix[0] - zero(u, x, t, r.symbols.get("nu")).diff(x)) == 0
    assert not {"u_t", "u_x", "u_xx"} & set(r.symbols)


@pytest.mark.parametrize(("block", "shown"), [
    ("r cos φ = x\nr sin φ = y\nr = r(x, y)\nφ = φ(x, y)", ["r ⎡ cos(φ)     sin(φ)   ⎤", "φ ⎣ -sin(φ)/r  cos(φ)/r ⎦", "det J = 1/r"]),
    ("ρ sin θ cos φ = x\nρ sin θ sin φ = y\nρ cos θ = z\nρ = ρ(x, y, z)\nθ = θ(x, y, z)\nφ = φ(x, y, z)", ["det J = 1/(ρ² sin(θ))", "cos(θ) cos(φ)/ρ", "-sin(φ)/(ρ sin(θ))"]),
    ("y^2 = x^3 - x\ny = y(x)\nx = 2", ["dy/dx = (3x² - 1)/(2y)"]), ("x^2 + y^2 + z^2 = 9\nx + y + z = 5\ny = y(x)\nz = z(x)\nx = 2\ny = 2\nz = 1", ["-(x - z)/(y - z)"]),
])
def test_what_equations_give_is_in_the_textbook_s_form(block: str, shown: list[str]) -> None:
    r = jacmagic.jacobian(block)
    text = plain_text(r)
    for one in shown:
        assert one in text
    matrix = sp.Matrix(tables.table(r).entries)
    point = {r.symbols[key]: float(value) for key, value in {**r.values, **r.forward()}.items() if key in r.symbols}
    assert np.array(matrix.subs(point).evalf(), dtype=float) == pytest.approx(r.at(), rel=1e-9)
