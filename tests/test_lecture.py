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


def test_what_a_line_defines_stays_a_name() -> None:
    cell = jacmagic.jacobian("u = x^2 + k\nf(x, y) = sin(u) y\nk = 3").code("sympy", style="lecture")
    assert re.search(r"^u = k \+ x\*\*2$", cell, flags=re.M)
    assert re.search(r"^f = y\*sp\.sin\(u\)$", cell, flags=re.M)
    assert 'k = sp.symbols("k", real=True)  # the parameter' in cell
    assert "J.det().simplify()" in jacmagic.jacobian("F(r, t) = [r cos t, r sin t]").code("sympy", style="lecture")
    assert sp.__name__ == "sympy"


def test_where_there_is_no_such_cell_it_is_said() -> None:
    with pytest.raises(ValueError, match="equations define names"):
        jacmagic.jacobian("x^2 + y^2 = 1\ny = y(x)").code("sympy", style="lecture")
    with pytest.raises(ValueError, match='the one style that there is is "lecture"'):
        jacmagic.jacobian("f(x) = x").code("numpy", style="lecture")
    with pytest.raises(jacmagic.LimitError, match="by layers"):
        jacmagic.nnchain("x(30) -> 40 tanh -> 30 softmax").code("sympy", style="lecture")
