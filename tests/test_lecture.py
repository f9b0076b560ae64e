"""The cell that somebody would write by hand: it runs without jacmagic and has the same Jacobian."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy as sp

import jacmagic

BLOCKS = [
    "u = x^2 + k\nf(x, y) = sin(u) y/2\nk = 3", "F(r, t) = [r cos t, r sin t]", "x' = a x - b x y\ny' = sqrt(x) - 1/sqrt(y)",
    "f(x) = relu(x) + |x| + e^-x", "J = x^2\nsp = J lambda", "x = r cos t\nf = ||[x, r]||", "f(x) = x^(1/3) + cbrt(x) + ln(x)/x",
    "f(x) = x^2 if x > 0 else -x", "f(x, y) = max(x, y) + sigmoid(x) tanh(y) + atan2(x, y)", "x in R^3\nA in R^(2x3)\ny = softmax(A x)",
    "u = x y\nv = x - y\nf = u^2 v\ng = u/v", "f(x) = x^3\ng(x) = f'(x) + f(2x)", "x in R^4\nf = sum(x[i]^2 for i = 1..4)", "f(x) = 30° x + π x^e",
]


def numbers(cell: str) -> np.ndarray:
    """What the last line of a cell shows, as a notebook would."""
    assert "jacmagic" not in cell
    *lines, last = cell.rstrip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join(lines), names)
    return np.array(eval(last, names), dtype=float)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_cell_runs_and_ends_in_the_numbers_of_the_jacobian(block: str) -> None:
    r = jacmagic.jacobian(block)
    cell = r.code("sympy", style="lecture")
    assert numbers(cell) == pytest.approx(np.asarray(r.at()), rel=1e-9, abs=1e-12)
    assert ".jacobian([" in cell
    defined = sum(np.prod(one.shape, dtype=int) for one in r.program.steps.values())
    assert len(cell.splitlines()) <= defined + 11  # short
    assert cell.count("#") >= 3


@pytest.mark.parametrize(("of", "wrt"), [("L", "a"), ("L", "W"), ("a", "x"), ("L", "c")])
def test_any_two_names_of_a_net_have_such_a_cell(of: str, wrt: str) -> None:
    n = jacmagic.nnchain("x in R^2\na = tanh(W x + c) in R^2\nL = ||a - y||^2\ny in R^2")
    found = numbers(n.code("sympy", of, wrt, style="lecture"))
    assert found == pytest.approx(np.reshape(n.at(of, wrt), found.shape), rel=1e-9)


@pytest.mark.parametrize("block", [
    "x^2 + y^2 = r^2\ny = y(x)\nx = 0.6\ny = 0.8\nr = 1", "x + y + z = 3\nx y z = 1\ny = y(x)\nz = z(x)", "x y + z = 1\nz = z(x, y)\nw = z^2 + x",
    "F = x^2\nF y + D = y^3\ny = y(x)\nf = y F", "r cos t = x\nr sin t = y\nr = r(x, y)\nt = t(x, y)", "y + x .* y = [1, 2]\nx, y in R^2\ny = y(x)",
])
def test_what_equations_define_is_differentiated_by_hand_too(block: str) -> None:
    r = jacmagic.jacobian(block)
    cell = r.code("sympy", style="lecture")
    assert numbers(cell) == pytest.approx(np.asarray(r.at()), rel=1e-9, abs=1e-12)
    assert ".inv()" in cell


def test_a_point_in_symbols_and_the_rest_of_a_system_are_in_the_cell() -> None:
    r = jacmagic.jacobian("x' = α x - β x y\ny' = δ x y - γ y\nat x = γ/δ, y = α/β\nat x = 1, y = 2")
    names: dict[str, object] = {}
    cell = r.code("sympy", style="lecture")
    exec(cell, names)
    there = [line for line in cell.splitlines() if "at a point" in line and ".evalf()" not in line]
    a, b, c, d = (names[one] for one in ("alpha", "beta", "gamma", "delta"))
    assert [eval(line, names) for line in there] == [sp.Matrix([[0, -b * c / d], [a * d / b, 0]])]
    assert "J.trace()" in cell
    assert "areas" not in cell
    other = jacmagic.jacobian("f(x) = x^2\nq in R\nat x = q").code("sympy", style="lecture")
    exec(other, names)
    assert eval(next(line for line in other.splitlines() if "simultaneous" in line), names) == sp.Matrix([[2 * names["q"]]])


def test_steps_are_flat_in_the_cell() -> None:
    assert numbers(jacmagic.jacobian("f(x) = floor(x^2) + x ceil x").code("sympy", style="lecture")) == pytest.approx(2)


def test_what_a_line_defines_stays_a_name() -> None:
    cell = jacmagic.jacobian("u = x^2 + k\nf(x, y) = sin(u) y\nk = 3").code("sympy", style="lecture")
    assert re.search(r"^u = k \+ x\*\*2$", cell, flags=re.M)
    assert re.search(r"^f = y\*sp\.sin\(u\)$", cell, flags=re.M)
    assert 'k = sp.symbols("k", real=True)  # the parameter' in cell
    assert "J.det().simplify()" in jacmagic.jacobian("F(r, t) = [r cos t, r sin t]").code("sympy", style="lecture")
    assert sp.__name__ == "sympy"


def test_where_there_is_no_such_cell_it_is_said() -> None:
    with pytest.raises(ValueError, match="nothing is known of a function"):
        jacmagic.jacobian("u = u(x, t)\nf(x, t) = u^2 + x").code("sympy", style="lecture")
    with pytest.raises(ValueError, match="z is defined by an equation"):
        jacmagic.jacobian("x y + z = 1\nz = z(x, y)\nw = z^2").code("sympy", "w", "z", style="lecture")
    with pytest.raises(ValueError, match='the one style that there is is "lecture"'):
        jacmagic.jacobian("f(x) = x").code("numpy", style="lecture")
    with pytest.raises(jacmagic.LimitError, match="by layers"):
        jacmagic.nnchain("x(30) -> 40 tanh -> 30 softmax").code("sympy", style="lecture")
